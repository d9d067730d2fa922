package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// graph is the stack sets' dependencies with all names resolved.
type graph struct {
	// needs are the sets that come before, by dependson and by the sets' own
	// AutoDeployment.DependsOn; anti are the sets that must never share a target,
	// in both directions. Sorted, without repetition.
	needs, anti map[fleet.StackSetName][]fleet.StackSetName
	// above are all sets that come before, directly or not.
	above  map[fleet.StackSetName]map[fleet.StackSetName]bool
	level  map[fleet.StackSetName]int
	levels [][]fleet.StackSetName
}

// newGraph resolves names, and reports those that name nothing, contradictions
// and cycles.
func newGraph(f *fleet.Fleet, policies map[fleet.StackSetName]policy.Set) (*graph, []policy.Problem) {
	g := &graph{
		needs: map[fleet.StackSetName][]fleet.StackSetName{},
		anti:  map[fleet.StackSetName][]fleet.StackSetName{},
		above: map[fleet.StackSetName]map[fleet.StackSetName]bool{},
		level: map[fleet.StackSetName]int{},
	}
	names := newNames(f)
	var problems []policy.Problem
	for _, set := range names.all {
		sp := policies[set]
		problems = append(problems, g.link(set, sp, f.StackSets[set].StackSet.AutoDeployment.DependsOn, names)...)
	}
	g.tidy()
	problems = append(problems, g.sort(names.all)...)
	g.close()
	return g, append(problems, g.contradictions()...)
}

// names resolves stack set names without regard to case where that is unique.
type names struct {
	all    []fleet.StackSetName
	folded map[string][]fleet.StackSetName
}

func newNames(f *fleet.Fleet) names {
	n := names{all: f.Names(), folded: map[string][]fleet.StackSetName{}}
	for _, name := range n.all {
		key := strings.ToLower(string(name))
		n.folded[key] = append(n.folded[key], name)
	}
	return n
}

func (n names) resolve(written fleet.StackSetName) (fleet.StackSetName, bool) {
	same := n.folded[strings.ToLower(string(written))]
	if slices.Contains(same, written) {
		return written, true
	}
	if len(same) == 1 {
		return same[0], true
	}
	return "", false
}

// link records one set's edges.
func (g *graph) link(set fleet.StackSetName, sp policy.Set, auto []fleet.StackSetName, n names) []policy.Problem {
	needs, problems := n.resolveAll(set, "depends on", sp.DependsOn, true)
	// A set that AWS alone orders by is AWS's affair: reported, and no reason to stop.
	autoNeeds, more := n.resolveAll(set, "depends for automatic deployment on", auto, false)
	g.needs[set] = append(needs, autoNeeds...)
	problems = append(problems, more...)

	anti, more := n.resolveAll(set, "collides with", sp.AntiDependsOn, true)
	for _, name := range anti {
		if name == set {
			problems = append(problems, policy.Problem{StackSet: set, Text: fmt.Sprintf("%s collides with itself.", set),
				Hint: "Take its own name out of antidependson.", Stops: true})
			continue
		}
		g.anti[set] = append(g.anti[set], name)
		g.anti[name] = append(g.anti[name], set)
	}
	return append(problems, more...)
}

// resolveAll resolves names as written, and reports those that name nothing.
func (n names) resolveAll(set fleet.StackSetName, relation string, written []fleet.StackSetName, stops bool) (found []fleet.StackSetName, problems []policy.Problem) {
	for _, w := range written {
		if name, ok := n.resolve(w); ok {
			found = append(found, name)
		} else {
			problems = append(problems, unknownName(set, relation, w, n, stops))
		}
	}
	return found, problems
}

func unknownName(set fleet.StackSetName, relation string, written fleet.StackSetName, n names, stops bool) policy.Problem {
	return policy.Problem{
		StackSet: set,
		Text:     fmt.Sprintf("%s %s %s, and there is no stack set of that name.", set, relation, written),
		Hint:     policy.DidYouMean(written, n.all, "Correct the name, or remove it; ':' divides several names in a tag."),
		Stops:    stops,
	}
}

// tidy sorts every edge list and removes repetitions.
func (g *graph) tidy() {
	for _, edges := range []map[fleet.StackSetName][]fleet.StackSetName{g.needs, g.anti} {
		for set, list := range edges {
			slices.Sort(list)
			edges[set] = slices.Compact(list)
		}
	}
}

// sort is Kahn's algorithm, level by level: a level is every set whose needs all
// stand in earlier levels. What never becomes ready stands on a cycle or behind
// one; it is put on a last level, and the cycles are named.
func (g *graph) sort(all []fleet.StackSetName) []policy.Problem {
	waiting := slices.Clone(all)
	for len(waiting) > 0 {
		var ready, rest []fleet.StackSetName
		for _, set := range waiting {
			if g.ready(set) {
				ready = append(ready, set)
			} else {
				rest = append(rest, set)
			}
		}
		if len(ready) == 0 {
			g.place(rest)
			return g.cycles(rest)
		}
		g.place(ready)
		waiting = rest
	}
	return nil
}

func (g *graph) ready(set fleet.StackSetName) bool {
	for _, need := range g.needs[set] {
		if _, placed := g.level[need]; !placed {
			return false
		}
	}
	return true
}

func (g *graph) place(level []fleet.StackSetName) {
	for _, set := range level {
		g.level[set] = len(g.levels)
	}
	g.levels = append(g.levels, level)
}

// cycles names every cycle whole, once, beginning with its first name in order.
func (g *graph) cycles(stuck []fleet.StackSetName) []policy.Problem {
	var problems []policy.Problem
	reported := map[fleet.StackSetName]bool{}
	for _, set := range stuck {
		if reported[set] {
			continue
		}
		cycle := g.cycleFrom(set)
		for _, member := range cycle {
			reported[member] = true
		}
		for _, member := range cycle {
			problems = append(problems, policy.Problem{
				StackSet: member,
				Text:     "The dependencies form a cycle: " + arrows(append(cycle, set)) + ".",
				Hint:     "Remove one of these from dependson.",
				Stops:    true,
			})
		}
	}
	return append(problems, g.behindCycles(stuck, reported)...)
}

// cycleFrom is the shortest cycle through the set, nil if it is on none.
func (g *graph) cycleFrom(set fleet.StackSetName) []fleet.StackSetName {
	from := map[fleet.StackSetName]fleet.StackSetName{}
	queue := []fleet.StackSetName{set}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, need := range g.needs[at] {
			if need == set {
				return wayBack(from, set, at)
			}
			if _, seen := from[need]; !seen {
				from[need] = at
				queue = append(queue, need)
			}
		}
	}
	return nil
}

// wayBack is the way from start to end by the steps recorded.
func wayBack(from map[fleet.StackSetName]fleet.StackSetName, start, end fleet.StackSetName) []fleet.StackSetName {
	way := []fleet.StackSetName{end}
	for end != start {
		end = from[end]
		way = append(way, end)
	}
	slices.Reverse(way)
	return way
}

// behindCycles stops the sets that can never be reached for a cycle before them.
func (g *graph) behindCycles(stuck []fleet.StackSetName, onCycle map[fleet.StackSetName]bool) []policy.Problem {
	var problems []policy.Problem
	for _, set := range stuck {
		if !onCycle[set] {
			problems = append(problems, policy.Problem{StackSet: set, Text: fmt.Sprintf("%s depends on stack sets that form a cycle.", set),
				Hint: "Resolve the cycle first.", Stops: true})
		}
	}
	return problems
}

func arrows(names []fleet.StackSetName) string {
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = string(name)
	}
	return strings.Join(words, " → ")
}

// close computes the transitive needs of every set.
func (g *graph) close() {
	for _, level := range g.levels {
		for _, set := range level {
			reach := map[fleet.StackSetName]bool{}
			g.walk(set, reach)
			g.above[set] = reach
		}
	}
}

func (g *graph) walk(set fleet.StackSetName, reach map[fleet.StackSetName]bool) {
	for _, need := range g.needs[set] {
		if reach[need] {
			continue
		}
		reach[need] = true
		if known, done := g.above[need]; done {
			for further := range known {
				reach[further] = true
			}
			continue
		}
		g.walk(need, reach)
	}
}

// contradictions are the sets that depend on what they collide with.
func (g *graph) contradictions() []policy.Problem {
	var problems []policy.Problem
	for _, set := range fleet.SortedKeys(g.anti) {
		for _, other := range g.anti[set] {
			if g.above[set][other] {
				problems = append(problems, policy.Problem{
					StackSet: set,
					Text:     fmt.Sprintf("%s depends on %s and collides with it: it could never be deployed.", set, other),
					Hint:     "Remove one of the two statements.",
					Stops:    true,
				})
			}
		}
	}
	return problems
}
