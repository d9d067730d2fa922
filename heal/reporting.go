package heal

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

// report gathers what the journal holds of the run into its report.
func (r *run) report(ctx context.Context) (*Report, error) {
	f, err := r.inventory(ctx)
	if err != nil {
		return nil, err
	}
	after, memory, err := r.assess(ctx, f)
	if err != nil {
		return nil, err
	}
	r.last = after
	works, err := r.allWorks(ctx)
	if err != nil {
		return nil, err
	}
	before, err := read[[]found](ctx, r.h.Journal, runKey(r.id(), "before"))
	if err != nil {
		return nil, err
	}
	report := NewReport(f, after, r.h.Policy)
	report.Before = count(before.Value)
	report.Run = r.runReport(f)
	report.Actions = r.actionReports(works)
	report.Overrides = overridesReport(works)
	report.Guards = orEmpty(r.rec.Value.Guards)
	report.addFound(before.Value, works)
	if err := r.addDrift(ctx, report); err != nil {
		return nil, err
	}
	if r.h.Cloud != nil {
		if err := addOperations(ctx, r.h.Cloud, report); err != nil && r.request.Failure == nil {
			return nil, err
		}
	}
	for line, err := range history(ctx, r.h.Journal) {
		if err != nil {
			return nil, err
		}
		report.addHistory(line)
	}
	report.addQuarantine(memory)
	report.settleResult(r.request.Failure)
	r.countCalls()
	report.API = r.rec.Value.API.plus(APIReport{})
	return report, nil
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// NewReport is the part of a report that follows from a reading and its
// assessment alone; `status` and `dashboard` show it without a run.
func NewReport(f *fleet.Fleet, a *plan.Assessment, p *policy.Policy) *Report {
	report := &Report{
		After: plan.Count(a.Cells), Before: plan.Count(a.Cells),
		Levels: a.Levels, Problems: orEmpty(a.Problems), OUs: f.Organization.OUs, DataAt: f.ReadAt,
		Actions: []ActionReport{}, Attention: []Attention{}, Guards: []plan.GuardHit{}, History: []HistoryPoint{},
		API: APIReport{ByAction: map[string]int{}},
	}
	report.Fleet = FleetReport{Organization: f.Organization.ID, Accounts: map[string]int{},
		StackSets: len(f.StackSets), Cells: len(a.Cells), Instances: f.Count()}
	for _, id := range fleet.SortedKeys(f.Organization.Accounts) {
		report.Accounts = append(report.Accounts, f.Organization.Accounts[id])
	}
	for _, standing := range plan.AccountStatuses(f) {
		report.Fleet.Accounts[string(standing)]++
	}
	byset := map[fleet.StackSetName][]plan.Assessed{}
	for _, c := range a.Cells {
		byset[c.StackSet] = append(byset[c.StackSet], c)
		instance := f.StackSets[c.StackSet].Instances[c.Target]
		report.Cells = append(report.Cells, CellReport{Assessed: c, Before: c.Verdict, OU: ouOf(f, c.Account, instance), StackID: instance.StackID})
		if c.Attention {
			report.Attention = append(report.Attention, Attention{c.StackSet, c.Account, c.Region, c.Verdict, c.Reason, c.Class, c.Hint})
		}
	}
	for _, name := range f.Names() {
		report.StackSets = append(report.StackSets, setReport(f.StackSets[name], byset[name], p))
	}
	return report
}

func ouOf(f *fleet.Fleet, account fleet.AccountID, instance fleet.Instance) fleet.OUID {
	if member, ok := f.Organization.Accounts[account]; ok {
		return member.Parent()
	}
	return instance.OU
}

func setReport(inventory *fleet.Inventory, cells []plan.Assessed, p *policy.Policy) StackSetReport {
	set := inventory.StackSet
	of := p.For(set)
	counts := plan.Count(cells)
	return StackSetReport{
		Name: set.Name, ID: set.ID, Description: set.Description, PermissionModel: set.PermissionModel,
		Mandatory: of.Mandatory, SelfHealing: of.Healing == policy.HealRedeploy || of.Healing == policy.HealRevert,
		DependsOn: of.DependsOn, AntiDependsOn: of.AntiDependsOn,
		Instances: len(inventory.Instances), Before: counts, After: counts, LastDriftCheck: set.Drift.LastCheck,
	}
}

func (r *run) runReport(f *fleet.Fleet) RunReport {
	v := r.rec.Value
	ended := v.Ended
	if ended.IsZero() {
		ended = r.now()
	}
	return RunReport{ID: v.ID, Engine: v.Engine, Started: v.Started, Ended: ended,
		VirtualSeconds: ended.Sub(v.Started).Seconds(), HomeRegion: f.HomeRegion}
}

// addQuarantine tells since when cells are given up.
func (report *Report) addQuarantine(memory plan.Memory) {
	for i := range report.Cells {
		c := &report.Cells[i]
		if c.Verdict == plan.Quarantined {
			c.Quarantined = memory.Cells[c.Cell].Quarantined
		}
	}
}

// settleResult says in one word how the run ended.
func (report *Report) settleResult(failure *Failure) {
	report.Run.Result = ResultHealed
	if len(report.Attention) > 0 || slices.ContainsFunc(report.Guards, report.stands) {
		report.Run.Result = ResultAttention
	}
	if failure == nil {
		return
	}
	report.Run.Result, report.Run.Error = ResultFailed, failure.Cause
	if failure.Error == ErrorStopped || failure.Error == ErrorLeaseLost {
		report.Run.Result = ResultStopped
	}
	if failure.Error == ErrorLeaseLost {
		report.Guards = append(report.Guards, plan.GuardHit{Guard: plan.GuardLease, Reason: failure.Cause, Waits: true,
			Hint: "Heal again when the other run has ended: what this one owes is in the journal."})
	}
}

// stands reports whether a guard still holds something back. One that opens by
// itself with time does so only while something is left to do.
func (report *Report) stands(t plan.GuardHit) bool {
	if !t.InEffect() || !t.Waits {
		return t.InEffect()
	}
	return slices.ContainsFunc(report.Cells, func(c CellReport) bool {
		return (t.StackSet == "" || c.StackSet == t.StackSet) && c.Verdict != plan.Healthy && c.Verdict != plan.NotChecked
	})
}

// addFound tells for every cell how it was found and what was tried.
func (report *Report) addFound(before []found, works []*document[Work]) {
	index := map[fleet.Cell]int{}
	for i, c := range report.Cells {
		index[c.Cell] = i
	}
	counts := map[fleet.StackSetName][]plan.Assessed{}
	for _, was := range before {
		counts[was.StackSet] = append(counts[was.StackSet], plan.Assessed{Verdict: was.Verdict})
		i, ok := index[was.Cell]
		if !ok {
			i = len(report.Cells)
			index[was.Cell] = i
			report.Cells = append(report.Cells, CellReport{Assessed: plan.Assessed{Cell: was.Cell, Verdict: plan.Healthy,
				Desire: plan.MustNot, Reason: "Nothing is there any more."}})
		}
		report.Cells[i].Before = was.Verdict
	}
	for i := range report.StackSets {
		report.StackSets[i].Before = plan.Count(counts[report.StackSets[i].Name])
	}
	for _, w := range works {
		for _, c := range w.Value.Cells {
			if i, ok := index[c.Cell]; ok {
				report.Cells[i].Steps = append(report.Cells[i].Steps, w.Value.step(c))
			}
		}
	}
	for i := range report.Cells {
		slices.SortStableFunc(report.Cells[i].Steps, func(a, b Step) int { return a.At.Compare(b.At) })
	}
	slices.SortFunc(report.Cells, func(a, b CellReport) int { return a.Compare(b.Cell) })
}

func (w *Work) step(c CellWork) Step {
	at := w.Ended
	if at.IsZero() {
		at = w.Began
	}
	reason := c.Reason
	if reason == "" {
		reason = c.Why
	}
	return Step{At: at, Remedy: w.Action.Remedy, Outcome: outcomeOf(c.State), Class: c.Class, Reason: reason, Action: w.Key}
}

func outcomeOf(s cellState) string {
	switch s {
	case cellHealed:
		return "succeeded"
	case cellPending, cellReverting, cellDeleted:
		return "running"
	}
	return string(s)
}

// actionReports lists every call and change set of the run, in order of time.
func (r *run) actionReports(works []*document[Work]) []ActionReport {
	list := []ActionReport{}
	for _, d := range r.rec.Value.Detections {
		list = append(list, ActionReport{ID: d.Operation, StackSet: d.StackSet, Action: "DETECT_DRIFT", Cells: d.Instances,
			OperationID: d.Operation, Outcome: callOutcome(d.State, d.Status, 0), Reason: d.Reason, Started: d.Began, Ended: d.Ended,
			Accounts: []fleet.AccountID{}, Regions: []fleet.Region{}})
	}
	for _, w := range works {
		list = append(list, w.Value.reports()...)
	}
	slices.SortStableFunc(list, func(a, b ActionReport) int {
		if c := a.Started.Compare(b.Started); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list
}

func (w *Work) reports() []ActionReport {
	var list []ActionReport
	for i := range w.Calls {
		call := &w.Calls[i]
		list = append(list, ActionReport{ID: w.Key, StackSet: call.Change.StackSet, Action: string(call.Change.Kind), Remedy: w.Action.Remedy,
			Accounts: call.Change.Accounts, Regions: call.Change.Regions, Cells: call.size(), OperationID: call.Change.OperationID,
			Outcome: callOutcome(call.State, call.Status, call.Failed), Reason: strings.TrimSpace(w.Action.Reason + " " + call.Reason),
			Started: call.Began, Ended: call.Ended, After: w.Action.After})
	}
	switch w.Action.Remedy {
	case plan.RemedyRevert:
		for _, c := range w.Cells {
			list = append(list, w.single(c, "REVERT_DRIFT", outcomeOf(c.State)))
		}
	case plan.RemedyQuarantine:
		for _, c := range w.Cells {
			list = append(list, w.single(c, "QUARANTINE", "succeeded"))
		}
	}
	return list
}

func (w *Work) single(c CellWork, action, outcome string) ActionReport {
	reason := c.Reason
	if reason == "" {
		reason = c.Why
	}
	return ActionReport{ID: w.Key, StackSet: c.StackSet, Action: action, Remedy: w.Action.Remedy, Accounts: []fleet.AccountID{c.Account},
		Regions: []fleet.Region{c.Region}, Cells: 1, Outcome: outcome, Reason: reason, Started: w.Began, Ended: w.Ended, After: w.Action.After}
}

func callOutcome(state callState, status fleet.OperationStatus, failed int) string {
	switch {
	case state == callRefused:
		return "failed"
	case state != callEnded:
		return "running"
	case status == fleet.OperationSucceeded && failed == 0:
		return "succeeded"
	case status == fleet.OperationSucceeded:
		return "partial"
	}
	return "failed"
}

func overridesReport(works []*document[Work]) OverridesReport {
	var o OverridesReport
	for _, w := range works {
		for _, c := range w.Value.Cells {
			if !c.HasOverrides || w.Value.Action.Remedy == plan.RemedyRemove || w.Value.Action.Remedy == plan.RemedyDetach {
				continue
			}
			if w.Value.Action.Remedy == plan.RemedyRedeploy && c.State != cellSkipped && c.State != cellHeld && c.Class != plan.ReasonMaskedOverride {
				o.Saved++
			}
			if c.Restored {
				o.Restored++
			}
			if c.State == cellFailed && w.Value.Phase == phaseDone && strings.HasPrefix(c.Reason, "The overrides differ") {
				o.Lost++
			}
		}
	}
	return o
}

// addDrift adds the drifted properties that were read.
func (r *run) addDrift(ctx context.Context, report *Report) error {
	doc, err := read[[]cellDrift](ctx, r.h.Journal, runKey(r.id(), "drift"))
	if err != nil {
		return err
	}
	drift := map[fleet.Cell][]fleet.ResourceDrift{}
	for _, d := range doc.Value {
		drift[d.Cell] = d.Resources
	}
	for i := range report.Cells {
		report.Cells[i].Drift = drift[report.Cells[i].Cell]
	}
	return nil
}

// recentOperations is how many operations of a stack set the report shows.
const recentOperations = 10

// addOperations reads each stack set's newest operations.
func addOperations(ctx context.Context, cloud Reader, report *Report) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for i := range report.StackSets {
		set := &report.StackSets[i]
		group.Go(func() error {
			var err error
			set.Operations, err = cloud.Recent(ctx, set.Name, recentOperations)
			return err
		})
	}
	return group.Wait()
}
