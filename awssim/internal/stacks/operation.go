package stacks

import (
	"fmt"
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
	ended      time.Time
	deployment *deployment
	// generations are the stack's when the operation began.
	generations map[string]int
	steps       []step // nil of a CREATE: every resource, successfully
	after       []step // of the rollback or cleanup
	reason      string // why it was rolled back, or failed
	turn        string // the status from turned to ended, "" if none
	final       string
	token       string       // the client request token
	done        func(result) // whom to tell the outcome; nil once told
}

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
		e.announce(s, op, op.after, op.turned, op.ended)
		e.at(s, op, first, func() {
			e.setStatus(s, op.turn, op.reason)
			turn()
		})
	}
	e.at(s, op, first+second, end)
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
	if c.action == add {
		st.verb = "CREATE"
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
