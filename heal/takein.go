package heal

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// takeIn brings what ended calls changed into the run's view of the fleet. AWS
// can list the instances that an operation was the last to touch, so a call on
// three instances of a set of 100,000 costs one page, not a thousand.
func (r *run) takeIn(ctx context.Context, works []*document[Work]) error {
	f, err := r.inventory(ctx)
	if err != nil {
		return err
	}
	ended := endedCalls(works)
	touched := make([][]fleet.Instance, len(ended))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, each := range ended {
		call := each.call
		group.Go(func() error {
			var err error
			touched[i], err = r.h.Cloud.Instances(gctx, call.Change.StackSet, fleet.InstanceFilter{Operation: call.Change.OperationID})
			if err != nil {
				return fmt.Errorf("reading what operation %s touched: %w", call.Change.OperationID, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	// In the order of the calls: a redeployment's creation comes after its deletion.
	reread := map[fleet.StackSetName]bool{}
	for i, each := range ended {
		set := each.call.Change.StackSet
		if !replace(f.StackSets[set], each.work, each.call, touched[i]) {
			reread[set] = true
		}
	}
	if len(reread) > 0 {
		return r.refresh(ctx, fleet.SortedKeys(reread))
	}
	f.ReadAt = r.now()
	return r.saveInventory(ctx)
}

// endedCall is a call that has ended, with its work.
type endedCall struct {
	work *Work
	call *Call
}

// endedCalls lists the calls of the works that have ended, in the order in which
// they were made on each stack set.
func endedCalls(works []*document[Work]) []endedCall {
	var ended []endedCall
	for _, w := range works {
		for i := range w.Value.Calls {
			if w.Value.Calls[i].State == callEnded {
				ended = append(ended, endedCall{&w.Value, &w.Value.Calls[i]})
			}
		}
	}
	slices.SortStableFunc(ended, func(a, b endedCall) int { return a.call.Began.Compare(b.call.Began) })
	return ended
}

// replace puts the touched instances in place of what was known of the call's
// targets. It reports false if AWS's list does not fit the call: an instance
// that a later operation has touched, one that should be there and is not, or one
// that was to be deleted and, as its cell knows, was not.
func replace(inventory *fleet.Inventory, w *Work, call *Call, touched []fleet.Instance) bool {
	listed := map[fleet.Target]fleet.Instance{}
	for _, instance := range touched {
		listed[instance.Target] = instance
	}
	fits := true
	for _, target := range call.Change.Targets() {
		instance, there := listed[target]
		c := w.cell(fleet.Cell{StackSet: call.Change.StackSet, Target: target})
		switch {
		case there:
			inventory.Instances[target] = instance
		case c != nil && c.State == cellFailed:
			fits = false
		case call.Change.Kind == fleet.OperationDelete && inventory.Instances[target].LastOperation != call.Change.OperationID:
			delete(inventory.Instances, target)
		default:
			fits = false
		}
	}
	return fits
}

// takeInSkipped reads again the instances that turned out to need nothing any
// more, or the next plan would be for them again.
func (r *run) takeInSkipped(ctx context.Context, works []*document[Work]) error {
	f, err := r.inventory(ctx)
	if err != nil {
		return err
	}
	changed := false
	for _, w := range works {
		if w.Value.StoodDown != "" || w.Value.Action.Remedy == plan.RemedyRevert {
			continue // read as a whole; checked for drift again
		}
		for _, c := range w.Value.Cells {
			if c.State != cellSkipped || f.StackSets[c.StackSet] == nil {
				continue
			}
			if err := r.readAgain(ctx, f.StackSets[c.StackSet], c.Cell); err != nil {
				return err
			}
			changed = true
		}
	}
	if !changed {
		return nil
	}
	return r.saveInventory(ctx)
}

func (r *run) readAgain(ctx context.Context, inventory *fleet.Inventory, cell fleet.Cell) error {
	instance, err := r.h.Cloud.Instance(ctx, cell)
	switch {
	case fleet.KindOf(err) == fleet.NotFound:
		delete(inventory.Instances, cell.Target)
		return nil
	case err != nil:
		return fmt.Errorf("reading %s again: %w", cell, err)
	}
	instance.Overrides = nil
	inventory.Instances[cell.Target] = instance
	return nil
}
