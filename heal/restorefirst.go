package heal

import (
	"context"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
)

// Pending restores of earlier runs go before everything else. They need the
// organization and their own stack sets, and do not wait for the rest of the fleet
// to be read, which only guards and other cells need.

// restoreFirst gives back what earlier runs have deleted, as far as the run may. It
// returns how long to wait before it is called again, zero if it is done. What cannot
// be read or given back here comes with the other deployments.
func (r *passes) restoreFirst(ctx context.Context) (time.Duration, error) {
	if r.rec.Value.Passes[plan.StageRestore] == 0 {
		if opened, err := r.openRestores(ctx); err != nil || !opened {
			return 0, err
		}
	}
	pass, err := r.current(ctx, plan.StageRestore)
	if err != nil || pass == nil || pass.Value.Ended {
		return 0, err
	}
	wait, err := r.carryOut(ctx, pass)
	if err != nil || wait > 0 {
		return wait, err
	}
	return 0, r.end(ctx, pass)
}

// openRestores plans the restores, and reports false if there is none to make. A run
// that was given an exact plan makes none beside it.
func (r *passes) openRestores(ctx context.Context) (bool, error) {
	pending, err := record.PendingRestores(ctx, r.h.Journal, r.log)
	if err != nil || len(pending) == 0 {
		return false, err
	}
	given, err := plannerOf(r.run).given(ctx)
	if err != nil || given != nil && given.Exact {
		return false, err
	}
	sets := map[fleet.StackSetName]bool{}
	for cell := range pending {
		sets[cell.StackSet] = true
	}
	r.rec.Value.OrganizationRead = r.now()
	if err := r.view.ReadFirst(ctx, fleet.SortedKeys(sets)); err != nil {
		return false, err
	}
	assessment, _, err := plannerOf(r.run).assess(ctx)
	if err != nil {
		return false, err
	}
	p, err := plannerOf(r.run).within(ctx, assessment.Restores(r.rec.Value.Options.Scope()), plan.StageRestore, 1)
	if err != nil || len(p.Actions) == 0 {
		return false, err
	}
	pass, err := record.Read[record.Pass](ctx, r.h.Journal, record.PassKey(r.id(), plan.StageRestore, 1))
	if err != nil {
		return false, err
	}
	if !pass.Exists() {
		pass.Value = record.Pass{Stage: plan.StageRestore, N: 1, Plan: p}
		if err := r.open(ctx, pass, assessment); err != nil {
			return false, err
		}
	}
	r.rec.Value.Passes[plan.StageRestore] = 1
	return true, r.save(ctx)
}
