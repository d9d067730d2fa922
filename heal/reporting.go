package heal

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// report gathers what the journal holds of the run into its report.
func (r *run) report(ctx context.Context) (*report.Report, error) {
	f, err := r.inventory(ctx)
	if err != nil {
		return nil, err
	}
	after, memory, err := r.assess(ctx, f)
	if err != nil {
		return nil, err
	}
	r.last = after
	commands := r.log.commands()
	before, err := read[[]report.Found](ctx, r.h.Journal, runKey(r.id(), "before"))
	if err != nil {
		return nil, err
	}
	told := report.New(f, after, r.h.Policy)
	told.Run = r.runReport(f)
	told.Actions = actionReports(commands)
	told.Overrides = overridesReport(commands)
	told.Guards = orEmpty(r.rec.Value.Guards)
	told.AddFound(before.Value)
	told.AddSteps(steps(commands))
	if err := r.addDrift(ctx, told); err != nil {
		return nil, err
	}
	if r.h.Cloud != nil {
		if err := addOperations(ctx, r.h.Cloud, told); err != nil && r.request.Failure == nil {
			return nil, err
		}
	}
	for past, err := range history(ctx, r.h.Journal) {
		if err != nil {
			return nil, err
		}
		told.AddPast(past)
	}
	told.AddQuarantine(memory)
	told.Attention = append(told.Attention, failedDetections(commands)...)
	conclude(told, r.request.Failure)
	beyond, err := Beyond(ctx, r.h.Journal, r.id())
	if err != nil {
		return nil, err
	}
	if beyond != nil && told.Run.Result == report.Healed {
		told.Run.Result = report.Attention // it waits for a yes
	}
	r.countCalls()
	told.API = r.rec.Value.API.Plus(report.API{})
	return told, nil
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (r *run) runReport(f *fleet.Fleet) report.Run {
	v := r.rec.Value
	ended := v.Ended
	if ended.IsZero() {
		ended = r.now()
	}
	return report.Run{ID: v.ID, Engine: v.Engine, Started: v.Started, Ended: ended,
		VirtualSeconds: ended.Sub(v.Started).Seconds(), HomeRegion: f.HomeRegion}
}

// conclude says in one word how the run ended.
func conclude(r *report.Report, failure *Failure) {
	r.Conclude()
	if failure == nil {
		return
	}
	r.Run.Result, r.Run.Error = report.Failed, failure.Cause
	if failure.Error == ErrorStopped || failure.Error == ErrorLeaseLost {
		r.Run.Result = report.Stopped
	}
	if failure.Error == ErrorLeaseLost {
		r.Guards = append(r.Guards, plan.GuardHit{Guard: plan.GuardLease, Reason: failure.Cause, Waits: true,
			Hint: "Heal again when the other run has ended: its pending restores are in the journal."})
	}
}

// addDrift adds the drifted properties that were read.
func (r *run) addDrift(ctx context.Context, told *report.Report) error {
	doc, err := read[[]cellDrift](ctx, r.h.Journal, runKey(r.id(), "drift"))
	if err != nil {
		return err
	}
	drift := map[fleet.Cell][]fleet.ResourceDrift{}
	for _, d := range doc.Value {
		drift[d.Cell] = d.Resources
	}
	for i := range told.Cells {
		told.Cells[i].Drift = drift[told.Cells[i].Cell]
	}
	return nil
}

// recentOperations is how many operations of a stack set the report shows.
const recentOperations = 10

// addOperations reads each stack set's newest operations.
func addOperations(ctx context.Context, cloud Reader, told *report.Report) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i := range told.StackSets {
		set := &told.StackSets[i]
		group.Go(func() error {
			var err error
			set.Operations, err = cloud.Recent(ctx, set.Name, recentOperations)
			return err
		})
	}
	return group.Wait()
}
