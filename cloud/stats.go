package cloud

import (
	"context"
	"maps"
	"sync"

	"github.com/aws/smithy-go/middleware"
	"github.com/setmend/setmend/fleet"
)

// Stats counts requests since the connection was made. A call that was refused
// and repeated counts each time. What the SDK does by itself to get credentials
// is not counted.
type Stats struct {
	Calls     int
	Writes    int
	Throttled int
	ByAction  map[string]int
}

type stats struct {
	onCall func(action string, write bool)

	mu       sync.Mutex // guards what follows
	calls    int
	writes   int
	refused  int
	byAction map[string]int
}

// Stats is the count so far.
func (a *AWS) Stats() Stats {
	s := &a.stats
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{s.calls, s.writes, s.refused, maps.Clone(s.byAction)}
}

func (s *stats) sent(a action) {
	s.mu.Lock()
	s.calls++
	if a.write {
		s.writes++
	}
	s.byAction[a.name]++
	s.mu.Unlock()
	if s.onCall != nil {
		s.onCall(a.name, a.write)
	}
}

func (s *stats) failed(kind fleet.ErrorKind) {
	if kind != fleet.Throttled {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused++
}

// attempt is what is known of one request while the SDK works on it.
type attempt struct {
	action
	sent bool // it was handed to the transport
}

type attemptKey struct{}

func withAttempt(ctx context.Context, a *attempt) context.Context {
	return context.WithValue(ctx, attemptKey{}, a)
}

// count is the SDK middleware next to the transport: what passes here is sent.
func (a *AWS) count(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("setmend:count",
		func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
			middleware.DeserializeOutput, middleware.Metadata, error,
		) {
			if attempt, ok := ctx.Value(attemptKey{}).(*attempt); ok {
				attempt.sent = true
				a.stats.sent(attempt.action)
			}
			return next.HandleDeserialize(ctx, in)
		}), middleware.After)
}
