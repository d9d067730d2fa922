package heal

import (
	"context"
	"fmt"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
)

// readDrift brings what finished detections found into the run's view of the
// fleet. AWS filters the drifted instances, so a set of 100,000 with ten drifted
// ones costs one page. Where AWS's own counts do not add up (a detection failed
// for some instances, or was stopped), the whole set is read.
func (r *run) readDrift(ctx context.Context) error {
	f, err := r.inventory(ctx)
	if err != nil {
		return err
	}
	changed := false
	for _, c := range r.log.commands() {
		if c.Kind != command.Detect || !c.Done() || r.rec.Value.Drift[c.ID] {
			continue
		}
		if a := detection(c); a != nil {
			if err := r.readDetection(ctx, f, a); err != nil {
				return fmt.Errorf("reading the drift of %s: %w", c.Action.StackSet, err)
			}
			changed = true
		}
		if r.rec.Value.Drift == nil {
			r.rec.Value.Drift = map[string]bool{}
		}
		r.rec.Value.Drift[c.ID] = true
	}
	if changed {
		f.ReadAt = r.now()
		if err := r.saveInventory(ctx); err != nil {
			return err
		}
	}
	return r.save(ctx)
}

// detection is the operation of a drift detection that has come to its end, nil if
// AWS refused it.
func detection(c *command.Command) *command.Attempt {
	for i := range c.Attempts {
		if a := &c.Attempts[i]; a.State == command.Over {
			return a
		}
	}
	return nil
}

// detected is when the run's own drift detections ended, by stack set, as far as no
// command has changed the set since. One that failed is not worth another in this run.
func (r *run) detected() map[fleet.StackSetName]time.Time {
	ended := map[fleet.StackSetName]time.Time{}
	for _, c := range r.log.commands() {
		switch {
		case c.Kind == command.Detect && c.Done():
			ended[c.Action.StackSet] = c.Ended
		case c.Touched():
			for _, set := range c.Sets() {
				if at, ok := ended[set]; ok && c.Ended.After(at) || !c.Done() {
					delete(ended, set)
				}
			}
		}
	}
	return ended
}

func (r *run) readDetection(ctx context.Context, f *fleet.Fleet, d *command.Attempt) error {
	name := d.Request.StackSet
	inventory := f.StackSets[name]
	if inventory == nil {
		return nil // it is gone
	}
	set, err := r.h.Cloud.StackSet(ctx, name)
	if err != nil {
		return err
	}
	drifted, err := r.h.Cloud.Instances(ctx, name, fleet.InstanceFilter{Drift: fleet.DriftDrifted})
	if err != nil {
		return err
	}
	inventory.StackSet = set
	if d.Status != fleet.OperationSucceeded || !complete(set.Drift, checkable(f, inventory), len(drifted)) {
		return readSets(ctx, r.h.Cloud, r.h.Clock, f, []fleet.StackSetName{name})
	}
	if inventory.Detections == nil {
		inventory.Detections = map[string]bool{}
	}
	inventory.Detections[d.Operation] = true
	for target, instance := range inventory.Instances {
		if !active(f, target) || instance.Status != fleet.InstanceCurrent && instance.Drift == fleet.DriftNotChecked {
			continue
		}
		instance.Drift, instance.LastDriftCheck = fleet.DriftInSync, d.Ended
		inventory.Instances[target] = instance
	}
	for _, instance := range drifted {
		inventory.Instances[instance.Target] = instance
	}
	return nil
}

// checkable counts the instances that a detection may check: all but those in
// accounts that AWS skips. One in an account that left may be checked or may fail;
// if it were not counted, its check could hide that another one failed.
func checkable(f *fleet.Fleet, inventory *fleet.Inventory) int {
	n := 0
	for target := range inventory.Instances {
		switch f.Organization.Accounts[target.Account].State {
		case fleet.AccountSuspended, fleet.AccountClosed, fleet.AccountPendingClosure:
		default:
			n++
		}
	}
	return n
}

// complete tells whether the detection covered every instance that it could.
func complete(d fleet.DriftDetection, checkable, drifted int) bool {
	return d.Running == 0 && d.Drifted == drifted && d.Drifted+d.InSync >= checkable
}

// active reports whether a target's account is in the organization and active.
func active(f *fleet.Fleet, target fleet.Target) bool {
	return f.Organization.Accounts[target.Account].State == fleet.AccountActive
}
