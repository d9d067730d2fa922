package asl

import (
	"fmt"
	"strings"

	"github.com/setmend/setmend/asl/internal/intrinsic"
	"github.com/setmend/setmend/asl/internal/jsonata"
	"github.com/setmend/setmend/asl/internal/value"
)

// A query is a JSONata expression at a place of a definition.
type query struct {
	location string // of the field within its state, as AWS names it: Output/total
	e        *jsonata.Expression
}

// isQuery reports whether text is a JSONata expression: {% ... %}, with nothing
// around it.
func isQuery(text string) bool {
	return len(text) >= 4 && strings.HasPrefix(text, "{%") && strings.HasSuffix(text, "%}")
}

// parseQuery compiles an expression. It fails for one that JSONata cannot read.
func parseQuery(location, text string) (*query, error) {
	e, err := jsonata.Parse(strings.TrimSpace(text[2 : len(text)-2]))
	if err != nil {
		return nil, err
	}
	return &query{location, e}, nil
}

// A queryError says why a query has no result that can be used, in AWS's words.
type queryError struct{ location, cause string }

func (e *queryError) Error() string { return e.cause }

func (q *query) failed(format string, args ...any) error {
	cause := fmt.Sprintf("The JSONata expression '%s' specified for the field '%s' ", q.e, q.location)
	return &queryError{q.location, cause + fmt.Sprintf(format, args...)}
}

// values is what expressions are evaluated with: the data of a frame.
type values interface {
	intrinsic.Scope
	jsonata.Host
	asking(q *query) // until it is told nil
}

// eval evaluates the query. It fails with a *queryError.
func (q *query) eval(s values) (any, error) {
	s.asking(q)
	v, err := q.e.Eval(s)
	s.asking(nil)
	switch err {
	case nil:
		return v, nil
	case jsonata.ErrUndefined, jsonata.ErrUnsupported:
		return nil, q.failed("%v.", err)
	}
	return nil, q.failed("threw an error during evaluation. %v", err)
}

// expect evaluates the query to a value of a JSON type, and fails if it is of
// another.
func (q *query) expect(s values, typeName string) (any, error) {
	v, err := q.eval(s)
	if err == nil && value.TypeName(v) != typeName {
		err = q.failed("returned an unexpected result type. Expected '%s', but was '%s' for value: %s", typeName, value.TypeName(v), value.Encode(v))
	}
	return v, err
}
