package template

import (
	"slices"
	"strings"
)

// Uses is what a property's value refers to.
type Uses struct {
	Parameters []string // Ref of parameters
	Resources  []string // Ref of resources
	Attributes []string // Fn::GetAtt, as Resource.Attribute
	Secret     bool     // a NoEcho parameter or a reference to a secret is among it
}

// Uses tells what a resource's top-level property refers to.
func (t *Template) Uses(r *Resource, property string) Uses {
	var u Uses
	value := r.Properties.Values[property]
	walk(value, func(f *Func) { t.use(&u, f) })
	eachString(value, func(s string) {
		for _, d := range DynamicIn(s) {
			u.Secret = u.Secret || d.Service != "ssm"
		}
	})
	for _, name := range u.Parameters {
		u.Secret = u.Secret || t.parameter[name].NoEcho
	}
	return u
}

func (t *Template) use(u *Uses, f *Func) {
	switch f.Name {
	case "Ref":
		t.useName(u, f.Arg.(string))
	case "Fn::GetAtt":
		l := f.list()
		if attribute, ok := l[1].(string); ok {
			u.addAttribute(l[0].(string) + "." + attribute)
		}
	case "Fn::Sub":
		parts, values := subParts(f)
		for _, p := range parts {
			if values != nil && values.Values[p.variable] != nil || p.variable == "" {
				continue
			}
			if strings.Contains(p.variable, ".") {
				u.addAttribute(p.variable)
			} else {
				t.useName(u, p.variable)
			}
		}
	}
}

func (t *Template) useName(u *Uses, name string) {
	if _, ok := t.parameter[name]; ok {
		if !slices.Contains(u.Parameters, name) {
			u.Parameters = append(u.Parameters, name)
		}
		return
	}
	if _, ok := t.byName[name]; ok && !slices.Contains(u.Resources, name) {
		u.Resources = append(u.Resources, name)
	}
}

func (u *Uses) addAttribute(name string) {
	if !slices.Contains(u.Attributes, name) {
		u.Attributes = append(u.Attributes, name)
	}
}

// HasSecrets reports whether any property may hold a secret.
func (t *Template) HasSecrets() bool {
	return slices.ContainsFunc(t.Parameters, func(p *Parameter) bool { return p.NoEcho }) ||
		slices.ContainsFunc(t.dynamic, func(d DynamicReference) bool { return d.Service != "ssm" })
}
