package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/cloud/integration"
	"github.com/setmend/setmend/journal"
)

func (a *app) workflowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "workflow", Short: "Check and run States Language definitions, as Step Functions would",
		Long: `workflow runs Amazon States Language definitions (JSONPath) on this machine. A run
is kept in a journal, so that it survives the process: what was done is not done
again. Tasks call AWS: the integrations that ` + "`setmend workflow validate`" + ` knows, and
Lambda functions. A definition that calls nothing needs no AWS.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		a.workflowValidateCommand(), a.workflowRunCommand(), a.workflowResumeCommand(), a.workflowStopCommand(),
		a.workflowListCommand(), a.workflowHistoryCommand(), a.workflowGraphCommand(), a.workflowPolicyCommand(),
		a.workflowSendSuccessCommand(), a.workflowSendFailureCommand(), a.workflowSendHeartbeatCommand(),
	)
	return cmd
}

// workflowJournal opens --journal, or one file for all workflows: they belong to
// no account, so that nobody has to be asked which one this is.
func (a *app) workflowJournal() (*journal.SQLite, error) {
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
func (a *app) openWorkflows() (*journal.SQLite, error) {
	if a.journal != "" {
		if _, err := os.Stat(a.journal); err != nil {
			return nil, &hintedError{fmt.Errorf("opening the journal: %w", err),
				"check --journal (SETMEND_JOURNAL); without it, runs are in one journal for all workflows", exitConfig}
		}
	}
	return a.workflowJournal()
}

// withWorkflows gives f an engine that looks at runs but has nothing to call.
func (a *app) withWorkflows(f func(*asl.Engine) error) error {
	j, err := a.openWorkflows()
	if err != nil {
		return err
	}
	defer j.Close()
	return explainWorkflow(f(asl.NewEngine(asl.Config{Store: j})))
}

// readDefinition reads a file, or standard input for "-".
func (a *app) readDefinition(path string) ([]byte, error) {
	return a.readFileOrStdin(path, asl.MaxDefinition)
}

// readFileOrStdin reads a file, or standard input for "-". Of what is longer than
// most bytes it reads one more, so that whoever looks at it can tell.
func (a *app) readFileOrStdin(path string, most int64) ([]byte, error) {
	from := a.stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		from = file
	}
	return io.ReadAll(io.LimitReader(from, most+1))
}

// loadMachine reads a definition that is to be used, not only looked at.
func (a *app) loadMachine(path string) (*asl.Machine, []integration.Use, error) {
	text, err := a.readDefinition(path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the definition: %w", err)
	}
	problems, err := workflowProblems(text)
	if err != nil {
		return nil, nil, err
	}
	if len(problems) > 0 {
		err := &asl.DefinitionError{Problems: problems}
		return nil, nil, &hintedError{err, "`setmend workflow validate " + path + "` lists what is wrong, line by line", exitFailed}
	}
	machine, err := asl.Parse(text)
	if err != nil {
		return nil, nil, err
	}
	uses, err := integration.Uses(text)
	return machine, uses, err
}

// explainWorkflow adds what to do about an error of the engine.
func explainWorkflow(err error) error {
	owner, ok := errors.AsType[interface {
		error
		Fenced() bool
	}](err)
	switch {
	case errors.Is(err, asl.ErrNotFound):
		return &hintedError{err, "`setmend workflow list` lists the runs; --journal names another journal", exitNotFound}
	case errors.Is(err, asl.ErrExists):
		return &hintedError{err, "choose another --name, or go on with that run: `setmend workflow resume`", exitFailed}
	case ok && owner.Fenced():
		return &hintedError{err, "another process has stopped or resumed this run; `setmend workflow list` shows how it stands", exitBusy}
	}
	return err
}
