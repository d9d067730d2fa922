package asl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// SendTaskSuccess ends a task that waits for its token (.waitForTaskToken) with
// an output. The execution need not run here: whoever runs it takes the answer
// soon (see Config.AnswerPoll), and if nobody does, it is taken when the
// execution is resumed.
//
// A nil error means that the answer is durable and that it is the one that
// counts. An [*AnswerError] means that it does not count. After any other error
// nobody knows, and it may be sent again: TaskTimedOut then says that it, or
// another, has arrived.
func (e *Engine) SendTaskSuccess(ctx context.Context, token string, output json.RawMessage) error {
	err := e.checkOutput(output)
	if err == nil {
		err = e.send(ctx, &answer{Kind: answerSuccess, Token: token, Output: string(output)})
	}
	return sending("the success", err)
}

// SendTaskFailure ends a task that waits for its token with an error, which Retry
// and Catch match by its name. What SendTaskSuccess says of the results holds
// here too.
func (e *Engine) SendTaskFailure(ctx context.Context, token, errorName, cause string) error {
	err := checkFailure(errorName, cause)
	if err == nil {
		err = e.send(ctx, &answer{Kind: answerFailure, Token: token, Error: errorName, Cause: cause})
	}
	return sending("the failure", err)
}

// SendTaskHeartbeat says that the task with a token is alive: its HeartbeatSeconds
// begin anew. What SendTaskSuccess says of the results holds here too.
func (e *Engine) SendTaskHeartbeat(ctx context.Context, token string) error {
	return sending("a heartbeat", e.send(ctx, &answer{Kind: answerHeartbeat, Token: token}))
}

func sending(what string, err error) error {
	if err != nil {
		return fmt.Errorf("sending %s of a task: %w", what, err)
	}
	return nil
}

func (e *Engine) checkOutput(output json.RawMessage) error {
	if len(output) > e.limits.Payload {
		return refuse(AnswerTooLong, "the output has %d bytes; at most %d are taken", len(output), e.limits.Payload)
	}
	if !utf8.Valid(output) {
		return refuse(AnswerInvalidOutput, "the output is not JSON: not UTF-8")
	}
	if _, err := parseData(output); err != nil {
		return refuse(AnswerInvalidOutput, "the output is not JSON: %v", err)
	}
	return nil
}

func checkFailure(name, cause string) error {
	for _, part := range []struct {
		what, text string
		most       int
	}{{"error", name, maxErrorName}, {"cause", cause, maxCause}} {
		if n := utf8.RuneCountInString(part.text); n > part.most {
			return refuse(AnswerTooLong, "the %s has %d characters; at most %d are taken", part.what, n, part.most)
		}
	}
	return nil
}

// send adds an answer to those of its execution, if the task waits for it, and
// finds out whether it counts.
func (e *Engine) send(ctx context.Context, a *answer) error {
	run, ok := addressee(a.Token)
	if !ok {
		return refuse(AnswerInvalidToken, "this is not the token of a task that waits")
	}
	after, err := e.expects(ctx, run, a.Token)
	if err != nil {
		return err
	}
	if err := e.addAnswer(ctx, run, a); err != nil {
		return err
	}
	// The answer is there: what became of it is found out even if nobody waits.
	if err := e.counts(context.WithoutCancel(ctx), run, a, after); err != nil {
		return err
	}
	if r := e.runningNow(run); r != nil {
		r.box.post(r.takeAnswers)
	}
	return nil
}

// counts looks whether an answer came before any that closes its token. The
// first `after` answers are known not to.
func (e *Engine) counts(ctx context.Context, run string, a *answer, after int64) error {
	for other, err := range e.answers(ctx, run, after) {
		switch {
		case err != nil:
			return err
		case other.Token != a.Token:
		case *other == *a:
			return nil
		case other.closes():
			return other.refusal(run)
		}
	}
	return fmt.Errorf("reading the answers of execution %s: %w", run, errors.New("what was written is not there"))
}
