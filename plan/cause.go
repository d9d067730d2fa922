package plan

import "github.com/setmend/setmend/fleet"

// Cause is what AWS said of a broken instance when an operation that deploys or
// deletes was the last on it. AWS overwrites both detailed status and reason when a
// drift detection comes to the instance, and what a failed detection says is no
// cause of anything.
type Cause struct {
	Operation string               `json:"operation,omitempty"` // the instance's last one then
	Detailed  fleet.DetailedStatus `json:"detailed"`
	Reason    string               `json:"reason,omitempty"`
}

// recall returns the instance as it was before drift detections came to it, if one
// was the last operation on it and it is not current. That its stack is gone is the
// one thing that a detection finds out about an instance, except one whose import
// failed: what was to be imported may be elsewhere.
func (v *setView) recall(i fleet.Instance, cause *Cause) fleet.Instance {
	if i.Status == fleet.InstanceCurrent || !v.detections[i.LastOperation] {
		return i
	}
	failed := i.Detailed == fleet.DetailedFailed
	gone := failed && Classify(i.Reason) == ReasonStackGone
	switch {
	case cause != nil && (!gone || cause.Detailed == fleet.DetailedFailedImport):
		i.Detailed, i.Reason = cause.Detailed, cause.Reason
	case gone || !failed:
	case i.Status == fleet.InstanceInoperable:
		i.Detailed, i.Reason = fleet.DetailedInoperable, ""
	default:
		i.Detailed, i.Reason = fleet.DetailedSucceeded, ""
	}
	return i
}

// Causes returns the cells whose [CellMemory.Cause] is to be changed after a reading
// of the fleet, with what it is to be; nil to forget it.
func (m Memory) Causes(f *fleet.Fleet) map[fleet.Cell]*Cause {
	changes := map[fleet.Cell]*Cause{}
	for _, name := range f.Names() {
		inventory := f.StackSets[name]
		if inventory == nil {
			continue
		}
		for target, i := range inventory.Instances {
			if inventory.Detections[i.LastOperation] || i.Detailed == fleet.DetailedPending || i.Detailed == fleet.DetailedRunning {
				continue
			}
			cell := fleet.Cell{StackSet: name, Target: target}
			have, want := m.Cells[cell].Cause, causeOf(i)
			if (have == nil) != (want == nil) || have != nil && *have != *want {
				changes[cell] = want
			}
		}
	}
	for cell, memory := range m.Cells {
		inventory := f.StackSets[cell.StackSet]
		if memory.Cause == nil || inventory == nil {
			continue
		}
		if _, there := inventory.Instances[cell.Target]; !there {
			changes[cell] = nil
		}
	}
	return changes
}

// causeOf returns what AWS says of a broken instance, nil if it is not broken.
func causeOf(i fleet.Instance) *Cause {
	broken := i.Detailed == fleet.DetailedFailed || i.Detailed == fleet.DetailedFailedImport || i.Status == fleet.InstanceInoperable
	if i.Status == fleet.InstanceCurrent || !broken {
		return nil
	}
	return &Cause{Operation: i.LastOperation, Detailed: i.Detailed, Reason: i.Reason}
}

// Overwritten lists the targets of a set whose cause a drift detection has
// overwritten and that the memory does not hold, sorted.
func (m Memory) Overwritten(name fleet.StackSetName, inventory *fleet.Inventory) []fleet.Target {
	var targets []fleet.Target
	for target, i := range inventory.Instances {
		if i.Status != fleet.InstanceCurrent && inventory.Detections[i.LastOperation] && m.Cells[fleet.Cell{StackSet: name, Target: target}].Cause == nil {
			targets = append(targets, target)
		}
	}
	return fleet.SortTargets(targets)
}
