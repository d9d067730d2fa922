package asl

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"strconv"
)

// A call is one attempt of a Task, from when it is scheduled until its end.
type call struct {
	frame     *frame
	token     string
	resource  string
	arguments *data
	role      string // that it takes on, "" is none
	deadline  int64  // of TimeoutSeconds, unix nanoseconds
	heartbeat int64  // HeartbeatSeconds in nanoseconds, 0 is none
	beat      int64  // deadline of the heartbeat, 0 is none
	submitted bool   // the function has returned, and the token is awaited

	// Volatile.
	cancel    context.CancelFunc
	stopTimer func() bool
	stopBeat  func() bool
}

func newCall(f *frame, rec *record) *call {
	return &call{
		frame: f, token: rec.Token, resource: rec.Resource, arguments: rec.data, role: rec.Role,
		deadline: rec.Until, beat: rec.Beat, heartbeat: max(0, rec.Beat-rec.At),
	}
}

// token makes the token of an attempt: the same whenever the same execution
// comes to the same attempt of the same state, and no other attempt's. The token
// that a task waits for says where to answer it.
func (f *frame) token(run string) string {
	h := sha256.New()
	for _, part := range []string{run, f.exec.name, f.state.path,
		strconv.Itoa(f.id), strconv.FormatInt(f.enteredID, 10), strconv.Itoa(f.retries())} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	token := tokenEncoding.EncodeToString(h.Sum(nil))
	if t, ok := f.work().(*task); ok && t.callback {
		return addressed(token, run)
	}
	return token
}

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

// release stops all that the call has under way.
func (r *run) release(c *call) {
	if c.cancel != nil {
		c.cancel()
	}
	if c.stopTimer != nil {
		c.stopTimer()
	}
	if c.stopBeat != nil {
		c.stopBeat()
	}
	r.forget(c)
}

// current tells whether the frame is still at c.
func (c *call) current() bool {
	return c.frame.call == c && c.frame.phase == phaseCalling && c.frame.exec.outcome == nil
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
