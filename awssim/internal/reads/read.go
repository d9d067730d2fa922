package reads

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/setmend/setmend/awssim/internal/catalogue"
)

// Resource is what a read is about. Expand fills a token such as Account, Name or
// hex17 in.
type Resource interface {
	Expand(token string) string
}

// Default are the rules that come with the package.
var Default = sync.OnceValue(func() *Rules {
	rules, err := shipped()
	if err != nil {
		panic("reads: " + err.Error()) // the program's own data; a test reads it
	}
	return New(rules)
})

// Rules are rules with what is known of each type.
type Rules struct {
	all     []*Rule
	mu      sync.Mutex
	perType map[string]*typeRules
}

// typeRules are the rules for one type, in order.
type typeRules struct{ changing, filling []*Rule }

// New makes rules usable.
func New(all []*Rule) *Rules { return &Rules{all: all, perType: map[string]*typeRules{}} }

func (r *Rules) of(name string) *typeRules {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.perType[name]; t != nil {
		return t
	}
	t := &typeRules{}
	for _, rule := range r.all {
		if !rule.Type.matches(name) {
			continue
		}
		if _, fills := filling[rule.Kind]; fills {
			t.filling = append(t.filling, rule)
		} else {
			t.changing = append(t.changing, rule)
		}
	}
	r.perType[name] = t
	return t
}

// Read returns what AWS shows of a resource that was declared so. The declared
// properties are not changed.
func (r *Rules) Read(t *catalogue.Type, resource Resource, declared map[string]any) map[string]any {
	rules := r.of(t.Name)
	w := &walk{resource: resource, root: declared}
	out := maps.Clone(declared)
	if out == nil {
		out = map[string]any{}
	}
	for _, rule := range rules.changing {
		if rule.Type.hold(declared) {
			w.rule = rule
			if rule.Kind == "transform" {
				out = w.transformed(t, out)
				continue
			}
			changed, keep := w.change(out, t.Schema, rule.Path)
			if m, ok := changed.(map[string]any); ok && keep {
				out = m
			}
		}
	}
	w.root = out
	w.closed, w.made = dropped(rules.changing, declared), map[string]bool{}
	for _, rule := range rules.filling {
		if rule.Kind != "readable" && rule.Type.hold(out) {
			w.rule = rule
			out, _ = w.fill(out, t.Schema, rule.Path, "").(map[string]any)
			w.root = out
		}
	}
	return out
}

// dropped are the places of whole properties that are not shown: nothing is filled
// in there.
func dropped(changing []*Rule, declared map[string]any) map[string]bool {
	out := map[string]bool{}
	for _, r := range changing {
		if r.Kind == "drop" && len(r.Path) == 1 && len(r.Path[0].conditions) == 0 && r.Type.hold(declared) {
			out["/"+r.Path[0].glob] = true
		}
	}
	return out
}

// Hides reports whether a rule of kind none keeps a read-only property of a resource
// from being shown.
func (r *Rules) Hides(t *catalogue.Type, declared map[string]any, property string) bool {
	return slices.ContainsFunc(r.of(t.Name).filling, func(rule *Rule) bool {
		return rule.Kind == "none" && len(rule.Path) == 1 && rule.Path[0].matches(property) && rule.Type.hold(declared)
	})
}

// Readable reports whether a rule says that a property which the schema calls
// write-only is shown all the same.
func (r *Rules) Readable(t *catalogue.Type, property string) bool {
	return slices.ContainsFunc(r.of(t.Name).filling, func(rule *Rule) bool {
		return rule.Kind == "readable" && rule.Path[0].matches(property)
	})
}

// walk applies one rule after the other to a value. It copies what it changes:
// values are shared with live state.
type walk struct {
	resource Resource
	root     map[string]any
	rule     *Rule
	closed   map[string]bool // places that a rule of kind none has closed
	made     map[string]bool // places that a default has filled: they are whole
	here     map[string]any  // the object that is filled in
}

// change applies a changing rule to what its path means below v; keep is false if v
// is to be left out.
func (w *walk) change(v any, s *catalogue.Schema, path []pattern) (out any, keep bool) {
	if len(path) == 0 {
		return w.apply(v, s)
	}
	out = v
	if path[0].glob == "**" {
		if out, keep = w.change(out, s, path[1:]); !keep {
			return nil, false
		}
		return w.members(out, s, func(string) bool { return true }, path), true
	}
	return w.members(out, s, path[0].matches, path[1:]), true
}

// members changes the members of a value whose names match.
func (w *walk) members(v any, s *catalogue.Schema, matches func(string) bool, path []pattern) any {
	switch v := v.(type) {
	case map[string]any:
		var copied map[string]any
		for name, one := range v {
			if !matches(name) || !w.holdsAt(path, one) {
				continue
			}
			changed, keep := w.change(one, member(s, name), path)
			if keep && same(changed, one) {
				continue
			}
			if copied == nil {
				copied = maps.Clone(v)
			}
			if keep {
				copied[name] = changed
			} else {
				delete(copied, name)
			}
		}
		if copied != nil {
			return copied
		}
	case []any:
		if !matches("0") {
			return v
		}
		var copied []any
		for i, one := range v {
			if !w.holdsAt(path, one) {
				continue
			}
			changed, keep := w.change(one, member(s, "0"), path)
			if keep && same(changed, one) {
				continue
			}
			if copied == nil {
				copied = slices.Clone(v)
			}
			copied[i] = changed
		}
		if copied != nil {
			return copied
		}
	}
	return v
}

// holdsAt checks the conditions of the segment before: they are about the value
// that it led to.
func (w *walk) holdsAt(path []pattern, v any) bool {
	at := len(w.rule.Path) - len(path) - 1
	return at < 0 || w.rule.Path[at].hold(v)
}

// member is the schema of a member, nil where there is none.
func member(s *catalogue.Schema, name string) *catalogue.Schema {
	if s == nil {
		return nil
	}
	return s.Member(name)
}

// same reports whether two values are the very same: a change makes a new one.
func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && len(a) == len(b) && (len(a) == 0 || mapID(a) == mapID(b))
	case []any:
		b, ok := b.([]any)
		return ok && len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
	}
	switch b.(type) {
	case map[string]any, []any:
		return false
	}
	return a == b
}

// fill applies a filling rule to what its path means below v.
func (w *walk) fill(v any, s *catalogue.Schema, path []pattern, at string) any {
	switch holder := v.(type) {
	case map[string]any:
		return w.fillObject(holder, s, path, at)
	case []any:
		if path[0].glob != "*" && path[0].glob != "**" {
			return v
		}
		rest := path[1:]
		if path[0].glob == "**" {
			rest = path
		}
		if len(rest) == 0 {
			return v
		}
		var copied []any
		for i, one := range holder {
			if !path[0].hold(one) {
				continue
			}
			if filled := w.fill(one, member(s, "0"), rest, at+"/*"); !same(filled, one) {
				if copied == nil {
					copied = slices.Clone(holder)
				}
				copied[i] = filled
			}
		}
		if copied != nil {
			return copied
		}
	}
	return v
}

func (w *walk) fillObject(v map[string]any, s *catalogue.Schema, path []pattern, at string) any {
	if w.made[at] {
		return v
	}
	out := v
	set := func(name string, value any) {
		if same(out[name], value) && out[name] != nil {
			return
		}
		if mapID(out) == mapID(v) {
			out = maps.Clone(v)
		}
		out[name] = value
	}
	deep := path[0].glob == "**"
	if deep && len(path) > 1 {
		out, _ = w.fillObject(out, s, path[1:], at).(map[string]any)
		v = out
	}
	if len(path) == 1 {
		for _, name := range w.places(s, path[0]) {
			place := at + "/" + name
			if w.rule.Kind == "merge" || w.rule.Kind == "attributes" {
				if !w.closed[place] {
					set(name, w.merged(out[name]))
				}
				continue
			}
			if w.closed[place] || out[name] != nil || w.rule.Kind == "false" && w.closed["no-false "+place] {
				continue
			}
			switch w.rule.Kind {
			case "none":
				w.closed[place] = true
				continue
			case "no-false":
				w.closed["no-false "+place] = true
				continue
			}
			w.here = out
			if value, ok := w.value(member(s, name)); ok && value != nil {
				set(name, value)
				if !w.copies() {
					w.made[place], w.made[place+"/*"] = true, true
				}
			}
		}
		if !deep {
			return out
		}
	}
	rest := path[1:]
	if deep {
		rest = path
	}
	for _, name := range slices.Sorted(maps.Keys(out)) {
		if deep || path[0].matches(name) {
			one := out[name]
			if !path[0].hold(one) {
				continue
			}
			set(name, w.fill(one, member(s, name), rest, at+"/"+name))
		}
	}
	return out
}

// copies reports whether the rule fills in another property of the resource, which is
// not whole: what is filled into that, the rules that follow fill in here too.
func (w *walk) copies() bool {
	text, _ := w.rule.Argument.(string)
	return strings.HasPrefix(text, "${prop:") && token().FindString(text) == text
}

// places are the members that a pattern means in an object: one by name, or those
// of the schema that match.
func (w *walk) places(s *catalogue.Schema, p pattern) []string {
	if !strings.ContainsAny(p.glob, "*?") {
		if strings.Contains(w.rule.Type.glob, "*") && (s == nil || s.Properties[p.glob] == nil) {
			return nil // a rule for many types means those that have the property
		}
		return []string{p.glob}
	}
	if s == nil {
		return nil
	}
	var out []string
	for name := range s.Properties {
		if p.glob == "**" || p.matches(name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
