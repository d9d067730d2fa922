package heal

import (
	"context"
	"fmt"

	"github.com/setmend/setmend/fleet"
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
	for i := range r.rec.Value.Detections {
		d := &r.rec.Value.Detections[i]
		if d.Read || d.State != callEnded && d.State != callRefused {
			continue
		}
		if d.State == callEnded {
			if err := r.readDetection(ctx, f, d); err != nil {
				return fmt.Errorf("reading the drift of %s: %w", d.StackSet, err)
			}
			changed = true
		}
		d.Read = true
	}
	if changed {
		f.ReadAt = r.now()
		if err := r.saveInventory(ctx); err != nil {
			return err
		}
	}
	return r.save(ctx)
}

func (r *run) readDetection(ctx context.Context, f *fleet.Fleet, d *Detection) error {
	inventory := f.StackSets[d.StackSet]
	set, err := r.h.Cloud.StackSet(ctx, d.StackSet)
	if err != nil {
		return err
	}
	drifted, err := r.h.Cloud.Instances(ctx, d.StackSet, fleet.InstanceFilter{Drift: fleet.DriftDrifted})
	if err != nil {
		return err
	}
	inventory.StackSet = set
	if d.Status != fleet.OperationSucceeded || !complete(set.Drift, checkable(f, inventory), len(drifted)) {
		return readSets(ctx, r.h.Cloud, r.h.Clock, f, []fleet.StackSetName{d.StackSet})
	}
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
