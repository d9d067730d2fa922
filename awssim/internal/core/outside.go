package core

import (
	"container/heap"
	"time"
)

// KeepMoving drives the queue by a timer of the world's clock from now on, with or
// without requests: schedules fire and invocations are retried between them.
func (w *World) KeepMoving() { w.driven = true }

// Outside runs work in a goroutine of its own, without the lock, and then calls
// then with it. While work is under way, [World.AdvanceIdle] goes no further. After
// a reset, then is not called.
func (w *World) Outside(work func(), then func()) {
	w.begin()
	epoch := w.epoch
	go func() {
		work()
		w.Serve(func() {
			w.end()
			if epoch == w.epoch {
				then()
			}
		})
	}()
}

// Busy marks something as under way without the lock, like [World.Outside], until
// the function that it returns is called, with the lock held. Further calls of that
// do nothing.
func (w *World) Busy() (done func()) {
	w.begin()
	over := false
	return func() {
		if !over {
			over = true
			w.end()
		}
	}
}

func (w *World) begin() {
	w.outside++
	if w.idle == nil {
		w.idle = make(chan struct{})
	}
}

func (w *World) end() {
	if w.outside--; w.outside == 0 {
		close(w.idle)
		w.idle = nil
	}
}

// AdvanceIdle moves the world's time forward by d, or up to the moment in which
// something is under way outside. It returns what is left of d, and then a channel
// that is closed once nothing is under way.
func (w *World) AdvanceIdle(d time.Duration) (left time.Duration, idle <-chan struct{}) {
	end := w.now.Add(d)
	for w.outside == 0 && len(w.queue) > 0 && !w.queue[0].at.After(end) {
		t := heap.Pop(&w.queue).(*Timer)
		if t.at.After(w.now) {
			w.skew += t.at.Sub(w.now)
			w.now = t.at
		}
		t.run()
	}
	if w.outside > 0 {
		return end.Sub(w.now), w.idle
	}
	if end.After(w.now) {
		w.skew += end.Sub(w.now)
		w.now = end
	}
	return 0, nil
}

// Later is the answer of an action that has to wait: for a function, or a message.
type Later struct {
	done chan struct{}
	out  any
	err  error
}

// Later makes an answer that is not there yet.
func (w *World) Later() *Later {
	w.KeepMoving()
	return &Later{done: make(chan struct{})}
}

// Answer gives the answer, with the lock held. Only the first one counts.
func (l *Later) Answer(out any, err error) {
	select {
	case <-l.done:
	default:
		l.out, l.err = out, err
		close(l.done)
	}
}

// Done is closed once there is an answer.
func (l *Later) Done() <-chan struct{} { return l.done }

// Result is the answer, once it is there.
func (l *Later) Result() (out any, err error) { return l.out, l.err }

// Await makes an action whose answer may have to wait.
func Await[In any](f func(*Call, *In) (*Later, error)) Action {
	return Action{Invoke: func(c *Call, decode func(any) error) (any, error) {
		in := new(In)
		if err := decode(in); err != nil {
			return nil, err
		}
		later, err := f(c, in)
		if err != nil {
			return nil, err
		}
		return later, nil
	}}
}
