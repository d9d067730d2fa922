package heal

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/plan"
)

// OverrideOutcome is what became of one request of an import.
type OverrideOutcome struct {
	Change fleet.InstanceChange  `json:"change"`
	Status fleet.OperationStatus `json:"status"`
	Reason string                `json:"reason,omitempty"`
	Failed []fleet.Result        `json:"failed,omitempty"` // targets that did not take it
}

// ImportOverrides sends the requests of [OverrideRequests] one after another, under
// the lease and the kill switch as a heal does, and follows each to its end. id
// names the import, and with it its operations: called again with the same id and
// requests it sends none twice. f is the fleet that the requests were made from. An error says what was not sent; what was sent is in
// the outcomes.
func (h *Healer) ImportOverrides(ctx context.Context, id string, f *fleet.Fleet, requests []plan.Request) (outcomes []OverrideOutcome, err error) {
	r := &run{h: h, rec: &document[RunRecord]{Value: RunRecord{ID: id}}, pace: newPacing(), inv: &document[fleet.Fleet]{Value: *f}, taking: &sync.Mutex{}, others: map[string]*commandLog{}}
	r.fence = &fence{h: h, run: id}
	if err := h.checkStop(ctx, id); err != nil {
		return nil, err
	}
	if r.fence.lease, err = h.acquire(ctx, id, 0); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.fence.lease.release(context.WithoutCancel(ctx))) }()
	if r.log, err = openLog(ctx, h.Journal, h.Clock, id, r.epoch()); err != nil {
		return nil, err
	}
	for i, request := range requests {
		outcome, err := r.importOne(ctx, fmt.Sprintf("overrides-%d", i), request)
		if err != nil {
			return outcomes, fmt.Errorf("importing overrides of %s: %w", request.StackSet, err)
		}
		outcomes = append(outcomes, outcome)
	}
	return outcomes, closeRun(ctx, h.Journal, id)
}

// importOne carries one request out as a command of its own.
func (r *run) importOne(ctx context.Context, id string, request plan.Request) (OverrideOutcome, error) {
	c, err := r.importCommand(ctx, id, request)
	if err != nil {
		return OverrideOutcome{}, err
	}
	for !c.Done() {
		x := &executor{run: r, pace: r.pace, quota: quota{limit: int(^uint(0) >> 1)}}
		if err := x.advance(ctx, c); err != nil {
			return OverrideOutcome{}, err
		}
		if wait := r.due(c).Sub(r.now()); !c.Done() && wait > 0 {
			if err := r.h.Clock.Sleep(ctx, wait); err != nil {
				return OverrideOutcome{}, err
			}
		}
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

// importCommand opens the command of a request, unless an earlier call has.
func (r *run) importCommand(ctx context.Context, id string, request plan.Request) (*command.Command, error) {
	if list, err := r.log.named([]string{id}); err == nil {
		return list[0], nil
	}
	action := plan.Action{ID: id, StackSet: request.StackSet, Targets: request.Targets(), Requests: []plan.Request{request}}
	c := command.Command{ID: id, Run: r.id(), Kind: command.Update, Action: action, Pins: pins(&r.inv.Value, action)}
	for _, cell := range action.Cells() {
		c.Cells = append(c.Cells, command.Cell{Cell: cell})
	}
	if err := r.log.record(ctx, id, command.Opened{Command: c}); err != nil {
		return nil, err
	}
	list, err := r.log.named([]string{id})
	if err != nil {
		return nil, err
	}
	return list[0], nil
}
