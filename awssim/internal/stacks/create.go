package stacks

import (
	"time"
)

// What becomes of a stack whose creation fails.
const (
	onFailureRollback  = "ROLLBACK"
	onFailureDelete    = "DELETE"
	onFailureDoNothing = "DO_NOTHING"
)

// create begins to create what the deployment says. c is nil if the creation
// fails for f from the start.
func (e *Engine) create(s *stack, d *deployment, a actor, c *comparison, f *failure, onFailure, token string, done func(result)) {
	op := &operation{verb: "CREATE", deployment: d, token: token, done: done}
	s.current = d
	if f == nil {
		if op.steps, f = e.firstObstacle(s, a, c); f == nil {
			f = c.late
		}
	}
	if f != nil {
		e.failCreate(s, op, f, onFailure)
		return
	}
	op.steps = nil // all of them, which the deployment tells
	e.claimAll(s, c)
	s.useImports(c.imported)
	s.keepResolved(c)
	takes := e.duration()
	pass := e.join(s, op, e.parts(s, a, c, op), func(f *failure) {
		if f != nil {
			e.breakOff(s, op, f)
			e.turnBack(s, op, f, onFailure)
			return
		}
		e.created(s, op, onFailure)
	})
	e.start(s, op, takes, 0, nil, func() { op.turned = e.world.Now(); pass() })
}

// breakOff cuts an operation's steps behind the one that failed.
func (e *Engine) breakOff(s *stack, op *operation, f *failure) {
	steps := op.steps
	if steps == nil {
		steps = createSteps(e.view(s))
	}
	op.steps = []step{}
	for _, st := range steps {
		if st.logicalID == f.logicalID {
			st.failed = f.reason
			if m := s.madeOf(st.logicalID); m.id != "" {
				st.physicalID = m.id
			}
		}
		op.steps = append(op.steps, st)
		if st.failed != "" {
			break
		}
	}
}

func (e *Engine) claimAll(s *stack, c *comparison) {
	for i := range c.changes {
		one := &c.changes[i]
		if one.action == add || one.replace {
			e.take(s, one.resource.LogicalID, one.typ, one.after)
		}
	}
}

// created is a creation whose resources are there: what can still fail is an
// export that somebody else was faster with.
func (e *Engine) created(s *stack, op *operation, onFailure string) {
	s.standing = true
	outputs := e.outputsOf(s)
	if why := e.exportConflict(s, outputs); why != "" {
		e.turnBack(s, op, &failure{reason: why + "."}, onFailure)
		return
	}
	e.publishExports(s, nil, outputs)
	e.finish(s, createComplete, "")
	op.report(result{ok: true})
}

// keepResolved keeps the values that were looked up for the deployment.
func (s *stack) keepResolved(c *comparison) {
	if len(c.resolved) > 0 {
		s.extra().resolved = c.resolved
	} else if s.more != nil {
		s.more.resolved = nil
	}
}

// failCreate runs a creation that is known to fail.
func (e *Engine) failCreate(s *stack, op *operation, f *failure, onFailure string) {
	if op.steps == nil {
		op.steps = []step{}
	}
	e.start(s, op, e.duration()/2, 0, nil, func() { e.turnBack(s, op, f, onFailure) })
}

// turnBack rolls a failed creation back, or leaves it, as asked.
func (e *Engine) turnBack(s *stack, op *operation, f *failure, onFailure string) {
	op.turned = e.world.Now()
	op.reason = failedToText("create", f)
	if onFailure == onFailureDoNothing {
		e.leaveFailed(s, op, f)
		op.report(result{reason: f.text()})
		return
	}
	if op.steps == nil {
		op.steps = createSteps(e.view(s))
	}
	op.after = undo(op.steps)
	op.turn = rollbackInProgress
	if onFailure == onFailureDelete {
		op.turn = deleteInProgress
	}
	rest := e.world.Between(e.options.Shortest/4, e.options.Longest/4)
	op.ended = op.turned.Add(rest)
	if op.turn == rollbackInProgress {
		s.deleted = op.turned // AWS shows a DeletionTime of stacks that were rolled back
	}
	e.setStatus(s, op.turn, op.reason)
	e.announce(s, op, op.after, op.turned, op.ended)
	g := &gate{then: func(stuck *failure) {
		op.ended = e.world.Now()
		if stuck != nil {
			e.rollbackStuck(s, op, stuck, f)
			return
		}
		e.dropAll(s)
		if onFailure == onFailureDelete {
			e.finishDelete(s)
		} else {
			e.finish(s, rollbackComplete, "")
		}
		op.report(result{reason: f.text()})
	}}
	e.undoParts(s, op, func(stuck *failure) { g.done, g.failure = true, stuck; g.try() })
	e.at(s, op, rest, func() { g.passed = true; g.try() })
}

// rollbackStuck ends a rollback that could not take away what was made.
func (e *Engine) rollbackStuck(s *stack, op *operation, stuck, f *failure) {
	for i := range op.after {
		if op.after[i].logicalID == stuck.logicalID {
			op.after[i].failed = stuck.reason
		}
	}
	s.standing = true
	op.reason = "The following resource(s) failed to delete: [" + stuck.logicalID + "]. "
	status := rollbackFailed
	if op.turn == deleteInProgress {
		status = deleteFailed
	}
	e.finish(s, status, op.reason)
	op.report(result{reason: f.text()})
}

// leaveFailed keeps what was created before the failure.
func (e *Engine) leaveFailed(s *stack, op *operation, f *failure) {
	s.standing = true
	done := map[string]bool{}
	for _, st := range op.steps {
		done[st.logicalID] = st.failed == ""
	}
	v := e.view(s)
	resources, _ := v.resources()
	for _, r := range resources {
		if op.steps != nil && !done[r.LogicalID] {
			s.touch(r.LogicalID).deleted = true
		} else if p, err := v.expected(r); err == nil {
			e.take(s, r.LogicalID, typeOf(r), p)
		}
	}
	op.ended = e.world.Now()
	e.finish(s, createFailed, "The following resource(s) failed to create: ["+f.logicalID+"]. ")
}

// createSteps spells out the steps of a successful creation.
func createSteps(v *view) []step {
	resources, err := v.resources()
	if err != nil {
		return nil
	}
	steps := make([]step, 0, len(resources))
	for _, r := range resources {
		steps = append(steps, step{logicalID: r.LogicalID, typ: r.Type, verb: "CREATE"})
	}
	return steps
}

// dropAll lets go of everything that a stack has or has claimed.
func (e *Engine) dropAll(s *stack) {
	e.publishExports(s, e.outputsOf(s), nil)
	s.useImports(nil)
	v := e.view(s)
	resources, _ := v.resources()
	for _, r := range resources {
		if p, err := v.expected(r); err == nil {
			e.release(s, r.LogicalID, typeOf(r), p)
		}
	}
	s.standing = false
	if s.more != nil {
		s.more.touched, s.more.drift, s.more.checked = nil, nil, nil
	}
}

// finishDelete makes a stack a deleted one: its name is free again.
func (e *Engine) finishDelete(s *stack) {
	s.deleted = e.world.Now()
	s.standing = false
	if e.names[stackName{s.place, s.name}] == s {
		delete(e.names, stackName{s.place, s.name})
	}
	e.dropChangeSets(s)
	e.finish(s, deleteComplete, "")
}

// seconds is a duration in whole seconds, for short waits.
func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
