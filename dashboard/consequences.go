package dashboard

import (
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// lost says how a remedy destroys a stack; one that is not here destroys none.
var lost = map[plan.Remedy]string{
	plan.RemedyRedeploy: "deleted, and created again with the overrides saved before; data in it is lost",
	plan.RemedyRemove:   "deleted for good",
}

// approvals adds to every question what a yes lets happen: the cells that only its guard
// holds back, with the remedies that they wait for.
func (b *builder) approvals() {
	b.out.Approvals = slices.Clone(orEmpty(b.options.Approvals))
	asked := map[string]*Approval{}
	for i := range b.out.Approvals {
		if a := &b.out.Approvals[i]; a.Decision == "" {
			asked[a.ID] = a
		}
	}
	if len(asked) == 0 {
		return
	}
	type operation struct {
		asked  string
		set    fleet.StackSetName
		remedy plan.Remedy
	}
	cells := map[operation]int{}
	var order []operation
	for i := range b.report.Cells {
		cell := &b.report.Cells[i]
		hit := b.guardOn(cell)
		if hit == nil || cell.Remedy == "" || asked[hit.Guard.Of(hit.StackSet)] == nil {
			continue
		}
		key := operation{hit.Guard.Of(hit.StackSet), cell.StackSet, cell.Remedy}
		if cells[key] == 0 {
			order = append(order, key)
		}
		cells[key]++
	}
	for _, key := range order {
		a := asked[key.asked]
		a.Cells += cells[key]
		a.Operations++
		if note, destroys := lost[key.remedy]; destroys {
			a.Destroys = append(a.Destroys, plan.Destruction{Kind: plan.DestroysDowntime, StackSet: key.set, Cells: cells[key], Note: note})
		}
	}
}
