package value_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/setmend/setmend/asl/internal/value"
)

func mustDecode(t interface{ Fatalf(string, ...any) }, text string) any {
	v, err := value.DecodeString(text)
	if err != nil {
		t.Fatalf("decoding %s: %v", text, err)
	}
	return v
}

func TestDecodingKeepsOrderAndDigits(t *testing.T) {
	for _, text := range []string{
		`{"z":1,"a":{"y":[1.10,1e3,-0.0,12345678901234567890]},"m":null}`,
		`[true,false,null,"",{},[]]`,
		`"a\"b\\c\nd\u0001é😀"`,
	} {
		if got := string(value.Encode(mustDecode(t, text))); got != text {
			t.Errorf("got %s, want %s", got, text)
		}
	}
}

func TestDecodingFollowsJSON(t *testing.T) {
	for text, want := range map[string]string{
		` [ 1 , 2 ] `:                   `[1,2]`,
		`-0`:                            `0`,
		`{"a":1,"b":2,"a":3}`:           `{"a":3,"b":2}`,
		`"\u0041\/\ud83d\ude00\ud83dx"`: "\"A/😀\uFFFDx\"",
	} {
		if got := string(value.Encode(mustDecode(t, text))); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestTextThatIsNotJSONIsRefused(t *testing.T) {
	for _, text := range []string{
		``, ` `, `{`, `[1,]`, `{"a"}`, `{"a":}`, `{a:1}`, `01`, `1.`, `.5`, `1e`, `+1`, `- 1`, `tru`, `nul`, `"a`, "\"a\nb\"",
		`"\x"`, `"\u12"`, `1 2`, `[1}`, `NaN`, strings.Repeat("[", 1002) + strings.Repeat("]", 1002),
	} {
		if v, err := value.DecodeString(text); err == nil {
			t.Errorf("%q is read as %s", text, value.Encode(v))
		}
	}
}

func TestNumbersAreComparedByValue(t *testing.T) {
	for _, c := range []struct {
		a, b value.Number
		want int
	}{
		{"1", "1.0", 0}, {"1", "2", -1}, {"-1", "-2", 1}, {"1e2", "100", 0},
		{"9007199254740993", "9007199254740992", 1},
		{"123456789012345678901234567890", "123456789012345678901234567891", -1},
		{"0.1", "0.2", -1}, {"1e400", "1", 1},
	} {
		if got := c.a.Compare(c.b); got != c.want {
			t.Errorf("%s against %s: got %d, want %d", c.a, c.b, got, c.want)
		}
		if got := c.b.Compare(c.a); got != -c.want {
			t.Errorf("%s against %s: got %d, want %d", c.b, c.a, got, -c.want)
		}
	}
}

func TestEqualityIgnoresTheOrderOfMembers(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{`{"a":1,"b":[2]}`, `{"b":[2.0],"a":1}`, true},
		{`{"a":1}`, `{"a":1,"b":null}`, false},
		{`[1,2]`, `[2,1]`, false},
		{`[]`, `{}`, false},
		{`null`, `[]`, false},
		{`"1"`, `1`, false},
	} {
		if got := value.Equal(mustDecode(t, c.a), mustDecode(t, c.b)); got != c.want {
			t.Errorf("%s and %s: got %v", c.a, c.b, got)
		}
	}
}

func TestSettingAMemberLeavesTheObjectAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOf(rapid.StringN(1, 2, 4)).Draw(t, "names")
		o := &value.Object{}
		want := map[string]any{}
		for i, name := range names {
			before := string(value.Encode(o))
			next := o.With(name, value.Int(int64(i)))
			if after := string(value.Encode(o)); after != before {
				t.Fatalf("%s became %s", before, after)
			}
			o, want[name] = next, value.Int(int64(i))
		}
		if o.Len() != len(want) {
			t.Fatalf("%d members, want %d", o.Len(), len(want))
		}
		for name, v := range want {
			if got, ok := o.Get(name); !ok || got != v {
				t.Fatalf("%q is %v, want %v", name, got, v)
			}
		}
	})
}

// FuzzDecode checks decoding against encoding/json, and that encoding and
// decoding again changes nothing.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5,-0,"x\u00e9\n"],"a":null}`, `[[[]]]`, `"\ud800"`, `1e999`, "\"\xff\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := value.DecodeString(text)
		if valid := json.Valid([]byte(text)); valid != (err == nil) && !strings.Contains(text, strings.Repeat("[", 100)) && !strings.Contains(text, strings.Repeat(`{"`, 100)) {
			t.Fatalf("%q: valid %v, but decoding gives %v", text, valid, err)
		}
		if err != nil {
			return
		}
		encoded := value.Encode(v)
		again, err := value.Decode(encoded)
		if err != nil || !value.Equal(v, again) || string(value.Encode(again)) != string(encoded) {
			t.Fatalf("%q is encoded as %q (%v)", text, encoded, err)
		}
	})
}
