package plan

import (
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
	a := &assessor{world: w, memory: m, now: now, places: accountStatuses(f), pending: pendingBySet(m), saved: savedBySet(m)}
	for _, name := range w.names {
		a.judgeSet(w.sets[name])
	}
	a.relate()
	return &Assessment{At: now, Cells: a.collect(), Problems: a.problems(), Levels: w.graph.levels, world: w, memory: m}
}

// judgeSet judges the set's cells: the mandatory ones and those with instances.
func (a *assessor) judgeSet(v *setView) {
	mandatory := a.mandate(v)
	v.cells = make([]Assessed, 0, max(len(v.instances), mandatory.cells()))
	for _, account := range mandatory.accounts {
		for _, region := range mandatory.regions[account] {
			target := fleet.Target{Account: account, Region: region}
			if _, present := v.instances[target]; !present {
				c := missingCell(v, target, mandatory.because)
				c.PendingRestore = len(a.memory.PendingRestores) > 0 && a.isPending(c.Cell)
				a.giveBack(v, &c)
				v.cells = append(v.cells, c)
			}
		}
	}
	v.cells = append(v.cells, a.pendingCells(v, mandatory)...)
	v.cells = append(v.cells, a.leftBehind(v, mandatory)...)
	for target, instance := range v.instances {
		v.cells = append(v.cells, a.judgeInstance(v, target, instance, mandatory))
	}
	slices.SortFunc(v.cells, func(x, y Assessed) int { return x.Target.Compare(y.Target) })
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
