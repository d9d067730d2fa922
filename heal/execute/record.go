package execute

import (
	"context"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
)

// recordOutcome records every cell's outcome in the cells' memory and ends the
// command.
func (x *Setting) recordOutcome(ctx context.Context, c *command.Command) error {
	if c.Kind != command.Detect && c.Kind != command.Update {
		for _, set := range c.Sets() {
			if err := x.recordSet(ctx, c, set); err != nil {
				return err
			}
		}
	}
	return x.record(ctx, c.ID, command.Recorded{})
}

func (x *Setting) recordSet(ctx context.Context, c *command.Command, set fleet.StackSetName) error {
	window := x.policy(set).Quarantine.Window
	return record.Remember(ctx, x.Journal, set, func(cells map[string]plan.CellMemory) {
		for i := range c.Cells {
			d := &c.Cells[i]
			if d.StackSet != set || d.State == command.Suspended || d.State == command.Postponed {
				continue
			}
			memory := cells[d.Target.String()]
			if d.State == command.Skipped {
				if c.Kind == command.Revert { // else the instance is gone, or was seen in sync
					memory.Refuted = x.Fleet.StackSets[set].Instances[d.Target].LastDriftCheck
					cells[d.Target.String()] = memory
				}
				continue
			}
			memory.Obstacle = nil
			if c.Kind == command.Deploy && d.Restored {
				memory.Settled = c.Ended
			}
			if d.Class == plan.ReasonCouldNotTry {
				memory.Obstacle = &plan.Obstacle{At: c.Ended, Run: x.Run, Remedy: c.Action.Remedy, Reason: d.Reason}
			} else if c.Kind == command.Quarantine {
				memory.Quarantined, memory.Reason, memory.Class, memory.Verdict = c.Ended, d.Why, d.Found, d.Verdict
			} else {
				memory = record.AddHeal(memory, plan.Heal{At: c.Ended, Run: x.Run, Remedy: c.Action.Remedy, Verdict: d.Verdict,
					OK: d.State == command.Healed, Class: d.Class, Reason: d.Reason}, window)
			}
			cells[d.Target.String()] = memory
		}
	})
}

// givenTo returns the saved overrides that a deployment gave a cell, nil if none.
func givenTo(c *command.Command, cell fleet.Cell) []fleet.Parameter {
	for i := range c.Attempts {
		a := &c.Attempts[i]
		if c.Kind == command.Deploy && a.Request.Kind == plan.RequestCreate && a.Request.StackSet == cell.StackSet &&
			a.State == command.Over && slices.Contains(a.Request.Targets(), cell.Target) {
			return a.Request.Overrides
		}
	}
	return nil
}
