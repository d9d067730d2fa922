package jsonata

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/asl/internal/value"
)

// testHost gives the variables of an object.
type testHost struct {
	variables *value.Object
	random    *rand.Rand
}

func newTestHost(variables string) *testHost {
	v, err := value.DecodeString(variables)
	if err != nil {
		panic(err)
	}
	return &testHost{v.(*value.Object), rand.New(rand.NewPCG(1, 2))}
}

func (h *testHost) Variable(name string) (any, bool) { return h.variables.Get(name) }
func (h *testHost) Random() *rand.Rand               { return h.random }
func (h *testHost) Now() time.Time                   { return time.Date(2026, 11, 20, 12, 0, 0, 5e6, time.UTC) }

const testVariables = `{"states":{"input":{
	"name":"Ann","age":42,"price":1.50,"big":12345678901234567890,"tiny":1e-7,"zero":0,"neg":-3,"t":true,"f":false,"n":null,
	"list":[3,1,2],"one":[7],"none":[],"nested":[[1,2],[3]],"texts":["b","a"],"mixed":[1,"x",null,{"a":1}],
	"orders":[{"id":1,"item":"pen","price":2.5,"tags":["x","y"]},{"id":2,"item":"ink","price":10,"tags":[]},{"id":3,"item":"pad","price":4,"lines":[{"q":1},{"q":2}]}],
	"o":{"a":1,"b":{"c":"deep","d":[{"e":1},{"e":2}]}},"empty":{},"with space":"ok","é":"ü"},"context":{"Execution":{"Id":"arn"}}},
	"count":5,"v":{"w":[1,2,3]},"s":"text"}`

// text is what comes of an evaluation.
func text(v any, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	return string(value.Encode(v))
}

func eval(source string) string {
	e, err := Parse(source)
	if err != nil {
		return "syntax: " + err.Error()
	}
	return text(e.Eval(newTestHost(testVariables)))
}

func TestExpressionsGiveWhatTheLanguageSays(t *testing.T) {
	for source, want := range map[string]string{
		`$states.input.name`:                                    `"Ann"`,
		`$states.input.price`:                                   `1.5`,
		`$states.input.big`:                                     `12345678901234567000`,
		`$states.input.tiny`:                                    `1e-7`,
		`$states.input.orders.id`:                               `[1,2,3]`,
		`$states.input.orders[price > 3].item`:                  `["ink","pad"]`,
		`$states.input.orders[item = 'pen'].id`:                 `1`,
		`$states.input.orders[item = 'pen'].id[]`:               `[1]`,
		`$states.input.orders[-1].lines.q`:                      `[1,2]`,
		`$states.input.one`:                                     `[7]`,
		`$states.input.nested`:                                  `[[1,2],[3]]`,
		`$states.input.nothing`:                                 `error: returned nothing (undefined)`,
		`"Hello, " & $states.input.name & "!"`:                  `"Hello, Ann!"`,
		`$states.input.age + 1.5`:                               `43.5`,
		`0.1 + 0.2`:                                             `0.30000000000000004`,
		`"x" & (0.1 + 0.2)`:                                     `"x0.3"`,
		`1e21`:                                                  `1e+21`,
		`$states.input.t ? 'yes' : 'no'`:                        `"yes"`,
		`$states.input.age >= 42 and $states.input.t`:           `true`,
		`{"a": $states.input.name, "b": $states.input.nothing}`: `{"a":"Ann"}`,
		`[1, [2], $states.input.list]`:                          `[1,[2],3,1,2]`,
		`$sum($states.input.orders.price)`:                      `16.5`,
		`$count($states.input.orders)`:                          `error: T1006: Attempted to invoke a non-function`,
		`$join($states.input.texts, '-')`:                       `"b-a"`,
		`$map($states.input.list, function($x) { $x * 2 })`:     `[6,2,4]`,
		`$sort($states.input.list)`:                             `[1,2,3]`,
		`$partition([1..5], 2)`:                                 `[[1,2],[3,4],[5]]`,
		`$range(1, 9, 4)`:                                       `[1,5,9]`,
		`$range(3, 1, -1)`:                                      `[3,2,1]`,
		`$hash('input data', 'SHA-1')`:                          `"aaff4a450a104cd177d28d18d74485e8cae074b7"`,
		`$hash({"a":1}, 'MD5')`:                                 `"bb6cb5c68df4652941caf652a366f2d8"`,
		`$hash('x', 'SHA-3')`:                                   `error: D3141: The hash algorithm must be one of MD5, SHA-1, SHA-256, SHA-384 and SHA-512, not "SHA-3"`,
		`$parse('{"a": [1, 2]}').a[1]`:                          `2`,
		`$parse('-0')`:                                          `0`,
		`$random(7) = $random(7)`:                               `true`,
		`$random() < 1`:                                         `true`,
		`$length($uuid())`:                                      `36`,
		`$base64encode('hello:world')`:                          `"aGVsbG86d29ybGQ="`,
		`$base64decode('aGVsbG86d29ybGQ=')`:                     `"hello:world"`,
		`$now()`:                                                `"2026-11-20T12:00:00.005Z"`,
		`$fromMillis(1510067557121)`:                            `"2017-11-07T15:12:37.121Z"`,
		`$contains('hello$world', /^hello\$/)`:                  `true`,
		`function($x) { $x }`:                                   `error: returned an unsupported result type`,
		`$uppercase`:                                            `error: returned an unsupported result type`,
		`1 / 0`:                                                 `error: returned an unsupported result type`,
		`$states.input.name + 1`:                                `error: T2001: The left side of the "+" operator must evaluate to a number`,
		`$noSuchFunction(1)`:                                    `error: T1006: Attempted to invoke a non-function`,
		`$eval('1')`:                                            `error: T1006: Attempted to invoke a non-function`,
		`$substring(?, 0, 2)('abc')`:                            `"ab"`,
		`$states.input.orders{item: price}`:                     `{"pen":2.5,"ink":10,"pad":4}`,
		`$states.input.orders^(>price).item`:                    `["ink","pad","pen"]`,
		`($x := 2; $y := $x * 3; $x + $y)`:                      `8`,
		`$states.input ~> |o|{"a": 2}|`:                         ``,
		`1 +`:                                                   `syntax: S0207: Unexpected end of expression`,
		`"open`:                                                 `syntax: S0101: String literal must be terminated by a matching quote`,
	} {
		if got := eval(source); got != want && want != "" {
			t.Errorf("%s\ngives %s\n want %s", source, got, want)
		}
	}
}

func TestAnExpressionNamesWhatItLooksAt(t *testing.T) {
	e, err := Parse(`$states.input.a & $other.b & $states.context.Execution.Id`)
	if err != nil {
		t.Fatal(err)
	}
	if !e.Needs("input") || !e.Needs("context") || e.Needs("result") || !e.Calls("other") || e.Calls("more") {
		t.Errorf("needs %v, variables %v", e.states, e.variables)
	}
	if e, _ = Parse(`$states`); !e.Needs("result") {
		t.Error("$states by itself does not need all of it")
	}
}

func TestEvaluationIsBounded(t *testing.T) {
	for source, want := range map[string]string{
		`($f := function($n) { $f($n + 1) }; $f(0))`:     "more steps",
		`($f := function($n) { 1 + $f($n + 1) }; $f(0))`: "nested or recursive",
		`[1..10000000]`: "must not exceed 1e6",
		`$reduce([1..60], function($a, $b) { $a & $a }, "xx")`:        "more memory",
		`$pad("x", 1000000000)`:                                       "more memory",
		`$pad("x", -1000000000, "ab")`:                                "more memory",
		`$map([1..1000], function($x) { $pad("x", 10000) })`:          "more memory",
		`$map($map([1..1000], $string), $pad(?, 10000))`:              "more memory",
		`$replace($pad("", 10000, "a"), "a", $pad("", 10000, "b"))`:   "more memory",
		`$map([1..100], function($x) { [1..100000] })`:                "more memory",
		`$join($map([1..1000], $string), $pad("", 10000))`:            "more memory",
		`$range(0, 1, 1e-12)`:                                         "more memory",
		strings.Repeat("(", 5_000) + "1" + strings.Repeat(")", 5_000): "nested",
		`($x := {}.constructor.constructor; $x("return 1"))`:          "non-function",
		`$lookup({}, "__proto__")`:                                    "undefined",
		`$string({}.toString)`:                                        "undefined",
		`({} ~> |$.__proto__|{"polluted": 1}|; {}.polluted)`:          "undefined",
		`($f := {}.hasOwnProperty; $f("a"))`:                          "",
	} {
		small, err := newEngine(bounds{steps: 20_000, live: 1_000, size: 100_000, time: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		r := small.do(task{evaluate: true, source: source, host: newTestHost(`{}`)})
		if !strings.Contains(r.status+" "+r.message+" "+r.text, want) {
			t.Errorf("%.60s\ngives %.300v\n want %s", source, r, want)
		}
	}
}

// A ringing host rings the alarm when it is asked for something random.
type ringingHost struct {
	*testHost
	ring func()
}

func (h *ringingHost) Random() *rand.Rand {
	h.ring()
	return h.testHost.Random()
}

// The alarm rings in the middle of an evaluation that would not end for long.
func TestEvaluationIsBoundedInTime(t *testing.T) {
	hasty, err := newEngine(bounds{steps: 1e9, live: 1e9, size: 1e9, time: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	host := &ringingHost{testHost: newTestHost(`{}`)}
	set := time.Duration(0)
	hasty.alarm = func(d time.Duration, ring func()) func() {
		set, host.ring = d, ring
		return func() {}
	}
	r := hasty.do(task{evaluate: true, source: `($u := $uuid(); $f := function($n) { $f($n + 1) }; $f(0))`, host: host})
	if set != time.Second || r.code != codeLimit || !strings.Contains(r.message, "longer than 1s") {
		t.Errorf("with an alarm after %s gives %v", set, r)
	}
}

// One that rings while its task ends does not end the next.
func TestAnAlarmThatIsStoppedDoesNotRing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rung := 0
		wallAlarm(time.Second, func() { rung++ })()
		time.Sleep(time.Minute)
		if rung != 0 {
			t.Errorf("it rang %d times after it was stopped", rung)
		}
		stop := wallAlarm(time.Second, func() { time.Sleep(time.Hour); rung++ })
		time.Sleep(2 * time.Second)
		if stop(); rung != 1 {
			t.Error("stop came back while it was ringing")
		}
	})
}

// A match that backtracks ends by itself: the time of the wall cannot stop it.
func TestARegularExpressionIsBounded(t *testing.T) {
	if got := eval(`$match($pad("", 40, "a") & "!", /^(?=a)(a|aa)+$/)`); !strings.Contains(got, "error") {
		t.Errorf("gives %s", got)
	}
}

// agree compares Go's result with the engine's.
func agree(t *testing.T, source string) (plain bool) {
	t.Helper()
	e, err := Parse(source)
	if err != nil || e.plain == nil {
		return false
	}
	host := newTestHost(testVariables)
	here, ok := evalPlain(e.plain, host)
	if !ok {
		return false
	}
	there, err := e.evalOfficial(host)
	if here == undefined {
		if !errors.Is(err, ErrUndefined) {
			t.Errorf("%s\nis undefined in Go, with the engine %s", source, text(there, err))
		}
		return true
	}
	if err != nil || !value.Equal(here, there) {
		t.Errorf("%s\ngives %s in Go, with the engine %s", source, text(here, nil), text(there, err))
	}
	return true
}

func TestGoAgreesWithTheOfficialEngine(t *testing.T) {
	plain := 0
	const n = 250
	for seed := range uint64(n) {
		g := generator{rand.New(rand.NewPCG(seed, 15))}
		if agree(t, g.expression(4)) {
			plain++
		}
	}
	if plain < n/5 {
		t.Errorf("only %d of %d expressions were evaluated in Go", plain, n)
	}
	t.Logf("%d of %d expressions were evaluated in Go", plain, n)
}

func FuzzGoAgreesWithTheOfficialEngine(f *testing.F) {
	f.Add(`$states.input.orders[price > 3].item`)
	f.Add(`{"a": [1, "b", $v.w]}`)
	f.Add(`$sum($states.input.list) & $string($states.input.o)`)
	f.Fuzz(func(t *testing.T, source string) {
		if len(source) < 500 {
			agree(t, source)
		}
	})
}

// A generator makes random expressions.
type generator struct{ *rand.Rand }

func (g generator) pick(options ...string) string { return options[g.IntN(len(options))] }

func (g generator) name() string {
	return g.pick("name", "age", "price", "big", "tiny", "zero", "neg", "t", "f", "n", "list", "one", "none", "nested", "texts", "mixed",
		"orders", "id", "item", "tags", "lines", "q", "o", "a", "b", "c", "d", "e", "empty", "nothing", "`with space`", "é", "price")
}

func (g generator) atom() string {
	return g.pick("1", "0", "-1", "2.5", "1e21", "0.1", "1e-7", "'x'", "\"a\"", "''", "true", "false", "null", "[]", "{}", "$states.input",
		"$states.input.orders", "$states.input.list", "$states.input.o", "$v", "$s", "$unset", "$", "$states.input.mixed", "$states.input.one")
}

func (g generator) path(depth int) string {
	p := g.pick("$states.input", "$states.input.orders", "$states.input.o", "$v.w", "$", g.name(), "$states.input."+g.name(), "("+g.expression(depth-1)+")")
	for range g.IntN(4) {
		switch g.IntN(8) {
		case 0:
			p += "[" + g.pick("0", "-1", "1", "1.5", g.expression(depth-1)) + "]"
		case 1:
			p += "[" + g.name() + " " + g.pick("=", "!=", ">", "<=", "in") + " " + g.expression(depth-1) + "]"
		case 2:
			p += "[]"
		case 3:
			p += ".(" + g.expression(depth-1) + ")"
		case 4:
			p += "." + g.pick("{'k': "+g.name()+"}", "["+g.name()+", "+g.name()+"]", "$string()", "$keys()", "$uppercase()", "$number()")
		default:
			p += "." + g.name()
		}
	}
	return p
}

func (g generator) call(depth int) string {
	a, b := g.expression(depth-1), g.expression(depth-1)
	switch g.IntN(4) {
	case 0:
		return fmt.Sprintf("$%s(%s)", g.pick("sum", "average", "max", "min", "string", "length", "lowercase", "uppercase", "trim", "number",
			"floor", "ceil", "abs", "round", "sqrt", "boolean", "not", "keys", "exists", "merge", "reverse", "type", "distinct", "join"), a)
	case 1:
		return fmt.Sprintf("$%s(%s, %s)", g.pick("substring", "substringBefore", "substringAfter", "contains", "split", "join", "power",
			"lookup", "append", "partition", "range"), a, b)
	case 2:
		return fmt.Sprintf("$substring(%s, %s, %s)", a, g.pick("0", "1", "-2", "5"), g.pick("0", "1", "3", "-1"))
	}
	return fmt.Sprintf("%s ~> $%s(%s)", a, g.pick("append", "join", "contains", "split"), b)
}

func (g generator) expression(depth int) string {
	if depth <= 0 {
		return g.pick(g.atom(), g.atom(), "$states.input."+g.name())
	}
	a, b := g.expression(depth-1), g.expression(depth-1)
	switch g.IntN(14) {
	case 0:
		return "(" + a + g.pick(" + ", " - ", " * ", " / ", " % ") + b + ")"
	case 1:
		return "(" + a + g.pick(" = ", " != ", " < ", " <= ", " > ", " >= ", " in ") + b + ")"
	case 2:
		return "(" + a + g.pick(" and ", " or ") + b + ")"
	case 3:
		return "(" + a + " & " + b + ")"
	case 4:
		return "(" + a + " ? " + b + g.pick("", " : "+g.expression(depth-1)) + ")"
	case 5:
		return "[" + a + ", " + b + g.pick("", ", ["+a+"]", ", 1..3") + "]"
	case 6:
		return "{'" + g.pick("a", "b") + "': " + a + ", " + g.pick("'c'", "'d e'", g.expression(depth-1)) + ": " + b + "}"
	case 7:
		return "($x := " + a + "; " + g.pick("$x", "$x & "+b, "[$x, "+b+"]") + ")"
	case 8, 9:
		return g.call(depth)
	case 10:
		return "-" + g.pick("(", "$states.input.age + (") + a + ")"
	}
	return g.path(depth)
}

func BenchmarkPlainPath(b *testing.B) {
	e, err := Parse(`$states.input.o.b.c`)
	if err != nil || !e.Plain() {
		b.Fatal("not plain", err)
	}
	host := newTestHost(testVariables)
	for b.Loop() {
		if _, err := e.Eval(host); err != nil {
			b.Fatal(err)
		}
	}
}
