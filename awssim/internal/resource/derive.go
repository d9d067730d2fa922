package resource

import (
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/catalogue"
	"github.com/setmend/setmend/awssim/internal/reads"
)

// derive fills in what follows from a type's schema and is not made by hand.
func (t *Type) derive() {
	s := t.Schema
	t.CreateOnly = s.CreateOnly
	t.WriteOnly = slices.DeleteFunc(slices.Concat(wholeToo(s.Schema, s.WriteOnly), t.WriteOnly), func(path string) bool {
		property, _, _ := strings.Cut(path, "/")
		return reads.Default().Readable(s, property)
	})
	t.refs = s.Ref
	if len(t.refs) == 0 {
		t.refs = s.Identifier
	}
	if len(t.refs) == 0 && t.ID == "" {
		t.ID = "{stack}-{logical}-{upper12}"
	}
	if t.NameProperty == "" && t.ID == "" {
		t.NameProperty = t.findName()
		if t.NameProperty == "" || !slices.Equal(s.Identifier, []string{t.NameProperty}) || !slices.Contains(s.CreateOnly, t.NameProperty) {
			t.Scope = Unclaimed
		}
	}
	if p := s.Schema.Properties[t.NameProperty]; p != nil {
		if t.NameMax == 0 && p.MaxLength != nil && *p.MaxLength < 255 {
			t.NameMax = *p.MaxLength
		}
		t.Lower = t.Lower || lowerOnly(p.Pattern)
	}
}

// findName finds the property that names the resource: a declarable part of its
// identifier, or else one that is called like a name.
func (t *Type) findName() string {
	s := t.Schema
	_, thing := t.split()
	declarable := func(p string) bool {
		schema := s.Schema.Properties[p]
		return schema != nil && schema.Is("string") && !slices.Contains(s.ReadOnly, p)
	}
	for _, p := range slices.Backward(s.Identifier) {
		if declarable(p) && (strings.HasSuffix(p, "Name") || p == thing+"Id" || p == thing+"Identifier" || len(s.Identifier) == 1) {
			return p
		}
	}
	for _, p := range []string{thing + "Name", "Name"} {
		if declarable(p) {
			return p
		}
	}
	return ""
}

// lowerOnly reports whether a pattern takes no upper-case letters.
func lowerOnly(pattern string) bool {
	return strings.Contains(pattern, "a-z") && !strings.Contains(pattern, "A-Z") && !strings.Contains(pattern, `\w`) && !strings.Contains(pattern, "(?i)") && !strings.Contains(pattern, ".")
}

// wholeToo adds to paths the top-level properties all of whose members are among
// them.
func wholeToo(s *catalogue.Schema, paths []string) []string {
	out := paths
	for name, p := range s.Properties {
		if len(p.Properties) == 0 || slices.Contains(paths, name) {
			continue
		}
		all := true
		for member := range p.Properties {
			all = all && slices.Contains(paths, name+"/"+member)
		}
		if all {
			out = append(slices.Clone(out), name)
		}
	}
	return out
}

// gettable reports whether Fn::GetAtt has an attribute: read-only properties and
// what is inside of them, attributes of the documentation, and for some types
// every property.
func (t *Type) gettable(name, path string) bool {
	s := t.Schema
	if _, ok := s.Attributes[name]; ok || slices.Contains(s.ReadOnly, path) || slices.Contains(s.Gettable, name) {
		return true
	}
	first, _, nested := strings.Cut(path, "/")
	known := s.Schema.At(strings.Split(path, "/")...) != nil
	return known && (slices.Contains(s.Gettable, "*") || nested && slices.Contains(s.ReadOnly, first))
}

// usesName reports whether a name is made up where none is given.
func (t *Type) usesName() bool {
	if t.ID != "" {
		return strings.Contains(t.ID+t.Identifier, "{name}")
	}
	return slices.Contains(t.refs, t.NameProperty) || slices.Contains(t.Schema.Identifier, t.NameProperty) || strings.Contains(t.Schema.ARN, "Name}")
}

// joined is the values of properties, divided by |.
func (t *Type) joined(i *Identity, properties []string) string {
	var b strings.Builder
	for n, p := range properties {
		if n > 0 {
			b.WriteByte('|')
		}
		b.WriteString(t.text(i, p))
	}
	return b.String()
}

// text is a property's value as text: as declared, or made up.
func (t *Type) text(i *Identity, path string) string {
	if v := pick(i.Properties, path); v != nil {
		return propertyText(v)
	}
	if path == t.NameProperty {
		return t.name(i)
	}
	v, _ := t.generated(i, path)
	return propertyText(v)
}

// addReadOnly adds the read-only properties to a model.
func (t *Type) addReadOnly(i *Identity, model map[string]any) {
	for _, path := range t.Schema.ReadOnly {
		if strings.Contains(path, "*") || pick(model, path) != nil || reads.Default().Hides(t.Schema, i.Properties, path) {
			continue
		}
		holder, key := model, path
		for {
			first, rest, nested := strings.Cut(key, "/")
			if !nested {
				break
			}
			next, ok := holder[first].(map[string]any)
			if !ok {
				if holder[first] != nil || !t.whollyReadOnly(first) {
					holder = nil
					break
				}
				next = map[string]any{}
			}
			copied := make(map[string]any, len(next)+1) // the properties are shared
			for k, v := range next {
				copied[k] = v
			}
			holder[first] = copied
			holder, key = copied, rest
		}
		if holder == nil {
			continue
		}
		if pattern, ok := t.Attributes[strings.ReplaceAll(path, "/", ".")]; ok {
			holder[key] = t.attribute(pattern, i, t.PhysicalID(i))
		} else if v, ok := t.generated(i, path); ok && v != "" {
			holder[key] = v
		}
	}
}

// whollyReadOnly reports whether a top-level property consists of read-only
// members only, so that it is there without being declared.
func (t *Type) whollyReadOnly(property string) bool {
	if slices.Contains(t.Schema.ReadOnly, property) {
		return true
	}
	p := t.Schema.Schema.Properties[property]
	if p == nil || len(p.Properties) == 0 {
		return false
	}
	for member := range p.Properties {
		if !slices.Contains(t.Schema.ReadOnly, property+"/"+member) {
			return false
		}
	}
	return true
}

// emptied reports whether the schema calls members of a property write-only, not
// the property itself: it is shown empty then, as a function's Code is.
func (t *Type) emptied(property string) bool {
	return t.Schema != nil && !slices.Contains(t.Schema.WriteOnly, property) && slices.ContainsFunc(t.Schema.WriteOnly, func(path string) bool { return strings.HasPrefix(path, property+"/") })
}

// without takes what is at a path out of a model; an object that is empty then
// stays, as in a function's Code. What it changes it copies: models share values
// with live state.
func without(model map[string]any, path string) {
	first, rest, nested := strings.Cut(path, "/")
	if !nested {
		delete(model, first)
		return
	}
	v, ok := model[first]
	if !ok || pick(v, rest) == nil {
		return
	}
	if model[first] = cutOut(v, rest); model[first] != nil {
		return
	}
	model[first] = map[string]any{}
	if _, isList := v.([]any); isList {
		model[first] = []any{}
	}
}

// cutOut is a copy of a value without what is at a path; nil if nothing is left.
func cutOut(v any, path string) any {
	part, rest, nested := strings.Cut(path, "/")
	switch v := v.(type) {
	case []any:
		if part == "*" {
			part, rest = rest, ""
			path = part
		}
		out := make([]any, 0, len(v))
		for _, one := range v {
			if path == "" {
				continue
			}
			if left := cutOut(one, path); left != nil {
				out = append(out, left)
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, one := range v {
			switch {
			case part != "*" && k != part:
				out[k] = one
			case nested:
				if left := cutOut(one, rest); left != nil {
					out[k] = left
				}
			}
		}
		if len(out) == 0 {
			return nil
		}
		return out
	}
	return v
}
