package cloud

import (
	"context"
	"fmt"
	"time"

	"github.com/setmend/setmend/fleet"
)

// How often a stack, a change set or a drift detection is asked for its state,
// and how long before setmend stops asking. CloudFormation gives an operation on
// a stack hours; a drift detection or a change set takes minutes.
const (
	firstPoll = 2 * time.Second
	lastPoll  = 15 * time.Second

	preparationLimit = 15 * time.Minute
	stackLimit       = 3 * time.Hour
)

// poll calls ask, less and less often, until it is done or fails. Past the limit
// the outcome is unknown.
func (a *AWS) poll(ctx context.Context, r request, limit time.Duration, ask func() (done bool, err error)) error {
	deadline := a.clock.Now().Add(limit)
	for wait := firstPoll; ; wait = min(lastPoll, wait*3/2) {
		done, err := ask()
		if err != nil || done {
			return err
		}
		if a.clock.Now().After(deadline) {
			return &fleet.Error{
				Kind: fleet.UnknownOutcome, Call: r.name, Object: r.object,
				Message: fmt.Sprintf("still under way after %v", limit),
			}
		}
		if err := a.clock.Sleep(ctx, wait); err != nil {
			return &fleet.Error{
				Kind: fleet.UnknownOutcome, Call: r.name, Object: r.object,
				Message: "still under way: " + err.Error(), Err: err,
			}
		}
	}
}
