package jsonata

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/setmend/setmend/asl/internal/intrinsic"
	"github.com/setmend/setmend/asl/internal/value"
)

// A function is one of JSONata's or of Step Functions', done in Go. input is the
// context, which some functions take for an argument that is not given. A call
// that does not fit the function's signature is left to the engine.
type function func(m *machine, input any, args []any) any

var functions map[string]function

// otherFunctions are done by the engine alone.
var otherFunctions = []string{
	"pad", "match", "replace", "formatNumber", "formatBase", "formatInteger", "parseInteger", "map", "zip",
	"filter", "single", "reduce", "sift", "each", "error", "assert", "sort", "shuffle", "encodeUrlComponent",
	"encodeUrl", "decodeUrlComponent", "decodeUrl", "toMillis", "fromMillis", "clone", "spread", "random",
	"base64encode", "base64decode", "eval",
}

func isFunctionName(name string) bool {
	_, ok := functions[name]
	return ok || slices.Contains(otherFunctions, name)
}

func init() {
	functions = map[string]function{
		"sum":     aggregate(func(n []float64) float64 { return sum(n) }, 0.0),
		"average": aggregate(func(n []float64) float64 { return sum(n) / float64(len(n)) }, undefined),
		"max":     aggregate(slices.Max[[]float64], undefined),
		"min":     aggregate(slices.Min[[]float64], undefined),
		"count":   count,

		"string":          stringFunction,
		"length":          onText(func(_ *machine, s string) any { return float64(utf8.RuneCountInString(s)) }),
		"lowercase":       onText(func(_ *machine, s string) any { return ascii(s, strings.ToLower) }),
		"uppercase":       onText(func(_ *machine, s string) any { return ascii(s, strings.ToUpper) }),
		"trim":            onText(func(_ *machine, s string) any { return trim(s) }),
		"parse":           onText(parseJSON),
		"substring":       substring,
		"substringBefore": onTexts(func(s, part string) any { before, _, _ := strings.Cut(s, part); return before }),
		"substringAfter":  onTexts(substringAfter),
		"contains":        onTexts(func(s, part string) any { return strings.Contains(s, part) }),
		"split":           split,
		"join":            join,
		"hash":            hash,

		"number": toNumber,
		"floor":  onNumber(math.Floor),
		"ceil":   onNumber(math.Ceil),
		"abs":    onNumber(math.Abs),
		"round":  onNumber(round),
		"sqrt":   onNumber(math.Sqrt),
		"power":  power,

		"boolean": onAny(boolean),
		"not":     onAny(not),
		"keys":    keys,
		"lookup":  lookup,
		"append":  appendFunction,
		"exists":  exists,
		"merge":   merge,
		"reverse": reverse,
		"type":    typeOf,

		"distinct":  distinct,
		"partition": partition,
		"range":     rangeFunction,
		"uuid": func(m *machine, _ any, args []any) any {
			fits(len(args) == 0)
			return intrinsic.NewUUID(m.host.Random())
		},
		"now": func(m *machine, _ any, args []any) any {
			fits(len(args) == 0)
			return m.host.Now().UTC().Format("2006-01-02T15:04:05.000Z")
		},
		"millis": func(m *machine, _ any, args []any) any {
			fits(len(args) == 0)
			return float64(m.host.Now().UnixMilli())
		},
	}
}

// fits leaves a call to the engine unless ok.
func fits(ok bool) {
	if !ok {
		give()
	}
}

// only is the one argument of a function, which may be the context.
func only(input any, args []any) any {
	fits(len(args) <= 1)
	if len(args) == 0 {
		return input
	}
	return args[0]
}

func onAny(f func(v any) any) function {
	return func(_ *machine, input any, args []any) any { return f(only(input, args)) }
}

func onText(f func(m *machine, s string) any) function {
	return func(m *machine, input any, args []any) any {
		v := only(input, args)
		if v == undefined {
			return undefined
		}
		s, ok := v.(string)
		fits(ok)
		m.step(len(s) / 16)
		return f(m, s)
	}
}

func onTexts(f func(s, part string) any) function {
	return func(m *machine, _ any, args []any) any {
		fits(len(args) == 2)
		part, ok := args[1].(string)
		if args[0] == undefined && ok {
			return undefined
		}
		s, isText := args[0].(string)
		fits(ok && isText)
		m.step(len(s) / 16)
		return f(s, part)
	}
}

func onNumber(f func(float64) float64) function {
	return func(_ *machine, input any, args []any) any {
		v := only(input, args)
		if v == undefined {
			return undefined
		}
		n, ok := number(v)
		fits(ok)
		return finite(f(n))
	}
}

// items are those of an argument that is an array, or is taken for one.
func items(v any) []any {
	if list, ok := isList(v); ok {
		return list
	}
	return []any{v}
}

// aggregate is a function of numbers; of none it is empty.
func aggregate(f func([]float64) float64, empty any) function {
	return func(m *machine, _ any, args []any) any {
		fits(len(args) == 1)
		if args[0] == undefined {
			return undefined
		}
		var numbers []float64
		for _, item := range items(args[0]) {
			n, ok := number(item)
			fits(ok)
			numbers = append(numbers, n)
		}
		m.step(len(numbers))
		if len(numbers) == 0 {
			return empty
		}
		return finite(f(numbers))
	}
}

func sum(numbers []float64) float64 {
	total := 0.0
	for _, n := range numbers {
		total += n
	}
	return total
}

func count(_ *machine, _ any, args []any) any {
	fits(len(args) == 1)
	if args[0] == undefined {
		return 0.0
	}
	return float64(len(items(args[0])))
}

func stringFunction(m *machine, input any, args []any) any {
	v := only(input, args)
	if v == undefined {
		return undefined
	}
	return m.text(v)
}

// text is fn.string.
func (m *machine) text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b := m.appendText(nil, v)
	m.step(len(b) / 16)
	return string(b)
}

func (m *machine) appendText(b []byte, v any) []byte {
	if n, ok := number(v); ok {
		return append(b, formatNumber(precise(finite(n).(float64)))...)
	}
	if list, ok := isList(v); ok {
		m.step(len(list))
		b = append(b, '[')
		for i, item := range list {
			if i > 0 {
				b = append(b, ',')
			}
			b = m.appendText(b, item)
		}
		return append(b, ']')
	}
	o, ok := v.(*value.Object)
	if !ok {
		fits(v != undefined)
		return value.Append(b, v)
	}
	m.step(o.Len())
	b = append(b, '{')
	for i, member := range o.Members() {
		fits(!isIndex(member.Name))
		if i > 0 {
			b = append(b, ',')
		}
		b = append(value.AppendString(b, member.Name), ':')
		b = m.appendText(b, member.Value)
	}
	return append(b, '}')
}

// isIndex reports whether JavaScript lists a member of this name before others.
func isIndex(name string) bool {
	return name != "" && name[0] >= '0' && name[0] <= '9'
}

// ascii applies f to a text, if that is the same here and in JavaScript.
func ascii(s string, f func(string) string) any {
	for i := range len(s) {
		fits(s[i] < utf8.RuneSelf)
	}
	return f(s)
}

var blanks = regexp.MustCompile(`[ \t\n\r]+`)

func trim(s string) any {
	return strings.TrimSuffix(strings.TrimPrefix(blanks.ReplaceAllString(s, " "), " "), " ")
}

func parseJSON(m *machine, s string) any {
	v, err := value.DecodeString(s)
	fits(err == nil)
	m.step(len(s) / 4)
	return v
}

// whole is an argument that must be an integer; undefined is absent.
func integer(v any) (n int, given bool) {
	if v == undefined {
		return 0, false
	}
	f, ok := number(v)
	fits(ok && f == math.Trunc(f) && math.Abs(f) < 1<<31)
	return int(f), true
}

func substring(m *machine, _ any, args []any) any {
	fits(len(args) == 2 || len(args) == 3)
	s, isText := args[0].(string)
	start, given := integer(args[1])
	fits(isText && given)
	runes := []rune(s)
	m.step(len(runes) / 16)
	if len(runes)+start < 0 {
		start = 0
	}
	end := len(runes)
	if len(args) == 3 {
		length, given := integer(args[2])
		fits(given)
		if length <= 0 {
			return ""
		}
		if end = start + length; start < 0 {
			end += len(runes)
		}
	}
	if start < 0 {
		start += len(runes)
	}
	start, end = min(start, len(runes)), min(end, len(runes))
	if end < 0 {
		end = max(0, end+len(runes))
	}
	if start >= end {
		return ""
	}
	return string(runes[start:end])
}

func substringAfter(s, part string) any {
	if _, after, ok := strings.Cut(s, part); ok {
		return after
	}
	return s
}

func split(m *machine, _ any, args []any) any {
	fits(len(args) == 2)
	separator, ok := args[1].(string)
	fits(ok && separator != "")
	if args[0] == undefined {
		return undefined
	}
	s, ok := args[0].(string)
	fits(ok)
	parts := strings.Split(s, separator)
	m.step(len(parts))
	l := &list{items: make([]any, len(parts))}
	for i, p := range parts {
		l.items[i] = p
	}
	return l
}

func join(m *machine, _ any, args []any) any {
	fits(len(args) == 1 || len(args) == 2)
	separator := ""
	if len(args) == 2 && args[1] != undefined {
		var ok bool
		separator, ok = args[1].(string)
		fits(ok)
	}
	if args[0] == undefined {
		return undefined
	}
	var b strings.Builder
	for i, item := range items(args[0]) {
		s, ok := item.(string)
		fits(ok)
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(s)
		m.step(1 + (len(s)+len(separator))/16)
	}
	return b.String()
}

func hash(m *machine, _ any, args []any) any {
	fits(len(args) == 2)
	s, ok := args[0].(string)
	algorithm, isText := args[1].(string)
	fits(ok && isText)
	m.step(len(s) / 16)
	digest, err := intrinsic.Digest(s, algorithm)
	fits(err == nil)
	return digest
}

// numeral is what $number takes for a decimal number.
var numeral = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?$`)

func toNumber(_ *machine, input any, args []any) any {
	switch v := only(input, args).(type) {
	case missing:
		return undefined
	case bool:
		if v {
			return 1.0
		}
		return 0.0
	case string:
		fits(numeral.MatchString(v))
		f, err := strconv.ParseFloat(v, 64)
		fits(err == nil)
		return f
	default:
		n, ok := number(v)
		fits(ok)
		return n
	}
}

// round rounds halves to the even number.
func round(f float64) float64 {
	r := math.RoundToEven(f)
	if r == 0 {
		return 0
	}
	return r
}

func power(_ *machine, _ any, args []any) any {
	fits(len(args) == 2)
	exponent, isNumber := number(args[1])
	fits(isNumber)
	if args[0] == undefined {
		return undefined
	}
	base, ok := number(args[0])
	fits(ok)
	return finite(math.Pow(base, exponent))
}

func not(v any) any {
	if v == undefined {
		return undefined
	}
	return boolean(v) != true
}

func keys(m *machine, input any, args []any) any {
	result := &list{sequence: true}
	seen := map[string]bool{}
	var add func(v any)
	add = func(v any) {
		if list, ok := isList(v); ok {
			for _, item := range list {
				add(item)
			}
			return
		}
		o, ok := v.(*value.Object)
		if !ok {
			return
		}
		m.step(o.Len())
		for _, member := range o.Members() {
			fits(!isIndex(member.Name))
			if !seen[member.Name] {
				seen[member.Name] = true
				result.items = append(result.items, member.Name)
			}
		}
	}
	add(only(input, args))
	return result
}

func lookup(m *machine, _ any, args []any) any {
	fits(len(args) == 2)
	key, ok := args[1].(string)
	fits(ok && !slices.Contains(prototypeNames, key))
	return m.lookup(args[0], key)
}

func appendFunction(m *machine, _ any, args []any) any {
	fits(len(args) == 2)
	v := appended(args[0], args[1])
	if list, ok := isList(v); ok {
		m.step(len(list))
	}
	return v
}

func exists(_ *machine, _ any, args []any) any {
	fits(len(args) == 1)
	return args[0] != undefined
}

func merge(m *machine, _ any, args []any) any {
	fits(len(args) == 1)
	if args[0] == undefined {
		return undefined
	}
	var members []value.Member
	for _, item := range items(args[0]) {
		o, ok := item.(*value.Object)
		fits(ok)
		m.step(o.Len())
		members = append(members, o.Members()...)
	}
	return value.NewObject(members...)
}

func reverse(m *machine, _ any, args []any) any {
	fits(len(args) == 1)
	if args[0] == undefined {
		return undefined
	}
	list1 := items(args[0])
	m.step(len(list1))
	if len(list1) <= 1 {
		if _, ok := isList(args[0]); ok {
			return args[0]
		}
		return &list{items: list1}
	}
	backward := slices.Clone(list1)
	slices.Reverse(backward)
	return &list{items: backward}
}

func typeOf(_ *machine, _ any, args []any) any {
	fits(len(args) == 1)
	switch v := args[0].(type) {
	case missing:
		return undefined
	case float64:
		return "number"
	case *list:
		return "array"
	default:
		return value.TypeName(v)
	}
}

// maxDistinct bounds what grows with the square of the items.
const maxDistinct = 1_000

func distinct(m *machine, _ any, args []any) any {
	fits(len(args) == 1)
	all, ok := isList(args[0])
	if !ok || len(all) <= 1 {
		return args[0]
	}
	fits(len(all) <= maxDistinct)
	m.step(len(all))
	result := &list{sequence: isSequence(args[0])}
	for _, item := range all {
		if !slices.ContainsFunc(result.items, func(other any) bool { return deepEqual(item, other) }) {
			result.items = append(result.items, item)
		}
	}
	return result
}

func partition(m *machine, _ any, args []any) any {
	fits(len(args) == 2)
	n, given := integer(args[1])
	fits(given && n > 0)
	if args[0] == undefined {
		return undefined
	}
	result := &list{}
	for chunk := range slices.Chunk(items(args[0]), n) {
		result.items = append(result.items, slices.Clone(chunk))
	}
	m.step(len(result.items))
	return result
}

func rangeFunction(m *machine, _ any, args []any) any {
	fits(len(args) == 2 || len(args) == 3)
	first, ok := number(args[0])
	last, isNumber := number(args[1])
	fits(ok && isNumber)
	delta := 1.0
	if len(args) == 3 && args[2] != undefined {
		delta, ok = number(args[2])
		fits(ok && delta != 0)
	}
	fits((last-first)/delta <= maxPlainRange)
	result := &list{}
	for i, at := 0.0, first; delta > 0 && at <= last || delta < 0 && at >= last; {
		result.items = append(result.items, at)
		i++
		at = first + i*delta
	}
	m.step(len(result.items))
	return result
}
