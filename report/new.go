package report

import (
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

// New returns the part of a report that follows from a reading and its
// assessment alone; `status` and `dashboard` show it without a run.
func New(f *fleet.Fleet, a *plan.Assessment, p *policy.Policy) *Report {
	r := &Report{
		After: plan.Count(a.Cells), Before: plan.Count(a.Cells),
		Levels: a.Levels, Problems: orEmpty(a.Problems), OUs: f.Organization.OUs, DataAt: f.ReadAt,
		Actions: []Action{}, Attention: []Finding{}, Guards: []plan.GuardHit{}, History: []HistoryPoint{},
		API: API{ByAction: map[string]int{}},
	}
	r.Fleet = Fleet{Organization: f.Organization.ID, Accounts: map[string]int{},
		StackSets: len(f.StackSets), Cells: len(a.Cells), Instances: f.Count()}
	for _, id := range fleet.SortedKeys(f.Organization.Accounts) {
		r.Accounts = append(r.Accounts, f.Organization.Accounts[id])
	}
	for _, status := range plan.AccountStatuses(f) {
		r.Fleet.Accounts[string(status)]++
	}
	byset := map[fleet.StackSetName][]plan.Assessed{}
	for _, c := range a.Cells {
		byset[c.StackSet] = append(byset[c.StackSet], c)
		instance := f.StackSets[c.StackSet].Instances[c.Target]
		r.Cells = append(r.Cells, Cell{Assessed: c, Before: c.Verdict, OU: ouOf(f, c.Account, instance), StackID: instance.StackID})
		if c.Attention {
			r.Attention = append(r.Attention, Finding{c.Cell, c.Verdict, c.Reason, c.Class, c.Hint})
		}
	}
	for _, name := range f.Names() {
		r.StackSets = append(r.StackSets, setReport(f.StackSets[name], byset[name], p))
	}
	return r
}

func ouOf(f *fleet.Fleet, account fleet.AccountID, instance fleet.Instance) fleet.OUID {
	if member, ok := f.Organization.Accounts[account]; ok {
		return member.Parent()
	}
	return instance.OU
}

func setReport(inventory *fleet.Inventory, cells []plan.Assessed, p *policy.Policy) StackSet {
	set := inventory.StackSet
	of := p.For(set)
	counts := plan.Count(cells)
	return StackSet{
		Name: set.Name, ID: set.ID, Description: set.Description, PermissionModel: set.PermissionModel,
		Mandatory: of.Mandatory, SelfHealing: of.Healing == policy.HealRedeploy || of.Healing == policy.HealRevert,
		DependsOn: of.DependsOn, AntiDependsOn: of.AntiDependsOn,
		Instances: len(inventory.Instances), Before: counts, After: counts, LastDriftCheck: set.Drift.LastCheck,
	}
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
