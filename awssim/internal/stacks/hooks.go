package stacks

import "github.com/setmend/setmend/awssim/internal/core"

// OnEnd has f called after every operation on a stack that has ended, however it
// ended: for whoever reacts to deployments, such as a team's own tool that puts
// back what they changed.
func (e *Engine) OnEnd(f func(core.StackInfo)) { e.ended = append(e.ended, f) }

// tellEnded calls those who asked once everything about the end is settled.
func (e *Engine) tellEnded(s *stack) {
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
