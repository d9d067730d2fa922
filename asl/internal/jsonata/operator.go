package jsonata

import (
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/setmend/setmend/asl/internal/value"
)

// operators are the binary operators that evaluate both sides.
var operators = map[string]func(m *machine, a, b any) any{
	"+": arithmetic(func(a, b float64) float64 { return a + b }),
	"-": arithmetic(func(a, b float64) float64 { return a - b }),
	"*": arithmetic(func(a, b float64) float64 { return a * b }),
	"/": arithmetic(func(a, b float64) float64 { return a / b }),
	"%": arithmetic(remainder),
	"=": func(_ *machine, a, b any) any {
		return a != undefined && b != undefined && deepEqual(a, b)
	},
	"!=": func(_ *machine, a, b any) any {
		return a != undefined && b != undefined && !deepEqual(a, b)
	},
	"<":  comparing(func(c int) bool { return c < 0 }),
	"<=": comparing(func(c int) bool { return c <= 0 }),
	">":  comparing(func(c int) bool { return c > 0 }),
	">=": comparing(func(c int) bool { return c >= 0 }),
	"&":  func(m *machine, a, b any) any { return m.concat(a, b) },
	"in": func(_ *machine, a, b any) any { return in(a, b) },
	"..": func(m *machine, a, b any) any { return m.between(a, b) },
}

type (
	binary struct {
		operator func(m *machine, a, b any) any
		lhs, rhs node
	}
	logical struct {
		and      bool
		lhs, rhs node
	}
)

func (b *binary) eval(m *machine, input any) any {
	lhs := m.evaluate(b.lhs, input)
	return b.operator(m, lhs, m.evaluate(b.rhs, input))
}

func (l *logical) eval(m *machine, input any) any {
	if (boolean(m.evaluate(l.lhs, input)) == true) != l.and {
		return !l.and
	}
	return boolean(m.evaluate(l.rhs, input)) == true
}

// number is a value as a number, if it is one.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case value.Number:
		return v.Float64(), true
	}
	return 0, false
}

func arithmetic(op func(a, b float64) float64) func(*machine, any, any) any {
	return func(_ *machine, a, b any) any {
		x, xOK := number(a)
		y, yOK := number(b)
		if !xOK && a != undefined || !yOK && b != undefined {
			give()
		}
		if !xOK || !yOK {
			return undefined
		}
		return finite(op(x, y))
	}
}

// comparing is evaluateComparisonExpression.
func comparing(want func(c int) bool) func(*machine, any, any) any {
	return func(_ *machine, a, b any) any {
		x, xNumber := number(a)
		y, yNumber := number(b)
		s, xString := a.(string)
		t, yString := b.(string)
		switch {
		case !xNumber && !xString && a != undefined, !yNumber && !yString && b != undefined:
			give()
		case a == undefined || b == undefined:
			return undefined
		case xString && yString:
			return want(compareUnits(s, t))
		case xNumber && yNumber:
			return want(compareFloats(x, y))
		}
		return give()
	}
}

func compareFloats(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// compareUnits orders texts by their UTF-16 units, as JavaScript does.
func compareUnits(s, t string) int {
	if isBelowSurrogates(s) && isBelowSurrogates(t) {
		return strings.Compare(s, t)
	}
	return slices.Compare(utf16.Encode([]rune(s)), utf16.Encode([]rune(t)))
}

// isBelowSurrogates reports whether the order of bytes is that of UTF-16 units.
func isBelowSurrogates(s string) bool {
	for i := range len(s) {
		if s[i] >= 0xEE {
			return false
		}
	}
	return true
}

func (m *machine) concat(a, b any) any {
	var x, y string
	if a != undefined {
		x = m.text(a)
	}
	if b != undefined {
		y = m.text(b)
	}
	m.step((len(x) + len(y)) / 16)
	return x + y
}

// in is evaluateIncludesExpression, which compares by ===.
func in(a, b any) any {
	if a == undefined || b == undefined {
		return false
	}
	switch a.(type) {
	case *value.Object, []any, *list:
		give() // the engine knows whether it is the very same
	}
	items, ok := isList(b)
	if !ok {
		items = []any{b}
	}
	return slices.ContainsFunc(items, func(item any) bool { return deepEqual(item, a) })
}

// maxPlainRange is the longest range that is made in Go.
const maxPlainRange = 10_000

// between is evaluateRangeExpression.
func (m *machine) between(a, b any) any {
	x, xOK := number(a)
	y, yOK := number(b)
	if !xOK && a != undefined || !yOK && b != undefined || x != float64(int64(x)) || y != float64(int64(y)) {
		give()
	}
	if !xOK || !yOK || x > y {
		return undefined
	}
	if y-x > maxPlainRange {
		give()
	}
	m.step(int(y - x))
	items := make([]any, 0, int(y-x)+1)
	for ; x <= y; x++ {
		items = append(items, x)
	}
	return &list{items: items, sequence: true}
}

// boolean is fn.boolean: true, false or undefined.
func boolean(v any) any {
	switch v := v.(type) {
	case missing:
		return undefined
	case bool:
		return v
	case string:
		return v != ""
	case float64:
		return v != 0
	case value.Number:
		return v.Float64() != 0
	case *value.Object:
		return v.Len() > 0
	}
	items, _ := isList(v)
	if len(items) == 1 {
		return boolean(items[0])
	}
	return slices.ContainsFunc(items, func(item any) bool { return boolean(item) == true })
}

// deepEqual is isDeepEqual.
func deepEqual(a, b any) bool {
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x == y
	}
	if x, ok := isList(a); ok {
		y, ok := isList(b)
		return ok && slices.EqualFunc(x, y, deepEqual)
	}
	x, ok := a.(*value.Object)
	if !ok {
		_, isArray := isList(b)
		_, isNumber := number(b)
		return !isArray && !isNumber && a == b
	}
	y, ok := b.(*value.Object)
	if !ok || x.Len() != y.Len() {
		return false
	}
	for _, member := range x.Members() {
		other, ok := y.Get(member.Name)
		if !ok || !deepEqual(member.Value, other) {
			return false
		}
	}
	return true
}
