package plan

import (
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// Order is the order of stack sets that follows from their dependencies, with all
// names resolved.
type Order struct {
	// Levels divides the sets: each set is in a later level than all that it
	// needs. Sets on a cycle, and those behind one, share the last level.
	Levels [][]fleet.StackSetName `json:"levels"`
	// Needs are the sets that come before a set: those that tags and policy declare
	// and those of its AutoDeployment.DependsOn. Sorted.
	Needs map[fleet.StackSetName][]fleet.StackSetName `json:"needs"`
	// Anti are the sets that must never share a target, in both directions. Sorted.
	Anti map[fleet.StackSetName][]fleet.StackSetName `json:"anti,omitempty"`
	// Problems are cycles, names of no stack set, and contradictions, sorted.
	Problems []policy.Problem `json:"problems,omitempty"`
}

// OrderOf returns the order of the fleet's stack sets. With declared, only what tags
// and policy say counts, and not what AWS has as AutoDeployment.DependsOn.
func OrderOf(f *fleet.Fleet, p *policy.Policy, declared bool) Order {
	policies := map[fleet.StackSetName]policy.Set{}
	sets := &fleet.Fleet{StackSets: map[fleet.StackSetName]*fleet.Inventory{}}
	var problems []policy.Problem
	for _, name := range f.Names() {
		if f.StackSets[name] == nil {
			problems = append(problems, unreadSet(name))
			continue
		}
		set := f.StackSets[name].StackSet
		sp, faults := p.Resolve(set)
		problems = append(problems, faults...)
		policies[name] = sp
		if declared {
			set.AutoDeployment.DependsOn = nil
		}
		sets.StackSets[name] = &fleet.Inventory{StackSet: set}
	}
	g, faults := newGraph(sets, policies)
	problems = append(problems, faults...)
	slices.SortFunc(problems, policy.Problem.Compare)
	return Order{Levels: g.levels, Needs: g.needs, Anti: g.anti, Problems: slices.Compact(problems)}
}
