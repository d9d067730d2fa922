package sam

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/setmend/setmend/awssim/internal/template"
)

type object = *template.Map

// obj makes an object of keys and values in turn; nil values are left out.
func obj(pairs ...any) object {
	m := template.NewMap()
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != nil {
			m.Set(pairs[i].(string), pairs[i+1])
		}
	}
	return m
}

func call(name string, arg any) *template.Func { return &template.Func{Name: name, Arg: arg} }

func ref(name string) any { return call("Ref", name) }

func getAtt(name, attribute string) any { return call("Fn::GetAtt", []any{name, attribute}) }

func sub(text string, variables ...any) any {
	if len(variables) == 0 {
		return call("Fn::Sub", text)
	}
	return call("Fn::Sub", []any{text, obj(variables...)})
}

// pass copies the named properties that are there.
func pass(to, from object, names ...string) {
	for _, n := range names {
		if v := from.Get(n); v != nil {
			to.Set(n, v)
		}
	}
}

// mapOf is an object, nil if the value is none.
func mapOf(v any) object {
	m, _ := v.(object)
	return m
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}

func keysOf(m object) []string {
	if m == nil {
		return nil
	}
	return m.Keys
}

// functionOf is a function's name, "" if the value is no function.
func functionOf(v any) string {
	if f, ok := v.(*template.Func); ok {
		return f.Name
	}
	return ""
}

// referred is the logical id in a Ref or Fn::GetAtt, "" if the value is neither.
func referred(v any) string {
	f, ok := v.(*template.Func)
	if !ok {
		return ""
	}
	switch arg := f.Arg.(type) {
	case string:
		if f.Name == "Ref" {
			return arg
		}
	case []any:
		if f.Name == "Fn::GetAtt" && len(arg) > 0 {
			return textOf(arg[0])
		}
	}
	return ""
}

func isNoValue(v any) bool { return referred(v) == "AWS::NoValue" }

// listOf is a list as it is, or a value as a list of one.
func listOf(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

// digest is the hash that SAM appends to logical ids: ten hexadecimal digits of
// the SHA-1 of a text, or of a value's JSON with sorted keys.
func digest(v any) string {
	text, ok := v.(string)
	if !ok {
		text = stable(v)
	}
	if text == "" {
		return ""
	}
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])[:10]
}

// stable is a value's compact JSON with sorted keys.
func stable(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	var plain any
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	if d.Decode(&plain) != nil {
		return ""
	}
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(plain) != nil {
		return ""
	}
	return strings.TrimSuffix(out.String(), "\n")
}

func alphanumeric(s string) bool {
	for _, r := range s {
		if !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return false
		}
	}
	return s != ""
}

// tagList makes tags of an object.
func tagList(m object) []any {
	var out []any
	for _, k := range keysOf(m) {
		out = append(out, obj("Key", k, "Value", m.Values[k]))
	}
	return out
}

// argument is a function's argument.
func argument(v any) any {
	if f, ok := v.(*template.Func); ok {
		return f.Arg
	}
	return nil
}
