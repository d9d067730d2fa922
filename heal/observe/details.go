package observe

import (
	"context"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/record"
)

// Details reads what exactly has drifted.
type Details struct{ *View }

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

// LastDrift reads a cell's drift as of the stack set's last drift detection that came
// to it.
func LastDrift(ctx context.Context, cloud Reader, cell fleet.Cell) ([]fleet.ResourceDrift, error) {
	operations, err := cloud.Recent(ctx, cell.StackSet, 100)
	if err != nil {
		return nil, err
	}
	for _, operation := range operations {
		if operation.Kind != fleet.OperationDetectDrift || !operation.Status.Ended() {
			continue
		}
		details, err := cloud.ResourceDrifts(ctx, cell, operation.ID)
		if fleet.KindOf(err) == fleet.NotFound {
			continue // that detection did not come to it
		}
		return slices.DeleteFunc(details, func(d fleet.ResourceDrift) bool { return d.Status == fleet.ResourceInSync }), err
	}
	return nil, nil
}

// Drift loads the drifted properties that were read.
func Drift(ctx context.Context, j record.Journal, run string) (map[fleet.Cell][]fleet.ResourceDrift, error) {
	doc, err := record.Read[[]cellDrift](ctx, j, record.RunKey(run, "drift"))
	if err != nil {
		return nil, err
	}
	drift := map[fleet.Cell][]fleet.ResourceDrift{}
	for _, d := range doc.Value {
		drift[d.Cell] = d.Resources
	}
	return drift, nil
}
