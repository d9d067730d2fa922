package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/clock"
	"github.com/setmend/setmend/cloud/integration"
)

// workflowStart is what a run is started with.
type workflowStart struct {
	file, name string
	input      string        // as given: JSON, or @FILE
	poll       time.Duration // how often to look for answers to waiting tasks
	detach     bool
	announce   bool // this process was detached: name the run, then be silent
}

func (a *app) workflowRunCommand() *cobra.Command {
	var s workflowStart
	cmd := &cobra.Command{
		Use: "run FILE", Short: "Run a definition to its end", Args: cobra.ExactArgs(1),
		Long: `run prints how the run ended and exits 0 if it succeeded, 1 if not. If it is cut
off, ` + "`setmend workflow resume RUN`" + ` goes on with it where it was.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			s.file = args[0]
			return a.startWorkflow(cmd.Context(), s)
		},
	}
	cmd.Flags().StringVar(&s.input, "input", "{}", "the input: JSON, or @FILE")
	cmd.Flags().StringVar(&s.name, "name", "", "the run's name, up to 80 characters (by default from the time)")
	answerPollFlag(cmd, &s.poll)
	cmd.Flags().BoolVar(&s.detach, "detach", false, "run in the background and print the run's name")
	cmd.Flags().BoolVar(&s.announce, "announce", false, "what a detached run is started with")
	_ = cmd.Flags().MarkHidden("announce") // fails for unknown flags only
	return cmd
}

func (a *app) startWorkflow(ctx context.Context, s workflowStart) error {
	if n := utf8.RuneCountInString(s.name); n > maxRunName {
		return &usageError{fmt.Errorf("the run's name has %d characters", n), fmt.Sprintf("choose a --name of at most %d", maxRunName)}
	}
	input, err := a.workflowInput(s.input)
	if err != nil {
		return err
	}
	machine, uses, err := a.loadMachine(s.file)
	if err != nil {
		return err
	}
	if s.name == "" {
		s.name = runID(clock.Real(), rand.Uint64)
	}
	if s.detach {
		return a.detachWorkflow(s, machine.Definition(), input)
	}
	tasks, err := a.workflowTasks(ctx)
	if err != nil {
		return err
	}
	if err := tasks.ready(uses); err != nil {
		return err
	}
	return a.followWorkflow(ctx, s, tasks, func(ctx context.Context, e *asl.Engine, _ workflowFollower) (asl.Outcome, error) {
		return e.Run(ctx, s.name, machine, input)
	})
}

// workflowClock is the wall's, or an embedded AWS's that runs faster.
func (a *app) workflowClock() asl.Clock { return clock.Scaled(a.speed, now()) }

// Limits of a run, as on AWS.
const (
	maxInput   = 256 << 10 // bytes
	maxRunName = 80        // characters
)

// workflowInput reads --input.
func (a *app) workflowInput(given string) (json.RawMessage, error) {
	text := []byte(given)
	if path, ok := strings.CutPrefix(given, "@"); ok {
		var err error
		if text, err = a.readFileOrStdin(path, maxAnswer); err != nil {
			return nil, fmt.Errorf("reading the input: %w", err)
		}
	}
	if len(text) > maxInput {
		return nil, &usageError{fmt.Errorf("the input has more than the %d bytes that a run takes", maxInput),
			"hand over large data by a reference, such as an S3 key that an ItemReader reads"}
	}
	var any json.RawMessage
	if err := json.Unmarshal(text, &any); err != nil {
		return nil, &usageError{fmt.Errorf("the input is not JSON: %w", err), "give --input '{\"key\": \"value\"}', or --input @FILE"}
	}
	return text, nil
}

func (a *app) workflowResumeCommand() *cobra.Command {
	var s workflowStart
	cmd := &cobra.Command{
		Use: "resume RUN", Short: "Go on with a run that was cut off", Args: cobra.ExactArgs(1),
		Long: `resume goes on where the run was, with the definition it was started with. What
was done is not done again; a task that was under way is called again. A process
that still works on the run loses it. Of a run that is over, resume prints how it
ended.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			s.name = args[0]
			return a.resumeWorkflow(cmd.Context(), s)
		},
	}
	answerPollFlag(cmd, &s.poll)
	return cmd
}

// answerPollFlag is how soon a process takes what others send to its tasks.
func answerPollFlag(cmd *cobra.Command, poll *time.Duration) {
	cmd.Flags().DurationVar(poll, "answer-poll", asl.DefaultAnswerPoll, "how often to look for answers to tasks that wait for their token")
}

func (a *app) resumeWorkflow(ctx context.Context, s workflowStart) error {
	tasks, err := a.workflowTasks(ctx)
	if err != nil {
		return err
	}
	return a.followWorkflow(ctx, s, tasks, func(ctx context.Context, e *asl.Engine, follower workflowFollower) (asl.Outcome, error) {
		run, err := e.Describe(ctx, s.name)
		if err != nil {
			return asl.Outcome{}, err
		}
		definition, err := e.Definition(ctx, run.Hash)
		if err != nil {
			return asl.Outcome{}, err
		}
		uses, err := integration.Uses(definition)
		if err != nil {
			return asl.Outcome{}, err
		}
		if run.Outcome == nil {
			if err := tasks.ready(uses); err != nil {
				return asl.Outcome{}, err
			}
			follower.begin() // its next event may be far away
		}
		return e.Resume(ctx, s.name)
	})
}

// followWorkflow works on a run to its end and prints that.
func (a *app) followWorkflow(ctx context.Context, s workflowStart, tasks *workflowTasks, work func(context.Context, *asl.Engine, workflowFollower) (asl.Outcome, error)) error {
	open := a.workflowJournal
	if s.file == "" { // a run to be resumed is in a journal that is there
		open = a.openWorkflows
	}
	j, err := open(ctx)
	if err != nil {
		return err
	}
	defer j.Close()
	follower := a.workflowFollower(s)
	engine := asl.NewEngine(asl.Config{
		Store: j, Tasks: tasks, Objects: tasks, Listener: follower, Clock: a.workflowClock(),
		AnswerPoll: time.Duration(float64(s.poll) * a.speed), // by that clock
	})
	watched, unwatch := watchStop(ctx, j, s.name)
	outcome, err := work(watched, engine, follower)
	unwatch()
	follower.end()
	if run, described := engine.Describe(context.WithoutCancel(ctx), s.name); stoppedElsewhere(err) && described == nil && run.Outcome != nil {
		outcome, err = *run.Outcome, nil
	}
	if ctx.Err() != nil && err != nil {
		return &hintedError{fmt.Errorf("run %s was interrupted", s.name), "`setmend workflow resume " + s.name + "` goes on with it", exitInterrupted}
	}
	if err != nil {
		return err
	}
	if s.announce {
		return nil
	}
	return a.printOutcome(s.name, outcome)
}

// A workflowFollower shows what becomes of a run.
type workflowFollower interface {
	asl.Listener
	begin() // the run is there, and is worked on
	end()   // no more
}

func (a *app) workflowFollower(s workflowStart) workflowFollower {
	if s.announce {
		return newAnnouncer(s.name)
	}
	return newWorkflowProgress(a.stderr, s.name)
}

func (a *app) printOutcome(name string, outcome asl.Outcome) error {
	err := a.print(outcome, func(w io.Writer) error {
		row(w, "RUN", name)
		row(w, "STATUS", outcome.Status)
		for _, line := range [][2]string{{"OUTPUT", string(outcome.Output)}, {"ERROR", outcome.Error}, {"CAUSE", outcome.Cause}} {
			if line[1] != "" {
				row(w, line[0], line[1])
			}
		}
		return nil
	})
	if err == nil && outcome.Status != asl.StatusSucceeded {
		return exitCode(exitFailed)
	}
	return err
}
