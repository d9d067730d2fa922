package template

import (
	"slices"
	"strings"
)

// rule is a member of the Rules section: assertions on parameter values.
type rule struct {
	name       string
	when       any // nil: always
	assertions []assertion
}

type assertion struct {
	assert any
	text   string
}

func (t *Template) readRules(v any) error {
	m, err := section("Rules", v)
	if err != nil {
		return err
	}
	for _, name := range m.Keys {
		r, err := readRule(name, m.Values[name], t.extended)
		if err != nil {
			return err
		}
		t.rules = append(t.rules, r)
	}
	return nil
}

func readRule(name string, v any, extended bool) (rule, error) {
	body, ok := v.(*Map)
	if !ok {
		return rule{}, failf("Template format error: Every Rules member must be an object. [/Rules/%s]", name)
	}
	r := rule{name: name, when: body.Values["RuleCondition"]}
	list, ok := body.Values["Assertions"].([]any)
	if !ok || len(list) == 0 {
		return rule{}, failf("Template format error: Every Rules member must contain a list of Assertions. [/Rules/%s]", name)
	}
	for _, one := range list {
		m, ok := one.(*Map)
		if !ok || m.Values["Assert"] == nil {
			return rule{}, failf("Template format error: Every Assertions member must contain an Assert. [/Rules/%s]", name)
		}
		text, _ := Text(m.Values["AssertDescription"])
		r.assertions = append(r.assertions, assertion{m.Values["Assert"], text})
		if err := checkFunctions([]any{r.when, m.Values["Assert"]}, dialect{rules: true, extended: extended}); err != nil {
			return rule{}, err
		}
	}
	return r, nil
}

// CheckRules evaluates the Rules section. What depends on attributes of
// resources that the world does not hold is taken to be true.
func (b *Binding) CheckRules() error {
	for _, r := range b.template.rules {
		if r.when != nil {
			applies, err := b.truth(r.when)
			if err != nil && err != errUnknown {
				return err
			}
			if !applies {
				continue
			}
		}
		for _, a := range r.assertions {
			ok, err := b.truth(a.assert)
			if err == errUnknown {
				continue
			}
			if err != nil {
				return err
			}
			if !ok {
				return failf("Template error: Rule %s failed: %s", r.name, a.text)
			}
		}
	}
	return nil
}

// ruleFunction evaluates the functions that only rules may use.
func (b *Binding) ruleFunction(f *Func) (bool, error) {
	l := f.list()
	if len(l) != 2 {
		return false, failf("Template error: every %s object requires a list of 2 parameters.", f.Name)
	}
	left, err := b.texts(l[0])
	if err != nil {
		return false, err
	}
	right, err := b.texts(l[1])
	if err != nil {
		return false, err
	}
	in := func(s string) bool { return slices.Contains(right, s) }
	switch f.Name {
	case "Fn::Contains":
		return len(right) == 1 && slices.Contains(left, right[0]), nil
	case "Fn::EachMemberEquals":
		return len(right) == 1 && !slices.ContainsFunc(left, func(s string) bool { return s != right[0] }), nil
	case "Fn::EachMemberIn":
		return !slices.ContainsFunc(left, func(s string) bool { return !in(s) }), nil
	}
	return false, failf("Template error: %s is not a boolean function", f.Name)
}

// texts evaluates a value to a list of texts; a list parameter is split.
func (b *Binding) texts(v any) ([]string, error) {
	got, err := b.eval(v)
	if err != nil {
		return nil, err
	}
	list, ok := got.([]any)
	if !ok {
		list = []any{got}
	}
	out := make([]string, 0, len(list))
	for _, one := range list {
		s, _ := Text(one)
		out = append(out, s)
	}
	return out, nil
}

// refAll is the values of all parameters of a type.
func (b *Binding) refAll(f *Func) (any, error) {
	typ, ok := f.Arg.(string)
	if !ok {
		return nil, failf("Template error: every Fn::RefAll object must have a single String value.")
	}
	out := []any{}
	for _, p := range b.template.ofType(typ) {
		for _, one := range p.parts(b.values[p.Key]) {
			out = append(out, one)
		}
	}
	return out, nil
}

// ofType lists the parameters of a type, and those that are lists of it.
func (t *Template) ofType(typ string) []*Parameter {
	var out []*Parameter
	for _, p := range t.Parameters {
		if p.Type == typ || p.Type == "List<"+typ+">" {
			out = append(out, p)
		}
	}
	return out
}

// errUnknown is an attribute of a resource that cannot be looked up.
var errUnknown = failf("Template error: an attribute used in Rules could not be found")

// valueOf is the attribute of the resources that one parameter (Fn::ValueOf), or
// all of a type (Fn::ValueOfAll), name.
func (b *Binding) valueOf(f *Func) (any, error) {
	l := f.list()
	if len(l) != 2 || !isString(l[0]) || !isString(l[1]) {
		return nil, failf("Template error: every %s object requires two string parameters", f.Name)
	}
	name, attribute := l[0].(string), l[1].(string)
	parameters := b.template.ofType(name)
	if f.Name == "Fn::ValueOf" {
		p, ok := b.template.parameter[name]
		if !ok {
			return nil, failf("Template error: %s references undefined parameter %s", f.Name, name)
		}
		parameters = []*Parameter{p}
	}
	world, ok := b.around.(Outlook)
	out := []any{}
	for _, p := range parameters {
		for _, id := range p.parts(b.values[p.Key]) {
			var value string
			if ok {
				value, ok = world.ResourceAttribute(p.element(), id, attribute)
			}
			if !ok {
				return nil, errUnknown
			}
			out = append(out, value)
		}
	}
	if len(parameters) == 1 && !parameters[0].List() && f.Name == "Fn::ValueOf" {
		return out[0], nil
	}
	return out, nil
}

// element is the type of the parameter's value, or of its elements.
func (p *Parameter) element() string {
	return strings.TrimSuffix(strings.TrimPrefix(p.Type, "List<"), ">")
}
