package stacks

import (
	"slices"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
	"github.com/setmend/setmend/awssim/internal/template"
)

func typeOf(r *template.Resource) *resource.Type { return resource.Find(r.Type) }

// errNoUpdates is CloudFormation's answer to an update without effect.
func errNoUpdates() *core.Error { return core.Invalid("No updates are to be performed.") }

// update begins to bring a stack to a new deployment.
func (e *Engine) update(s *stack, d *deployment, a actor, c *comparison, f *failure, token string, done func(result)) {
	op := &operation{verb: "UPDATE", deployment: d, previous: s.current, token: token, steps: []step{}, done: done}
	e.outdate(s)
	s.updated = e.world.Now()
	var before, after []template.OutputValue
	if f != nil && c != nil {
		op.steps = c.failedStep(f)
	}
	if f == nil {
		before = e.outputsOf(s)
		after = c.outputs
		if op.steps, f = e.firstObstacle(s, a, c); f == nil {
			f = c.late
		}
	}
	if f == nil {
		if why := e.exportInUse(s, before, after); why != "" {
			f = &failure{reason: why + "."}
		} else if why := e.exportConflict(s, after); why != "" {
			f = &failure{reason: why + "."}
		}
	}
	if f != nil {
		e.failUpdate(s, op, c, f)
		return
	}
	e.carryOut(s, op, a, c, before, after)
}

// failedStep is the one step of an update that is refused for a resource.
func (c *comparison) failedStep(f *failure) []step {
	for i := range c.changes {
		if one := &c.changes[i]; one.resource.LogicalID == f.logicalID {
			st := one.step()
			st.failed = f.reason
			return []step{st}
		}
	}
	return []step{}
}

// carryOut runs an update that succeeds.
func (e *Engine) carryOut(s *stack, op *operation, a actor, c *comparison, before, after []template.OutputValue) {
	e.claimAll(s, c)
	e.withdraw(s, before, after)
	s.useImports(union(s.imports, c.imported))
	commit := func() {
		e.apply(s, c)
		after = e.outputsOf(s) // by now, what makers have made is known
		e.publishExports(s, before, after)
		s.useImports(c.imported)
	}
	takes := e.duration()
	var old map[string]*made
	if s.more != nil {
		old = s.more.made
	}
	pass := e.join(s, op, e.parts(s, a, c, op), func(f *failure) {
		if f != nil {
			e.breakOff(s, op, f)
			e.turnUpdateBack(s, op, f)
			return
		}
		e.turnToCleanup(s, op, takes, e.cleanup(s, a, c), commit)
		e.unmakeOld(s, a, c, old)
	})
	share := takes / cleanupShare
	e.start(s, op, takes-share, 0, nil, func() { op.turned = e.world.Now(); pass() })
}

// turnToCleanup makes an update's result the stack's, and cleans up.
func (e *Engine) turnToCleanup(s *stack, op *operation, takes time.Duration, steps []step, commit func()) {
	op.after, op.turn, op.turned = steps, updateCleanup, e.world.Now()
	rest := takes / cleanupShare
	if len(steps) > 0 {
		rest = e.world.Between(e.options.Shortest/4, e.options.Longest/4)
	}
	op.ended = op.turned.Add(rest)
	e.setStatus(s, op.turn, op.turnReason())
	commit()
	e.planRest(s, op)
	e.at(s, op, rest, func() { e.updated(s, op) })
}

// turnUpdateBack rolls an update back that failed while it was under way.
func (e *Engine) turnUpdateBack(s *stack, op *operation, f *failure) {
	op.reason = failedToText("update", f)
	op.after, op.last = restore(op.steps)
	op.turn, op.turned = updateRollbackInProgress, e.world.Now()
	e.releaseNew(s, op)
	standing := e.outputsOf(s)
	e.withdraw(s, standing, standing)
	rest := e.world.Between(e.options.Shortest/4, e.options.Longest/4)
	op.ended = op.turned.Add(rest)
	e.setStatus(s, op.turn, op.reason)
	e.planRest(s, op)
	g := &gate{then: func(stuck *failure) {
		op.ended = e.world.Now()
		if stuck != nil {
			e.stuck(s, op, f)
			return
		}
		e.rolledBack(s, op, f)
	}}
	e.undoParts(s, op, func(stuck *failure) { g.done, g.failure = true, stuck; g.try() })
	e.at(s, op, rest, func() { g.passed = true; g.try() })
}

func (e *Engine) updated(s *stack, op *operation) {
	e.finish(s, updateComplete, "")
	op.report(result{ok: true})
}

// cleanup lists what is deleted after a successful update. CloudFormation goes
// on if such a deletion fails.
func (e *Engine) cleanup(s *stack, a actor, c *comparison) []step {
	var out []step
	for i := range c.changes {
		one := &c.changes[i]
		if one.action != remove && !one.replace {
			continue
		}
		st := step{logicalID: one.resource.LogicalID, typ: one.resource.Type, physicalID: one.oldID, verb: "DELETE"}
		if one.action == remove {
			st.skipped = keeps(one.resource.DeletionPolicy)
		} else {
			st.skipped = keeps(one.resource.UpdateReplacePolicy)
		}
		if !st.skipped {
			st.failed = e.deleteObstacle(s, a, one)
		}
		out = append(out, st)
	}
	return out
}

// failUpdate runs an update that is known to fail and to be rolled back.
func (e *Engine) failUpdate(s *stack, op *operation, c *comparison, f *failure) {
	op.reason = failedToText("update", f)
	op.after, op.last = restore(op.steps)
	op.turn = updateRollbackInProgress
	first, second := e.duration()/2, e.duration()/2
	if s.more != nil && s.more.keepFailed {
		op.turn, op.after, op.last, second = "", nil, nil, 0
	}
	end := func() { e.rolledBack(s, op, f) }
	if failed := gone(c, f); failed != "" && second > 0 {
		// A rollback updates the failed resource too, and fails on it again.
		op.after[0].failed = failed
		op.last = nil
		end = func() { e.stuck(s, op, f) }
	}
	e.start(s, op, first, second, func() {}, end)
}

// gone tells how a rollback fails over a resource that is no longer there.
func gone(c *comparison, f *failure) string {
	if c == nil {
		return ""
	}
	i := slices.IndexFunc(c.changes, func(one change) bool {
		return one.resource.LogicalID == f.logicalID && one.action == modify && !one.replace && one.live == nil
	})
	if i < 0 {
		return ""
	}
	return notFound(c.changes[i].typ, c.changes[i].oldID)
}

func (e *Engine) rolledBack(s *stack, op *operation, f *failure) {
	if op.turn == "" {
		e.finish(s, updateFailed, op.reason)
	} else {
		e.finish(s, updateRollbackComplete, "")
	}
	op.report(result{reason: f.text()})
}

func (e *Engine) stuck(s *stack, op *operation, f *failure) {
	e.finish(s, updateRollbackFailed, "The following resource(s) failed to update: ["+f.logicalID+"]. ")
	op.report(result{reason: f.text()})
}

// apply makes a stack what a comparison says.
func (e *Engine) apply(s *stack, c *comparison) {
	for i := range c.changes {
		one := &c.changes[i]
		switch {
		case one.action == remove:
			e.applyRemoval(s, one)
		case one.action == adopt:
			e.applyImport(s, one)
		case one.replace:
			e.applyReplacement(s, one)
		case one.action == add:
			e.applyAddition(s, one)
		default:
			e.applyModification(s, one)
		}
	}
	s.current = c.deployment
	s.keepResolved(c)
	if s.more != nil {
		s.more.drift, s.more.checked = nil, nil // NOT_CHECKED, as after every update
	}
}

func (e *Engine) applyAddition(s *stack, c *change) {
	if c.before != nil { // it was there once, and somebody deleted it
		s.bump(c.resource.LogicalID)
	}
	s.untouch(c.resource.LogicalID)
	e.take(s, c.resource.LogicalID, c.typ, c.after)
}

func (e *Engine) applyReplacement(s *stack, c *change) {
	if keeps(c.resource.UpdateReplacePolicy) && c.live != nil {
		e.letGo(s, c)
	} else {
		e.release(s, c.resource.LogicalID, c.typ, c.before)
	}
	s.bump(c.resource.LogicalID)
	s.untouch(c.resource.LogicalID)
	e.take(s, c.resource.LogicalID, c.typ, c.after)
}

func (e *Engine) applyRemoval(s *stack, c *change) {
	if keeps(c.resource.DeletionPolicy) && c.live != nil {
		e.letGo(s, c)
	} else {
		e.release(s, c.resource.LogicalID, c.typ, c.before)
	}
	s.bump(c.resource.LogicalID)
	s.untouch(c.resource.LogicalID)
}

// applyModification sets the changed properties. What somebody changed in other
// properties stays as it is, and so do tags of keys that no template mentions.
func (e *Engine) applyModification(s *stack, c *change) {
	t := s.touchedOf(c.resource.LogicalID)
	if t.properties == nil {
		return
	}
	live := cloneMap(t.properties)
	tags, asMap := tagProperty(c.typ)
	changed := c.stackTags
	for _, p := range c.properties {
		switch {
		case p.name == tags:
			changed = true
		case !p.hasAfter:
			delete(live, p.name)
		default:
			live[p.name] = template.Clone(p.after)
		}
	}
	if changed && tags != "" {
		setTags(live, tags, asMap, c.was[tags], c.will[tags])
	}
	s.setLive(c.resource.LogicalID, c.will, live)
}

// setTags brings live tags from what they were to what they are to be.
func setTags(live map[string]any, name string, asMap bool, was, will any) {
	var next any
	if asMap {
		next = withForeignMapTags(template.Clone(will), live[name], was)
	} else {
		next = withForeignTags(template.Clone(will), live[name], was)
	}
	switch tags := next.(type) {
	case nil:
		delete(live, name)
		return
	case []any:
		if len(tags) == 0 && will == nil {
			delete(live, name)
			return
		}
	}
	live[name] = next
}

func withForeignMapTags(tags, live, before any) any {
	m, _ := tags.(map[string]any)
	have, _ := live.(map[string]any)
	known, _ := before.(map[string]any)
	for k, v := range have {
		_, wanted := m[k]
		if _, mentioned := known[k]; wanted || mentioned {
			continue
		}
		if m == nil {
			m = map[string]any{}
		}
		m[k] = v
	}
	if m == nil {
		return nil
	}
	return m
}

// withForeignTags adds the live tags that no template mentions.
func withForeignTags(tags, live, before any) any {
	list, _ := tags.([]any)
	have, _ := live.([]any)
	mentioned := tagKeys(before)
	for k := range tagKeys(tags) {
		mentioned[k] = true
	}
	for _, one := range have {
		if tag, ok := one.(map[string]any); ok {
			if key, ok := tag["Key"].(string); ok && !mentioned[key] {
				list = append(list, one)
			}
		}
	}
	return list
}

func union(a, b []*export) []*export {
	out := slices.Clone(a)
	for _, x := range b {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}
