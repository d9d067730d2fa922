package plan

import (
	"slices"

	"github.com/setmend/setmend/fleet"
)

// Narrow returns the part of the plan within the scope, sealed. Actions keep their
// order, and wait for what remains of those they waited for, directly or through
// actions that are gone. An action that takes other sets along still does, whether
// or not those are in scope: without them it could not work. A drift detection is
// of a whole stack set.
func (p *Plan) Narrow(s Scope) *Plan {
	if s.All() {
		return p
	}
	narrow := p.keep(func(a Action, t fleet.Target) bool {
		if a.Remedy == RemedyDetect {
			return among(a.StackSet, s.StackSets)
		}
		return s.Covers(fleet.Cell{StackSet: a.StackSet, Target: t})
	})
	narrow.dropIdleVerification()
	narrow.Scope = s
	narrow.Unhandled = slices.DeleteFunc(slices.Clone(p.Unhandled), func(c Assessed) bool { return !s.Covers(c.Cell) })
	return narrow.seal()
}

// dropIdleVerification drops the verification of stack sets that the plan does not
// heal.
func (p *Plan) dropIdleVerification() {
	healed := map[fleet.StackSetName]bool{}
	p.Actions = slices.DeleteFunc(p.Actions, func(a Action) bool {
		if a.Stage == StageVerify {
			return !healed[a.StackSet]
		}
		for _, set := range a.touched() {
			healed[set] = healed[set] || a.Stage == StageHeal && a.Remedy.Writes()
		}
		return false
	})
}

// OfStage returns the part of the plan that the stage carries out, sealed.
func (p *Plan) OfStage(stage Stage) *Plan {
	part := p.keep(func(a Action, _ fleet.Target) bool { return a.Stage == stage })
	part.Stage = stage
	return part.seal()
}

// keep returns a plan of the actions' targets that are wanted; of a drift
// detection, which has none, wanted is asked once with the zero target. The caller
// seals it.
func (p *Plan) keep(wanted func(Action, fleet.Target) bool) *Plan {
	kept := *p
	kept.Actions = nil
	became := map[string][]string{} // an action's id: what stands for it now
	for _, a := range p.Actions {
		part, some := a.keep(wanted)
		after := renamed(a.After, became)
		if !some {
			became[a.ID] = after
			continue
		}
		part.After = after
		became[a.ID] = []string{part.ID}
		kept.Actions = append(kept.Actions, part)
	}
	return &kept
}

// keep returns the action for the wanted targets, false if there is none.
func (a Action) keep(wanted func(Action, fleet.Target) bool) (Action, bool) {
	if a.Remedy == RemedyDetect {
		return a, wanted(a, fleet.Target{})
	}
	targets := slices.DeleteFunc(slices.Clone(a.Targets), func(t fleet.Target) bool { return !wanted(a, t) })
	if len(targets) == len(a.Targets) || len(targets) == 0 {
		return a, len(targets) > 0
	}
	part := a
	part.Targets, part.Requests, part.Destroys = targets, nil, nil
	for _, r := range a.Requests {
		part.Requests = append(part.Requests, r.Only(targets)...)
	}
	for _, d := range a.Destroys {
		d.Cells = min(d.Cells, len(targets))
		part.Destroys = append(part.Destroys, d)
	}
	part.ID = actionID(part)
	return part, true
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
