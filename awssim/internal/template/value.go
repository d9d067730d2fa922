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

// NewMap makes an empty object.
func NewMap() *Map { return &Map{Values: map[string]any{}} }

// Set adds or replaces a key; of duplicate keys the last one counts.
func (m *Map) Set(key string, v any) {
	if _, dup := m.Values[key]; !dup {
		m.Keys = append(m.Keys, key)
	}
	m.Values[key] = v
}

// Get returns a key's value, nil if the object is nil or has no such key.
func (m *Map) Get(key string) any {
	if m == nil {
		return nil
	}
	return m.Values[key]
}

// Delete removes a key.
func (m *Map) Delete(key string) {
	if _, had := m.Values[key]; had {
		delete(m.Values, key)
		m.Keys = slices.DeleteFunc(m.Keys, func(k string) bool { return k == key })
	}
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

// Clone copies a value deeply, evaluated or not.
func Clone(v any) any {
	switch v := v.(type) {
	case *Map:
		out := &Map{Keys: slices.Clone(v.Keys), Values: make(map[string]any, len(v.Values))}
		for k := range v.Values {
			out.Values[k] = Clone(v.Values[k])
		}
		return out
	case *Func:
		return &Func{v.Name, Clone(v.Arg)}
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
		key, err := marshal(k)
		if err != nil {
			return nil, err
		}
		value, err := marshal(m.Values[k])
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
func (f *Func) MarshalJSON() ([]byte, error) { return marshal(map[string]any{f.Name: f.Arg}) }

// marshal writes JSON as CloudFormation does, without Go's escapes for HTML.
func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}
