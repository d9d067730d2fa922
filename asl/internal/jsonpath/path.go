// Package jsonpath is the path language of Step Functions: Jayway's JsonPath
// with three roots ($ the input, $$ the context object, $name a variable).
//
// A path is parsed once, when a definition is loaded, into a list of segments.
// A path is definite if it can only ever name one value: only names and single
// indices. A definite path that finds nothing is an error; any other path gives
// the list of all that it finds, and an empty list if that is nothing, whatever
// was missing on the way. (Recorded on AWS: $.item.items[*] of {} is [].)
//
// In all else Jayway is followed, by its code, since Step Functions hands its
// messages through: also where one would expect something else, as in slices with
// both ends given, deep scans before an index, and functions after a wildcard. Not
// followed are patterns that Go's regexp cannot match in linear time: lookaround
// and references back are refused.
package jsonpath

import (
	"errors"
	"fmt"
	"strings"

	"github.com/setmend/setmend/asl/internal/value"
)

// MaxLength bounds the text of a path, in bytes.
const MaxLength = 10_000

// maxSteps bounds the work of evaluating one path: a chain of deep scans
// multiplies, and so does one within a filter.
const maxSteps = 5_000_000

// A Scope is what a path is evaluated in.
type Scope interface {
	Input() any                       // $
	Context() any                     // $$
	Variable(name string) (any, bool) // $name
}

// Root is where a path starts.
type Root int

// The roots of a path.
const (
	Input    Root = iota // $
	Context              // $$
	Variable             // $name
)

// A Path is a compiled path. It is immutable.
type Path struct {
	text     string
	root     Root
	variable string
	segments []segment
	definite bool
	function *call // a trailing .length() and its like, or nil
}

// String is the path as it was written.
func (p *Path) String() string { return p.text }

// Root tells where the path starts, and the variable's name for [Variable].
func (p *Path) Root() (Root, string) { return p.root, p.variable }

// Definite tells whether the path names one value at most.
func (p *Path) Definite() bool { return p.definite }

// Whole tells whether the path is a root by itself.
func (p *Path) Whole() bool { return len(p.segments) == 0 && p.function == nil }

// Reference tells whether the path is a reference path, the kind that can also
// be written to: only names and indices.
func (p *Path) Reference() bool { return p.definite && p.function == nil && !p.merges() }

func (p *Path) merges() bool {
	for _, s := range p.segments {
		if _, union := s.(names); union {
			return true
		}
	}
	return false
}

// Names lists the member names from the root on, up to the first other segment.
func (p *Path) Names() []string {
	var list []string
	for _, s := range p.segments {
		n, ok := s.(name)
		if !ok {
			break
		}
		list = append(list, string(n))
	}
	return list
}

// A NotFoundError says that a path names nothing. Its text is Jayway's, which
// Step Functions hands through.
type NotFoundError struct {
	Path   string
	Detail string
}

func (e *NotFoundError) Error() string { return e.Detail }

// errMissing marks a lookup that found nothing, before it is put into words.
var errMissing = errors.New("no such value")

var errTooMany = fmt.Errorf("evaluating the path takes more than %d steps", maxSteps)

// Eval finds what the path names in scope.
func (p *Path) Eval(scope Scope) (any, error) {
	root, err := p.start(scope)
	if err != nil {
		return nil, err
	}
	if p.definite && p.function == nil {
		return p.single(root)
	}
	steps := 0
	return p.from(root, root, &steps)
}

// from finds what the path names from v on. root is for the paths within it.
func (p *Path) from(root, v any, steps *int) (any, error) {
	if p.definite {
		found, err := p.single(v)
		if err != nil || p.function == nil {
			return found, err
		}
		return p.function.on(root, found, steps)
	}
	found, err := p.several(root, v, steps)
	if err != nil || p.function == nil {
		return found, err
	}
	return p.called(root, found, steps)
}

// several follows an indefinite path from v.
func (p *Path) several(root, v any, steps *int) ([]any, error) {
	w := walker{root: root, found: []any{}, steps: steps}
	err := w.walk(p.segments, v)
	return w.found, err
}

// called applies the function of an indefinite path. Jayway calls it for each
// value that is found, except where the path begins with a deep scan: then it
// gets the list. So $..price.sum() is a number, $.books[*].length() a list.
func (p *Path) called(root any, found []any, steps *int) (any, error) {
	if _, ok := p.segments[0].(scan); ok {
		return p.function.on(root, found, steps)
	}
	results := make([]any, len(found))
	for i, v := range found {
		var err error
		if results[i], err = p.function.on(root, v, steps); err != nil {
			return nil, err
		}
	}
	return results, nil
}

func (p *Path) start(scope Scope) (any, error) {
	switch p.root {
	case Context:
		return scope.Context(), nil
	case Variable:
		if v, ok := scope.Variable(p.variable); ok {
			return v, nil
		}
		return nil, &NotFoundError{Path: p.text, Detail: fmt.Sprintf("The variable '$%s' is not defined", p.variable)}
	}
	return scope.Input(), nil
}

// single follows a definite path.
func (p *Path) single(v any) (any, error) {
	for i, s := range p.segments {
		next, err := s.(definite).get(v)
		if err != nil {
			return nil, p.missing(i, v)
		}
		v = next
	}
	return v, nil
}

// missing puts into words that segment i finds nothing in v.
func (p *Path) missing(i int, v any) error {
	e := &NotFoundError{Path: p.text}
	last := i == len(p.segments)-1
	_, isObject := v.(*value.Object)
	_, isArray := v.([]any)
	_, isIndex := p.segments[i].(index)
	switch {
	case isIndex && !isArray:
		e.Detail = fmt.Sprintf("Filter: %s can only be applied to arrays. Current context is: %s", p.segments[i], value.Encode(v))
	case isIndex:
		e.Detail = "Index out of bounds when evaluating path " + p.normal(i+1)
	case !isObject:
		e.Detail = fmt.Sprintf("Expected to find an object with property %s in path %s but found '%s'", p.segments[i], p.normal(i), value.TypeName(v))
	case last:
		e.Detail = "No results for path: " + p.normal(i+1)
	default:
		e.Detail = "Missing property in path " + p.normal(i+1)
	}
	return e
}

// normal writes the first n segments in bracket notation.
func (p *Path) normal(n int) string {
	var b strings.Builder
	b.WriteByte('$')
	for _, s := range p.segments[:n] {
		b.WriteString(s.String())
	}
	return b.String()
}

// A walker collects what an indefinite path finds.
type walker struct {
	root  any // for paths within filters that start at $
	found []any
	steps *int // so far, of the whole evaluation
}

func (w *walker) walk(segments []segment, v any) error {
	if err := w.step(); err != nil {
		return err
	}
	if len(segments) == 0 {
		w.found = append(w.found, v)
		return nil
	}
	return segments[0].each(w, v, func(v any) error { return w.walk(segments[1:], v) })
}

// step counts the work.
func (w *walker) step() error {
	if *w.steps++; *w.steps > maxSteps {
		return errTooMany
	}
	return nil
}
