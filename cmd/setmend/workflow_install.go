package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/clock"
	"github.com/setmend/setmend/cloud/integration"
	"github.com/setmend/setmend/deploy/export"
)

func (a *app) workflowInstallCommand() *cobra.Command {
	var d deployment
	var stack string
	cmd := &cobra.Command{
		Use: "install FILE", Short: "Put a definition on AWS, with the least policy it needs", Args: cobra.ExactArgs(1),
		Long: `install makes or updates a CloudFormation stack with what ` + "`setmend workflow export`" + `
prints: the state machine, its role, and with --cron or --before-window its schedule.
It shows the changes and asks. A stack that fails is rolled back by CloudFormation,
and install says why.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			d.file = args[0]
			workflow, err := a.deployed(cmd, d)
			if err != nil {
				return err
			}
			return a.installWorkflow(cmd.Context(), workflow, stack)
		},
	}
	d.flags(cmd)
	cmd.Flags().StringVar(&stack, "stack", "", "the stack's name (by default setmend-workflow-NAME)")
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	return cmd
}

func (a *app) workflowUninstallCommand() *cobra.Command {
	var stack string
	cmd := &cobra.Command{
		Use: "uninstall NAME", Short: "Delete the stack that install made", Args: cobra.ExactArgs(1),
		Long: `uninstall deletes the stack of a workflow: its schedule, state machine and role.
Executions that are running end with it. Uninstalling what is not there is no error.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			i, err := a.installer(cmd.Context(), cmp.Or(stack, stackOf(args[0])))
			if err != nil {
				return err
			}
			if err := a.agreeTo("delete the stack "+i.stack, "uninstall"); err != nil {
				return err
			}
			return i.uninstall(cmd.Context(), a.stderr)
		},
	}
	cmd.Flags().StringVar(&stack, "stack", "", "the stack's name (by default setmend-workflow-NAME)")
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	return cmd
}

func stackOf(name string) string { return "setmend-workflow-" + strings.ReplaceAll(name, "_", "-") }

// agreeTo asks before AWS is changed, unless --yes said so.
func (a *app) agreeTo(what, command string) error {
	if a.yes {
		return nil
	}
	if !isTerminal(a.stdin) {
		return &usageError{fmt.Errorf("%s has to ask, and there is no terminal to ask on", command), "use --yes; `setmend workflow export FILE` shows what is installed"}
	}
	if err := a.agree(strings.ToUpper(what[:1]) + what[1:]); err != nil {
		return &hintedError{fmt.Errorf("%s: you did not say yes", command), "nothing was changed", exitFailed}
	}
	return nil
}

// An installer works on one stack.
type installer struct {
	aws   *integration.Bound
	clock *clock.Clock
	stack string
}

func (a *app) installer(ctx context.Context, stack string) (*installer, error) {
	c, err := a.connect(ctx, nil)
	if err != nil {
		return nil, err
	}
	if _, err := c.aws.Caller(ctx); err != nil {
		return nil, err
	}
	return &installer{integration.Bind(c.aws), c.clock, stack}, nil
}

func (a *app) installWorkflow(ctx context.Context, w *export.Workflow, stack string) error {
	if open := w.Substitutions(); len(open) > 0 {
		return &usageError{fmt.Errorf("installing %s: the substitution ${%s} has no value", w.Name, open[0]), "give --substitute " + open[0] + "=VALUE"}
	}
	body, err := installable(w)
	if err != nil {
		return err
	}
	i, err := a.installer(ctx, cmp.Or(stack, stackOf(w.Name)))
	if err != nil {
		return err
	}
	prepared, err := i.prepare(ctx, string(body))
	if err != nil {
		return err
	}
	if prepared == nil {
		fmt.Fprintf(a.stderr, "the stack %s is as it should be: nothing was changed\n", i.stack)
		return nil
	}
	for _, c := range prepared.changes {
		fmt.Fprintf(a.stderr, "%s %s %s\n", oneLine(c.ResourceChange.Action), oneLine(c.ResourceChange.ResourceType), oneLine(c.ResourceChange.LogicalResourceID))
	}
	if err := a.agreeTo("change the stack "+i.stack, "install"); err != nil {
		return errors.Join(err, i.discard(ctx, prepared))
	}
	machine, err := i.execute(ctx, prepared)
	if err != nil {
		return err
	}
	result := struct {
		Stack        string `json:"stack"`
		StateMachine string `json:"stateMachine"`
	}{i.stack, machine}
	return a.print(result, func(out io.Writer) error {
		row(out, "STACK", result.Stack)
		row(out, "STATE MACHINE", result.StateMachine)
		return nil
	})
}

// installable is the template as it is sent: as people read it, or without blanks
// where it would be too large.
func installable(w *export.Workflow) ([]byte, error) {
	body, err := w.CloudFormation()
	if err != nil || len(body) <= export.InlineTemplate {
		return body, err
	}
	if body, err = w.CompactCloudFormation(); err != nil || len(body) <= export.InlineTemplate {
		return body, err
	}
	return nil, &hintedError{fmt.Errorf("installing %s: the template has %d bytes, and CloudFormation takes %d with a request", w.Name, len(body), export.InlineTemplate),
		"`setmend workflow export FILE` writes it: put it into S3 and deploy it from there", exitFailed}
}

// A changeSet is one that waits to be executed.
type changeSet struct {
	name    string
	creates bool
	changes []stackChange
}

type stackChange struct {
	ResourceChange struct {
		Action, ResourceType string
		LogicalResourceID    string `json:"LogicalResourceId"`
	}
}

// call calls an action of CloudFormation.
func (i *installer) call(ctx context.Context, action string, input map[string]any, out any) error {
	function, _ := i.aws.Lookup("arn:aws:states:::aws-sdk:cloudformation:" + action)
	text, err := json.Marshal(input)
	if err != nil {
		return err
	}
	answer, err := function(ctx, text)
	if err != nil {
		return fmt.Errorf("installing the stack %s: %s: %w", i.stack, action, err)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}

// status is the stack's, "" if there is none.
func (i *installer) status(ctx context.Context) (status, machine string, err error) {
	var answer struct {
		Stacks []struct {
			StackStatus string
			Outputs     []struct{ OutputKey, OutputValue string }
		}
	}
	err = i.call(ctx, "describeStacks", map[string]any{"StackName": i.stack}, &answer)
	if failure, ok := errors.AsType[*integration.Error](err); ok && strings.Contains(failure.Cause, "does not exist") {
		return "", "", nil
	}
	if err != nil || len(answer.Stacks) == 0 {
		return "", "", err
	}
	for _, o := range answer.Stacks[0].Outputs {
		if o.OutputKey == "StateMachineArn" {
			machine = o.OutputValue
		}
	}
	return answer.Stacks[0].StackStatus, machine, nil
}

// stackPoll is how often a stack or change set is looked at.
const stackPoll = 3 * time.Second

// prepare makes a change set and waits for it; nil if there is nothing to change.
func (i *installer) prepare(ctx context.Context, body string) (*changeSet, error) {
	status, _, err := i.status(ctx)
	if err != nil {
		return nil, err
	}
	if status == "ROLLBACK_COMPLETE" || status == "ROLLBACK_FAILED" {
		return nil, &hintedError{fmt.Errorf("installing the stack %s: its creation failed before: it is %s and can only be deleted", i.stack, status),
			"`setmend workflow uninstall NAME` deletes it; then install again", exitFailed}
	}
	c := &changeSet{name: runID(i.clock, rand.Uint64), creates: status == "" || status == "REVIEW_IN_PROGRESS"}
	if c.name[0] < 'A' { // a change set's name begins with a letter
		c.name = "setmend-" + c.name
	}
	kind := "UPDATE"
	if c.creates {
		kind = "CREATE"
	}
	if err := i.call(ctx, "createChangeSet", map[string]any{"StackName": i.stack, "ChangeSetName": c.name, "ChangeSetType": kind,
		"TemplateBody": body, "Capabilities": []string{"CAPABILITY_IAM"}}, nil); err != nil {
		return nil, err
	}
	return i.awaited(ctx, c)
}

func (i *installer) awaited(ctx context.Context, c *changeSet) (*changeSet, error) {
	for {
		var answer struct {
			Status, StatusReason string
			Changes              []stackChange
		}
		if err := i.call(ctx, "describeChangeSet", map[string]any{"StackName": i.stack, "ChangeSetName": c.name}, &answer); err != nil {
			return nil, err
		}
		switch answer.Status {
		case "CREATE_COMPLETE":
			c.changes = answer.Changes
			return c, nil
		case "FAILED":
			if err := i.discard(ctx, c); err != nil {
				return nil, err
			}
			if strings.Contains(answer.StatusReason, "didn't contain changes") || strings.Contains(answer.StatusReason, "No updates are to be performed") {
				return nil, nil
			}
			return nil, fmt.Errorf("installing the stack %s: CloudFormation refuses the template: %s", i.stack, answer.StatusReason)
		}
		if err := i.clock.Sleep(ctx, stackPoll); err != nil {
			return nil, err
		}
	}
}

// discard deletes a change set, and the stack that waits for nothing else.
func (i *installer) discard(ctx context.Context, c *changeSet) error {
	if c.creates {
		return i.call(ctx, "deleteStack", map[string]any{"StackName": i.stack}, nil)
	}
	return i.call(ctx, "deleteChangeSet", map[string]any{"StackName": i.stack, "ChangeSetName": c.name}, nil)
}

// execute carries a change set out, and returns the state machine's ARN.
func (i *installer) execute(ctx context.Context, c *changeSet) (machine string, err error) {
	if err := i.call(ctx, "executeChangeSet", map[string]any{"StackName": i.stack, "ChangeSetName": c.name}, nil); err != nil {
		return "", err
	}
	status, machine, err := i.settled(ctx)
	if err != nil {
		return "", err
	}
	if status == "CREATE_COMPLETE" || status == "UPDATE_COMPLETE" {
		return machine, nil
	}
	return "", &hintedError{fmt.Errorf("installing the stack %s: it is %s: %s", i.stack, status, i.reason(ctx)),
		"CloudFormation has put back what was there; mend the cause, and install again", exitFailed}
}

// settled waits until nothing is done to the stack any more.
func (i *installer) settled(ctx context.Context) (status, machine string, err error) {
	for {
		status, machine, err := i.status(ctx)
		if err != nil || !strings.HasSuffix(status, "_IN_PROGRESS") {
			return status, machine, err
		}
		if err := i.clock.Sleep(ctx, stackPoll); err != nil {
			return "", "", err
		}
	}
}

// reason is why the first resource failed: the others were cancelled for it.
func (i *installer) reason(ctx context.Context) string {
	var answer struct {
		StackEvents []struct{ LogicalResourceID, ResourceStatus, ResourceStatusReason string }
	}
	if err := i.call(ctx, "describeStackEvents", map[string]any{"StackName": i.stack}, &answer); err != nil {
		return err.Error()
	}
	reason := "no reason is given"
	for _, e := range answer.StackEvents { // the newest first
		if strings.HasSuffix(e.ResourceStatus, "_FAILED") && e.ResourceStatusReason != "" {
			reason = e.LogicalResourceID + ": " + e.ResourceStatusReason
		}
	}
	return reason
}

func (i *installer) uninstall(ctx context.Context, says io.Writer) error {
	status, _, err := i.status(ctx)
	if err != nil {
		return err
	}
	if status == "" {
		fmt.Fprintf(says, "there is no stack %s: nothing was changed\n", i.stack)
		return nil
	}
	if err := i.call(ctx, "deleteStack", map[string]any{"StackName": i.stack}, nil); err != nil {
		return err
	}
	if status, _, err = i.settled(ctx); err != nil {
		return err
	}
	if status != "" && status != "DELETE_COMPLETE" {
		return &hintedError{fmt.Errorf("deleting the stack %s: it is %s: %s", i.stack, status, i.reason(ctx)), "delete by hand what holds it, and uninstall again", exitFailed}
	}
	fmt.Fprintf(says, "the stack %s is deleted\n", i.stack)
	return nil
}

// A maintenanceWindow is what Systems Manager says of one.
type maintenanceWindow struct {
	Name              string
	Enabled           bool
	Schedule          string
	ScheduleTimezone  string
	NextExecutionTime string

	Timezone string `json:"-"` // of Schedule: UTC where the window has none
}

// maintenanceWindow looks a window up.
func (a *app) maintenanceWindow(ctx context.Context, id string) (*maintenanceWindow, error) {
	tasks, err := a.workflowTasks(ctx)
	if err != nil {
		return nil, err
	}
	return lookUpWindow(ctx, tasks, id)
}

func lookUpWindow(ctx context.Context, tasks asl.Tasks, id string) (*maintenanceWindow, error) {
	input, err := json.Marshal(map[string]string{"WindowId": id})
	if err != nil {
		return nil, err
	}
	function, _ := tasks.Function("arn:aws:states:::aws-sdk:ssm:getMaintenanceWindow")
	answer, err := function(ctx, input)
	if err != nil {
		return nil, fmt.Errorf("looking up the maintenance window %s: %w", id, err)
	}
	var w maintenanceWindow
	if err := json.Unmarshal(answer, &w); err != nil {
		return nil, fmt.Errorf("reading the maintenance window %s: %w", id, err)
	}
	w.Timezone = cmp.Or(w.ScheduleTimezone, "UTC")
	return &w, nil
}
