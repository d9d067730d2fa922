package observe

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// RecallDetections adds to the memory when the last drift detection ended of the
// stack sets that [plan.InDoubt] names: one call for each. Only a detection counts
// that succeeded and since which no instance was created or updated.
func RecallDetections(ctx context.Context, cloud Reader, f *fleet.Fleet, p *policy.Policy, now time.Time, m *plan.Memory) error {
	for _, name := range plan.InDoubt(f, p, now) {
		operations, err := cloud.Recent(ctx, name, RecentOperations)
		if err != nil {
			return fmt.Errorf("looking for the last drift detection of %s: %w", name, err)
		}
		if at := lastDetection(operations); at.After(m.Detected[name]) {
			if m.Detected == nil {
				m.Detected = map[fleet.StackSetName]time.Time{}
			}
			m.Detected[name] = at
		}
	}
	return nil
}

// lastDetection is when the last drift detection ended that came to all instances
// there are, given a set's operations, newest first; zero if none is known.
func lastDetection(operations []fleet.Operation) time.Time {
	for _, o := range operations {
		switch {
		case o.Kind == fleet.OperationDetectDrift && o.Status == fleet.OperationSucceeded:
			return o.Ended
		case o.Kind != fleet.OperationDelete:
			return time.Time{} // there may be instances since, or it did not come to all
		}
	}
	return time.Time{}
}

// RecentOperations is how many of a stack set's newest operations are read to be shown,
// or to find one among them.
const RecentOperations = 10

// ExternalSince returns an operation on a set after the given one, by its id and not
// by any clock, that was not the given run's and may have changed overrides; nil for
// none. If AWS's newest do not reach back to the given one, all of them count.
func ExternalSince(ctx context.Context, cloud Reader, set fleet.StackSetName, run, last string) (*fleet.Operation, error) {
	newest, err := cloud.Recent(ctx, set, RecentOperations)
	if err != nil {
		return nil, fmt.Errorf("looking for external operations: %w", err)
	}
	for i := range newest {
		o := &newest[i]
		if o.ID == last {
			return nil, nil
		}
		if !command.Owns(run, o.ID) && o.Kind != fleet.OperationDetectDrift {
			return o, nil
		}
	}
	return nil, nil
}

// AddOperations reads each stack set's newest operations.
func AddOperations(ctx context.Context, cloud Reader, told *report.Report) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i := range told.StackSets {
		set := &told.StackSets[i]
		group.Go(func() error {
			var err error
			set.Operations, err = cloud.Recent(ctx, set.Name, RecentOperations)
			return err
		})
	}
	return group.Wait()
}

// Detected returns when the run's own drift detections ended, by stack set, as far as no
// command has changed the set since. One that failed is not worth another in this run.
func Detected(commands []*command.Command) map[fleet.StackSetName]time.Time {
	ended := map[fleet.StackSetName]time.Time{}
	for _, c := range commands {
		switch {
		case c.Kind == command.Detect && c.Done():
			ended[c.Action.StackSet] = c.Ended
		case c.Touched():
			for _, set := range c.Sets() {
				if at, ok := ended[set]; ok && c.Ended.After(at) || !c.Done() {
					delete(ended, set)
				}
			}
		}
	}
	return ended
}
