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
// operated on at one target at a time, and share a target; if one of two on the
// same set detects its drift; or if both take instances of one set down.
func (b *builder) order(actions []Action) []Action {
	o := orderer{builder: b, relatives: b.relatives(), touching: map[fleet.StackSetName][]int{}, redeployed: map[fleet.StackSetName]int{}}
	for j := range actions {
		if actions[j].Remedy == RemedyQuarantine {
			continue // calls nothing, so that nothing need wait
		}
		for _, i := range fleet.SortedKeys(o.before(actions, j)) {
			actions[j].After = append(actions[j].After, actions[i].ID)
		}
		o.note(actions[j], j)
	}
	return actions
}

// orderer goes through the actions once, and knows those it has passed.
type orderer struct {
	*builder
	relatives  map[fleet.StackSetName][]fleet.StackSetName
	touching   map[fleet.StackSetName][]int // actions that touch a set
	redeployed map[fleet.StackSetName]int   // the last that takes down instances of it
}

// before are the actions that action j has to wait for.
func (o orderer) before(actions []Action, j int) map[int]bool {
	before := map[int]bool{}
	for _, set := range actions[j].touched() {
		for _, relative := range o.relatives[set] {
			for _, i := range o.touching[relative] {
				if !before[i] && o.meet(set, relative, actions[i], actions[j]) {
					before[i] = true
				}
			}
		}
		if last, any := o.redeployed[set]; any && actions[j].Remedy == RemedyRedeploy {
			before[last] = true
		}
	}
	return before
}

func (o orderer) note(a Action, j int) {
	for _, set := range a.touched() {
		o.touching[set] = append(o.touching[set], j)
		if a.Remedy == RemedyRedeploy {
			o.redeployed[set] = j
		}
	}
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
func (b *builder) meet(set, relative fleet.StackSetName, first, second Action) bool {
	if first.Remedy == RemedyDetect || second.Remedy == RemedyDetect {
		return set == relative // it looks at every instance of its set, and changes none
	}
	x, y := first.Targets, second.Targets
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
