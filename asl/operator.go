package asl

import (
	"strings"

	"github.com/setmend/setmend/asl/internal/value"
)

// An operator compares the value of a Variable. A value of another type than the
// operator is for is no error: the comparison is false.
type operator struct {
	name    string
	path    bool   // the operand is a path
	operand string // what the operand is, for messages
	accepts func(v any) bool
	test    func(v, other any) bool
}

// operators is the table of all comparison operators.
func operators() []operator {
	list := []operator{
		{name: "IsPresent", operand: "a boolean", accepts: isType[bool]},
		is("IsNull", func(v any) bool { return v == nil }),
		is("IsString", isType[string]),
		is("IsNumeric", isType[value.Number]),
		is("IsBoolean", isType[bool]),
		is("IsTimestamp", isTimestamp),
		{name: "StringMatches", operand: "a string", accepts: isType[string], test: stringMatches},
		{name: "BooleanEquals", operand: "a boolean", accepts: isType[bool], test: booleanEquals},
		{name: "BooleanEqualsPath", path: true, test: booleanEquals},
	}
	for _, o := range orders {
		list = append(list,
			operator{name: "String" + o.name, operand: "a string", accepts: isType[string], test: compareStrings(o.want)},
			operator{name: "String" + o.name + "Path", path: true, test: compareStrings(o.want)},
			operator{name: "Numeric" + o.name, operand: "a number", accepts: isType[value.Number], test: compareNumbers(o.want)},
			operator{name: "Numeric" + o.name + "Path", path: true, test: compareNumbers(o.want)},
			operator{name: "Timestamp" + o.name, operand: "a timestamp, such as \"2026-11-20T12:00:00Z\"", accepts: isTimestamp, test: compareTimestamps(o.want)},
			operator{name: "Timestamp" + o.name + "Path", path: true, test: compareTimestamps(o.want)},
		)
	}
	return list
}

// orders are the comparisons that strings, numbers and timestamps have.
var orders = []struct {
	name string
	want func(c int) bool
}{
	{"Equals", func(c int) bool { return c == 0 }},
	{"LessThan", func(c int) bool { return c < 0 }},
	{"GreaterThan", func(c int) bool { return c > 0 }},
	{"LessThanEquals", func(c int) bool { return c <= 0 }},
	{"GreaterThanEquals", func(c int) bool { return c >= 0 }},
}

// is makes an operator whose operand says whether the value must be so or must
// not.
func is(name string, test func(v any) bool) operator {
	return operator{
		name: name, operand: "a boolean", accepts: isType[bool],
		test: func(v, want any) bool { return test(v) == want },
	}
}

func isType[T any](v any) bool { _, ok := v.(T); return ok }

func isTimestamp(v any) bool {
	s, ok := v.(string)
	if ok {
		_, ok = parseTimestamp(s)
	}
	return ok
}

func booleanEquals(v, other any) bool {
	a, aOK := v.(bool)
	b, bOK := other.(bool)
	return aOK && bOK && a == b
}

func compareStrings(want func(int) bool) func(v, other any) bool {
	return func(v, other any) bool {
		a, aOK := v.(string)
		b, bOK := other.(string)
		return aOK && bOK && want(strings.Compare(a, b))
	}
}

func compareNumbers(want func(int) bool) func(v, other any) bool {
	return func(v, other any) bool {
		a, aOK := v.(value.Number)
		b, bOK := other.(value.Number)
		return aOK && bOK && want(a.Compare(b))
	}
}

func compareTimestamps(want func(int) bool) func(v, other any) bool {
	return func(v, other any) bool {
		a, aIs := v.(string)
		b, bIs := other.(string)
		x, xOK := parseTimestamp(a)
		y, yOK := parseTimestamp(b)
		return aIs && bIs && xOK && yOK && want(x.Compare(y))
	}
}

// stringMatches: * stands for any characters, \* for itself, \\ for a backslash.
func stringMatches(v, pattern any) bool {
	s, sOK := v.(string)
	p, pOK := pattern.(string)
	return sOK && pOK && wildcard(s, p)
}

// hasOpenEscape finds a backslash that escapes neither * nor a backslash. It is an
// error of the execution ("If an open escape backslash is found in the
// StringMatches string, the interpreter will throw a runtime error", the
// specification), so the definition is loaded.
func hasOpenEscape(pattern any) bool {
	p, _ := pattern.(string)
	for i := 0; i < len(p); i++ {
		if p[i] != '\\' {
			continue
		}
		if i++; i == len(p) || p[i] != '*' && p[i] != '\\' {
			return true
		}
	}
	return false
}

// wildcard matches greedily and goes back to the last star only, which is
// enough, and takes at most len(s)·len(p) steps.
func wildcard(s, p string) bool {
	i, j, star, mark := 0, 0, -1, 0
	for i < len(s) {
		width := 1
		if j+1 < len(p) && p[j] == '\\' && (p[j+1] == '*' || p[j+1] == '\\') {
			width = 2
		}
		switch {
		case j < len(p) && width == 1 && p[j] == '*':
			star, mark = j, i
			j++
		case j < len(p) && p[j+width-1] == s[i]:
			i++
			j += width
		case star >= 0:
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}
	for j < len(p) && p[j] == '*' {
		j++
	}
	return j == len(p)
}
