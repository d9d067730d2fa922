package heal

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// Round is one plan of a stage and the works that carry it out. A stage plans
// again when all works of its round have ended, until a plan has nothing to do.
type Round struct {
	Stage plan.Stage `json:"stage"`
	N     int        `json:"n"`
	Plan  *plan.Plan `json:"plan"`
	Works []string   `json:"works"` // keys, in the plan's order
	Ended bool       `json:"ended"`
	// Waiting are sets left out because somebody else's operation runs on them.
	Waiting []fleet.StackSetName `json:"waiting,omitempty"`
	// Again is set if works stood down, so that the stage has to plan anew.
	Again bool `json:"again,omitempty"`
}

func roundKey(run string, stage plan.Stage, n int) string {
	return runKey(run, "rounds/"+string(stage)+"-"+strconv.Itoa(n))
}

// currentRound loads the stage's latest round, nil before the first.
func (r *run) currentRound(ctx context.Context, stage plan.Stage) (*document[Round], error) {
	n := r.rec.Value.Rounds[stage]
	if n == 0 {
		return nil, nil
	}
	return read[Round](ctx, r.h.Journal, roundKey(r.id(), stage, n))
}

// nextRound plans the stage anew from the run's view of the fleet and makes the
// plan and its works durable. The works come first: a round that is in the
// journal always finds its works there.
func (r *run) nextRound(ctx context.Context, stage plan.Stage) (*document[Round], error) {
	p, assessment, err := r.plan(ctx, stage)
	if err != nil {
		return nil, err
	}
	f, err := r.inventory(ctx)
	if err != nil {
		return nil, err
	}
	n := r.rec.Value.Rounds[stage] + 1
	round, err := read[Round](ctx, r.h.Journal, roundKey(r.id(), stage, n))
	if err != nil {
		return nil, err
	}
	if !round.exists() {
		round.Value = Round{Stage: stage, N: n, Plan: p, Waiting: r.foreign(f)}
		if err := r.writeRound(ctx, round, f, assessment); err != nil {
			return nil, err
		}
	}
	r.rec.Value.Rounds[stage] = n
	r.markOpened(p.Guards)
	r.keepTrips(p.Guards)
	return round, r.save(ctx)
}

func (r *run) writeRound(ctx context.Context, round *document[Round], f *fleet.Fleet, assessment *plan.Assessment) error {
	v := &round.Value
	verdicts := index(assessment)
	for _, action := range v.Plan.Actions {
		key := fmt.Sprintf("%s-%d-%s", v.Stage, v.N, action.ID)
		w, err := read[Work](ctx, r.h.Journal, workKey(r.id(), key))
		if err != nil {
			return err
		}
		if !w.exists() {
			w.Value = Work{Key: key, Action: action, Cells: cellsOf(action, verdicts)}
			w.Value.pin(f)
			if err := w.write(ctx, r.h.Journal); err != nil {
				return err
			}
		}
		v.Works = append(v.Works, key)
	}
	if err := r.decidePlanned(ctx, v); err != nil {
		return err
	}
	if err := r.ask(ctx, v.Plan.Guards); err != nil {
		return err
	}
	return round.write(ctx, r.h.Journal)
}

// cellsOf lists an action's cells with what was found there.
func cellsOf(action plan.Action, verdicts map[fleet.Cell]*plan.Assessed) []CellWork {
	cells := make([]CellWork, 0, len(action.Targets))
	for _, target := range action.Targets {
		c := CellWork{Cell: fleet.Cell{StackSet: action.StackSet, Target: target}}
		if found := verdicts[c.Cell]; found != nil {
			c.Verdict, c.Why, c.Class = found.Verdict, found.Reason, found.Class
		}
		cells = append(cells, c)
	}
	return cells
}

// plan assesses the fleet as the run knows it and plans one stage.
func (r *run) plan(ctx context.Context, stage plan.Stage) (*plan.Plan, *plan.Assessment, error) {
	f, err := r.inventory(ctx)
	if err != nil {
		return nil, nil, err
	}
	assessment, memory, err := r.assess(ctx, f)
	if err != nil {
		return nil, nil, err
	}
	copied := *assessment.Plan(plan.Options{Scope: r.rec.Value.Options.Scope()})
	p := &copied
	p.Actions = slices.Clone(p.Actions)
	r.holdBack(p, memory.Accepted)
	p.Actions = slices.DeleteFunc(p.Actions, func(a plan.Action) bool { return !stageTakes(stage, a) })
	keep := map[string]bool{}
	for _, a := range p.Actions {
		keep[a.ID] = true
	}
	for i := range p.Actions {
		p.Actions[i].After = slices.DeleteFunc(slices.Clone(p.Actions[i].After), func(id string) bool { return !keep[id] })
	}
	return p, assessment, nil
}

// stageTakes reports whether an action is carried out in the stage. The last one
// takes what could not be done in its own, too: its set was busy, it waited for
// another try, or it was deleted since.
func stageTakes(stage plan.Stage, a plan.Action) bool {
	return a.Remedy != plan.RemedyDetect && (a.Stage == stage || stage == plan.StageHeal)
}

// index finds an assessment's cells.
func index(a *plan.Assessment) map[fleet.Cell]*plan.Assessed {
	cells := make(map[fleet.Cell]*plan.Assessed, len(a.Cells))
	for i := range a.Cells {
		cells[a.Cells[i].Cell] = &a.Cells[i]
	}
	return cells
}

// assess judges the fleet with what earlier runs and this one remember.
func (r *run) assess(ctx context.Context, f *fleet.Fleet) (*plan.Assessment, plan.Memory, error) {
	memory, err := LoadMemory(ctx, r.h.Journal, r.rec.Value.Options.Accept)
	if err != nil {
		return nil, memory, err
	}
	memory.Operations, memory.Removed = r.ourOperations(f), r.rec.Value.Removed
	return plan.Assess(f, r.h.Policy, memory, r.now()), memory, nil
}

// keepRefusals makes guards of what works found out about single cells right
// before they would have acted.
func (r *run) keepRefusals(works []*document[Work]) {
	for _, w := range works {
		for _, c := range w.Value.Cells {
			if c.State == cellFailed && c.Class == plan.ReasonMaskedOverride {
				r.keepTrips([]plan.GuardHit{{Guard: plan.GuardMaskedOverride, StackSet: c.StackSet, Reason: c.Reason, Hint: plan.Hint(c.Class)}})
			}
		}
	}
}

// keepTrips keeps the guards that tripped for the report, one entry each.
func (r *run) keepTrips(trips []plan.GuardHit) {
	v := &r.rec.Value
	for _, trip := range trips {
		if i := slices.IndexFunc(v.Guards, sameGuard(trip)); i >= 0 {
			v.Guards[i] = trip
			continue
		}
		v.Guards = append(v.Guards, trip)
	}
}

// markOpened marks the guards that open by themselves and have.
func (r *run) markOpened(trips []plan.GuardHit) {
	for i := range r.rec.Value.Guards {
		if t := &r.rec.Value.Guards[i]; t.Waits && !slices.ContainsFunc(trips, sameGuard(*t)) {
			t.Opened = true
		}
	}
}

func sameGuard(a plan.GuardHit) func(plan.GuardHit) bool {
	return func(b plan.GuardHit) bool { return a.Guard == b.Guard && a.StackSet == b.StackSet }
}
