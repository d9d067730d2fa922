package plan

import (
	"fmt"
	"strings"
	"time"

	"github.com/setmend/setmend/fleet"
)

// An update of a stack set that was begun for some instances only, stopped by a
// person, or ended at its failure tolerance leaves instances behind that are not up
// to date. That is the state of a rollout, not damage: healing never widens it. All
// such instances of a set are one finding, held by a guard.

// rollout is an update of a stack set that has not reached every instance.
type rollout struct {
	operation fleet.Operation // the update; its ID is "" if AWS does not list it any more
	waiting   int             // instances that it has not reached, or failed at
	reason    string          // AWS's first reason, "" if none failed
	own       bool            // setmend's own update continued it, and ended early
}

// findRollout marks the instances that an unfinished update left behind.
func (v *setView) findRollout() {
	if v.busy {
		return // the update may be under way
	}
	operations := map[string]fleet.Operation{}
	for _, o := range v.recent {
		operations[o.ID] = o
	}
	latest := latestUpdate(v.recent)
	for i := range v.cells {
		c := &v.cells[i]
		if c.Verdict != Outdated && c.Verdict != Failed || c.Bare {
			continue
		}
		instance := v.instances[c.Target]
		o, listed := operations[instance.LastOperation]
		unreached := instance.Status == fleet.InstanceOutdated && instance.Detailed == fleet.DetailedPending
		ended := listed && o.Kind == fleet.OperationUpdate && (o.Status == fleet.OperationStopped || o.Status == fleet.OperationFailed)
		// A drift detection overwrites what the update left: then it depends on the
		// set's last update.
		hidden := listed && o.Kind == fleet.OperationDetectDrift && instance.Status == fleet.InstanceOutdated && unfinished(latest)
		if !unreached && !ended && !hidden {
			continue
		}
		if v.rollout == nil {
			v.rollout = &rollout{operation: latest, own: latest.Own()}
		}
		c.Rollout = true
		v.rollout.waiting++
		if instance.Detailed == fleet.DetailedFailed && v.rollout.reason == "" {
			v.rollout.reason = instance.Reason
		}
	}
}

// unfinished reports whether an update that left instances outdated was not for all
// of them, or did not get to its end.
func unfinished(update fleet.Operation) bool {
	if update.ID == "" || update.Own() {
		return false
	}
	return update.Status != fleet.OperationSucceeded || update.FailedInstances == 0
}

// latestUpdate returns the newest update that was not setmend's own, else the
// newest of all.
func latestUpdate(newestFirst []fleet.Operation) fleet.Operation {
	var own fleet.Operation
	for _, o := range newestFirst {
		if o.Kind != fleet.OperationUpdate {
			continue
		}
		if !o.Own() {
			return o
		}
		if own.ID == "" {
			own = o
		}
	}
	return own
}

// suspendRollout takes what an unfinished rollout left behind out of healing: it is
// the stack set's finding, and no cell's.
func (a *assessor) suspendRollout(v *setView) {
	if v.rollout == nil {
		return
	}
	for i := range v.cells {
		c := &v.cells[i]
		if !c.Rollout {
			continue
		}
		c.Attention, c.Hint = false, ""
		c.Verdict = Outdated
		c.Reason = "The rollout of its stack set's present version is not finished."
		quoteFailure(c, v.instances[c.Target])
		if open := Escalation(*c, v.policy); len(open) > 0 && open[0] == RemedyRetry {
			c.Remedy = RemedyRetry
			c.waitUntil(a.rolloutAgain(v, c))
		} else {
			c.Remedy = ""
		}
	}
}

// rolloutAgain is when a cell that failed in a rollout may be tried again.
func (a *assessor) rolloutAgain(v *setView, c *Assessed) (notBefore time.Time) {
	heals := a.recent(c, v.policy.Quarantine)
	if n := len(heals); n > 0 && !heals[n-1].OK {
		return heals[n-1].At.Add(a.distance(c, heals))
	}
	return notBefore
}

func quoteFailure(c *Assessed, i fleet.Instance) {
	c.Said = ""
	if i.Detailed == fleet.DetailedFailed && i.Reason != "" {
		c.quote(i.Reason)
	}
}

// guardRollout adds a guard hit for an unfinished rollout, unless a person has
// accepted that healing continues it.
func (b *builder) guardRollout(v *setView) {
	r := v.rollout
	if r == nil {
		return
	}
	hit := GuardHit{Guard: GuardRollout, StackSet: v.name, Numbers: Numbers{r.waiting, len(v.instances)},
		Reason: fmt.Sprintf("The rollout of %s is not finished: %s. %d of %d instances do not have the present version.%s", v.name, r.how(), r.waiting, len(v.instances), firstReason(r.reason)),
		Hint:   fmt.Sprintf("Go on with it by the tool that began it (`setmend rollout status` shows those of setmend), or update the stack set again; to have setmend go on, ending at the first failures, --accept %s.", GuardRollout.Of(v.name))}
	if !b.hit(hit) && !r.own {
		return // accepted
	}
	b.rollouts[v.name] = true
}

// how says how the update ended.
func (r *rollout) how() string {
	id := r.operation.ID
	switch {
	case id == "":
		return "some instances were never reached"
	case r.operation.Status == fleet.OperationStopped:
		return "the update " + id + " was stopped"
	case r.operation.Status == fleet.OperationFailed:
		return "the update " + id + " ended at its failure tolerance"
	}
	return "the update " + id + " was for some instances only"
}

func firstReason(reason string) string {
	if reason == "" {
		return ""
	}
	return " First reason:" + strings.TrimPrefix(awsSaid(reason), " AWS says:")
}
