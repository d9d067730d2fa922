package stacksets

import (
	"github.com/setmend/setmend/awssim/internal/core"
)

// remove takes instances out of the set, and deletes their stacks or lets go of them.
type remove struct{ retain bool }

func (*remove) accept(s *Service, o *operation, r *result) {
	if r.instance != nil {
		s.due(o, r.instance)
	}
}

func (*remove) cancel(s *Service, o *operation, r *result) { s.called(o, r) }

func (m *remove) begin(s *Service, o *operation, r *result, done func(outcome)) {
	i := r.instance
	switch {
	case m.retain || i.stackID == "":
		s.mark(o, i, i.status, running, i.reason)
		s.later(s.options.Detach, func() { m.vanish(s, o, i, done) })
	case s.suspended(i.account):
		s.skip(o, r, done)
	default:
		s.mark(o, i, i.status, running, i.reason)
		m.delete(s, o, r, done)
	}
}

func (m *remove) delete(s *Service, o *operation, r *result, done func(outcome)) {
	i := r.instance
	reason := s.obstacle(o, i.place, "DeleteStack")
	if reason == "" && !s.pass(r) {
		reason = "AccountGate check failed"
	}
	if reason != "" {
		s.later(s.options.Check, func() { m.fail(s, o, i, reason, done) })
		return
	}
	s.stacks.Delete(i.stackID, s.spec(o, i, ""), func(end core.StackResult) {
		if !end.OK {
			m.fail(s, o, i, end.Reason, done)
			return
		}
		i.stackID = ""
		m.vanish(s, o, i, done)
	})
}

// fail leaves an instance that only a delete with RetainStacks gets rid of.
func (*remove) fail(s *Service, o *operation, i *instance, reason string, done func(outcome)) {
	s.mark(o, i, inoperable, inoperable, reason)
	done(outcome{failed: true, reason: reason})
}

func (*remove) vanish(s *Service, o *operation, i *instance, done func(outcome)) {
	o.set.instances.remove(i)
	done(outcome{})
}
