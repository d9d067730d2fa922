package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/asl"
)

// What answers the tasks of a run that wait for their token: what on AWS are
// SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat.

func (a *app) workflowSendSuccessCommand() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use: "send-success TOKEN", Short: "End a task that waits for its token, with an output", Args: cobra.ExactArgs(1),
		Long: `send-success answers a task whose resource ends in .waitForTaskToken. The task has
handed its token to what it called; ` + "`setmend workflow history RUN -o json`" + ` shows the
call. A process that works on the run takes the answer within a second; if none does,
the answer waits for ` + "`setmend workflow resume RUN`" + `. One answer counts: for a task
that is answered, has timed out or is unknown, the command says so and changes nothing.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := a.outputOf(output)
			if err != nil {
				return err
			}
			return a.sendToTask(cmd.Context(), "success", func(e *asl.Engine) error { return e.SendTaskSuccess(cmd.Context(), args[0], text) })
		},
	}
	cmd.Flags().StringVar(&output, "task-output", "", "the task's output: JSON of at most 256 KiB, or @FILE (@- is standard input)")
	return cmd
}

func (a *app) workflowSendFailureCommand() *cobra.Command {
	var failure, cause string
	cmd := &cobra.Command{
		Use: "send-failure TOKEN", Short: "End a task that waits for its token, with an error", Args: cobra.ExactArgs(1),
		Long: `send-failure answers a task as ` + "`setmend workflow send-success`" + ` does, with an error that
Retry and Catch match by its name.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.sendToTask(cmd.Context(), "failure", func(e *asl.Engine) error {
				return e.SendTaskFailure(cmd.Context(), args[0], failure, cause)
			})
		},
	}
	cmd.Flags().StringVar(&failure, "error", "", "the error's name, up to 256 characters")
	cmd.Flags().StringVar(&cause, "cause", "", "the cause, for people, up to 32768 characters")
	return cmd
}

func (a *app) workflowSendHeartbeatCommand() *cobra.Command {
	return &cobra.Command{
		Use: "send-heartbeat TOKEN", Short: "Say that a task that waits for its token is alive", Args: cobra.ExactArgs(1),
		Long: `send-heartbeat starts the HeartbeatSeconds of a waiting task anew. It does not put off
its TimeoutSeconds.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.sendToTask(cmd.Context(), "heartbeat", func(e *asl.Engine) error { return e.SendTaskHeartbeat(cmd.Context(), args[0]) })
		},
	}
}

// outputOf reads --task-output. Whether it is JSON, and not too long, is the engine's
// to say.
func (a *app) outputOf(given string) ([]byte, error) {
	if given == "" {
		return nil, &usageError{errors.New("--task-output is missing"), outputHint}
	}
	path, ok := strings.CutPrefix(given, "@")
	if !ok {
		return []byte(given), nil
	}
	text, err := a.readFileOrStdin(path, maxAnswer)
	if err != nil {
		return nil, fmt.Errorf("reading the output: %w", err)
	}
	return text, nil
}

// The flag is named as AWS's command line names it: --output is the format here,
// as it is there.
const outputHint = `give --task-output '{"key": "value"}', --task-output '"text"' or --task-output @FILE; nothing was sent`

// maxAnswer is more than any output may be long, in bytes.
const maxAnswer = 1 << 20

// sendToTask sends something to a task of a run in the journal.
func (a *app) sendToTask(ctx context.Context, what string, send func(*asl.Engine) error) error {
	j, err := a.openWorkflows(ctx)
	if err != nil {
		return err
	}
	defer j.Close()
	if err := send(asl.NewEngine(asl.Config{Store: j, Clock: a.workflowClock()})); err != nil {
		return explainAnswer(err)
	}
	fmt.Fprintf(a.stderr, "the task's %s is in the journal\n", what)
	return nil
}

// explainAnswer adds what to do about an answer that does not count.
func explainAnswer(err error) error {
	refused, ok := errors.AsType[*asl.AnswerError](err)
	if !ok {
		return err
	}
	switch refused.Name {
	case asl.AnswerInvalidToken:
		return &usageError{err, "give the whole token, as the task got it from $$.Task.Token"}
	case asl.AnswerInvalidOutput:
		return &usageError{err, outputHint}
	case asl.AnswerTooLong:
		return &usageError{err, "hand over large data by a reference, such as an S3 key; nothing was sent"}
	case asl.AnswerNoTask:
		return &hintedError{err, "`setmend workflow list` lists the runs; --journal names another journal", exitNotFound}
	}
	return &hintedError{err, "nothing was changed; `setmend workflow history RUN` shows how the task ended", exitFailed}
}
