package heal

import (
	"context"
	"fmt"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// holdAfterFailedWaves lets no further wave of a stack set take stacks down once
// a deleted stack of it could not be created again for a reason that would meet
// the next ones too. That is what the canary is for. One that was not deleted and
// created again has proved nothing: the next plan begins with another.
func (r *run) holdAfterFailedWaves(ctx context.Context, works []*document[Work]) error {
	failed := map[fleet.StackSetName]string{}
	for _, w := range works {
		if why := w.Value.cannotComeBack(); why != "" {
			failed[w.Value.Action.StackSet] = "Left alone, since another could not be created again: " + why
		} else if r.isCanary(works, &w.Value) && w.Value.done() && w.Value.Cells[0].State != cellHealed {
			failed[w.Value.Action.StackSet] = "Left to the next plan, since the first one proved nothing: " + w.Value.Cells[0].Reason
		}
	}
	for _, w := range works {
		v := &w.Value
		if v.started() || v.Action.Remedy != plan.RemedyRedeploy {
			continue
		}
		why := failed[v.Action.StackSet]
		if why == "" {
			var err error
			if why, err = r.tooManyDown(ctx, works, v); err != nil {
				return err
			}
		}
		if why == "" {
			continue
		}
		for i := range v.Cells {
			v.Cells[i].State, v.Cells[i].Reason = cellHeld, why
		}
		v.Phase = phaseDone
		if err := w.write(ctx, r.h.Journal); err != nil {
			return err
		}
	}
	return nil
}

// tooManyDown says why a wave must not begin, "" if it may: stacks that earlier
// waves deleted and that could not be created again are down as well, and all
// together would be more than may be.
func (r *run) tooManyDown(ctx context.Context, works []*document[Work], w *Work) (string, error) {
	if !slices.ContainsFunc(works, func(other *document[Work]) bool { return other.Value.leftDown(w.sets()) }) {
		return "", nil
	}
	debts, err := owed(ctx, r.h.Journal)
	if err != nil {
		return "", err
	}
	for _, set := range w.sets() {
		down := 0
		for cell := range debts {
			if cell.StackSet == set {
				down++
			}
		}
		instances := r.inv.Value.StackSets[set].Instances
		if most := r.policy(set).MostUnavailable(len(instances)); down > 0 && down+len(w.Action.Targets) > most {
			return fmt.Sprintf("Left to the next plan: %d instances of %s are down already, and at most %d may be.", down, set, most), nil
		}
	}
	return "", nil
}

// leftDown reports whether the work has ended and left stacks of one of the sets
// deleted.
func (w *Work) leftDown(sets []fleet.StackSetName) bool {
	return w.done() && slices.ContainsFunc(w.Cells, func(c CellWork) bool {
		return c.Gone && c.State != cellHealed && slices.Contains(sets, c.StackSet)
	})
}

// isCanary reports whether the work is the one cell that a redeployment of many
// begins with.
func (r *run) isCanary(works []*document[Work], w *Work) bool {
	if w.Action.Remedy != plan.RemedyRedeploy || w.Action.Wave != 0 || len(w.Action.Targets) != 1 {
		return false
	}
	cells := 0
	for _, other := range works {
		if a := other.Value.Action; a.Remedy == plan.RemedyRedeploy && a.StackSet == w.Action.StackSet {
			cells += len(a.Targets)
		}
	}
	return cells >= r.policy(w.Action.StackSet).CanaryFrom
}

// cannotComeBack is AWS's reason for which an instance that this work deleted was
// not created again, "" if there is none or it concerns one account only.
func (w *Work) cannotComeBack() string {
	for _, c := range w.Cells {
		if c.Gone && c.State == cellFailed && slices.Contains(commonCauses, c.Class) {
			return c.Reason
		}
	}
	return ""
}

// commonCauses are the classes of failure that one instance most likely shares
// with its neighbours; the others lie in an account.
var commonCauses = []plan.ReasonClass{plan.ReasonTemplate, plan.ReasonUnknown, plan.ReasonInternal, plan.ReasonImportMissing, plan.ReasonStackStuck}

// keepHolds remembers the sets of which no more is taken down in this run.
func (r *run) keepHolds(works []*document[Work]) {
	for _, w := range works {
		if why := w.Value.cannotComeBack(); why != "" {
			if r.rec.Value.Held == nil {
				r.rec.Value.Held = map[fleet.StackSetName]string{}
			}
			r.rec.Value.Held[w.Value.Action.StackSet] = why
		}
	}
}

// holdBack takes out of a plan what would take down more of a held set, as a
// guard that a person can open.
func (r *run) holdBack(p *plan.Plan, accepted map[string]bool) {
	held := r.rec.Value.Held
	for _, set := range fleet.SortedKeys(held) {
		trip := plan.GuardHit{Guard: plan.GuardCanary, StackSet: set,
			Reason: "A stack that was deleted could not be created again. " + held[set],
			Hint:   fmt.Sprintf("Put right what AWS names; to redeploy the others all the same, --accept %s:%s.", plan.GuardCanary, set)}
		trip.Accepted = accepted[string(plan.GuardCanary)] || accepted[plan.GuardCanary.Of(set)]
		if trip.Accepted {
			continue
		}
		before := len(p.Actions)
		p.Actions = slices.DeleteFunc(p.Actions, func(a plan.Action) bool {
			return a.Remedy == plan.RemedyRedeploy && (a.StackSet == set || slices.Contains(a.Together, set))
		})
		if len(p.Actions) < before {
			p.Guards = append(p.Guards, trip)
		}
	}
}
