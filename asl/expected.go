package asl

import (
	"context"
	"errors"
	"fmt"
)

// expects finds out whether a task waits for its token, and how many answers of
// its execution are known not to close it.
func (e *Engine) expects(ctx context.Context, run, token string) (after int64, err error) {
	if r := e.runningNow(run); r != nil {
		after, err := r.expects(ctx, token)
		if err == nil || ctx.Err() != nil {
			return after, err
		}
	}
	return 0, e.expectsByLog(ctx, run, token)
}

// expects asks the run's goroutine, which answers at once: nothing of what it
// says needs to become durable. ErrNoSuchTask may mean that the run is over here.
func (r *run) expects(ctx context.Context, token string) (after int64, err error) {
	taken := make(chan int64, 1)
	posted := r.box.post(func() {
		if c := r.callbacks[token]; c != nil && c.current() {
			taken <- r.taken
		}
		close(taken)
	})
	if !posted {
		return 0, ErrNoSuchTask
	}
	select {
	case after, ok := <-taken:
		if !ok {
			return 0, ErrNoSuchTask
		}
		return after, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// expectsByLog does so from the logs alone, which is all there is where the
// execution runs in another process, or in none. Nothing is claimed.
func (e *Engine) expectsByLog(ctx context.Context, run, token string) error {
	r := e.newRun(ctx, run, nil)
	r.byID = map[int]*frame{}
	err := e.mustExist(ctx, r.log)
	if errors.Is(err, ErrNotFound) {
		return refuse(AnswerNoTask, "there is no execution %s", run)
	}
	given := false // out, ever
	if err == nil {
		err = r.replay(ctx, func(rec *record) { given = given || rec.Token == token })
	}
	if err != nil {
		return fmt.Errorf("looking for the task in execution %s: %w", run, err)
	}
	if !given {
		return refuse(AnswerNoTask, "execution %s has no task with this token", run)
	}
	return r.open(ctx, token)
}

// open looks whether the task with a token that was given out still waits.
func (r *run) open(ctx context.Context, token string) error {
	if done := r.top().outcome; done != nil {
		return refuse(AnswerTimedOut, "execution %s is over: %s", r.name, done.Status)
	}
	c := r.top().root.callOf(token)
	if c == nil {
		return refuse(AnswerTimedOut, "the task of execution %s is over", r.name)
	}
	beat := c.beat
	for a, err := range r.engine.answers(ctx, r.name, 0) {
		switch {
		case err != nil:
			return err
		case a.Token != token:
		case a.closes():
			return a.refusal(r.name)
		case c.heartbeat > 0:
			beat = max(beat, a.At+c.heartbeat)
		}
	}
	if now := r.now(); c.deadline <= now || beat > 0 && beat <= now {
		return (&answer{Kind: answerExpiry}).refusal(r.name)
	}
	return nil
}

// callOf finds the call that waits for a token, in f or its family.
func (f *frame) callOf(token string) *call {
	if f.call != nil && f.call.token == token && f.call.current() {
		return f.call
	}
	if f.family == nil {
		return nil
	}
	for _, child := range f.family.running {
		if c := child.callOf(token); c != nil {
			return c
		}
	}
	return nil
}
