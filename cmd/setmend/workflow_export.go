package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/cloud/integration"
	"github.com/setmend/setmend/deploy/export"
)

// Formats that a workflow is exported in.
const (
	formatCloudFormation = "cloudformation"
	formatTerraform      = "terraform"
	formatYAML           = "yaml"
)

// deployment is what the commands take that put a workflow on AWS, or write what
// does.
type deployment struct {
	file, name, input string
	when              scheduleFlags
}

func (d *deployment) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&d.name, "name", "", "the state machine's `NAME` (by default from the file's)")
	cmd.Flags().StringVar(&d.input, "input", "{}", "the input of scheduled executions: JSON, or @FILE")
	d.when.flags(cmd)
}

func (a *app) workflowExportCommand() *cobra.Command {
	var d deployment
	var format string
	cmd := &cobra.Command{
		Use: "export FILE", Short: "Write a definition as a CloudFormation template, a Terraform file or YAML", Args: cobra.ExactArgs(1),
		Long: `export prints the state machine with the role that it runs with, which allows what
the definition calls and no more, and with --cron the schedule that starts it:

  cloudformation  (the default) a template; the definition's substitutions (${NAME})
                  are its parameters
  terraform       a file for Terraform; they are its variables
  yaml            the definition alone, in YAML

Nothing is asked of AWS, but with --before-window, where the window is looked up.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			d.file = args[0]
			if format == formatYAML {
				return a.exportYAML(d.file)
			}
			workflow, err := a.deployed(cmd, d)
			if err != nil {
				return err
			}
			text, err := written(workflow, format)
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(text)
			return err
		},
	}
	d.flags(cmd)
	cmd.Flags().StringVar(&format, "format", formatCloudFormation, "`FORMAT`: cloudformation, terraform or yaml")
	return cmd
}

func written(w *export.Workflow, format string) ([]byte, error) {
	switch format {
	case formatCloudFormation:
		return w.CloudFormation()
	case formatTerraform:
		return w.Terraform()
	}
	return nil, &usageError{fmt.Errorf("the format %q is not known", format), "choose cloudformation, terraform or yaml"}
}

func (a *app) exportYAML(path string) error {
	definition, _, err := a.openDefinition(path)
	if err != nil {
		return err
	}
	text, err := export.YAML(definition)
	if err != nil {
		return &hintedError{err, "give substitutions that stand without quotes a value with --substitute", exitFailed}
	}
	_, err = a.stdout.Write(text)
	return err
}

// openDefinition reads a definition that is in order, with the substitutions that
// --substitute does not fill. It is JSON but for those without quotes.
func (a *app) openDefinition(path string) (definition []byte, uses []integration.Use, err error) {
	text, err := a.soundDefinition(path)
	if err != nil {
		return nil, nil, err
	}
	plain, err := asl.JSON(text)
	if err != nil {
		return nil, nil, err
	}
	if uses, err = integration.Uses(plain); err != nil {
		return nil, nil, err
	}
	definition = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\uFEFF")))
	if !bytes.HasPrefix(definition, []byte("{")) {
		definition = plain
	}
	return definition, uses, nil
}

// deployed is a workflow as it is put on AWS.
func (a *app) deployed(cmd *cobra.Command, d deployment) (*export.Workflow, error) {
	definition, uses, err := a.openDefinition(d.file)
	if err != nil {
		return nil, err
	}
	if err := deployable(d.file, uses); err != nil {
		return nil, err
	}
	plain, err := asl.JSON(definition)
	if err != nil {
		return nil, err
	}
	policy, err := integration.NewTable().MachinePolicy(plain, uses)
	if err != nil {
		return nil, err
	}
	w := &export.Workflow{Name: d.name, Definition: definition}
	if w.Name == "" {
		w.Name = machineName(d.file)
	}
	for _, s := range policy.Statement {
		w.Statements = append(w.Statements, export.Statement(s))
	}
	if w.Schedule, err = a.deployedSchedule(cmd, d); err != nil {
		return nil, err
	}
	if err := w.Check(); err != nil {
		return nil, &usageError{err, "choose another --name"}
	}
	return w, nil
}

// deployedSchedule is the schedule in EventBridge Scheduler's words; nil if none is
// asked for.
func (a *app) deployedSchedule(cmd *cobra.Command, d deployment) (*export.Schedule, error) {
	if err := d.when.check(); err != nil || d.when.none() {
		return nil, err
	}
	input, err := a.workflowInput(d.input)
	if err != nil {
		return nil, err
	}
	if d.when.window != "" {
		return a.windowSchedule(cmd.Context(), d.when, string(input))
	}
	expression, err := export.Expression(d.when.cron)
	if err != nil {
		return nil, &usageError{err, `write an expression such as "0 6 * * *", or EventBridge Scheduler's "cron(0 6 * * ? *)"`}
	}
	return &export.Schedule{Expression: expression, Timezone: d.when.timezone, Input: string(input)}, nil
}

// windowSchedule is a schedule before a maintenance window.
func (a *app) windowSchedule(ctx context.Context, f scheduleFlags, input string) (*export.Schedule, error) {
	window, err := a.maintenanceWindow(ctx, f.window)
	if err != nil {
		return nil, err
	}
	expression, err := export.Before(window.Schedule, f.lead)
	if err != nil {
		return nil, &hintedError{fmt.Errorf("scheduling before the maintenance window %s: %w", f.window, err),
			"`setmend workflow schedule FILE --before-window " + f.window + "` asks the window itself, and runs by `setmend serve`", exitFailed}
	}
	return &export.Schedule{Expression: expression, Timezone: window.Timezone, Input: input}, nil
}

// deployable says what of a definition works on this machine only.
func deployable(path string, uses []integration.Use) error {
	for _, u := range uses {
		bucket, _ := u.Parameters["Bucket"].(string)
		switch {
		case !strings.HasPrefix(u.Resource, "arn:") && !strings.HasPrefix(u.Resource, "${"):
			return &hintedError{fmt.Errorf("putting %s on AWS: %s: Step Functions calls functions by their ARN, not as %q", path, u.Path, u.Resource),
				"write the ARN, or a substitution such as ${FunctionArn}", exitFailed}
		case strings.HasPrefix(bucket, "file://"), strings.HasPrefix(bucket, "journal://"):
			return &hintedError{fmt.Errorf("putting %s on AWS: %s: Step Functions has no bucket %s", path, u.Path, bucket), "name a bucket of S3", exitFailed}
		}
	}
	return nil
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// machineName makes a name of a file's: patch-report of patch-report.asl.json.
func machineName(path string) string {
	base, _, _ := strings.Cut(filepath.Base(path), ".")
	name := strings.Trim(notInNames.ReplaceAllString(base, "-"), "-")
	if name == "" {
		return "workflow"
	}
	return name
}

// scheduleFlags say when a workflow runs.
type scheduleFlags struct {
	cron, timezone string
	window         string
	lead           time.Duration
}

func (f *scheduleFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.cron, "cron", "", `when to run: a cron `+"`EXPRESSION`"+` such as "0 6 * * 1-5", or "@every 6h"`)
	cmd.Flags().StringVar(&f.timezone, "timezone", "UTC", "the time `ZONE` of --cron, such as Europe/Berlin")
	cmd.Flags().StringVar(&f.window, "before-window", "", "run before each opening of this maintenance window of Systems Manager (`ID`: mw-…)")
	cmd.Flags().DurationVar(&f.lead, "lead", time.Hour, "how long before the window")
}

// check refuses two answers to one question.
func (f scheduleFlags) check() error {
	if f.cron != "" && f.window != "" {
		return &usageError{fmt.Errorf("--cron %q and --before-window %q both say when to run", f.cron, f.window), "give one of them"}
	}
	return nil
}

func (f scheduleFlags) none() bool { return f.cron == "" && f.window == "" }
