package asl

import (
	"context"
	"errors"
	"fmt"
	"runtime"
)

// maxBatch is the size from which a batch is appended without waiting for the
// queue to become empty, in bytes.
const maxBatch = 1 << 20

// firstBatch is the memory for a batch of unknown size, in bytes: enough for a
// few states.
const firstBatch = 600

func (e *Engine) newRun(ctx context.Context, name string, m *Machine) *run {
	r := &run{engine: e, name: name, log: logPrefix + name, machine: m, box: newMailbox(), caller: ctx}
	r.sc.r = r
	return r
}

// loop works until the execution is over or cannot go on here.
func (r *run) loop(ctx context.Context) (Outcome, error) {
	defer r.end()
	for {
		if err := r.turn(ctx); err != nil {
			return Outcome{}, r.abandon(ctx, err)
		}
		if done := r.top().outcome; done != nil {
			return *done, nil
		}
		r.armTimeout()
		select {
		case <-r.box.signal:
			// Functions that return at the same time are written at the same time.
			runtime.Gosched()
			r.receive()
		case <-ctx.Done():
			return Outcome{}, r.abandon(ctx, ctx.Err())
		}
	}
}

// turn lets every frame go as far as it can, writes what happened, and calls the
// functions that are due.
func (r *run) turn(ctx context.Context) error {
	for {
		if r.damage != nil {
			return r.damage
		}
		if err := r.drain(ctx); err != nil {
			return err
		}
		if err := r.commit(ctx); err != nil {
			return err
		}
		r.launchCalls()
		if r.settled() {
			return nil
		}
	}
}

// settled tells whether there is nothing to do but wait.
func (r *run) settled() bool {
	return len(r.batch) == 0 && (r.head == len(r.queue) || r.top().outcome != nil)
}

// drain steps the frames in the queue, until it is empty or there is much to
// write.
func (r *run) drain(ctx context.Context) error {
	for r.head < len(r.queue) && r.top().outcome == nil && len(r.batch) < maxBatch {
		r.step(r.dequeue())
		if r.steps++; r.steps%256 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			r.armTimeout()
			r.receive()
		}
	}
	return nil
}

func (r *run) receive() {
	for _, f := range r.box.take() {
		f()
	}
}

// commit makes the batch durable, and then tells of it.
func (r *run) commit(ctx context.Context) error {
	err := r.append(ctx)
	r.answer(err)
	if err == nil {
		r.tell()
	}
	return err
}

// append writes the batch as one entry of the log: what belongs together is there
// together, and a store has one row to write for it.
func (r *run) append(ctx context.Context) error {
	if len(r.batch) == 0 {
		return nil
	}
	entry := append(r.batch, ']')
	// The store may keep the entry, so the next batch needs its own memory.
	r.batch = nil
	if r.top().outcome == nil {
		r.batch = make([]byte, 0, min(max(len(entry)+len(entry)/4, firstBatch), maxBatch+maxBatch/4))
	}
	if err := r.put(context.WithoutCancel(ctx), entry); err != nil {
		r.unsure = true
		return fmt.Errorf("writing the log of execution %s: %w", r.name, err)
	}
	return nil
}

// put appends an entry; the first one makes the log.
func (r *run) put(ctx context.Context, entry []byte) error {
	if r.owned {
		return r.engine.store.Append(ctx, r.log, r.epoch, entry)
	}
	epoch, err := newLog(ctx, r.engine.store, r.log, entry)
	r.owned, r.epoch = err == nil, epoch
	return err
}

// step lets one frame go on.
func (r *run) step(f *frame) {
	if f.phase == phaseDone || f.exec.outcome != nil {
		return
	}
	if limit := r.engine.limits.Events; f.exec.lastID >= int64(limit)-1 {
		r.failExecution(f, &failure{name: ErrorRuntime, cause: fmt.Sprintf(causeTooManyEvents, limit), fatal: true})
		return
	}
	switch f.phase {
	case phaseNext:
		r.emit(f, &record{op: opEnter, Type: f.state.entered, Name: f.state.name, data: f.input})
		r.enqueue(f)
	case phaseEntered:
		f.state.work.start(r, f)
	case phaseFamily:
		f.state.work.(parent).spread(r, f)
	}
}

// abandon leaves the execution to a later Resume. What functions still report
// while they are being cancelled is written if it is a success: that work is
// done and need not be done again.
func (r *run) abandon(ctx context.Context, cause error) error {
	r.cancel()
	for r.active > 0 {
		<-r.box.signal
		r.receive()
	}
	if fenced(cause) {
		return cause
	}
	if ctx.Err() != nil && !r.unsure {
		cause = context.Cause(ctx)
		if err := r.commit(ctx); err != nil {
			return errors.Join(cause, err)
		}
	}
	return fmt.Errorf("running execution %s: %w", r.name, cause)
}

// end waits for the functions that are still running: none of them outlives the
// run that called it.
func (r *run) end() {
	r.cancel()
	for r.active > 0 {
		<-r.box.signal
		for _, f := range r.box.take() {
			f()
		}
	}
	for _, f := range r.box.close() {
		f()
	}
	r.answer(ErrNoSuchTask)
	r.stopPolling()
	if r.stopTimer != nil {
		r.stopTimer()
	}
}

// armTimeout ends the execution when its time is over: the definition's
// TimeoutSeconds, or the limit. Only a run that takes its time needs the timer.
func (r *run) armTimeout() {
	if r.stopTimer != nil {
		return
	}
	limit := r.machine.timeout
	if most := r.engine.limits.Duration; limit == 0 || most > 0 && most < limit {
		limit = most
	}
	if limit <= 0 {
		return
	}
	f := r.top().root
	r.stopTimer = r.after(f.exec.started+int64(limit), func() {
		if f.exec.outcome == nil {
			r.endExecution(f, &record{Type: ExecutionTimedOut})
		}
	})
}

// tell passes on what has become durable.
func (r *run) tell() {
	for _, h := range r.heard {
		r.engine.listener.Happened(h.execution, h.event)
	}
	r.heard = r.heard[:0]
}
