package observe

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
)

// ApplyResults brings what ended operations changed into the run's view of the
// fleet. AWS can list the instances that an operation was the last to touch, so an
// operation on three instances of a set of 100,000 costs one page, not a thousand.
func (v *View) ApplyResults(ctx context.Context, commands []*command.Command) error {
	f, err := v.Fleet(ctx)
	if err != nil {
		return err
	}
	ended := endedOperations(commands)
	touched := make([][]fleet.Instance, len(ended))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, each := range ended {
		a := each.attempt
		group.Go(func() error {
			var err error
			touched[i], err = v.Cloud.Instances(gctx, a.Request.StackSet, fleet.InstanceFilter{Operation: a.Operation})
			if err != nil {
				return fmt.Errorf("reading what operation %s touched: %w", a.Operation, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	// In the order of the operations: a redeployment's creation comes after its deletion.
	reread := map[fleet.StackSetName]bool{}
	for i, each := range ended {
		set := each.attempt.Request.StackSet
		if !replace(f.StackSets[set], each.command, each.attempt, touched[i]) {
			reread[set] = true
		}
	}
	if len(reread) > 0 {
		return v.Refresh(ctx, fleet.SortedKeys(reread))
	}
	f.ReadAt = v.Clock.Now()
	return v.save(ctx)
}

// endedOperation is an operation that has ended, with its command.
type endedOperation struct {
	command *command.Command
	attempt *command.Attempt
}

// endedOperations lists the commands' operations that have ended, in the order in
// which they were made on each stack set. Drift detections change no instance.
func endedOperations(commands []*command.Command) []endedOperation {
	var ended []endedOperation
	for _, c := range commands {
		for i := range c.Attempts {
			if c.Attempts[i].State == command.Over && c.Kind != command.Detect {
				ended = append(ended, endedOperation{c, &c.Attempts[i]})
			}
		}
	}
	slices.SortStableFunc(ended, func(a, b endedOperation) int { return a.attempt.Began.Compare(b.attempt.Began) })
	return ended
}

// replace puts the touched instances in place of what was known of the request's
// targets. It reports false if AWS's list does not fit the request: an instance
// that a later operation has touched, one that should be there and is not, or one
// that was to be deleted and, as its cell knows, was not.
func replace(inventory *fleet.Inventory, c *command.Command, a *command.Attempt, touched []fleet.Instance) bool {
	listed := map[fleet.Target]fleet.Instance{}
	for _, instance := range touched {
		listed[instance.Target] = instance
	}
	fits := true
	for _, target := range a.Request.Targets() {
		instance, there := listed[target]
		d := c.Find(fleet.Cell{StackSet: a.Request.StackSet, Target: target})
		switch {
		case there:
			inventory.Instances[target] = instance
		case d != nil && d.State == command.Failed:
			fits = false
		case a.Deletes() && inventory.Instances[target].LastOperation != a.Operation:
			delete(inventory.Instances, target)
		default:
			fits = false
		}
	}
	return fits
}

// ReadSkipped reads again the instances that turned out to need nothing any more, or
// the next plan would be for them again.
func (v *View) ReadSkipped(ctx context.Context, commands []*command.Command) error {
	f, err := v.Fleet(ctx)
	if err != nil {
		return err
	}
	changed := false
	for _, c := range commands {
		if c.Stopped != "" || c.Kind == command.Revert {
			continue // read as a whole; checked for drift again
		}
		for i := range c.Cells {
			d := &c.Cells[i]
			if d.State != command.Skipped || f.StackSets[d.StackSet] == nil {
				continue
			}
			if err := v.readAgain(ctx, f.StackSets[d.StackSet], d.Cell); err != nil {
				return err
			}
			changed = true
		}
	}
	if !changed {
		return nil
	}
	return v.save(ctx)
}

func (v *View) readAgain(ctx context.Context, inventory *fleet.Inventory, cell fleet.Cell) error {
	instance, err := v.Cloud.Instance(ctx, cell)
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
