package stacksets

import (
	"fmt"

	"github.com/setmend/setmend/awssim/internal/core"
)

// deploy creates or updates an instance's stack.
type deploy struct {
	// overrides changes an instance's overrides; nil leaves them.
	overrides func(overrides) overrides
}

func (d *deploy) accept(s *Service, o *operation, r *result) {
	t := o.set
	if r.instance == nil {
		r.instance = t.instances.at[r.place]
	}
	if r.instance == nil {
		r.instance = t.instances.add(r.place)
	}
	i := r.instance
	if r.ou != "" {
		i.ou = r.ou
	}
	if d.overrides != nil {
		i.overrides = d.overrides(i.overrides)
	}
	s.due(o, i)
}

func (d *deploy) cancel(s *Service, o *operation, r *result) { s.called(o, r) }

func (d *deploy) begin(s *Service, o *operation, r *result, done func(outcome)) {
	i := r.instance
	if s.suspended(i.account) {
		s.skip(o, r, done)
		return
	}
	s.mark(o, i, i.status, running, i.reason)
	action := "CreateStack"
	if i.stackID != "" {
		action = "UpdateStack"
	}
	if reason := d.refusal(s, o, r, action); reason != "" {
		s.later(s.options.Check, func() {
			detailed := failed
			if i.status == inoperable {
				detailed = inoperable
			}
			s.mark(o, i, i.status, detailed, reason)
			done(outcome{failed: true, reason: reason})
		})
		return
	}
	ended := func(end core.StackResult) { d.end(s, o, i, end, done) }
	if i.stackID == "" {
		name := fmt.Sprintf("StackSet-%s-%s", o.set.name, s.world.UUID())
		s.stacks.Create(s.spec(o, i, name), ended)
		return
	}
	s.stacks.Update(i.stackID, s.spec(o, i, ""), ended)
}

// refusal is why no stack operation is begun.
func (d *deploy) refusal(s *Service, o *operation, r *result, action string) string {
	if reason := s.obstacle(o, r.place, action); reason != "" {
		return reason
	}
	if !s.pass(r) {
		return "AccountGate check failed"
	}
	if r.instance.status == inoperable && !s.options.InoperableAccepts {
		status := "an INOPERABLE"
		if info, ok := s.stacks.Stack(r.instance.stackID); ok && info.Status != "" {
			status = info.Status
		}
		return fmt.Sprintf("Stack:%s is in %s state and can not be updated.", r.instance.stackID, status)
	}
	return ""
}

// end takes down how a stack operation went.
func (d *deploy) end(s *Service, o *operation, i *instance, end core.StackResult, done func(outcome)) {
	if i.stackID == "" || end.StackID != "" {
		i.stackID = end.StackID
	}
	if !end.OK {
		s.mark(o, i, outdated, failed, end.Reason)
		done(outcome{failed: true, reason: end.Reason})
		return
	}
	reason := ""
	if end.NoChange {
		reason = "No updates are to be performed."
	}
	if s.options.DeployResetsDrift {
		o.set.instances.setDrift(i, notChecked)
	}
	s.mark(o, i, current, succeeded, reason)
	for _, f := range s.landed {
		f(Landing{o.set.name, i.account, i.region, i.stackID, o.id})
	}
	done(outcome{reason: reason})
}
