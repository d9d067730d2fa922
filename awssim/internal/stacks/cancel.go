package stacks

import (
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
)

// cancel turns a running update into its rollback.
func (e *Engine) cancel(s *stack) {
	op := s.running
	now := e.world.Now()
	var taken []step
	if total := op.turned.Sub(op.began); total > 0 {
		part := float64(now.Sub(op.began)) / float64(total)
		taken = op.steps[:int(part*float64(len(op.steps)))]
	}
	op.steps = taken
	op.after, op.last = restore(taken)
	op.reason = "The following resource(s) failed to update: []. Rollback requested by user."
	if len(taken) == 0 {
		op.reason = "User Initiated"
	}
	op.turn, op.turned = updateRollbackInProgress, now
	rest := e.world.Between(e.options.Shortest/4, e.options.Longest/4)
	op.ended = now.Add(rest)
	s.running = &operation{} // so that the update's own timers find it gone
	cancelled := s.running
	*cancelled = *op
	s.history[len(s.history)-1] = cancelled
	e.releaseNew(s, cancelled)
	standing := e.outputsOf(s)
	e.withdraw(s, standing, standing)
	e.setStatus(s, updateRollbackInProgress, cancelled.reason)
	e.planRest(s, cancelled)
	e.at(s, cancelled, rest, func() {
		e.rolledBack(s, cancelled, &failure{reason: "The update was cancelled"})
	})
}

// releaseNew gives back the names that an update had claimed for what it was to
// make.
func (e *Engine) releaseNew(s *stack, op *operation) {
	standing := e.view(s)
	planned := e.look(s, op.deployment, nil)
	resources, _ := planned.resources()
	for _, r := range resources {
		wanted, err := planned.expected(r)
		if err != nil {
			continue
		}
		if old, had := standing.active(r.LogicalID); had {
			if before, err := standing.expected(old); err == nil {
				was, had := claimOf(s.place, typeOf(old), before)
				now, has := claimOf(s.place, typeOf(r), wanted)
				if had && has && was == now {
					continue
				}
			}
		}
		e.release(s, r.LogicalID, typeOf(r), wanted)
	}
}

// continueRollback continues a rollback that failed: resources that are skipped,
// that are there again, or whose update nothing hinders any more, no longer hold it up.
func (e *Engine) continueRollback(s *stack, c *core.Call, skip []string, force bool, token string) error {
	last := s.history[len(s.history)-1]
	var stuck []step
	for _, st := range last.after {
		if st.failed != "" && !slices.Contains(skip, st.logicalID) {
			stuck = append(stuck, st)
		}
	}
	op := &operation{verb: "UPDATE", deployment: s.current, previous: s.current, steps: []step{}, token: token, turn: updateRollbackInProgress, reason: "User Initiated", continues: true}
	for _, st := range stuck {
		if st.failed = e.stillHolds(s, c, st); !force && st.failed != "" {
			op.after = append(op.after, st)
		}
	}
	op.began, op.turned = e.world.Now(), e.world.Now()
	rest := e.world.Between(e.options.Shortest/2, e.options.Longest/2)
	op.ended = op.began.Add(rest)
	op.generations = s.generations()
	s.history = append(s.history, op)
	s.running = op
	e.setStatus(s, updateRollbackInProgress, "User Initiated")
	e.planRest(s, op)
	e.at(s, op, rest, func() {
		if len(op.after) > 0 {
			e.stuck(s, op, &failure{logicalID: op.after[0].logicalID, typ: op.after[0].typ, reason: op.after[0].failed})
			return
		}
		e.rolledBack(s, op, &failure{})
	})
	return nil
}

// stillHolds says why a resource cannot be rolled back now, "" if it can.
func (e *Engine) stillHolds(s *stack, c *core.Call, st step) string {
	v := e.view(s)
	r, there := v.active(st.logicalID)
	if !there {
		return ""
	}
	t := s.touchedOf(st.logicalID)
	id, err := v.PhysicalID(r)
	switch {
	case err != nil:
		return err.Error()
	case t.deleted:
		return notFound(typeOf(r), id)
	case t.obstacle != "":
		return t.obstacle
	}
	return e.denied(s.place, actor{c.Caller.ARN}, typeOf(r).Update, id)
}
