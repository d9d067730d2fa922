package wire

import (
	"cmp"
	"reflect"
	"sync"
	"time"
)

// field is one member of a shape.
type field struct {
	name  string
	item  string // element of a list's members in XML
	index []int
	rules rules // of the member itself
	each  rules // of the members of a list
}

var (
	plans    sync.Map // reflect.Type → []field
	timeType = reflect.TypeFor[time.Time]()
)

// fieldsOf lists a struct type's members in order; embedded structs are opened.
func fieldsOf(t reflect.Type) []field {
	if known, ok := plans.Load(t); ok {
		return known.([]field)
	}
	var list []field
	for _, f := range reflect.VisibleFields(t) {
		if !f.IsExported() || f.Anonymous || f.Tag.Get("wire") == "-" {
			continue
		}
		name := f.Tag.Get("wire")
		if name == "" {
			name = f.Name
		}
		list = append(list, field{
			name:  name,
			item:  cmp.Or(f.Tag.Get("item"), "member"),
			index: f.Index,
			rules: parseRules(f.Tag.Get("valid")),
			each:  parseRules(f.Tag.Get("each")),
		})
	}
	plans.Store(t, list)
	return list
}

// member is one member of a value that is to be sent.
type member struct {
	name  string
	item  string
	value reflect.Value
}

// members lists what of a struct is to be sent: nil pointers, nil lists and
// maps, empty strings and zero times are left out, and pointers are followed.
func members(v reflect.Value) []member {
	fields := fieldsOf(v.Type())
	list := make([]member, 0, len(fields))
	for _, f := range fields {
		value, err := v.FieldByIndexErr(f.index)
		if err != nil { // an embedded pointer that is nil
			continue
		}
		if value, ok := present(value); ok {
			list = append(list, member{f.name, f.item, value})
		}
	}
	return list
}

func present(v reflect.Value) (reflect.Value, bool) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return v, false
		}
		return follow(v), true
	case reflect.Slice, reflect.Map:
		return v, !v.IsNil()
	case reflect.String:
		return v, v.Len() > 0
	case reflect.Struct:
		if v.Type() == timeType {
			return v, !v.Interface().(time.Time).IsZero()
		}
	}
	return v, true
}

func follow(v reflect.Value) reflect.Value {
	for (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && !v.IsNil() {
		v = v.Elem()
	}
	return v
}
