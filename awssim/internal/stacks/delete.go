package stacks

import (
	"slices"
	"strings"
)

// remove begins to delete a stack. retain lists resources to leave alone.
func (e *Engine) remove(s *stack, a actor, retain []string, force bool, token string, done func(result)) {
	op := &operation{verb: "DELETE", deployment: e.view(s).deployment, token: token, done: done}
	if why := e.exportInUse(s, e.outputsOf(s), nil); why != "" {
		e.refuseDeletion(s, op, why)
		return
	}
	s.deleted = e.world.Now()
	steps, failed, reason := e.deletion(s, a, retain, force)
	op.steps = steps
	end := func() { e.deleted(s, op) }
	e.withdraw(s, e.outputsOf(s), nil)
	if reason != "" {
		op.reason = reason
		end = func() { e.deletionFailed(s, op, failed) }
	}
	pass := e.join(s, op, e.unmaking(s, a, op), func(f *failure) {
		op.turned, op.ended = e.world.Now(), e.world.Now()
		if f != nil {
			op.reason = failedToDelete(op.steps)
			e.deletionFailed(s, op, f)
			return
		}
		end()
	})
	e.start(s, op, e.duration(), 0, nil, pass)
}

// failedToDelete is the stack's reason for a failed deletion.
func failedToDelete(steps []step) string {
	var names []string
	for _, st := range steps {
		if st.failed != "" {
			names = append(names, st.logicalID)
		}
	}
	return "The following resource(s) failed to delete: [" + strings.Join(names, ", ") + "]. "
}

// refuseDeletion ends a deletion that an export in use forbids: the stack goes
// back to the status that it had, with AWS's reason.
func (e *Engine) refuseDeletion(s *stack, op *operation, why string) {
	status := s.status
	op.steps, op.reason = []step{}, why
	e.start(s, op, e.duration()/cleanupShare, 0, nil, func() {
		e.finish(s, status, why)
		op.report(result{reason: why})
	})
}

// deletion works out the steps of a deletion, dependents first, and how it fails.
func (e *Engine) deletion(s *stack, a actor, retain []string, force bool) (steps []step, failed *failure, reason string) {
	steps = []step{}
	for _, c := range e.everything(s) {
		st := step{logicalID: c.resource.LogicalID, typ: c.resource.Type, physicalID: c.oldID, verb: "DELETE"}
		st.skipped = keeps(c.resource.DeletionPolicy) || slices.Contains(retain, c.resource.LogicalID)
		if !st.skipped {
			st.failed = e.deleteObstacle(s, a, &c)
		}
		if st.failed != "" && force {
			st.failed, st.skipped = "", true
		}
		if st.failed != "" && failed == nil {
			failed = &failure{st.logicalID, st.typ, st.failed}
		}
		steps = append(steps, st)
	}
	if failed != nil {
		reason = failedToDelete(steps)
	}
	return steps, failed, reason
}

// everything lists the standing resources as removals, dependents first.
func (e *Engine) everything(s *stack) []change {
	if !s.standing || s.current == nil {
		return nil
	}
	v := e.view(s)
	all, err := removals(v, e.look(s, nothing, nil))
	if err != nil {
		return nil // it was evaluated when it was deployed
	}
	return all
}

// deleted ends a deletion: what is retained goes on without its stack.
func (e *Engine) deleted(s *stack, op *operation) {
	all := e.everything(s)
	for i := range all {
		if stepOf(op.steps, all[i].resource.LogicalID).skipped && all[i].live != nil {
			e.letGo(s, &all[i])
		}
	}
	e.dropAll(s)
	e.finishDelete(s)
	op.report(result{ok: true})
}

// deletionFailed ends a deletion that left resources behind; the others are gone.
func (e *Engine) deletionFailed(s *stack, op *operation, f *failure) {
	e.publishExports(s, e.outputsOf(s), nil)
	s.useImports(nil)
	for _, c := range e.everything(s) {
		st := stepOf(op.steps, c.resource.LogicalID)
		if st.verb != "" && st.failed == "" && !st.skipped {
			s.touch(c.resource.LogicalID).deleted = true
			e.release(s, c.resource.LogicalID, c.typ, c.before)
		}
	}
	e.finish(s, deleteFailed, op.reason)
	op.report(result{reason: f.text()})
}

func stepOf(steps []step, logicalID string) step {
	for _, st := range steps {
		if st.logicalID == logicalID {
			return st
		}
	}
	return step{}
}
