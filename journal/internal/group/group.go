package group

import (
	"context"
	"runtime"
	"slices"
	"sync"

	"github.com/setmend/setmend/journal/internal/contract"
)

// Group lets concurrent writers share one commit. A writer queues its request
// and tries to take the turn. Who has the turn commits everything queued, for
// all; the others find their answer waiting. So a lone writer pays no hand-over,
// and a crowd pays one fsync instead of one each. There is no goroutine to stop.
type Group[T any] struct {
	commit func([]*Request[T]) // must answer every request
	turn   chan struct{}       // holds a token while somebody commits
	mu     sync.Mutex          // guards queue
	queue  []*Request[T]
	crowd  int // guarded by mu; about how many requests come at once
}

type Request[T any] struct {
	Value T          // what to commit
	Done  chan error // takes exactly one answer
}

func New[T any](commit func([]*Request[T])) *Group[T] {
	return &Group[T]{commit: commit, turn: make(chan struct{}, 1)}
}

// Do commits value together with whatever else is waiting. A context that ends
// takes the request back if its commit has not begun; once begun, Do waits,
// because leaving would turn a known outcome into an unknown one.
func (g *Group[T]) Do(ctx context.Context, value T) error {
	r := &Request[T]{value, make(chan error, 1)}
	g.mu.Lock()
	g.queue = append(g.queue, r)
	g.mu.Unlock()
	select {
	case g.turn <- struct{}{}:
		g.gather()
		g.serve()
		<-g.turn
	case err := <-r.Done:
		return err
	case <-ctx.Done():
		if g.withdraw(r) {
			return &contract.Error{Kind: contract.Refused, What: "waiting to write to the journal", Err: ctx.Err()}
		}
	}
	return <-r.Done
}

// patience is how many times a writer that is to commit lets others run first,
// while fewer have queued than came together of late. With nothing else to run that
// is a fraction of what a sync costs.
const patience = 1000

// gather lets others queue: writers that were answered together come back
// together, and who is first would pay a commit for a few.
func (g *Group[T]) gather() {
	for range patience {
		runtime.Gosched()
		g.mu.Lock()
		enough := len(g.queue) >= g.crowd
		g.mu.Unlock()
		if enough {
			return
		}
	}
}

func (g *Group[T]) serve() {
	g.mu.Lock()
	batch := g.queue
	g.queue = nil
	g.crowd = max(len(batch), g.crowd*7/8)
	g.mu.Unlock()
	if len(batch) > 0 {
		g.commit(batch)
	}
}

// Pause waits for the commit under way and keeps the next from beginning until the
// function that it returns is called.
func (g *Group[T]) Pause() (resume func()) {
	g.turn <- struct{}{}
	return func() { <-g.turn }
}

func (g *Group[T]) withdraw(r *Request[T]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.queue, r)
	if i < 0 {
		return false
	}
	g.queue = slices.Delete(g.queue, i, i+1)
	return true
}
