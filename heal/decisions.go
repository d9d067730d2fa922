package heal

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

func decisionsLog(run string) string { return "decisions/" + run }

// Decisions reads a run's decisions in order.
func Decisions(ctx context.Context, j Journal, run string) iter.Seq2[Decision, error] {
	return func(yield func(Decision, error) bool) {
		for line, err := range j.Read(ctx, decisionsLog(run), 0) {
			var d Decision
			if err == nil {
				err = json.Unmarshal(line, &d)
			}
			if !yield(d, err) || err != nil {
				return
			}
		}
	}
}

// decide appends decisions to the run's log.
func (r *run) decide(ctx context.Context, decisions ...Decision) error {
	lines := make([][]byte, 0, len(decisions))
	for _, d := range decisions {
		d.Time, d.Run = r.now(), r.id()
		line, err := json.Marshal(d)
		if err != nil {
			return fmt.Errorf("writing a decision: %w", err)
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return nil
	}
	return r.h.Journal.Append(ctx, decisionsLog(r.id()), 0, lines...)
}

// decidePlanned records what a plan does with every cell that is not healthy,
// and which guards it met.
func (r *run) decidePlanned(ctx context.Context, round *Round) error {
	var list []Decision
	for _, trip := range round.Plan.Guards {
		list = append(list, Decision{StackSet: trip.StackSet, Reason: trip.Reason, Action: "guard", Outcome: guardOutcome(trip)})
	}
	for _, action := range round.Plan.Actions {
		for _, target := range action.Targets {
			list = append(list, Decision{StackSet: action.StackSet, Account: target.Account, Region: target.Region,
				Reason: action.Reason, Action: string(action.Remedy), Outcome: "planned"})
		}
	}
	if round.Stage == plan.StageHeal {
		for _, left := range round.Plan.Unhandled {
			list = append(list, Decision{StackSet: left.StackSet, Account: left.Account, Region: left.Region,
				Verdict: left.Verdict, Reason: left.Reason, Action: "none", Outcome: "left"})
		}
	}
	return r.decide(ctx, list...)
}

func guardOutcome(t plan.GuardHit) string {
	if t.Accepted {
		return "accepted"
	}
	return "tripped: " + string(t.Guard)
}

// decideOutcome records how a work ended for each of its cells.
func (r *run) decideOutcome(ctx context.Context, w *Work) error {
	list := make([]Decision, 0, len(w.Cells))
	for _, c := range w.Cells {
		outcome, reason := string(c.State), c.Reason
		if w.Action.Remedy == plan.RemedyQuarantine {
			outcome = "quarantined"
		}
		if reason == "" {
			reason = c.Why
		}
		list = append(list, Decision{StackSet: c.StackSet, Account: c.Account, Region: c.Region, Verdict: c.Verdict,
			Reason: reason, Action: string(w.Action.Remedy), Outcome: outcome})
	}
	return r.decide(ctx, list...)
}

// decideCall logs an operation; the journal's record of it is the work itself.
func (r *run) decideCall(remedy plan.Remedy, call *Call, outcome, reason string) {
	r.h.Log.Info("operation", "run", r.id(), "stackSet", call.Change.StackSet, "remedy", remedy, "kind", call.Change.Kind,
		"operation", call.Change.OperationID, "cells", call.size(), "outcome", outcome, "reason", reason)
}

// setsOf lists the stack sets that works have changed something in, sorted.
func setsOf(works []*document[Work]) []fleet.StackSetName {
	changed := map[fleet.StackSetName]bool{}
	for _, w := range works {
		if !w.Value.touched() {
			continue
		}
		for _, set := range w.Value.sets() {
			changed[set] = true
		}
	}
	return fleet.SortedKeys(changed)
}

// touched tells whether the work may have changed anything on AWS.
func (w *Work) touched() bool {
	for i := range w.Calls {
		if w.Calls[i].State != callPlanned && w.Calls[i].State != callRefused {
			return true
		}
	}
	return w.Action.Remedy == plan.RemedyRevert && slices.ContainsFunc(w.Cells, func(c CellWork) bool {
		return c.State == cellHealed || c.State == cellSkipped || c.State == cellFailed && c.Class != plan.ReasonRevertRefused
	})
}
