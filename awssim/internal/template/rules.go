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
		r, err := readRule(name, m.Values[name])
		if err != nil {
			return err
		}
		t.rules = append(t.rules, r)
	}
	return nil
}

func readRule(name string, v any) (rule, error) {
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
		if err := checkFunctions([]any{r.when, m.Values["Assert"]}, true); err != nil {
			return rule{}, err
		}
	}
	return r, nil
}

// CheckRules evaluates the Rules section.
func (b *Binding) CheckRules() error {
	for _, r := range b.template.rules {
		if r.when != nil {
			if applies, err := b.truth(r.when); err != nil || !applies {
				if err != nil {
					return err
				}
				continue
			}
		}
		for _, a := range r.assertions {
			ok, err := b.truth(a.assert)
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
	if f, ok := v.(*Func); ok && f.Name == "Fn::RefAll" {
		return b.refAll(f)
	}
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
func (b *Binding) refAll(f *Func) ([]string, error) {
	typ, ok := f.Arg.(string)
	if !ok {
		return nil, failf("Template error: every Fn::RefAll object must have a single String value.")
	}
	var out []string
	for _, p := range b.template.Parameters {
		if p.Type == typ || strings.TrimPrefix(p.Type, "List<") == typ+">" {
			out = append(out, p.parts(b.values[p.Key])...)
		}
	}
	return out, nil
}
