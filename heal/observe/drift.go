package observe

import (
	"context"
	"fmt"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/record"
)

// ReadDrift brings what finished detections found into the view, and remembers in the
// run's record that it has; the caller saves that. AWS filters the drifted instances,
// so a set of 100,000 with ten drifted ones costs one page. Where AWS's own counts do
// not add up (a detection failed for some instances, or was stopped), the whole set is
// read.
func (v *View) ReadDrift(ctx context.Context, run *record.Run) error {
	f, err := v.Fleet(ctx)
	if err != nil {
		return err
	}
	changed := false
	for _, c := range v.Commands.Commands() {
		if c.Kind != command.Detect || !c.Done() || run.Drift[c.ID] {
			continue
		}
		if a := detection(c); a != nil {
			if err := v.readDetection(ctx, f, a); err != nil {
				return fmt.Errorf("reading the drift of %s: %w", c.Action.StackSet, err)
			}
			changed = true
		}
		run.Learned(c.ID)
	}
	if !changed {
		return nil
	}
	f.ReadAt = v.Clock.Now()
	return v.save(ctx)
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

func (v *View) readDetection(ctx context.Context, f *fleet.Fleet, d *command.Attempt) error {
	name := d.Request.StackSet
	inventory := f.StackSets[name]
	if inventory == nil {
		return nil // it is gone
	}
	set, err := v.Cloud.StackSet(ctx, name)
	if err != nil {
		return err
	}
	drifted, err := v.Cloud.Instances(ctx, name, fleet.InstanceFilter{Drift: fleet.DriftDrifted})
	if err != nil {
		return err
	}
	inventory.StackSet = set
	if d.Status != fleet.OperationSucceeded || !complete(set.Drift, checkable(f, inventory), len(drifted)) {
		return readSets(ctx, v.Cloud, v.Clock, f, []fleet.StackSetName{name})
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
