package intrinsic

import (
	"slices"
	"strconv"
	"strings"

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
	key := string(appendKey(nil, v))
	return slices.ContainsFunc(items, func(item any) bool { return string(appendKey(nil, item)) == key })
}

// appendKey writes v so that two values have the same key if they are equal on
// AWS. There the arguments are Java values, as the text that States.Format makes
// of an object shows: members have no order, 1.10 equals 1.1, and no integer
// equals a number with a fraction, so 1 and 1.0 differ.
func appendKey(key []byte, v any) []byte {
	switch v := v.(type) {
	case value.Number:
		if !v.Whole() {
			return strconv.AppendFloat(append(key, '.'), v.Float64(), 'g', -1, 64)
		}
	case []any:
		key = append(key, '[')
		for _, item := range v {
			key = append(appendKey(key, item), ',')
		}
		return append(key, ']')
	case *value.Object:
		members := slices.Clone(v.Members())
		slices.SortFunc(members, func(a, b value.Member) int { return strings.Compare(a.Name, b.Name) })
		key = append(key, '{')
		for _, m := range members {
			key = append(appendKey(append(value.AppendString(key, m.Name), ':'), m.Value), ',')
		}
		return append(key, '}')
	}
	return value.Append(key, v)
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
		return nil, nil // recorded on AWS: no error
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
	unique, seen := []any{}, map[string]bool{}
	for _, item := range items {
		key := string(appendKey(nil, item))
		if !seen[key] {
			unique = append(unique, item)
		}
		seen[key] = true
	}
	return unique, nil
}
