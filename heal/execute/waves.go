package execute

import (
	"context"
	"fmt"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
)

// waves keeps what a redeployment takes down within bounds.
type waves struct{ *Setting }

// holdBack lets no further wave of a stack set take stacks down once a deleted
// stack of it could not be created again for a reason that would meet the next ones
// too. That is what the canary is for. One that was not deleted and created again
// has proved nothing: the next plan begins with another.
func (x *waves) holdBack(ctx context.Context, commands []*command.Command) error {
	failed := map[fleet.StackSetName]string{}
	for _, c := range commands {
		if lost := CannotComeBack(c); lost != nil {
			failed[c.Action.StackSet] = "Left alone, since another could not be created again: " + lost.Reason
		} else if x.isCanary(commands, c) && c.Done() && c.Cells[0].State != command.Healed {
			failed[c.Action.StackSet] = "Left to the next plan, since the first one proved nothing: " + c.Cells[0].Reason
		}
	}
	for _, c := range commands {
		if c.Started() || c.Kind != command.Redeploy {
			continue
		}
		held := &command.HeldBack{Reason: failed[c.Action.StackSet]}
		if held.Reason == "" {
			var err error
			if held, err = x.tooManyDown(ctx, commands, c); err != nil {
				return err
			}
		}
		if held == nil {
			continue
		}
		if err := x.record(ctx, c.ID, *held); err != nil {
			return err
		}
	}
	return nil
}

// tooManyDown returns why a wave must not begin, nil if it may: stacks that earlier
// waves deleted and that could not be created again are down as well, and all
// together would be more than may be.
func (x *waves) tooManyDown(ctx context.Context, commands []*command.Command, c *command.Command) (*command.HeldBack, error) {
	if !slices.ContainsFunc(commands, func(other *command.Command) bool { return leftDown(other, c.Sets()) }) {
		return nil, nil
	}
	pending, err := record.PendingRestores(ctx, x.Journal, x.Commands)
	if err != nil {
		return nil, err
	}
	for _, set := range c.Sets() {
		down := 0
		for cell := range pending {
			if cell.StackSet == set {
				down++
			}
		}
		instances := x.Fleet.StackSets[set].Instances
		if most := x.policy(set).MostUnavailable(len(instances)); down > 0 && down+len(c.Action.Targets) > most {
			return &command.HeldBack{Reason: fmt.Sprintf("Left to the next plan: %d instances of %s are down already, and at most %d may be.", down, set, most)}, nil
		}
	}
	return nil, nil
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
func (x *waves) isCanary(commands []*command.Command, c *command.Command) bool {
	if c.Kind != command.Redeploy || c.Action.Wave != 0 || len(c.Action.Targets) != 1 {
		return false
	}
	cells := 0
	for _, other := range commands {
		if other.Kind == command.Redeploy && other.Action.StackSet == c.Action.StackSet {
			cells += len(other.Action.Targets)
		}
	}
	return cells >= x.policy(c.Action.StackSet).CanaryFrom
}

// CannotComeBack returns a cell that this command deleted and could not create again
// for a reason that would meet others too, nil if there is none.
func CannotComeBack(c *command.Command) *command.Cell {
	for i := range c.Cells {
		if d := &c.Cells[i]; d.Gone && d.State == command.Failed && slices.Contains(commonCauses, d.Class) {
			return d
		}
	}
	return nil
}

// commonCauses are the classes of failure that one instance most likely shares
// with its neighbours; the others lie in an account.
var commonCauses = []plan.ReasonClass{plan.ReasonTemplate, plan.ReasonUnknown, plan.ReasonImportMissing, plan.ReasonStackStuck,
	plan.ReasonInternal, plan.ReasonHook, plan.ReasonCustomResource, plan.ReasonNotStabilized, plan.ReasonResourceGone}
