package asl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/setmend/setmend/asl/internal/intrinsic"
	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/source"
	"github.com/setmend/setmend/asl/internal/value"
)

// maxNesting bounds how deep programs may stand within one another.
const maxNesting = 50

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
	kinds     map[Kind]stateLoader
}

// A stateLoader reads the fields of one type of state.
type stateLoader func(l *loader, s *state, f *fields)

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

// fields reads the members of one object of a definition. It remembers every
// name it was asked for: what is left over in the end does not belong, and what
// was asked for is what a mistyped name may have meant.
type fields struct {
	l     *loader
	path  string
	o     *value.Object
	what  string // for messages: "a Pass state"
	where string // within the state, before a field's name: Catch[0]/
	asked []string
}

func (f *fields) at(name string) string { return member(f.path, name) }

// location names a field within its state as AWS does.
func (f *fields) location(name string) string { return f.where + name }

func (f *fields) problem(name, format string, args ...any) {
	f.l.problem(f.at(name), format, args...)
}

func (f *fields) get(name string) (any, bool) {
	f.asked = append(f.asked, name)
	return f.o.Get(name)
}

func (f *fields) has(name string) bool {
	_, ok := f.o.Get(name)
	return ok
}

// optional reads a member that must be a T, if it is there.
func optional[T any](f *fields, name, kind string) (T, bool) {
	v, ok := f.get(name)
	t, is := v.(T)
	if ok && !is && !f.l.text.IsOpen(f.at(name)) {
		f.problem(name, "%s must be %s, not %s", name, kind, article(value.TypeName(v)))
	}
	return t, ok && is
}

func article(name string) string {
	if strings.IndexByte("aeiou", name[0]) >= 0 {
		return "an " + name
	}
	return "a " + name
}

func (f *fields) text(name string) (string, bool) { return optional[string](f, name, "a string") }

func (f *fields) boolean(name string) (bool, bool) { return optional[bool](f, name, "a boolean") }

func (f *fields) list(name string) ([]any, bool) { return optional[[]any](f, name, "an array") }

func (f *fields) number(name string) (value.Number, bool) {
	return optional[value.Number](f, name, "a number")
}

// object reads a member that is an object, ready to read from.
func (f *fields) object(name, what string) *fields {
	o, ok := optional[*value.Object](f, name, "an object")
	if !ok {
		return nil
	}
	return &fields{l: f.l, path: f.at(name), o: o, what: what, where: f.location(name) + "/"}
}

// integer reads an integer from least on.
func (f *fields) integer(name string, least int64) (int64, bool) {
	n, ok := f.number(name)
	if !ok {
		return 0, false
	}
	i, whole := n.Int64()
	if !whole {
		f.problem(name, "%s must be an integer, not %s", name, n)
		return 0, false
	}
	if i < least {
		f.problem(name, "%s must be at least %d, not %d", name, least, i)
		return 0, false
	}
	return i, true
}

// expression reads a member that is a path or an intrinsic function.
func (f *fields) expression(name string) *expression {
	text, ok := f.text(name)
	if !ok {
		return nil
	}
	return f.l.expression(f.at(name), name, text)
}

// pathOnly reads a member that is a path.
func (f *fields) pathOnly(name string) *jsonpath.Path {
	text, ok := f.text(name)
	if !ok {
		return nil
	}
	return f.l.path(f.at(name), text)
}

// reference reads a member that must name one value.
func (f *fields) reference(name string) *jsonpath.Path {
	p := f.pathOnly(name)
	if p != nil && !p.Reference() {
		f.problem(name, "%s must be a reference path, one that names a single value; %q can name several", name, p)
		return nil
	}
	return p
}

// template reads a member that is a payload template.
func (f *fields) template(name string) *template {
	v, ok := f.get(name)
	if !ok {
		return nil
	}
	return f.l.template(f.at(name), f.location(name), v)
}

// queryOnly reads a member that is a query; nil if it is anything else.
func (f *fields) queryOnly(name string) *query {
	v, _ := f.o.Get(name)
	text, ok := v.(string)
	if !ok || !f.l.jsonata || !isQuery(text) {
		return nil
	}
	f.asked = append(f.asked, name)
	return f.l.query(f.at(name), f.location(name), text)
}

// textOrQuery reads a member that is a text or a query.
func (f *fields) textOrQuery(name string) (string, *query) {
	if q := f.queryOnly(name); q != nil {
		return "", q
	}
	text, _ := f.text(name)
	return text, nil
}

// onlyOne reports when several of names are there, and tells whether any is.
func (f *fields) onlyOne(names ...string) bool {
	var there []string
	for _, n := range names {
		if f.has(n) {
			there = append(there, n)
		}
	}
	if len(there) > 1 {
		f.l.problemOnce(f.path, "only one of %s may be given", strings.Join(there, ", "))
	}
	return len(there) > 0
}

// Fields that belong to one query language alone.
var (
	jsonataFields  = []string{"Arguments", "Output", "Items", "Condition"}
	jsonpathFields = []string{
		"InputPath", "OutputPath", "ResultPath", "Parameters", "ResultSelector", "ItemsPath", "Result", "Variable", "And", "Or", "Not",
		"SecondsPath", "TimestampPath", "TimeoutSecondsPath", "HeartbeatSecondsPath", "ErrorPath", "CausePath", "MaxConcurrencyPath",
		"ToleratedFailureCountPath", "ToleratedFailurePercentagePath", "MaxItemsPath", "MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath",
	}
)

// close reports the members that were not asked for. A comment may be anywhere.
func (f *fields) close() {
	for _, m := range f.o.Members() {
		switch {
		case slices.Contains(f.asked, m.Name), m.Name == "Comment":
		case f.l.jsonata && slices.Contains(jsonpathFields, m.Name):
			f.problem(m.Name, "%s belongs to the query language JSONPath, and %s uses JSONata", m.Name, f.what)
		case !f.l.jsonata && slices.Contains(jsonataFields, m.Name):
			f.problem(m.Name, "%s belongs to the query language JSONata, and %s uses JSONPath: set QueryLanguage to JSONata", m.Name, f.what)
		default:
			f.l.suggest(f.at(m.Name), nearest(m.Name, f.asked), "%q does not belong in %s", m.Name, f.what)
		}
	}
}

// strings reads a non-empty array of strings.
func (f *fields) strings(name string) []string {
	items, ok := f.list(name)
	if !ok {
		if !f.has(name) {
			f.l.problem(f.path, "%s is missing", name)
		}
		return nil
	}
	if len(items) == 0 {
		f.problem(name, "%s must not be empty", name)
	}
	var texts []string
	for i, item := range items {
		s, ok := item.(string)
		if !ok {
			f.l.problem(element(f.at(name), i), "must be a string, not %s", article(value.TypeName(item)))
			continue
		}
		texts = append(texts, s)
	}
	return texts
}

// each reads an array of objects.
func (f *fields) each(name, what string, read func(*fields)) {
	items, _ := f.list(name)
	for i, item := range items {
		path := element(f.at(name), i)
		o, ok := item.(*value.Object)
		if !ok {
			f.l.problem(path, "must be an object, not %s", article(value.TypeName(item)))
			continue
		}
		inner := &fields{l: f.l, path: path, o: o, what: what, where: element(f.location(name), i) + "/"}
		read(inner)
		inner.close()
	}
}

// comment reads the member that every object may have.
func (f *fields) comment() string {
	s, _ := f.text("Comment")
	return s
}

func quoted(names []string) string {
	list := make([]string, len(names))
	for i, n := range names {
		list[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(list, ", ")
}

// oneOf reads a text that must be one of choices.
func (f *fields) oneOf(name string, choices ...string) string {
	text, ok := f.text(name)
	if !f.has(name) {
		f.l.problem(f.path, "%s is missing", name)
	}
	if ok && !slices.Contains(choices, text) {
		f.l.suggest(f.at(name), nearest(text, choices), "%s must be one of %s, not %q", name, quoted(choices), text)
	}
	return text
}
