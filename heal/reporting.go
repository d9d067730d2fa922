package heal

import (
	"context"
	"slices"

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
	commands := r.log.commands()
	before, err := read[[]found](ctx, r.h.Journal, runKey(r.id(), "before"))
	if err != nil {
		return nil, err
	}
	report := NewReport(f, after, r.h.Policy)
	report.Before = count(before.Value)
	report.Run = r.runReport(f)
	report.Actions = actionReports(commands)
	report.Overrides = overridesReport(commands)
	report.Guards = orEmpty(r.rec.Value.Guards)
	report.addFound(before.Value)
	report.addCommands(commands)
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
	report.addDetections(commands)
	report.settleResult(r.request.Failure)
	beyond, err := Beyond(ctx, r.h.Journal, r.id())
	if err != nil {
		return nil, err
	}
	if beyond != nil && report.Run.Result == ResultHealed {
		report.Run.Result = ResultAttention // it waits for a yes
	}
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
			Hint: "Heal again when the other run has ended: its pending restores are in the journal."})
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

// addFound adds for every cell how it was found.
func (report *Report) addFound(before []found) {
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
	slices.SortFunc(report.Cells, func(a, b CellReport) int { return a.Compare(b.Cell) })
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
