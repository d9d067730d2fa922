package intrinsic

import (
	"slices"

	"github.com/setmend/setmend/asl/internal/value"
)

// maxRange is how many items States.ArrayRange may make.
const maxRange = 1000

func array(args []any) (any, error) { return args, nil }

func arrayOf(v any) ([]any, error) {
	if items, ok := v.([]any); ok {
		return items, nil
	}
	return nil, refuse("The argument must be an array, not %s", an(v))
}

func arrayContains(args []any) (any, error) {
	items, err := arrayOf(args[0])
	if err != nil {
		return nil, err
	}
	return contains(items, args[1]), nil
}

func contains(items []any, v any) bool {
	for _, item := range items {
		if equal(item, v) {
			return true
		}
	}
	return false
}

// equal is value.Equal, except that 1 and 1.0 differ. On AWS the arguments are
// Java values, as the text that States.Format makes of an object shows, and in
// Java no integer equals a number with a fraction.
func equal(a, b any) bool {
	switch a := a.(type) {
	case value.Number:
		b, ok := b.(value.Number)
		return ok && a.Whole() == b.Whole() && a.Compare(b) == 0
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case *value.Object:
		b, ok := b.(*value.Object)
		return ok && equalObjects(a, b)
	}
	return value.Equal(a, b)
}

func equalObjects(a, b *value.Object) bool {
	for _, m := range a.Members() {
		other, ok := b.Get(m.Name)
		if !ok || !equal(m.Value, other) {
			return false
		}
	}
	return a.Len() == b.Len()
}

func arrayGetItem(args []any) (any, error) {
	items, err := arrayOf(args[0])
	if err != nil {
		return nil, err
	}
	at, err := integer(args[1])
	if err != nil {
		return nil, err
	}
	if at < 0 || at >= int64(len(items)) {
		return nil, refuse("The index %d is out of bounds for an array of %d items", at, len(items))
	}
	return items[at], nil
}

func arrayLength(args []any) (any, error) {
	items, err := arrayOf(args[0])
	if err != nil {
		return nil, err
	}
	return value.Int(int64(len(items))), nil
}

func arrayPartition(args []any) (any, error) {
	items, err := arrayOf(args[0])
	if err != nil {
		return nil, err
	}
	size, err := integer(args[1])
	if err != nil {
		return nil, err
	}
	if size < 1 {
		return nil, refuse("The chunk size must be positive, not %d", size)
	}
	chunks := []any{}
	for len(items) > 0 {
		n := min(size, int64(len(items)))
		chunks = append(chunks, items[:n:n])
		items = items[n:]
	}
	return chunks, nil
}

// arrayRange counts from the first number to the last, which is included if a
// step falls on it.
func arrayRange(args []any) (any, error) {
	var n [3]int64
	for i, a := range args {
		var err error
		if n[i], err = integer(a); err != nil {
			return nil, err
		}
	}
	first, last, step := n[0], n[1], n[2]
	if step == 0 {
		return nil, refuse("The step must not be 0")
	}
	items := []any{}
	for i := first; step > 0 && i <= last || step < 0 && i >= last; i += step {
		if len(items) == maxRange {
			return nil, refuse("A range can have %d items at most", maxRange)
		}
		items = append(items, value.Int(i))
	}
	return items, nil
}

func arrayUnique(args []any) (any, error) {
	items, err := arrayOf(args[0])
	if err != nil {
		return nil, err
	}
	unique := []any{}
	for _, item := range items {
		if !contains(unique, item) {
			unique = append(unique, item)
		}
	}
	return unique, nil
}
