package transform

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/setmend/setmend/awssim/internal/template"
)

const (
	forEach  = "Fn::ForEach::"
	maxNodes = 200_000 // what loops may make of one template
)

// extend runs AWS::LanguageExtensions: it expands loops, and evaluates functions
// where CloudFormation itself takes none (the names in Ref and Fn::GetAtt,
// deletion policies, delimiters). Fn::Length, Fn::ToJsonString and the default of
// Fn::FindInMap are left to evaluation, which knows more.
func (r *run) extend() error {
	for _, section := range []string{"Conditions", "Resources", "Outputs"} {
		p, err := r.partial()
		if err != nil {
			return err
		}
		e := &extension{partial: p, run: r}
		v, given := r.root.Values[section]
		if !given {
			continue
		}
		if r.root.Values[section], err = e.expand(v); err != nil {
			return err
		}
		if section == "Resources" {
			if err := e.policies(r.root.Values[section]); err != nil {
				return err
			}
		}
	}
	return nil
}

// extension is the run of AWS::LanguageExtensions over one section.
type extension struct {
	partial *template.Partial
	run     *run
}

// expand expands the loops in a value and settles the names in its functions.
func (e *extension) expand(v any) (any, error) {
	if e.run.nodes++; e.run.nodes > maxNodes {
		return nil, refuse(template.LanguageExtensions, fmt.Sprintf("Fn::ForEach expands to more than %d values", maxNodes))
	}
	switch v := v.(type) {
	case *template.Map:
		return e.object(v)
	case []any:
		for i := range v {
			one, err := e.expand(v[i])
			if err != nil {
				return nil, err
			}
			v[i] = one
		}
		return v, nil
	case *template.Func:
		arg, err := e.expand(v.Arg)
		if err != nil {
			return nil, err
		}
		v.Arg = arg
		e.settle(v)
		return v, nil
	}
	return v, nil
}

func (e *extension) object(m *template.Map) (any, error) {
	out := template.NewMap()
	for _, k := range m.Keys {
		if name, loop := strings.CutPrefix(k, forEach); loop {
			if err := e.loop(out, name, m.Values[k]); err != nil {
				return nil, err
			}
			continue
		}
		v, err := e.expand(m.Values[k])
		if err != nil {
			return nil, err
		}
		out.Set(k, v)
	}
	return template.Apply(out), nil
}

// loop expands one Fn::ForEach into an object.
func (e *extension) loop(out *template.Map, name string, v any) error {
	list, _ := v.([]any)
	if len(list) != 3 {
		return e.malformed(name, "a list of an identifier, a collection and a template")
	}
	identifier, ok := list[0].(string)
	if !ok || identifier == "" {
		return e.malformed(name, "a string as identifier")
	}
	body, ok := list[2].(*template.Map)
	if !ok {
		return e.malformed(name, "an object as template")
	}
	items, err := e.collection(name, list[1])
	if err != nil {
		return err
	}
	for _, item := range items {
		copied, _ := substitute(body, identifier, item).(*template.Map)
		expanded, err := e.object(copied)
		if err != nil {
			return err
		}
		m, ok := expanded.(*template.Map)
		if !ok {
			return e.malformed(name, "an object as template")
		}
		for _, k := range m.Keys {
			if _, dup := out.Values[k]; dup {
				return refuse(template.LanguageExtensions, fmt.Sprintf("Fn::ForEach::%s makes the key %s more than once", name, k))
			}
			out.Set(k, m.Values[k])
		}
	}
	return nil
}

func (e *extension) malformed(name, wants string) error {
	return refuse(template.LanguageExtensions, "Fn::ForEach::"+name+" requires "+wants)
}

// collection evaluates a loop's collection.
func (e *extension) collection(name string, v any) ([]string, error) {
	got, err := e.partial.Value(v)
	if err != nil {
		return nil, refuse(template.LanguageExtensions, "Fn::ForEach::"+name+": the collection could not be resolved: "+err.Error())
	}
	list, ok := got.([]any)
	if !ok {
		return nil, e.malformed(name, "a list as collection")
	}
	var out []string
	for _, one := range list {
		s, ok := template.Text(one)
		if !ok {
			return nil, e.malformed(name, "a collection of strings")
		}
		out = append(out, s)
	}
	return out, nil
}

// substitute copies a value with the loop's variable replaced: ${X}, &{X} (only
// its letters and digits) and Ref X.
func substitute(v any, identifier, item string) any {
	switch v := v.(type) {
	case string:
		return substituteText(v, identifier, item)
	case *template.Map:
		out := template.NewMap()
		for _, k := range v.Keys {
			out.Set(substituteText(k, identifier, item), substitute(v.Values[k], identifier, item))
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = substitute(v[i], identifier, item)
		}
		return out
	case *template.Func:
		if v.Name == "Ref" && v.Arg == identifier {
			return item
		}
		return &template.Func{Name: v.Name, Arg: substitute(v.Arg, identifier, item)}
	}
	return v
}

func substituteText(s, identifier, item string) string {
	if !strings.Contains(s, identifier) {
		return s
	}
	plain := strings.Map(func(r rune) rune {
		if r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return -1
	}, item)
	return strings.NewReplacer("${"+identifier+"}", item, "&{"+identifier+"}", plain).Replace(s)
}

// settle evaluates the parts of a function that CloudFormation takes literally.
func (e *extension) settle(f *template.Func) {
	switch f.Name {
	case "Ref":
		f.Arg = e.literal(f.Arg)
	case "Fn::GetAtt":
		if s, ok := e.literal(f.Arg).(string); ok {
			resource, attribute, _ := strings.Cut(s, ".")
			f.Arg = []any{resource, attribute}
		} else if l, ok := f.Arg.([]any); ok && len(l) > 0 {
			l[0] = e.literal(l[0])
		}
	case "Fn::Join", "Fn::Split", "Fn::If":
		if l, ok := f.Arg.([]any); ok && len(l) > 0 {
			l[0] = e.literal(l[0])
		}
	}
}

// literal is what a function evaluates to if that is a text, else the value itself.
func (e *extension) literal(v any) any {
	if _, ok := v.(*template.Func); !ok {
		return v
	}
	if s, ok := e.partial.Text(v); ok {
		return s
	}
	return v
}

// policies evaluates DeletionPolicy and UpdateReplacePolicy.
func (e *extension) policies(v any) error {
	resources, ok := v.(*template.Map)
	if !ok {
		return nil
	}
	for _, name := range resources.Keys {
		body, ok := resources.Values[name].(*template.Map)
		if !ok {
			continue
		}
		for _, key := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
			f, ok := body.Values[key].(*template.Func)
			if !ok {
				continue
			}
			got, err := e.partial.Value(f)
			if err != nil {
				return refuse(template.LanguageExtensions, key+" of "+name+" could not be resolved: "+err.Error())
			}
			if s, ok := template.Text(got); ok {
				body.Set(key, s)
			} else {
				body.Delete(key)
			}
		}
	}
	return nil
}
