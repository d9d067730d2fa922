package execute

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/fault"
	"github.com/setmend/setmend/plan"
)

// reverters is how many member stacks are reverted side by side. Each is in an
// account and region of its own, with rate limits of its own.
const reverters = 40

// reverter reverts stacks in their own accounts.
type reverter struct {
	*Setting
	pace     *Pacing
	deadline time.Time
}

// revert puts drifted stacks back in place, each with a drift-aware change set in
// its own account. Whatever the change set would do beyond putting live resources
// back is refused, and the cell goes to the next remedy.
func (x *reverter) revert(ctx context.Context, c *command.Command, cells []fleet.Cell) error {
	var begin []fleet.Cell
	for _, cell := range cells {
		if c.Find(cell).State == command.Pending {
			begin = append(begin, cell)
		}
	}
	if len(begin) > 0 {
		if err := x.record(ctx, c.ID, command.Prepares{Cells: begin}); err != nil {
			return err
		}
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(reverters)
	for _, cell := range cells {
		group.Go(func() error {
			if x.now().After(x.deadline) {
				return nil // the rest in the next call
			}
			return x.revertCell(gctx, c, cell)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if !c.Done() && c.Phase == command.RevertPhase {
		x.pace.set(c.ID, x.now().Add(nextPoll/20))
	}
	return nil
}

// revertCell reverts one stack. The token is the same in every process, so a change
// set made before a crash is found again.
func (x *reverter) revertCell(ctx context.Context, c *command.Command, cell fleet.Cell) error {
	d := c.Find(cell)
	stack := fleet.MemberStack{Target: d.Target, StackID: d.StackID, Role: roleOf(c, cell)}
	token := command.OperationID(x.Run, c.ID+cell.String(), 0)
	if d.State == command.Preparing {
		outcome, err := x.prepare(ctx, stack, token)
		if err != nil {
			return err
		}
		if outcome.State != command.Reviewed {
			outcome.Cell = cell
			return x.record(ctx, c.ID, command.CellEnded{Outcome: outcome})
		}
		if err := x.record(ctx, c.ID, command.ChangeSetReviewed{Cell: cell}); err != nil {
			return err
		}
	}
	outcome, err := x.executeChangeSet(ctx, stack, token)
	if err != nil {
		return err
	}
	outcome.Cell = cell
	return x.record(ctx, c.ID, command.CellEnded{Outcome: outcome})
}

// roleOf is the member role that the plan's request names.
func roleOf(c *command.Command, cell fleet.Cell) string {
	for _, r := range c.Action.Requests {
		if r.Kind == plan.RequestChangeSet && r.StackSet == cell.StackSet {
			return r.Role
		}
	}
	return ""
}

// prepare makes the change set and reads what it would do. AWS's refusals are the
// cell's outcome; only what concerns the whole run is an error.
func (x *reverter) prepare(ctx context.Context, stack fleet.MemberStack, token string) (command.Outcome, error) {
	var changes fleet.RevertPlan
	err := x.Fence.Call(ctx, func(ctx context.Context) (err error) {
		changes, err = x.Cloud.Revert(ctx, stack, token)
		return err
	})
	if err != nil {
		return revertFailure("preparing a drift-aware change set", err)
	}
	if changes.Empty {
		return command.Outcome{State: command.Skipped, Reason: "the drift has gone since it was planned"}, nil
	}
	outcome := review(changes)
	if outcome.State == command.Reviewed {
		return outcome, nil
	}
	if err := x.Fence.Call(ctx, func(ctx context.Context) error { return x.Cloud.AbandonRevert(ctx, stack, token) }); err != nil {
		return revertFailure("deleting a refused change set", err)
	}
	return outcome, nil
}

// executeChangeSet executes what was prepared and reviewed.
func (x *reverter) executeChangeSet(ctx context.Context, stack fleet.MemberStack, token string) (command.Outcome, error) {
	if err := x.Fence.Call(ctx, func(ctx context.Context) error { return x.Cloud.ExecuteRevert(ctx, stack, token) }); err != nil {
		return revertFailure("executing a drift-aware change set", err)
	}
	return command.Outcome{State: command.Healed}, nil
}

// revertFailure turns an AWS error into the cell's outcome, unless it says nothing
// about the cell. A refusal of access says nothing about the change itself: the
// remedy could not be tried, and that justifies no harsher one.
func revertFailure(doing string, err error) (command.Outcome, error) {
	_, named := fault.NameOf(err)
	kind := fleet.KindOf(err)
	switch {
	case named, kind == "", kind == fleet.Expired && callOf(err) != "AssumeRole", kind == fleet.Unreachable, kind == fleet.Throttled, kind == fleet.UnknownOutcome:
		return command.Outcome{}, fmt.Errorf("%s: %w", doing, err)
	case kind == fleet.Denied, callOf(err) == "AssumeRole":
		return command.Outcome{State: command.Failed, Class: plan.ReasonCouldNotTry, Reason: err.Error()}, nil
	}
	return command.Outcome{State: command.Failed, Class: plan.Classify(err.Error()), Reason: err.Error()}, nil
}

// callOf is the API action that failed, "" if none did.
func callOf(err error) string {
	var e *fleet.Error
	if errors.As(err, &e) {
		return e.Call
	}
	return ""
}

// review returns whether a change set may be executed: not if it would remove or
// replace something, or could not put everything back.
func review(p fleet.RevertPlan) command.Outcome {
	for _, change := range p.Changes {
		switch {
		case change.Action == "Remove":
			return refused("Reverting in place would remove %s (%s).", change.LogicalID, change.ResourceType)
		case change.Replacement == "True" || change.Replacement == "Conditional":
			return refused("Reverting in place would replace %s (%s).", change.LogicalID, change.ResourceType)
		case len(change.Ignored) > 0 && change.Action != "Add":
			return refused("Reverting in place cannot put back %s of %s (%s).", strings.Join(change.Ignored, ", "), change.LogicalID, change.ResourceType)
		}
	}
	return command.Outcome{State: command.Reviewed}
}

func refused(format string, args ...any) command.Outcome {
	return command.Outcome{State: command.Failed, Class: plan.ReasonRevertRefused, Reason: fmt.Sprintf(format, args...)}
}
