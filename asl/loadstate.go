package asl

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/value"
)

// oneState reads one state, each type in its own file.
func (l *loader) oneState(name string, f *fields) *state {
	s := &state{name: name, path: f.path}
	kind, ok := f.text("Type")
	if !ok && !f.has("Type") {
		l.problem(f.path, "Type is missing")
	}
	s.kind = Kind(kind)
	f.what = "a " + kind + " state"
	outer := l.state
	l.state = name
	defer func() { l.state = outer }()
	s.comment = f.comment()
	around := l.jsonata
	l.jsonata = l.stateLanguage(name, f)
	defer func() { l.jsonata = around }()
	s.jsonata = l.jsonata
	if l.byKind(s, f, ok) {
		f.close()
	}
	return s
}

// stateLanguage reads the language of a state. That of the state around it does
// not count.
func (l *loader) stateLanguage(name string, f *fields) (isJSONata bool) {
	what := f.what
	f.what = "the state \"" + name + "\""
	defer func() { f.what = what }()
	return l.queryLanguage(f, l.standard)
}

func (l *loader) byKind(s *state, f *fields, given bool) bool {
	s.entered, s.exited = EventType(string(s.kind)+"StateEntered"), EventType(string(s.kind)+"StateExited")
	if load := l.kinds[s.kind]; load != nil {
		load(l, s, f)
		return true
	}
	if given {
		var names []string
		for _, k := range kinds {
			names = append(names, string(k))
		}
		l.suggest(f.at("Type"), nearest(string(s.kind), names), "unknown state type %q", s.kind)
	}
	return false
}

// transition reads Next or End, of which there must be exactly one.
func (s *state) transition(f *fields) {
	next, hasNext := f.text("Next")
	end, hasEnd := f.boolean("End")
	s.nextName, s.end = next, end
	switch {
	case hasNext && hasEnd && end:
		f.l.problem(f.path, "a state must not have both Next and End")
	case !hasNext && !end:
		f.l.problem(f.path, "a state must have either Next or End: true")
	}
}

// inputOutput reads InputPath and OutputPath, or Output.
func (s *state) inputOutput(f *fields) {
	if s.jsonata {
		s.flow.outputs = f.template("Output")
		return
	}
	s.flow.input, s.flow.noInput = wholePath(f, "InputPath")
	s.flow.output, s.flow.noOutput = wholePath(f, "OutputPath")
}

// wholePath reads a path that may be null; "$" is no path at all.
func wholePath(f *fields, name string) (p *jsonpath.Path, null bool) {
	if v, ok := f.get(name); ok && v == nil {
		return nil, true
	}
	p = f.pathOnly(name)
	if p == nil {
		return nil, false
	}
	if root, _ := p.Root(); root == jsonpath.Input && p.Whole() {
		return nil, false
	}
	return p, false
}

// arguments reads what the state's work is given: Parameters, or Arguments.
func (s *state) arguments(f *fields) { s.flow.parameters = f.arguments() }

// arguments reads Parameters, or Arguments with JSONata.
func (f *fields) arguments() *template {
	if f.l.jsonata {
		return f.template("Arguments")
	}
	return f.template("Parameters")
}

// selector reads ResultSelector, which JSONata does not have.
func (s *state) selector(f *fields) {
	if !s.jsonata {
		s.flow.selector = f.template("ResultSelector")
	}
}

// resultPath reads ResultPath, which must be a place in the state's input. JSONata
// does not have it.
func (s *state) resultPath(f *fields) {
	if s.jsonata {
		return
	}
	s.flow.result, s.flow.noResult = wholePath(f, "ResultPath")
	p := s.flow.result
	if p == nil {
		return
	}
	root, _ := p.Root()
	if root != jsonpath.Input || !p.Reference() {
		f.problem("ResultPath", "ResultPath must be a reference path into the input, and %q is not", p)
	}
}

// assign reads Assign.
func assign(f *fields) *template {
	v, ok := f.get("Assign")
	if !ok {
		return nil
	}
	checkVariables(f, v)
	return f.l.template(f.at("Assign"), f.location("Assign"), v)
}

// reservedVariable is the variable that JSONata gives the state's data by.
const reservedVariable = "states"

// amount reads a number from least on, or what finds it.
func (f *fields) amount(name string, least int64) amount {
	a := amount{field: name}
	if f.l.jsonata {
		if a.query = f.queryOnly(name); a.query != nil {
			a.given = true
			return a
		}
		a.constant, a.given = f.integer(name, least)
		return a
	}
	f.onlyOne(name, name+"Path")
	a.constant, a.given = f.integer(name, least)
	if a.path = f.reference(name + "Path"); a.path != nil {
		a.given = true
	}
	return a
}

// integration reads a member that must be one of some integrations, and returns
// which.
func (f *fields) integration(name string, services ...string) (resource, bool) {
	text, ok := f.text(name)
	if !ok {
		if !f.has(name) {
			f.l.problem(f.path, "%s is missing", name)
		}
		return resource{}, false
	}
	r, _ := parseResource(text)
	for _, service := range services {
		if r.service == service || hasSubstitution(text) {
			return r, true
		}
	}
	arns := make([]string, len(services))
	for i, service := range services {
		arns[i] = "arn:aws:states:::" + service
	}
	f.l.suggest(f.at(name), nearest(text, arns), "%s must be one of %s, not %q", name, quoted(arns), text)
	return resource{}, false
}

// retryAndCatch reads Retry and Catch.
func (s *state) retryAndCatch(f *fields) {
	f.each("Retry", "a retrier", func(f *fields) { s.retry = append(s.retry, loadRetrier(f)) })
	f.each("Catch", "a catcher", func(f *fields) { s.catch = append(s.catch, loadCatcher(f)) })
	for i, t := range s.retry {
		checkAll(f, element(f.at("Retry"), i), t.errors, i == len(s.retry)-1)
	}
	for i, c := range s.catch {
		checkAll(f, element(f.at("Catch"), i), c.errors, i == len(s.catch)-1)
	}
}

// checkAll: States.ALL stands alone, and last.
func checkAll(f *fields, path string, errors []string, last bool) {
	if !slices.Contains(errors, errorAll) {
		return
	}
	if len(errors) > 1 {
		f.l.problem(path+".ErrorEquals", "States.ALL must stand alone")
	}
	if !last {
		f.l.problem(path+".ErrorEquals", "States.ALL must stand in the last entry")
	}
}

const (
	maxRetries   = 99_999_999
	longestDelay = 31_622_400 // of MaxDelaySeconds; it may be shorter than the interval
)

func loadRetrier(f *fields) *retrier {
	t := &retrier{interval: time.Second, attempts: 3, rate: 2}
	_ = f.comment()
	t.errors = f.strings("ErrorEquals")
	if n, ok := f.integer("IntervalSeconds", 1); ok {
		t.interval = seconds(n)
	}
	if n, ok := f.integer("MaxAttempts", 0); ok {
		if n > maxRetries {
			f.problem("MaxAttempts", "MaxAttempts must be at most %d, not %d", maxRetries, n)
		}
		t.attempts = int(min(n, maxRetries))
	}
	if rate, ok := f.number("BackoffRate"); ok {
		t.rate = rate.Float64()
		if !(t.rate >= 1) || math.IsInf(t.rate, 0) {
			f.problem("BackoffRate", "BackoffRate must be at least 1.0, not %s", rate)
		}
	}
	if n, ok := f.integer("MaxDelaySeconds", 1); ok {
		t.longest = seconds(n)
		if n > longestDelay {
			f.problem("MaxDelaySeconds", "MaxDelaySeconds must be at most %d, not %d", longestDelay, n)
		}
	}
	if strategy, ok := f.text("JitterStrategy"); ok {
		t.jitter = strategy == "FULL"
		if !slices.Contains([]string{"FULL", "NONE"}, strategy) {
			f.l.suggest(f.at("JitterStrategy"), nearest(strategy, []string{"FULL", "NONE"}), "JitterStrategy must be FULL or NONE, not %q", strategy)
		}
	}
	return t
}

func loadCatcher(f *fields) *catcher {
	c := &catcher{path: f.path}
	_ = f.comment()
	c.errors = f.strings("ErrorEquals")
	c.nextName, _ = f.text("Next")
	if !f.has("Next") {
		f.l.problem(f.path, "Next is missing")
	}
	c.assign = assign(f)
	if f.l.jsonata {
		c.outputs = f.template("Output")
		return c
	}
	c.result, c.noResult = wholePath(f, "ResultPath")
	if c.result != nil && !c.result.Reference() {
		f.problem("ResultPath", "ResultPath must be a reference path into the input, and %q is not", c.result)
	}
	return c
}

// argumentsName is the field that gives a task its input.
func argumentsName(l *loader) string {
	if l.jsonata {
		return "Arguments"
	}
	return "Parameters"
}

// checkVariables checks the names in an Assign.
func checkVariables(f *fields, v any) {
	o, ok := v.(*value.Object)
	if !ok {
		f.problem("Assign", "Assign must be an object, not %s", article(value.TypeName(v)))
		return
	}
	for _, m := range o.Members() {
		name := m.Name
		if !f.l.jsonata {
			name = trimDynamic(name)
		}
		at := member(f.at("Assign"), m.Name)
		switch {
		case !isVariableName(name):
			f.l.problem(at, "%q is not a name for a variable: a letter, then letters, digits and underscores, 80 at most", name)
		case name == reservedVariable:
			f.l.problem(at, "the name %q is reserved", name)
		}
	}
}

// trimDynamic is a template member's name without its ".$".
func trimDynamic(name string) string { return strings.TrimSuffix(name, ".$") }

func isVariableName(s string) bool {
	for i, r := range s {
		if !unicode.IsLetter(r) && (i == 0 || r != '_' && !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != "" && utf8.RuneCountInString(s) <= 80
}
