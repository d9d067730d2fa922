package wire

import (
	"net/url"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// form is a Query request's parameters as a tree: "A.member.1.B=x" is x under
// A, member, 1, B.
type form struct {
	value string
	set   bool // a value was given, perhaps an empty one
	kids  map[string]*form
}

// deepest bounds how many dots a parameter's name may have. No modelled input
// is half as deep as that.
const deepest = 16

func parseForm(values url.Values) (*form, error) {
	root := &form{}
	for key, list := range values {
		if len(list) == 0 {
			continue
		}
		parts := strings.Split(key, ".")
		if len(parts) > deepest {
			return nil, malformed("the parameter name is nested too deeply")
		}
		root.put(parts, list[len(list)-1])
	}
	return root, nil
}

func (f *form) put(path []string, value string) {
	for _, part := range path {
		if f.kids == nil {
			f.kids = map[string]*form{}
		}
		next := f.kids[part]
		if next == nil {
			next = &form{}
			f.kids[part] = next
		}
		f = next
	}
	f.value, f.set = value, true
}

// emptyList tells of a bare "Key=": a list that was given, with nothing in it.
func (f *form) emptyList() bool { return f.set && f.value == "" && len(f.kids) == 0 }

// items are a list's members in order of their numbers.
func (f *form) items(under ...string) []*form {
	list := f
	for _, name := range under {
		if kid := f.kids[name]; kid != nil {
			list = kid
			break
		}
	}
	type numbered struct {
		n    int
		item *form
	}
	var all []numbered
	for key, item := range list.kids {
		if n, err := strconv.Atoi(key); err == nil && n > 0 {
			all = append(all, numbered{n, item})
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].n < all[j].n })
	items := make([]*form, len(all))
	for i, each := range all {
		items[i] = each.item
	}
	return items
}

// into fills a value of a modelled type and notes the strings given as "".
func (f *form) into(v reflect.Value, name string, given empties) error {
	switch {
	case v.Kind() == reflect.Pointer:
		return f.intoPointer(v, name, given)
	case v.Kind() == reflect.Struct && v.Type() != timeType:
		return f.intoStruct(v, given)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		return f.intoSlice(v, name, given)
	case v.Kind() == reflect.Map:
		return f.intoMap(v, name, given)
	case !f.set:
		if len(f.kids) > 0 {
			return malformed("Start of structure or list found where not expected: " + name)
		}
		return nil
	}
	if f.value == "" {
		given.note(v)
	}
	if err := setText(v, f.value); err != nil {
		return malformed(err.Error() + " at " + name)
	}
	return nil
}

func (f *form) intoPointer(v reflect.Value, name string, given empties) error {
	target := reflect.New(v.Type().Elem())
	if err := f.into(target.Elem(), name, given); err != nil {
		return err
	}
	v.Set(target)
	return nil
}

func (f *form) intoStruct(v reflect.Value, given empties) error {
	for _, field := range fieldsOf(v.Type()) {
		kid := f.kids[field.name]
		if kid == nil {
			continue
		}
		if err := kid.into(fieldFor(v, field.index), field.name, given); err != nil {
			return err
		}
	}
	return nil
}

func (f *form) intoSlice(v reflect.Value, name string, given empties) error {
	if !f.emptyList() && len(f.kids) == 0 {
		return malformed("Unexpected value where a list was expected: " + name)
	}
	items := f.items("member")
	list := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		if err := item.into(list.Index(i), name, given); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

func (f *form) intoMap(v reflect.Value, name string, given empties) error {
	out := reflect.MakeMap(v.Type())
	for _, entry := range f.items("entry") {
		key := entry.either("key", "Name") // SNS names the halves of some maps so
		value := reflect.New(v.Type().Elem()).Elem()
		if kid := entry.either("value", "Value"); kid != nil {
			if err := kid.into(value, name, given); err != nil {
				return err
			}
		}
		if key != nil {
			out.SetMapIndex(reflect.ValueOf(key.value).Convert(v.Type().Key()), value)
		}
	}
	v.Set(out)
	return nil
}

// either is the part of that name or, failing that, of the other.
func (f *form) either(name, other string) *form {
	if kid := f.kids[name]; kid != nil {
		return kid
	}
	return f.kids[other]
}

// fieldFor finds a field, making the embedded pointers on the way.
func fieldFor(v reflect.Value, index []int) reflect.Value {
	for i, n := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(n)
	}
	return v
}

func malformed(text string) *core.Error { return core.Errorf(400, "MalformedInput", "%s", text) }
