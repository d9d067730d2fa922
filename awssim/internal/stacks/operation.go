package stacks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/template"
)

// operation is the record of one stack operation, running or over. Events and
// resource statuses are computed from it.
type operation struct {
	verb       string // CREATE, UPDATE, DELETE
	began      time.Time
	turned     time.Time // when rollback or cleanup began, or the end
	cleaned    time.Time // when a rollback's cleanup began; zero: it has none
	ended      time.Time
	deployment *deployment
	previous   *deployment // what a rollback goes back to
	// generations are the stack's when the operation began.
	generations map[string]int
	steps       []step // nil of a CREATE: every resource, successfully
	after       []step // of the rollback, or of an update's cleanup
	last        []step // of a rollback's cleanup
	reason      string // why it was rolled back, or failed
	turn        string // the status from turned on, "" if none
	final       string
	token       string              // the client request token
	continues   bool                // a rollback that had failed
	done        func(result)        // whom to tell the outcome; nil once told
	parts       map[string]*partRun // what makers see to, by logical id
	taken       []part              // parts that were run, for a rollback
}

// cleanupShare is the part of an operation that AWS's cleanup states take where
// nothing is to be cleaned up.
const cleanupShare = 16

// report tells the outcome, once.
func (op *operation) report(r result) {
	if done := op.done; done != nil {
		op.done = nil
		done(r)
	}
}

// step is what an operation does to one resource.
type step struct {
	logicalID, typ, physicalID string
	verb                       string // CREATE, UPDATE, DELETE
	failed                     string // why it failed
	skipped                    bool   // a deletion that a policy forbids
	// replaced is the physical id of the resource that the step replaces, "" if
	// it replaces none.
	replaced string
}

// result is how an operation ended.
type result struct {
	ok     bool
	reason string
}

// duration draws how long an operation takes.
func (e *Engine) duration() time.Duration {
	return e.world.Between(e.options.Shortest, e.options.Longest)
}

// start puts a stack into an operation that turns and ends in time; turn and end
// are called then.
func (e *Engine) start(s *stack, op *operation, first, second time.Duration, turn, end func()) {
	op.began = e.world.Now()
	op.turned = op.began.Add(first)
	op.ended = op.turned.Add(second)
	op.generations = s.generations()
	s.history = append(s.history, op)
	s.running = op
	e.setStatus(s, op.verb+"_IN_PROGRESS", "User Initiated")
	e.announce(s, op, op.steps, op.began, op.turned)
	if second > 0 {
		e.at(s, op, first, func() {
			e.setStatus(s, op.turn, op.turnReason())
			turn()
		})
		e.planRest(s, op)
	}
	e.at(s, op, first+second, end)
}

// planRest announces what happens from turned to ended, and schedules the
// cleanup that ends a rollback.
func (e *Engine) planRest(s *stack, op *operation) {
	failed := slices.ContainsFunc(op.after, func(st step) bool { return st.failed != "" })
	if op.turn == updateRollbackInProgress && !failed {
		op.cleaned = op.ended.Add(-op.ended.Sub(op.turned) / 4)
		e.at(s, op, op.cleaned.Sub(e.world.Now()), func() { e.setStatus(s, updateRollbackCleanup, "") })
		e.announce(s, op, op.last, op.cleaned, op.ended)
	}
	e.announce(s, op, op.after, op.turned, op.turnEnd())
}

// turnEnd is when the part of an operation that began at turned ends.
func (op *operation) turnEnd() time.Time {
	if op.cleaned.IsZero() {
		return op.ended
	}
	return op.cleaned
}

// turnReason is the reason of the status at turned: a cleanup has none.
func (op *operation) turnReason() string {
	if op.turn == updateCleanup {
		return ""
	}
	return op.reason
}

// at runs f later, unless the operation is broken off by then.
func (e *Engine) at(s *stack, op *operation, d time.Duration, f func()) {
	e.world.After(d, func() {
		if e.stacks[s.id] == s && s.running == op {
			f()
		}
	})
}

// finish ends the running operation.
func (e *Engine) finish(s *stack, status, reason string) {
	op := s.running
	s.running = nil
	op.final = status
	op.ended = e.world.Now()
	e.setStatus(s, status, reason)
	e.tellEnded(s)
}

func (e *Engine) setStatus(s *stack, status, reason string) {
	e.version++
	s.status, s.reason = status, reason
	e.publishStatus(s)
}

// assess compares and tells a request that AWS refuses at once (an error) from
// one that it accepts and that fails (a failure).
func (e *Engine) assess(s *stack, d *deployment, revert bool) (*comparison, *failure, error) {
	c, err := e.compare(s, d, revert)
	if missing, ok := err.(*missingExport); ok {
		return nil, &failure{reason: missing.Error()}, nil
	}
	return c, nil, err
}

// firstObstacle walks through the changes up to the first that fails.
func (e *Engine) firstObstacle(s *stack, a actor, c *comparison) (steps []step, f *failure) {
	for i := range c.changes {
		one := &c.changes[i]
		if one.action == remove || one.action == sync {
			continue
		}
		st := one.step()
		if why := e.obstacle(s, a, one); why != "" {
			st.failed = why
			return append(steps, st), &failure{one.resource.LogicalID, one.resource.Type, why}
		}
		steps = append(steps, st)
	}
	return steps, nil
}

// step is the forward step of a change.
func (c *change) step() step {
	st := step{logicalID: c.resource.LogicalID, typ: c.resource.Type, verb: "UPDATE"}
	if c.replace || c.action == add && c.before != nil {
		st.physicalID = c.newID
	}
	if c.replace {
		st.replaced = c.oldID
	}
	switch c.action {
	case add:
		st.verb = "CREATE"
	case adopt:
		st.verb, st.physicalID = "IMPORT", c.newID
	}
	return st
}

// failedToText is the stack's reason for a rollback.
func failedToText(verb string, f *failure) string {
	if f.logicalID == "" {
		return f.reason + " Rollback requested by user."
	}
	return fmt.Sprintf("The following resource(s) failed to %s: [%s]. Rollback requested by user.", strings.ToLower(verb), f.logicalID)
}

// undo is what a rollback does about the steps that were taken.
func undo(steps []step) []step {
	var out []step
	for i := len(steps) - 1; i >= 0; i-- {
		st := steps[i]
		st.failed = ""
		if st.verb == "CREATE" {
			st.verb = "DELETE"
		}
		out = append(out, st)
	}
	return out
}

// restore is what the rollback of an update does: resources that were updated, or
// failed to be, go back to what they were; what was made is deleted in the cleanup.
func restore(steps []step) (back, cleanup []step) {
	for i := len(steps) - 1; i >= 0; i-- {
		st := steps[i]
		failed := st.failed != ""
		st.failed = ""
		switch {
		case st.verb == "CREATE":
			st.verb = "DELETE"
			cleanup = append(cleanup, st)
		case st.replaced != "":
			back = append(back, step{logicalID: st.logicalID, typ: st.typ, verb: "UPDATE", physicalID: st.replaced})
			if !failed {
				cleanup = append(cleanup, step{logicalID: st.logicalID, typ: st.typ, verb: "DELETE", physicalID: st.physicalID})
			}
		default:
			back = append(back, st)
		}
	}
	return back, cleanup
}

// outputsOf evaluates the outputs of what stands; none if nothing stands.
func (e *Engine) outputsOf(s *stack) []template.OutputValue {
	if s.current == nil || !s.standing {
		return nil
	}
	out, err := e.view(s).binding.Outputs()
	if err != nil {
		return nil // it was evaluated when it was deployed
	}
	return out
}

// inState is the refusal of an operation in a state that does not allow it.
func inState(s *stack, what string) *core.Error {
	return core.Invalid("Stack:%s is in %s state and can not be %s.", s.id, s.status, what)
}
