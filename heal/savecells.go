package heal

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// saveCells reads every cell that is about to be deleted, looks once more whether
// it still needs that, saves its overrides durably, and plans the deletions. What
// is only let go of keeps its stack, and with it its parameters: it is not read.
func (r *run) saveCells(ctx context.Context, w *document[Work]) error {
	f, err := r.inventory(ctx)
	if err != nil {
		return err
	}
	if err := r.lease.check(ctx); err != nil {
		return err // what follows is written for a deletion that must not come
	}
	saved, err := r.openSaved(ctx, &w.Value)
	if err != nil {
		return err
	}
	for i := range w.Value.Cells {
		c := &w.Value.Cells[i]
		if c.State != cellPending || w.Value.Action.Remedy == plan.RemedyDetach {
			continue
		}
		instance, err := r.h.Cloud.Instance(ctx, c.Cell)
		if fleet.KindOf(err) == fleet.NotFound {
			c.State, c.Reason = cellSkipped, "the instance is gone already"
			continue
		}
		if err != nil {
			return fmt.Errorf("reading the overrides of %s: %w", c.Cell, err)
		}
		if !r.stillWanted(&w.Value, c, instance) {
			continue
		}
		c.HasOverrides = len(instance.Overrides) > 0
		saved[c.StackSet].add(c.Target, instance, w.Value.Action.Remedy == plan.RemedyRedeploy)
	}
	w.Value.keepTogether()
	for _, set := range fleet.SortedKeys(saved) {
		if len(saved[set].Cells) == 0 {
			continue
		}
		saved[set].drop(w.Value.targets(set, cellPending))
		if err := r.saveOverrides(ctx, *saved[set]); err != nil {
			return err
		}
	}
	w.Value.Calls = nil
	r.deletions(&w.Value, f)
	w.Value.Phase = phaseDelete
	return w.write(ctx, r.h.Journal)
}

// openSaved begins a saved copy for each of the work's sets, and notes which
// operation was the newest before anything is read.
func (r *run) openSaved(ctx context.Context, w *Work) (map[fleet.StackSetName]*Saved, error) {
	saved := map[fleet.StackSetName]*Saved{}
	if w.Action.Remedy == plan.RemedyDetach {
		return saved, nil
	}
	for _, set := range w.sets() {
		newest, err := r.newest(ctx, set)
		if err != nil {
			return nil, fmt.Errorf("looking for the newest operation: %w", err)
		}
		saved[set] = &Saved{StackSet: set, Run: r.id(), Work: w.Key, At: r.now(), Newest: newest, Reason: w.Action.Reason}
	}
	return saved, nil
}

// stillWanted looks at the instance right before its deletion: drift may have
// gone since the plan was made, and an override that AWS masks cannot be given
// back, so an instance with one is never deleted to be created again.
func (r *run) stillWanted(w *Work, c *CellWork, now fleet.Instance) bool {
	if w.Action.Remedy != plan.RemedyRedeploy {
		return true
	}
	if c.Verdict == plan.Drifted && now.Drift == fleet.DriftInSync {
		c.State, c.Reason = cellSkipped, "the drift has gone since it was planned"
		return false
	}
	masked := slices.IndexFunc(now.Overrides, func(p fleet.Parameter) bool { return r.masked(c.StackSet, p) })
	if masked >= 0 {
		c.failAs(plan.ReasonMaskedOverride, "The override of parameter %s is NoEcho: AWS does not tell its value, so deleting the instance would lose it.", now.Overrides[masked].Key)
		return false
	}
	return true
}

// masked tells whether an override's value cannot be read: the parameter is
// NoEcho, or the value is AWS's stand-in for one.
func (r *run) masked(set fleet.StackSetName, p fleet.Parameter) bool {
	if p.Masked() {
		return true
	}
	return r.inv != nil && slices.Contains(r.inv.Value.StackSets[set].StackSet.NoEcho, p.Key)
}

// keepTogether gives up on a target as a whole if one of the sets that have to
// go together there cannot go.
func (w *Work) keepTogether() {
	if len(w.Action.Together) == 0 {
		return
	}
	stuck := map[fleet.Target]fleet.Cell{}
	for _, c := range w.Cells {
		if c.State == cellFailed {
			stuck[c.Target] = c.Cell
		}
	}
	for i := range w.Cells {
		c := &w.Cells[i]
		if cause, ok := stuck[c.Target]; ok && c.State == cellPending {
			c.failAs(plan.ReasonExportInUse, "%s cannot be redeployed here, and both have to go together.", cause.StackSet)
		}
	}
}

// add notes one instance's overrides.
func (s *Saved) add(target fleet.Target, instance fleet.Instance, owed bool) {
	s.Cells = append(s.Cells, SavedCell{Target: target, StackID: instance.StackID, Overrides: orEmpty(instance.Overrides)})
	if owed {
		s.Owed = append(s.Owed, target)
	}
}

// drop keeps as owed only the targets that are going to be deleted.
func (s *Saved) drop(deleting []fleet.Target) {
	s.Owed = slices.DeleteFunc(s.Owed, func(t fleet.Target) bool { return !slices.Contains(deleting, t) })
}

// verifyOverrides reads what was created and compares it with what was saved.
// Cells without overrides of their own have nothing to lose and cost no call.
func (r *run) verifyOverrides(ctx context.Context, w *document[Work]) error {
	debts, err := owed(ctx, r.h.Journal)
	if err != nil {
		return err
	}
	paid, touched := map[fleet.StackSetName][]fleet.Target{}, touchedLists{}
	for i := range w.Value.Cells {
		c := &w.Value.Cells[i]
		if c.State != cellHealed {
			continue
		}
		want, owes := debts[c.Cell]
		if owes {
			if err := r.checkStanding(ctx, &w.Value, c, touched); err != nil {
				return err
			}
		}
		if owes && len(want) > 0 && c.State == cellHealed {
			if err := r.compareOverrides(ctx, &w.Value, c, want); err != nil {
				return err
			}
		}
		if c.State == cellHealed {
			paid[c.StackSet] = append(paid[c.StackSet], c.Target)
		}
	}
	if err := r.settleAll(ctx, paid); err != nil {
		return err
	}
	w.Value.Phase = phaseNote
	return w.write(ctx, r.h.Journal)
}

// compareOverrides compares what was created with what was saved. Somebody who has
// operated on the set after that may have changed it: then what is there is
// theirs, and nothing is owed any more.
func (r *run) compareOverrides(ctx context.Context, w *Work, c *CellWork, want []fleet.Parameter) error {
	instance, err := r.h.Cloud.Instance(ctx, c.Cell)
	if err != nil {
		return fmt.Errorf("reading the overrides of %s after its creation: %w", c.Cell, err)
	}
	if sameOverrides(instance.Overrides, want) {
		c.Restored = true
		return nil
	}
	if o, err := r.foreignSince(ctx, c.StackSet, r.id(), w.creation(c.Cell)); err != nil || theirs(o, instance) {
		return err
	}
	c.failAs(plan.ReasonUnknown, "The overrides differ from those saved before the deletion; the saved ones are in the journal.")
	return nil
}

// checkStanding makes sure that what was created has a stack. AWS counts accounts
// that are suspended, which it skips, among those that succeeded.
func (r *run) checkStanding(ctx context.Context, w *Work, c *CellWork, touched touchedLists) error {
	list, err := touched.by(ctx, r.h.Cloud, c.StackSet, w.creation(c.Cell))
	if err != nil {
		return err
	}
	instance, listed := list[c.Target]
	if !listed { // the list lags behind, or a later operation has touched it
		if instance, err = r.h.Cloud.Instance(ctx, c.Cell); err != nil && fleet.KindOf(err) != fleet.NotFound {
			return fmt.Errorf("reading %s after its creation: %w", c.Cell, err)
		}
	}
	if instance.StackID == "" {
		c.fail("AWS called the creation a success and made no stack: " + instance.Reason)
	}
	return nil
}

// touchedLists are the instances that operations were the last to touch, by the
// operations' ids: all cells of a call ask for one list.
type touchedLists map[string]map[fleet.Target]fleet.Instance

func (l touchedLists) by(ctx context.Context, cloud Reader, set fleet.StackSetName, operation string) (map[fleet.Target]fleet.Instance, error) {
	if list, known := l[operation]; known {
		return list, nil
	}
	instances, err := cloud.Instances(ctx, set, fleet.InstanceFilter{Operation: operation})
	if err != nil {
		return nil, fmt.Errorf("reading what operation %s touched: %w", operation, err)
	}
	l[operation] = map[fleet.Target]fleet.Instance{}
	for _, instance := range instances {
		l[operation][instance.Target] = instance
	}
	return l[operation], nil
}

// creation is the id of the work's last operation that was to create the cell.
func (w *Work) creation(cell fleet.Cell) string {
	id := ""
	for i := range w.Calls {
		change := w.Calls[i].Change
		if w.Calls[i].Phase == phaseCreate && change.StackSet == cell.StackSet && slices.Contains(change.Targets(), cell.Target) {
			id = change.OperationID
		}
	}
	return id
}

// theirs reports whether an instance's overrides are what somebody gave it by an
// operation after ours. Automatic deployment gives none, and what it creates in
// place of what is owed does not pay for it.
func theirs(o *fleet.Operation, instance fleet.Instance) bool {
	return o != nil && o.Kind == fleet.OperationUpdate && len(instance.Overrides) > 0
}

// settleUndeleted strikes off debts of instances whose deletion failed: AWS has
// them still, with their overrides.
func (r *run) settleUndeleted(ctx context.Context, w *Work) error {
	debts, err := owed(ctx, r.h.Journal)
	if err != nil {
		return err
	}
	for _, c := range w.Cells {
		if c.State != cellFailed || c.Gone {
			continue
		}
		instance, err := r.h.Cloud.Instance(ctx, c.Cell)
		if fleet.KindOf(err) == fleet.NotFound {
			continue // it may have been us
		}
		if err != nil {
			return fmt.Errorf("reading %s, whose deletion failed: %w", c.Cell, err)
		}
		if want, owes := debts[c.Cell]; owes && sameOverrides(instance.Overrides, want) {
			if err := r.settle(ctx, c.StackSet, []fleet.Target{c.Target}); err != nil {
				return err
			}
		}
	}
	return nil
}

// settleStanding strikes off debts of instances that are there with the overrides
// they are owed: a run that stopped before its deletion, or after its creation
// and before it could say so, leaves such behind. So are those that somebody has
// operated on since with other overrides: these count then.
func (r *run) settleStanding(ctx context.Context) error {
	copies, err := owing(ctx, r.h.Journal)
	if err != nil || len(copies) == 0 {
		return err
	}
	f, err := r.inventory(ctx)
	if err != nil {
		return err
	}
	paid := map[fleet.StackSetName][]fleet.Target{}
	cells := slices.SortedFunc(maps.Keys(copies), fleet.Cell.Compare)
	for _, cell := range cells {
		inventory := f.StackSets[cell.StackSet]
		if inventory == nil || inventory.Instances[cell.Target].StackID == "" {
			continue
		}
		instance, err := r.h.Cloud.Instance(ctx, cell)
		if err != nil {
			return fmt.Errorf("reading the overrides of %s, which are owed: %w", cell, err)
		}
		saved := copies[cell]
		want, _ := saved.overridesOf(cell.Target)
		settled := sameOverrides(instance.Overrides, want)
		if !settled {
			o, err := r.foreignSince(ctx, cell.StackSet, saved.Run, saved.Newest)
			if err != nil {
				return err
			}
			settled = theirs(o, instance)
		}
		if settled {
			paid[cell.StackSet] = append(paid[cell.StackSet], cell.Target)
		}
	}
	return r.settleAll(ctx, paid)
}
