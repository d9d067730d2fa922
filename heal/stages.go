package heal

import (
	"context"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// initCleanup takes over what earlier runs have left, makes their pending restores,
// observes the fleet, records how it was found, and deals with orphans.
func (h *Healer) initCleanup(ctx context.Context, r *run) (Answer, error) {
	if r.rec.Value.Passes[plan.StageCleanup] == 0 {
		if !r.rec.Value.Recovered {
			if err := r.recover(ctx); err != nil {
				return Answer{}, err
			}
			r.rec.Value.Recovered = true
		}
		if wait, err := r.restoreFirst(ctx); err != nil || wait > 0 {
			return again(wait), err
		}
		if done, err := r.observe(ctx); err != nil || !done {
			return again(0), err
		}
		if done, err := r.judgeDrift(ctx); err != nil || !done { // or drift that is none would trip guards
			return again(0), err
		}
		if err := r.checkAccepted(); err != nil {
			return Answer{}, err
		}
		if err := r.dropOldApprovals(ctx); err != nil {
			return Answer{}, err
		}
		if err := r.keepBefore(ctx); err != nil {
			return Answer{}, err
		}
	}
	return r.workOff(ctx, plan.StageCleanup, 1)
}

// mandatoryDeployment creates what is missing.
func (h *Healer) mandatoryDeployment(ctx context.Context, r *run) (Answer, error) {
	if r.rec.Value.Passes[plan.StageDeploy] == 0 {
		if err := r.rememberOrganization(ctx); err != nil {
			return Answer{}, err
		}
	}
	return r.workOff(ctx, plan.StageDeploy, 2)
}

// detectDrift starts drift detection on the stack sets that need it, as many at
// once as AWS's limit on running instances allows.
func (h *Healer) detectDrift(ctx context.Context, r *run) (Answer, error) {
	if _, _, err := r.lookAtExternal(ctx); err != nil {
		return Answer{}, err
	}
	pass, err := r.currentPass(ctx, plan.StageDetect)
	if err == nil && pass == nil {
		pass, err = r.nextPass(ctx, plan.StageDetect)
	}
	if err != nil {
		return Answer{}, err
	}
	wait, err := r.carryOut(ctx, pass)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Complete: true, Wait: max(1, int(wait.Seconds()))}, nil
}

// driftStatus follows the detections.
func (h *Healer) driftStatus(ctx context.Context, r *run) (Answer, error) {
	pass, err := r.currentPass(ctx, plan.StageDetect)
	if err != nil || pass == nil {
		return Answer{Complete: true}, err
	}
	wait, err := r.carryOut(ctx, pass)
	if err != nil || wait > 0 {
		return again(wait), err
	}
	return Answer{Complete: true}, r.endPass(ctx, pass)
}

// searchInstancesToHeal applies what the drift detections found to the run's
// view of the fleet and makes the first healing plan.
func (h *Healer) searchInstancesToHeal(ctx context.Context, r *run) (Answer, error) {
	if done, err := r.learn(ctx); err != nil || !done {
		return again(0), err
	}
	if err := r.keepBefore(ctx); err != nil {
		return Answer{}, err
	}
	if err := r.keepDrift(ctx); err != nil {
		return Answer{}, err
	}
	if r.rec.Value.Passes[plan.StageHeal] > 0 {
		return Answer{Complete: true}, nil
	}
	if _, err := r.nextPass(ctx, plan.StageHeal); err != nil {
		return Answer{}, err
	}
	return Answer{Complete: true}, nil
}

// learn brings what the last detections found into the run's view of the fleet,
// and what only the details show. It reports false if the time was not enough.
func (r *run) learn(ctx context.Context) (bool, error) {
	if err := r.readDrift(ctx); err != nil {
		return false, err
	}
	if done, err := r.checkTemplates(ctx); err != nil || !done {
		return false, err
	}
	return r.judgeDrift(ctx)
}

// heal carries a plan out, has AWS check what came of it, and plans again with what
// it learned, until a plan has nothing to do.
func (h *Healer) heal(ctx context.Context, r *run) (Answer, error) {
	pass, err := r.currentPass(ctx, plan.StageHeal)
	if err != nil {
		return Answer{}, err
	}
	if pass == nil || pass.Value.Ended {
		return r.planHealing(ctx, pass)
	}
	wait, err := r.carryOut(ctx, pass)
	if err != nil || wait > 0 {
		return again(wait), err
	}
	if done, err := r.learn(ctx); err != nil || !done {
		return again(0), err
	}
	return Answer{Wait: 1}, r.endPass(ctx, pass)
}

// planHealing makes the next healing plan. Sets on which others were working join in
// when they are free; only when nothing else is left to do are they waited for.
func (r *run) planHealing(ctx context.Context, last *document[Pass]) (Answer, error) {
	if err := r.recover(ctx); err != nil {
		return Answer{}, err
	}
	busy, freed, err := r.lookAtExternal(ctx)
	if err != nil {
		return Answer{}, err
	}
	idle := last != nil && last.Value.N < maxPasses && len(last.Value.Commands) == 0
	if busy && len(freed) == 0 && idle {
		return again(externalPoll), nil
	}
	pass, err := r.nextPass(ctx, plan.StageHeal)
	if err != nil {
		return Answer{}, err
	}
	if len(pass.Value.Commands) > 0 && pass.Value.N < maxPasses {
		return Answer{Wait: 1}, nil
	}
	if err := r.endPass(ctx, pass); err != nil {
		return Answer{}, err
	}
	if busy && pass.Value.N < maxPasses {
		return again(externalPoll), nil
	}
	if wait := r.untilBackedOff(pass.Value.Plan); wait > 0 && pass.Value.N < maxPasses {
		return again(wait), nil
	}
	return Answer{Complete: true}, nil
}

// patience is how long a run stays for cells that back off between two heals.
// What backs off for longer is left to the next run.
const patience = 30 * time.Minute

// untilBackedOff is the time until the first cell may be healed again, zero if
// none is worth waiting for.
func (r *run) untilBackedOff(p *plan.Plan) time.Duration {
	var first time.Time
	for _, cell := range p.Unhandled {
		if cell.Remedy != "" && cell.NotBefore.After(r.now()) && (first.IsZero() || cell.NotBefore.Before(first)) {
			first = cell.NotBefore
		}
	}
	if wait := first.Sub(r.now()); !first.IsZero() && wait <= patience {
		return wait
	}
	return 0
}

// maxPasses bounds how often the heal stage plans. A cell goes through its
// remedies and backs off three times at most before quarantine, so reaching the
// bound means that planner and world disagree.
const maxPasses = 20

// workOff carries out a stage of at most the given number of passes. Sets on which
// an external operation runs keep the others waiting in no stage but the last, in
// which they get passes of their own when it has ended.
func (r *run) workOff(ctx context.Context, stage plan.Stage, passes int) (Answer, error) {
	pass, err := r.currentPass(ctx, stage)
	if err == nil && pass == nil {
		pass, err = r.nextPass(ctx, stage)
	}
	if err != nil {
		return Answer{}, err
	}
	if !pass.Value.Ended {
		wait, err := r.carryOut(ctx, pass)
		if err != nil || wait > 0 {
			return again(wait), err
		}
		if err := r.endPass(ctx, pass); err != nil {
			return Answer{}, err
		}
	}
	replan := pass.Value.Again && pass.Value.N < maxPasses
	if !replan && (pass.Value.N >= passes || len(pass.Value.Commands) == 0) {
		return Answer{Complete: true}, nil
	}
	if _, _, err := r.lookAtExternal(ctx); err != nil {
		return Answer{}, err
	}
	if _, err := r.nextPass(ctx, stage); err != nil {
		return Answer{}, err
	}
	return Answer{Wait: 1}, nil
}

// lookAtExternal looks whether the external operations have ended, reads the sets
// again on which they have, and reports whether one is still worth waiting for.
func (r *run) lookAtExternal(ctx context.Context) (busy bool, over []fleet.StackSetName, err error) {
	f, err := r.inventory(ctx)
	if err != nil {
		return false, nil, err
	}
	waiting := r.external(f)
	if len(waiting) == 0 {
		return false, nil, nil
	}
	for _, name := range waiting {
		running, err := r.h.Cloud.Running(ctx, name)
		if err != nil {
			return false, nil, err
		}
		if len(running) == 0 {
			over = append(over, name)
		}
	}
	if err := r.refresh(ctx, over); err != nil {
		return false, nil, err
	}
	return r.patient() && len(over) < len(waiting), over, nil // else the plan leaves them out and says why
}

// externalLimit is how long a run waits for external operations before it continues
// without their stack sets.
const externalLimit = 2 * time.Hour

// patient reports whether the run still waits for external operations.
func (r *run) patient() bool { return r.now().Sub(r.rec.Value.Started) <= externalLimit }

// rememberOrganization keeps the organization as it was read, for the next run's
// shrink guard, if this run's own did not stop it.
func (r *run) rememberOrganization(ctx context.Context) error {
	for _, trip := range r.rec.Value.Guards {
		if trip.Guard == plan.GuardOrganizationShrank && !trip.Accepted {
			return nil
		}
	}
	f, err := r.inventory(ctx)
	if err != nil {
		return err
	}
	return r.rememberAccounts(ctx, f)
}
