package heal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/lease"
)

// setPoll is how long to wait between two looks at the update of a stack set.
const setPoll = 10 * time.Second

// UpdateSets sends updates of stack sets' definitions one after another, each after the
// one before has ended, under the lease and the kill switch as a heal does. Their
// operation ids must be new. told is called with how each has ended. It fails at the first that
// does not succeed; those after it are not sent. Sent again after a crash, with ids of
// their own, updates that were made before change nothing.
func (h *Healer) UpdateSets(ctx context.Context, id string, changes []fleet.SetChange, told func(n int, o fleet.Operation)) (err error) {
	if err := lease.CheckStop(ctx, h.Journal, id); err != nil {
		return err
	}
	held, err := h.leases.Acquire(ctx, id, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Release(context.WithoutCancel(ctx))) }()
	fence := h.fence(id, held)
	for n, change := range changes {
		if err := fence.Call(ctx, func(ctx context.Context) error { return h.Cloud.UpdateSet(ctx, change) }); err != nil {
			return fmt.Errorf("updating %s (update %d of %d): %w", change.StackSet, n+1, len(changes), err)
		}
		operation, err := h.followUpdate(ctx, fence, change)
		if err != nil {
			return err
		}
		told(n, operation)
		if operation.Status != fleet.OperationSucceeded {
			return fmt.Errorf("updating %s: operation %s ended as %s: %s", change.StackSet, operation.ID, operation.Status, operation.Reason)
		}
	}
	return nil
}

// followUpdate waits until an update has ended, and keeps the lease meanwhile.
func (h *Healer) followUpdate(ctx context.Context, fence *lease.Fence, change fleet.SetChange) (fleet.Operation, error) {
	for {
		operation, err := h.Cloud.Operation(ctx, change.StackSet, change.OperationID)
		if err != nil || operation.Status.Ended() {
			return operation, err
		}
		if err := h.Clock.Sleep(ctx, setPoll); err != nil {
			return operation, err
		}
		if _, err := fence.Lease.Check(ctx); err != nil {
			return operation, err
		}
	}
}
