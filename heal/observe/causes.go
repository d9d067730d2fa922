package observe

import (
	"context"
	"fmt"
	"maps"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
)

// NoteCauses makes durable why instances are broken, before the next drift detection
// overwrites it at AWS.
func NoteCauses(ctx context.Context, cloud Reader, j record.Journal, f *fleet.Fleet, m *plan.Memory) error {
	if err := RecallCauses(ctx, cloud, f, m); err != nil {
		return err
	}
	bySet := map[fleet.StackSetName]map[fleet.Target]*plan.Cause{}
	note := func(cell fleet.Cell, cause *plan.Cause) {
		if bySet[cell.StackSet] == nil {
			bySet[cell.StackSet] = map[fleet.Target]*plan.Cause{}
		}
		bySet[cell.StackSet][cell.Target] = cause
	}
	for cell, cause := range m.Causes(f) {
		memory := m.Cells[cell]
		memory.Cause = cause
		m.Cells[cell] = memory
		note(cell, cause)
	}
	for _, name := range fleet.SortedKeys(bySet) {
		err := record.Remember(ctx, j, name, func(cells map[string]plan.CellMemory) {
			for target, cause := range bySet[name] {
				memory := cells[target.String()]
				memory.Cause = cause
				cells[target.String()] = memory
			}
		})
		if err != nil {
			return fmt.Errorf("noting why instances of %s are broken: %w", name, err)
		}
	}
	return nil
}

// resultsRead is how many operations of a set are asked for a cause at most.
const resultsRead = 5

// RecallCauses adds to the memory why instances are broken that a drift detection
// has come to before setmend could note it: from the results of the operations before.
func RecallCauses(ctx context.Context, cloud Reader, f *fleet.Fleet, m *plan.Memory) error {
	for _, name := range f.Names() {
		inventory := f.StackSets[name]
		waiting := map[fleet.Target]bool{}
		for _, target := range m.Overwritten(name, inventory) {
			waiting[target] = true
		}
		asked := 0
		for _, o := range inventory.Recent {
			if len(waiting) == 0 || asked == resultsRead {
				break
			}
			if o.Kind == fleet.OperationDetectDrift || !o.Status.Ended() {
				continue
			}
			asked++
			results, err := cloud.Results(ctx, name, o.ID)
			if err != nil {
				return fmt.Errorf("reading what operation %s on %s did: %w", o.ID, name, err)
			}
			for _, result := range results {
				if !waiting[result.Target] {
					continue
				}
				delete(waiting, result.Target)
				if cause := causeFrom(o, result, inventory.Instances[result.Target]); cause != nil {
					cell := fleet.Cell{StackSet: name, Target: result.Target}
					memory := m.Cells[cell]
					memory.Cause = cause
					m.Cells[cell] = memory
				}
			}
		}
	}
	return nil
}

// causeFrom returns what the last operation before the detection said of a broken
// instance, nil if it did not fail there. Only a deletion or an import leaves an
// instance INOPERABLE (AWS's description of the status), and AWS does not say which
// action an import shows: all that is no deletion was one.
func causeFrom(o fleet.Operation, result fleet.Result, i fleet.Instance) *plan.Cause {
	if result.Status != string(fleet.OperationFailed) {
		return nil
	}
	cause := &plan.Cause{Operation: o.ID, Detailed: fleet.DetailedFailed, Reason: result.Reason}
	if i.Status == fleet.InstanceInoperable {
		if cause.Detailed = fleet.DetailedInoperable; o.Kind != fleet.OperationDelete {
			cause.Detailed = fleet.DetailedFailedImport
		}
	}
	return cause
}

// detections returns which of the instances' last operations were drift detections,
// of those that are not current: their status tells nothing of how they came to be
// so. Operations beyond the newest are looked up by their id.
func detections(ctx context.Context, cloud Reader, name fleet.StackSetName, instances []fleet.Instance, recent []fleet.Operation) (map[string]bool, error) {
	kinds := map[string]fleet.OperationKind{}
	for _, o := range recent {
		kinds[o.ID] = o.Kind
	}
	for _, i := range instances {
		if !broken(i) || i.LastOperation == "" {
			continue
		}
		if _, known := kinds[i.LastOperation]; known {
			continue
		}
		o, err := cloud.Operation(ctx, name, i.LastOperation)
		if err != nil && fleet.KindOf(err) != fleet.NotFound {
			return nil, fmt.Errorf("looking up operation %s: %w", i.LastOperation, err)
		}
		kinds[i.LastOperation] = o.Kind
	}
	found := map[string]bool{}
	maps.DeleteFunc(kinds, func(_ string, kind fleet.OperationKind) bool { return kind != fleet.OperationDetectDrift })
	for id := range kinds {
		found[id] = true
	}
	return found, nil
}

// broken reports whether an instance with an operation on it is not current.
func broken(i fleet.Instance) bool { return i.Status != fleet.InstanceCurrent && i.LastOperation != "" }
