package plan

import (
	"slices"

	"github.com/setmend/setmend/fleet"
)

// Scope narrows a plan. What is empty does not narrow.
type Scope struct {
	StackSets []fleet.StackSetName
	Accounts  []fleet.AccountID
	Targets   []fleet.Target
}

// All reports whether the scope is everything.
func (s Scope) All() bool { return len(s.StackSets)+len(s.Accounts)+len(s.Targets) == 0 }

// Covers reports whether a cell is in scope.
func (s Scope) Covers(c fleet.Cell) bool {
	return among(c.StackSet, s.StackSets) && among(c.Account, s.Accounts) && among(c.Target, s.Targets)
}

func among[T comparable](x T, list []T) bool {
	return len(list) == 0 || slices.Contains(list, x)
}

// Narrow is the part of the plan within the scope. Actions keep their order, and
// wait for what remains of those they waited for, directly or through actions
// that are gone. An action that takes other sets along still does, whether or
// not those are in scope: without them it could not work.
func (p *Plan) Narrow(s Scope) *Plan {
	narrow := *p
	narrow.Actions = nil
	became := map[string][]string{} // an action's id: what stands for it now
	for _, a := range p.Actions {
		after := renamed(a.After, became)
		id := a.ID
		a.Targets = slices.DeleteFunc(slices.Clone(a.Targets), func(t fleet.Target) bool {
			return !s.Covers(fleet.Cell{StackSet: a.StackSet, Target: t})
		})
		if len(a.Targets) == 0 {
			became[id] = after
			continue
		}
		if a.Rung != RungQuarantine {
			a.Calls = Cover(a.Targets)
		}
		a.After, a.ID = after, actionID(a)
		became[id] = []string{a.ID}
		narrow.Actions = append(narrow.Actions, a)
	}
	narrow.Left = slices.DeleteFunc(slices.Clone(p.Left), func(c Assessed) bool { return !s.Covers(c.Cell) })
	narrow.seal()
	return &narrow
}

// renamed replaces ids by what stands for them, each once.
func renamed(ids []string, became map[string][]string) []string {
	var names []string
	for _, id := range ids {
		for _, name := range became[id] {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
