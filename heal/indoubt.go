package heal

import (
	"context"
	"fmt"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

// RecallDetections adds to the memory when the last drift detection ended of the
// stack sets that [plan.InDoubt] names: one call for each. Only a detection counts
// that succeeded and since which no instance was created or updated.
func RecallDetections(ctx context.Context, cloud Reader, f *fleet.Fleet, p *policy.Policy, now time.Time, m *plan.Memory) error {
	for _, name := range plan.InDoubt(f, p, now) {
		operations, err := cloud.Recent(ctx, name, recentOperations)
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
