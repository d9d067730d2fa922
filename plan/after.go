package plan

import (
	"cmp"
	"slices"

	"github.com/setmend/setmend/fleet"
)

// order gives every action the actions it waits for. The list is in a good order
// already; an edge goes from an earlier to a later action, so that there can be
// no cycle. Two actions need one if they touch sets of which one depends on the
// other and share an account; if they touch one set, or sets that must never be
// operated on at one target at a time, and share a target; or if both take
// instances of one set down.
func (b *builder) order(actions []Action) {
	touching := map[fleet.StackSetName][]int{}
	relatives := b.relatives()
	redeployed := map[fleet.StackSetName]int{}
	for j := range actions {
		before := map[int]bool{}
		for _, set := range actions[j].touched() {
			for _, relative := range relatives[set] {
				for _, i := range touching[relative] {
					if !before[i] && b.meet(set, relative, actions[i].Targets, actions[j].Targets) {
						before[i] = true
					}
				}
			}
			if actions[j].Rung == RungRedeploy {
				if last, any := redeployed[set]; any {
					before[last] = true
				}
			}
		}
		for _, set := range actions[j].touched() {
			touching[set] = append(touching[set], j)
			if actions[j].Rung == RungRedeploy {
				redeployed[set] = j
			}
		}
		for _, i := range fleet.SortedKeys(before) {
			if actions[i].Rung != RungQuarantine && actions[j].Rung != RungQuarantine {
				actions[j].After = append(actions[j].After, actions[i].ID)
			}
		}
	}
}

// touched are the stack sets that the action operates on.
func (a Action) touched() []fleet.StackSetName {
	return append([]fleet.StackSetName{a.StackSet}, a.Together...)
}

// relatives lists, for every set, itself and those it is ordered against.
func (b *builder) relatives() map[fleet.StackSetName][]fleet.StackSetName {
	related := map[fleet.StackSetName][]fleet.StackSetName{}
	add := func(x, y fleet.StackSetName) { related[x] = append(related[x], y) }
	for _, set := range b.names {
		add(set, set)
		for above := range b.graph.above[set] {
			add(set, above)
			add(above, set)
		}
		for _, other := range b.graph.anti[set] {
			add(set, other)
		}
	}
	for set, list := range related {
		slices.Sort(list)
		related[set] = slices.Compact(list)
	}
	return related
}

// meet reports whether actions on two related sets come into each other's way.
func (b *builder) meet(set, relative fleet.StackSetName, x, y []fleet.Target) bool {
	if b.graph.above[set][relative] || b.graph.above[relative][set] {
		return shares(x, y, func(t, u fleet.Target) int { return cmp.Compare(t.Account, u.Account) })
	}
	return shares(x, y, fleet.Target.Compare)
}

// shares reports whether two sorted lists have something in common.
func shares(x, y []fleet.Target, compare func(t, u fleet.Target) int) bool {
	for len(x) > 0 && len(y) > 0 {
		switch c := compare(x[0], y[0]); {
		case c == 0:
			return true
		case c < 0:
			x = x[1:]
		default:
			y = y[1:]
		}
	}
	return false
}
