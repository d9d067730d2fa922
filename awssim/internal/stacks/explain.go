package stacks

import (
	"reflect"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/resource"
	"github.com/setmend/setmend/awssim/internal/template"
)

// knownAfterApply is what AWS shows for a value that only the deployment will
// tell: what Ref and Fn::GetAtt yield of a resource that is made or replaced.
const knownAfterApply = "{{changeSet:KNOWN_AFTER_APPLY}}"

// fate is what a change set says will become of a resource, as far as others that
// refer to it are concerned.
type fate int

const (
	stays       fate = iota
	modified         // attributes may change
	conditional      // it may be replaced
	replaced         // it is made, or made anew
)

// told is one resource as a change set shows it. AWS shows a change set in two
// ways that differ in more than their detail: without property values it lists
// whatever may change, because the attribute of a resource that changes is
// referred to; with them only what is known to.
type told struct {
	change     *change // nil where only something dynamic may change
	resource   *template.Resource
	typ        *resource.Type
	physicalID string
	action     action
	before     map[string]any // contexts; nil: none
	after      map[string]any
	properties []toldProperty
	attributes []string // other than Properties and Tags, such as Metadata
	tags       bool     // the stack's tags change
	automatic  bool     // a nested stack whose template changes
	secret     map[string]bool
}

// toldProperty is a top-level property that changes or may.
type toldProperty struct {
	name      string
	causes    []cause
	direct    *cause // the modification itself
	certain   bool   // the value is known to change
	recreates bool
}

// explainer works out how a change set is shown.
type explainer struct {
	set            *changeSet
	previous, next *view // previous is nil for a new stack
	shown          *view // next, with what is not known yet
	before         *view // previous, with what is not known yet
	fates          map[string]fate
	changes        map[string]*change
}

// explain spells a change set's changes out, by logical id.
func (e *Engine) explain(set *changeSet, c *comparison) []told {
	x := &explainer{set: set, fates: map[string]fate{}, changes: map[string]*change{}}
	for i := range c.changes {
		one := &c.changes[i]
		x.changes[one.resource.LogicalID] = one
	}
	s := set.stack
	x.next = e.look(s, c.deployment, c.resolved)
	x.shown = e.look(s, c.deployment, c.resolved)
	x.shown.unknown = func(id string) bool { return x.made(id) }
	if s.current != nil && s.standing {
		x.previous = e.view(s)
		x.before = e.look(s, s.current, nil)
		x.before.unknown = func(string) bool { return true }
		x.shown.standing = x.previous
	}
	return x.all(c)
}

// made reports whether the resource's id and attributes are known only afterwards.
func (x *explainer) made(id string) bool {
	c := x.changes[id]
	return c != nil && (c.replace || c.action == add)
}

func (x *explainer) all(c *comparison) []told {
	var out []told
	resources, _ := x.next.resources()
	for _, r := range resources {
		if one, changes := x.tell(r); changes {
			out = append(out, one)
		}
	}
	for i := range c.changes {
		if one := &c.changes[i]; one.action == remove {
			out = append(out, x.removal(one))
		}
	}
	slices.SortStableFunc(out, func(a, b told) int { return strings.Compare(a.resource.LogicalID, b.resource.LogicalID) })
	return out
}

func (x *explainer) removal(c *change) told {
	return told{change: c, resource: c.resource, typ: c.typ, physicalID: c.oldID, action: remove,
		before: x.expectedIn(x.before, c.resource, c.before), secret: c.secret}
}

// expectedIn evaluates a resource's properties in a view that does not know
// everything; what cannot be evaluated for that is not known either.
func (x *explainer) expectedIn(v *view, r *template.Resource, known map[string]any) map[string]any {
	if v == nil {
		return known
	}
	p, err := v.expected(r)
	if err == nil {
		out, _ := unknownWhole(p).(map[string]any)
		return out
	}
	out := map[string]any{}
	for name, value := range known {
		u := v.deployment.template.Uses(r, name)
		if refersToUnknown(v, u) {
			value = knownAfterApply
		}
		out[name] = value
	}
	return out
}

func refersToUnknown(v *view, u template.Uses) bool {
	return slices.ContainsFunc(u.Resources, v.unknown) || slices.ContainsFunc(u.Attributes, func(a string) bool {
		id, _, _ := strings.Cut(a, ".")
		return v.unknown(id)
	})
}

// unknownWhole replaces texts that contain something unknown: AWS shows none in
// part.
func unknownWhole(v any) any {
	switch v := v.(type) {
	case string:
		if strings.Contains(v, knownAfterApply) {
			return knownAfterApply
		}
		return v
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = unknownWhole(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = unknownWhole(v[k])
		}
		return out
	}
	return v
}

// tell works out what is said of one resource; dependencies come first.
func (x *explainer) tell(r *template.Resource) (told, bool) {
	c := x.changes[r.LogicalID]
	out := told{change: c, resource: r, typ: typeOf(r), action: modify}
	if c != nil && (c.action == add || c.action == adopt) {
		x.fates[r.LogicalID] = replaced
		if c.action == adopt {
			x.fates[r.LogicalID] = stays
			out.physicalID = c.newID
		}
		out.action, out.secret = c.action, c.secret
		out.after = x.expectedIn(x.shown, r, c.after)
		return out, true
	}
	if x.previous == nil {
		return out, false
	}
	old, had := x.previous.active(r.LogicalID)
	if !had || old.Type != r.Type {
		return out, false
	}
	x.modification(&out, old, c)
	return out, out.changes()
}

func (x *explainer) modification(out *told, old *template.Resource, c *change) {
	r := out.resource
	before, err := x.previous.expected(old)
	if err != nil {
		return // it was evaluated when it was deployed
	}
	known, _ := x.next.expected(r)
	if c != nil {
		known = c.after
		out.tags, out.attributes, out.automatic = c.stackTags, c.attributes, c.automatic
	}
	after := x.expectedIn(x.shown, r, known)
	out.physicalID, _ = x.previous.PhysicalID(old)
	out.secret = hidden(x.next.deployment, r)
	for _, name := range mergedKeys(before, after) {
		if p, changes := x.property(old, r, name, before, after); changes {
			p.recreates = out.typ.Replaces(name, before)
			out.properties = append(out.properties, p)
		}
	}
	out.before, out.after = before, after
	x.fates[r.LogicalID] = out.fate()
}

// property finds out whether and why a property changes.
func (x *explainer) property(old, r *template.Resource, name string, before, after map[string]any) (toldProperty, bool) {
	p := toldProperty{name: name}
	was, had := before[name]
	is, has := after[name]
	p.certain = had != has || !template.Equal(was, is)
	uses := x.next.deployment.template.Uses(r, name)
	if p.certain {
		p.causes = x.parameterCauses(uses)
	}
	p.causes = append(p.causes, x.resourceCauses(uses)...)
	if !p.certain {
		return p, len(p.causes) > 0
	}
	rewritten := !reflect.DeepEqual(old.Properties.Values[name], r.Properties.Values[name])
	switch {
	case rewritten || len(p.causes) == 0:
		p.direct = &cause{source: "DirectModification"}
	default:
		p.direct = &cause{source: "DirectModification", dynamic: true}
	}
	return p, true
}

func (x *explainer) parameterCauses(uses template.Uses) []cause {
	var out []cause
	for _, name := range uses.Parameters {
		before, had := x.previous.values()[name]
		if had && before != x.next.values()[name] {
			out = append(out, cause{source: "ParameterReference", entity: name})
		}
	}
	return out
}

func (x *explainer) resourceCauses(uses template.Uses) []cause {
	var out []cause
	for _, name := range uses.Resources {
		if f := x.fates[name]; f == replaced || f == conditional {
			out = append(out, cause{"ResourceReference", name, f != replaced})
		}
	}
	for _, name := range uses.Attributes {
		id, _, _ := strings.Cut(name, ".")
		if f := x.fates[id]; f != stays {
			out = append(out, cause{"ResourceAttribute", name, f != replaced})
		}
	}
	return out
}

// fate is what becomes of the resource, for those that refer to it.
func (t *told) fate() fate {
	out := stays
	if t.tags || t.automatic || len(t.attributes) > 0 {
		out = modified
	}
	for i := range t.properties {
		p := &t.properties[i]
		switch {
		case !p.recreates:
			out = max(out, modified)
		case p.certain:
			out = max(out, replaced)
		default:
			out = max(out, conditional)
		}
	}
	return out
}

// replacement is the Replacement of a modification.
func (t *told) replacement() string {
	switch t.fate() {
	case replaced:
		return "True"
	case conditional:
		return "Conditional"
	}
	return "False"
}

// certain is the resource with what is known to change only; false if nothing is.
func (t told) certain() (told, bool) {
	if t.action != modify {
		return t, true
	}
	t.properties = slices.DeleteFunc(slices.Clone(t.properties), func(p toldProperty) bool { return !p.certain })
	return t, t.changes()
}

func (t *told) changes() bool {
	return len(t.properties) > 0 || t.tags || t.automatic || len(t.attributes) > 0
}
