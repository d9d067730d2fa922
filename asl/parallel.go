package asl

// parallel runs its branches beside one another, each with the same input.
type parallel struct {
	branches []*program
}

func loadParallel(l *loader, s *state, f *fields) {
	w := &parallel{}
	s.work = w
	s.transition(f)
	s.inputOutput(f)
	s.arguments(f)
	s.selector(f)
	s.resultPath(f)
	s.flow.assign = assign(f)
	s.retryAndCatch(f)
	if items, ok := f.o.Get("Branches"); !ok {
		l.problem(f.path, "Branches is missing")
	} else if list, ok := items.([]any); ok && len(list) == 0 {
		f.problem("Branches", "Branches must not be empty")
	}
	f.each("Branches", "a branch", func(f *fields) { w.branches = append(w.branches, l.program(f, nil)) })
}

func (*parallel) targets() []target      { return nil }
func (w *parallel) programs() []*program { return w.branches }

func (w *parallel) start(r *run, f *frame) {
	in, fail := r.arguments(f)
	if fail != nil {
		r.fail(f, fail)
		return
	}
	r.emit(f, &record{op: opBranches, Type: ParallelStateStarted, Name: f.state.name, Child: r.lastFrame + 1, data: in})
	for _, child := range f.family.inOrder() {
		r.enqueue(child)
	}
}

// spread has nothing to do: all branches begin together.
func (*parallel) spread(*run, *frame) {}

func (*parallel) resume(r *run, f *frame) {
	for _, child := range f.family.inOrder() {
		r.resume(child)
	}
}

func (w *parallel) childDone(r *run, f, _ *frame) {
	if len(f.family.running) > 0 {
		return
	}
	result := join(f.family.results)
	r.emit(f, &record{op: opDisband, Type: ParallelStateSucceeded, Name: f.state.name, Previous: f.family.last})
	r.finish(f, result)
}

func (w *parallel) childFailed(r *run, f, child *frame, fail *failure) {
	f.previous = child.previous
	r.giveUp(f, child)
	r.fail(f, fail)
}

// giveUp ends all of the family of f but except, and says so in the history.
func (r *run) giveUp(f, except *frame) {
	for _, child := range f.family.inOrder() {
		if child != except && child.exec == f.exec {
			r.abortStates(child)
		}
		r.drop(child)
	}
}

// abortStates tells of the states that f and its family are in.
func (r *run) abortStates(f *frame) {
	if f.family != nil {
		for _, child := range f.family.inOrder() {
			if child.exec == f.exec {
				r.abortStates(child)
			}
		}
	}
	if f.phase == phaseNext || f.phase == phaseDone {
		return
	}
	switch f.state.kind {
	case KindTask, KindWait, KindParallel, KindMap:
		r.emit(f, &record{Type: EventType(f.state.kind + "StateAborted"), Name: f.state.name})
	}
}
