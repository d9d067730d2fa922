package stacks

import (
	"time"

	"github.com/setmend/setmend/awssim/internal/template"
)

// Maker makes resources of a type that are more than data: what it makes has a life
// of its own, such as a nested stack or a stack set. Its methods begin something and
// call done once when it has ended, at once or later; failure "" is success.
type Maker interface {
	Make(r Request, done func(id string, attributes map[string]any, failure string))
	// Change brings what was made to new properties. It may answer another id.
	Change(r Request, id string, before map[string]any, done func(id string, attributes map[string]any, failure string))
	Unmake(r Request, id string, done func(failure string))
	// Live is what is there of properties that were asked for; false if it is gone.
	Live(r Request, id string) (map[string]any, bool)
}

// Request is what a stack asks of a maker.
type Request struct {
	Account, Region    string
	StackID, LogicalID string
	Type               string
	ARN                string // of whom CloudFormation acts as
	Properties         map[string]any
	Tags               []Tag // the stack's
}

// maker is who makes resources of a type, nil if they are data.
func (e *Engine) maker(typ string) Maker {
	switch typ {
	case stackType:
		return nested{e}
	case waitType:
		return waiter{e}
	}
	return e.options.Makers[typ]
}

// part is one resource of an operation that a maker sees to.
type part struct {
	logicalID, typ string
	run            func(done func(failure string))
	undo           func(done func(failure string)) // nil: nothing to undo
}

// partRun is a part under way or over, for the events.
type partRun struct {
	began, ended time.Time
	told         []toldAt // of what was waited for
}

// toldAt is the reason of an event under way.
type toldAt struct {
	at     time.Time
	reason string
}

// gate lets an operation go on when its time has passed and all its parts are done.
type gate struct {
	passed, done bool
	failure      *failure
	then         func(*failure)
}

func (g *gate) try() {
	if g.passed && g.done {
		g.then(g.failure)
	}
}

// join runs an operation's parts one after another, beginning now, and calls then
// once they are done and the operation's time has passed. The caller must call pass
// when it has.
func (e *Engine) join(s *stack, op *operation, parts []part, then func(*failure)) (pass func()) {
	g := &gate{then: then}
	e.runParts(s, op, parts, func(f *failure) {
		g.done, g.failure = true, f
		g.try()
	})
	return func() { g.passed = true; g.try() }
}

// runParts runs parts one after another up to the first that fails. The first one
// begins in the world's next moment, when the operation has begun.
func (e *Engine) runParts(s *stack, op *operation, parts []part, then func(*failure)) {
	if len(parts) == 0 {
		then(nil)
		return
	}
	one := parts[0]
	e.at(s, op, 0, func() {
		run := op.part(one.logicalID)
		run.began, run.ended, run.told = e.world.Now(), time.Time{}, nil
		one.run(func(why string) {
			run.ended = e.world.Now()
			e.version++
			if why != "" {
				then(&failure{one.logicalID, one.typ, why})
				return
			}
			op.taken = append(op.taken, one)
			e.runParts(s, op, parts[1:], then)
		})
	})
}

// undoParts undoes what an operation's parts have done, the last first, and calls
// then whether or not that worked.
func (e *Engine) undoParts(s *stack, op *operation, then func(failed *failure)) {
	n := len(op.taken)
	if n == 0 {
		then(nil)
		return
	}
	one := op.taken[n-1]
	op.taken = op.taken[:n-1]
	if one.undo == nil {
		e.undoParts(s, op, then)
		return
	}
	one.undo(func(why string) {
		if why != "" {
			then(&failure{one.logicalID, one.typ, why})
			return
		}
		e.undoParts(s, op, then)
	})
}

func (op *operation) part(logicalID string) *partRun {
	if op.parts == nil {
		op.parts = map[string]*partRun{}
	}
	if op.parts[logicalID] == nil {
		op.parts[logicalID] = &partRun{}
	}
	return op.parts[logicalID]
}

// parts lists what makers have to do for a comparison, in its order.
func (e *Engine) parts(s *stack, a actor, c *comparison, op *operation) []part {
	var out []part
	for i := range c.changes {
		one := &c.changes[i]
		if m := e.maker(one.resource.Type); m != nil && (one.action == add || one.action == modify) {
			out = append(out, e.part(s, a, c, op, one, m))
		}
		if one.action != add && !one.replace || !one.resource.HasCreationPolicy() {
			continue
		}
		if p := e.creationPolicyOf(e.look(s, c.deployment, c.resolved), one.resource); p != nil {
			out = append(out, part{logicalID: one.resource.LogicalID, typ: one.resource.Type,
				run: func(done func(string)) { e.awaitSignals(s, op, one.resource, p, done) }})
		}
	}
	return out
}

func (e *Engine) part(s *stack, a actor, c *comparison, op *operation, one *change, m Maker) part {
	id := one.resource.LogicalID
	was := s.madeOf(id)
	request := func() Request { return e.request(s, a, one.resource, e.evaluated(s, c, one)) }
	keep := func(done func(string)) func(string, map[string]any, string) {
		return func(physical string, attributes map[string]any, why string) {
			if physical != "" {
				s.keepMade(id, made{physical, attributes})
				op.rename(id, physical)
			}
			done(why)
		}
	}
	p := part{logicalID: id, typ: one.resource.Type}
	forget := func(done func(string)) {
		now := s.madeOf(id)
		m.Unmake(e.request(s, a, one.resource, one.after), now.id, func(why string) {
			if s.dropMade(id); was.id != "" {
				s.keepMade(id, was)
			}
			done(why)
		})
	}
	if one.action == add || one.replace || was.id == "" {
		p.run = func(done func(string)) {
			m.Make(request(), func(physical string, attributes map[string]any, why string) {
				keep(done)(physical, attributes, why)
				if why != "" && physical != "" { // there, and to be taken away again
					op.taken = append(op.taken, part{logicalID: id, typ: p.typ, undo: forget})
				}
			})
		}
		p.undo = forget
		return p
	}
	p.run = func(done func(string)) { m.Change(request(), was.id, one.before, keep(done)) }
	p.undo = func(done func(string)) {
		m.Change(e.request(s, a, one.resource, one.before), was.id, one.after, func(_ string, attributes map[string]any, why string) {
			s.keepMade(id, made{was.id, attributes})
			done(why)
		})
	}
	return p
}

// rename corrects the physical id of an operation's step.
func (op *operation) rename(logicalID, physicalID string) {
	for i := range op.steps {
		if op.steps[i].logicalID == logicalID && op.steps[i].verb != "DELETE" {
			op.steps[i].physicalID = physicalID
		}
	}
}

// evaluated are a resource's properties by now: what earlier parts have made is
// known.
func (e *Engine) evaluated(s *stack, c *comparison, one *change) map[string]any {
	v := e.look(s, c.deployment, c.resolved)
	p, err := v.expected(one.resource)
	if err != nil {
		return one.after
	}
	return p
}

func (e *Engine) request(s *stack, a actor, r *template.Resource, properties map[string]any) Request {
	var tags []Tag
	if s.current != nil {
		tags = s.current.tags
	}
	return Request{Account: s.account, Region: s.region, StackID: s.id, LogicalID: r.LogicalID, Type: r.Type, ARN: a.arn,
		Properties: properties, Tags: tags}
}

// unmaking lists the parts of a deletion: what was made, as long as it is not
// retained. Failures are recorded in the steps.
func (e *Engine) unmaking(s *stack, a actor, op *operation) []part {
	var out []part
	for i := range op.steps {
		st := &op.steps[i]
		m, was := e.maker(st.typ), s.madeOf(st.logicalID)
		r, ok := op.deployment.template.Resource(st.logicalID)
		if m == nil || was.id == "" || st.skipped || st.failed != "" || !ok {
			continue
		}
		out = append(out, part{logicalID: st.logicalID, typ: st.typ, run: func(done func(string)) {
			properties, err := e.view(s).expected(r)
			if err != nil {
				properties = map[string]any{}
			}
			m.Unmake(e.request(s, a, r, properties), was.id, func(why string) {
				if st.failed = why; why == "" {
					s.dropMade(st.logicalID)
				}
				done(why)
			})
		}})
	}
	return out
}

// unmakeOld takes away what an update has replaced or removed, without waiting.
func (e *Engine) unmakeOld(s *stack, a actor, c *comparison, before map[string]*made) {
	for i := range c.changes {
		one := &c.changes[i]
		m, was := e.maker(one.resource.Type), before[one.resource.LogicalID]
		if m == nil || was == nil {
			continue
		}
		switch {
		case one.action == remove && !keeps(one.resource.DeletionPolicy):
			s.dropMade(one.resource.LogicalID)
		case one.replace && !keeps(one.resource.UpdateReplacePolicy):
		default:
			continue
		}
		m.Unmake(e.request(s, a, one.resource, one.before), was.id, func(string) {})
	}
}
