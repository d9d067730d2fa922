package jsonpath

import (
	"regexp"
	"slices"
	"strings"

	"github.com/setmend/setmend/asl/internal/value"
)

// filterScope is what a filter sees: @ is the item, $ the value that the whole
// path started at.
type filterScope struct {
	root, item any
	steps      *int
}

// A condition is a compiled filter expression.
type condition interface{ holds(s filterScope) bool }

type (
	and    struct{ a, b condition }
	or     struct{ a, b condition }
	not    struct{ a condition }
	exists struct{ operand }
	// truth is a literal true or false standing alone.
	truth bool
	// comparison is two operands and what is asked of them.
	comparison struct {
		a, b  operand
		holds func(a, b any, aFound, bFound bool) bool
	}
	matching struct {
		a  operand
		re *regexp.Regexp
	}
)

func (c and) holds(s filterScope) bool    { return c.a.holds(s) && c.b.holds(s) }
func (c or) holds(s filterScope) bool     { return c.a.holds(s) || c.b.holds(s) }
func (c not) holds(s filterScope) bool    { return !c.a.holds(s) }
func (c truth) holds(filterScope) bool    { return bool(c) }
func (c exists) holds(s filterScope) bool { _, found := c.operand.value(s); return found }

type compare struct{ comparison }

func (c compare) holds(s filterScope) bool {
	a, aFound := c.a.value(s)
	b, bFound := c.b.value(s)
	if *s.steps += items(a) * items(b); *s.steps > maxSteps {
		return false // the walk that asks counts, and ends with an error
	}
	return c.comparison.holds(a, b, aFound, bFound)
}

// items is how many values a comparison may look at.
func items(v any) int {
	list, _ := v.([]any)
	return max(len(list), 1)
}

// holds for a pattern means that the whole text matches, as in Java: the text
// of the value, or of any item of an array. What has no text counts as empty.
func (c matching) holds(s filterScope) bool {
	v, _ := c.a.value(s)
	if items, ok := v.([]any); ok {
		return slices.ContainsFunc(items, func(item any) bool { return c.re.MatchString(scalarText(item)) })
	}
	return c.re.MatchString(scalarText(v))
}

// scalarText is what a pattern sees of a value.
func scalarText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool, value.Number:
		return string(value.Encode(v))
	}
	return ""
}

// An operand is a literal or a path from @ or $.
type operand struct {
	literal  any
	path     *Path // nil for a literal
	fromItem bool
}

func (o operand) value(s filterScope) (any, bool) {
	if o.path == nil {
		return o.literal, true
	}
	start := s.root
	if o.fromItem {
		start = s.item
	}
	v, err := o.path.from(s.root, start, s.steps)
	found, several := v.([]any)
	if several && !o.path.definite && o.path.function == nil {
		return v, len(found) > 0
	}
	return v, err == nil
}

// same is Jayway's ==: a number and a string are compared as what stands left.
func same(a, b any) bool {
	if n, ok := a.(value.Number); ok {
		if s, ok := b.(string); ok {
			other, err := value.DecodeString(strings.TrimSpace(s))
			return err == nil && value.Equal(n, other)
		}
	}
	if s, ok := a.(string); ok {
		if n, ok := b.(value.Number); ok {
			return s == string(n)
		}
	}
	return value.Equal(a, b)
}

// sameType is Jayway's ===.
func sameType(a, b any) bool { return value.TypeName(a) == value.TypeName(b) && value.Equal(a, b) }

// order compares two numbers by value, and strings, or a string and a number, as
// text; it reports false for anything else.
func order(a, b any) (int, bool) {
	x, aIs := a.(value.Number)
	y, bIs := b.(value.Number)
	if aIs && bIs {
		return x.Compare(y), true
	}
	s, aText := textOrNumber(a)
	t, bText := textOrNumber(b)
	return strings.Compare(s, t), aText && bText
}

func textOrNumber(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case value.Number:
		return string(v), true
	}
	return "", false
}

func ordered(want func(int) bool) func(a, b any, aFound, bFound bool) bool {
	return func(a, b any, aFound, bFound bool) bool {
		c, ok := order(a, b)
		return aFound && bFound && ok && want(c)
	}
}

func within(a, b any) bool {
	items, _ := b.([]any)
	for _, item := range items {
		if same(a, item) {
			return true
		}
	}
	return false
}

// among counts the items of a that are in b.
func among(a, b any) (n, of int) {
	items, _ := a.([]any)
	for _, item := range items {
		if within(item, b) {
			n++
		}
	}
	return n, len(items)
}

func isArray(v any) bool { _, ok := v.([]any); return ok }

// size is for arrays and strings only, as in Jayway.
func size(v any) (int, bool) {
	switch v := v.(type) {
	case []any:
		return len(v), true
	case string:
		return len([]rune(v)), true
	}
	return 0, false
}

// isEmpty reports false for what cannot be empty.
func isEmpty(v any) (empty, can bool) {
	if o, ok := v.(*value.Object); ok {
		return o.Len() == 0, true
	}
	n, ok := size(v)
	return n == 0, ok
}

func contains(a, b any) bool {
	if s, ok := a.(string); ok {
		part, ok := b.(string)
		return ok && strings.Contains(s, part)
	}
	return within(b, a)
}

// operators are tried in this order, so the longer stand before the shorter. What
// is missing equals nothing, not even something else that is missing (Jayway's
// undefined value).
var operators = []struct {
	text  string
	word  bool // must be set off by a space
	holds func(a, b any, aFound, bFound bool) bool
}{
	{"===", false, func(a, b any, aFound, bFound bool) bool { return aFound && bFound && sameType(a, b) }},
	{"!==", false, func(a, b any, aFound, bFound bool) bool { return !aFound || !bFound || !sameType(a, b) }},
	{"==", false, func(a, b any, aFound, bFound bool) bool { return aFound && bFound && same(a, b) }},
	{"!=", false, func(a, b any, aFound, bFound bool) bool { return !aFound || !bFound || !same(a, b) }},
	{"<=", false, ordered(func(c int) bool { return c <= 0 })},
	{">=", false, ordered(func(c int) bool { return c >= 0 })},
	{"<", false, ordered(func(c int) bool { return c < 0 })},
	{">", false, ordered(func(c int) bool { return c > 0 })},
	{"in", true, func(a, b any, aFound, _ bool) bool { return aFound && within(a, b) }},
	{"nin", true, func(a, b any, aFound, _ bool) bool { return !aFound || !within(a, b) }},
	{"contains", true, func(a, b any, aFound, _ bool) bool { return aFound && contains(a, b) }},
	{"all", true, func(a, b any, _, _ bool) bool { n, of := among(b, a); return isArray(a) && n == of }},
	{"subsetof", true, func(a, b any, _, _ bool) bool { n, of := among(a, b); return isArray(a) && n == of }},
	{"anyof", true, func(a, b any, _, _ bool) bool { n, _ := among(a, b); return n > 0 }},
	{"noneof", true, func(a, b any, _, _ bool) bool { n, _ := among(a, b); return isArray(a) && n == 0 }},
	{"size", true, func(a, b any, _, _ bool) bool {
		n, ok := size(a)
		return ok && same(value.Int(int64(n)), b)
	}},
	{"empty", true, func(a, b any, _, _ bool) bool {
		empty, ok := isEmpty(a)
		return ok && same(empty, b)
	}},
}
