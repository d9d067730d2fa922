package stacks

import (
	"slices"

	"github.com/setmend/setmend/awssim/internal/resource"
	"github.com/setmend/setmend/awssim/internal/template"
)

// What a deployment does to a resource.
type action string

const (
	add    action = "Add"
	modify action = "Modify"
	remove action = "Remove"
	sync   action = "SyncWithActual" // only CloudFormation's own record changes
	adopt  action = "Import"         // a resource that was there without the stack
)

// change is what a deployment does to one resource.
type change struct {
	resource *template.Resource
	typ      *resource.Type
	action   action
	replace  bool
	// before and after are the evaluated properties of the previous and the new
	// deployment; live is what is there, nil if the resource is gone.
	before, after, live map[string]any
	// was and will are before and after with the stack's tags.
	was, will    map[string]any
	oldID, newID string
	properties   []propertyChange
	ignored      []ignoredDrift
	secret       map[string]bool // properties whose values are not shown
	// drift is the resource's state where live state was looked at, else "".
	drift string
	// stackTags tells that the stack's tags change, and the resource has them;
	// attributes are what else of the declaration changes, such as Metadata.
	stackTags  bool
	attributes []string
	automatic  bool   // a nested stack's template changes
	imported   *loose // what an import takes over
}

// propertyChange is a change of one top-level property.
type propertyChange struct {
	name                  string
	before, after, actual any // nil: not there
	hadBefore, hasAfter   bool
	inLive                bool
	drifted               bool // live differs from before
	sync                  bool // live is as desired already
	recreates             bool
}

// ignoredDrift is a property that REVERT_DRIFT leaves alone, and why.
type ignoredDrift struct{ path, reason string }

// comparison is all that a deployment changes in a stack.
type comparison struct {
	deployment *deployment // the new one
	changes    []change
	outputs    []template.OutputValue
	imported   []*export
	// metadata tells that outputs or tags change, which is an update too.
	metadata bool
	resolved map[string]string
	// late is why the deployment fails when its resources are made, nil if not.
	late *failure
}

// empty reports that there is nothing to update.
func (c *comparison) empty() bool { return len(c.changes) == 0 && !c.metadata && c.late == nil }

// compare works out what a deployment would change. With revert, live state is
// the third to compare: AWS's REVERT_DRIFT.
func (e *Engine) compare(s *stack, d *deployment, revert bool) (*comparison, error) {
	next, err := e.plan(s, d)
	if err != nil {
		return nil, err
	}
	next.ahead = map[string]int{}
	var previous *view
	if s.current != nil && s.standing {
		previous = e.view(s)
	}
	c := &comparison{deployment: d}
	if err := c.compareAll(previous, next, revert); err != nil {
		return nil, err
	}
	if err := next.binding.CheckRules(); err != nil {
		return nil, refusal(err)
	}
	if c.outputs, err = next.binding.Outputs(); err != nil {
		if missing, ok := err.(*unsupported); ok {
			c.late = missing.late(d.template)
			err = nil
		} else {
			return nil, refusal(err)
		}
	}
	c.resolved, c.imported = next.resolved, next.imported
	if previous != nil {
		c.metadata, err = c.metadataChanges(previous)
	}
	return c, refusal(err)
}

func (c *comparison) compareAll(previous, next *view, revert bool) error {
	wanted, err := next.resources()
	if err == nil {
		err = refusal(unrecognized(wanted))
	}
	if err != nil {
		return err
	}
	for _, r := range wanted {
		one, changed, err := compareResource(previous, next, r, revert)
		if err != nil {
			return refusal(err)
		}
		if changed {
			c.changes = append(c.changes, one)
		}
	}
	if previous == nil {
		return nil
	}
	gone, err := removals(previous, next)
	c.changes = append(c.changes, gone...)
	return refusal(err)
}

// removals are the resources that the new deployment no longer has, dependents
// first.
func removals(previous, next *view) ([]change, error) {
	had, err := previous.resources()
	if err != nil {
		return nil, err
	}
	var out []change
	for _, r := range slices.Backward(had) {
		if now, still := next.active(r.LogicalID); still && now.Type == r.Type {
			continue
		}
		one := change{resource: r, typ: resource.Find(r.Type), action: remove}
		if one.before, err = previous.expected(r); err != nil {
			return nil, err
		}
		one.live = previous.live(r, one.before)
		if one.oldID, err = previous.PhysicalID(r); err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

// live is what is there of a resource: as expected, unless somebody changed it.
func (v *view) live(r *template.Resource, expected map[string]any) map[string]any {
	t := v.stack.touchedOf(r.LogicalID)
	switch {
	case t.deleted:
		return nil
	case t.properties != nil:
		return t.properties
	}
	if m := v.engine.maker(r.Type); m != nil {
		if id := v.stack.madeOf(r.LogicalID).id; id != "" {
			properties, there := m.Live(v.engine.request(v.stack, actor{}, r, expected), id)
			if !there {
				return nil
			}
			return v.deployed(r, properties)
		}
	}
	return v.deployed(r, expected)
}

func compareResource(previous, next *view, r *template.Resource, revert bool) (change, bool, error) {
	c := change{resource: r, typ: resource.Find(r.Type), action: add}
	var err error
	if c.after, err = next.expected(r); err != nil {
		return c, false, err
	}
	old, had := (*template.Resource)(nil), false
	if previous != nil {
		old, had = previous.active(r.LogicalID)
		had = had && old.Type == r.Type
	}
	if !had {
		c.will = next.deployed(r, c.after)
		c.newID, err = next.PhysicalID(r)
		return c, true, err
	}
	if c.before, err = previous.expected(old); err != nil {
		return c, false, err
	}
	if c.oldID, err = previous.PhysicalID(old); err != nil {
		return c, false, err
	}
	c.live = previous.live(old, c.before)
	c.secret = hidden(next.deployment, r)
	c.was, c.will = previous.deployed(old, c.before), next.deployed(r, c.after)
	changed := c.compareProperties(revert)
	if c.action == modify {
		changed = c.compareRest(previous, next, old) || changed
	}
	if c.replace || c.action == add {
		next.ahead[r.LogicalID]++
	}
	if c.newID, err = next.PhysicalID(r); c.replace && c.newID == c.oldID {
		next.ahead[r.LogicalID]-- // a custom name: the ids of both are the same
	}
	return c, changed, err
}

// compareRest finds changes of what is no property of the resource: the stack's
// tags, and its metadata.
func (c *change) compareRest(previous, next *view, old *template.Resource) bool {
	if name, _ := tagProperty(c.typ); name != "" && !slices.Equal(previous.deployment.tags, next.deployment.tags) {
		c.stackTags = true
	}
	was, _ := previous.binding.Metadata(old)
	will, err := next.binding.Metadata(c.resource)
	if err == nil && !template.Equal(was, will) {
		c.attributes = append(c.attributes, "Metadata")
	}
	if c.typ.Name == stackType && (nested{next.engine}).outdated(next.stack, c.resource, c.after) {
		c.automatic = true
	}
	return c.stackTags || c.automatic || len(c.attributes) > 0
}

// compareProperties fills in what changes, and reports whether anything does.
func (c *change) compareProperties(revert bool) bool {
	c.action = modify
	threeWay := revert && !c.typ.TwoWay && !c.typ.NoDrift
	if threeWay {
		c.drift = c.driftStatus()
		if c.live == nil {
			c.action = add
			return true
		}
	}
	for _, name := range mergedKeys(c.before, c.after) {
		p := c.property(name)
		if threeWay && p.ignore(c) || !p.changes(threeWay) {
			continue
		}
		p.recreates = !p.sync && c.typ.ReplacedBy(name, p.before, p.after, c.before)
		c.replace = c.replace || p.recreates
		c.properties = append(c.properties, p)
	}
	if len(c.properties) > 0 && !slices.ContainsFunc(c.properties, func(p propertyChange) bool { return !p.sync }) {
		c.action = sync
	}
	return len(c.properties) > 0
}

func (c *change) driftStatus() string {
	switch {
	case c.live == nil:
		return "DELETED"
	case len(c.typ.Diff(c.was, c.live)) > 0:
		return "MODIFIED"
	}
	return "IN_SYNC"
}

func (c *change) property(name string) propertyChange {
	p := propertyChange{name: name}
	p.before, p.hadBefore = c.before[name]
	p.after, p.hasAfter = c.after[name]
	p.actual, p.inLive = c.live[name]
	if tags, _ := tagProperty(c.typ); name == tags {
		p.actual = withoutForeignTags(p.actual, p.before, p.after)
	}
	p.drifted = p.hadBefore && (!p.inLive || !template.Equal(p.before, p.actual))
	return p
}

// ignore notes drift that AWS does not revert: what cannot be read back, what
// AWS itself manages, and what only a replacement could change.
func (p *propertyChange) ignore(c *change) bool {
	same := p.hadBefore && p.hasAfter && template.Equal(p.before, p.after)
	switch {
	case !same:
		return false
	case slices.Contains(c.typ.WriteOnly, p.name):
		c.ignored = append(c.ignored, ignoredDrift{"/Properties/" + p.name, "WRITE_ONLY_PROPERTY"})
		return true
	case c.secret[p.name] && p.drifted:
		c.ignored = append(c.ignored, ignoredDrift{"/Properties/" + p.name, "SENSITIVE_PROPERTY"})
		return true
	case slices.Contains(c.typ.Managed, p.name) && p.drifted:
		c.ignored = append(c.ignored, ignoredDrift{"/Properties/" + p.name, "MANAGED_BY_AWS"})
		return true
	}
	return c.typ.Replaces(p.name, c.before)
}

// changes reports whether the property is part of the change; it also finds the
// properties that somebody set by hand as the new template wants them.
func (p *propertyChange) changes(threeWay bool) bool {
	planned := p.hadBefore != p.hasAfter || !template.Equal(p.before, p.after)
	if !threeWay {
		return planned
	}
	asDesired := p.hasAfter == p.inLive && template.Equal(p.after, p.actual)
	p.sync = planned && asDesired
	return planned || !asDesired
}

// withoutForeignTags leaves out tags whose keys no template mentions: drift
// detection reports them, but REVERT_DRIFT does not take them away.
func withoutForeignTags(live, before, after any) any {
	list, ok := live.([]any)
	if !ok {
		return live
	}
	keep := tagKeys(before)
	for k := range tagKeys(after) {
		keep[k] = true
	}
	out := []any{}
	for _, one := range list {
		if tag, ok := one.(map[string]any); ok {
			if key, ok := tag["Key"].(string); ok && !keep[key] {
				continue
			}
		}
		out = append(out, one)
	}
	return ordered(out, after)
}

// ordered puts tags that both lists have in the second's order.
func ordered(tags []any, like any) any {
	want, ok := like.([]any)
	if !ok || len(resource.Find("").Diff(map[string]any{"T": want}, map[string]any{"T": tags})) > 0 {
		return tags
	}
	return want
}

func tagKeys(v any) map[string]bool {
	keys := map[string]bool{}
	list, _ := v.([]any)
	for _, one := range list {
		if tag, ok := one.(map[string]any); ok {
			if key, ok := tag["Key"].(string); ok {
				keys[key] = true
			}
		}
	}
	return keys
}

// metadataChanges tells whether outputs, exports or tags differ.
func (c *comparison) metadataChanges(previous *view) (bool, error) {
	if !slices.Equal(previous.deployment.tags, c.deployment.tags) {
		return true, nil
	}
	before, err := previous.binding.Outputs()
	return !slices.Equal(before, c.outputs), err
}
