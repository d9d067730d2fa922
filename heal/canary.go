package heal

import (
	"context"
	"fmt"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/plan"
)

// holdBackWaves lets no further wave of a stack set take stacks down once a deleted
// stack of it could not be created again for a reason that would meet the next ones
// too. That is what the canary is for. One that was not deleted and created again
// has proved nothing: the next plan begins with another.
func (r *run) holdBackWaves(ctx context.Context, commands []*command.Command) error {
	failed := map[fleet.StackSetName]string{}
	for _, c := range commands {
		if why := cannotComeBack(c); why != "" {
			failed[c.Action.StackSet] = "Left alone, since another could not be created again: " + why
		} else if r.isCanary(commands, c) && c.Done() && c.Cells[0].State != command.Healed {
			failed[c.Action.StackSet] = "Left to the next plan, since the first one proved nothing: " + c.Cells[0].Reason
		}
	}
	for _, c := range commands {
		if c.Started() || c.Kind != command.Redeploy {
			continue
		}
		why := failed[c.Action.StackSet]
		if why == "" {
			var err error
			if why, err = r.tooManyDown(ctx, commands, c); err != nil {
				return err
			}
		}
		if why == "" {
			continue
		}
		if err := r.log.record(ctx, c.ID, command.HeldBack{Reason: why}); err != nil {
			return err
		}
	}
	return nil
}

// tooManyDown returns why a wave must not begin, "" if it may: stacks that earlier
// waves deleted and that could not be created again are down as well, and all
// together would be more than may be.
func (r *run) tooManyDown(ctx context.Context, commands []*command.Command, c *command.Command) (string, error) {
	if !slices.ContainsFunc(commands, func(other *command.Command) bool { return leftDown(other, c.Sets()) }) {
		return "", nil
	}
	pending, err := pendingRestores(ctx, r.h.Journal, r.log)
	if err != nil {
		return "", err
	}
	for _, set := range c.Sets() {
		down := 0
		for cell := range pending {
			if cell.StackSet == set {
				down++
			}
		}
		instances := r.inv.Value.StackSets[set].Instances
		if most := r.policy(set).MostUnavailable(len(instances)); down > 0 && down+len(c.Action.Targets) > most {
			return fmt.Sprintf("Left to the next plan: %d instances of %s are down already, and at most %d may be.", down, set, most), nil
		}
	}
	return "", nil
}

// leftDown reports whether the command has ended and left stacks of one of the sets
// deleted.
func leftDown(c *command.Command, sets []fleet.StackSetName) bool {
	return c.Done() && slices.ContainsFunc(c.Cells, func(d command.Cell) bool {
		return d.Gone && d.State != command.Healed && slices.Contains(sets, d.StackSet)
	})
}

// isCanary reports whether the command is the one cell that a redeployment of many
// begins with.
func (r *run) isCanary(commands []*command.Command, c *command.Command) bool {
	if c.Kind != command.Redeploy || c.Action.Wave != 0 || len(c.Action.Targets) != 1 {
		return false
	}
	cells := 0
	for _, other := range commands {
		if other.Kind == command.Redeploy && other.Action.StackSet == c.Action.StackSet {
			cells += len(other.Action.Targets)
		}
	}
	return cells >= r.policy(c.Action.StackSet).CanaryFrom
}

// cannotComeBack is AWS's reason for which an instance that this command deleted was
// not created again, "" if there is none or it concerns one account only.
func cannotComeBack(c *command.Command) string {
	for i := range c.Cells {
		if d := &c.Cells[i]; d.Gone && d.State == command.Failed && slices.Contains(commonCauses, d.Class) {
			return d.Reason
		}
	}
	return ""
}

// commonCauses are the classes of failure that one instance most likely shares
// with its neighbours; the others lie in an account.
var commonCauses = []plan.ReasonClass{plan.ReasonTemplate, plan.ReasonUnknown, plan.ReasonImportMissing, plan.ReasonStackStuck,
	plan.ReasonInternal, plan.ReasonHook, plan.ReasonCustomResource, plan.ReasonNotStabilized, plan.ReasonResourceGone}

// keepSuspensions remembers the sets of which no more is taken down in this run.
func (r *run) keepSuspensions(commands []*command.Command) {
	for _, c := range commands {
		if why := cannotComeBack(c); why != "" {
			if r.rec.Value.Suspended == nil {
				r.rec.Value.Suspended = map[fleet.StackSetName]string{}
			}
			r.rec.Value.Suspended[c.Action.StackSet] = why
		}
	}
}

// suspend takes out of a plan what would take down more of a suspended set, as a
// guard that a person can open.
func (r *run) suspend(p *plan.Plan, memory *plan.Memory) *plan.Plan {
	suspended := r.rec.Value.Suspended
	for _, set := range fleet.SortedKeys(suspended) {
		hit := plan.GuardHit{Guard: plan.GuardCanary, StackSet: set,
			Reason: "A stack that was deleted could not be created again. " + suspended[set],
			Hint:   fmt.Sprintf("Put right what AWS names; to redeploy the others all the same, --accept %s.", plan.GuardCanary.Of(set))}
		if memory.Accepts(hit, r.now()).Accepted {
			continue
		}
		p, _ = p.Without(hit, func(a plan.Action) bool {
			return a.Remedy == plan.RemedyRedeploy && (a.StackSet == set || slices.Contains(a.Together, set))
		})
	}
	return p
}
