package heal

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// reverters is how many member stacks are reverted side by side. Each is in an
// account and region of its own, with rate limits of its own.
const reverters = 40

// revert puts drifted stacks back in place, each with a drift-aware change set
// in its own account. Whatever the change set would do beyond putting live
// resources back is refused, and the cell goes to the next remedy.
func (r *run) revert(ctx context.Context, w *document[Work]) error {
	if _, err := r.inventory(ctx); err != nil {
		return err
	}
	var mu sync.Mutex // guards w
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(reverters)
	for i := range w.Value.Cells {
		c := &w.Value.Cells[i]
		if c.State != cellPending && c.State != cellReverting {
			continue
		}
		group.Go(func() error { return r.revertCell(gctx, &mu, w, c) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i := range w.Value.Cells {
		if s := w.Value.Cells[i].State; s == cellPending || s == cellReverting {
			return r.pause(ctx, w, 0) // out of time: the rest in the next call
		}
	}
	w.Value.Phase = phaseNote
	return w.write(ctx, r.h.Journal)
}

// revertCell reverts one stack. The token is the same in every process, so a
// change set made before a crash is found again.
func (r *run) revertCell(ctx context.Context, mu *sync.Mutex, w *document[Work], c *CellWork) error {
	if r.now().After(r.deadline) {
		return nil
	}
	mu.Lock()
	c.State = cellReverting
	role := r.policy(c.StackSet).MemberRole
	stack := fleet.MemberStack{Target: c.Target, StackID: c.StackID, Role: role}
	token := operationID(r.id(), w.Value.Key+c.Cell.String(), 0)
	err := w.write(ctx, r.h.Journal)
	mu.Unlock()
	if err != nil {
		return err
	}
	outcome, err := r.revertStack(ctx, stack, token)
	if err != nil {
		return err
	}
	mu.Lock()
	defer mu.Unlock()
	outcome(c)
	return w.write(ctx, r.h.Journal)
}

// revertStack makes, reads and executes the change set. AWS's refusals are the
// cell's outcome; only what concerns the whole run is an error.
func (r *run) revertStack(ctx context.Context, stack fleet.MemberStack, token string) (func(*CellWork), error) {
	if err := r.mayWrite(ctx); err != nil {
		return nil, err
	}
	changes, err := r.h.Cloud.Revert(ctx, stack, token)
	if err != nil {
		return cellFailure("preparing a drift-aware change set", err)
	}
	if changes.Empty {
		return func(c *CellWork) { c.State, c.Reason = cellSkipped, "the drift has gone since it was planned" }, nil
	}
	if why := refuses(changes); why != "" {
		if err := r.h.Cloud.AbandonRevert(ctx, stack, token); err != nil {
			return cellFailure("deleting a refused change set", err)
		}
		return func(c *CellWork) { c.failAs(plan.ReasonRevertRefused, "%s", why) }, nil
	}
	if err := r.mayWrite(ctx); err != nil {
		return nil, err
	}
	if err := r.h.Cloud.ExecuteRevert(ctx, stack, token); err != nil {
		return cellFailure("executing a drift-aware change set", err)
	}
	return func(c *CellWork) { c.State = cellHealed }, nil
}

// cellFailure turns an AWS error into the cell's outcome, unless it says nothing
// about the cell.
func cellFailure(doing string, err error) (func(*CellWork), error) {
	switch fleet.KindOf(err) {
	case "", fleet.Expired, fleet.Unreachable, fleet.Throttled, fleet.UnknownOutcome:
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	if call := callOf(err); call == "AssumeRole" {
		// The way into the account is closed to setmend, not to StackSets.
		return func(c *CellWork) { c.failAs(plan.ReasonRevertRefused, "%s", err) }, nil
	}
	return func(c *CellWork) { c.fail(err.Error()) }, nil
}

// callOf is the API action that failed, "" if none did.
func callOf(err error) string {
	var e *fleet.Error
	if errors.As(err, &e) {
		return e.Call
	}
	return ""
}

// refuses says why a change set must not be executed, "" if it may be: it would
// remove or replace something, or could not put everything back.
func refuses(p fleet.RevertPlan) string {
	for _, change := range p.Changes {
		switch {
		case change.Action == "Remove":
			return fmt.Sprintf("Reverting in place would remove %s (%s).", change.LogicalID, change.ResourceType)
		case change.Replacement == "True" || change.Replacement == "Conditional":
			return fmt.Sprintf("Reverting in place would replace %s (%s).", change.LogicalID, change.ResourceType)
		case len(change.Ignored) > 0 && change.Action != "Add":
			return fmt.Sprintf("Reverting in place cannot put back %s of %s (%s).", strings.Join(change.Ignored, ", "), change.LogicalID, change.ResourceType)
		}
	}
	return ""
}
