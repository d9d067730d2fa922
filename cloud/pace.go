package cloud

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/setmend/setmend/fleet"
)

const (
	// margin keeps setmend just below the documented rate, since the clocks and
	// buckets at both ends never agree exactly.
	margin = 0.95

	// Full jitter: the n-th wait is anything up to base·2ⁿ, ceiling at most.
	backoffBase    = 500 * time.Millisecond
	backoffCeiling = 20 * time.Second

	// The breaker opens after so many refusals in a row, and lets one probe
	// through when its rest is over. The rest doubles while probes are refused.
	breakerRefusals = 10
	breakerRest     = 10 * time.Second
	breakerMaxRest  = 2 * time.Minute
	// breakerPatience is how long a call waits for an open breaker in all.
	breakerPatience = time.Minute
)

// pace holds the gates that all requests pass.
type pace struct {
	clock Clock

	mu     sync.Mutex // guards what follows
	random *rand.Rand
	gates  map[gateKey]*gate
}

// gateKey is one of AWS's budgets. Member accounts have their own; the home
// account's is under the zero target, also where the home account is itself
// reached as a member: the two call different actions.
type gateKey struct {
	budget string
	target fleet.Target
}

func (p *pace) gate(r request) *gate {
	key := gateKey{r.budget(), r.target}
	p.mu.Lock()
	defer p.mu.Unlock()
	g := p.gates[key]
	if g == nil {
		g = newGate(p.clock, r.action)
		p.gates[key] = g
	}
	return g
}

// backoff is how long to wait after the given attempt failed.
func (p *pace) backoff(try int) time.Duration {
	limit := min(backoffCeiling, backoffBase<<min(try, 10))
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Duration(p.random.Int64N(int64(limit)))
}

// gate is the way to one of AWS's budgets: its rate and its breaker. Repeats pass it
// like any request, so that trouble makes them no more than AWS allows; while all are
// refused, the breaker lets probes through alone.
type gate struct {
	clock   Clock
	limiter *rate.Limiter // nil: no limit

	mu       sync.Mutex // guards what follows
	refusals int        // in a row
	rest     time.Duration
	until    time.Time // the breaker is open until then; zero if closed
	probing  bool      // a probe is out
}

func newGate(clock Clock, a action) *gate {
	g := &gate{clock: clock, rest: breakerRest}
	if a.rate > 0 {
		g.limiter = rate.NewLimiter(rate.Limit(a.rate*margin), max(1, a.burst))
	}
	return g
}

// errHeld is why a request was not sent: the breaker is open.
type errHeld struct{ rest time.Duration }

func (e errHeld) Error() string {
	return fmt.Sprintf("AWS keeps refusing these requests for their rate; none is sent for another %v", e.rest.Round(time.Second))
}

// enter waits until a request may be sent. Its error is the context's, or errHeld
// if the breaker stays open longer than a caller's patience. Whoever has entered
// must leave.
func (g *gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for patience := breakerPatience; ; {
		if err := g.turn(ctx); err != nil {
			return err
		}
		rest := g.open()
		if rest == 0 {
			return nil
		}
		if patience -= rest; patience < 0 {
			return errHeld{rest}
		}
		if err := g.clock.Sleep(ctx, rest); err != nil {
			return err
		}
	}
}

// turn waits for a token of the bucket.
func (g *gate) turn(ctx context.Context) error {
	if g.limiter == nil {
		return nil
	}
	now := g.clock.Now()
	turn := g.limiter.ReserveN(now, 1)
	if err := g.clock.Sleep(ctx, turn.DelayFrom(now)); err != nil {
		turn.CancelAt(g.clock.Now())
		return err
	}
	return nil
}

// open is how long the breaker keeps requests back; 0 lets one through. When its
// rest is over the first to ask is the probe, and the others wait for what
// becomes of that.
func (g *gate) open() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.until.IsZero() {
		return 0
	}
	if left := g.until.Sub(g.clock.Now()); left > 0 {
		return left
	}
	if g.probing {
		return time.Second
	}
	g.probing = true
	return 0
}

// leave notes what became of a request.
func (g *gate) leave(kind fleet.ErrorKind) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch kind {
	case fleet.Throttled:
		g.refused()
	case fleet.Unreachable, fleet.UnknownOutcome:
		g.probing = false // AWS said nothing; the next one is the probe
	default:
		g.refusals, g.until, g.probing, g.rest = 0, time.Time{}, false, breakerRest
	}
}

// refused counts a refusal and opens the breaker after too many. g is locked.
func (g *gate) refused() {
	g.refusals++
	if g.probing {
		g.rest = min(breakerMaxRest, 2*g.rest)
	}
	if g.probing || g.refusals >= breakerRefusals {
		g.until, g.probing = g.clock.Now().Add(g.rest), false
	}
}
