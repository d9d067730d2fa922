package plan

import (
	"cmp"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// world is what follows from fleet and policy alone.
type world struct {
	fleet  *fleet.Fleet
	policy *policy.Policy
	names  []fleet.StackSetName
	sets   map[fleet.StackSetName]*setView
	graph  *graph
	faults []policy.Problem
}

// setView is one stack set with its policy and, in an assessment, its cells.
type setView struct {
	name      fleet.StackSetName
	set       fleet.StackSet
	instances map[fleet.Target]fleet.Instance
	policy    policy.Set
	busy      bool              // an operation is running or queued
	cells     []Assessed        // sorted by target
	recent    []fleet.Operation // newest first; see [fleet.Inventory]
	// detections are ids of drift detections; see [fleet.Inventory]
	detections map[string]bool
	rollout    *rollout // an update that is not finished; nil for none
}

// newWorld merges the policy for every set and resolves the dependencies.
func newWorld(f *fleet.Fleet, p *policy.Policy) *world {
	w := &world{fleet: f, policy: p, sets: map[fleet.StackSetName]*setView{}}
	policies := map[fleet.StackSetName]policy.Set{}
	readable := &fleet.Fleet{StackSets: map[fleet.StackSetName]*fleet.Inventory{}}
	for _, name := range f.Names() {
		inventory := f.StackSets[name]
		if inventory == nil {
			w.faults = append(w.faults, unreadSet(name))
			continue
		}
		sp, problems := p.Resolve(inventory.StackSet)
		w.faults = append(w.faults, problems...)
		policies[name] = sp
		readable.StackSets[name] = inventory
		w.names = append(w.names, name)
		w.sets[name] = &setView{name: name, set: inventory.StackSet, instances: inventory.Instances, policy: sp, recent: inventory.Recent, detections: inventory.Detections,
			busy: slices.ContainsFunc(inventory.Running, func(o fleet.Operation) bool { return !o.Status.Ended() })}
	}
	var problems []policy.Problem
	w.graph, problems = newGraph(readable, policies)
	w.faults = append(w.faults, problems...)
	return w
}

func unreadSet(name fleet.StackSetName) policy.Problem {
	return policy.Problem{StackSet: name, Text: string(name) + " was listed, and could not be read.",
		Hint: "Run again; if it stays, check the permissions on this stack set.", Stops: true}
}

// cell finds the set's cell at a target, nil if there is none.
func (v *setView) cell(target fleet.Target) *Assessed { return find(v.cells, target) }

// find finds the cell at a target in cells of one set, sorted; nil if there is none.
func find(cells []Assessed, target fleet.Target) *Assessed {
	i, ok := slices.BinarySearchFunc(cells, target, func(c Assessed, t fleet.Target) int { return c.Target.Compare(t) })
	if !ok {
		return nil
	}
	return &cells[i]
}

// bearing are the cells, of one set's sorted cells, that bear on a dependent at
// the target: the one at the target itself, or, where the set has none there,
// all in the account. What a stack depends on may live in another region (a role
// that only one region's stack creates).
func bearing(cells []Assessed, target fleet.Target) []Assessed {
	if c := find(cells, target); c != nil {
		return []Assessed{*c}
	}
	start, _ := slices.BinarySearchFunc(cells, target.Account, func(c Assessed, id fleet.AccountID) int { return cmp.Compare(c.Account, id) })
	end := start
	for end < len(cells) && cells[end].Account == target.Account {
		end++
	}
	return cells[start:end]
}
