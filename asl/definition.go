package asl

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/setmend/setmend/asl/internal/source"
	"github.com/setmend/setmend/asl/internal/value"
)

// Parse loads and checks a definition. The error is a *[DefinitionError] with all
// that is wrong.
//
// A definition is JSON or YAML. Substitutions such as ${Name} are text; one that
// stands without quotes must have been replaced (see [Substitute]).
func Parse(definition []byte) (*Machine, error) {
	l := &loader{closed: true}
	m, problems := l.load(definition)
	if len(problems) > 0 {
		return nil, &DefinitionError{problems}
	}
	return m, nil
}

// Validate lists everything that is wrong with a definition. known tells
// whether there is something to call behind a Resource; nil means that
// everything is known.
func Validate(definition []byte, known func(resource string) bool) []Problem {
	l := &loader{known: known}
	_, problems := l.load(definition)
	return problems
}

// stateLoaders are the state types.
var stateLoaders = map[Kind]stateLoader{
	KindTask: loadTask, KindPass: loadPass, KindChoice: loadChoice, KindWait: loadWait,
	KindSucceed: loadSucceed, KindFail: loadFail, KindParallel: loadParallel, KindMap: loadMap,
}

// Substitute puts values in the place of substitutions: of ${Name}, that of Name.
// Those that values does not name stay.
func Substitute(definition []byte, values map[string]string) []byte {
	return source.Substitute(definition, values)
}

// JSON returns a definition as JSON, whatever it is written in. It fails for what
// is neither JSON nor YAML.
func JSON(definition []byte) ([]byte, error) {
	d, err := source.Read(definition)
	if err != nil {
		return nil, fmt.Errorf("reading the definition: %w", err)
	}
	return d.JSON, nil
}

func (l *loader) load(definition []byte) (*Machine, []Problem) {
	l.names, l.kinds = map[string]string{}, stateLoaders
	if len(definition) > MaxDefinition {
		l.problem("$", "the definition is larger than %d bytes", MaxDefinition)
		return nil, l.problems
	}
	var err error
	if l.text, err = source.Read(definition); err != nil {
		l.problems = append(l.problems, unreadable(err))
		return nil, l.problems
	}
	o, ok := l.text.Value.(*value.Object)
	if !ok {
		l.problem("$", "must be an object, not %s", article(value.TypeName(l.text.Value)))
		return nil, l.problems
	}
	m := l.machine(&fields{l: l, path: "$", o: o, what: "a state machine"})
	if l.closed {
		for _, open := range l.text.Open {
			l.problem(open.Path, "the substitution ${%s} has no value", open.Name)
		}
	}
	for _, twice := range l.text.Duplicates {
		l.problem(twice.Path, "%q is there twice", twice.Name)
	}
	m.definition = append([]byte(nil), l.text.JSON...)
	m.compact = compact(m.definition)
	m.hash = hashOf(m.compact)
	for i := range l.problems {
		l.problems[i].Line = l.text.Line(l.problems[i].Path)
	}
	return m, l.problems
}

// unreadable is the problem of a text that is no definition.
func unreadable(err error) Problem {
	p := Problem{Path: "$", Message: err.Error()}
	if syntax, ok := errors.AsType[*source.SyntaxError](err); ok {
		p.Message, p.Line = syntax.Message, syntax.Line
	}
	return p
}

func (l *loader) machine(f *fields) *Machine {
	m := &Machine{comment: f.comment()}
	if version, ok := f.text("Version"); ok && version != "1.0" {
		f.problem("Version", "Version must be \"1.0\", not %q", version)
	}
	if seconds, ok := f.integer("TimeoutSeconds", 1); ok {
		m.timeout = time.Duration(min(seconds, maxSeconds)) * time.Second
	}
	l.standard = l.queryLanguage(f, false)
	m.root = l.program(f, nil)
	f.close()
	m.resources = l.resources
	return m
}

// compact takes the blanks out of a definition, so that a record is one line.
func compact(definition []byte) []byte {
	var b bytes.Buffer
	if json.Compact(&b, definition) != nil {
		return definition
	}
	return b.Bytes()
}

// MaxDefinition is the size limit of a definition on AWS, in bytes.
const MaxDefinition = 1 << 20
