package stacks

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"
)

const stackType = "AWS::CloudFormation::Stack"

// event is a stack event, computed from an operation's record.
type event struct {
	id                         string
	logicalID, typ, physicalID string
	status, reason             string
	at                         time.Time
	token                      string
}

// events lists a stack's events up to now, oldest first.
func (e *Engine) events(s *stack) []event {
	var out []event
	for _, op := range s.history {
		out = append(out, e.eventsOf(s, op, e.world.Now())...)
	}
	return out
}

// eventsOf computes an operation's events up to a time.
func (e *Engine) eventsOf(s *stack, op *operation, until time.Time) []event {
	w := e.writer(s, op)
	steps := op.steps
	if steps == nil {
		steps = createSteps(w.view)
	}
	w.write(event{logicalID: s.name, typ: stackType, physicalID: s.id, status: op.verb + "_IN_PROGRESS", reason: "User Initiated", at: op.began})
	w.steps(steps, op.began, op.turned)
	if op.turn != "" {
		w.write(event{logicalID: s.name, typ: stackType, physicalID: s.id, status: op.turn, reason: op.reason, at: op.turned})
		w.steps(op.after, op.turned, op.ended)
	}
	if op.final != "" {
		w.write(event{logicalID: s.name, typ: stackType, physicalID: s.id, status: op.final, reason: op.lastReason(), at: op.ended})
	}
	out := w.out
	if i := slices.IndexFunc(out, func(ev event) bool { return ev.at.After(until) }); i >= 0 {
		out = out[:i]
	}
	return out
}

// lastReason is the reason of the final status.
func (op *operation) lastReason() string {
	switch op.final {
	case createFailed, deleteFailed, updateFailed:
		return op.reason
	}
	return ""
}

// writer spells out the events of one operation.
type writer struct {
	stack *stack
	op    *operation
	view  *view
	out   []event
}

func (e *Engine) writer(s *stack, op *operation) *writer {
	w := &writer{stack: s, op: op, view: e.look(s, op.deployment, nil)}
	w.view.generations = op.generations
	return w
}

func (w *writer) write(ev event) {
	ev.token = w.op.token
	ev.id = eventID(w.stack, ev, len(w.out), w.op)
	w.out = append(w.out, ev)
}

// steps spreads the steps evenly between two times.
func (w *writer) steps(steps []step, from, to time.Time) {
	if len(steps) == 0 {
		return
	}
	slot := to.Sub(from) / time.Duration(len(steps)+1)
	for i, st := range steps {
		w.step(st, from.Add(slot*time.Duration(i)+slot/2), from.Add(slot*time.Duration(i+1)))
	}
}

// step writes a resource's events: begun, initiated for a creation, and ended.
func (w *writer) step(st step, began, ended time.Time) {
	ev := event{logicalID: st.logicalID, typ: st.typ, physicalID: w.physicalID(st), at: began}
	if st.skipped {
		ev.status = "DELETE_SKIPPED"
		w.write(ev)
		return
	}
	ev.status = st.verb + "_IN_PROGRESS"
	creating := st.verb == "CREATE"
	if creating {
		first := ev
		first.physicalID = ""
		w.write(first)
	} else {
		w.write(ev)
	}
	if creating && st.failed == "" {
		ev.reason, ev.at = "Resource creation Initiated", began.Add(ended.Sub(began)/2)
		w.write(ev)
	}
	ev.status, ev.reason, ev.at = st.verb+"_COMPLETE", "", ended
	if st.failed != "" {
		ev.status, ev.reason = st.verb+"_FAILED", st.failed
		if creating {
			ev.physicalID = ""
		}
	}
	w.write(ev)
}

func (w *writer) physicalID(st step) string {
	if st.physicalID != "" {
		return st.physicalID
	}
	r, ok := w.view.deployment.template.Resource(st.logicalID)
	if !ok {
		return ""
	}
	id, err := w.view.PhysicalID(r)
	if err != nil {
		return ""
	}
	return id
}

// eventID is a UUID for the stack's own events, and names resource and status
// otherwise, as AWS does.
func eventID(s *stack, ev event, n int, op *operation) string {
	if ev.typ != stackType || ev.logicalID != s.name {
		return fmt.Sprintf("%s-%s-%s", ev.logicalID, ev.status, ev.at.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	h := sha256.Sum256(fmt.Appendf(nil, "%s %d %d %s", s.id, op.began.UnixNano(), n, ev.status))
	return fmt.Sprintf("%x-%x-4%03x-a%03x-%x", h[:4], h[4:6], uint16(h[6])<<4|uint16(h[7]>>4), uint16(h[8])<<4|uint16(h[9]>>4), h[10:16])
}

// resourceState is a resource's status as the events leave it.
type resourceState struct {
	logicalID, typ, physicalID string
	status, reason             string
	at                         time.Time
}

// states tells the resources' statuses. Of a stack at rest the resources are
// those that it has; while an operation runs they are those that it has told of.
func (e *Engine) states(s *stack) []resourceState {
	told := e.told(s)
	if s.busy() || !s.standing || s.status == deleteFailed || s.status == createFailed {
		return told
	}
	v := e.view(s)
	resources, _ := v.resources()
	out := make([]resourceState, 0, len(resources))
	for _, r := range resources {
		state := resourceState{logicalID: r.LogicalID, typ: r.Type, status: createComplete, at: s.created}
		for _, t := range told {
			if t.logicalID == r.LogicalID && t.status[:6] != "DELETE" {
				state = t
			}
		}
		state.physicalID, _ = v.PhysicalID(r) // evaluated when it was deployed
		out = append(out, state)
	}
	return out
}

// told replays the events, in order of first appearance. Of a resource that is
// replaced, the deletion of the old one is not the resource's.
func (e *Engine) told(s *stack) []resourceState {
	index := map[string]int{}
	var all []resourceState
	for _, ev := range e.events(s) {
		if ev.typ == stackType && ev.physicalID == s.id || ev.status == "DELETE_SKIPPED" {
			continue
		}
		i, seen := index[ev.logicalID]
		if !seen {
			i = len(all)
			index[ev.logicalID] = i
			all = append(all, resourceState{})
		}
		if ev.status[:6] == "DELETE" && all[i].physicalID != "" && all[i].physicalID != ev.physicalID {
			continue
		}
		all[i] = resourceState{ev.logicalID, ev.typ, ev.physicalID, ev.status, ev.reason, ev.at}
	}
	return slices.DeleteFunc(all, func(r resourceState) bool {
		return r.logicalID == "" || r.status == "DELETE_COMPLETE" && s.status != deleteComplete
	})
}
