package asl

import (
	"github.com/setmend/setmend/asl/internal/jsonpath"
)

// kinds in the order in which a mistyped one is looked for.
var kinds = []Kind{KindTask, KindPass, KindChoice, KindWait, KindSucceed, KindFail, KindParallel, KindMap}

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
	switch s.kind {
	case KindTask:
		loadTask(l, s, f)
	case KindPass:
		loadPass(l, s, f)
	case KindChoice:
		loadChoice(l, s, f)
	case KindWait:
		loadWait(l, s, f)
	case KindSucceed:
		loadSucceed(l, s, f)
	case KindFail:
		loadFail(l, s, f)
	case KindParallel:
		loadParallel(l, s, f)
	case KindMap:
		loadMap(l, s, f)
	default:
		if given {
			var names []string
			for _, k := range kinds {
				names = append(names, string(k))
			}
			l.suggest(f.at("Type"), nearest(string(s.kind), names), "unknown state type %q", s.kind)
		}
		return false
	}
	return true
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
