package heal

import (
	"context"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// initCleanup observes the fleet, keeps how it was found, and deals with orphans.
func (h *Healer) initCleanup(ctx context.Context, r *run) (Answer, error) {
	if r.rec.Value.Rounds[plan.StageCleanup] == 0 {
		if done, err := r.observe(ctx); err != nil || !done {
			return again(0), err
		}
		if err := r.dropOldApprovals(ctx); err != nil {
			return Answer{}, err
		}
		if err := r.settleStanding(ctx); err != nil {
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
	if r.rec.Value.Rounds[plan.StageDeploy] == 0 {
		if err := r.rememberOrganization(ctx); err != nil {
			return Answer{}, err
		}
	}
	return r.workOff(ctx, plan.StageDeploy, 2)
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
	if _, err := r.nextRound(ctx, plan.StageHeal); err != nil {
		return Answer{}, err
	}
	return Answer{Complete: true}, nil
}

// learn brings what the last detections found into the run's view of the fleet,
// and what only the details tell. It reports false if the time was not enough.
func (r *run) learn(ctx context.Context) (bool, error) {
	if err := r.readDrift(ctx); err != nil {
		return false, err
	}
	if done, err := r.checkTemplates(ctx); err != nil || !done {
		return false, err
	}
	return r.judgeIgnored(ctx)
}

// heal climbs the ladder: it works off a plan, checks what came of it, and plans
// again with what it learned, until a plan has nothing to do.
func (h *Healer) heal(ctx context.Context, r *run) (Answer, error) {
	round, err := r.currentRound(ctx, plan.StageHeal)
	if err != nil {
		return Answer{}, err
	}
	if round == nil || round.Value.Ended {
		return r.verifyHealed(ctx, round)
	}
	wait, err := r.execute(ctx, round)
	if err != nil || wait > 0 {
		return again(wait), err
	}
	return Answer{Wait: 1}, r.endRound(ctx, round)
}

// verifyHealed proves a round: the sets it changed have their drift detected
// again and are read again, and what is still wrong goes into the next plan. Sets
// on which others were working join in when they are free; only when nothing else
// is left to do are they waited for.
func (r *run) verifyHealed(ctx context.Context, last *document[Round]) (Answer, error) {
	busy, freed, err := r.lookAtForeign(ctx)
	if err != nil {
		return Answer{}, err
	}
	if busy && len(freed) == 0 && r.idle(last) {
		return again(foreignPoll), nil
	}
	if wait, err := r.detect(ctx, r.rec.Value.Unverified); err != nil || wait > 0 {
		return again(wait), err
	}
	if done, err := r.learn(ctx); err != nil || !done {
		return again(0), err
	}
	r.rec.Value.Unverified = nil
	round, err := r.nextRound(ctx, plan.StageHeal)
	if err != nil {
		return Answer{}, err
	}
	if len(round.Value.Works) > 0 && round.Value.N < maxRounds {
		return Answer{Wait: 1}, nil
	}
	if err := r.endRound(ctx, round); err != nil {
		return Answer{}, err
	}
	if busy && round.Value.N < maxRounds {
		return again(foreignPoll), nil
	}
	if wait := r.untilBackedOff(round.Value.Plan); wait > 0 && round.Value.N < maxRounds {
		return again(wait), nil
	}
	return Answer{Complete: true}, nil
}

// idle reports whether the last round had nothing to do and nothing is left to be
// proved.
func (r *run) idle(last *document[Round]) bool {
	return last != nil && last.Value.N < maxRounds && len(last.Value.Works) == 0 && len(r.rec.Value.Unverified) == 0
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

// maxRounds bounds how often the heal stage plans. A cell climbs its ladder and
// backs off three times at most before quarantine, so reaching the bound means
// that planner and world disagree.
const maxRounds = 20

// workOff carries out a stage of at most the given number of rounds. Sets on
// which somebody else's operation runs keep the others waiting in no stage but the
// last, in which they get rounds of their own when it has ended.
func (r *run) workOff(ctx context.Context, stage plan.Stage, rounds int) (Answer, error) {
	round, err := r.currentRound(ctx, stage)
	if err == nil && round == nil {
		round, err = r.nextRound(ctx, stage)
	}
	if err != nil {
		return Answer{}, err
	}
	if !round.Value.Ended {
		wait, err := r.execute(ctx, round)
		if err != nil || wait > 0 {
			return again(wait), err
		}
		if err := r.endRound(ctx, round); err != nil {
			return Answer{}, err
		}
	}
	replan := round.Value.Again && round.Value.N < maxRounds
	if !replan && (round.Value.N >= rounds || len(round.Value.Works) == 0) {
		return Answer{Complete: true}, nil
	}
	if _, _, err := r.lookAtForeign(ctx); err != nil {
		return Answer{}, err
	}
	if _, err := r.nextRound(ctx, stage); err != nil {
		return Answer{}, err
	}
	return Answer{Wait: 1}, nil
}

// endRound takes in what the works changed and closes the round.
func (r *run) endRound(ctx context.Context, round *document[Round]) error {
	works, err := r.works(ctx, round.Value.Works)
	if err != nil {
		return err
	}
	if err := r.takeIn(ctx, works); err != nil {
		return err
	}
	if err := r.takeInSkipped(ctx, works); err != nil {
		return err
	}
	r.rec.Value.count(works)
	r.rec.Value.countRemoved(works)
	r.keepHolds(works)
	r.keepRefusals(works)
	for _, set := range setsOf(works) {
		if !slices.Contains(r.rec.Value.Unverified, set) && round.Value.Stage == plan.StageHeal {
			r.rec.Value.Unverified = append(r.rec.Value.Unverified, set)
		}
	}
	again, err := r.afterStandingDown(ctx, works)
	if err != nil {
		return err
	}
	if err := r.save(ctx); err != nil {
		return err
	}
	round.Value.Ended, round.Value.Again = true, again
	return round.write(ctx, r.h.Journal)
}

// lookAtForeign looks whether the operations of others have ended, reads the sets
// again on which they have, and reports whether one is still worth waiting for.
// Sets that have become free are checked for drift where that is due.
func (r *run) lookAtForeign(ctx context.Context) (busy bool, over []fleet.StackSetName, err error) {
	f, err := r.inventory(ctx)
	if err != nil {
		return false, nil, err
	}
	waiting := r.foreign(f)
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
	due, err := r.setsToCheck(ctx, f)
	if err != nil {
		return false, nil, err
	}
	for _, name := range due {
		if slices.Contains(over, name) && !slices.Contains(r.rec.Value.Unverified, name) && r.rec.Value.Rounds[plan.StageHeal] > 0 {
			r.rec.Value.Unverified = append(r.rec.Value.Unverified, name)
		}
	}
	return r.patient() && len(over) < len(waiting), over, nil // else the plan leaves them out and says why
}

// foreignLimit is how long a run waits for the operations of others before it
// goes on without their stack sets.
const foreignLimit = 2 * time.Hour

// patient reports whether the run still waits for the operations of others.
func (r *run) patient() bool { return r.now().Sub(r.rec.Value.Started) <= foreignLimit }

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
