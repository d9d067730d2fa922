package asl

import (
	"fmt"
	"time"
)

// DefaultAnswerPoll is how often an engine looks for answers, unless
// Config.AnswerPoll tells otherwise.
const DefaultAnswerPoll = 500 * time.Millisecond

// await expects answers for c. All of it belongs to the run's goroutine.
func (r *run) await(c *call) {
	if r.callbacks == nil {
		r.callbacks = map[string]*call{}
	}
	r.callbacks[c.token] = c
}

// forget expects none any more. Where nothing is waited for, nothing is read.
func (r *run) forget(c *call) {
	if r.callbacks[c.token] != c {
		return
	}
	delete(r.callbacks, c.token)
	if len(r.callbacks) == 0 {
		r.stopPolling()
	}
}

// armPoll looks for answers from other processes after a while, again and again.
func (r *run) armPoll() {
	if r.stopPoll != nil {
		return
	}
	r.stopPoll = r.after(r.now()+int64(r.engine.poll), func() {
		r.stopPoll = nil
		r.takeAnswers()
		if len(r.callbacks) > 0 {
			r.armPoll()
		}
	})
}

func (r *run) stopPolling() {
	if r.stopPoll != nil {
		r.stopPoll()
		r.stopPoll = nil
	}
}

// takeAnswers reads the answers that have come since it was last called, and
// applies them. How far it has read is not in the log: after a crash all are read
// again, and those that were recorded find nobody waiting.
func (r *run) takeAnswers() {
	if len(r.callbacks) == 0 || r.damage != nil {
		return
	}
	since := r.looked
	r.looked = r.now()
	for a, err := range r.engine.answers(r.caller, r.name, r.taken) {
		if err != nil {
			r.damage = err
			return
		}
		r.taken++
		if c := r.callbacks[a.Token]; c != nil && c.current() {
			r.take(c, a, since)
		}
	}
}

// take applies the answer to c. It came after since, by this engine's clock.
func (r *run) take(c *call, a *answer, since int64) {
	switch a.Kind {
	case answerSuccess:
		r.callSucceeded(c, []byte(a.Output))
	case answerFailure:
		r.callFailed(c, &failure{name: a.Error, cause: a.Cause})
	case answerHeartbeat:
		// The sender's clock counts as far as it can be right.
		r.beat(c, min(max(a.At, since), r.looked))
	case answerExpiry:
		r.callTimedOut(c, &failure{name: ErrorTimeout, heartbeat: a.Beat})
	}
}

// expire ends the wait of c for its answer, unless one has come. It closes the
// token where answers are counted, so that whoever sends one is told the truth.
func (r *run) expire(c *call, fail *failure) {
	r.takeAnswers()
	if r.damage != nil || !c.current() || fail.heartbeat && c.beat > r.now() {
		return
	}
	// Only the owner's clock counts: appending nothing finds out who that is.
	if err := r.engine.store.Append(r.caller, r.log, r.epoch); err != nil {
		r.damage = fmt.Errorf("timing out a task of execution %s: %w", r.name, err)
		return
	}
	expiry := &answer{Kind: answerExpiry, Token: c.token, Beat: fail.heartbeat}
	if err := r.engine.addAnswer(r.caller, r.name, expiry); err != nil {
		r.damage = fmt.Errorf("timing out a task of execution %s: %w", r.name, err)
		return
	}
	r.takeAnswers()
}
