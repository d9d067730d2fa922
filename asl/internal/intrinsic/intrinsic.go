// Package intrinsic is the 18 intrinsic functions of the States Language.
//
// An expression such as States.Format('{} of {}', $.done, States.ArrayLength($.all))
// is parsed once, when a definition is loaded: names, numbers of arguments and
// nesting are checked then. What depends on the arguments' values fails when it
// is evaluated; on Step Functions that ends the execution with States.Runtime.
package intrinsic

import (
	"fmt"
	"math/rand/v2"

	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/value"
)

// MaxNesting is how many calls may stand within one another on AWS.
const MaxNesting = 10

// MaxLength bounds the text of an expression, in bytes.
const MaxLength = 10_000

// A Scope is what an expression is evaluated in.
type Scope interface {
	jsonpath.Scope
	Random() *rand.Rand // for MathRandom without a seed, and UUID
}

// An Error says which call failed, and why.
type Error struct {
	Call   string // the call as written
	Reason string
}

func (e *Error) Error() string {
	return fmt.Sprintf("The function '%s' had the following error: %s", e.Call, e.Reason)
}

// A Call is a compiled function call. It is immutable.
type Call struct {
	text      string
	function  *function
	arguments []argument
}

// String is the call as it was written.
func (c *Call) String() string { return c.text }

// Eval calls the function.
func (c *Call) Eval(scope Scope) (any, error) {
	values := make([]any, len(c.arguments))
	for i, a := range c.arguments {
		v, err := a.eval(scope)
		if err != nil {
			return nil, c.wrap(err)
		}
		values[i] = v
	}
	result, err := c.function.apply(scope, values)
	if err != nil {
		return nil, c.wrap(err)
	}
	return result, nil
}

func (c *Call) wrap(err error) error {
	if missing, ok := err.(*jsonpath.NotFoundError); ok {
		return &Error{c.text, fmt.Sprintf("The JsonPath argument for the field '%s' could not be found in the input", missing.Path)}
	}
	if inner, ok := err.(*Error); ok {
		return inner
	}
	return &Error{c.text, err.Error()}
}

// An argument is a literal, a path or a call.
type argument interface {
	eval(Scope) (any, error)
}

func (c *Call) eval(scope Scope) (any, error) { return c.Eval(scope) }

type pathArgument struct{ path *jsonpath.Path }

func (a pathArgument) eval(scope Scope) (any, error) { return a.path.Eval(scope) }

type literal struct{ v any }

func (a literal) eval(Scope) (any, error) { return a.v, nil }

// text is a string literal. States.Format needs it as written, to tell {} from
// \{\}; every other function gets it without the backslashes.
type text struct {
	written string
	plain   string
	open    bool // a backslash stands before a character that needs none
}

func (a text) eval(Scope) (any, error) { return a.plain, a.fault() }

// fault: an open escape is an error, but one of the execution ("If an open escape
// backslash is found in the intrinsic invocation string, the interpreter will
// throw a runtime error", the developer guide), so the definition is loaded.
func (a text) fault() error {
	if a.open {
		return refuse("The text '%s' has a backslash that escapes none of ' { } \\", a.written)
	}
	return nil
}

// template is a string literal that is the first argument of States.Format.
type template struct{ text }

func (a template) eval(Scope) (any, error) { return a.written, a.fault() }

// A function has a name, a number of arguments and what it does. most < 0 means
// any number.
type function struct {
	name        string
	least, most int
	apply       func(scope Scope, args []any) (any, error)
}

func pure(f func(args []any) (any, error)) func(Scope, []any) (any, error) {
	return func(_ Scope, args []any) (any, error) { return f(args) }
}

// functions is the table of all there are.
func functions() []function {
	return []function{
		{"States.Array", 0, -1, pure(array)},
		{"States.ArrayContains", 2, 2, pure(arrayContains)},
		{"States.ArrayGetItem", 2, 2, pure(arrayGetItem)},
		{"States.ArrayLength", 1, 1, pure(arrayLength)},
		{"States.ArrayPartition", 2, 2, pure(arrayPartition)},
		{"States.ArrayRange", 3, 3, pure(arrayRange)},
		{"States.ArrayUnique", 1, 1, pure(arrayUnique)},
		{"States.Base64Decode", 1, 1, pure(base64Decode)},
		{"States.Base64Encode", 1, 1, pure(base64Encode)},
		{"States.Format", 1, -1, pure(format)},
		{"States.Hash", 2, 2, pure(hash)},
		{"States.JsonMerge", 3, 3, pure(jsonMerge)},
		{"States.JsonToString", 1, 1, pure(jsonToString)},
		{"States.MathAdd", 2, 2, pure(mathAdd)},
		{"States.MathRandom", 2, 3, mathRandom},
		{"States.StringSplit", 2, 2, pure(stringSplit)},
		{"States.StringToJson", 1, 1, pure(stringToJSON)},
		{"States.UUID", 0, 0, uuid},
	}
}

// Names lists the functions, sorted.
func Names() []string {
	var names []string
	for _, f := range functions() {
		names = append(names, f.name)
	}
	return names
}

func named(name string) *function {
	for _, f := range functions() {
		if f.name == name {
			return &f
		}
	}
	return nil
}

// refuse makes the reason for an [Error]: a sentence, since it is shown after a
// colon in the words of Step Functions.
func refuse(format string, args ...any) error { return fmt.Errorf(format, args...) }

// an adapts a type name to "a string", "an array".
func an(v any) string {
	name := value.TypeName(v)
	switch name[0] {
	case 'a', 'o', 'u':
		return "an " + name
	}
	return "a " + name
}
