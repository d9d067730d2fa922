package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// Number is a number as the template wrote it.
type Number = json.Number

// Map is an object that keeps the order of its keys.
type Map struct {
	Keys   []string
	Values map[string]any
}

func newMap() *Map { return &Map{Values: map[string]any{}} }

// set adds or replaces a key; of duplicate keys the last one counts.
func (m *Map) set(key string, v any) {
	if _, dup := m.Values[key]; !dup {
		m.Keys = append(m.Keys, key)
	}
	m.Values[key] = v
}

// Func is a call of an intrinsic function.
type Func struct {
	Name string // "Ref", "Condition" or "Fn::…"
	Arg  any
}

// list is the function's argument as a list, nil if it is none.
func (f *Func) list() []any {
	l, _ := f.Arg.([]any)
	return l
}

// noValue is what Ref AWS::NoValue evaluates to: it removes what holds it.
type noValue struct{}

// Error is a refused template or parameter; Message is AWS's text.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

func failf(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// Text is a scalar's text, as CloudFormation compares and joins it; false for
// lists, objects and functions.
func Text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case int:
		return strconv.Itoa(v), true
	}
	return "", false
}

// Equal compares two evaluated values, scalars by their text.
func Equal(a, b any) bool {
	if x, ok := Text(a); ok {
		y, ok := Text(b)
		return ok && x == y
	}
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, Equal)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && equalMaps(a, b)
	}
	return a == nil && b == nil
}

func equalMaps(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		w, ok := b[k]
		if !ok || !Equal(v, w) {
			return false
		}
	}
	return true
}

// Clone copies an evaluated value deeply.
func Clone(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = Clone(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = Clone(v[k])
		}
		return out
	}
	return v
}

// MarshalJSON writes the object with its keys in the template's order.
func (m *Map) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, k := range m.Keys {
		if i > 0 {
			out.WriteByte(',')
		}
		key, err := json.Marshal(k)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.Values[k])
		if err != nil {
			return nil, err
		}
		out.Write(key)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// MarshalJSON writes the function's long form.
func (f *Func) MarshalJSON() ([]byte, error) { return json.Marshal(map[string]any{f.Name: f.Arg}) }
