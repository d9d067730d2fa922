package plan

import "github.com/setmend/setmend/fleet"

// Select returns the plan of the actions that are wanted, of the given stage,
// sealed. Actions wait for what remains of those they waited for.
func (p *Plan) Select(stage Stage, wanted func(Action) bool) *Plan {
	part := p.keep(func(a Action, _ fleet.Target) bool { return wanted(a) })
	part.Stage = stage
	return part.seal()
}

// Restores returns the plan of what gives back pending restores, sealed. It says
// nothing of other cells and of guards, which the fleet has to be read whole for; a
// guard that holds restores back does so here, too.
func (a *Assessment) Restores(scope Scope) *Plan {
	pending := map[fleet.Cell]bool{}
	for i := range a.Cells {
		pending[a.Cells[i].Cell] = a.Cells[i].PendingRestore
	}
	part := a.Plan(Options{Scope: scope}).keep(func(action Action, t fleet.Target) bool {
		return (action.Remedy == RemedyDeploy || action.Remedy == RemedyRetry) && pending[fleet.Cell{StackSet: action.StackSet, Target: t}]
	})
	part.Stage, part.Guards, part.Unhandled, part.Problems = StageRestore, nil, nil, nil
	return part.seal()
}

// Without returns the plan without the actions that the guard holds back and the
// drift detections that would have proved them, sealed, and reports whether there
// were any; if not, the plan is returned as it is.
func (p *Plan) Without(hit GuardHit, held func(Action) bool) (*Plan, bool) {
	part := p.keep(func(a Action, _ fleet.Target) bool { return !held(a) })
	if len(part.Actions) == len(p.Actions) {
		return p, false
	}
	healed := map[fleet.StackSetName]bool{}
	for _, a := range part.Actions {
		for _, set := range a.touched() {
			healed[set] = healed[set] || a.Stage == StageHeal && a.Remedy.Writes()
		}
	}
	part = part.keep(func(a Action, _ fleet.Target) bool { return a.Stage != StageVerify || healed[a.StackSet] })
	part.Guards = append(part.Guards[:len(part.Guards):len(part.Guards)], hit)
	return part.seal(), true
}
