package asl

// noEvent is the predecessor of a record that has none.
const noEvent = -1

// emit gives a record its place in the history, adds it to the batch and applies
// it to f.
func (r *run) emit(f *frame, rec *record) {
	exec := f.exec
	rec.Exec, rec.Frame, rec.At = exec.index, f.id, r.now()
	if !rec.Type.private() {
		exec.lastID++
		rec.ID = exec.lastID
		switch rec.Previous {
		case 0:
			rec.Previous = f.previous
		case noEvent:
			rec.Previous = 0
		}
	}
	if rec.data != nil {
		rec.Text = rec.data.json()
	}
	r.write(rec)
	r.apply(f, rec)
	r.hear(rec)
}

// write adds a record to the batch, which is an array of records.
func (r *run) write(rec *record) {
	between := byte(',')
	if len(r.batch) == 0 {
		between, r.last = '[', sequence{}
	}
	r.batch = rec.append(append(r.batch, between), &r.last)
}

// apply changes the state of f and its execution as rec says. It is the only
// code that does, on the way forward as in recovery.
func (r *run) apply(f *frame, rec *record) {
	switch {
	case rec.Type == ParallelStateSucceeded, rec.Type == MapStateSucceeded:
		f.previous = rec.Previous // recorded on AWS: the exit refers to what the end refers to
	case rec.Type == MapIterationFailed:
		f.previous = rec.Previous // recorded on AWS: what follows refers to the iteration's last event
	case rec.Type == MapIterationAborted:
	case rec.ID > 0:
		f.previous = rec.ID
	}
	switch rec.op {
	case opEnter:
		f.applyEnter(rec)
	case opExit:
		f.applyExit(rec)
		f.leaves()
	case opWait:
		f.phase, f.until = phaseWaiting, rec.Until
	case opRetry:
		f.applyRetry(rec)
	case opSchedule:
		f.phase, f.call = phaseCalling, newCall(f, rec)
	case opSubmit:
		f.call.submitted = true
	case opBeat:
		f.call.beat = rec.Beat
	case opCalled:
		f.call = nil
	case opBranches:
		r.applyBranches(f, rec)
	case opItems:
		f.applyItems(rec)
	case opItemsEnd:
		f.family.allRead = true
	case opMap:
		f.applyMap(rec)
	case opIterate:
		r.applyIterate(f, rec)
	case opIterated:
		f.applyIterated(rec)
	case opDisband:
		f.family = nil
	case opEnd:
		r.applyEnd(f, rec)
	}
}

func (f *frame) applyEnter(rec *record) {
	f.phase, f.entered, f.enteredID, f.before = phaseEntered, rec.At, rec.ID, rec.Previous
	f.input = rec.data
	f.attempts = nil
}

func (f *frame) applyExit(rec *record) {
	for _, m := range rec.assigned() {
		if f.vars == nil {
			f.vars = make(map[string]any)
		}
		f.vars[m.Name] = m.Value
	}
	f.input, f.output = rec.data, rec.data
	if rec.Next == "" {
		f.phase = phaseDone
		return
	}
	f.phase, f.state = phaseNext, f.prog.named[rec.Next]
}

// leaves tells the family of f that f has left its last state. An iteration says
// so by a record of its own, a child execution by its end.
func (f *frame) leaves() {
	if f.phase == phaseDone && f.parent != nil && f.parent.exec == f.exec && f.parent.state.kind == KindParallel {
		f.parent.family.finished(f, f.output)
	}
}

func (f *frame) applyRetry(rec *record) {
	if f.attempts == nil {
		f.attempts = make([]int, len(f.state.retry))
	}
	f.attempts[rec.Index]++
	f.phase, f.until, f.family = phaseRetrying, rec.Until, nil
}

func (r *run) applyBranches(f *frame, rec *record) {
	f.phase, f.family = phaseFamily, newFamily()
	for i, p := range f.state.work.programs() {
		r.adopt(f, &frame{id: rec.Child + i, exec: f.exec, index: i, prog: p, input: rec.data}, 1)
	}
}

// adopt makes child a member of the family of f that stands for n items.
func (r *run) adopt(f, child *frame, n int) {
	child.parent = f
	child.previous = f.previous
	child.state = child.prog.start
	f.family.joined(child, n)
	r.lastFrame = max(r.lastFrame, child.id)
	if r.byID != nil {
		r.byID[child.id] = child
	}
}

func (f *frame) applyItems(rec *record) {
	items, _ := rec.data.v.([]any)
	f.family.read = append(f.family.read, items...)
}

func (f *frame) applyMap(rec *record) {
	f.phase, f.family = phaseFamily, newFamily()
	f.family.last = rec.ID
}

func (r *run) applyIterate(f *frame, rec *record) {
	r.adopt(f, &frame{id: rec.Child, exec: f.exec, index: rec.Index, prog: f.state.work.programs()[0], input: rec.data}, rec.Length)
}

func (f *frame) applyIterated(rec *record) {
	child := f.family.running[rec.Index]
	child.phase = phaseDone
	var result *data
	if rec.Type == MapIterationSucceeded {
		result = child.output
	}
	f.family.finished(child, result)
}

// applyBegin starts an execution: the run itself, or a child in the family of
// outer.
func (r *run) applyBegin(outer *frame, rec *record) *frame {
	exec := &execution{index: rec.Exec, name: rec.Name, started: rec.At, input: rec.data, lastID: rec.ID}
	r.execs = append(r.execs, exec)
	f := &frame{id: rec.Child, exec: exec, index: rec.Index, prog: r.machine.root, input: rec.data}
	if outer == nil {
		f.state = f.prog.start
	} else {
		f.prog = outer.state.work.programs()[0]
		r.adopt(outer, f, rec.Length)
		f.previous = 0
		if f.prog.described {
			outer.family.children = append(outer.family.children, exec)
		}
	}
	exec.root = f
	return f
}

func (r *run) applyEnd(f *frame, rec *record) {
	o := &Outcome{Error: rec.Error, Cause: rec.Cause, Status: statusOf(rec.Type)}
	if rec.data != nil {
		o.Output = rec.data.json()
	}
	exec := f.exec
	exec.outcome, exec.stopped, exec.output = o, rec.At, rec.data
	if exec.index > 0 {
		exec.root.phase = phaseDone
		exec.root.parent.family.finished(exec.root, rec.data)
	}
}

func newCall(f *frame, rec *record) *call {
	return &call{
		frame: f, token: rec.Token, resource: rec.Resource, arguments: rec.data, role: rec.Role,
		deadline: rec.Until, beat: rec.Beat, heartbeat: max(0, rec.Beat-rec.At),
	}
}

// begin starts an execution.
func (r *run) begin(outer *frame, rec *record) *frame {
	rec.op, rec.Type, rec.ID, rec.At = opBegin, ExecutionStarted, 1, r.now()
	rec.Exec = len(r.execs)
	rec.Text = rec.data.json()
	if outer != nil {
		rec.Frame, rec.Child = outer.id, r.lastFrame+1
	}
	r.write(rec)
	f := r.applyBegin(outer, rec)
	r.hear(rec)
	r.enqueue(f)
	return f
}

// hear keeps an event until it is durable. It works on a copy, so that a record
// need not leave the stack where there is no listener.
func (r *run) hear(rec *record) {
	if r.engine.listener == nil || rec.Type.private() {
		return
	}
	kept := *rec
	name := r.name
	if kept.Exec > 0 {
		name += "/" + r.execs[kept.Exec].name
	}
	r.heard = append(r.heard, heard{name, kept.event()})
}
