package heal

import (
	"context"
	"errors"
	"fmt"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/execute"
	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
)

// OverrideOutcome is what became of one request of an import.
type OverrideOutcome struct {
	Change fleet.InstanceChange  `json:"change"`
	Status fleet.OperationStatus `json:"status"`
	Reason string                `json:"reason,omitempty"`
	Failed []fleet.Result        `json:"failed,omitempty"` // targets that did not take it
}

// ImportOverrides sends the requests of [overrides.Requests] one after another, under
// the lease and the kill switch as a heal does, and follows each to its end. id
// names the import, and with it its operations: called again with the same id and
// requests it sends none twice. f is the fleet that the requests were made from. An error says what was not sent; what was sent is in
// the outcomes.
func (h *Healer) ImportOverrides(ctx context.Context, id string, f *fleet.Fleet, requests []plan.Request) (outcomes []OverrideOutcome, err error) {
	if err := lease.CheckStop(ctx, h.Journal, id); err != nil {
		return nil, err
	}
	held, err := h.leases.Acquire(ctx, id, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, held.Release(context.WithoutCancel(ctx))) }()
	log, err := record.OpenLog(ctx, h.Journal, h.Clock, id, held.Epoch())
	if err != nil {
		return nil, err
	}
	setting := execute.Setting{Run: id, Cloud: h.Cloud, Journal: h.Journal, Clock: h.Clock, Log: h.Log, Policy: h.Policy,
		Commands: log, Fence: h.fence(id, held), Organization: h.organization, Fleet: f}
	x := &execute.Executor{Setting: setting, Restores: &execute.Restores{Setting: setting, Epoch: held.Epoch()}, Pace: execute.NewPacing(),
		Deadline: h.Clock.Now().Add(h.Budget)}
	for i, request := range requests {
		outcome, err := importOne(ctx, x, fmt.Sprintf("overrides-%d", i), request)
		if err != nil {
			return outcomes, fmt.Errorf("importing overrides of %s: %w", request.StackSet, err)
		}
		outcomes = append(outcomes, outcome)
	}
	return outcomes, record.CloseRun(ctx, h.Journal, id)
}

// importOne carries one request out as a command of its own.
func importOne(ctx context.Context, x *execute.Executor, id string, request plan.Request) (OverrideOutcome, error) {
	c, err := x.Commands.Open(ctx, id, func() command.Command { return execute.UpdateCommand(x.Fleet, x.Run, id, request) })
	if err != nil {
		return OverrideOutcome{}, err
	}
	if err := x.Carry(ctx, c); err != nil {
		return OverrideOutcome{}, err
	}
	a := &c.Attempts[0]
	if a.State == command.Refused {
		return OverrideOutcome{}, errors.New(a.Reason)
	}
	outcome := OverrideOutcome{Change: request.Change(a.Operation), Status: a.Status, Reason: a.Reason}
	for _, d := range c.Cells {
		if d.State == command.Failed {
			outcome.Failed = append(outcome.Failed, fleet.Result{Target: d.Target, Status: "FAILED", Reason: d.Reason})
		}
	}
	return outcome, nil
}
