package wire

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// assigner fills values from a tree of map[string]any, []any, string, bool,
// json.Number, int64, float64, []byte and time.Time, as the JSON and CBOR readers
// make it, and notes the strings that are "".
type assigner struct{ given empties }

func (a assigner) assign(v reflect.Value, from any, name string) error {
	if from == nil {
		return nil
	}
	if v.Kind() == reflect.Pointer {
		target := reflect.New(v.Type().Elem())
		if err := a.assign(target.Elem(), from, name); err != nil {
			return err
		}
		v.Set(target)
		return nil
	}
	switch from := from.(type) {
	case map[string]any:
		return a.object(v, from, name)
	case []any:
		return a.list(v, from, name)
	case texted:
		return a.unwrap(v, from, name)
	}
	if from == "" {
		a.given.note(v)
	}
	return assignScalar(v, from, name)
}

func (a assigner) object(v reflect.Value, from map[string]any, name string) error {
	switch {
	case v.Kind() == reflect.Struct && v.Type() != timeType:
		for _, f := range fieldsOf(v.Type()) {
			if err := a.assign(fieldFor(v, f.index), from[f.name], f.name); err != nil {
				return err
			}
		}
		return nil
	case v.Kind() == reflect.Map:
		out := reflect.MakeMapWithSize(v.Type(), len(from))
		for key, value := range from {
			item := reflect.New(v.Type().Elem()).Elem()
			if err := a.assign(item, value, name); err != nil {
				return err
			}
			out.SetMapIndex(reflect.ValueOf(key).Convert(v.Type().Key()), item)
		}
		v.Set(out)
		return nil
	case v.Kind() == reflect.Interface:
		v.Set(reflect.ValueOf(from))
		return nil
	}
	return unserializable("an object", name)
}

func (a assigner) list(v reflect.Value, from []any, name string) error {
	if v.Kind() == reflect.Interface {
		v.Set(reflect.ValueOf(from))
		return nil
	}
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() == reflect.Uint8 {
		return unserializable("a list", name)
	}
	list := reflect.MakeSlice(v.Type(), len(from), len(from))
	for i, item := range from {
		if err := a.assign(list.Index(i), item, name); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

func assignScalar(v reflect.Value, from any, name string) error {
	if v.Type() == timeType {
		return assignTime(v, from, name)
	}
	if number, ok := numberOf(from); ok && (v.CanInt() || v.CanFloat()) {
		return assignNumber(v, number, name)
	}
	value := reflect.ValueOf(from)
	switch {
	case v.Kind() == reflect.Interface:
		v.Set(value)
	case v.Kind() == value.Kind() && value.CanConvert(v.Type()):
		if _, number := from.(json.Number); number {
			return unserializable("a number", name)
		}
		v.Set(value.Convert(v.Type()))
	case v.Kind() == reflect.Slice && value.Kind() == reflect.String:
		if err := setText(v, value.String()); err != nil {
			return unserializable(err.Error(), name)
		}
	default:
		return unserializable(fmt.Sprintf("a %T", from), name)
	}
	return nil
}

func assignTime(v reflect.Value, from any, name string) error {
	if at, ok := from.(time.Time); ok {
		v.Set(reflect.ValueOf(at))
		return nil
	}
	if number, ok := numberOf(from); ok {
		at, err := fromEpoch(number)
		if err != nil {
			return unserializable(err.Error(), name)
		}
		v.Set(reflect.ValueOf(at))
		return nil
	}
	if text, ok := from.(string); ok && setText(v, text) == nil {
		return nil
	}
	return unserializable(fmt.Sprintf("a %T", from), name)
}

func assignNumber(v reflect.Value, number float64, name string) error {
	if v.CanFloat() {
		v.SetFloat(number)
		return nil
	}
	if number != math.Trunc(number) || math.Abs(number) > 1<<53 || v.OverflowInt(int64(number)) {
		return unserializable("a number that is no integer of that size", name)
	}
	v.SetInt(int64(number))
	return nil
}

func numberOf(from any) (float64, bool) {
	switch n := from.(type) {
	case json.Number:
		f, err := n.Float64()
		return f, err == nil
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

func unserializable(what, name string) *core.Error {
	return core.Errorf(400, "SerializationException", "%s cannot be converted to the type of %s", what, name)
}
