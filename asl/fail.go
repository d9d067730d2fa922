package asl

// failing ends its program with an error. A Fail state may give neither error nor
// cause.
type failing struct {
	leaf
	name, cause         string
	namePath, causePath *expression
}

func loadFail(l *loader, s *state, f *fields) {
	w := &failing{}
	s.work = w
	s.end = true
	f.onlyOne("Error", "ErrorPath")
	f.onlyOne("Cause", "CausePath")
	w.name, _ = f.text("Error")
	w.cause, _ = f.text("Cause")
	w.namePath = f.expression("ErrorPath")
	w.causePath = f.expression("CausePath")
}

func (w *failing) start(r *run, f *frame) {
	name, fail := w.text(r, f, w.name, w.namePath)
	if fail == nil {
		var cause string
		if cause, fail = w.text(r, f, w.cause, w.causePath); fail == nil {
			fail = &failure{name: name, cause: cause}
		}
	}
	r.failFrame(f, fail)
}

func (w *failing) text(r *run, f *frame, constant string, e *expression) (string, *failure) {
	if e == nil {
		return constant, nil
	}
	v, err := e.eval(r.scope(f, f.input.v))
	if err != nil {
		return "", f.runtime("%v", err)
	}
	s, ok := v.(string)
	if !ok {
		return "", f.runtime("The %s field refers to a value that is not a string: %s", e.field, newData(v).json())
	}
	return s, nil
}
