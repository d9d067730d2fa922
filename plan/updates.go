package plan

import (
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// Updates returns the fewest requests that could be found after which each of the
// instances has exactly the given overrides; an empty list drops all of them. The
// cells must have instances.
func Updates(f *fleet.Fleet, p *policy.Policy, overrides map[fleet.Cell][]fleet.Parameter) []Request {
	b := &builder{world: newWorld(f, p), now: time.Time{}}
	sets := map[fleet.StackSetName]*requestGroups{}
	for _, cell := range sortedCells(overrides) {
		if sets[cell.StackSet] == nil {
			sets[cell.StackSet] = &requestGroups{}
		}
		sets[cell.StackSet].add(RequestUpdate, overrides[cell], cell.Target)
	}
	var requests []Request
	for _, name := range fleet.SortedKeys(sets) {
		v := b.sets[name]
		for _, g := range sets[name].sorted() {
			own := Request{Kind: g.kind, StackSet: name, Overrides: g.overrides, NoOverrides: len(g.overrides) == 0, Preferences: v.policy.Preferences}
			requests = append(requests, b.reach(v, own, g.targets)...)
		}
	}
	return requests
}

// Reaching returns the fewest requests that could be found that update exactly the
// targets of a stack set with its present definition, and leave every override as it
// is. The targets must have instances; the largest request comes first.
func Reaching(f *fleet.Fleet, p *policy.Policy, set fleet.StackSetName, targets []fleet.Target, preferences fleet.Preferences) []Request {
	b := &builder{world: newWorld(f, p)}
	requests := b.reach(b.sets[set], Request{Kind: RequestUpdate, StackSet: set, Preferences: preferences}, targets)
	slices.SortStableFunc(requests, func(x, y Request) int { return y.Cells() - x.Cells() })
	return requests
}
