package heal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

const (
	conflictWait = 30 * time.Second // until a stack set is tried again that is busy
	quotaWait    = 30 * time.Second
	firstPoll    = 45 * time.Second // a stack takes 20–60 s
	nextPoll     = 20 * time.Second
)

// drive makes the calls of the work's phase one after another and follows each
// to its end. It returns with Poll set while something is under way.
func (r *run) drive(ctx context.Context, w *document[Work], quota *quota) error {
	for i := range w.Value.Calls {
		call := &w.Value.Calls[i]
		if call.Phase != w.Value.Phase {
			continue
		}
		for call.State != callEnded && call.State != callRefused {
			waiting, err := r.step(ctx, w, call, quota)
			if err != nil || waiting {
				return err
			}
		}
	}
	return r.leave(ctx, w)
}

// step moves one call one state on. It reports whether it has to wait.
func (r *run) step(ctx context.Context, w *document[Work], call *Call, quota *quota) (waiting bool, err error) {
	switch call.State {
	case callPlanned:
		return r.intend(ctx, w, call, quota)
	case callIntended:
		return r.lookUp(ctx, w, call)
	default:
		return r.poll(ctx, w, call)
	}
}

// intend makes the intent durable and makes the call.
func (r *run) intend(ctx context.Context, w *document[Work], call *Call, quota *quota) (bool, error) {
	if !quota.take(call.size()) {
		return true, r.pause(ctx, w, quotaWait)
	}
	if w.Value.Phase == phaseDelete {
		if dropped := w.Value.dropSkipped(call); dropped {
			return false, w.write(ctx, r.h.Journal)
		}
	}
	call.State, call.Began = callIntended, r.now()
	if err := w.write(ctx, r.h.Journal); err != nil {
		return false, err
	}
	return r.make(ctx, w, call)
}

// dropSkipped takes a call out whose cells need nothing any more.
func (w *Work) dropSkipped(call *Call) bool {
	for _, target := range call.Change.Targets() {
		if c := w.cell(fleet.Cell{StackSet: call.Change.StackSet, Target: target}); c != nil && c.State == cellPending {
			return false
		}
	}
	call.State, call.Reason = callRefused, "nothing to do any more"
	return true
}

// make makes the call and sorts out what AWS said.
func (r *run) make(ctx context.Context, w *document[Work], call *Call) (bool, error) {
	if err := r.sameExpansion(ctx, call); err != nil {
		return false, r.refuse(ctx, w, call, err)
	}
	why, err := r.moved(ctx, &w.Value, call)
	if err != nil {
		return false, err
	}
	if why != "" {
		r.decideCall(w.Value.Action.Remedy, call, "stood down", why)
		return false, r.standDown(ctx, w, why)
	}
	if err := r.mayWrite(ctx); err != nil {
		return false, err
	}
	err = r.h.Cloud.Change(ctx, call.Change)
	switch fleet.KindOf(err) {
	case "":
		if err != nil {
			return false, err
		}
		r.decideCall(w.Value.Action.Remedy, call, "started", "")
		call.State = callAccepted
		if err := r.saveAgain(ctx, &w.Value, call); err != nil {
			return false, err
		}
		return true, r.pause(ctx, w, firstPoll)
	case fleet.Conflict:
		// Somebody else's operation. Nothing was done, and it may change what
		// this work is about to act on, so the first call starts the work over.
		call.State = callPlanned
		w.Value.restart()
		return true, r.pause(ctx, w, conflictWait)
	case fleet.Throttled, fleet.Unreachable:
		call.State = callPlanned
		return true, r.pause(ctx, w, conflictWait)
	case fleet.UnknownOutcome:
		return true, r.pause(ctx, w, time.Second)
	case fleet.Expired:
		return false, err
	default:
		return false, r.refuse(ctx, w, call, err)
	}
}

// restart sends a work back to its first phase if none of its calls was made.
func (w *Work) restart() {
	for i := range w.Calls {
		if w.Calls[i].State != callPlanned {
			return
		}
	}
	if w.Phase == phaseDelete {
		w.Phase, w.Calls = phaseSave, nil
	}
}

// sameExpansion recomputes which cells a service-managed call would reach, from
// the organization as it was read, and refuses a call that would reach others.
func (r *run) sameExpansion(ctx context.Context, call *Call) error {
	f, err := r.inventory(ctx)
	if err != nil {
		return err
	}
	got := plan.Expand(f, f.StackSets[call.Change.StackSet].StackSet, call.Change)
	if want := call.Change.Targets(); !slices.Equal(got, want) {
		return &fleet.Error{Kind: fleet.Invalid, Call: string(call.Change.Kind), Object: string(call.Change.StackSet),
			Message: fmt.Sprintf("the accounts inside the OUs make %d cells where %d are meant", len(got), len(want))}
	}
	return nil
}

// lookUp finds out what became of a call whose answer was never seen. If AWS
// knows no operation of that id, nothing was done, and the same call is made.
func (r *run) lookUp(ctx context.Context, w *document[Work], call *Call) (bool, error) {
	_, err := r.h.Cloud.Operation(ctx, call.Change.StackSet, call.Change.OperationID)
	switch {
	case fleet.KindOf(err) == fleet.NotFound:
		return r.make(ctx, w, call)
	case err != nil:
		return false, err
	}
	call.State = callAccepted
	return false, w.write(ctx, r.h.Journal)
}

// poll asks for the operation and, when it has ended, what it did where.
func (r *run) poll(ctx context.Context, w *document[Work], call *Call) (bool, error) {
	operation, err := r.h.Cloud.Operation(ctx, call.Change.StackSet, call.Change.OperationID)
	if err != nil {
		return false, err
	}
	if !operation.Status.Ended() {
		if err := r.saveAgain(ctx, &w.Value, call); err != nil {
			return false, err
		}
		return true, r.pause(ctx, w, nextPoll)
	}
	call.Status, call.Reason, call.Failed = operation.Status, operation.Reason, operation.FailedInstances
	call.Ended = operation.Ended
	if call.Ended.IsZero() {
		call.Ended = r.now()
	}
	if err := r.absorb(ctx, w, call); err != nil {
		return false, err
	}
	call.State = callEnded
	r.decideCall(w.Value.Action.Remedy, call, string(operation.Status), operation.Reason)
	return false, w.write(ctx, r.h.Journal)
}

// absorb gives every cell of the call its outcome. SUCCEEDED says only that the
// failure tolerance held, so unless nothing failed the results are read.
func (r *run) absorb(ctx context.Context, w *document[Work], call *Call) error {
	outcome := map[fleet.Target]fleet.Result{}
	clean := call.Status == fleet.OperationSucceeded && call.Failed == 0
	certain := clean && !uncertain(w.Value.Action, call)
	if !certain {
		results, err := r.h.Cloud.Results(ctx, call.Change.StackSet, call.Change.OperationID)
		if err != nil {
			return err
		}
		for _, result := range results {
			outcome[result.Target] = result
		}
	}
	for _, target := range call.Change.Targets() {
		c := w.Value.cell(fleet.Cell{StackSet: call.Change.StackSet, Target: target})
		if c == nil || c.State == cellFailed || c.State == cellSkipped {
			continue
		}
		result, listed := outcome[target]
		if clean && !certain && !listed {
			left, err := r.left(ctx, c.Cell)
			if err != nil {
				return err
			}
			if left {
				c.fail("AWS ended operation " + call.Change.OperationID + " without coming to this target: its OUs do not lead there any more")
				continue
			}
			listed, result.Status = true, "SUCCEEDED"
		}
		switch {
		case certain || listed && result.Status == "SUCCEEDED":
			c.succeed(w.Value.Action.Remedy, w.Value.Phase)
		case listed:
			c.fail(result.Reason)
		default:
			c.fail("AWS lists no result for this target of operation " + call.Change.OperationID + " (" + string(call.Status) + ")")
		}
	}
	return nil
}

// uncertain reports whether a call that succeeded may have passed over targets. An
// orphan's account is looked for in OUs that it may have left; AWS does not say
// whether it finds the instance there, and finds nothing amiss in finding none.
func uncertain(a plan.Action, call *Call) bool {
	return len(call.Change.OUs) > 0 && (a.Remedy == plan.RemedyDetach || a.Remedy == plan.RemedyRemove)
}

// left reports whether an instance is there in spite of its deletion. The list of
// results lags behind, so that it alone does not tell.
func (r *run) left(ctx context.Context, cell fleet.Cell) (bool, error) {
	_, err := r.h.Cloud.Instance(ctx, cell)
	if fleet.KindOf(err) == fleet.NotFound {
		return false, nil
	}
	return err == nil, err
}

// succeed moves the cell on: a deletion is half of a redeployment.
func (c *CellWork) succeed(remedy plan.Remedy, phase phase) {
	c.State = cellHealed
	if remedy == plan.RemedyRedeploy && phase == phaseDelete {
		c.State, c.Gone = cellDeleted, true
	}
}

// refuse ends a call that AWS (or a guard) did not let through; its cells failed.
func (r *run) refuse(ctx context.Context, w *document[Work], call *Call, cause error) error {
	call.State, call.Reason, call.Ended = callRefused, cause.Error(), r.now()
	for _, target := range call.Change.Targets() {
		if c := w.Value.cell(fleet.Cell{StackSet: call.Change.StackSet, Target: target}); c != nil && c.State != cellSkipped {
			c.fail(cause.Error())
		}
	}
	r.decideCall(w.Value.Action.Remedy, call, "refused", cause.Error())
	return w.write(ctx, r.h.Journal)
}

// pause makes the work wait.
func (r *run) pause(ctx context.Context, w *document[Work], d time.Duration) error {
	w.Value.Poll = r.now().Add(d)
	return w.write(ctx, r.h.Journal)
}

// leave goes from a phase whose calls have all ended to the next.
func (r *run) leave(ctx context.Context, w *document[Work]) error {
	v := &w.Value
	switch {
	case v.Phase == phaseDelete && v.Action.Remedy == plan.RemedyRedeploy:
		f, err := r.inventory(ctx)
		if err != nil {
			return err
		}
		if err := r.settleUndeleted(ctx, v); err != nil {
			return err
		}
		v.Phase = phaseCreate
		if err := r.recreations(ctx, v, f); err != nil {
			return err
		}
	case v.Phase == phaseCreate:
		v.Phase = phaseVerify
	default:
		v.Phase = phaseNote
	}
	v.Poll = time.Time{}
	return w.write(ctx, r.h.Journal)
}
