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
	// as is the deployment whose properties the event shows; nil: none are shown.
	as *view
}

// ofStack reports whether the event is the stack's own.
func (ev *event) ofStack(s *stack) bool { return ev.typ == stackType && ev.physicalID == s.id }

// events lists a stack's events up to now, oldest first.
func (e *Engine) events(s *stack) []event {
	var out []event
	if s.more != nil && !s.more.reviewed.IsZero() {
		ev := event{logicalID: s.name, typ: stackType, physicalID: s.id, status: reviewInProgress, reason: "User Initiated", at: s.more.reviewed}
		ev.id = stackEventID(s, ev, 0)
		out = append(out, ev)
	}
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
	w.ofStack(op.verb+"_IN_PROGRESS", "User Initiated", op.began)
	w.steps(steps, op.began, op.turned)
	if op.turn != "" {
		w.ofStack(op.turn, op.turnReason(), op.turned)
		w.turned()
		w.steps(op.after, op.turned, op.turnEnd())
	}
	if !op.cleaned.IsZero() {
		w.ofStack(updateRollbackCleanup, "", op.cleaned)
		w.view = nil
		w.steps(op.last, op.cleaned, op.ended)
	}
	if op.final != "" {
		w.ofStack(op.final, op.lastReason(), op.ended)
	}
	out := w.out
	if op.parts != nil {
		slices.SortStableFunc(out, func(a, b event) int { return a.at.Compare(b.at) })
	}
	if i := slices.IndexFunc(out, func(ev event) bool { return ev.at.After(until) }); i >= 0 {
		out = out[:i]
	}
	return out
}

// lastReason is the reason of the final status.
func (op *operation) lastReason() string {
	refused := op.verb == "DELETE" && op.final != deleteComplete // an export is in use
	switch op.final {
	case createFailed, deleteFailed, updateFailed, rollbackFailed:
		refused = true
	}
	if refused {
		return op.reason
	}
	return ""
}

// writer spells out the events of one operation.
type writer struct {
	stack *stack
	op    *operation
	// planned is the deployment of the operation; view is the one whose properties
	// are shown at present, nil where AWS shows none.
	planned, view *view
	out           []event
}

func (e *Engine) writer(s *stack, op *operation) *writer {
	w := &writer{stack: s, op: op, planned: e.look(s, op.deployment, nil)}
	w.planned.generations = op.generations
	for _, st := range op.steps {
		if st.replaced != "" {
			if w.planned.ahead == nil {
				w.planned.ahead = map[string]int{}
			}
			w.planned.ahead[st.logicalID] = 1
		}
	}
	w.view = w.planned
	return w
}

// turned switches to what is shown after the operation has turned: cleanups show
// no properties, and the rollback of an update shows the earlier ones.
func (w *writer) turned() {
	switch w.op.turn {
	case updateCleanup:
		w.view = nil
	case updateRollbackInProgress:
		if w.op.previous == nil {
			return
		}
		w.view = w.planned.engine.look(w.stack, w.op.previous, nil)
		w.view.generations = w.op.generations
	}
}

func (w *writer) ofStack(status, reason string, at time.Time) {
	ev := event{logicalID: w.stack.name, typ: stackType, physicalID: w.stack.id, status: status, reason: reason, at: at, token: w.op.token}
	ev.id = stackEventID(w.stack, ev, len(w.out))
	w.out = append(w.out, ev)
}

func (w *writer) write(ev event) {
	ev.token, ev.as = w.op.token, w.view
	ev.id = eventID(w.stack, ev, len(w.out))
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

const (
	creationInitiated = "Resource creation Initiated"
	newPhysical       = "Requested update requires the creation of a new physical resource; hence creating one."
)

// step writes a resource's events: begun, initiated for what is made, and ended.
// Of what a maker sees to they are when they were.
func (w *writer) step(st step, began, ended time.Time) {
	running := false
	if run := w.op.parts[st.logicalID]; run != nil && w.view == w.planned && !st.skipped {
		if began, ended, running = run.began, run.ended, run.ended.IsZero(); running {
			ended = began
		}
	}
	ev := event{logicalID: st.logicalID, typ: st.typ, physicalID: w.physicalID(st), at: began}
	if st.skipped {
		ev.status = "DELETE_SKIPPED"
		w.write(ev)
		return
	}
	ev.status = st.verb + "_IN_PROGRESS"
	first := ev
	switch {
	case st.verb == "CREATE":
		first.physicalID = ""
	case st.replaced != "":
		first.physicalID, first.reason = st.replaced, newPhysical
	}
	w.write(first)
	making := st.verb == "CREATE" || st.replaced != ""
	told := w.told(st)
	if making && (st.failed == "" || told != nil) {
		ev.reason, ev.at = creationInitiated, began.Add(ended.Sub(began)/2)
		if told != nil {
			ev.at = began
		}
		w.write(ev)
	}
	for _, one := range told {
		ev.reason, ev.at = one.reason, one.at
		w.write(ev)
	}
	if running {
		return
	}
	ev.status, ev.reason, ev.at = st.verb+"_COMPLETE", "", ended
	if st.failed != "" {
		ev.status, ev.reason = st.verb+"_FAILED", st.failed
		if making && w.op.parts[st.logicalID] == nil {
			ev.physicalID = st.replaced
		}
	}
	w.write(ev)
}

// told returns the signals that a new resource has received, as its events report them.
func (w *writer) told(st step) []toldAt {
	if run := w.op.parts[st.logicalID]; run != nil && w.view == w.planned && st.verb != "DELETE" {
		return run.told
	}
	return nil
}

func (w *writer) physicalID(st step) string {
	if st.physicalID != "" {
		return st.physicalID
	}
	r, ok := w.planned.deployment.template.Resource(st.logicalID)
	if !ok {
		return ""
	}
	id, err := w.planned.PhysicalID(r)
	if err != nil {
		return ""
	}
	return id
}

// eventID names resource and status, as AWS does; where an event shows no
// properties, resource and a UUID.
func eventID(s *stack, ev event, n int) string {
	if ev.as == nil {
		return ev.logicalID + "-" + stackEventID(s, ev, n)
	}
	return fmt.Sprintf("%s-%s-%s", ev.logicalID, ev.status, ev.at.UTC().Format("2006-01-02T15:04:05.000Z"))
}

// stackEventID is the UUID of an event.
func stackEventID(s *stack, ev event, n int) string {
	h := sha256.Sum256(fmt.Appendf(nil, "%s %s %d %d %s", s.id, ev.logicalID, ev.at.UnixNano(), n, ev.status))
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
		if ev.ofStack(s) || ev.status == "DELETE_SKIPPED" {
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
