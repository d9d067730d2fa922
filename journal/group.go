package journal

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// group lets concurrent writers share one commit. A writer queues its request
// and tries to take the turn. Who has the turn commits everything queued, for
// all; the others find their answer waiting. So a lone writer pays no hand-over,
// and a crowd pays one fsync instead of one each. There is no goroutine to stop.
type group[T any] struct {
	commit func([]*request[T]) // must answer every request
	turn   chan struct{}       // holds a token while somebody commits
	mu     sync.Mutex          // guards queue
	queue  []*request[T]
	crowd  int // guarded by mu; about how many requests come at once
}

type request[T any] struct {
	value T
	done  chan error // takes exactly one answer
}

func newGroup[T any](commit func([]*request[T])) *group[T] {
	return &group[T]{commit: commit, turn: make(chan struct{}, 1)}
}

// do commits value together with whatever else is waiting. A context that ends
// takes the request back if nobody has begun to commit it; once begun, do waits,
// because leaving would turn a known outcome into an unknown one.
func (g *group[T]) do(ctx context.Context, value T) error {
	r := &request[T]{value, make(chan error, 1)}
	g.mu.Lock()
	g.queue = append(g.queue, r)
	g.mu.Unlock()
	select {
	case g.turn <- struct{}{}:
		g.gather()
		g.serve()
		<-g.turn
	case err := <-r.done:
		return err
	case <-ctx.Done():
		if g.withdraw(r) {
			return &Error{Kind: Refused, What: "waiting to write to the journal", Err: ctx.Err()}
		}
	}
	return <-r.done
}

// patience is how many times a writer that is to commit lets others run first,
// while fewer have queued than came together of late. With nothing else to run that
// is a fraction of what a sync costs.
const patience = 1000

// gather lets others queue: writers that were answered together come back
// together, and who is first would pay a commit for a few.
func (g *group[T]) gather() {
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

func (g *group[T]) serve() {
	g.mu.Lock()
	batch := g.queue
	g.queue = nil
	g.crowd = max(len(batch), g.crowd*7/8)
	g.mu.Unlock()
	if len(batch) > 0 {
		g.commit(batch)
	}
}

func (g *group[T]) withdraw(r *request[T]) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.queue, r)
	if i < 0 {
		return false
	}
	g.queue = slices.Delete(g.queue, i, i+1)
	return true
}
