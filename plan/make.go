package plan

// Options narrow the plan that an assessment makes. The zero value plans all.
type Options struct {
	Scope Scope
	Stage Stage // "" for all stages
}

// Plan makes the plan: guards first, then the cells that are left grouped into
// actions with their requests, the actions into an order; then sealed. The same
// assessment gives the same plan. It panics for an assessment that [Assess] did not
// return, such as one read from JSON: the fleet is not in it.
func (a *Assessment) Plan(o Options) *Plan {
	b := &builder{world: a.world, assessment: a, memory: a.memory, now: a.At}
	b.guard()
	b.dueDetections()
	b.choose()
	p := &Plan{
		At: a.At, Actions: b.order(b.actions()), Unhandled: b.unhandled, Guards: b.hits,
		Problems: a.Problems, Levels: a.Levels, Unchecked: a.unchecked(o.Scope), From: a.revisions(),
		Estimate: Estimate{Reading: b.reading()},
	}
	p = p.seal().Narrow(o.Scope)
	if o.Stage != "" {
		p = p.OfStage(o.Stage)
	}
	return p
}
