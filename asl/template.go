package asl

import (
	"errors"
	"strings"

	"github.com/setmend/setmend/asl/internal/intrinsic"
	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/value"
)

// An expression is the value of a field whose name ends in ".$", or of a path
// field: a path or an intrinsic function.
type expression struct {
	field string // as the message for a missing value names it
	path  *jsonpath.Path
	call  *intrinsic.Call
}

// parseExpression compiles a path or an intrinsic function.
func parseExpression(field, text string) (*expression, error) {
	if !strings.HasPrefix(text, "$") {
		call, err := intrinsic.Parse(text)
		return &expression{field: field, call: call}, err
	}
	path, err := jsonpath.Parse(text)
	return &expression{field: field, path: path}, err
}

func (e *expression) eval(s values) (any, error) {
	if e.call != nil {
		return e.call.Eval(s)
	}
	if root, _ := e.path.Root(); root == jsonpath.Input && s.Input() == nil {
		return nil, saying(causeNullInput) // even for "$" by itself
	}
	v, err := e.path.Eval(s)
	if _, missing := errors.AsType[*jsonpath.NotFoundError](err); missing {
		return nil, saying("The JSONPath '%s' specified for the field '%s' could not be found in the input '%s'",
			e.path, e.field, value.Encode(s.Input()))
	}
	return v, err
}

// A template is a payload template (Parameters, ResultSelector, ItemSelector,
// Assign; with JSONata also Arguments, Output and others), compiled: what is
// constant in it is one shared value.
type template struct {
	constant any
	object   []templateMember
	array    []*template
	dynamic  *expression
	query    *query
	isArray  bool
	isObject bool
}

type templateMember struct {
	name string
	t    *template
}

func (t *template) eval(s values) (any, error) {
	switch {
	case t.dynamic != nil:
		return t.dynamic.eval(s)
	case t.query != nil:
		return t.query.eval(s)
	case t.isObject:
		return t.evalObject(s)
	case t.isArray:
		return t.evalArray(s)
	}
	return t.constant, nil
}

func (t *template) evalObject(s values) (any, error) {
	members := make([]value.Member, len(t.object))
	for i, m := range t.object {
		v, err := m.t.eval(s)
		if err != nil {
			return nil, err
		}
		members[i] = value.Member{Name: m.name, Value: v}
	}
	return value.NewObject(members...), nil
}

func (t *template) evalArray(s values) (any, error) {
	items := make([]any, len(t.array))
	for i, item := range t.array {
		v, err := item.eval(s)
		if err != nil {
			return nil, err
		}
		items[i] = v
	}
	return items, nil
}

func (t *template) isConstant() bool {
	return t.dynamic == nil && t.query == nil && !t.isObject && !t.isArray
}
