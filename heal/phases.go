package heal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/cover"
	"github.com/setmend/setmend/plan/policy"
)

// advance moves a work through its phases until it has to wait (then Poll says
// for how long) or is done. Every phase can be entered again after a crash.
func (r *run) advance(ctx context.Context, w *document[Work], quota *quota) error {
	for !w.Value.done() {
		before := w.Value.Phase
		if err := r.enter(ctx, w, quota); err != nil {
			return fmt.Errorf("%s of %s: %w", w.Value.Action.Remedy, w.Value.Action.StackSet, err)
		}
		if w.Value.Phase == before || r.now().Before(w.Value.Poll) {
			return nil // it waits; a work that starts over does so too
		}
	}
	return nil
}

func (r *run) enter(ctx context.Context, w *document[Work], quota *quota) error {
	switch w.Value.Phase {
	case phaseBegin:
		return r.begin(ctx, w)
	case phaseSave:
		return r.saveCells(ctx, w)
	case phaseDelete, phaseCreate:
		return r.drive(ctx, w, quota)
	case phaseRevert:
		return r.revert(ctx, w)
	case phaseVerify:
		return r.verifyOverrides(ctx, w)
	default:
		return r.note(ctx, w)
	}
}

// begin lists the work's cells and chooses the first phase.
func (r *run) begin(ctx context.Context, w *document[Work]) error {
	f, err := r.inventory(ctx)
	if err != nil {
		return err
	}
	v := &w.Value
	v.Began = r.now()
	for i := range v.Cells {
		v.Cells[i].StackID = f.StackSets[v.Action.StackSet].Instances[v.Cells[i].Target].StackID
	}
	v.addDependents(f)
	switch v.Action.Remedy {
	case plan.RemedyRedeploy, plan.RemedyRemove, plan.RemedyDetach:
		v.Phase = phaseSave
	case plan.RemedyDeploy, plan.RemedyRetry:
		v.Phase = phaseCreate
		if err := r.planCreations(ctx, w, f); err != nil {
			return err
		}
	case plan.RemedyRevert:
		v.Phase = phaseRevert
	case plan.RemedyQuarantine:
		v.Phase = phaseNote
	default:
		return fmt.Errorf("beginning work %s: remedy %q is not known", v.Key, v.Action.Remedy)
	}
	return w.write(ctx, r.h.Journal)
}

// addDependents adds the cells of the sets that must go and come back together
// with the action's own.
func (w *Work) addDependents(f *fleet.Fleet) {
	for _, set := range w.Action.Together {
		for _, target := range w.Action.Targets {
			if instance, there := f.StackSets[set].Instances[target]; there {
				w.Cells = append(w.Cells, CellWork{Cell: fleet.Cell{StackSet: set, Target: target}, StackID: instance.StackID,
					Why: "imports from " + string(w.Action.StackSet) + ", which is redeployed"})
			}
		}
	}
}

// addCalls turns targets of one stack set into calls that cover exactly them.
func (r *run) addCalls(w *Work, f *fleet.Fleet, phase phase, kind fleet.OperationKind, set fleet.StackSetName, targets []fleet.Target, overrides []fleet.Parameter) {
	for _, block := range cover.Blocks(targets) {
		change := fleet.InstanceChange{
			OperationID: operationID(r.id(), w.Key, len(w.Calls)),
			StackSet:    set, Kind: kind,
			Accounts: block.Accounts, Regions: block.Regions,
			Overrides: overrides, Preferences: r.policy(set).Preferences,
			RetainStacks: w.Action.Remedy == plan.RemedyDetach,
		}
		if f.StackSets[set].StackSet.PermissionModel == fleet.ServiceManaged {
			change.OUs = ousFor(r.h.Policy, f, kind, set, block)
		}
		w.Calls = append(w.Calls, Call{Change: change, Phase: phase})
	}
}

// ousFor names where AWS shall look for a service-managed call's accounts. A
// creation makes the OUs that it names targets of automatic deployment, so it names
// those that the set is meant for and no others; if an account is in none of them,
// the call reaches less than it is meant to, and is not made. What is there already
// is found through the OU that it was deployed through too, and an orphan through
// the one that its account sits in now: AWS does not say which of them it goes by.
func ousFor(policy *policy.Policy, f *fleet.Fleet, kind fleet.OperationKind, set fleet.StackSetName, block cover.Block) []fleet.OUID {
	ous := map[fleet.OUID]bool{}
	inventory := f.StackSets[set]
	meant := policy.For(inventory.StackSet).OUs
	for _, id := range block.Accounts {
		account, member := f.Organization.Accounts[id]
		i := slices.IndexFunc(meant, account.In)
		if i >= 0 {
			ous[meant[i]] = true
		}
		if kind == fleet.OperationCreate {
			continue
		}
		for _, region := range block.Regions {
			if instance, ok := inventory.Instances[fleet.Target{Account: id, Region: region}]; ok && instance.OU != "" {
				ous[instance.OU] = true
			}
		}
		if i < 0 && member && kind == fleet.OperationDelete {
			ous[account.Parent()] = true
		}
	}
	return fleet.SortedKeys(ous)
}

// planCreations plans the calls of a deployment or a retry: cells without a
// stack are created, the others updated. Cells that an earlier deletion owes get
// their saved overrides; the others keep what they have.
func (r *run) planCreations(ctx context.Context, w *document[Work], f *fleet.Fleet) error {
	debts, err := owed(ctx, r.h.Journal)
	if err != nil {
		return err
	}
	v := &w.Value
	groups := newGroups()
	for i := range v.Cells {
		c := &v.Cells[i]
		kind := fleet.OperationCreate
		if c.StackID != "" {
			kind = fleet.OperationUpdate
		}
		overrides, owes := debts[c.Cell]
		if !owes || kind == fleet.OperationUpdate { // what is there has its own, and keeps them
			overrides = nil
		}
		c.HasOverrides = len(overrides) > 0
		groups.add(c.Target, kind, overrides)
	}
	for _, g := range groups.sorted() {
		r.addCalls(v, f, phaseCreate, g.kind, v.Action.StackSet, g.targets, g.overrides)
	}
	return nil
}

// deletions plans the calls that delete the cells still pending: dependents
// first, the set itself last.
func (r *run) deletions(w *Work, f *fleet.Fleet) {
	sets := w.sets()
	slices.Reverse(sets)
	for _, set := range sets {
		r.addCalls(w, f, phaseDelete, fleet.OperationDelete, set, w.targets(set, cellPending), nil)
	}
}

// recreations plans the calls that create the deleted cells again, grouped by
// their overrides: the set first, dependents after it.
func (r *run) recreations(ctx context.Context, w *Work, f *fleet.Fleet) error {
	for _, set := range w.sets() {
		saved, err := read[Saved](ctx, r.h.Journal, overridesKey(set, r.id(), w.Key))
		if err != nil {
			return err
		}
		groups := newGroups()
		for _, target := range w.targets(set, cellDeleted) {
			overrides, ok := saved.Value.overridesOf(target)
			if !ok {
				return fmt.Errorf("creating %s@%s again: its saved overrides are not in the journal", set, target)
			}
			groups.add(target, fleet.OperationCreate, overrides)
		}
		for _, g := range groups.sorted() {
			r.addCalls(w, f, phaseCreate, g.kind, set, g.targets, g.overrides)
		}
	}
	return nil
}

// note records every cell's outcome in the cells' memory and ends the work.
func (r *run) note(ctx context.Context, w *document[Work]) error {
	v := &w.Value
	if v.Ended.IsZero() {
		v.Phase, v.Ended = phaseNote, r.now()
		if err := w.write(ctx, r.h.Journal); err != nil {
			return err
		}
	}
	for _, set := range v.sets() {
		if err := r.noteSet(ctx, v, set); err != nil {
			return err
		}
	}
	if err := r.decideOutcome(ctx, v); err != nil {
		return err
	}
	v.Phase, v.Poll = phaseDone, time.Time{}
	return w.write(ctx, r.h.Journal)
}

func (r *run) noteSet(ctx context.Context, w *Work, set fleet.StackSetName) error {
	window := r.policy(set).Quarantine.Window
	return remember(ctx, r.h.Journal, set, func(cells map[string]plan.CellMemory) {
		for _, c := range w.Cells {
			if c.StackSet != set || c.State == cellHeld || c.State == cellOwed {
				continue
			}
			memory := cells[c.Target.String()]
			if c.State == cellSkipped {
				if w.Action.Remedy == plan.RemedyRevert { // else the instance is gone, or was seen in sync
					memory.Refuted = r.inv.Value.StackSets[set].Instances[c.Target].LastDriftCheck
					cells[c.Target.String()] = memory
				}
				continue
			}
			if w.Action.Remedy == plan.RemedyQuarantine {
				memory.Quarantined, memory.Reason, memory.Class, memory.Verdict = w.Ended, c.Why, c.Class, c.Verdict
			} else {
				memory = addHeal(memory, plan.Heal{At: w.Ended, Run: r.id(), Remedy: w.Action.Remedy, Verdict: c.Verdict,
					OK: c.State == cellHealed, Class: c.Class, Reason: c.Reason}, window)
			}
			cells[c.Target.String()] = memory
		}
	})
}
