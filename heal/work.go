package heal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// Work is a plan's action being carried out. It is the journal's unit of intent:
// every change of it is durable before what it announces is done.
type Work struct {
	Key    string      `json:"key"` // unique in the run
	Action plan.Action `json:"action"`
	Phase  phase       `json:"phase"`
	Cells  []CellWork  `json:"cells"`
	Calls  []Call      `json:"calls,omitempty"`
	// Pins are the sets the work touches, as they were when it was planned.
	Pins map[fleet.StackSetName]string `json:"pins,omitempty"`
	// StoodDown says what changed after the plan, if something did.
	StoodDown string `json:"stoodDown,omitempty"`
	// Ended is set once, before the outcome is noted in the cells' memory.
	Began time.Time `json:"began,omitzero"`
	Ended time.Time `json:"ended,omitzero"`
	Poll  time.Time `json:"poll,omitzero"` // not before then
}

// phase is how far a work is. The phases a remedy goes through stand in phases.go.
type phase string

const (
	phaseBegin  phase = ""
	phaseSave   phase = "save"   // read, check and save overrides
	phaseDelete phase = "delete" // delete instances
	phaseCreate phase = "create" // create or update instances
	phaseRevert phase = "revert" // change sets in member accounts
	phaseVerify phase = "verify" // compare overrides
	phaseNote   phase = "note"   // note the outcome in the cells' memory
	phaseDone   phase = "done"
)

// CellWork is one cell of a Work.
type CellWork struct {
	fleet.Cell
	State   cellState `json:"state"`
	StackID string    `json:"stackId,omitempty"`
	// Verdict and Why are what the plan found.
	Verdict plan.Verdict     `json:"verdict,omitempty"`
	Why     string           `json:"why,omitempty"`
	Class   plan.ReasonClass `json:"class,omitempty"`
	Reason  string           `json:"reason,omitempty"`
	// HasOverrides and Restored count towards the report.
	HasOverrides bool `json:"hasOverrides,omitempty"`
	Restored     bool `json:"restored,omitempty"`
	// Gone tells that this work deleted the instance.
	Gone bool `json:"gone,omitempty"`
}

type cellState string

const (
	cellPending   cellState = ""
	cellReverting cellState = "reverting" // a change set was or will be made
	cellDeleted   cellState = "deleted"   // on its way to being created again
	cellHealed    cellState = "healed"
	cellFailed    cellState = "failed"
	cellSkipped   cellState = "skipped" // nothing to do any more
	cellHeld      cellState = "held"    // not begun, and not to be begun in this run
	cellOwed      cellState = "owed"    // deleted, and left to the next plan to create again
)

// Call is one stack set operation of a Work.
type Call struct {
	Change fleet.InstanceChange  `json:"change"`
	Phase  phase                 `json:"phase"`
	State  callState             `json:"state"`
	Status fleet.OperationStatus `json:"status,omitempty"`
	Reason string                `json:"reason,omitempty"`
	Failed int                   `json:"failed,omitempty"`
	Began  time.Time             `json:"began,omitzero"`
	Ended  time.Time             `json:"ended,omitzero"`
}

type callState string

const (
	callPlanned  callState = ""
	callIntended callState = "intended" // made, or about to be made: look it up first
	callAccepted callState = "accepted"
	callEnded    callState = "ended"
	callRefused  callState = "refused" // AWS did not accept it; nothing was done
)

func workPrefix(run string) string   { return runKey(run, "work/") }
func workKey(run, key string) string { return workPrefix(run) + key }
func (w *Work) done() bool           { return w.Phase == phaseDone }
func (w *Work) started() bool        { return w.Phase != phaseBegin }
func (c *Call) open() bool           { return c.State == callAccepted || c.State == callIntended }
func (c *Call) size() int            { return len(c.Change.Accounts) * len(c.Change.Regions) }

// sets lists the stack sets the work touches, its own first.
func (w *Work) sets() []fleet.StackSetName {
	return append([]fleet.StackSetName{w.Action.StackSet}, w.Action.Together...)
}

// cell finds a cell of the work.
func (w *Work) cell(cell fleet.Cell) *CellWork {
	i := slices.IndexFunc(w.Cells, func(c CellWork) bool { return c.Cell == cell })
	if i < 0 {
		return nil
	}
	return &w.Cells[i]
}

// targets lists the targets of a set's cells in the given state.
func (w *Work) targets(set fleet.StackSetName, state cellState) []fleet.Target {
	var targets []fleet.Target
	for _, c := range w.Cells {
		if c.StackSet == set && c.State == state {
			targets = append(targets, c.Target)
		}
	}
	return targets
}

// fail marks a cell as failed for AWS's reason.
func (c *CellWork) fail(reason string) {
	c.State, c.Reason, c.Class = cellFailed, reason, plan.Classify(reason)
}

// failAs marks a cell as failed for a reason of setmend's own.
func (c *CellWork) failAs(class plan.ReasonClass, format string, args ...any) {
	c.State, c.Class, c.Reason = cellFailed, class, fmt.Sprintf(format, args...)
}

// works loads the works of a stage's round, in the plan's order.
func (r *run) works(ctx context.Context, keys []string) ([]*document[Work], error) {
	works := make([]*document[Work], 0, len(keys))
	for _, key := range keys {
		w, err := read[Work](ctx, r.h.Journal, workKey(r.id(), key))
		if err != nil {
			return nil, err
		}
		if !w.exists() {
			return nil, fmt.Errorf("loading work %s: it is not in the journal", key)
		}
		works = append(works, w)
	}
	return works, nil
}

// allWorks loads every work of the run.
func (r *run) allWorks(ctx context.Context) ([]*document[Work], error) {
	keys, err := r.h.Journal.Keys(ctx, workPrefix(r.id()))
	if err != nil {
		return nil, err
	}
	var works []*document[Work]
	for _, key := range keys {
		w, err := read[Work](ctx, r.h.Journal, key)
		if err != nil {
			return nil, err
		}
		works = append(works, w)
	}
	return works, nil
}
