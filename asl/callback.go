package asl

import (
	"context"
	"encoding/json"
	"fmt"
)

// SendTaskSuccess ends a task that waits for its token (.waitForTaskToken) with
// an output. When it returns nil, that is durable. [ErrNoSuchTask] says that no
// execution that runs here waits for the token (any more).
func (e *Engine) SendTaskSuccess(ctx context.Context, token string, output json.RawMessage) error {
	if _, err := parseData(output); err != nil {
		return fmt.Errorf("reading the output of a task: %w", err)
	}
	return e.callBack(ctx, token, func(c *call) { c.run.callSucceeded(c, output) })
}

// SendTaskFailure ends a task that waits for its token with an error. What
// SendTaskSuccess says of the results holds here too.
func (e *Engine) SendTaskFailure(ctx context.Context, token, errorName, cause string) error {
	return e.callBack(ctx, token, func(c *call) {
		c.run.callFailed(c, &failure{name: errorName, cause: cause})
	})
}

// SendTaskHeartbeat says that the task with a token is alive.
func (e *Engine) SendTaskHeartbeat(ctx context.Context, token string) error {
	return e.callBack(ctx, token, func(c *call) { c.run.beatNow(c) })
}

// callBack does something to the call that waits for a token, and returns when
// it is durable.
func (e *Engine) callBack(ctx context.Context, token string, do func(*call)) error {
	c := e.waiting(token)
	if c == nil {
		return ErrNoSuchTask
	}
	return c.run.ask(ctx, func() error {
		if !c.current() {
			return ErrNoSuchTask
		}
		do(c)
		return nil
	})
}

// ask lets the run's goroutine do something, and returns when what came of it is
// durable.
func (r *run) ask(ctx context.Context, do func() error) error {
	answer := make(chan error, 1)
	posted := r.box.post(func() {
		if err := do(); err != nil {
			answer <- err
			return
		}
		r.answers = append(r.answers, answer)
	})
	if !posted {
		return ErrNoSuchTask
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answer tells those who have asked what has become of it.
func (r *run) answer(err error) {
	for _, a := range r.answers {
		a <- err
	}
	r.answers = r.answers[:0]
}

// await lets callbacks find the call.
func (e *Engine) await(c *call) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.tokens[c.token] = c
}

func (e *Engine) forget(c *call) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.tokens[c.token] == c {
		delete(e.tokens, c.token)
	}
}

func (e *Engine) waiting(token string) *call {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.tokens[token]
}
