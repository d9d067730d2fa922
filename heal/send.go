package heal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/plan"
)

// send sends a request: the fence, the intent, the fence again, the call, and what
// AWS said.
func (x *executor) send(ctx context.Context, c *command.Command, n int) error {
	a := &c.Attempts[n]
	if !x.quota.take(a.Size()) {
		x.wait(c, quotaWait)
		return nil
	}
	if err := x.sameExpansion(a); err != nil {
		x.logOperation(c, a, "refused", err.Error())
		return x.log.record(ctx, c.ID, command.RequestRefused{Attempt: n, Class: plan.Classify(err.Error()), Reason: err.Error()})
	}
	why, err := x.changedSince(ctx, c, a)
	if err != nil {
		return err
	}
	if why != "" {
		x.logOperation(c, a, "stopped", why)
		return x.log.record(ctx, c.ID, command.ChangedSincePlan{Reason: why})
	}
	until, err := x.fence.pass(ctx)
	if err != nil {
		return err
	}
	if err := x.log.record(ctx, c.ID, command.RequestIntended{Attempt: n, Deadline: until}); err != nil {
		return err
	}
	err = x.call(ctx, a, until)
	return x.answered(ctx, c, n, err)
}

// call makes the call under the fence.
func (x *executor) call(ctx context.Context, a *command.Attempt, until time.Time) error {
	ctx, done := x.fence.guard(ctx, until)
	defer done()
	if err := fleet.MaySend(ctx); err != nil {
		return &unsent{err}
	}
	if a.Request.Kind == plan.RequestDetect {
		return x.h.Cloud.DetectDrift(ctx, a.Request.StackSet, a.Operation, a.Request.Preferences)
	}
	return x.h.Cloud.Change(ctx, a.Request.Change(a.Operation))
}

// unsent is the fence's refusal: nothing has left.
type unsent struct{ err error }

func (e *unsent) Error() string { return e.err.Error() }
func (e *unsent) Unwrap() error { return e.err }

// answered records what became of a request that was sent, or was to be sent.
func (x *executor) answered(ctx context.Context, c *command.Command, n int, err error) error {
	a := &c.Attempts[n]
	kind := fleet.KindOf(err)
	var stage *StageError
	if errors.As(err, &stage) || errors.As(err, new(*unsent)) {
		return errors.Join(err, x.takeBack(ctx, c, n, stage))
	}
	switch kind {
	case "":
		if err != nil {
			return err
		}
		x.logOperation(c, a, "started", "")
		if err := x.log.record(ctx, c.ID, command.RequestAccepted{Attempt: n, Next: x.now().Add(firstPoll)}); err != nil {
			return err
		}
		return x.saveAgain(ctx, c, a)
	case fleet.Conflict:
		// An external operation. Nothing was done, and it may change what this command
		// is about to act on, so the first request starts the command over.
		return x.log.record(ctx, c.ID, command.RequestPutOff{Attempt: n, Next: x.now().Add(conflictWait), Busy: true})
	case fleet.Throttled, fleet.Unreachable:
		if ctx.Err() != nil {
			return err
		}
		return x.log.record(ctx, c.ID, command.RequestPutOff{Attempt: n, Next: x.now().Add(conflictWait)})
	case fleet.UnknownOutcome, fleet.Duplicate:
		return x.log.record(ctx, c.ID, command.OutcomeUnknown{Attempt: n, Next: x.now().Add(time.Second)})
	case fleet.Expired:
		return errors.Join(err, x.log.record(ctx, c.ID, command.RequestPutOff{Attempt: n, Next: x.now()}))
	default:
		x.logOperation(c, a, "refused", err.Error())
		return x.log.record(ctx, c.ID, command.RequestRefused{Attempt: n, Class: plan.Classify(err.Error()), Reason: err.Error()})
	}
}

// takeBack records that a request was not sent. A run that has lost its lease
// records nothing more: the run that holds it now looks the operation up.
func (x *executor) takeBack(ctx context.Context, c *command.Command, n int, why *StageError) error {
	if ctx.Err() != nil || why != nil && why.Name == ErrorLeaseLost {
		return nil
	}
	return x.log.record(ctx, c.ID, command.RequestPutOff{Attempt: n, Next: x.now()})
}

// sameExpansion recomputes which cells a service-managed request would reach, from
// the organization as it was read, and refuses one that would reach others.
func (x *executor) sameExpansion(a *command.Attempt) error {
	if a.Request.Kind == plan.RequestDetect {
		return nil
	}
	f := &x.inv.Value
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
func (x *executor) lookUp(ctx context.Context, c *command.Command, n int) error {
	a := &c.Attempts[n]
	_, err := x.h.Cloud.Operation(ctx, a.Request.StackSet, a.Operation)
	switch {
	case fleet.KindOf(err) == fleet.NotFound:
		return x.log.record(ctx, c.ID, command.RequestLost{Attempt: n})
	case err != nil:
		return err
	}
	return x.log.record(ctx, c.ID, command.RequestAccepted{Attempt: n})
}

// poll asks for the operation.
func (x *executor) poll(ctx context.Context, c *command.Command, n int) error {
	a := &c.Attempts[n]
	operation, err := x.h.Cloud.Operation(ctx, a.Request.StackSet, a.Operation)
	if err != nil {
		return err
	}
	if !operation.Status.Ended() {
		if err := x.saveAgain(ctx, c, a); err != nil {
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
	return x.log.record(ctx, c.ID, command.OperationEnded{Attempt: n, Status: operation.Status, Reason: operation.Reason,
		Failed: operation.FailedInstances, At: ended})
}

// readResults gives every cell of an ended request its outcome. SUCCEEDED says only
// that the failure tolerance held, so unless nothing failed the results are read.
func (x *executor) readResults(ctx context.Context, c *command.Command, n int) error {
	a := &c.Attempts[n]
	if a.Request.Kind == plan.RequestDetect {
		return x.log.record(ctx, c.ID, command.ResultsRead{Attempt: n})
	}
	clean := a.Status == fleet.OperationSucceeded && a.Failed == 0
	certain := clean && !uncertain(c, a)
	listed := map[fleet.Target]fleet.Result{}
	if !certain {
		results, err := x.h.Cloud.Results(ctx, a.Request.StackSet, a.Operation)
		if err != nil {
			return err
		}
		for _, result := range results {
			listed[result.Target] = result
		}
	}
	facts := command.ResultsRead{Attempt: n}
	for _, target := range a.Request.Targets() {
		cell := fleet.Cell{StackSet: a.Request.StackSet, Target: target}
		result, known := listed[target]
		outcome := outcomeOf(cell, a, result, certain, known)
		if clean && !certain && !known {
			there, err := x.stillThere(ctx, cell)
			if err != nil {
				return err
			}
			if outcome = (command.Outcome{Cell: cell, State: command.Healed}); there {
				outcome = failed(cell, "AWS ended operation "+a.Operation+" without coming to this target: its OUs do not lead there any more")
			}
		}
		if c.Kind == command.Redeploy && a.Deletes() && outcome.State == command.Failed {
			var err error
			if outcome.Kept, err = x.kept(ctx, c, cell); err != nil {
				return err
			}
		}
		facts.Outcomes = append(facts.Outcomes, outcome)
	}
	return x.log.record(ctx, c.ID, facts)
}

// outcomeOf is what AWS's result says of a cell.
func outcomeOf(cell fleet.Cell, a *command.Attempt, result fleet.Result, certain, known bool) command.Outcome {
	switch {
	case certain || known && result.Status == "SUCCEEDED":
		return command.Outcome{Cell: cell, State: command.Healed}
	case known:
		return failed(cell, result.Reason)
	}
	return failed(cell, "AWS lists no result for this target of operation "+a.Operation+" ("+string(a.Status)+")")
}

// failed is the outcome of a cell that failed for AWS's reason.
func failed(cell fleet.Cell, reason string) command.Outcome {
	return command.Outcome{Cell: cell, State: command.Failed, Class: plan.Classify(reason), Reason: reason}
}

// uncertain reports whether a request that succeeded may have passed over targets.
// An orphan's account is looked for in OUs that it may have left; AWS does not say
// whether it finds the instance there, and finds nothing amiss in finding none.
func uncertain(c *command.Command, a *command.Attempt) bool {
	return len(a.Request.OUs) > 0 && (c.Kind == command.Detach || c.Kind == command.Remove)
}

// stillThere reports whether an instance is there in spite of its deletion. The
// list of results lags behind, so that it alone does not say.
func (x *executor) stillThere(ctx context.Context, cell fleet.Cell) (bool, error) {
	_, err := x.h.Cloud.Instance(ctx, cell)
	if fleet.KindOf(err) == fleet.NotFound {
		return false, nil
	}
	return err == nil, err
}

// kept reports whether AWS has an instance still whose deletion has failed, with
// the overrides that were saved of it.
func (x *executor) kept(ctx context.Context, c *command.Command, cell fleet.Cell) (bool, error) {
	instance, err := x.h.Cloud.Instance(ctx, cell)
	if fleet.KindOf(err) == fleet.NotFound {
		return false, nil // it may have been us
	}
	if err != nil {
		return false, fmt.Errorf("reading %s, whose deletion failed: %w", cell, err)
	}
	d := c.Find(cell)
	return d != nil && sameOverrides(instance.Overrides, d.Saved), nil
}

// logOperation logs what becomes of an operation; the journal's record of it is the
// event.
func (x *executor) logOperation(c *command.Command, a *command.Attempt, outcome, reason string) {
	x.h.Log.Info("operation", "run", x.id(), "stackSet", a.Request.StackSet, "remedy", c.Action.Remedy, "kind", a.Request.Kind,
		"operation", a.Operation, "cells", a.Size(), "outcome", outcome, "reason", reason)
}
