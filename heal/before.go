package heal

import (
	"context"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// found is how the run found a cell.
type found struct {
	fleet.Cell
	Verdict plan.Verdict `json:"verdict"`
	Reason  string       `json:"reason"`
}

// keepBefore records how the run found the fleet. Drift is known only after
// detection, so the stage after it calls this again: cells that looked healthy
// then take what detection found, cells that were already put right keep what
// was wrong with them.
func (r *run) keepBefore(ctx context.Context) error {
	f, err := r.inventory(ctx)
	if err != nil {
		return err
	}
	assessment, _, err := r.assess(ctx, f)
	if err != nil {
		return err
	}
	doc, err := read[[]found](ctx, r.h.Journal, runKey(r.id(), "before"))
	if err != nil {
		return err
	}
	earlier := map[fleet.Cell]found{}
	for _, c := range doc.Value {
		if c.Verdict != plan.Healthy && c.Verdict != plan.NotChecked {
			earlier[c.Cell] = c
		}
	}
	var all []found
	for _, c := range assessment.Cells {
		if was, ok := earlier[c.Cell]; ok {
			delete(earlier, c.Cell)
			all = append(all, was)
			continue
		}
		all = append(all, found{c.Cell, c.Verdict, c.Reason})
	}
	for _, was := range earlier { // orphans that are gone; sorted by the report
		all = append(all, was)
	}
	doc.Value = all
	return doc.write(ctx, r.h.Journal)
}

// driftDetails is how many drifted cells have their resources' drift read for
// the report; AWS allows two such calls a second. `explain` reads any cell's.
const driftDetails = 200

// cellDrift is a cell's drifted resources.
type cellDrift struct {
	fleet.Cell
	Resources []fleet.ResourceDrift `json:"resources"`
	Checked   time.Time             `json:"checked,omitzero"` // the drift check that found it
}

// drifted lists the drifted cells, taking the sets in turn so that no set's
// details crowd out another's.
func drifted(f *fleet.Fleet) []fleet.Cell {
	var bySet [][]fleet.Cell
	longest := 0
	for _, name := range f.Names() {
		var cells []fleet.Cell
		for _, instance := range f.StackSets[name].List() {
			if instance.Drift == fleet.DriftDrifted {
				cells = append(cells, fleet.Cell{StackSet: name, Target: instance.Target})
			}
		}
		bySet = append(bySet, cells)
		longest = max(longest, len(cells))
	}
	var all []fleet.Cell
	for i := range longest {
		for _, cells := range bySet {
			if i < len(cells) {
				all = append(all, cells[i])
			}
		}
	}
	return all
}
