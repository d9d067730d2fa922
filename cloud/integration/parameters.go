package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
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

var (
	timeType   = reflect.TypeFor[time.Time]()
	readerType = reflect.TypeFor[io.Reader]()
)

// fill sets an SDK value from JSON. Null leaves it unset.
func fill(to reflect.Value, v any, path string) error {
	switch {
	case v == nil:
		return nil
	case to.Kind() == reflect.Pointer:
		inner := reflect.New(to.Type().Elem())
		if err := fill(inner.Elem(), v, path); err != nil {
			return err
		}
		to.Set(inner)
		return nil
	case to.Type() == timeType:
		return fillTime(to, v, path)
	case to.Type() == readerType:
		to.Set(reflect.ValueOf(bytes.NewReader(blob(v))))
		return nil
	}
	switch to.Kind() {
	case reflect.Struct:
		return fillStruct(to, v, path)
	case reflect.Slice:
		return fillSlice(to, v, path)
	case reflect.Map:
		return fillMap(to, v, path)
	}
	return fillScalar(to, v, path)
}

func fillScalar(to reflect.Value, v any, path string) error {
	switch to.Kind() {
	case reflect.String:
		if s, ok := v.(string); ok {
			to.SetString(s)
			return nil
		}
		return mismatch(path, "a string", v)
	case reflect.Bool:
		if b, ok := v.(bool); ok {
			to.SetBool(b)
			return nil
		}
		return mismatch(path, "a boolean", v)
	case reflect.Int, reflect.Int32, reflect.Int64:
		if n, ok := v.(json.Number); ok {
			if i, err := n.Int64(); err == nil && !to.OverflowInt(i) {
				to.SetInt(i)
				return nil
			}
		}
		return mismatch(path, "a whole number", v)
	case reflect.Float32, reflect.Float64:
		if n, ok := v.(json.Number); ok {
			if f, err := n.Float64(); err == nil {
				to.SetFloat(f)
				return nil
			}
		}
		return mismatch(path, "a number", v)
	}
	return &parameterError{path: path, message: fmt.Sprintf("The field '%s' cannot be given here", path)}
}

func mismatch(path, want string, got any) error {
	text, err := json.Marshal(got)
	if err != nil {
		return err
	}
	return &parameterError{path: path, message: fmt.Sprintf("The field '%s' must be %s, not %.100s", path, want, text)}
}

// fillTime reads what Step Functions writes, and seconds since 1970.
func fillTime(to reflect.Value, v any, path string) error {
	switch v := v.(type) {
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			to.Set(reflect.ValueOf(t))
			return nil
		}
	case json.Number:
		if f, err := v.Float64(); err == nil {
			to.Set(reflect.ValueOf(time.UnixMilli(int64(f * 1000)).UTC()))
			return nil
		}
	}
	return mismatch(path, "a time such as 2026-01-31T12:00:00Z", v)
}

// blob is a value as bytes: a string as it stands, anything else as JSON text.
func blob(v any) []byte {
	if s, ok := v.(string); ok {
		return []byte(s)
	}
	return compact(v)
}

// compact is the JSON text of a value that came from JSON.
func compact(v any) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil // not for values that came from JSON
	}
	return bytes.TrimSpace(b.Bytes())
}

func fillSlice(to reflect.Value, v any, path string) error {
	if to.Type().Elem().Kind() == reflect.Uint8 {
		to.SetBytes(blob(v))
		return nil
	}
	items, ok := v.([]any)
	if !ok {
		return mismatch(path, "an array", v)
	}
	slice := reflect.MakeSlice(to.Type(), len(items), len(items))
	for i, item := range items {
		if err := fill(slice.Index(i), item, fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	to.Set(slice)
	return nil
}

func fillMap(to reflect.Value, v any, path string) error {
	object, ok := v.(map[string]any)
	if !ok {
		return mismatch(path, "an object", v)
	}
	to.Set(reflect.MakeMap(to.Type()))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		value := reflect.New(to.Type().Elem()).Elem()
		if err := fill(value, object[key], join(path, key)); err != nil {
			return err
		}
		to.SetMapIndex(reflect.ValueOf(key).Convert(to.Type().Key()), value)
	}
	return nil
}

func fillStruct(to reflect.Value, v any, path string) error {
	object, ok := v.(map[string]any)
	if !ok {
		return mismatch(path, "an object", v)
	}
	fields := members(to.Type())
	for _, key := range slices.Sorted(maps.Keys(object)) {
		index, ok := fields[key]
		if !ok {
			return unknown(fields, join(path, key), key)
		}
		if err := fill(to.Field(index), object[key], join(path, key)); err != nil {
			return err
		}
	}
	return nil
}

// unknown is Step Functions' refusal of a name, in its words.
func unknown(fields map[string]int, path, key string) error {
	return &parameterError{
		path: path, message: fmt.Sprintf("The field '%s' is not supported by Step Functions", key),
		candidates: slices.Sorted(maps.Keys(fields)),
	}
}

func join(path, key string) string { return strings.TrimPrefix(path+"."+key, ".") }

// members maps the names that Step Functions has for the fields of an SDK struct
// to their places.
func members(t reflect.Type) map[string]int {
	fields := map[string]int{}
	for i := range t.NumField() {
		if f := t.Field(i); isMember(f) {
			fields[memberName(f.Name)] = i
		}
	}
	return fields
}

// isMember tells AWS's members from what the SDK adds to them.
func isMember(f reflect.StructField) bool {
	return f.IsExported() && !f.Anonymous && f.Name != "ResultMetadata"
}
