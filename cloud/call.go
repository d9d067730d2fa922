package cloud

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/setmend/setmend/fleet"
)

// How often one call is sent at most, the first time included. With full jitter
// up to 20 s, eight attempts last half a minute on average. Throttling is a matter of
// time and not of attempts: where half of all calls are refused, for hours, some are
// refused a dozen times in a row. A clock that runs fast must not make that fewer.
const (
	maxThrottledAttempts   = 8
	throttledPatience      = 10 * time.Minute
	maxUnreachableAttempts = 3
	maxUnknownAttempts     = 4
)

// request is what a call is about, beside its input.
type request struct {
	action
	object string       // what it is done to, in words, for errors
	target fleet.Target // whose rate it draws on; zero is the home account and region
	// secrets are values that AWS may repeat in its error text, and errors must not.
	secrets []string
}

// on makes a request of an action on an object.
func (a action) on(format string, args ...any) request {
	return request{action: a, object: fmt.Sprintf(format, args...)}
}

// at moves a request to a member account and region.
func (r request) at(t fleet.Target) request {
	r.target = t
	return r
}

// call makes one API call through the SDK method send: waits for its rate, sends
// it, and sends it again where that is safe and may help. The error is a
// *fleet.Error.
func call[In, Out, Options any](ctx context.Context, a *AWS, r request,
	send func(context.Context, In, ...func(*Options)) (Out, error), in In,
) (Out, error) {
	var none Out
	gate, began := a.pace.gate(r), a.clock.Now()
	var last *fleet.Error
	for try := 1; ; try++ {
		if err := gate.enter(ctx); err != nil {
			if last != nil && errors.As(err, new(errHeld)) {
				return none, last // AWS's own words say more
			}
			return none, r.notSent(err)
		}
		if r.write {
			if err := fleet.MaySend(ctx); err != nil { // the wait for the rate may have been long
				gate.leave(fleet.Unreachable)
				return none, r.notSent(err)
			}
		}
		attempt := &attempt{action: r.action}
		out, err := send(withAttempt(ctx, attempt), in)
		if err == nil {
			gate.leave("")
			return out, nil
		}
		failure := r.explain(ctx, err, attempt.sent)
		a.stats.failed(failure.Kind)
		if failure.Kind == fleet.Expired && r.target != (fleet.Target{}) {
			// The session ran out on the way, as after a suspended process. AWS looks at
			// it before it does anything, and the next call opens another.
			a.closeSessions(r.target.Account)
			gate.leave(fleet.Unreachable)
			failure.Kind = fleet.Unreachable
			return none, failure
		}
		gate.leave(failure.Kind)
		last = failure
		if !again(ctx, r.action, failure, try, a.clock.Now().Sub(began)) {
			return none, failure
		}
		if err := a.clock.Sleep(ctx, a.pace.backoff(try)); err != nil {
			return none, failure
		}
	}
}

// again decides whether a failed attempt is followed by another one.
func again(ctx context.Context, a action, failure *fleet.Error, try int, since time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	switch failure.Kind {
	case fleet.Throttled:
		return try < maxThrottledAttempts || since < throttledPatience
	case fleet.Unreachable: // nothing was done
		return try < maxUnreachableAttempts
	case fleet.UnknownOutcome:
		return a.repeatable && try < maxUnknownAttempts
	}
	// The SDK has learnt the server's time from the refusal and signs with it.
	return skewed(failure.Code) && try == 1
}
