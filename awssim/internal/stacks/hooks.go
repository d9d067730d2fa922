package stacks

import "github.com/setmend/setmend/awssim/internal/core"

// OnEnd has f called after every operation on a stack that has ended, however it
// ended: for whoever reacts to deployments, such as a team's own tool that puts
// back what they changed.
func (e *Engine) OnEnd(f func(core.StackInfo)) { e.ended = append(e.ended, f) }

// OnType has f called after every operation on a stack of which a deployment has a
// resource of the type: for services in which something begins to work by itself,
// such as a rule. Stacks that are seeded have no operation.
func (e *Engine) OnType(typ string, f func(account, region string)) {
	if e.watched == nil {
		e.watched = map[string][]func(account, region string){}
	}
	e.watched[typ] = append(e.watched[typ], f)
}

func (e *Engine) tellWatchers(s *stack) {
	told := map[string]bool{}
	for _, op := range s.history[max(0, len(s.history)-2):] {
		if op.deployment == nil {
			continue
		}
		for _, r := range op.deployment.template.Resources {
			if fs := e.watched[r.Type]; fs != nil && !told[r.Type] {
				told[r.Type] = true
				for _, f := range fs {
					f(s.account, s.region)
				}
			}
		}
	}
}

// tellEnded calls those who asked once everything about the end is settled.
func (e *Engine) tellEnded(s *stack) {
	e.tellWatchers(s)
	if len(e.ended) == 0 {
		return
	}
	e.world.After(0, func() {
		if info, ok := e.Stack(s.id); ok {
			for _, f := range e.ended {
				f(info)
			}
		}
	})
}
