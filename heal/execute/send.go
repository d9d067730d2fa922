package execute

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/fault"
	"github.com/setmend/setmend/plan"
)

// operations sends requests, and follows the operations that AWS makes of them.
type operations struct {
	*Setting
	pace  *Pacing
	quota *quota
}

// wait has the command looked at again after a while.
func (x *operations) wait(c *command.Command, d time.Duration) { x.pace.set(c.ID, x.now().Add(d)) }

// send sends a request: the fence, the intent, the fence again, the call, and what
// AWS said.
func (x *operations) send(ctx context.Context, c *command.Command, n int) error {
	a := &c.Attempts[n]
	if !x.quota.take(a.Size()) {
		x.wait(c, quotaWait)
		return nil
	}
	if err := x.sameExpansion(a); err != nil {
		x.logOperation(c, a, "refused", err.Error())
		return x.record(ctx, c.ID, command.RequestRefused{Attempt: n, Class: plan.Classify(err.Error()), Reason: err.Error()})
	}
	changed, err := (&checks{x.Setting}).changedSince(ctx, c, a)
	if err != nil {
		return err
	}
	if changed != nil {
		x.logOperation(c, a, "stopped", changed.Reason)
		return x.record(ctx, c.ID, *changed)
	}
	until, err := x.Fence.Pass(ctx)
	if err != nil {
		return err
	}
	if err := x.record(ctx, c.ID, command.RequestIntended{Attempt: n, Deadline: until}); err != nil {
		return err
	}
	err = x.call(ctx, a, until)
	return x.answered(ctx, c, n, err)
}

// call makes the call under the fence.
func (x *operations) call(ctx context.Context, a *command.Attempt, until time.Time) error {
	ctx, done := x.Fence.Guard(ctx, until)
	defer done()
	if err := fleet.MaySend(ctx); err != nil {
		return &unsent{err}
	}
	switch a.Request.Kind {
	case plan.RequestDetect:
		return x.Cloud.DetectDrift(ctx, a.Request.StackSet, a.Operation, a.Request.Preferences)
	case plan.RequestUpdateSet:
		change, known := x.Definitions[a.Request.Definition]
		if !known {
			return &unsent{fmt.Errorf("updating %s: its new definition %q is not at hand", a.Request.StackSet, a.Request.Definition)}
		}
		change.OperationID, change.StackSet, change.Preferences = a.Operation, a.Request.StackSet, a.Request.Preferences
		change.Accounts, change.Regions, change.OUs = a.Request.Accounts, a.Request.Regions, a.Request.OUs
		return x.Cloud.UpdateSet(ctx, change)
	}
	return x.Cloud.Change(ctx, a.Request.Change(a.Operation))
}

// unsent is the fence's refusal: nothing has left.
type unsent struct{ err error }

func (e *unsent) Error() string { return e.err.Error() }
func (e *unsent) Unwrap() error { return e.err }

// answered records what became of a request that was sent, or was to be sent.
func (x *operations) answered(ctx context.Context, c *command.Command, n int, err error) error {
	a := &c.Attempts[n]
	kind := fleet.KindOf(err)
	if _, named := fault.NameOf(err); named || errors.As(err, new(*unsent)) {
		return errors.Join(err, x.takeBack(ctx, c, n, err))
	}
	switch kind {
	case "":
		if err != nil {
			return err
		}
		x.logOperation(c, a, "started", "")
		if err := x.record(ctx, c.ID, command.RequestAccepted{Attempt: n, Next: x.now().Add(firstPoll)}); err != nil {
			return err
		}
		return (&saver{x.Setting}).saveAgain(ctx, c, a)
	case fleet.Conflict:
		// An external operation. Nothing was done, and it may change what this command
		// is about to act on, so the first request starts the command over.
		return x.record(ctx, c.ID, command.RequestPutOff{Attempt: n, Next: x.now().Add(conflictWait), Busy: true})
	case fleet.Throttled, fleet.Unreachable:
		if ctx.Err() != nil {
			return err
		}
		return x.record(ctx, c.ID, command.RequestPutOff{Attempt: n, Next: x.now().Add(conflictWait)})
	case fleet.UnknownOutcome, fleet.Duplicate:
		return x.record(ctx, c.ID, command.OutcomeUnknown{Attempt: n, Next: x.now().Add(time.Second)})
	case fleet.Expired:
		return errors.Join(err, x.record(ctx, c.ID, command.RequestPutOff{Attempt: n, Next: x.now()}))
	default:
		x.logOperation(c, a, "refused", err.Error())
		return x.record(ctx, c.ID, command.RequestRefused{Attempt: n, Class: plan.Classify(err.Error()), Reason: err.Error()})
	}
}

// takeBack records that a request was not sent. A run that has lost its lease
// records nothing more: the run that holds it now looks the operation up.
func (x *operations) takeBack(ctx context.Context, c *command.Command, n int, why error) error {
	if ctx.Err() != nil || fault.Is(why, fault.LeaseLost) {
		return nil
	}
	return x.record(ctx, c.ID, command.RequestPutOff{Attempt: n, Next: x.now()})
}

// sameExpansion recomputes which cells a service-managed request would reach, from
// the organization as it was read, and refuses one that would reach others.
func (x *operations) sameExpansion(a *command.Attempt) error {
	if a.Request.Kind == plan.RequestDetect {
		return nil
	}
	f := x.Fleet
	inventory := f.StackSets[a.Request.StackSet]
	if inventory == nil {
		return &fleet.Error{Kind: fleet.NotFound, Call: string(a.Request.Kind), Object: string(a.Request.StackSet), Message: "the stack set is not in the fleet as it was read"}
	}
	got := plan.Expand(f, inventory.StackSet, a.Request.Change(""))
	if want := a.Request.Targets(); !slices.Equal(got, want) {
		return &fleet.Error{Kind: fleet.Invalid, Call: string(a.Request.Kind), Object: string(a.Request.StackSet),
			Message: fmt.Sprintf("the accounts inside the OUs make %d cells where %d are meant", len(got), len(want))}
	}
	return nil
}

// lookUp finds out what became of a request whose answer was never seen. If AWS
// knows no operation of that id, the same request is sent again under the same id:
// should the first arrive after all, AWS takes one of them.
func (x *operations) lookUp(ctx context.Context, c *command.Command, n int) error {
	a := &c.Attempts[n]
	_, err := x.Cloud.Operation(ctx, a.Request.StackSet, a.Operation)
	switch {
	case fleet.KindOf(err) == fleet.NotFound:
		return x.record(ctx, c.ID, command.RequestLost{Attempt: n})
	case err != nil:
		return err
	}
	return x.record(ctx, c.ID, command.RequestAccepted{Attempt: n})
}

// poll asks for the operation.
func (x *operations) poll(ctx context.Context, c *command.Command, n int) error {
	a := &c.Attempts[n]
	operation, err := x.Cloud.Operation(ctx, a.Request.StackSet, a.Operation)
	if err != nil {
		return err
	}
	if !operation.Status.Ended() {
		if err := (&saver{x.Setting}).saveAgain(ctx, c, a); err != nil {
			return err
		}
		x.wait(c, nextPoll)
		return nil
	}
	ended := operation.Ended
	if ended.IsZero() {
		ended = x.now()
	}
	x.logOperation(c, a, string(operation.Status), operation.Reason)
	return x.record(ctx, c.ID, command.OperationEnded{Attempt: n, Status: operation.Status, Reason: operation.Reason,
		Failed: operation.FailedInstances, At: ended})
}

// logOperation logs what becomes of an operation; the journal's record of it is the
// event.
func (x *operations) logOperation(c *command.Command, a *command.Attempt, outcome, reason string) {
	x.Log.Info("operation", "run", x.Run, "stackSet", a.Request.StackSet, "remedy", c.Action.Remedy, "kind", a.Request.Kind,
		"operation", a.Operation, "cells", a.Size(), "outcome", outcome, "reason", reason)
}
