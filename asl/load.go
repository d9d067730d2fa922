package asl

import (
	"slices"
	"strings"

	"github.com/setmend/setmend/asl/internal/value"
)

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
