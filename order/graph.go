package order

import (
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

// Graph is a fleet's stack sets with their dependencies.
type Graph struct {
	// Levels divides the sets: each is in a later level than all that it needs.
	Levels [][]fleet.StackSetName `json:"levels"`
	// Edges are sorted by From, then To.
	Edges []Edge `json:"edges,omitempty"`
	// Conflicts are the pairs of sets that must not share a target, each once, sorted.
	Conflicts []Conflict `json:"conflicts,omitempty"`
	// Problems are cycles, names of no stack set, and contradictions.
	Problems []policy.Problem `json:"problems,omitempty"`
}

// Edge says that From depends on To: To comes first.
type Edge struct {
	From fleet.StackSetName `json:"from"`
	To   fleet.StackSetName `json:"to"`
	// Declared is set if tags or policy say so, OnAWS if AutoDeployment.DependsOn does.
	Declared bool `json:"declared"`
	OnAWS    bool `json:"onAws"`
}

// Conflict is two stack sets that must not share a target. A comes before B by name.
type Conflict struct {
	A fleet.StackSetName `json:"a"`
	B fleet.StackSetName `json:"b"`
}

// Read returns the graph of a fleet.
func Read(f *fleet.Fleet, p *policy.Policy) Graph {
	all, declared := plan.OrderOf(f, p, false), plan.OrderOf(f, p, true)
	g := Graph{Levels: all.Levels, Problems: all.Problems}
	for _, set := range fleet.SortedKeys(all.Needs) {
		onAWS := f.StackSets[set].StackSet.AutoDeployment.DependsOn
		for _, need := range all.Needs[set] {
			g.Edges = append(g.Edges, Edge{From: set, To: need,
				Declared: slices.Contains(declared.Needs[set], need), OnAWS: slices.Contains(onAWS, need)})
		}
		for _, other := range all.Anti[set] {
			if set < other {
				g.Conflicts = append(g.Conflicts, Conflict{A: set, B: other})
			}
		}
	}
	for _, set := range fleet.SortedKeys(all.Anti) {
		for _, other := range all.Anti[set] {
			if c := (Conflict{A: set, B: other}); set < other && !slices.Contains(g.Conflicts, c) {
				g.Conflicts = append(g.Conflicts, c)
			}
		}
	}
	slices.SortFunc(g.Conflicts, func(x, y Conflict) int {
		return slices.Compare([]fleet.StackSetName{x.A, x.B}, []fleet.StackSetName{y.A, y.B})
	})
	return g
}

// Needs lists what a set depends on, sorted.
func (g Graph) Needs(set fleet.StackSetName) []fleet.StackSetName {
	var needs []fleet.StackSetName
	for _, e := range g.Edges {
		if e.From == set {
			needs = append(needs, e.To)
		}
	}
	return needs
}

// Wrong reports whether the order cannot be kept: a problem stops a set.
func (g Graph) Wrong() bool {
	return slices.ContainsFunc(g.Problems, func(p policy.Problem) bool { return p.Stops })
}
