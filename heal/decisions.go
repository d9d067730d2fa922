package heal

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// Decisions returns a run's decisions in the order in which they were made. They
// follow from its plans and events; nothing else is stored of them.
func Decisions(ctx context.Context, j record.Journal, run string) iter.Seq2[report.Decision, error] {
	return func(yield func(report.Decision, error) bool) {
		list, err := decisions(ctx, j, run)
		if err != nil {
			yield(report.Decision{}, err)
			return
		}
		for _, d := range list {
			if d.Run = run; !yield(d, nil) {
				return
			}
		}
	}
}

func decisions(ctx context.Context, j record.Journal, run string) ([]report.Decision, error) {
	var list []report.Decision
	keys, err := j.Keys(ctx, record.RunKey(run, "passes/"))
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		pass, err := record.Read[record.Pass](ctx, j, key)
		if err != nil {
			return nil, err
		}
		list = append(list, planned(&pass.Value)...)
	}
	l, err := record.ReadLog(ctx, j, run)
	if err != nil {
		return nil, err
	}
	for _, c := range l.Commands() {
		list = append(list, outcomes(c)...)
	}
	slices.SortStableFunc(list, func(a, b report.Decision) int { return a.Time.Compare(b.Time) })
	return list, nil
}

// planned lists what a plan does with every cell that is not healthy, and the
// guards it met.
func planned(pass *record.Pass) []report.Decision {
	at := pass.Plan.At
	var list []report.Decision
	for _, hit := range pass.Plan.Guards {
		list = append(list, report.Decision{Time: at, StackSet: hit.StackSet, Reason: hit.Reason, Action: report.DeedGuard, Outcome: guardOutcome(hit)})
	}
	for _, action := range pass.Plan.Actions {
		for _, target := range action.Targets {
			list = append(list, report.Decision{Time: at, StackSet: action.StackSet, Account: target.Account, Region: target.Region,
				Reason: action.Reason, Action: report.Deed(action.Remedy), Outcome: report.OutcomePlanned})
		}
		if action.Remedy == plan.RemedyDetect && action.Stage == plan.StageDetect {
			list = append(list, report.Decision{Time: at, StackSet: action.StackSet, Reason: action.Reason, Action: report.Deed(action.Remedy), Outcome: report.OutcomePlanned})
		}
	}
	if pass.Stage == plan.StageHeal {
		for _, c := range pass.Plan.Unhandled {
			list = append(list, report.Decision{Time: at, StackSet: c.StackSet, Account: c.Account, Region: c.Region,
				Verdict: c.Verdict, Reason: c.Reason, Said: c.Said, Action: report.DeedNone, Outcome: report.OutcomeUnhandled})
		}
	}
	return list
}

func guardOutcome(h plan.GuardHit) report.Outcome {
	if h.Accepted {
		return report.OutcomeAccepted
	}
	return report.Tripped(h.Guard)
}

// outcomes lists how a command ended for each of its cells.
func outcomes(c *command.Command) []report.Decision {
	if !c.Done() || c.Ended.IsZero() {
		return nil
	}
	var list []report.Decision
	if c.Stopped != "" {
		list = append(list, report.Decision{Time: c.Ended, StackSet: c.Action.StackSet, Reason: c.Stopped, Action: report.DeedGuard,
			Outcome: guardOutcome(plan.GuardHit{Guard: plan.GuardChangedMeanwhile})})
	}
	for i := range c.Cells {
		d := &c.Cells[i]
		outcome, reason, said := report.Outcome(d.State), d.Reason, d.Reason
		if c.Kind == command.Quarantine {
			outcome = report.OutcomeQuarantined
		}
		if reason == "" {
			reason, said = d.Why, d.WhySaid
		}
		list = append(list, report.Decision{Time: c.Ended, StackSet: d.StackSet, Account: d.Account, Region: d.Region, Verdict: d.Verdict,
			Reason: reason, Said: said, Action: report.Deed(c.Action.Remedy), Outcome: outcome, OperationID: c.LastOperation(d.Cell)})
	}
	return list
}

// steps lists what was tried on each cell, in the order of the commands.
func steps(commands []*command.Command) map[fleet.Cell][]report.Step {
	steps := map[fleet.Cell][]report.Step{}
	for _, c := range commands {
		if !c.Started() {
			continue
		}
		for i := range c.Cells {
			cell := c.Cells[i].Cell
			steps[cell] = append(steps[cell], stepOf(c, &c.Cells[i]))
		}
	}
	return steps
}

func stepOf(c *command.Command, d *command.Cell) report.Step {
	at := c.Ended
	if at.IsZero() {
		at = c.Began
	}
	reason, said := d.Reason, d.Reason
	if reason == "" {
		reason, said = d.Why, d.WhySaid
	}
	class := d.Class
	if class == "" {
		class = d.Found
	}
	return report.Step{At: at, Remedy: c.Action.Remedy, Outcome: outcomeName(d.State), Class: class, Reason: reason, Said: said, Action: c.ID}
}

func outcomeName(s command.CellState) report.Outcome {
	switch s {
	case command.Healed:
		return report.OutcomeSucceeded
	case command.Pending, command.Preparing, command.Reviewed, command.Deleted:
		return report.OutcomeRunning
	}
	return report.Outcome(s)
}

// actions lists every operation and change set of the commands, in order of
// time.
func actions(commands []*command.Command) []report.Action {
	list := []report.Action{}
	for _, c := range commands {
		list = append(list, reportsOf(c)...)
	}
	slices.SortStableFunc(list, func(a, b report.Action) int {
		if c := a.Started.Compare(b.Started); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list
}

func reportsOf(c *command.Command) []report.Action {
	var list []report.Action
	for i := range c.Attempts {
		a := &c.Attempts[i]
		reason := strings.TrimSpace(c.Action.Reason + " " + a.Reason)
		id := c.ID
		if c.Kind == command.Detect {
			reason, id = a.Reason, a.Operation
			if a.Began.IsZero() {
				continue
			}
		}
		list = append(list, report.Action{ID: id, StackSet: a.Request.StackSet, Action: report.Deed(a.Request.Kind), Remedy: c.Action.Remedy,
			Accounts: orEmpty(a.Request.Accounts), Regions: orEmpty(a.Request.Regions), Cells: a.Size(), OperationID: a.Operation,
			Outcome: attemptOutcome(a), Reason: reason, Started: a.Began, Ended: a.Ended, After: c.Action.After})
	}
	switch {
	case !c.Started():
	case c.Kind == command.Revert:
		for i := range c.Cells {
			list = append(list, single(c, &c.Cells[i], report.DeedRevert, outcomeName(c.Cells[i].State)))
		}
	case c.Kind == command.ContinueRollback:
		for i := range c.Cells {
			list = append(list, single(c, &c.Cells[i], report.DeedContinueRollback, outcomeName(c.Cells[i].State)))
		}
	case c.Kind == command.Quarantine:
		for i := range c.Cells {
			list = append(list, single(c, &c.Cells[i], report.DeedQuarantine, report.OutcomeSucceeded))
		}
	}
	return list
}

func single(c *command.Command, d *command.Cell, deed report.Deed, outcome report.Outcome) report.Action {
	reason := d.Reason
	if reason == "" {
		reason = d.Why
	}
	return report.Action{ID: c.ID, StackSet: d.StackSet, Action: deed, Remedy: c.Action.Remedy, Accounts: []fleet.AccountID{d.Account},
		Regions: []fleet.Region{d.Region}, Cells: 1, Outcome: outcome, Reason: reason, Started: c.Began, Ended: c.Ended, After: c.Action.After}
}

func attemptOutcome(a *command.Attempt) report.Outcome {
	switch {
	case a.State == command.Refused:
		return report.OutcomeFailed
	case a.State != command.Over:
		return report.OutcomeRunning
	case a.Status == fleet.OperationSucceeded && a.Failed == 0:
		return report.OutcomeSucceeded
	case a.Status == fleet.OperationSucceeded:
		return report.OutcomePartial
	}
	return report.OutcomeFailed
}

// failedDetections returns a finding for each stack set of which AWS refused the last
// drift detection, or ended it without success: whether its stacks have drifted is
// not known.
func failedDetections(commands []*command.Command) []report.Finding {
	last := map[fleet.StackSetName]*command.Attempt{}
	for _, c := range commands {
		for i := range c.Attempts {
			if a := &c.Attempts[i]; c.Kind == command.Detect && (a.State == command.Over || a.State == command.Refused) {
				last[c.Action.StackSet] = a
			}
		}
	}
	var findings []report.Finding
	for _, set := range fleet.SortedKeys(last) {
		a := last[set]
		if a.State == command.Over && a.Status == fleet.OperationSucceeded {
			continue
		}
		reason := a.Reason
		if reason == "" {
			reason = "The operation " + a.Operation + " ended " + string(a.Status) + "."
		}
		class := plan.Classify(reason)
		findings = append(findings, report.Finding{Cell: fleet.Cell{StackSet: set}, Verdict: plan.NotChecked, Class: class, Hint: plan.Hint(class),
			Reason: "AWS could not detect its drift. AWS says: " + reason, Said: reason})
	}
	return findings
}

// overridesOf counts what became of overrides.
func overridesOf(commands []*command.Command) report.Overrides {
	var o report.Overrides
	for _, c := range commands {
		for i := range c.Cells {
			d := &c.Cells[i]
			if c.Kind == command.Redeploy && d.IsSaved && len(d.Saved) > 0 && d.State != command.Skipped {
				o.Saved++
			}
			if (c.Kind == command.Remove || c.Kind == command.Detach) && d.State == command.Healed && len(d.Saved) > 0 {
				o.Kept++
			}
			if d.Restored {
				o.Restored++
			}
			if d.Lost && d.State == command.Failed {
				o.Lost++
			}
		}
	}
	return o
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
