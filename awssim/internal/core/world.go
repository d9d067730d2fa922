package core

import (
	"container/heap"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// Clock is where the world's time comes from. A nil Clock in [Options] is the
// time package's, which is virtual inside a testing/synctest bubble.
type Clock interface {
	Now() time.Time
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

// Options fix everything about a world that could differ from run to run.
type Options struct {
	// Seed determines ids, durations and whatever else is random.
	Seed uint64
	// Clock is the source of time; nil is the time package.
	Clock Clock
	// Partition is "aws" unless set.
	Partition string
	// Account is the account that access keys which name no account act as; an
	// organization made by such a caller has it as management account. "" is
	// 111122223333.
	Account string
}

// World is the state that all services share. Everything but Serve, Lock and
// Unlock must be called with the lock held; inside a request and inside a queued
// function it is.
type World struct {
	mu      sync.Mutex
	clock   Clock
	skew    time.Duration // how far Advance has moved the world past its clock
	now     time.Time     // the time of the event or request being worked on
	queue   timerQueue
	seq     uint64
	random  *rand.Rand
	subs    []func(Event)
	driven  bool        // the queue moves without requests and without subscribers
	stop    func() bool // stops the timer that drives the queue for subscribers
	outside int         // works under way without the lock
	idle    chan struct{}
	epoch   uint64 // counts resets, so that what began before one changes nothing after
	Options Options
	Access  *Access
}

// NewWorld makes an empty world.
func NewWorld(options Options) *World {
	if options.Clock == nil {
		options.Clock = wallClock{}
	}
	if options.Partition == "" {
		options.Partition = "aws"
	}
	if options.Account == "" {
		options.Account = "111122223333"
	}
	w := &World{clock: options.Clock, Options: options}
	w.Reset()
	return w
}

// Reset makes the world new: nothing is queued, nobody listens, time is the
// clock's and randomness starts over. What services keep is theirs to forget.
func (w *World) Reset() {
	w.skew, w.queue, w.seq, w.subs, w.driven = 0, nil, 0, nil, false
	w.epoch++
	w.random = rand.New(rand.NewPCG(w.Options.Seed, 0x5e7a3e4d))
	w.Access = newAccess()
	w.now = w.clock.Now()
}

// Lock takes the world for the caller and brings it up to now.
func (w *World) Lock() {
	w.mu.Lock()
	settled := false
	defer func() {
		if !settled { // a queued function panicked: let others find out too
			w.mu.Unlock()
		}
	}()
	w.settle(w.clock.Now().Add(w.skew))
	settled = true
}

// Unlock gives the world back.
func (w *World) Unlock() {
	w.drive()
	w.mu.Unlock()
}

// Serve runs f with the world locked and up to date.
func (w *World) Serve(f func()) {
	w.Lock()
	defer w.Unlock()
	f()
}

// Now is the world's time: of the request or event being worked on.
func (w *World) Now() time.Time { return w.now }

// Advance moves the world's time forward, running everything that falls due.
func (w *World) Advance(d time.Duration) {
	w.skew += d
	w.settle(w.clock.Now().Add(w.skew))
}

// settle runs what is due by the given time. Each function sees its own time as
// Now, so that chains of events are exact however late they are worked off.
func (w *World) settle(until time.Time) {
	for len(w.queue) > 0 && !w.queue[0].at.After(until) {
		t := heap.Pop(&w.queue).(*Timer)
		if t.at.After(w.now) {
			w.now = t.at
		}
		t.run()
	}
	if until.After(w.now) {
		w.now = until
	}
}

// drive sets the timer that keeps the queue moving while somebody listens.
func (w *World) drive() {
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
	if len(w.subs) == 0 && !w.driven || len(w.queue) == 0 {
		return
	}
	wait := w.queue[0].at.Sub(w.clock.Now().Add(w.skew))
	w.stop = w.clock.AfterFunc(max(wait, 0), func() { w.Serve(func() {}) })
}

// Timer is a function that the world will run.
type Timer struct {
	at    time.Time
	seq   uint64
	run   func()
	index int // in the queue; -1 once run or cancelled
}

// After schedules f. Functions due at one time run in the order of scheduling.
func (w *World) After(d time.Duration, f func()) *Timer {
	w.seq++
	t := &Timer{at: w.now.Add(d), seq: w.seq, run: f}
	heap.Push(&w.queue, t)
	return t
}

// Cancel takes a timer out of the queue; it does nothing if it has run.
func (w *World) Cancel(t *Timer) {
	if t != nil && t.index >= 0 {
		heap.Remove(&w.queue, t.index)
	}
}

type timerQueue []*Timer

func (q timerQueue) Len() int { return len(q) }
func (q timerQueue) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	return q[i].seq < q[j].seq
}
func (q timerQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}
func (q *timerQueue) Push(x any) {
	t := x.(*Timer)
	t.index = len(*q)
	*q = append(*q, t)
}
func (q *timerQueue) Pop() any {
	old := *q
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	t.index = -1
	return t
}

// UUID makes a version 4 UUID from the world's own randomness.
func (w *World) UUID() string {
	var b [16]byte
	for i := 0; i < 16; i += 8 {
		v := w.random.Uint64()
		for j := range 8 {
			b[i+j] = byte(v >> (8 * j))
		}
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	s := hex.EncodeToString(b[:])
	return fmt.Sprintf("%s-%s-%s-%s-%s", s[:8], s[8:12], s[12:16], s[16:20], s[20:])
}

// Between is a random duration in [low, high).
func (w *World) Between(low, high time.Duration) time.Duration {
	if high <= low {
		return low
	}
	return low + time.Duration(w.random.Int64N(int64(high-low)))
}

// Random is the world's source of randomness.
func (w *World) Random() *rand.Rand { return w.random }

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }
func (wallClock) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}
