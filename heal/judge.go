package heal

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/plan"
)

// judgeIgnored reads, for sets whose policy ignores some drift, what exactly has
// drifted, and remembers the cells whose every difference is ignored: those are
// healthy. Here the details decide, so one that cannot be read is an error. It
// reports false if the time was not enough; the next call goes on.
func (r *run) judgeIgnored(ctx context.Context) (bool, error) {
	f, err := r.inventory(ctx)
	if err != nil {
		return false, err
	}
	var cells []fleet.Cell
	for _, cell := range drifted(f) {
		if len(r.policy(cell.StackSet).IgnoreDrift) > 0 && active(f, cell.Target) {
			cells = append(cells, cell)
		}
	}
	if len(cells) == 0 {
		return true, nil
	}
	details, done, err := r.driftOf(ctx, f, cells, true)
	if err != nil || !done {
		return false, err
	}
	ignored := map[fleet.StackSetName][]fleet.Instance{}
	for _, cell := range cells {
		counts, not := r.policy(cell.StackSet).FilterDrift(details[cell])
		if len(counts) == 0 && len(not) > 0 {
			ignored[cell.StackSet] = append(ignored[cell.StackSet], f.StackSets[cell.StackSet].Instances[cell.Target])
		}
	}
	for _, set := range fleet.SortedKeys(ignored) {
		if err := r.rememberIgnored(ctx, set, ignored[set]); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (r *run) rememberIgnored(ctx context.Context, set fleet.StackSetName, instances []fleet.Instance) error {
	return remember(ctx, r.h.Journal, set, func(cells map[string]plan.CellMemory) {
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
func (r *run) driftOf(ctx context.Context, f *fleet.Fleet, cells []fleet.Cell, strict bool) (map[fleet.Cell][]fleet.ResourceDrift, bool, error) {
	doc, err := read[[]cellDrift](ctx, r.h.Journal, runKey(r.id(), "drift"))
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
		if r.now().After(r.deadline) {
			return known, false, doc.write(ctx, r.h.Journal)
		}
		read, err := r.readResources(ctx, f, part, strict)
		if err != nil {
			return nil, false, err
		}
		for _, d := range read {
			known[d.Cell] = d.Resources
			doc.Value = slices.DeleteFunc(doc.Value, func(old cellDrift) bool { return old.Cell == d.Cell })
			doc.Value = append(doc.Value, d)
		}
	}
	if len(left) == 0 && doc.exists() {
		return known, true, nil
	}
	return known, true, doc.write(ctx, r.h.Journal)
}

func (r *run) readResources(ctx context.Context, f *fleet.Fleet, cells []fleet.Cell, strict bool) ([]cellDrift, error) {
	list := make([]cellDrift, len(cells))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i, cell := range cells {
		instance := f.StackSets[cell.StackSet].Instances[cell.Target]
		group.Go(func() error {
			resources, err := r.resourceDrifts(gctx, cell, instance)
			if err != nil && strict {
				return fmt.Errorf("reading what has drifted in %s: %w", cell, err)
			}
			if err != nil {
				r.h.Log.Warn("reading drift details", "cell", cell.String(), "error", err)
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
func (r *run) resourceDrifts(ctx context.Context, cell fleet.Cell, instance fleet.Instance) ([]fleet.ResourceDrift, error) {
	for _, c := range slices.Backward(r.log.commands()) {
		if a := detection(c); c.Kind == command.Detect && a != nil && c.Action.StackSet == cell.StackSet {
			return r.h.Cloud.ResourceDrifts(ctx, cell, a.Operation)
		}
	}
	resources, err := r.h.Cloud.ResourceDrifts(ctx, cell, instance.LastOperation)
	if fleet.KindOf(err) == fleet.NotFound || fleet.KindOf(err) == fleet.Invalid {
		return lastDrift(ctx, r.h.Cloud, cell)
	}
	return resources, err
}
