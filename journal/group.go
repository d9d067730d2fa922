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
		// Writers that were answered together come back together: who is first
		// lets the others queue, or it would pay a commit for itself alone.
		runtime.Gosched()
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

func (g *group[T]) serve() {
	g.mu.Lock()
	batch := g.queue
	g.queue = nil
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
