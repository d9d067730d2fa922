package asl

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/asl/internal/intrinsic"
	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/source"
	"github.com/setmend/setmend/asl/internal/value"
)

// MaxDefinition is the size limit of a definition on AWS, in bytes.
const MaxDefinition = 1 << 20

// maxNesting bounds how deep programs may stand within one another.
const maxNesting = 50

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

// A loader compiles one definition and collects what is wrong with it.
type loader struct {
	known     func(resource string) bool
	closed    bool // no substitution may be open
	problems  []Problem
	resources []Resource
	names     map[string]string // of all states so far, with their paths
	depth     int
	compared  int    // names, to find what a mistyped one may have meant
	state     string // being loaded, for Resources
	standard  bool   // the definition's QueryLanguage is JSONata
	jsonata   bool   // that of the state being loaded is
	text      *source.Document
}

func (l *loader) load(definition []byte) (*Machine, []Problem) {
	l.names = map[string]string{}
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

func (l *loader) problem(path, format string, args ...any) {
	l.suggest(path, "", format, args...)
}

// problemOnce reports a problem that two readers of a field may find.
func (l *loader) problemOnce(path, format string, args ...any) {
	p := Problem{Path: path, Message: fmt.Sprintf(format, args...)}
	if !slices.Contains(l.problems, p) {
		l.problems = append(l.problems, p)
	}
}

func (l *loader) suggest(path, suggestion, format string, args ...any) {
	l.problems = append(l.problems, Problem{Path: path, Message: fmt.Sprintf(format, args...), Suggestion: suggestion})
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

// queryLanguage reports whether f is written with JSONata. Where it is given, a
// definition of JSONata may not turn back to JSONPath.
func (l *loader) queryLanguage(f *fields, standard bool) (isJSONata bool) {
	language, ok := f.text("QueryLanguage")
	switch {
	case !ok:
		return standard
	case language == "JSONata":
		return true
	case language != "JSONPath":
		l.suggest(f.at("QueryLanguage"), nearest(language, []string{"JSONPath", "JSONata"}), "unknown query language %q", language)
	case standard:
		f.problem("QueryLanguage", "%s must not use JSONPath where the definition's QueryLanguage is JSONata", f.what)
	}
	return false
}

// program reads StartAt and States of f. more reads the other members that a
// program of this sort has.
func (l *loader) program(f *fields, more func()) *program {
	l.depth++
	defer func() { l.depth-- }()
	before := len(l.problems)
	p := &program{path: f.path, named: map[string]*state{}}
	p.comment = f.comment()
	if more != nil {
		more()
	}
	if l.depth > maxNesting {
		l.problem(f.path, "states nested more than %d deep", maxNesting)
		return p
	}
	l.states(f, p)
	l.connect(f, p)
	if len(l.problems) == before && !slices.ContainsFunc(p.states, func(s *state) bool { return s.end }) {
		f.problem("States", "no state ends the execution: one must be a Succeed or Fail state, or have End: true")
	}
	return p
}

func (l *loader) states(f *fields, p *program) {
	states := f.object("States", "States")
	if states == nil {
		if !f.has("States") {
			l.problem(f.path, "States is missing")
		}
		return
	}
	if states.o.Len() == 0 {
		f.problem("States", "States must not be empty")
	}
	for _, m := range states.o.Members() {
		path := states.at(m.Name)
		o, ok := m.Value.(*value.Object)
		if !ok {
			l.problem(path, "a state must be an object, not %s", article(value.TypeName(m.Value)))
			continue
		}
		l.nameOnce(m.Name, path)
		s := l.oneState(m.Name, &fields{l: l, path: path, o: o})
		s.in = p
		p.states = append(p.states, s)
		p.named[m.Name] = s
	}
}

// nameOnce checks a state's name: at most 80 characters, unique in the whole
// definition.
func (l *loader) nameOnce(name, path string) {
	if n := len([]rune(name)); n == 0 || n > 80 {
		l.problem(path, "a state's name must have 1 to 80 characters, not %d", n)
	}
	if first, again := l.names[name]; again {
		l.problem(path, "the name %q is taken by %s: names of states are unique in a definition", name, first)
		return
	}
	l.names[name] = path
}

// connect resolves the names of states and finds those that cannot be reached.
func (l *loader) connect(f *fields, p *program) {
	if len(p.states) == 0 {
		_, _ = f.text("StartAt")
		return
	}
	name, ok := f.text("StartAt")
	if !ok {
		if !f.has("StartAt") {
			l.problem(f.path, "StartAt is missing")
		}
		return
	}
	p.start = l.resolve(p, f.at("StartAt"), name)
	for _, s := range p.states {
		if s.nextName != "" {
			s.next = l.resolve(p, member(s.path, "Next"), s.nextName)
		}
		for _, t := range s.allTargets() {
			*t.to = l.resolve(p, t.path, t.name)
		}
	}
	l.reachable(p)
}

func (l *loader) resolve(p *program, path, name string) *state {
	if s := p.named[name]; s != nil {
		return s
	}
	if elsewhere, ok := l.names[name]; ok {
		l.problem(path, "the state %q is not at the same level: it stands at %s", name, elsewhere)
		return nil
	}
	l.suggest(path, l.nearestState(p, name), "there is no state %q", name)
	return nil
}

// maxCompared bounds the work of guessing: where thousands of targets are wrong
// among thousands of states, the later ones get no suggestion.
const maxCompared = 100_000

func (l *loader) nearestState(p *program, name string) string {
	if l.compared += len(p.states); l.compared > maxCompared {
		return ""
	}
	names := make([]string, len(p.states))
	for i, s := range p.states {
		names[i] = s.name
	}
	return nearest(name, names)
}

// allTargets are the states that s can go on to, besides Next.
func (s *state) allTargets() []target {
	var all []target
	if s.work != nil {
		all = s.work.targets()
	}
	for _, c := range s.catch {
		all = append(all, target{name: c.nextName, path: c.path + ".Next", label: "catch " + strings.Join(c.errors, ", "), to: &c.next})
	}
	return slices.DeleteFunc(all, func(t target) bool { return t.name == "" })
}

func (l *loader) reachable(p *program) {
	if p.start == nil {
		return
	}
	seen := map[*state]bool{p.start: true}
	todo := []*state{p.start}
	for len(todo) > 0 {
		s := todo[0]
		todo = todo[1:]
		after := []*state{s.next}
		for _, t := range s.allTargets() {
			after = append(after, *t.to)
		}
		for _, next := range after {
			if next != nil && !seen[next] {
				seen[next] = true
				todo = append(todo, next)
			}
		}
	}
	for _, s := range p.states {
		if !seen[s] {
			l.problem(s.path, "the state %q cannot be reached", s.name)
		}
	}
}

func (l *loader) path(at, text string) *jsonpath.Path {
	p, err := jsonpath.Parse(text)
	if err != nil {
		l.problem(at, "%q is not a path: %v", text, err)
		return nil
	}
	return p
}

func (l *loader) expression(at, field, text string) *expression {
	e, err := parseExpression(field, text)
	if err == nil {
		return e
	}
	var suggestion string
	if unknown, ok := err.(*intrinsic.UnknownError); ok {
		suggestion = nearest(unknown.Name, intrinsic.Names())
	}
	l.suggest(at, suggestion, "%q is neither a path nor an intrinsic function: %v", text, err)
	return nil
}

func (l *loader) query(at, location, text string) *query {
	q, err := parseQuery(location, text)
	if err != nil {
		l.problem(at, "%q is not a JSONata expression: %v", text, err)
		return nil
	}
	if q.e.Calls("eval") {
		l.problem(at, "Step Functions does not have the function $eval: $parse reads JSON")
	}
	return q
}

// template compiles a payload template that stands at location within its state.
// With JSONPath, members whose names end in .$ are evaluated; in an array only
// objects and arrays are looked into. With JSONata, texts in {% %} are evaluated
// wherever they are.
func (l *loader) template(at, location string, v any) *template {
	switch v := v.(type) {
	case *value.Object:
		return l.objectTemplate(at, location, v)
	case []any:
		t := &template{isArray: true}
		constant := true
		for i, item := range v {
			inner := l.template(element(at, i), element(location, i), item)
			constant = constant && inner.isConstant()
			t.array = append(t.array, inner)
		}
		if constant {
			return &template{constant: v}
		}
		return t
	case string:
		if l.jsonata && isQuery(v) {
			if q := l.query(at, location, v); q != nil {
				return &template{query: q}
			}
		}
	}
	return &template{constant: v}
}

func (l *loader) objectTemplate(at, location string, o *value.Object) *template {
	t := &template{isObject: true}
	constant := true
	for _, m := range o.Members() {
		tm := l.templateMember(member(at, m.Name), location+"/"+m.Name, m)
		constant = constant && tm.t.isConstant()
		t.object = append(t.object, tm)
	}
	if constant {
		return &template{constant: o}
	}
	return t
}

func (l *loader) templateMember(at, location string, m value.Member) templateMember {
	name, dynamic := strings.CutSuffix(m.Name, ".$")
	if !dynamic || l.jsonata {
		return templateMember{m.Name, l.template(at, location, m.Value)}
	}
	text, ok := m.Value.(string)
	if !ok {
		l.problem(at, "the value of a field whose name ends in .$ must be a path or an intrinsic function, not %s", article(value.TypeName(m.Value)))
		return templateMember{name, &template{}}
	}
	return templateMember{name, &template{dynamic: l.expression(at, m.Name, text)}}
}
