package jsonpath

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/setmend/setmend/asl/internal/value"
)

// A call stands at the end of a path, as in $.items.length() or
// $.concat($.a, "-", $.b).
type call struct {
	function  function
	arguments []operand // paths start at the root
}

// A function works on the value that the path before it names, and on its
// arguments.
type function func(v any, args []any) (any, error)

// on calls the function on v.
func (c *call) on(root, v any, steps *int) (any, error) {
	var args []any
	for _, a := range c.arguments {
		if a.path == nil {
			args = append(args, a.literal)
			continue
		}
		arg, err := a.path.from(root, root, steps)
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
	}
	result, err := c.function(v, args)
	if *steps += weight(result); *steps > maxSteps {
		return nil, errTooMany
	}
	return result, err
}

// weight is the work that a result is, in steps: functions can make more than
// there was.
func weight(result any) int {
	switch result := result.(type) {
	case string:
		return len(result) / 16
	case []any:
		return len(result)
	}
	return 1
}

func functionNamed(name string) function {
	switch name {
	case "length", "size":
		return length
	case "keys":
		return keys
	case "concat":
		return concat
	case "append":
		return appendTo
	case "index":
		return itemAt
	case "first", "last":
		return func(v any, _ []any) (any, error) { return end(name, v) }
	case "min", "max", "sum", "avg", "stddev":
		return func(v any, args []any) (any, error) { return aggregate(name, numbers(v, args)) }
	}
	return nil
}

// call reads the arguments of a function and the parenthesis after them.
func (p *parser) call(path *Path, name string) error {
	c := &call{function: functionNamed(name)}
	if c.function == nil {
		return p.fault("unknown function %s()", name)
	}
	for p.space(); !p.next(")"); p.space() {
		if len(c.arguments) > 0 && !p.next(",") {
			return p.fault("',' or ')' is missing")
		}
		a, err := p.operand()
		if err != nil {
			return err
		}
		if a.fromItem {
			return p.fault("a path in an argument must begin with '$'")
		}
		c.arguments = append(c.arguments, a)
	}
	path.function = c
	return nil
}

// length is that of the argument, if there is one. It is null for what has no
// items and no members, text included, as Jayway has it.
func length(v any, args []any) (any, error) {
	if len(args) > 0 {
		v = args[0]
	}
	switch v := v.(type) {
	case []any:
		return value.Int(int64(len(v))), nil
	case *value.Object:
		return value.Int(int64(v.Len())), nil
	}
	return nil, nil
}

// keys is null for what is no object, as in Jayway.
func keys(v any, _ []any) (any, error) {
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

// itemAt is the item with the number that is the argument, from the end if that
// is negative.
func itemAt(v any, args []any) (any, error) {
	if len(args) == 1 {
		if n, ok := args[0].(value.Number); ok {
			if i, whole := n.Int64(); whole && int64(int(i)) == i {
				if item, err := index(i).get(v); err == nil {
					return item, nil
				}
			}
		}
	}
	return nil, errors.New("index() needs an array and the number of one of its items")
}

// appendTo is an array with the arguments after its items.
func appendTo(v any, args []any) (any, error) {
	items, ok := v.([]any)
	if !ok {
		return v, nil
	}
	return slices.Concat(items, args), nil
}

// concat joins the texts in an array and the arguments.
func concat(v any, args []any) (any, error) {
	var b strings.Builder
	items, _ := v.([]any)
	for _, item := range items {
		if s, ok := item.(string); ok {
			b.WriteString(s)
		}
	}
	for _, arg := range flat(args) {
		switch arg := arg.(type) {
		case nil:
		case string:
			b.WriteString(arg)
		default:
			b.Write(value.Encode(arg))
		}
	}
	return b.String(), nil
}

// flat is args with the items of those that are arrays.
func flat(args []any) []any {
	var all []any
	for _, arg := range args {
		if items, ok := arg.([]any); ok {
			all = append(all, items...)
		} else {
			all = append(all, arg)
		}
	}
	return all
}

// numbers are those in the array v and in the arguments.
func numbers(v any, args []any) []float64 {
	items, _ := v.([]any)
	var list []float64
	for _, item := range slices.Concat(items, flat(args)) {
		if n, ok := item.(value.Number); ok {
			list = append(list, n.Float64())
		}
	}
	return list
}

func aggregate(name string, list []float64) (any, error) {
	low, high, sum, squares, n := math.Inf(1), math.Inf(-1), 0.0, 0.0, float64(len(list))
	for _, f := range list {
		low, high, sum, squares = min(low, f), max(high, f), sum+f, squares+f*f
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
