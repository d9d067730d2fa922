package asl

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"
)

// This file is what a run does next, and when: its queue of frames, its timers, the
// goroutines that work for it, and what others ask of it.

func (r *run) top() *execution { return r.execs[0] }

func (r *run) now() int64 { return r.engine.clock.Now().UnixNano() }

// draw is the generator of the run, made when it is first needed.
func (r *run) draw() *rand.Rand {
	if r.random == nil {
		r.random = r.engine.randomFor(r.name, r.drawn)
	}
	return r.random
}

// randomFor gives each run a generator of its own: what a run draws does not
// depend on what runs beside it, and a resumed run does not draw again what it
// drew before.
func (e *Engine) randomFor(name string, epoch int64) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s", epoch, name)
	return rand.New(rand.NewPCG(e.seed, h.Sum64()))
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

// wake stops the timer of f.
func (r *run) wake(f *frame) {
	if f.stopTimer != nil {
		f.stopTimer()
		f.stopTimer = nil
	}
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

// await expects answers for c. All of it belongs to the run's goroutine.
func (r *run) await(c *call) {
	if r.callbacks == nil {
		r.callbacks = map[string]*call{}
	}
	r.callbacks[c.token] = c
}

// forget expects none any more. Where nothing is waited for, nothing is read.
func (r *run) forget(c *call) {
	if r.callbacks[c.token] != c {
		return
	}
	delete(r.callbacks, c.token)
	if len(r.callbacks) == 0 {
		r.stopPolling()
	}
}

func (r *run) stopPolling() {
	if r.stopPoll != nil {
		r.stopPoll()
		r.stopPoll = nil
	}
}

// async does work in a goroutine; what it returns is done by the run's own.
func (r *run) async(work func(ctx context.Context) func()) {
	r.active++
	go func() {
		finish := work(r.functions())
		r.box.post(func() {
			r.active--
			finish()
		})
	}()
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
