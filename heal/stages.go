package heal

import (
	"context"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/fault"
	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// Stages are the handlers by the names that the state machine calls them.
func (h *Healer) Stages() map[string]Stage {
	return map[string]Stage{
		"setmend-InitCleanup":           h.stage("InitCleanup", h.initCleanup),
		"setmend-MandatoryDeployment":   h.stage("MandatoryDeployment", h.mandatoryDeployment),
		"setmend-DetectDrift":           h.stage("DetectDrift", h.detectDrift),
		"setmend-DriftStatus":           h.stage("DriftStatus", h.driftStatus),
		"setmend-SearchInstancesToHeal": h.stage("SearchInstancesToHeal", h.searchInstancesToHeal),
		"setmend-Heal":                  h.stage("Heal", h.heal),
		"setmend-PublishStatus":         h.stage("PublishStatus", h.publishStatus),
		"setmend-Notify":                h.stage("Notify", h.notify),
	}
}

// initCleanup takes over what earlier runs have left, makes their pending restores,
// observes the fleet, records how it was found, and deals with orphans.
func (h *Healer) initCleanup(ctx context.Context, r *run) (Answer, error) {
	if r.rec.Value.Passes[plan.StageCleanup] == 0 {
		if !r.rec.Value.Recovered {
			if err := r.restores.Recover(ctx); err != nil {
				return Answer{}, err
			}
			r.rec.Value.Recovered = true
		}
		if wait, err := (&passes{r}).restoreFirst(ctx); err != nil || wait > 0 {
			return again(wait), err
		}
		if done, err := r.read(ctx); err != nil || !done {
			return again(0), err
		}
		if done, err := r.judgeDrift(ctx); err != nil || !done { // or drift that is none would trip guards
			return again(0), err
		}
		if err := r.checkAccepted(); err != nil {
			return Answer{}, err
		}
		if err := record.DropApprovals(ctx, h.Journal, r.now()); err != nil {
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
	if _, _, err := r.view.LookAtExternal(ctx); err != nil {
		return Answer{}, err
	}
	pass, err := (&passes{r}).current(ctx, plan.StageDetect)
	if err == nil && pass == nil {
		pass, err = (&passes{r}).next(ctx, plan.StageDetect)
	}
	if err != nil {
		return Answer{}, err
	}
	wait, err := (&passes{r}).carryOut(ctx, pass)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Complete: true, Wait: max(1, int(wait.Seconds()))}, nil
}

// driftStatus follows the detections.
func (h *Healer) driftStatus(ctx context.Context, r *run) (Answer, error) {
	pass, err := (&passes{r}).current(ctx, plan.StageDetect)
	if err != nil || pass == nil {
		return Answer{Complete: true}, err
	}
	wait, err := (&passes{r}).carryOut(ctx, pass)
	if err != nil || wait > 0 {
		return again(wait), err
	}
	return Answer{Complete: true}, (&passes{r}).end(ctx, pass)
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
	if err := (&observe.Details{View: r.view}).KeepDrift(ctx); err != nil {
		return Answer{}, err
	}
	if r.rec.Value.Passes[plan.StageHeal] > 0 {
		return Answer{Complete: true}, nil
	}
	if _, err := (&passes{r}).next(ctx, plan.StageHeal); err != nil {
		return Answer{}, err
	}
	return Answer{Complete: true}, nil
}

// learn brings what the last detections found into the run's view of the fleet,
// and what only the details show. It reports false if the time was not enough.
func (r *run) learn(ctx context.Context) (bool, error) {
	if err := r.view.ReadDrift(ctx, &r.rec.Value); err != nil {
		return false, err
	}
	if err := r.save(ctx); err != nil {
		return false, err
	}
	if done, err := (&observe.Templates{View: r.view}).Check(ctx, r.rec.Value.Options); err != nil || !done {
		return false, err
	}
	return r.judgeDrift(ctx)
}

// judgeDrift reads what exactly has drifted, and what of it counts. It reports false if
// the time was not enough.
func (r *run) judgeDrift(ctx context.Context) (bool, error) {
	done, err := (&observe.Details{View: r.view}).Judge(ctx, &r.rec.Value)
	if err != nil {
		return false, err
	}
	return done, r.save(ctx)
}

// heal carries a plan out, has AWS check what came of it, and plans again with what
// it learned, until a plan has nothing to do.
func (h *Healer) heal(ctx context.Context, r *run) (Answer, error) {
	pass, err := (&passes{r}).current(ctx, plan.StageHeal)
	if err != nil {
		return Answer{}, err
	}
	if pass == nil || pass.Value.Ended {
		return r.planHealing(ctx, pass)
	}
	wait, err := (&passes{r}).carryOut(ctx, pass)
	if err != nil || wait > 0 {
		return again(wait), err
	}
	if done, err := r.learn(ctx); err != nil || !done {
		return again(0), err
	}
	return Answer{Wait: 1}, (&passes{r}).end(ctx, pass)
}

// read reads the fleet, as far as the time of this call goes.
func (r *run) read(ctx context.Context) (bool, error) {
	r.rec.Value.OrganizationRead = r.now()
	return r.view.Read(ctx)
}

// externalPoll is how often a set with an external operation is looked at.
const externalPoll = 30 * time.Second

// planHealing makes the next healing plan. Sets on which others were working join in
// when they are free; only when nothing else is left to do are they waited for.
func (r *run) planHealing(ctx context.Context, last *record.Document[record.Pass]) (Answer, error) {
	if err := r.restores.Recover(ctx); err != nil {
		return Answer{}, err
	}
	busy, freed, err := r.view.LookAtExternal(ctx)
	if err != nil {
		return Answer{}, err
	}
	idle := last != nil && last.Value.N < maxPasses && len(last.Value.Commands) == 0
	if busy && len(freed) == 0 && idle {
		return again(externalPoll), nil
	}
	pass, err := (&passes{r}).next(ctx, plan.StageHeal)
	if err != nil {
		return Answer{}, err
	}
	if len(pass.Value.Commands) > 0 && pass.Value.N < maxPasses {
		return Answer{Wait: 1}, nil
	}
	if err := (&passes{r}).end(ctx, pass); err != nil {
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
func (r *run) workOff(ctx context.Context, stage plan.Stage, most int) (Answer, error) {
	pass, err := (&passes{r}).current(ctx, stage)
	if err == nil && pass == nil {
		pass, err = (&passes{r}).next(ctx, stage)
	}
	if err != nil {
		return Answer{}, err
	}
	if !pass.Value.Ended {
		wait, err := (&passes{r}).carryOut(ctx, pass)
		if err != nil || wait > 0 {
			return again(wait), err
		}
		if err := (&passes{r}).end(ctx, pass); err != nil {
			return Answer{}, err
		}
	}
	replan := pass.Value.Again && pass.Value.N < maxPasses
	if !replan && (pass.Value.N >= most || len(pass.Value.Commands) == 0) {
		return Answer{Complete: true}, nil
	}
	if _, _, err := r.view.LookAtExternal(ctx); err != nil {
		return Answer{}, err
	}
	if _, err := (&passes{r}).next(ctx, stage); err != nil {
		return Answer{}, err
	}
	return Answer{Wait: 1}, nil
}

// rememberOrganization keeps the organization as it was read, for the next run's
// shrink guard, if this run's own did not stop it.
func (r *run) rememberOrganization(ctx context.Context) error {
	for _, trip := range r.rec.Value.Guards {
		if trip.Guard == plan.GuardOrganizationShrank && !trip.Accepted {
			return nil
		}
	}
	f, err := r.view.Fleet(ctx)
	if err != nil {
		return err
	}
	return record.RememberAccounts(ctx, r.h.Journal, f)
}

// checkAccepted fails if the run was given an answer that cannot be taken.
func (r *run) checkAccepted() error {
	sets := fleet.SortedKeys(r.view.Loaded().StackSets)
	for _, answer := range r.rec.Value.Options.Accept {
		if err := plan.CheckAccept(answer, sets); err != nil {
			return &fault.Error{Name: fault.Run, Err: err}
		}
	}
	return nil
}

// keepBefore records how the run found the fleet. Drift is known only after
// detection, so the stage after it calls this again: cells that looked healthy
// then take what detection report.Found, cells that were already put right keep what
// was wrong with them.
func (r *run) keepBefore(ctx context.Context) error {
	assessment, _, err := plannerOf(r).assess(ctx)
	if err != nil {
		return err
	}
	doc, err := record.Read[[]report.Found](ctx, r.h.Journal, record.RunKey(r.id(), "before"))
	if err != nil {
		return err
	}
	earlier := map[fleet.Cell]report.Found{}
	for _, c := range doc.Value {
		if c.Verdict != plan.Healthy && c.Verdict != plan.NotChecked {
			earlier[c.Cell] = c
		}
	}
	var all []report.Found
	for _, c := range assessment.Cells {
		if was, ok := earlier[c.Cell]; ok {
			delete(earlier, c.Cell)
			all = append(all, was)
			continue
		}
		all = append(all, report.Found{Cell: c.Cell, Verdict: c.Verdict, Reason: c.Reason})
	}
	for _, was := range earlier { // orphans that are gone; sorted by the report
		all = append(all, was)
	}
	doc.Value = all
	return doc.Write(ctx, r.h.Journal)
}
