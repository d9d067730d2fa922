package asl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/value"
)

// A condition is the test of a choice rule.
type condition interface {
	holds(s *scope) (bool, error)
}

type (
	allOf     []condition
	anyOf     []condition
	noneOf    struct{ condition }
	isPresent struct {
		path *jsonpath.Path
		want bool
	}
	// comparison tests the value of a variable, against a constant or another
	// value.
	comparison struct {
		path  *jsonpath.Path
		other *jsonpath.Path // nil: constant
		fixed any
		fault error // of the constant, raised when the rule is evaluated
		test  func(v, other any) bool
	}
)

func (c allOf) holds(s *scope) (bool, error) {
	for _, inner := range c {
		if ok, err := inner.holds(s); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (c anyOf) holds(s *scope) (bool, error) {
	for _, inner := range c {
		if ok, err := inner.holds(s); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (c noneOf) holds(s *scope) (bool, error) {
	ok, err := c.condition.holds(s)
	return !ok && err == nil, err
}

func (c isPresent) holds(s *scope) (bool, error) {
	_, err := c.path.Eval(s)
	return (err == nil) == c.want, nil
}

func (c *comparison) holds(s *scope) (bool, error) {
	v, err := c.path.Eval(s)
	if err != nil {
		return false, saying(causeConditionUnresolved, c.path)
	}
	if c.fault != nil {
		return false, c.fault
	}
	other := c.fixed
	if c.other != nil {
		if other, err = c.other.Eval(s); err != nil {
			return false, saying(causeConditionUnresolved, c.other)
		}
	}
	return c.test(v, other), nil
}

// queried is a condition of JSONata.
type queried struct{ *query }

func (c queried) holds(s *scope) (bool, error) {
	v, err := c.expect(s, "boolean")
	return v == true, err
}

// fixed is a condition that is a constant.
type fixed bool

func (c fixed) holds(*scope) (bool, error) { return bool(c), nil }

// queried reads Condition.
func (l *loader) queried(f *fields) (c condition, label string) {
	if q := f.queryOnly("Condition"); q != nil {
		return queried{q}, q.e.String()
	}
	if !f.has("Condition") {
		l.problem(f.path, "Condition is missing")
		return fixed(false), ""
	}
	v, _ := f.get("Condition")
	constant, ok := v.(bool)
	if !ok {
		f.problem("Condition", "Condition must be a JSONata expression in {%% %%} or a boolean, not %s", article(value.TypeName(v)))
	}
	return fixed(constant), fmt.Sprint(constant)
}

// condition reads the test of a rule, or of a part of one.
func (l *loader) condition(f *fields, depth int) condition {
	if depth > maxNesting {
		l.problem(f.path, "conditions nested more than %d deep", maxNesting)
		return allOf(nil)
	}
	var composite []string
	for _, name := range []string{"And", "Or", "Not"} {
		if f.has(name) {
			composite = append(composite, name)
		}
	}
	if len(composite) > 1 || len(composite) == 1 && f.has("Variable") {
		l.problem(f.path, "a rule must have one of And, Or, Not and Variable")
	}
	if len(composite) == 0 {
		return l.comparison(f)
	}
	if composite[0] == "Not" {
		inner := f.object("Not", "a condition")
		if inner == nil {
			return allOf(nil)
		}
		c := l.condition(inner, depth+1)
		inner.close()
		return noneOf{c}
	}
	var parts []condition
	f.each(composite[0], "a condition", func(f *fields) {
		_ = f.comment()
		parts = append(parts, l.condition(f, depth+1))
	})
	if len(parts) == 0 {
		f.problem(composite[0], "%s must not be empty", composite[0])
	}
	if composite[0] == "And" {
		return allOf(parts)
	}
	return anyOf(parts)
}

// comparison reads Variable and its operator. Variable, and the operand of an
// operator that ends in Path, may be any path, a list being of no type that can
// be compared (the specification, "Data-test expression").
func (l *loader) comparison(f *fields) condition {
	path := f.pathOnly("Variable")
	if path == nil && !f.has("Variable") {
		l.problem(f.path, "Variable is missing")
	}
	var c condition
	var found []string
	for _, op := range operators() {
		f.asked = append(f.asked, op.name)
		if !f.has(op.name) {
			continue
		}
		found = append(found, op.name)
		c = l.operator(f, path, op)
	}
	if len(found) != 1 {
		l.operatorProblem(f, found)
		return allOf(nil)
	}
	return c
}

func (l *loader) operatorProblem(f *fields, found []string) {
	if len(found) > 1 {
		l.problem(f.path, "a condition must have one operator, not %s", strings.Join(found, ", "))
		return
	}
	if !slices.ContainsFunc(f.o.Members(), func(m value.Member) bool { return !slices.Contains(f.asked, m.Name) }) {
		l.problem(f.path, "a condition must have an operator, such as StringEquals")
		return
	} // otherwise the mistyped operator is reported when the fields are closed
	l.problem(f.path, "a condition must have an operator that exists")
}

func (l *loader) operator(f *fields, path *jsonpath.Path, op operator) condition {
	if path == nil {
		return allOf(nil)
	}
	if op.path {
		other := f.pathOnly(op.name)
		if other == nil {
			return allOf(nil)
		}
		return &comparison{path: path, other: other, test: op.test}
	}
	v, _ := f.get(op.name)
	if !op.accepts(v) {
		f.problem(op.name, "%s needs %s, not %s", op.name, op.operand, value.Encode(v))
		return allOf(nil)
	}
	if op.name == "IsPresent" {
		return isPresent{path, v == true}
	}
	c := &comparison{path: path, fixed: v, test: op.test}
	if op.name == "StringMatches" && hasOpenEscape(v) {
		c.fault = saying("The StringMatches string '%v' has a backslash that escapes neither * nor \\", v)
	}
	return c
}

// describeCondition is a rule in a few words, for graphs.
func describeCondition(o *value.Object) string {
	for _, name := range []string{"And", "Or"} {
		if items, ok := o.Get(name); ok {
			return describeAll(items, " "+strings.ToLower(name)+" ")
		}
	}
	if inner, ok := o.Get("Not"); ok {
		if o, ok := inner.(*value.Object); ok {
			return "not " + describeCondition(o)
		}
	}
	variable, _ := o.Get("Variable")
	for _, m := range o.Members() {
		if m.Name != "Variable" && m.Name != "Next" && m.Name != "Comment" && m.Name != "Assign" {
			return fmt.Sprintf("%s %s %s", plain(variable), m.Name, value.Encode(m.Value))
		}
	}
	return plain(variable)
}

func describeAll(items any, between string) string {
	list, _ := items.([]any)
	var parts []string
	for _, item := range list {
		if o, ok := item.(*value.Object); ok {
			parts = append(parts, describeCondition(o))
		}
	}
	return strings.Join(parts, between)
}
