package asl

// succeed ends its program with its input.
type succeed struct{ leaf }

func loadSucceed(l *loader, s *state, f *fields) {
	s.work = succeed{}
	s.end = true
	s.inputOutput(f)
}

func (succeed) start(r *run, f *frame) {
	in, fail := r.input(f)
	if fail != nil {
		r.fail(f, fail)
		return
	}
	r.finish(f, in)
}
