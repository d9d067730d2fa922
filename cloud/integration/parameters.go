package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/cloud/integration/internal/model"
	"github.com/setmend/setmend/cloud/integration/internal/wire"
)

// A parameterError is a parameter that the action does not have, or that does not
// fit.
type parameterError struct {
	path       string // within the parameters: Filters[0].Valus
	message    string
	candidates []string // the names there are, for one that there is not
}

func (e *parameterError) Error() string { return e.message }

// parse reads JSON with its numbers as they are written.
func parse(text json.RawMessage) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	return v, nil
}

// A filler makes values of a shape from JSON. lenient keeps going where something
// required is missing: a definition that is checked may have it from its input.
type filler struct {
	lenient bool
	alias   bool // names as the model has them are understood, too
}

// fill makes a value of a shape. Null leaves it unset, which is nil.
func (f filler) fill(s *model.Shape, v any, path string) (any, error) {
	if v == nil {
		return nil, nil
	}
	if s.Document {
		return v, nil
	}
	switch s.Kind {
	case model.Structure:
		return f.structure(s, v, path)
	case model.List:
		items, ok := v.([]any)
		if !ok {
			return nil, mismatch(path, "an array", v)
		}
		list := make([]any, 0, len(items))
		for i, item := range items {
			value, err := f.fill(s.Elem().Shape, item, fmt.Sprintf("%s[%d]", path, i))
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	case model.Map:
		o, ok := v.(*wire.Object)
		if !ok {
			return nil, mismatch(path, "an object", v)
		}
		out := &wire.Object{}
		for _, e := range o.Entries {
			value, err := f.fill(s.Elem().Shape, e.Value, join(path, e.Key))
			if err != nil {
				return nil, err
			}
			out.Entries = append(out.Entries, wire.Entry{Key: e.Key, Value: value})
		}
		return out, nil
	case model.Blob:
		return blob(v), nil
	}
	return scalar(s.Kind, v, path)
}

func scalar(kind model.Kind, v any, path string) (any, error) {
	n, isNumber := v.(json.Number)
	switch kind {
	case model.String:
		if s, ok := v.(string); ok {
			return s, nil
		}
		return nil, mismatch(path, "a string", v)
	case model.Boolean:
		if b, ok := v.(bool); ok {
			return b, nil
		}
		return nil, mismatch(path, "a boolean", v)
	case model.Integer, model.Long:
		if whole, ok := wholeNumber(n); isNumber && ok && (kind == model.Long || whole == int64(int32(whole))) {
			return json.Number(fmt.Sprint(whole)), nil
		}
		return nil, mismatch(path, "a whole number", v)
	case model.Float, model.Double:
		if f, err := n.Float64(); isNumber && err == nil && !math.IsInf(f, 0) {
			return n, nil
		}
		return nil, mismatch(path, "a number", v)
	case model.Timestamp:
		return instantOf(v, path)
	}
	return nil, &parameterError{path: path, message: fmt.Sprintf("The field '%s' cannot be given here", path)}
}

// wholeNumber is a number without a fraction, however it is written: 1e3 and 5.0
// are whole.
func wholeNumber(n json.Number) (int64, bool) {
	if i, err := n.Int64(); err == nil {
		return i, true
	}
	if len(n) > 40 {
		return 0, false
	}
	if r, ok := new(big.Rat).SetString(string(n)); ok && r.IsInt() && r.Num().IsInt64() {
		return r.Num().Int64(), true
	}
	return 0, false
}

func mismatch(path, want string, got any) error {
	return &parameterError{path: path, message: fmt.Sprintf("The field '%s' must be %s, not %.100s", path, want, compact(got))}
}

// instantOf reads what Step Functions writes, and seconds since 1970.
func instantOf(v any, path string) (any, error) {
	switch v := v.(type) {
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return t.UTC(), nil
		}
	case json.Number:
		if f, err := v.Float64(); err == nil && math.Abs(f) < 1e12 {
			return time.UnixMilli(int64(math.Round(f * 1000))).UTC(), nil
		}
	}
	return nil, mismatch(path, "a time such as 2026-01-31T12:00:00Z", v)
}

// blob is a value as bytes: a string as it stands, anything else as JSON text.
func blob(v any) []byte {
	if s, ok := v.(string); ok {
		return []byte(s)
	}
	return compact(v)
}

func (f filler) structure(s *model.Shape, v any, path string) (any, error) {
	o, ok := v.(*wire.Object)
	if !ok {
		return nil, mismatch(path, "an object", v)
	}
	out := &wire.Struct{}
	for _, e := range o.Entries {
		m := f.member(s, e.Key)
		if m == nil {
			return nil, unknown(s, join(path, e.Key), e.Key)
		}
		value, err := f.fill(m.Shape, e.Value, join(path, e.Key))
		if err != nil {
			return nil, err
		}
		if value != nil {
			out.Set(m, value)
		}
	}
	if f.lenient {
		return out, nil
	}
	return out, missing(s, out, path)
}

func (f filler) member(s *model.Shape, name string) *model.Member {
	if m := members(s)[name]; m != nil {
		return m
	}
	if f.alias {
		for _, m := range s.Members {
			if strings.ToUpper(m.Name[:1])+m.Name[1:] == name {
				return m
			}
		}
	}
	return nil
}

// missing refuses a structure without something that is required. Idempotency
// tokens are made where they are not given.
func missing(s *model.Shape, given *wire.Struct, path string) error {
	var absent []string
	for _, m := range s.Members {
		if m.Required && !m.Token && given.Get(m.Name) == nil {
			absent = append(absent, fmt.Sprintf("The field '%s' is required but was missing", join(path, memberName(m.Name))))
		}
	}
	if absent == nil {
		return nil
	}
	return &parameterError{path: path, message: strings.Join(absent, "; ")}
}

// unknown is Step Functions' refusal of a name, in its words.
func unknown(s *model.Shape, path, key string) error {
	return &parameterError{
		path: path, message: fmt.Sprintf("The field '%s' is not supported by Step Functions", key),
		candidates: slices.Sorted(maps.Keys(members(s))),
	}
}

func join(path, key string) string { return strings.TrimPrefix(path+"."+key, ".") }
