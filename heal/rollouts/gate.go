package rollouts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/execute"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
	"github.com/setmend/setmend/rollout"
)

const (
	approvalPoll   = 30 * time.Second
	commandTimeout = 10 * time.Minute
)

// gate bakes, then looks at the gates, each once it can say whether it passes.
func (c *call) gate(ctx context.Context) (time.Duration, error) {
	r := c.rollout()
	if r.Step != StepGate {
		return 0, nil
	}
	if wait := r.BakeEnds.Sub(c.now()); wait > 0 {
		return wait, nil
	}
	phase, p := r.Current(), r.progress()
	for len(p.Gates) < len(phase.Gates) {
		g := phase.Gates[len(p.Gates)]
		result, wait, err := (&gates{c}).look(ctx, phase, g)
		if err != nil || wait > 0 || r.Step != StepGate {
			return wait, err
		}
		result.Gate, result.At = g.Text(), c.now()
		p.Gates = append(p.Gates, result)
		if !result.OK {
			c.fail("the gate of phase %q did not pass (%s): %s", phase.Name, g.Text(), result.Found)
			return 0, nil
		}
		if err := c.save(ctx); err != nil { // a command is not run twice
			return 0, err
		}
		r = c.rollout()
		if r.Step != StepGate {
			return 0, nil
		}
		phase, p = r.Current(), r.progress()
	}
	if r.Phase++; r.Phase < len(r.Plan.Phases) {
		r.Step, r.Try, r.BakeEnds = StepUpdate, 0, time.Time{}
		return 0, nil
	}
	r.Phase = len(r.Plan.Phases) - 1
	r.Step, r.Result, r.Ended = StepEnd, Succeeded, c.now()
	return 0, nil
}

// gates look at what must hold between two phases.
type gates struct{ *call }

// look looks at one gate. It returns how long to wait if it cannot say yet.
func (c *gates) look(ctx context.Context, phase *rollout.PlannedPhase, g rollout.Gate) (GateResult, time.Duration, error) {
	p := c.rollout().progress()
	switch g.Kind() {
	case "noNewFailures":
		failed := p.Failed + p.Cancelled
		return GateResult{OK: failed == 0, Found: fmt.Sprintf("%d of %d instances failed", failed, len(phase.Targets))}, 0, nil
	case "successRate":
		return successRate(p, len(phase.Targets), g), 0, nil
	case "alarms":
		result, err := c.alarms(ctx, phase, g)
		return result, 0, err
	case "driftFree":
		return c.driftFree(ctx, phase)
	case "command":
		result, err := c.command(ctx, phase, g)
		return result, 0, err
	case "approval":
		return c.approval(ctx, phase, g)
	}
	return GateResult{Found: "the gate asks nothing that is known"}, 0, nil
}

func successRate(p *Progress, all int, g rollout.Gate) GateResult {
	succeeded := all - p.Failed - p.Cancelled
	return GateResult{OK: succeeded*100 >= g.SuccessRate*all, Found: fmt.Sprintf("%d of %d instances succeeded", succeeded, all)}
}

// alarms looks in the accounts and regions of the phase.
func (c *gates) alarms(ctx context.Context, phase *rollout.PlannedPhase, g rollout.Gate) (GateResult, error) {
	f, err := c.read(ctx, fmt.Sprintf("gate-%d-%d", c.rollout().Phase, c.rollout().Try))
	if err != nil {
		return GateResult{}, err
	}
	inventory := f.StackSets[c.rollout().Plan.StackSet]
	role := c.Policy.For(inventory.StackSet).MemberRole
	var found []string
	for _, t := range phase.Targets {
		names, err := c.Cloud.Alarms(ctx, fleet.MemberStack{Target: t, StackID: inventory.Instances[t].StackID, Role: role}, g.Alarms)
		if err != nil {
			return GateResult{}, fmt.Errorf("looking at the alarms in %s: %w", t, err)
		}
		for _, name := range names {
			found = append(found, fmt.Sprintf("%s in %s", name, t))
		}
	}
	if len(found) == 0 {
		return GateResult{OK: true, Found: "no alarm"}, nil
	}
	return GateResult{Found: some(found)}, nil
}

// some lists the first few, and how many there are.
func some(list []string) string {
	text := strings.Join(list[:min(len(list), 5)], ", ")
	if more := len(list) - 5; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// driftFree has AWS detect the set's drift, and looks at the phase's instances.
func (c *gates) driftFree(ctx context.Context, phase *rollout.PlannedPhase) (result GateResult, wait time.Duration, err error) {
	r := c.rollout()
	id := fmt.Sprintf("drift-%d-%d", r.Phase, r.Try)
	wait, err = c.under(ctx, func(x *execute.Executor) (time.Duration, error) {
		f, err := c.read(ctx, id)
		if err != nil {
			return 0, err
		}
		x.Fleet = f
		cmd, err := c.detection(ctx, x, id, f.StackSets[r.Plan.StackSet])
		if err != nil {
			return 0, err
		}
		if wait, err := x.Execute(ctx, []*command.Command{cmd}); err != nil || wait > 0 {
			return wait, err
		}
		result, err = c.drifted(ctx, phase, cmd)
		return 0, err
	})
	if err == nil && wait == 0 && result.Found == "" {
		result.Found = "the drift could not be detected"
	}
	return result, wait, err
}

func (c *gates) detection(ctx context.Context, x *execute.Executor, id string, inventory *fleet.Inventory) (*command.Command, error) {
	return x.Commands.Open(ctx, id, func() command.Command {
		set := c.rollout().Plan.StackSet
		request := plan.Request{Kind: plan.RequestDetect, StackSet: set, Instances: len(inventory.Instances), Preferences: fleet.Preferences{
			RegionConcurrency: fleet.RegionsParallel, ConcurrencyMode: fleet.SoftFailureTolerance, FailureTolerancePercentage: 100, MaxConcurrentPercentage: 100}}
		return command.Command{ID: id, Run: c.rollout().ID, Kind: command.Detect, Action: plan.Action{ID: id, StackSet: set, Requests: []plan.Request{request}}}
	})
}

// drifted looks which of the phase's instances have drifted in a way that counts.
func (c *gates) drifted(ctx context.Context, phase *rollout.PlannedPhase, cmd *command.Command) (GateResult, error) {
	a := &cmd.Attempts[0]
	if a.State == command.Refused {
		return GateResult{Found: "AWS refused to detect drift: " + a.Reason}, nil
	}
	set := c.rollout().Plan.StackSet
	instances, err := c.Cloud.Instances(ctx, set, fleet.InstanceFilter{Drift: fleet.DriftDrifted})
	if err != nil {
		return GateResult{}, err
	}
	definition, err := c.Cloud.StackSet(ctx, set)
	if err != nil {
		return GateResult{}, err
	}
	sp := c.Policy.For(definition)
	var found []string
	for _, i := range instances {
		if !slices.Contains(phase.Targets, i.Target) {
			continue
		}
		resources, err := c.Cloud.ResourceDrifts(ctx, fleet.Cell{StackSet: set, Target: i.Target}, a.Operation)
		if err != nil {
			return GateResult{}, fmt.Errorf("reading what has drifted in %s: %w", i.Target, err)
		}
		if counts, _, _ := sp.FilterDrift(resources); len(counts) > 0 {
			found = append(found, fmt.Sprintf("%s in %s", counts[0].LogicalID, i.Target))
		}
	}
	if len(found) == 0 {
		return GateResult{OK: true, Found: "nothing has drifted"}, nil
	}
	return GateResult{Found: fmt.Sprintf("%d instances have drifted: %s", len(found), some(found))}, nil
}

// command runs the gate's command, with what it may want to know in its environment.
func (c *gates) command(ctx context.Context, phase *rollout.PlannedPhase, g rollout.Gate) (GateResult, error) {
	if c.Command == nil {
		return GateResult{Found: "commands cannot be run where this rollout runs; use an approval, or run it with `setmend rollout`"}, nil
	}
	timeout := time.Duration(g.Timeout)
	if timeout == 0 {
		timeout = commandTimeout
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r := c.rollout()
	said, err := c.Command(limited, g.Command, []string{"SETMEND_ROLLOUT=" + r.ID, "SETMEND_STACKSET=" + string(r.Plan.StackSet), "SETMEND_PHASE=" + phase.Name,
		fmt.Sprintf("SETMEND_PHASE_DONE=%d", r.progress().Done), fmt.Sprintf("SETMEND_PHASE_FAILED=%d", r.progress().Failed)})
	if ctx.Err() != nil {
		return GateResult{}, ctx.Err()
	}
	if errors.Is(limited.Err(), context.DeadlineExceeded) {
		return GateResult{Found: fmt.Sprintf("it did not end within %s", timeout)}, nil
	}
	if err != nil {
		return GateResult{Found: strings.TrimSpace(err.Error() + " " + said)}, nil
	}
	return GateResult{OK: true, Found: strings.TrimSpace("it exited with 0. " + said)}, nil
}

// approval asks a person, and waits for the answer.
func (c *gates) approval(ctx context.Context, phase *rollout.PlannedPhase, g rollout.Gate) (GateResult, time.Duration, error) {
	r := c.rollout()
	id := ApprovalID(r)
	doc, err := record.Read[report.Approval](ctx, c.Journal, "approvals/"+id)
	if err != nil {
		return GateResult{}, 0, err
	}
	if !doc.Exists() {
		doc.Value = report.Approval{ID: id, Guard: plan.GuardRollout, StackSet: r.Plan.StackSet, Run: r.ID, Asked: c.now(),
			Reason: fmt.Sprintf("Rollout %s of %s: phase %q is through (%d instances updated, %d failed). %s", r.ID, r.Plan.StackSet, phase.Name, r.progress().Done, r.progress().Failed, g.Approval)}
		return GateResult{}, approvalPoll, doc.Write(ctx, c.Journal)
	}
	a := doc.Value
	switch {
	case a.Decision == report.Approved:
		return GateResult{OK: true, Found: "approved by " + a.By}, 0, doc.Delete(ctx, c.Journal)
	case a.Decision == report.Denied:
		return GateResult{Found: "denied by " + a.By}, 0, doc.Delete(ctx, c.Journal)
	case g.Timeout > 0 && c.now().Sub(a.Asked) >= time.Duration(g.Timeout):
		return GateResult{Found: fmt.Sprintf("nobody answered within %s", time.Duration(g.Timeout))}, 0, doc.Delete(ctx, c.Journal)
	}
	return GateResult{}, approvalPoll, nil
}

// ApprovalID is the id under which the approval of the rollout's present gate is asked
// for, and answered with `setmend approvals approve`.
func ApprovalID(r *Rollout) string {
	return fmt.Sprintf("rollout:%s:%d.%d", r.ID, r.Phase+1, len(r.Phases[r.Phase].Gates)+1)
}
