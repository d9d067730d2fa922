package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/setmend/setmend/clock"
	"github.com/setmend/setmend/heal/rollouts"
)

// rolloutView shows the progress of a rollout: one line that is written over on a
// terminal, a line for each change elsewhere.
type rolloutView struct {
	*progress
	clock *clock.Clock

	mu   sync.Mutex // guards last
	last string
}

func newRolloutView(w io.Writer, c *clock.Clock) *rolloutView {
	return &rolloutView{progress: newProgress(w), clock: c}
}

func (v *rolloutView) show(r rollouts.Rollout) {
	line := rolloutLine(r, v.clock.Now())
	v.mu.Lock()
	defer v.mu.Unlock()
	// Without a terminal a line is written only if more than time has passed.
	said, _, _ := strings.Cut(line[len("15:04:05"):], "  about ")
	if said == v.last && !v.terminal {
		return
	}
	v.last = said
	if v.terminal {
		v.over(line)
		return
	}
	fmt.Fprintln(v.w, line)
}

// rolloutLine says in one line where a rollout is.
func rolloutLine(r rollouts.Rollout, now time.Time) string {
	stamp := now.UTC().Format("15:04:05")
	if r.Rollback != nil && r.Step == rollouts.StepRollback {
		return fmt.Sprintf("%s  rolling back  %d of %d instances, %d failed", stamp, r.Rollback.Done, r.Plan.Targets(), r.Rollback.Failed)
	}
	if r.Result != "" {
		return fmt.Sprintf("%s  %s", stamp, r.Result)
	}
	phase, p := r.Plan.Phases[r.Phase], r.Phases[r.Phase]
	line := fmt.Sprintf("%s  phase %d of %d, %s  %d of %d instances", stamp, r.Phase+1, len(r.Plan.Phases), phase.Name, p.Done, len(phase.Targets))
	if p.Failed+p.Cancelled > 0 {
		line += fmt.Sprintf(", %d failed, %d cancelled", p.Failed, p.Cancelled)
	}
	if r.Step == rollouts.StepGate {
		if wait := r.BakeEnds.Sub(now); wait > 0 {
			return line + fmt.Sprintf("  bakes for %s", wait.Round(time.Second))
		}
		if len(p.Gates) < len(phase.Gates) {
			line += "  gate: " + oneLine(phase.Gates[len(p.Gates)].Text())
			if phase.Gates[len(p.Gates)].Approval != "" {
				line += fmt.Sprintf(" (`setmend approvals approve %s`)", rollouts.ApprovalID(&r))
			}
		}
		return line
	}
	if left := timeLeft(r, now); left > 0 {
		line += fmt.Sprintf("  about %s left", left.Round(time.Minute))
	}
	return line
}

// timeLeft estimates the rest: what the phases to come are expected to take, and of
// this one what is left of its time.
func timeLeft(r rollouts.Rollout, now time.Time) time.Duration {
	left := time.Duration(0)
	for i, phase := range r.Plan.Phases {
		switch {
		case i == r.Phase && !r.Phases[i].Began.IsZero():
			left += max(phase.Expected-now.Sub(r.Phases[i].Began), time.Minute) + phase.Bake
		case i > r.Phase:
			left += phase.Expected + phase.Bake
		}
	}
	return left
}
