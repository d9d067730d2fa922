package heal

import (
	"context"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// Pending restores of earlier runs go before everything else. They need the
// organization and their own stack sets, and do not wait for the rest of the fleet
// to be read, which only guards and other cells need.

// restoreFirst gives back what earlier runs have deleted, as far as the run may. It
// returns how long to wait before it is called again, zero if it is done. What cannot
// be read or given back here comes with the other deployments.
func (r *run) restoreFirst(ctx context.Context) (time.Duration, error) {
	if r.rec.Value.Passes[plan.StageRestore] == 0 {
		if opened, err := r.openRestores(ctx); err != nil || !opened {
			return 0, err
		}
	}
	pass, err := r.currentPass(ctx, plan.StageRestore)
	if err != nil || pass == nil || pass.Value.Ended {
		return 0, err
	}
	wait, err := r.carryOut(ctx, pass)
	if err != nil || wait > 0 {
		return wait, err
	}
	return 0, r.endPass(ctx, pass)
}

// openRestores plans the restores, and reports false if there is none to make. A run
// that was given an exact plan makes none beside it.
func (r *run) openRestores(ctx context.Context) (bool, error) {
	pending, err := pendingRestores(ctx, r.h.Journal, r.log)
	if err != nil || len(pending) == 0 {
		return false, err
	}
	given, err := r.given(ctx)
	if err != nil || given != nil && given.Exact {
		return false, err
	}
	sets := map[fleet.StackSetName]bool{}
	for cell := range pending {
		sets[cell.StackSet] = true
	}
	if err := r.readFirst(ctx, fleet.SortedKeys(sets)); err != nil {
		return false, err
	}
	f := &r.inv.Value
	assessment, _, err := r.assess(ctx, f)
	if err != nil {
		return false, err
	}
	p, err := r.within(ctx, assessment.Restores(r.rec.Value.Options.Scope()), plan.StageRestore, 1)
	if err != nil || len(p.Actions) == 0 {
		return false, err
	}
	pass, err := read[Pass](ctx, r.h.Journal, passKey(r.id(), plan.StageRestore, 1))
	if err != nil {
		return false, err
	}
	if !pass.exists() {
		pass.Value = Pass{Stage: plan.StageRestore, N: 1, Plan: p}
		if err := r.openPass(ctx, pass, assessment); err != nil {
			return false, err
		}
	}
	r.rec.Value.Passes[plan.StageRestore] = 1
	return true, r.save(ctx)
}

// readFirst reads the organization and those of the stack sets that can be read.
func (r *run) readFirst(ctx context.Context, sets []fleet.StackSetName) error {
	inv, err := read[fleet.Fleet](ctx, r.h.Journal, runKey(r.id(), "fleet"))
	if err != nil {
		return err
	}
	r.inv = inv
	f := &inv.Value
	r.rec.Value.OrganizationRead = r.now()
	if _, err := beginReading(ctx, r.h.Cloud, f, r.h.HomeRegion, sets); err != nil {
		return err
	}
	for _, set := range sets {
		if f.StackSets[set] != nil {
			continue
		}
		if err := readSets(ctx, r.h.Cloud, r.h.Clock, f, []fleet.StackSetName{set}); err != nil {
			if ctx.Err() != nil {
				return err
			}
			r.h.Log.Warn("reading a stack set of which a restore is pending", "run", r.id(), "stackSet", set, "error", err)
		}
	}
	f.ReadAt = r.now()
	return r.saveInventory(ctx)
}
