package asl

import (
	"github.com/setmend/setmend/asl/internal/value"
)

// choice goes on with the first rule that holds, else with Default.
type choice struct {
	rules        []*rule
	fallback     *state
	fallbackName string
	path         string
}

// A rule is one entry of Choices.
type rule struct {
	path     string
	when     condition
	next     *state
	nextName string
	assign   *template
	outputs  *template // Output, with JSONata
	label    string
}

func loadChoice(l *loader, s *state, f *fields) {
	w := &choice{path: f.path}
	s.work = w
	s.inputOutput(f)
	s.flow.assign = assign(f)
	w.fallbackName, _ = f.text("Default")
	if !f.has("Choices") {
		l.problem(f.path, "Choices is missing")
	}
	f.each("Choices", "a choice rule", func(f *fields) { w.rules = append(w.rules, loadRule(l, f)) })
	if items, ok := f.o.Get("Choices"); ok && value.Equal(items, []any{}) {
		f.problem("Choices", "Choices must not be empty")
	}
}

func loadRule(l *loader, f *fields) *rule {
	ru := &rule{path: f.path}
	_ = f.comment()
	ru.nextName, _ = f.text("Next")
	if !f.has("Next") {
		l.problem(f.path, "Next is missing")
	}
	ru.assign = assign(f)
	if l.jsonata {
		ru.outputs = f.template("Output")
		ru.when, ru.label = l.queried(f)
		return ru
	}
	ru.when = l.condition(f, 0)
	ru.label = describeCondition(f.o)
	return ru
}

func (w *choice) targets() []target {
	var list []target
	for _, ru := range w.rules {
		list = append(list, target{name: ru.nextName, path: ru.path + ".Next", label: ru.label, to: &ru.next})
	}
	return append(list, target{name: w.fallbackName, path: w.path + ".Default", label: "default", to: &w.fallback})
}

func (*choice) programs() []*program { return nil }

func (w *choice) start(r *run, f *frame) {
	in, fail := r.input(f)
	if fail == nil {
		fail = w.choose(r, f, in)
	}
	if fail != nil {
		r.fail(f, fail)
	}
}

func (w *choice) choose(r *run, f *frame, in *data) *failure {
	for _, ru := range w.rules {
		holds, err := ru.when.holds(r.scope(f, in.v))
		if err != nil {
			return f.broken(err)
		}
		if holds {
			return w.goTo(r, f, in, ru.next, ru.assign, ru.outputs)
		}
	}
	if w.fallback == nil {
		return f.runtime("%s", causeNoChoice)
	}
	return w.goTo(r, f, in, w.fallback, f.state.flow.assign, f.state.flow.outputs)
}

func (w *choice) goTo(r *run, f *frame, in *data, next *state, assign, outputs *template) *failure {
	if f.state.jsonata {
		return r.conclude(f, r.scope(f, nil), in, assign, outputs, next)
	}
	assigned, fail := r.assigned(f, assign, r.scope(f, in.v))
	if fail != nil {
		return fail
	}
	output, fail := r.wholePath(f, in, f.state.flow.output, f.state.flow.noOutput)
	if fail != nil {
		return fail
	}
	return r.leave(f, output, assigned, next)
}
