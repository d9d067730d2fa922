package asl

// failing ends its program with an error. A Fail state may give neither error nor
// cause.
type failing struct {
	leaf
	name, cause failText
}

// failText is the error or the cause: a text, or what finds it.
type failText struct {
	constant string
	path     *expression
	query    *query
}

func loadFail(l *loader, s *state, f *fields) {
	s.work = &failing{name: f.failText("Error"), cause: f.failText("Cause")}
	s.end = true
}

func (f *fields) failText(name string) (t failText) {
	t.constant, t.query = f.textOrQuery(name)
	if !f.l.jsonata {
		f.onlyOne(name, name+"Path")
		t.path = f.expression(name + "Path")
	}
	return t
}

func (w *failing) start(r *run, f *frame) {
	name, fail := w.name.eval(r, f)
	if fail == nil {
		var cause string
		if cause, fail = w.cause.eval(r, f); fail == nil {
			r.failFrame(f, &failure{name: name, cause: cause})
			return
		}
	}
	r.fail(f, fail)
}

func (t *failText) eval(r *run, f *frame) (string, *failure) {
	if t.query != nil {
		v, err := t.query.expect(r.scope(f, nil), "string")
		if err != nil {
			return "", f.broken(err)
		}
		s, _ := v.(string)
		return s, nil
	}
	if t.path == nil {
		return t.constant, nil
	}
	v, err := t.path.eval(r.scope(f, f.input.v))
	if err != nil {
		return "", f.runtime("%v", err)
	}
	s, ok := v.(string)
	if !ok {
		return "", f.runtime("The %s field refers to a value that is not a string: %s", t.path.field, newData(v).json())
	}
	return s, nil
}
