package asl

// pass hands its input on, or makes something of it.
type pass struct {
	leaf
	result *data // nil: the input, after Parameters
}

func loadPass(l *loader, s *state, f *fields) {
	w := &pass{}
	s.work = w
	s.transition(f)
	s.inputOutput(f)
	s.flow.assign = assign(f)
	if s.jsonata {
		return
	}
	s.arguments(f)
	s.resultPath(f)
	if v, ok := f.get("Result"); ok {
		w.result = newData(v)
		w.result.json()
	}
}

func (w *pass) start(r *run, f *frame) {
	result, fail := r.arguments(f)
	if fail != nil {
		r.fail(f, fail)
		return
	}
	if w.result != nil {
		result = w.result
	}
	r.finish(f, result)
}
