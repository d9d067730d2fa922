package cloud

import (
	"context"
	"fmt"
	"time"

	"github.com/setmend/setmend/fleet"
)

// How long things take as a rule, which is when they are first asked for their
// state: asking earlier costs calls and tells nothing. From then on it is asked
// after a quarter of that time, less and less often. CloudFormation gives an
// operation on a stack hours; a drift detection or a change set takes minutes.
const (
	preparationTime = 8 * time.Second
	stackTime       = 40 * time.Second
	detectionTime   = 36 * time.Second
	deletionTime    = time.Second
	leastPoll       = 2 * time.Second
	lastPoll        = 20 * time.Second

	preparationLimit = 15 * time.Minute
	stackLimit       = 3 * time.Hour
)

// blindPolls is how many polls in a row may go without an answer.
const blindPolls = 5

// poll waits for as long as the thing is expected to take, then calls ask, less
// and less often, until it is done or fails. What it asks
// about goes on by itself, so it bears a few polls that get no answer. If it
// gives up, the outcome is unknown.
func (a *AWS) poll(ctx context.Context, r request, expected, limit time.Duration, ask func() (done bool, err error)) error {
	deadline, blind := a.clock.Now().Add(limit), 0
	if err := a.clock.Sleep(ctx, expected); err != nil {
		return r.underWay(err)
	}
	for wait := max(leastPoll, expected/4); ; wait = min(lastPoll, wait*3/2) {
		done, err := ask()
		switch {
		case err == nil:
			blind = 0
		case !transient(err):
			return err
		default:
			if blind++; blind > blindPolls || ctx.Err() != nil {
				return r.underWay(err)
			}
		}
		if done {
			return nil
		}
		if a.clock.Now().After(deadline) {
			return r.underWay(fmt.Errorf("not at its end after %v", limit))
		}
		if err := a.clock.Sleep(ctx, wait); err != nil {
			return r.underWay(err)
		}
	}
}

// underWay is the error for something that was started and whose end was not
// seen, because of err.
func (r request) underWay(err error) error {
	return &fleet.Error{
		Kind: fleet.UnknownOutcome, Call: r.name, Object: r.object,
		Message: "was started, and its end not seen: " + err.Error(), Err: err,
	}
}

// transient reports errors that say nothing about what was asked.
func transient(err error) bool {
	switch fleet.KindOf(err) {
	case fleet.Throttled, fleet.Unreachable, fleet.UnknownOutcome:
		return true
	}
	return false
}
