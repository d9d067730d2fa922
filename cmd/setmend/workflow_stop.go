package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/asl"
)

func (a *app) workflowStopCommand() *cobra.Command {
	var failure, cause string
	cmd := &cobra.Command{
		Use: "stop RUN", Short: "End a run with the status ABORTED", Args: cobra.ExactArgs(1),
		Long: `stop ends a run, wherever it is worked on: a process that does so cannot write any
more, finds that out within a second, and ends. What that process has asked of AWS
before goes on there. Stopping a run that is over changes nothing.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			j, err := a.openWorkflows(cmd.Context())
			if err != nil {
				return err
			}
			defer j.Close()
			return a.stopWorkflow(cmd.Context(), j, args[0], failure, cause)
		},
	}
	cmd.Flags().StringVar(&failure, "error", "", "the error's name to record")
	cmd.Flags().StringVar(&cause, "cause", "stopped by hand", "the cause to record")
	return cmd
}

func (a *app) stopWorkflow(ctx context.Context, j store, name, failure, cause string) error {
	engine := asl.NewEngine(asl.Config{Store: j})
	before, err := engine.Describe(ctx, name)
	if err != nil {
		return err
	}
	if before.Outcome != nil {
		fmt.Fprintf(a.stderr, "run %s was over before: it is %s\n", oneLine(name), before.Status)
		return nil
	}
	if err := stopDurably(ctx, engine, name, failure, cause); err != nil {
		return err
	}
	run, err := engine.Describe(ctx, name)
	if err != nil {
		return err
	}
	_, version, err := j.Get(ctx, stopKey(name))
	if err != nil {
		return err
	}
	if _, err := j.Put(ctx, stopKey(name), []byte(cause), version); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "run %s is %s\n", oneLine(run.Name), run.Status)
	return nil
}

// stopAttempts is how often a stop claims a run: a process that is just being
// started or resumed may claim it in between.
const stopAttempts = 5

func stopDurably(ctx context.Context, engine *asl.Engine, name, failure, cause string) (err error) {
	for range stopAttempts {
		if err = engine.Stop(ctx, name, failure, cause); !isFenced(err) {
			return err
		}
	}
	return err
}

func isFenced(err error) bool {
	owner, ok := errors.AsType[interface {
		error
		Fenced() bool
	}](err)
	return ok && owner.Fenced()
}

// stopKey is where the journal says that a run was stopped, so that the process
// that works on it finds out even if it is in a long wait.
func stopKey(name string) string { return "workflow/stop/" + name }

// stopPoll is how often a process looks whether its run was stopped.
const stopPoll = 500 * time.Millisecond

// errStopped is why the context of a run that was stopped has ended.
var errStopped = errors.New("the run was stopped")

// stoppedElsewhere tells an error that is a stop's doing.
func stoppedElsewhere(err error) bool { return errors.Is(err, errStopped) || isFenced(err) }

// watchStop makes a context that ends when the run is stopped.
func watchStop(ctx context.Context, j store, name string) (watched context.Context, end func()) {
	watched, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticks := time.NewTicker(stopPoll)
		defer ticks.Stop()
		for {
			select {
			case <-watched.Done():
				return
			case <-ticks.C:
			}
			if _, version, err := j.Get(watched, stopKey(name)); err == nil && version > 0 {
				cancel(errStopped)
				return
			}
		}
	}()
	return watched, func() { cancel(nil); <-done }
}
