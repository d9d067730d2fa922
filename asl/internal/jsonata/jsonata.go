// Package jsonata evaluates JSONata expressions as Step Functions does.
//
// The official engine decides: it parses every expression, and evaluates what
// nothing else here does (engine.go, guard.js). Most expressions in definitions
// are plain: paths, literals, operators, conditions, constructors and common
// functions. Their syntax tree is compiled (compile.go) and evaluated in Go
// (eval.go, functions.go), with the same results. Wherever an evaluation in Go
// meets what it does not do, or an error, it gives up, and the engine evaluates
// the expression: so an error always has the engine's own words.
//
// An evaluation reaches nothing but the variables it is given, and is bounded in
// time, memory and depth.
package jsonata

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/setmend/setmend/asl/internal/value"
)

// A Host is what an evaluation takes from the execution around it.
type Host interface {
	// Variable returns the value of a variable, by its name without $.
	Variable(name string) (any, bool)
	// Random returns the generator that random values and UUIDs are drawn from.
	Random() *rand.Rand
	// Now returns the time of the evaluation.
	Now() time.Time
}

// ErrUndefined is the error of an evaluation that returns nothing.
var ErrUndefined = errors.New("returned nothing (undefined)")

// ErrUnsupported is the error of an evaluation whose result is no JSON, such as
// a function.
var ErrUnsupported = errors.New("returned an unsupported result type")

// An Error is an error of JSONata.
type Error struct {
	Code     string // such as T1006; "" for one of the bounds
	Message  string
	Position int // in the expression, for a syntax error
}

func (e *Error) Error() string {
	if e.Code == "" {
		return e.Message
	}
	return e.Code + ": " + e.Message
}

// An Expression is compiled and may be evaluated by many goroutines at once.
type Expression struct {
	source    string
	variables []string        // that it mentions, without those it sets itself
	states    map[string]bool // members of $states that it mentions; nil: any
	plain     node            // nil: the engine evaluates it
}

// parsed are the expressions that were parsed lately, by their source.
var parsed = struct {
	sync.Mutex
	by map[string]*Expression
}{by: map[string]*Expression{}}

// maxKept is how many expressions parsed keeps.
const maxKept = 5_000

// Parse compiles an expression. The error is an *[Error].
func Parse(source string) (*Expression, error) {
	parsed.Lock()
	e := parsed.by[source]
	parsed.Unlock()
	if e != nil {
		return e, nil
	}
	e, err := parse(source)
	if err != nil {
		return nil, err
	}
	parsed.Lock()
	defer parsed.Unlock()
	if len(parsed.by) >= maxKept {
		clear(parsed.by)
	}
	parsed.by[source] = e
	return e, nil
}

func parse(source string) (*Expression, error) {
	r := do(task{source: source})
	if r.err != nil {
		return nil, &Error{Message: r.err.Error()}
	}
	if r.status != "value" {
		return nil, r.error()
	}
	tree, err := value.DecodeString(r.text)
	if err != nil {
		return nil, &Error{Message: fmt.Sprintf("reading the syntax tree: %v", err)}
	}
	e := &Expression{source: source}
	e.variables, e.states = mentions(tree)
	e.plain = compile(tree)
	return e, nil
}

// String returns the expression's source.
func (e *Expression) String() string { return e.source }

// Plain reports whether the expression is evaluated in Go, as far as that goes.
func (e *Expression) Plain() bool { return e.plain != nil }

// Needs reports whether the expression may look at a member of $states.
func (e *Expression) Needs(member string) bool { return e.states == nil || e.states[member] }

// Calls reports whether the expression mentions a variable or function.
func (e *Expression) Calls(name string) bool {
	for _, v := range e.variables {
		if v == name {
			return true
		}
	}
	return false
}

// Eval evaluates the expression. It fails with [ErrUndefined], [ErrUnsupported]
// or an *[Error].
func (e *Expression) Eval(host Host) (any, error) {
	if e.plain != nil {
		if v, ok := evalPlain(e.plain, host); ok {
			if v == undefined {
				return nil, ErrUndefined
			}
			return v, nil
		}
	}
	return e.evalOfficial(host)
}

// evalOfficial has the engine evaluate the expression.
func (e *Expression) evalOfficial(host Host) (any, error) {
	t := task{evaluate: true, source: e.source, host: host, now: host.Now()}
	for _, name := range e.variables {
		if v, ok := host.Variable(name); ok {
			t.names = append(t.names, name)
			t.texts = append(t.texts, string(value.Encode(v)))
		}
	}
	r := do(t)
	switch {
	case r.err != nil:
		return nil, &Error{Message: r.err.Error()}
	case r.status == "value":
		return value.DecodeString(r.text)
	case r.status == "undefined":
		return nil, ErrUndefined
	case r.status == "unsupported":
		return nil, ErrUnsupported
	}
	return nil, r.error()
}

func (r *reply) error() error {
	code := r.code
	if code == codeLimit {
		code = ""
	}
	return &Error{Code: code, Message: r.message, Position: r.position}
}
