package asl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/value"
)

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

func (f *fields) text(name string) (string, bool)  { return optional[string](f, name, "a string") }
func (f *fields) boolean(name string) (bool, bool) { return optional[bool](f, name, "a boolean") }
func (f *fields) list(name string) ([]any, bool)   { return optional[[]any](f, name, "an array") }
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
