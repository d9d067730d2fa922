package jsonpath

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/setmend/setmend/asl/internal/value"
)

// A segment is one step of a path.
type segment interface {
	fmt.Stringer
	// each calls next with everything the step finds in v.
	each(w *walker, v any, next func(any) error) error
}

// A definite segment finds one value or none.
type definite interface {
	get(v any) (any, error)
}

// name is .a or ['a'].
type name string

func (n name) String() string { return "['" + string(n) + "']" }

func (n name) get(v any) (any, error) {
	if o, ok := v.(*value.Object); ok {
		if member, ok := o.Get(string(n)); ok {
			return member, nil
		}
	}
	return nil, errMissing
}

func (n name) each(_ *walker, v any, next func(any) error) error {
	if member, err := n.get(v); err == nil {
		return next(member)
	}
	return nil
}

// index is [3], or [-1] from the end.
type index int

func (i index) String() string { return "[" + strconv.Itoa(int(i)) + "]" }

func (i index) get(v any) (any, error) {
	items, _ := v.([]any)
	at := int(i)
	if at < 0 {
		at += len(items)
	}
	if at < 0 || at >= len(items) {
		return nil, errMissing
	}
	return items[at], nil
}

func (i index) each(_ *walker, v any, next func(any) error) error {
	if item, err := i.get(v); err == nil {
		return next(item)
	}
	return nil
}

// names is ['a','b']. At the end of a path it makes one object of the members
// that are there; before the end it goes on with each of them.
type names struct {
	list []string
	leaf bool
}

func (n names) String() string { return "['" + strings.Join(n.list, "','") + "']" }

func (n names) get(v any) (any, error) {
	o, ok := v.(*value.Object)
	if !ok {
		return nil, errMissing
	}
	var members []value.Member
	for _, name := range n.list {
		if member, ok := o.Get(name); ok {
			members = append(members, value.Member{Name: name, Value: member})
		}
	}
	return value.NewObject(members...), nil
}

func (n names) each(w *walker, v any, next func(any) error) error {
	if n.leaf {
		if merged, err := n.get(v); err == nil {
			return next(merged)
		}
		return nil
	}
	for _, one := range n.list {
		if err := name(one).each(w, v, next); err != nil {
			return err
		}
	}
	return nil
}

// indices is [0,2].
type indices []int

func (n indices) String() string {
	var list []string
	for _, i := range n {
		list = append(list, strconv.Itoa(i))
	}
	return "[" + strings.Join(list, ",") + "]"
}

func (n indices) each(w *walker, v any, next func(any) error) error {
	for _, i := range n {
		if err := index(i).each(w, v, next); err != nil {
			return err
		}
	}
	return nil
}

// slice is [from:to], either end open.
type slice struct {
	from, to *int
}

func (s slice) String() string {
	text := func(n *int) string {
		if n == nil {
			return ""
		}
		return strconv.Itoa(*n)
	}
	return "[" + text(s.from) + ":" + text(s.to) + "]"
}

func (s slice) each(w *walker, v any, next func(any) error) error {
	items, _ := v.([]any)
	from, to := s.bounds(len(items))
	for i := max(from, -len(items)); i < to; i++ {
		if err := index(i).each(w, v, next); err != nil {
			return err
		}
	}
	return nil
}

// bounds are the first index and the one after the last, for an array of that
// length. With one end open a negative number counts from the end. With both
// given Jayway takes them as they stand, and each index between for itself: of
// four items [-3:-1] is the second and third, [1:-1] nothing, and [-1:2] the
// last, the first and the second.
func (s slice) bounds(length int) (from, to int) {
	fromEnd := func(n int) int {
		if n < 0 {
			n += length
		}
		return max(n, 0)
	}
	switch {
	case s.to == nil:
		return fromEnd(*s.from), length
	case s.from == nil:
		return 0, min(fromEnd(*s.to), length)
	}
	return *s.from, min(*s.to, length)
}

// wildcard is * or [*].
type wildcard struct{}

func (wildcard) String() string { return "[*]" }

func (wildcard) each(_ *walker, v any, next func(any) error) error {
	return children(v, next)
}

// children calls next with each member or item of v.
func children(v any, next func(any) error) error {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if err := next(item); err != nil {
				return err
			}
		}
	case *value.Object:
		for _, m := range v.Members() {
			if err := next(m.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// filter is [?(...)]. Of an array it keeps the items that pass; an object it
// keeps or drops as a whole, as Jayway does.
type filter struct {
	text string
	test condition
}

func (f filter) String() string { return "[" + f.text + "]" }

func (f filter) each(w *walker, v any, next func(any) error) error {
	items, isArray := v.([]any)
	if _, isObject := v.(*value.Object); isObject {
		items = []any{v}
	} else if !isArray {
		return nil
	}
	for _, item := range items {
		holds := f.test.holds(filterScope{root: w.root, item: item, steps: w.steps})
		if err := w.step(); err != nil { // of the test, too
			return err
		}
		if !holds {
			continue
		}
		if err := next(item); err != nil {
			return err
		}
	}
	return nil
}
