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

	// A gate may repeat budgetSize refused requests; each that passes earns
	// budgetRefund back. So in a lasting storm one in ten requests is a repeat.
	budgetSize   = 20.0
	budgetRefund = 0.1

	// The breaker opens after so many refusals in a row, and lets one probe
	// through when its rest is over. The rest doubles while probes are refused.
	breakerRefusals = 10
	breakerRest     = 10 * time.Second
	breakerMaxRest  = 2 * time.Minute
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

// gate is the way to one of AWS's budgets: its rate, its budget of repeats and
// its breaker.
type gate struct {
	clock   Clock
	limiter *rate.Limiter // nil: no limit

	mu       sync.Mutex // guards what follows
	repeats  float64    // what is left of the budget
	refusals int        // in a row
	rest     time.Duration
	until    time.Time // the breaker is open until then; zero if closed
	probing  bool      // a probe is out
}

func newGate(clock Clock, a action) *gate {
	g := &gate{clock: clock, repeats: budgetSize, rest: breakerRest}
	if a.rate > 0 {
		g.limiter = rate.NewLimiter(rate.Limit(a.rate*margin), max(1, int(float64(a.burst)*margin)))
	}
	return g
}

// errHeld is why a request was not sent: the breaker is open.
type errHeld struct{ rest time.Duration }

func (e errHeld) Error() string {
	return fmt.Sprintf("AWS keeps refusing these requests for their rate; none is sent for another %v", e.rest.Round(time.Second))
}

// enter waits until a request may be sent. Its error is the context's, or errHeld.
func (g *gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := g.closed(); err != nil {
		return err
	}
	if g.limiter == nil {
		return nil
	}
	now := g.clock.Now()
	turn := g.limiter.ReserveN(now, 1)
	if err := g.clock.Sleep(ctx, turn.DelayFrom(now)); err != nil {
		turn.CancelAt(g.clock.Now())
		g.withdraw()
		return err
	}
	return nil
}

// closed reports an open breaker, unless its rest is over: then the first to ask
// is the probe, and the others go on waiting for what becomes of it.
func (g *gate) closed() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.until.IsZero() {
		return nil
	}
	if left := g.until.Sub(g.clock.Now()); left > 0 {
		return errHeld{left}
	}
	if g.probing {
		return errHeld{g.rest}
	}
	g.probing = true
	return nil
}

// withdraw gives the probe's place back after its context ended.
func (g *gate) withdraw() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.probing = false
}

// passed notes that AWS took a request.
func (g *gate) passed() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refusals, g.until, g.probing, g.rest = 0, time.Time{}, false, breakerRest
	g.repeats = min(budgetSize, g.repeats+budgetRefund)
}

// refused notes that AWS refused a request for its rate, and reports whether it
// may be repeated.
func (g *gate) refused() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refusals++
	if g.probing {
		g.rest = min(breakerMaxRest, 2*g.rest)
	}
	if g.probing || g.refusals >= breakerRefusals {
		g.until, g.probing = g.clock.Now().Add(g.rest), false
		return false
	}
	if g.repeats < 1 {
		return false
	}
	g.repeats--
	return true
}
