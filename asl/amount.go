package asl

import (
	"strconv"

	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/value"
)

// An amount is a number of a definition: a constant, or found by a path (a field
// whose name ends in Path) or by a query.
type amount struct {
	field    string
	constant int64
	given    bool // in any way
	path     *jsonpath.Path
	query    *query
}

// isConstant reports whether the amount is known when the definition is read.
func (a *amount) isConstant() bool { return a.path == nil && a.query == nil }

// evalQuery evaluates an amount that a query gives: an integer.
func (a *amount) evalQuery(s values) (int64, error) {
	v, err := a.query.expect(s, "number")
	if err != nil {
		return 0, err
	}
	n, _ := v.(value.Number)
	i, whole := wholeNumber(n)
	if !whole {
		return 0, a.query.failed("returned a value that is not an integer: %s", n)
	}
	return i, nil
}

// wholeNumber is an integer in whatever way it is written.
func wholeNumber(n value.Number) (int64, bool) {
	if i, ok := n.Int64(); ok {
		return i, true
	}
	f := n.Float64()
	return int64(f), f == float64(int64(f))
}

// integerOf is an integer within data. AWS reads a text of digits as one.
func integerOf(v any) (int64, bool) {
	switch v := v.(type) {
	case value.Number:
		return v.Int64()
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil
	}
	return 0, false
}
