package asl

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"time"
)

// launchCalls calls the functions of what has been scheduled durably.
func (r *run) launchCalls() {
	for i, c := range r.launch {
		r.launch[i] = nil
		if c.frame.call == c {
			r.invoke(c)
		}
	}
	r.launch = r.launch[:0]
}

// invoke calls the function of c, which is due since it was scheduled, or again
// since the run was interrupted.
func (r *run) invoke(c *call) {
	r.arm(c)
	task := c.frame.state.work.(*task)
	if task.callback {
		r.await(c)
		r.armPoll()
	}
	if c.submitted {
		return
	}
	fn, input, err := task.resolve(r.engine.tasks, c)
	if err != nil {
		r.called(c, nil, err)
		return
	}
	attempt := &taskContext{token: c.token}
	ctx := context.WithValue(r.functions(), taskKey{}, attempt)
	ctx, c.cancel = context.WithCancel(ctx)
	attempt.beat = func() error { return r.heartbeat(ctx, c) }
	r.active++
	go func() {
		output, err := protect(ctx, fn, input)
		r.box.post(func() {
			r.active--
			r.called(c, output, err)
		})
	}()
}

// protect calls fn, and makes an error of a panic: on AWS, too, a crashing
// function fails its task and nothing else.
func protect(ctx context.Context, fn Function, input json.RawMessage) (output json.RawMessage, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the function panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return fn(ctx, input)
}

// arm starts the timers of the call's timeout and heartbeat.
func (r *run) arm(c *call) {
	c.stopTimer = r.after(c.deadline, func() {
		r.timedOut(c, &failure{name: ErrorTimeout})
	})
	r.armBeat(c)
}

func (r *run) armBeat(c *call) {
	if c.beat == 0 {
		return
	}
	c.stopBeat = r.after(c.beat, func() {
		r.timedOut(c, &failure{name: ErrorTimeout, heartbeat: true})
	})
}

// called takes what the function of c has returned.
func (r *run) called(c *call, output json.RawMessage, err error) {
	if !c.current() {
		return
	}
	if err != nil {
		if r.functions().Err() != nil {
			return // the run is being given up: the call is repeated when it is resumed
		}
		r.callFailed(c, taskFailure(err))
		return
	}
	if c.frame.state.work.(*task).callback {
		r.emit(c.frame, &record{op: opSubmit, Type: TaskSubmitted, Resource: c.resource})
		c.cancel()
		return
	}
	r.callSucceeded(c, output)
}

// callSucceeded ends c with an output.
func (r *run) callSucceeded(c *call, output json.RawMessage) {
	f := c.frame
	if len(output) == 0 {
		output = json.RawMessage("null")
	}
	result, err := parseData(output)
	if err != nil {
		r.callFailed(c, &failure{name: ErrorTaskFailed, cause: fmt.Sprintf("The task's result is not JSON: %v", err)})
		return
	}
	task := f.state.work.(*task)
	result = task.wrap(result)
	if len(result.json()) > r.engine.limits.Payload {
		r.callFailed(c, &failure{name: ErrorDataLimitExceeded, cause: fmt.Sprintf(causeResultTooLarge, c.resource), answered: true})
		return
	}
	r.release(c)
	r.emit(f, &record{op: opCalled, Type: task.events.succeeded, Resource: c.resource, data: result})
	r.finish(f, result)
}

func (r *run) callFailed(c *call, fail *failure) {
	r.release(c)
	events := c.frame.state.work.(*task).events
	r.emit(c.frame, &record{op: opCalled, Type: events.failed, Resource: c.resource, Error: fail.name, Cause: fail.cause})
	r.fail(c.frame, fail)
}

func (r *run) timedOut(c *call, fail *failure) {
	switch {
	case !c.current():
	case c.frame.state.work.(*task).callback:
		r.expire(c, fail)
	default:
		r.callTimedOut(c, fail)
	}
}

func (r *run) callTimedOut(c *call, fail *failure) {
	r.release(c)
	events := c.frame.state.work.(*task).events
	r.emit(c.frame, &record{op: opCalled, Type: events.timedOut, Resource: c.resource, Error: fail.name, Cause: fail.cause})
	r.fail(c.frame, fail)
}

// heartbeat tells the run, from the goroutine of a function, that c is alive.
func (r *run) heartbeat(ctx context.Context, c *call) error {
	return r.ask(ctx, func() error {
		if !c.current() {
			return ErrNoSuchTask
		}
		r.beat(c, r.now())
		return nil
	})
}

// beat puts off the deadline of the heartbeat: c was alive at a time.
func (r *run) beat(c *call, at int64) {
	deadline := at + c.heartbeat
	if c.heartbeat == 0 || deadline <= c.beat {
		return
	}
	r.emit(c.frame, &record{op: opBeat, Type: recordHeartbeat, Beat: deadline})
	if c.stopBeat != nil { // else it is armed when c is invoked
		c.stopBeat()
		r.armBeat(c)
	}
}

// DefaultAnswerPoll is how often an engine looks for answers, unless
// Config.AnswerPoll tells otherwise.
const DefaultAnswerPoll = 500 * time.Millisecond

// armPoll looks for answers from other processes after a while, again and again.
func (r *run) armPoll() {
	if r.stopPoll != nil {
		return
	}
	r.stopPoll = r.after(r.now()+int64(r.engine.poll), func() {
		r.stopPoll = nil
		r.takeAnswers()
		if len(r.callbacks) > 0 {
			r.armPoll()
		}
	})
}

// takeAnswers reads the answers that have come since it was last called, and
// applies them. How far it has read is not in the log: after a crash all are read
// again, and those that were recorded match no waiting call.
func (r *run) takeAnswers() {
	if len(r.callbacks) == 0 || r.damage != nil {
		return
	}
	since := r.looked
	r.looked = r.now()
	for a, err := range r.engine.answers(r.caller, r.name, r.taken) {
		if err != nil {
			r.damage = err
			return
		}
		r.taken++
		if c := r.callbacks[a.Token]; c != nil && c.current() {
			r.take(c, a, since)
		}
	}
}

// take applies the answer to c. It came after since, by this engine's clock.
func (r *run) take(c *call, a *answer, since int64) {
	switch a.Kind {
	case answerSuccess:
		r.callSucceeded(c, []byte(a.Output))
	case answerFailure:
		r.callFailed(c, &failure{name: a.Error, cause: a.Cause})
	case answerHeartbeat:
		// The sender's clock counts as far as it can be right.
		r.beat(c, min(max(a.At, since), r.looked))
	case answerExpiry:
		r.callTimedOut(c, &failure{name: ErrorTimeout, heartbeat: a.Beat})
	}
}

// expire ends the wait of c for its answer, unless one has come. It closes the
// token where answers are counted, so that a later answer is refused.
func (r *run) expire(c *call, fail *failure) {
	r.takeAnswers()
	if r.damage != nil || !c.current() || fail.heartbeat && c.beat > r.now() {
		return
	}
	// Only the owner's clock counts: appending nothing finds out who that is.
	if err := r.engine.store.Append(r.caller, r.log, r.epoch); err != nil {
		r.damage = fmt.Errorf("timing out a task of execution %s: %w", r.name, err)
		return
	}
	expiry := &answer{Kind: answerExpiry, Token: c.token, Beat: fail.heartbeat}
	if err := r.engine.addAnswer(r.caller, r.name, expiry); err != nil {
		r.damage = fmt.Errorf("timing out a task of execution %s: %w", r.name, err)
		return
	}
	r.takeAnswers()
}
