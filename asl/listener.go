package asl

// A Listener is told of what happens, for progress and logs.
type Listener interface {
	// Happened tells of an event of an execution: the run's name, or
	// NAME/CHILD for a child of a distributed Map. The event is durable. Calls
	// for one run come one after another, in order, from the goroutine that
	// works on it: they delay it, and must not call the Engine for the same run.
	// Events from before a Resume are not told again.
	Happened(execution string, event Event)
}

// hear keeps an event until it is durable. It works on a copy, so that a record
// need not leave the stack where nobody listens.
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

type heard struct {
	execution string
	event     Event
}

// tell passes on what has become durable.
func (r *run) tell() {
	for _, h := range r.heard {
		r.engine.listener.Happened(h.execution, h.event)
	}
	r.heard = r.heard[:0]
}
