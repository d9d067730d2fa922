package heal

import (
	"context"
	"errors"
	"fmt"

	"github.com/setmend/setmend/fleet"
)

// OverrideOutcome is what became of one call of an import.
type OverrideOutcome struct {
	Change fleet.InstanceChange  `json:"change"`
	Status fleet.OperationStatus `json:"status"`
	Reason string                `json:"reason,omitempty"`
	Failed []fleet.Result        `json:"failed,omitempty"` // targets that did not take it
}

// ImportOverrides makes the calls of [OverrideCalls] one after another, under the
// lease and the kill switch as a heal does, and follows each to its end. id names
// the import, and with it its operations: called again with the same id and calls
// it makes none twice. An error tells what was not made; what was made is in the
// outcomes.
func (h *Healer) ImportOverrides(ctx context.Context, id string, calls []fleet.InstanceChange) (outcomes []OverrideOutcome, err error) {
	r := &run{h: h, rec: &document[RunRecord]{Value: RunRecord{ID: id}}}
	if r.lease, err = h.acquire(ctx, id, 0); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.lease.release(context.WithoutCancel(ctx))) }()
	for i, call := range calls {
		call.OperationID = operationID(id, "overrides", i)
		outcome, err := r.importCall(ctx, call)
		if err != nil {
			return outcomes, fmt.Errorf("importing overrides of %s: %w", call.StackSet, err)
		}
		outcomes = append(outcomes, outcome)
	}
	return outcomes, nil
}

// importCall makes one call, waiting for others' operations, and follows it.
func (r *run) importCall(ctx context.Context, call fleet.InstanceChange) (OverrideOutcome, error) {
	for accepted := false; !accepted; {
		if err := r.mayWrite(ctx); err != nil {
			return OverrideOutcome{}, err
		}
		err := r.h.Cloud.Change(ctx, call)
		switch fleet.KindOf(err) {
		case fleet.Conflict, fleet.Throttled, fleet.Unreachable:
			if err := r.h.Clock.Sleep(ctx, conflictWait); err != nil {
				return OverrideOutcome{}, err
			}
			continue
		case fleet.UnknownOutcome:
			_, err = r.h.Cloud.Operation(ctx, call.StackSet, call.OperationID)
			if fleet.KindOf(err) == fleet.NotFound {
				continue // nothing was done: the same call again
			}
		}
		if err != nil {
			return OverrideOutcome{}, err
		}
		accepted = true
	}
	return r.followImport(ctx, call)
}

func (r *run) followImport(ctx context.Context, call fleet.InstanceChange) (OverrideOutcome, error) {
	for wait := firstPoll; ; wait = nextPoll {
		if err := r.h.Clock.Sleep(ctx, wait); err != nil {
			return OverrideOutcome{}, err
		}
		operation, err := r.h.Cloud.Operation(ctx, call.StackSet, call.OperationID)
		if err != nil {
			return OverrideOutcome{}, err
		}
		if !operation.Status.Ended() {
			continue
		}
		outcome := OverrideOutcome{Change: call, Status: operation.Status, Reason: operation.Reason}
		if operation.Status == fleet.OperationSucceeded && operation.FailedInstances == 0 {
			return outcome, nil
		}
		results, err := r.h.Cloud.Results(ctx, call.StackSet, call.OperationID)
		if err != nil {
			return outcome, err
		}
		for _, result := range results {
			if result.Status != "SUCCEEDED" {
				outcome.Failed = append(outcome.Failed, result)
			}
		}
		return outcome, nil
	}
}
