package plan

import (
	"cmp"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// Assess judges every cell that has an instance or must have one.
//
// First each cell is judged by itself (see judge.go for the precedence), then
// what cells are to one another: sets that collide, dependencies that cannot be
// met, stacks that import from a stack to be redeployed. Last comes what earlier
// runs remember of a cell: heals back off, and end in quarantine.
func Assess(f *fleet.Fleet, p *policy.Policy, m Memory, now time.Time) *Assessment {
	w := newWorld(f, p)
	a := &assessor{world: w, memory: m, now: now, places: accountStatuses(f), pending: pendingBySet(m)}
	for _, name := range w.names {
		a.judgeSet(w.sets[name])
	}
	a.relate()
	return &Assessment{At: now, Cells: a.collect(), Problems: a.problems(), Levels: w.graph.levels, world: w, memory: m}
}

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
	busy      bool       // an operation is running or queued
	cells     []Assessed // sorted by target
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
		w.sets[name] = &setView{name: name, set: inventory.StackSet, instances: inventory.Instances, policy: sp,
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

type assessor struct {
	*world
	memory  Memory
	now     time.Time
	places  map[fleet.AccountID]place
	pending map[fleet.StackSetName][]fleet.Target // see [Memory.PendingRestores]
	found   []policy.Problem
}

// judgeSet judges the set's cells: the mandatory ones and those with instances.
func (a *assessor) judgeSet(v *setView) {
	mandatory := a.mandate(v)
	v.cells = make([]Assessed, 0, max(len(v.instances), len(mandatory.accounts)*len(mandatory.regions)))
	for _, account := range mandatory.accounts {
		for _, region := range mandatory.regions {
			target := fleet.Target{Account: account, Region: region}
			if _, present := v.instances[target]; !present {
				c := missingCell(v, target, mandatory.because)
				c.PendingRestore = len(a.memory.PendingRestores) > 0 && a.isPending(c.Cell)
				v.cells = append(v.cells, c)
			}
		}
	}
	v.cells = append(v.cells, a.pendingCells(v, mandatory)...)
	for target, instance := range v.instances {
		v.cells = append(v.cells, a.judgeInstance(v, target, instance, mandatory))
	}
	slices.SortFunc(v.cells, func(x, y Assessed) int { return x.Target.Compare(y.Target) })
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

func (a *assessor) collect() []Assessed {
	total := 0
	for _, name := range a.names {
		total += len(a.sets[name].cells)
	}
	cells := make([]Assessed, 0, total)
	for _, name := range a.names {
		cells = append(cells, a.sets[name].cells...)
	}
	return cells
}

// problems are all contradictions found, sorted, each once.
func (a *assessor) problems() []policy.Problem {
	all := slices.Concat(a.faults, a.found, a.policyProblems())
	slices.SortFunc(all, policy.Problem.Compare)
	return slices.Compact(all)
}
