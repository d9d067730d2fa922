package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/cloud/integration"
)

func (a *app) workflowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "workflow", Short: "Check and run States Language definitions, as Step Functions would",
		Long: `workflow runs Amazon States Language definitions, in JSON or YAML, with JSONPath or
JSONata, on this machine. A run is kept in a journal, so that it survives the process: what was done is not done
again. Tasks call AWS: the integrations that ` + "`setmend workflow validate`" + ` knows, and
Lambda functions. A definition that calls nothing needs no AWS.`,
		Args: cobra.ArbitraryArgs, // RunE has more to say of one that is mistyped
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return noSuchCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(
		a.substituteFlag(a.workflowValidateCommand()), a.substituteFlag(a.workflowRunCommand()), a.workflowResumeCommand(), a.workflowStopCommand(),
		a.workflowListCommand(), a.workflowHistoryCommand(), a.substituteFlag(a.workflowGraphCommand()), a.substituteFlag(a.workflowPolicyCommand()),
		a.substituteFlag(a.workflowScheduleCommand()), a.workflowSchedulesCommand(), a.workflowUnscheduleCommand(),
		a.substituteFlag(a.workflowExportCommand()), a.substituteFlag(a.workflowInstallCommand()), a.workflowUninstallCommand(),
		a.workflowSendSuccessCommand(), a.workflowSendFailureCommand(), a.workflowSendHeartbeatCommand(),
	)
	for _, sub := range cmd.Commands() {
		work := sub.RunE
		sub.RunE = func(cmd *cobra.Command, args []string) error { return explainWorkflow(work(cmd, args)) }
	}
	return cmd
}

func noSuchCommand(cmd *cobra.Command, name string) error {
	hint := suggest(cmd, []string{name}) + "`" + cmd.CommandPath() + " --help` lists the commands"
	return &usageError{fmt.Errorf("unknown command %q for %q", name, cmd.CommandPath()), hint}
}

// workflowJournal opens --journal, or one file for all workflows: they belong to
// no account, so that nobody has to be asked which one this is.
func (a *app) workflowJournal(ctx context.Context) (openStore, error) {
	if a.journal != "" {
		return a.openNamedJournal(ctx)
	}
	path, err := a.workflowJournalPath()
	if err != nil {
		return nil, err
	}
	return openJournalFile(path)
}

func (a *app) workflowJournalPath() (string, error) {
	if a.journal != "" {
		return a.journal, nil
	}
	return a.stateFile("workflows.db")
}

// openWorkflows opens the journal for what only looks at runs or sends them
// something: one that --journal names and that is not there has none, and is not
// made.
func (a *app) openWorkflows(ctx context.Context) (openStore, error) {
	if a.journal != "" && !strings.HasPrefix(a.journal, bucketScheme) {
		if _, err := os.Stat(a.journal); err != nil {
			return nil, &hintedError{fmt.Errorf("opening the journal: %w", err),
				"check --journal (SETMEND_JOURNAL); without it, runs are in one journal for all workflows", exitConfig}
		}
	}
	return a.workflowJournal(ctx)
}

// withWorkflows gives f an engine that looks at runs but has nothing to call.
func (a *app) withWorkflows(ctx context.Context, f func(*asl.Engine) error) error {
	j, err := a.openWorkflows(ctx)
	if err != nil {
		return err
	}
	defer j.Close()
	return f(asl.NewEngine(asl.Config{Store: j}))
}

// readDefinition reads a file, or standard input for "-", with the values of
// --substitute in the place of its substitutions.
func (a *app) readDefinition(path string) ([]byte, error) {
	text, err := a.readFileOrStdin(path, asl.MaxDefinition)
	return asl.Substitute(text, a.substitutions), err
}

// substituteFlag adds --substitute to a command that reads a definition.
func (a *app) substituteFlag(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringToStringVar(&a.substitutions, "substitute", nil, "a value for a substitution of the definition, `NAME=VALUE`: it takes the place of ${NAME}")
	return cmd
}

// readFileOrStdin reads a file, or standard input for "-". Of what is longer than
// most bytes it reads one more, so that whoever looks at it can tell.
func (a *app) readFileOrStdin(path string, most int64) ([]byte, error) {
	from := a.stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, unreadable(err)
		}
		defer file.Close()
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, most+1))
	return text, unreadable(err)
}

// unreadable adds what to do about a file that is there and cannot be read. One
// that is not there has its hint already.
func unreadable(err error) error {
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return &hintedError{err, "give a file that can be read, or - for standard input", exitNotFound}
}

// soundDefinition reads the text of a definition that has no problems.
func (a *app) soundDefinition(path string) ([]byte, error) {
	text, err := a.readDefinition(path)
	if err != nil {
		return nil, fmt.Errorf("reading the definition: %w", err)
	}
	problems, err := workflowProblems(text)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, notInOrder(path, problems)
	}
	return text, nil
}

// loadMachine reads a definition that is to be used, not only looked at.
func (a *app) loadMachine(path string) (*asl.Machine, []integration.Use, error) {
	text, err := a.soundDefinition(path)
	if err != nil {
		return nil, nil, err
	}
	machine, err := asl.Parse(text)
	if err != nil {
		return nil, nil, err
	}
	uses, err := integration.Uses(machine.Definition())
	return machine, uses, err
}

// notInOrder says the first of a definition's problems: an error is one line.
func notInOrder(path string, problems []asl.Problem) error {
	err := fmt.Errorf("checking the definition %s", located(path, problems[0]))
	if n := len(problems); n > 1 {
		err = fmt.Errorf("checking the definition %s: %d problems, first of them %s", path, n, located(path, problems[0]))
	}
	return &hintedError{err, "`setmend workflow validate " + path + "` lists what is wrong, line by line", exitFailed}
}

// explainWorkflow adds what to do about an error of the engine, or of writing what
// is to be printed.
func explainWorkflow(err error) error {
	owner, ok := errors.AsType[interface {
		error
		Fenced() bool
	}](err)
	path, onFile := errors.AsType[*fs.PathError](err)
	switch {
	case onFile && path.Op == "write" && path.Path == os.Stdout.Name():
		return &hintedError{fmt.Errorf("printing the result: %w", err),
			"what was done is in the journal: `setmend workflow list` and `setmend workflow history RUN` show it again", exitFailed}
	case errors.Is(err, asl.ErrNotFound):
		return &hintedError{err, "`setmend workflow list` lists the runs; --journal names another journal", exitNotFound}
	case errors.Is(err, asl.ErrExists):
		return &hintedError{err, "choose another --name, or go on with that run: `setmend workflow resume`", exitFailed}
	case ok && owner.Fenced():
		return &hintedError{err, "another process has stopped or resumed this run; `setmend workflow list` shows how it stands", exitBusy}
	}
	return err
}
