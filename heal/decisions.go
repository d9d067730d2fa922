package heal

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/plan"
)

// Decisions returns a run's decisions in the order in which they were made. They
// follow from its plans and events; nothing else is stored of them.
func Decisions(ctx context.Context, j Journal, run string) iter.Seq2[Decision, error] {
	return func(yield func(Decision, error) bool) {
		list, err := decisions(ctx, j, run)
		if err != nil {
			yield(Decision{}, err)
			return
		}
		for _, d := range list {
			if d.Run = run; !yield(d, nil) {
				return
			}
		}
	}
}

func decisions(ctx context.Context, j Journal, run string) ([]Decision, error) {
	var list []Decision
	keys, err := j.Keys(ctx, runKey(run, "passes/"))
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		pass, err := read[Pass](ctx, j, key)
		if err != nil {
			return nil, err
		}
		list = append(list, planned(&pass.Value)...)
	}
	l, err := readLog(ctx, j, run)
	if err != nil {
		return nil, err
	}
	for _, c := range l.commands() {
		list = append(list, outcomes(c)...)
	}
	slices.SortStableFunc(list, func(a, b Decision) int { return a.Time.Compare(b.Time) })
	return list, nil
}

// planned lists what a plan does with every cell that is not healthy, and the
// guards it met.
func planned(pass *Pass) []Decision {
	at := pass.Plan.At
	var list []Decision
	for _, hit := range pass.Plan.Guards {
		list = append(list, Decision{Time: at, StackSet: hit.StackSet, Reason: hit.Reason, Action: "guard", Outcome: guardOutcome(hit)})
	}
	for _, action := range pass.Plan.Actions {
		for _, target := range action.Targets {
			list = append(list, Decision{Time: at, StackSet: action.StackSet, Account: target.Account, Region: target.Region,
				Reason: action.Reason, Action: string(action.Remedy), Outcome: "planned"})
		}
		if action.Remedy == plan.RemedyDetect && action.Stage == plan.StageDetect {
			list = append(list, Decision{Time: at, StackSet: action.StackSet, Reason: action.Reason, Action: string(action.Remedy), Outcome: "planned"})
		}
	}
	if pass.Stage == plan.StageHeal {
		for _, c := range pass.Plan.Unhandled {
			list = append(list, Decision{Time: at, StackSet: c.StackSet, Account: c.Account, Region: c.Region,
				Verdict: c.Verdict, Reason: c.Reason, Action: "none", Outcome: "unhandled"})
		}
	}
	return list
}

func guardOutcome(h plan.GuardHit) string {
	if h.Accepted {
		return "accepted"
	}
	return fmt.Sprintf("tripped: %s", h.Guard)
}

// outcomes lists how a command ended for each of its cells.
func outcomes(c *command.Command) []Decision {
	if !c.Done() || c.Ended.IsZero() {
		return nil
	}
	var list []Decision
	if c.Stopped != "" {
		list = append(list, Decision{Time: c.Ended, StackSet: c.Action.StackSet, Reason: c.Stopped, Action: "guard",
			Outcome: guardOutcome(plan.GuardHit{Guard: plan.GuardChangedMeanwhile})})
	}
	for i := range c.Cells {
		d := &c.Cells[i]
		outcome, reason := string(d.State), d.Reason
		if c.Kind == command.Quarantine {
			outcome = "quarantined"
		}
		if reason == "" {
			reason = d.Why
		}
		list = append(list, Decision{Time: c.Ended, StackSet: d.StackSet, Account: d.Account, Region: d.Region, Verdict: d.Verdict,
			Reason: reason, Action: string(c.Action.Remedy), Outcome: outcome})
	}
	return list
}

// addCommands adds to each cell of the report what was tried.
func (report *Report) addCommands(commands []*command.Command) {
	index := map[fleet.Cell]int{}
	for i, c := range report.Cells {
		index[c.Cell] = i
	}
	for _, c := range commands {
		for i := range c.Cells {
			if at, ok := index[c.Cells[i].Cell]; ok && c.Started() {
				report.Cells[at].Steps = append(report.Cells[at].Steps, stepOf(c, &c.Cells[i]))
			}
		}
	}
	for i := range report.Cells {
		slices.SortStableFunc(report.Cells[i].Steps, func(a, b Step) int { return a.At.Compare(b.At) })
	}
}

func stepOf(c *command.Command, d *command.Cell) Step {
	at := c.Ended
	if at.IsZero() {
		at = c.Began
	}
	reason := d.Reason
	if reason == "" {
		reason = d.Why
	}
	class := d.Class
	if class == "" {
		class = d.Found
	}
	return Step{At: at, Remedy: c.Action.Remedy, Outcome: outcomeName(d.State), Class: class, Reason: reason, Action: c.ID}
}

func outcomeName(s command.CellState) string {
	switch s {
	case command.Healed:
		return "succeeded"
	case command.Pending, command.Preparing, command.Reviewed, command.Deleted:
		return "running"
	}
	return string(s)
}

// actionReports lists every operation and change set of the commands, in order of
// time.
func actionReports(commands []*command.Command) []ActionReport {
	list := []ActionReport{}
	for _, c := range commands {
		list = append(list, reportsOf(c)...)
	}
	slices.SortStableFunc(list, func(a, b ActionReport) int {
		if c := a.Started.Compare(b.Started); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list
}

func reportsOf(c *command.Command) []ActionReport {
	var list []ActionReport
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
		list = append(list, ActionReport{ID: id, StackSet: a.Request.StackSet, Action: string(a.Request.Kind), Remedy: c.Action.Remedy,
			Accounts: orEmpty(a.Request.Accounts), Regions: orEmpty(a.Request.Regions), Cells: a.Size(), OperationID: a.Operation,
			Outcome: attemptOutcome(a), Reason: reason, Started: a.Began, Ended: a.Ended, After: c.Action.After})
	}
	switch {
	case !c.Started():
	case c.Kind == command.Revert:
		for i := range c.Cells {
			list = append(list, single(c, &c.Cells[i], "REVERT_DRIFT", outcomeName(c.Cells[i].State)))
		}
	case c.Kind == command.ContinueRollback:
		for i := range c.Cells {
			list = append(list, single(c, &c.Cells[i], "CONTINUE_UPDATE_ROLLBACK", outcomeName(c.Cells[i].State)))
		}
	case c.Kind == command.Quarantine:
		for i := range c.Cells {
			list = append(list, single(c, &c.Cells[i], "QUARANTINE", "succeeded"))
		}
	}
	return list
}

func single(c *command.Command, d *command.Cell, action, outcome string) ActionReport {
	reason := d.Reason
	if reason == "" {
		reason = d.Why
	}
	return ActionReport{ID: c.ID, StackSet: d.StackSet, Action: action, Remedy: c.Action.Remedy, Accounts: []fleet.AccountID{d.Account},
		Regions: []fleet.Region{d.Region}, Cells: 1, Outcome: outcome, Reason: reason, Started: c.Began, Ended: c.Ended, After: c.Action.After}
}

func attemptOutcome(a *command.Attempt) string {
	switch {
	case a.State == command.Refused:
		return "failed"
	case a.State != command.Over:
		return "running"
	case a.Status == fleet.OperationSucceeded && a.Failed == 0:
		return "succeeded"
	case a.Status == fleet.OperationSucceeded:
		return "partial"
	}
	return "failed"
}

// addDetections adds a finding for each stack set of which AWS refused the last
// drift detection, or ended it without success: whether its stacks have drifted is
// not known.
func (report *Report) addDetections(commands []*command.Command) {
	last := map[fleet.StackSetName]*command.Attempt{}
	for _, c := range commands {
		for i := range c.Attempts {
			if a := &c.Attempts[i]; c.Kind == command.Detect && (a.State == command.Over || a.State == command.Refused) {
				last[c.Action.StackSet] = a
			}
		}
	}
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
		report.Attention = append(report.Attention, Attention{StackSet: set, Verdict: plan.NotChecked, Class: class, Hint: plan.Hint(class),
			Reason: "AWS could not detect its drift. AWS says: " + reason})
	}
}

// overridesReport counts what became of overrides.
func overridesReport(commands []*command.Command) OverridesReport {
	var o OverridesReport
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
