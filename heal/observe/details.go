package observe

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
)

// Details reads what exactly has drifted.
type Details struct{ *View }

// JudgeIgnored reads, for sets whose policy ignores some drift, what exactly has
// drifted, and remembers the cells whose every difference is ignored: those are
// healthy. Here the details decide, so one that cannot be read is an error. It
// reports false if the time was not enough; the next call goes on.
func (v *Details) JudgeIgnored(ctx context.Context) (bool, error) {
	f, err := v.Fleet(ctx)
	if err != nil {
		return false, err
	}
	var cells []fleet.Cell
	for _, cell := range drifted(f) {
		if len(v.policy(cell.StackSet).IgnoreDrift) > 0 && active(f, cell.Target) {
			cells = append(cells, cell)
		}
	}
	if len(cells) == 0 {
		return true, nil
	}
	details, done, err := v.driftOf(ctx, f, cells, true)
	if err != nil || !done {
		return false, err
	}
	ignored := map[fleet.StackSetName][]fleet.Instance{}
	for _, cell := range cells {
		counts, not := v.policy(cell.StackSet).FilterDrift(details[cell])
		if len(counts) == 0 && len(not) > 0 {
			ignored[cell.StackSet] = append(ignored[cell.StackSet], f.StackSets[cell.StackSet].Instances[cell.Target])
		}
	}
	for _, set := range fleet.SortedKeys(ignored) {
		if err := v.rememberIgnored(ctx, set, ignored[set]); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (v *Details) rememberIgnored(ctx context.Context, set fleet.StackSetName, instances []fleet.Instance) error {
	return record.Remember(ctx, v.Journal, set, func(cells map[string]plan.CellMemory) {
		for _, instance := range instances {
			memory := cells[instance.Target.String()]
			memory.DriftIgnored = instance.LastDriftCheck
			cells[instance.Target.String()] = memory
		}
	})
}

// driftOf reads the drifted resources of cells, each once for a drift check: what
// was read before is in the journal. It reports false if the time ran out.
// Strictly, a cell that cannot be read is an error; otherwise it is left out.
func (v *Details) driftOf(ctx context.Context, f *fleet.Fleet, cells []fleet.Cell, strict bool) (map[fleet.Cell][]fleet.ResourceDrift, bool, error) {
	doc, err := record.Read[[]cellDrift](ctx, v.Journal, record.RunKey(v.Run, "drift"))
	if err != nil {
		return nil, false, err
	}
	known := map[fleet.Cell][]fleet.ResourceDrift{}
	for _, d := range doc.Value {
		if f.StackSets[d.StackSet] != nil && f.StackSets[d.StackSet].Instances[d.Target].LastDriftCheck.Equal(d.Checked) {
			known[d.Cell] = d.Resources
		}
	}
	left := slices.DeleteFunc(slices.Clone(cells), func(c fleet.Cell) bool { _, ok := known[c]; return ok })
	for part := range slices.Chunk(left, readers) {
		if v.Clock.Now().After(v.Deadline) {
			return known, false, doc.Write(ctx, v.Journal)
		}
		read, err := v.readResources(ctx, f, part, strict)
		if err != nil {
			return nil, false, err
		}
		for _, d := range read {
			known[d.Cell] = d.Resources
			doc.Value = slices.DeleteFunc(doc.Value, func(old cellDrift) bool { return old.Cell == d.Cell })
			doc.Value = append(doc.Value, d)
		}
	}
	if len(left) == 0 && doc.Exists() {
		return known, true, nil
	}
	return known, true, doc.Write(ctx, v.Journal)
}

func (v *Details) readResources(ctx context.Context, f *fleet.Fleet, cells []fleet.Cell, strict bool) ([]cellDrift, error) {
	list := make([]cellDrift, len(cells))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, cell := range cells {
		instance := f.StackSets[cell.StackSet].Instances[cell.Target]
		group.Go(func() error {
			resources, err := v.resourceDrifts(gctx, cell, instance)
			if err != nil && strict {
				return fmt.Errorf("reading what has drifted in %s: %w", cell, err)
			}
			if err != nil {
				v.Log.Warn("reading drift details", "cell", cell.String(), "error", err)
			}
			list[i] = cellDrift{Cell: cell, Resources: resources, Checked: instance.LastDriftCheck}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return list, ctx.Err()
}

// resourceDrifts reads a cell's drifted resources as of the detection that found
// them: the last operation on the instance, unless another came after it.
func (v *Details) resourceDrifts(ctx context.Context, cell fleet.Cell, instance fleet.Instance) ([]fleet.ResourceDrift, error) {
	for _, c := range slices.Backward(v.Commands.Commands()) {
		if a := detection(c); c.Kind == command.Detect && a != nil && c.Action.StackSet == cell.StackSet {
			return v.Cloud.ResourceDrifts(ctx, cell, a.Operation)
		}
	}
	resources, err := v.Cloud.ResourceDrifts(ctx, cell, instance.LastOperation)
	if fleet.KindOf(err) == fleet.NotFound || fleet.KindOf(err) == fleet.Invalid {
		return LastDrift(ctx, v.Cloud, cell)
	}
	return resources, err
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

// KeepDrift reads property by property what has drifted. It informs people and
// decides nothing, so a cell whose details cannot be read is reported without.
func (v *Details) KeepDrift(ctx context.Context) error {
	f, err := v.Fleet(ctx)
	if err != nil {
		return err
	}
	cells := drifted(f)
	_, _, err = v.driftOf(ctx, f, cells[:min(len(cells), driftDetails)], false)
	return err
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

// LastDrift reads a cell's drift as of the stack set's last drift detection.
func LastDrift(ctx context.Context, cloud Reader, cell fleet.Cell) ([]fleet.ResourceDrift, error) {
	operations, err := cloud.Recent(ctx, cell.StackSet, 100)
	if err != nil {
		return nil, err
	}
	for _, operation := range operations {
		if operation.Kind != fleet.OperationDetectDrift || !operation.Status.Ended() {
			continue
		}
		drift, err := cloud.ResourceDrifts(ctx, cell, operation.ID)
		if fleet.KindOf(err) == fleet.NotFound {
			return nil, nil // made after that detection
		}
		return slices.DeleteFunc(drift, func(d fleet.ResourceDrift) bool { return d.Status == fleet.ResourceInSync }), err
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
