package jsonpath

import (
	"fmt"
	"math"

	"github.com/setmend/setmend/asl/internal/value"
)

// A function stands at the end of a path, as in $.items.length().
type function struct {
	name  string
	apply func(v any) (any, error)
}

func functionNamed(name string) *function {
	switch name {
	case "length", "size":
		return &function{name, length}
	case "keys":
		return &function{name, keys}
	case "first", "last":
		return &function{name, func(v any) (any, error) { return end(name, v) }}
	case "min", "max", "sum", "avg", "stddev":
		return &function{name, func(v any) (any, error) { return aggregate(name, v) }}
	}
	return nil
}

// length is null for what has no items and no members, text included, as
// Jayway has it.
func length(v any) (any, error) {
	switch v := v.(type) {
	case []any:
		return value.Int(int64(len(v))), nil
	case *value.Object:
		return value.Int(int64(v.Len())), nil
	}
	return nil, nil
}

// keys is null for what is no object, as in Jayway.
func keys(v any) (any, error) {
	o, ok := v.(*value.Object)
	if !ok {
		return nil, nil
	}
	list := make([]any, 0, o.Len())
	for _, m := range o.Members() {
		list = append(list, m.Name)
	}
	return list, nil
}

// end is the first or the last item of an array.
func end(name string, v any) (any, error) {
	items, _ := v.([]any)
	if len(items) == 0 {
		return nil, fmt.Errorf("%s() needs an array with items", name)
	}
	if name == "first" {
		return items[0], nil
	}
	return items[len(items)-1], nil
}

func aggregate(name string, v any) (any, error) {
	items, _ := v.([]any)
	low, high, sum, squares, n := math.Inf(1), math.Inf(-1), 0.0, 0.0, 0.0
	for _, item := range items {
		number, ok := item.(value.Number)
		if !ok {
			continue
		}
		f := number.Float64()
		low, high, sum, squares, n = min(low, f), max(high, f), sum+f, squares+f*f, n+1
	}
	if n == 0 {
		return nil, fmt.Errorf("%s() needs an array of numbers", name)
	}
	mean := sum / n
	result := map[string]float64{
		"min": low, "max": high, "sum": sum, "avg": mean,
		"stddev": math.Sqrt(max(0, squares/n-mean*mean)),
	}[name]
	if math.IsInf(result, 0) || math.IsNaN(result) {
		return nil, fmt.Errorf("%s() is out of range", name)
	}
	return value.Float(result), nil
}
