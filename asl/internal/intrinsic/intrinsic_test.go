package intrinsic_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/setmend/setmend/asl/internal/intrinsic"
	"github.com/setmend/setmend/asl/internal/value"
)

type scope struct {
	input  any
	random *rand.Rand
}

func (s scope) Input() any                  { return s.input }
func (s scope) Context() any                { return "the context" }
func (s scope) Variable(string) (any, bool) { return "a variable", true }
func (s scope) Random() *rand.Rand          { return s.random }
func newScope(t *testing.T, input string) scope {
	t.Helper()
	v, err := value.DecodeString(input)
	if err != nil {
		t.Fatal(err)
	}
	return scope{v, rand.New(rand.NewPCG(1, 2))}
}

const input = `{
	"s": "abc", "n": 1.10, "i": 7, "z": null, "b": true, "empty": "",
	"a": [3, 1, 3, "x", [1], {"k": 1}, {"k": 1.0}, [1], null, null], "numbers": [1, 2, 3, 4, 5, 6, 7],
	"o": {"Arg1": 1, "Arg2": []}, "p": {"Arg2": "new", "Arg3": {"deep": "x"}}, "json": "{\"b\": [1, 2.50], \"a\": null}"
}`

func TestFunctionsGiveWhatAWSGives(t *testing.T) {
	s := newScope(t, input)
	for call, want := range map[string]string{
		`States.Array()`: `[]`,
		`States.Array(1, 'two', $.z, true, $.a[0])`:                     `[1,"two",null,true,3]`,
		`States.ArrayPartition($.numbers, 3)`:                           `[[1,2,3],[4,5,6],[7]]`,
		`States.ArrayPartition($.numbers, 2.6)`:                         `[[1,2,3],[4,5,6],[7]]`,
		`States.ArrayContains($.numbers, 5)`:                            `true`,
		`States.ArrayContains($.numbers, 5.0)`:                          `false`,
		`States.ArrayContains($.numbers, '5')`:                          `false`,
		`States.ArrayContains($.a, $.a[5])`:                             `true`,
		`States.ArrayRange(1, 9, 2)`:                                    `[1,3,5,7,9]`,
		`States.ArrayRange(3, 0, -1)`:                                   `[3,2,1,0]`,
		`States.ArrayRange(5, 1, 1)`:                                    `[]`,
		`States.ArrayGetItem($.numbers, 5)`:                             `6`,
		`States.ArrayGetItem($.numbers, 7)`:                             `null`,
		`States.ArrayGetItem($.numbers, -1)`:                            `null`,
		`States.ArrayLength($.numbers)`:                                 `7`,
		`States.ArrayUnique(States.Array(1.10, 1.1, 1, 1.0, '1', 1e0))`: `[1.10,1,1.0,"1"]`,
		`States.ArrayUnique(States.Array($.o, States.JsonMerge($.p, $.o, false), States.StringToJson('\{"Arg2":[],"Arg1":1\}')))`: `[{"Arg1":1,"Arg2":[]},{"Arg2":[],"Arg3":{"deep":"x"},"Arg1":1}]`,
		`States.ArrayContains(States.Array(null, false), false)`:                                                                  `true`,
		`States.ArrayContains(States.Array('null'), null)`:                                                                        `false`,
		`States.ArrayContains(States.Array('a', 'b'), States.Array('a,b'))`:                                                       `false`,
		`States.ArrayUnique($.a)`:                                                        `[3,1,"x",[1],{"k":1},{"k":1.0},null]`,
		`States.Base64Encode('Data to encode')`:                                          `"RGF0YSB0byBlbmNvZGU="`,
		`States.Base64Decode('RGF0YSB0byBlbmNvZGU=')`:                                    `"Data to encode"`,
		`States.Base64Decode('RGF0YSB0byBlbmNvZGU')`:                                     `"Data to encode"`,
		`States.Base64Decode(States.Base64Encode('é日😀'))`:                                `"é日😀"`,
		`States.Base64Decode('/v9h')`:                                                    "\"\uFFFD\uFFFDa\"",
		`States.Base64Decode('4oJh4oI=')`:                                                "\"\uFFFDa\uFFFD\"",
		`States.StringSplit('a😀b日c', '日😀')`:                                              `["a","b","c"]`,
		`States.JsonToString(States.Array('q"\\\\', 1.50, $.z, 'é'))`:                    `"[\"q\\\"\\\\\\\\\",1.50,null,\"é\"]"`,
		`States.Format('{{}}{}', 1, 2)`:                                                  `"{1}2"`,
		`States.Format('{}', States.Array(1e10, null, 'x', $.o))`:                        `"[1e10, null, x, {Arg1=1, Arg2=[]}]"`,
		`States.StringToJson(' {"a": 1} ')`:                                              `{"a":1}`,
		`States.Hash('input data', 'SHA-1')`:                                             `"aaff4a450a104cd177d28d18d74485e8cae074b7"`,
		`States.Hash('input data', 'MD5')`:                                               `"812f45842bc6d66ee14572ce20db8e86"`,
		`States.JsonMerge($.o, $.p, false)`:                                              `{"Arg1":1,"Arg2":"new","Arg3":{"deep":"x"}}`,
		`States.StringToJson($.json)`:                                                    `{"b":[1,2.50],"a":null}`,
		`States.StringToJson('')`:                                                        `null`,
		`States.StringToJson(' ')`:                                                       `null`,
		`States.StringToJson('-0')`:                                                      `0`,
		`States.StringToJson('\{"a":\'1\'\}')`:                                           "",
		`States.JsonToString($.o)`:                                                       `"{\"Arg1\":1,\"Arg2\":[]}"`,
		`States.JsonToString('x')`:                                                       `"\"x\""`,
		`States.MathAdd(111, -1)`:                                                        `110`,
		`States.MathAdd(1.51, 0)`:                                                        `2`,
		`States.MathAdd(1.5, 0)`:                                                         `2`,
		`States.MathAdd(1.49, 1.50)`:                                                     `3`,
		`States.MathAdd(-1.5, 0)`:                                                        `-1`,
		`States.MathAdd(-1.51, 0)`:                                                       `-2`,
		`States.MathAdd(-9, 3)`:                                                          `-6`,
		`States.MathRandom(5, 6)`:                                                        `5`,
		`States.MathRandom(0, 10, 0)`:                                                    `0`, // new java.util.Random(0).nextInt(10)
		`States.StringSplit('1,2,3', ',')`:                                               `["1","2","3"]`,
		`States.MathRandom(0, 1073741824, 42)`:                                           `781215565`, // as java.util.Random specifies it
		`States.StringSplit('This.is+a,test=string', '.+,=')`:                            `["This","is","a","test","string"]`,
		`States.StringSplit(',a,,b,', ',')`:                                              `["a","b"]`,
		`States.StringSplit('abc', '')`:                                                  `["abc"]`,
		`States.StringSplit('', ',')`:                                                    `[]`,
		`States.Format('{}', $.o)`:                                                       `"{Arg1=1, Arg2=[]}"`,
		`States.Format('{} {} {} {}', $.s, $.n, $.z, $.b)`:                               `"abc 1.10 null true"`,
		`States.Format('{}', $.a[3:5])`:                                                  `"[x, [1]]"`,
		`States.Format('\{\} \'{}\' \\', $.i)`:                                           `"{} '7' \\"`,
		`States.Format('none')`:                                                          `"none"`,
		`States.Format($.s)`:                                                             `"abc"`,
		`States.Format('{}', States.Format('{}{}', States.ArrayLength($.numbers), 'x'))`: `"7x"`,
		`States.Format('{}', $$)`:                                                        `"the context"`,
		`States.Format('{}', $v)`:                                                        `"a variable"`,
		` States.Array( 1 , 2 ) `:                                                        `[1,2]`,
	} {
		c, err := intrinsic.Parse(call)
		if err != nil {
			t.Errorf("%s: %v", call, err)
			continue
		}
		got, err := c.Eval(s)
		if want == "" {
			if err == nil {
				t.Errorf("%s: got %s, want an error", call, value.Encode(got))
			}
			continue
		}
		if err != nil || string(value.Encode(got)) != want {
			t.Errorf("%s: got %s, %v, want %s", call, value.Encode(got), err, want)
		}
	}
}

func TestUUIDIsOfVersion4AndNeverTheSame(t *testing.T) {
	s := newScope(t, `{}`)
	c, err := intrinsic.Parse(`States.UUID()`)
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[any]bool{}
	for range 100 {
		got, err := c.Eval(s)
		if err != nil || !form.MatchString(got.(string)) || seen[got] {
			t.Fatalf("got %v, %v", got, err)
		}
		seen[got] = true
	}
}

func TestRandomNumbersStayWithinTheirBounds(t *testing.T) {
	s := newScope(t, `{}`)
	c, err := intrinsic.Parse(`States.MathRandom(-3, 3)`)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 1000 {
		got, err := c.Eval(s)
		if err != nil {
			t.Fatal(err)
		}
		seen[string(value.Encode(got))] = true
	}
	if len(seen) != 6 || !seen["-3"] || seen["3"] {
		t.Errorf("drew %v", seen)
	}
}

func TestArgumentsThatDoNotFitFail(t *testing.T) {
	s := newScope(t, input)
	for call, want := range map[string]string{
		`States.ArrayLength($.s)`:             "must be an array, not a string",
		`States.ArrayContains($.o, 1)`:        "must be an array, not an object",
		`States.ArrayGetItem($.numbers, 'x')`: "must be a number, not a string",
		`States.ArrayPartition($.numbers, 0)`: "must be positive",
		`States.ArrayRange(0, 10, 0)`:         "must not be 0",
		`States.ArrayRange(0, 1000, 1)`:       "1000 items at most",
		`States.MathAdd(2147483648, 0)`:       "not within",
		`States.MathAdd(1e300, 0)`:            "not within",
		`States.MathRandom(3, 3)`:             "must be less",
		`States.StringToJson($.i)`:            "must be a string, not a number",
		`States.StringToJson('{')`:            "at offset 1",
		`States.JsonMerge($.o, $.a, false)`:   "must be objects",
		`States.JsonMerge($.o, $.p, true)`:    "must be false",
		`States.Format('{}')`:                 "more placeholders than arguments",
		`States.Format('x', 1)`:               "more arguments than placeholders",
		`States.Hash('x', 'SHA-3')`:           "not one of",
		`States.Base64Decode('%%')`:           "not valid Base64",
		`States.Array('a\nb')`:                "a backslash that escapes none",
		`States.Format('{}', $.absent)`:       "The JsonPath argument for the field '$.absent' could not be found in the input",
	} {
		c, err := intrinsic.Parse(call)
		if err != nil {
			t.Errorf("%s: %v", call, err)
			continue
		}
		_, err = c.Eval(s)
		var failed *intrinsic.Error
		if !errors.As(err, &failed) || !strings.Contains(failed.Reason, want) || failed.Call != c.String() {
			t.Errorf("%s: got %v, want %q", call, err, want)
		}
	}
}

func TestLongTextIsNotEncoded(t *testing.T) {
	s := newScope(t, `"`+strings.Repeat("x", 10_001)+`"`)
	for _, call := range []string{`States.Base64Encode($)`, `States.Base64Decode($)`, `States.Hash($, 'MD5')`} {
		c, err := intrinsic.Parse(call)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Eval(s); err == nil || !strings.Contains(err.Error(), "longer than 10000") {
			t.Errorf("%s: got %v, %v", call, got, err)
		}
	}
}

// Recorded on AWS: the definition is not accepted.
func TestAnEscapedDoubleQuoteIsRefused(t *testing.T) {
	if c, err := intrinsic.Parse(`States.Format('\"{}\"', 1)`); err == nil || !strings.Contains(err.Error(), "must not be in a string") {
		t.Errorf("gives %v, %v", c, err)
	}
}

func TestTextThatIsNoCallIsRefused(t *testing.T) {
	nested := strings.Repeat("States.Array(", 11) + strings.Repeat(")", 11)
	for _, text := range []string{
		``, `x`, `States.Array`, `States.Array(`, `States.Array(1`, `States.Array(1,)`, `States.Array(,)`, `States.Array(1 2)`,
		`States.Array('x)`, `States.Array(x)`, `States.Array("x")`, `States.Array([])`, `States.JsonToString({})`, `States.Array($.)`, `States.Array() x`, `States.Nope(1)`,
		`States.UUID(1)`, `States.Format()`, `States.MathAdd(1)`, `States.MathRandom(1)`, `States.MathRandom(1,2,3,4)`, nested,
		`States.Format('` + strings.Repeat("x", 10_001) + `')`,
	} {
		if c, err := intrinsic.Parse(text); err == nil {
			t.Errorf("%q is read as %s", text, c)
		}
	}
}

func TestAnUnknownFunctionIsNamed(t *testing.T) {
	_, err := intrinsic.Parse(`States.Fromat('x')`)
	var unknown *intrinsic.UnknownError
	if !errors.As(err, &unknown) || unknown.Name != "States.Fromat" {
		t.Errorf("got %v", err)
	}
	if len(intrinsic.Names()) != 18 {
		t.Errorf("%d functions, want 18", len(intrinsic.Names()))
	}
}

// FuzzIntrinsic: whatever is a call can be evaluated.
func FuzzIntrinsic(f *testing.F) {
	for _, seed := range []string{
		`States.Format('{} \{\}', $.s, States.Array(1, 'x', null))`, `States.StringSplit($.s, 'b')`, `States.MathRandom(1, 10, -5)`,
		`States.JsonMerge($.o, $.p, false)`, `States.ArrayRange(-5, 5, 2.5)`, `States.Hash($.a, 'MD5')`, `States.ArrayPartition($.a, 1e1)`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := intrinsic.Parse(text)
		if err != nil {
			return
		}
		if v, err := c.Eval(newScope(t, input)); err == nil {
			if _, err := value.Decode(value.Encode(v)); err != nil {
				t.Fatalf("%q gives %s", text, value.Encode(v))
			}
		}
	})
}

// A payload has room for more than a hundred thousand items.
func TestManyItemsAreComparedInNoTime(t *testing.T) {
	var b strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&b, ",%d", i)
	}
	s := newScope(t, "["+b.String()[1:]+"]")
	c, err := intrinsic.Parse(`States.ArrayLength(States.ArrayUnique($))`)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Eval(s); err != nil || got != value.Int(100_000) {
		t.Errorf("got %v, %v", got, err)
	}
}
