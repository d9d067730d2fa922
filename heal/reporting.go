package heal

import (
	"context"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/fault"
	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// reporting makes a run's report from what the journal holds of it.
type reporting struct {
	*planner
	failure *Failure // that ended the run, nil if none did
}

// report gathers what the journal holds of the run into its report. It returns the
// last assessment, too.
func (p *reporting) report(ctx context.Context) (*report.Report, *plan.Assessment, error) {
	f, err := p.view.Fleet(ctx)
	if err != nil {
		return nil, nil, err
	}
	after, memory, err := p.assess(ctx)
	if err != nil {
		return nil, nil, err
	}
	told := report.New(f, after, p.policy)
	told.Run = p.head(f)
	if err := p.addRecorded(ctx, told); err != nil {
		return nil, nil, err
	}
	commands := p.log.Commands()
	told.Actions, told.Overrides = actions(commands), overridesOf(commands)
	told.AddSteps(steps(commands))
	told.AddQuarantine(memory)
	told.Attention = append(told.Attention, failedDetections(commands)...)
	if p.cloud != nil {
		if err := observe.AddOperations(ctx, p.cloud, told); err != nil && p.failure == nil {
			return nil, nil, err
		}
	}
	conclude(told, p.failure)
	beyond, err := record.Beyond(ctx, p.journal, p.run.ID)
	if err != nil {
		return nil, nil, err
	}
	if beyond != nil && told.Run.Result == report.Healed {
		told.Run.Result = report.Attention // it waits for a yes
	}
	return told, after, nil
}

// addRecorded adds what the run has recorded under way, and the runs before it.
func (p *reporting) addRecorded(ctx context.Context, told *report.Report) error {
	told.Guards = orEmpty(p.run.Guards)
	before, err := record.Read[[]report.Found](ctx, p.journal, record.RunKey(p.run.ID, "before"))
	if err != nil {
		return err
	}
	told.AddFound(before.Value)
	drift, err := observe.Drift(ctx, p.journal, p.run.ID)
	if err != nil {
		return err
	}
	told.AddDrift(drift)
	for past, err := range record.History(ctx, p.journal) {
		if err != nil {
			return err
		}
		told.AddPast(past)
	}
	return nil
}

// head identifies the run.
func (p *reporting) head(f *fleet.Fleet) report.Run {
	ended := p.run.Ended
	if ended.IsZero() {
		ended = p.clock.Now()
	}
	return report.Run{ID: p.run.ID, Engine: p.run.Engine, Started: p.run.Started, Ended: ended,
		VirtualSeconds: ended.Sub(p.run.Started).Seconds(), HomeRegion: f.HomeRegion}
}

// conclude says in one word how the run ended.
func conclude(r *report.Report, failure *Failure) {
	r.Conclude()
	if failure == nil {
		return
	}
	r.Run.Result, r.Run.Error = report.Failed, failure.Cause
	if failure.Error == fault.Stopped || failure.Error == fault.LeaseLost {
		r.Run.Result = report.Stopped
	}
	if failure.Error == fault.LeaseLost {
		r.Guards = append(r.Guards, plan.GuardHit{Guard: plan.GuardLease, Reason: failure.Cause, Waits: true,
			Hint: "Heal again when the other run has ended: its pending restores are in the journal."})
	}
}

// forgive cleans the cells' memory after a run. A cell that was given up and is
// healthy again has its history cleared. Of the others, heals that have left the
// quarantine window are dropped; a cell that was healed just now keeps its heals,
// or something that breaks again every hour would be healed for ever.
func (p *planner) forgive(ctx context.Context, a *plan.Assessment) error {
	f := p.view.Loaded()
	memory := plan.Memory{Cells: map[fleet.Cell]plan.CellMemory{}}
	if err := record.LoadCells(ctx, p.journal, &memory); err != nil {
		return err
	}
	forgiven := map[fleet.StackSetName]map[fleet.Target]plan.CellMemory{}
	for cell, was := range memory.Cells {
		inventory := f.StackSets[cell.StackSet]
		if inventory == nil {
			continue // the set could not be read, or is gone: nothing is known
		}
		now, changed := record.Tidied(was, a.Find(cell), p.policy.For(inventory.StackSet).Quarantine.Window, p.clock.Now())
		if !changed {
			continue
		}
		if forgiven[cell.StackSet] == nil {
			forgiven[cell.StackSet] = map[fleet.Target]plan.CellMemory{}
		}
		forgiven[cell.StackSet][cell.Target] = now
	}
	for _, set := range fleet.SortedKeys(forgiven) {
		err := record.Remember(ctx, p.journal, set, func(cells map[string]plan.CellMemory) {
			for target, now := range forgiven[set] {
				cells[target.String()] = now
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}
