package asl

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"
)

// A run is an execution being worked on. Everything in it belongs to the one
// goroutine that is in loop, except the mailbox.
//
// The loop takes frames off a queue and lets each do one step: enter a state,
// begin its work, start one iteration. A step writes records to the batch and
// applies them. When no frame can go on, the batch is appended to the store in
// one piece, and only then are the functions called that the records announce.
// So a store write covers all that happened at once, whatever the number of
// branches, and the log always ends between two steps.
type run struct {
	engine  *Engine
	name    string
	log     string
	machine *Machine
	owned   bool // the log is there, and claimed
	epoch   int64
	caller  context.Context
	ctx     context.Context // see functions
	stop    context.CancelFunc
	box     *mailbox
	random  *rand.Rand // see draw
	drawn   int64      // epoch that random belongs to

	execs     []*execution
	byID      map[int]*frame // only while the log is read
	damage    error          // of a log, or of the store: the run cannot go on
	lastFrame int
	queue     []*frame
	head      int // of the queue

	batch   []byte
	last    sequence // of the batch
	unsure  bool     // a write has failed, so nobody knows what the log ends with
	launch  []*call
	heard   []heard      // events of the batch, for the listener
	answers []chan error // of those who wait for the batch to be durable
	active  int          // functions that have not returned
	steps   int          // so far; now and then one looks whether there is something else to do

	callbacks map[string]*call // tasks that wait for an answer, by token
	taken     int64            // answers that were read
	looked    int64            // when they last were, unix nanoseconds
	stopPoll  func() bool      // of the next look; nil: none is due

	stopTimer func() bool // of the execution's timeout
	sc        scope
	selecting *selection // while an ItemSelector is evaluated
}

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

// functions is the context of what the run calls. It is cancelled when the run
// is over, and made when it is first needed: many executions call nothing.
func (r *run) functions() context.Context {
	if r.ctx == nil {
		r.ctx, r.stop = context.WithCancel(context.WithoutCancel(r.caller))
	}
	return r.ctx
}

func (r *run) cancel() {
	if r.ctx == nil {
		r.ctx, r.stop = cancelled, func() {}
	}
	r.stop()
}

var cancelled = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// draw is the generator of the run, made when it is first needed.
func (r *run) draw() *rand.Rand {
	if r.random == nil {
		r.random = r.engine.randomFor(r.name, r.drawn)
	}
	return r.random
}

func (r *run) top() *execution { return r.execs[0] }

func (r *run) now() int64 { return r.engine.clock.Now().UnixNano() }

// enqueue lets f do its next step.
func (r *run) enqueue(f *frame) {
	if f.queued {
		return
	}
	f.queued = true
	r.queue = append(r.queue, f)
}

func (r *run) dequeue() *frame {
	f := r.queue[r.head]
	r.queue[r.head] = nil
	r.head++
	if r.head == len(r.queue) {
		r.queue, r.head = r.queue[:0], 0
	}
	f.queued = false
	return f
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

// after posts f to the run once the deadline is there.
func (r *run) after(deadline int64, f func()) (stop func() bool) {
	wait := max(0, time.Duration(deadline-r.now()))
	return r.engine.clock.AfterFunc(wait, func() { r.box.post(f) })
}

// sleep lets f go on at a deadline, unless something else becomes of it first.
func (r *run) sleep(f *frame, deadline int64, wake func()) {
	r.wake(f)
	id, in := f.enteredID, f.phase
	f.stopTimer = r.after(deadline, func() {
		if f.enteredID == id && f.phase == in && f.exec.outcome == nil {
			wake()
		}
	})
}

// drop stops all that f and its family have under way. What becomes of them in
// the log is the business of the record that ends the family.
func (r *run) drop(f *frame) {
	r.wake(f)
	if f.call != nil {
		r.release(f.call)
	}
	if f.family != nil {
		for _, child := range f.family.running {
			r.drop(child)
		}
	}
	f.phase = phaseDone
}

// wake stops the timer of f.
func (r *run) wake(f *frame) {
	if f.stopTimer != nil {
		f.stopTimer()
		f.stopTimer = nil
	}
}
