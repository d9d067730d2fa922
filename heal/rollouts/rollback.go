package rollouts

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/execute"
	"github.com/setmend/setmend/rollout"
)

// rollback gives the previous definition back: to the phases that were begun, the last
// one first, then to those that were not. AWS calls the latter outdated from the moment
// the definition changed, although their stacks are as they were: updating them changes
// nothing, and leaves the set as it was before.
func (c *call) rollback(ctx context.Context) (time.Duration, error) {
	r := c.rollout()
	if r.Step != StepRollback {
		return 0, nil
	}
	if r.Rollback.Began.IsZero() {
		r.Rollback.Began = c.now()
	}
	wait, err := c.under(ctx, func(x *execute.Executor) (time.Duration, error) {
		for n, l := range c.backwards() {
			try := r.Try
			l.name = fmt.Sprintf("rollback-%d-%d", try, n)
			l.progress = &Progress{}
			wait, err := c.advance(ctx, x, l)
			if err == nil && r.Try != try {
				wait = time.Second // it is taken up again
			}
			r.Rollback.add(n, l.progress)
			if err != nil || wait > 0 || r.Result != "" {
				return wait, err
			}
		}
		return 0, nil
	})
	if err != nil || wait > 0 || r.Result != "" {
		return wait, err
	}
	r.Rollback.Ended = c.now()
	if failed := r.Rollback.Failed + r.Rollback.Cancelled; failed > 0 {
		c.stop("rolling back (%s): %d instances could not be given the previous definition; %s", r.Why, failed, mostFrequent(r.Rollback.Failures))
		return 0, nil
	}
	r.Step, r.Result, r.Ended = StepEnd, RolledBack, c.now()
	return 0, nil
}

// backwards lists the legs of the rollback. What is given back is to arrive everywhere:
// one instance that fails must not keep the others from it.
func (c *call) backwards() []leg {
	r := c.rollout()
	everywhere := fleet.Preferences{ConcurrencyMode: fleet.SoftFailureTolerance, FailureTolerancePercentage: 100, MaxConcurrentPercentage: 100, RegionConcurrency: fleet.RegionsParallel}
	var begun, others []leg
	for i, phase := range slices.Backward(r.Plan.Phases) {
		preferences := everywhere
		if rollout.PaceOf(phase.Preferences, len(phase.Targets)).AtOnce > 1 {
			preferences.MaxConcurrentCount, preferences.MaxConcurrentPercentage = phase.Preferences.MaxConcurrentCount, phase.Preferences.MaxConcurrentPercentage
		}
		l := leg{definition: r.Plan.Previous, targets: phase.Targets, preferences: preferences}
		if r.Phases[i].Began.IsZero() {
			others = append(others, l)
		} else {
			begun = append(begun, l)
		}
	}
	return append(begun, others...)
}

// add adds a leg's progress; the first leg begins anew.
func (p *Progress) add(n int, l *Progress) {
	if n == 0 {
		p.Done, p.Failed, p.Cancelled, p.Failures, p.Running = 0, 0, 0, map[string][]fleet.Target{}, ""
	}
	p.Done, p.Failed, p.Cancelled, p.Running = p.Done+l.Done, p.Failed+l.Failed, p.Cancelled+l.Cancelled, l.Running
	for reason, targets := range l.Failures {
		p.Failures[reason] = append(p.Failures[reason], targets...)
	}
}
