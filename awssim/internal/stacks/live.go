package stacks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
	"github.com/setmend/setmend/awssim/internal/template"
)

// Live is one live resource, as Cloud Control, services and people see it.
type Live = core.Live

var _ core.LiveStore = (*Engine)(nil)

// Version changes whenever a resource may have changed anywhere.
func (e *Engine) Version() uint64 { return e.version }

// Regions lists where an account has stacks or resources, sorted.
func (e *Engine) Regions(account string) []string {
	var out []string
	for _, p := range e.placesOf(account) {
		out = append(out, p.region)
	}
	for p := range e.loosePlaces {
		if p.account == account {
			out = append(out, p.region)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Holder finds who has an explicit name that is taken in all accounts.
func (e *Engine) Holder(typ, name string) (account, region string, ok bool) {
	holder, held := e.claims[claim{typ: typ, name: name}]
	if !held {
		return "", "", false
	}
	return holder.place.account, holder.place.region, true
}

// untouch forgets what was changed by hand, but not what stands in the way.
func (s *stack) untouch(logicalID string) {
	if s.more == nil || s.more.touched[logicalID] == nil {
		return
	}
	t := s.more.touched[logicalID]
	t.deleted, t.properties = false, nil
	if t.obstacle == "" {
		delete(s.more.touched, logicalID)
	}
}

// setLive stores live properties, unless they are as the template has them.
func (s *stack) setLive(logicalID string, expected, live map[string]any) {
	if template.Equal(expected, live) {
		s.untouch(logicalID)
		return
	}
	t := s.touch(logicalID)
	t.deleted, t.properties = false, live
}

// resourceAt finds a standing resource of a stack.
func (e *Engine) resourceAt(stackID, logicalID string) (*stack, *view, *template.Resource, error) {
	s, ok := e.stacks[stackID]
	if !ok || !s.standing {
		return nil, nil, nil, fmt.Errorf("finding resource %s: there is no stack %s", logicalID, stackID)
	}
	v := e.view(s)
	r, ok := v.active(logicalID)
	if !ok {
		return nil, nil, nil, fmt.Errorf("finding resource %s: stack %s has none of that name", logicalID, s.name)
	}
	return s, v, r, nil
}

// Change replaces the live properties of a resource by what f makes of a copy of
// them, as somebody does who changes a resource by hand.
func (e *Engine) Change(stackID, logicalID string, f func(live map[string]any) (map[string]any, error)) error {
	s, v, r, err := e.resourceAt(stackID, logicalID)
	if err != nil {
		return err
	}
	expected, err := v.expected(r)
	if err != nil {
		return err
	}
	live := v.live(r, expected)
	if live == nil {
		return fmt.Errorf("changing resource %s: it is deleted", logicalID)
	}
	changed, err := f(cloneMap(live))
	if err != nil {
		return fmt.Errorf("changing resource %s: %w", logicalID, err)
	}
	s.setLive(logicalID, v.deployed(r, expected), changed)
	if s.touchedOf(logicalID).properties != nil {
		s.touch(logicalID).changed = e.world.Now()
	}
	e.version++
	return nil
}

// SetProperty sets a live property by hand. pointer is a JSON pointer into the
// resource's properties, such as /Tags/0/Value.
func (e *Engine) SetProperty(stackID, logicalID, pointer string, value any) error {
	return e.Change(stackID, logicalID, func(live map[string]any) (map[string]any, error) {
		return asMap(resource.Set(live, pointer, value))
	})
}

// RemoveProperty takes a live property away by hand.
func (e *Engine) RemoveProperty(stackID, logicalID, pointer string) error {
	return e.Change(stackID, logicalID, func(live map[string]any) (map[string]any, error) {
		return asMap(resource.Remove(live, pointer))
	})
}

func asMap(v any, err error) (map[string]any, error) {
	m, ok := v.(map[string]any)
	if err == nil && !ok {
		err = fmt.Errorf("the properties must be an object")
	}
	return m, err
}

// DeleteResource deletes a live resource by hand; its stack does not notice.
func (e *Engine) DeleteResource(stackID, logicalID string) error {
	s, v, r, err := e.resourceAt(stackID, logicalID)
	if err != nil {
		return err
	}
	t := s.touch(logicalID)
	if t.deleted {
		return fmt.Errorf("deleting resource %s: it is deleted already", logicalID)
	}
	t.deleted, t.properties = true, nil
	e.version++
	if p, err := v.expected(r); err == nil {
		e.release(s, logicalID, typeOf(r), p)
	}
	return nil
}

// RestoreResource makes a resource again by hand that was deleted by hand, under the
// id that it had and with the properties that its stack expects.
func (e *Engine) RestoreResource(stackID, logicalID string) error {
	s, v, r, err := e.resourceAt(stackID, logicalID)
	if err != nil {
		return err
	}
	if !s.touchedOf(logicalID).deleted {
		return fmt.Errorf("restoring resource %s: it is there", logicalID)
	}
	p, err := v.expected(r)
	if err != nil {
		return err
	}
	if why := e.taken(s, logicalID, typeOf(r), p); why != "" {
		return fmt.Errorf("restoring resource %s: %s", logicalID, why)
	}
	s.untouch(logicalID)
	e.take(s, logicalID, typeOf(r), p)
	e.version++
	return nil
}

// Obstruct makes the service refuse every change and deletion of a resource with
// the reason; "" ends that.
func (e *Engine) Obstruct(stackID, logicalID, reason string) error {
	s, _, _, err := e.resourceAt(stackID, logicalID)
	if err != nil {
		return err
	}
	t := s.touch(logicalID)
	t.obstacle = reason
	if t.idle() {
		delete(s.more.touched, logicalID)
	}
	return nil
}

// Resources lists the live resources of a type in an account and region, sorted
// by identifier; typ "" is all types.
func (e *Engine) Resources(account, region, typ string) []Live {
	p := place{account, region}
	var out []Live
	for _, s := range e.places[p] {
		out = append(out, e.liveOf(s, typ)...)
	}
	for key := range e.loosePlaces[p] {
		if typ == "" || typ == key.typ {
			out = append(out, e.loose[key].live())
		}
	}
	slices.SortFunc(out, func(a, b Live) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Identifier, b.Identifier),
			strings.Compare(a.StackID, b.StackID), strings.Compare(a.LogicalID, b.LogicalID))
	})
	return out
}

// liveOf lists a stack's live resources of a type.
func (e *Engine) liveOf(s *stack, typ string) []Live {
	if !s.standing || s.current == nil {
		return nil
	}
	v := e.view(s)
	resources, _ := v.resources()
	var out []Live
	for _, r := range resources {
		if typ != "" && r.Type != typ {
			continue
		}
		if l, ok := v.show(r); ok {
			out = append(out, l)
		}
	}
	return out
}

// show describes one live resource; false if it is gone.
func (v *view) show(r *template.Resource) (Live, bool) {
	i, err := v.identity(r)
	if err != nil {
		return Live{}, false
	}
	t := typeOf(r)
	l := Live{Account: i.Account, Region: i.Region, Type: r.Type, ID: t.PhysicalID(i), Identifier: t.CloudControlID(i),
		StackID: v.stack.id, LogicalID: r.LogicalID}
	live := v.live(r, i.Properties)
	if live == nil {
		return l, false
	}
	i.Properties = live
	l.Model, l.Properties = t.Model(i), live
	l.Made, l.Changed = v.times(r)
	l.Revisions = func() []core.Revision { return v.engine.revisions(v.stack, r) }
	return l, true
}

// times are when a resource of a stack was made and last changed, as far as its
// stack's operations tell.
func (v *view) times(r *template.Resource) (made, changed time.Time) {
	s := v.stack
	made, changed = s.created, s.created
	if len(s.history) > 0 {
		made = s.history[0].turned
		changed = made
	}
	if len(s.history) > 1 { // or else all there is was made by the one operation
		revisions := v.engine.revisions(s, r)
		if n := len(revisions); n > 0 {
			made, changed = revisions[0].At, revisions[n-1].At
		}
	}
	if t := s.touchedOf(r.LogicalID); t.changed.After(changed) {
		changed = t.changed
	}
	return made, changed
}

// revisions lists what the deployments of a stack made of a resource since it was
// last made anew.
func (e *Engine) revisions(s *stack, r *template.Resource) []core.Revision {
	var out []core.Revision
	for _, op := range s.history {
		switch op.final {
		case createComplete, updateComplete, importComplete:
		default:
			continue
		}
		v := e.look(s, op.deployment, nil)
		then, ok := v.active(r.LogicalID)
		if !ok || then.Type != r.Type {
			out = nil
			continue
		}
		p, err := v.expected(then)
		if err != nil {
			continue
		}
		p = v.deployed(then, p)
		if stepOf(op.steps, r.LogicalID).replaced != "" {
			out = nil
		}
		if n := len(out); n > 0 && template.Equal(out[n-1].Properties, p) {
			continue
		}
		out = append(out, core.Revision{Properties: p, At: op.turned})
	}
	return out
}

func cloneMap(m map[string]any) map[string]any {
	out, _ := template.Clone(m).(map[string]any)
	return out
}
