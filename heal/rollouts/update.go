package rollouts

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/execute"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/rollout"
)

// leg is instances that get a definition, one request after another.
type leg struct {
	name        string // of its commands
	definition  string
	targets     []fleet.Target
	preferences fleet.Preferences
	progress    *Progress
}

// update advances the present phase.
func (c *call) update(ctx context.Context) (time.Duration, error) {
	r := c.rollout()
	if r.Step != StepUpdate {
		return 0, nil
	}
	phase := r.Current()
	if r.progress().Began.IsZero() {
		r.progress().Began = c.now()
	}
	l := leg{name: fmt.Sprintf("phase-%d-%d", r.Phase, r.Try), definition: r.Plan.New, targets: phase.Targets, preferences: phase.Preferences, progress: r.progress()}
	wait, err := c.under(ctx, func(x *execute.Executor) (time.Duration, error) { return c.advance(ctx, x, l) })
	if err != nil || wait > 0 || r.Step != StepUpdate {
		return wait, err
	}
	if l.name != fmt.Sprintf("phase-%d-%d", r.Phase, r.Try) {
		return time.Second, nil // it is taken up again
	}
	r.progress().Ended = c.now()
	if why := exceeded(l); why != "" {
		c.fail("phase %q: %s", phase.Name, why)
		return 0, nil
	}
	r.Step, r.BakeEnds = StepGate, c.now().Add(phase.Bake)
	return 0, nil
}

// advance opens and carries out the leg's commands. It returns zero when the leg has
// come to its end, or the rollout to another step.
func (c *call) advance(ctx context.Context, x *execute.Executor, l leg) (time.Duration, error) {
	for n := 0; ; n++ {
		id := fmt.Sprintf("%s-%d", l.name, n)
		list, err := x.Commands.Named([]string{id})
		if err != nil {
			cmd, err := c.open(ctx, x, l, id)
			if err != nil || cmd == nil {
				if err == nil && c.rollout().Result == "" { // all have it, or were tried
					l.progress.Done = len(l.targets) - l.progress.Failed - l.progress.Cancelled
				}
				return 0, err
			}
			list = []*command.Command{cmd}
		}
		cmd := list[0]
		if x.Fleet, err = c.read(ctx, id); err != nil {
			return 0, err
		}
		wait, err := x.Execute(ctx, list)
		count(x, l)
		if err != nil || wait > 0 {
			return wait, err
		}
		if c.judge(cmd, l) {
			return 0, nil
		}
	}
}

// open opens the leg's next command: for the largest block of instances that have not
// got the definition, of those that no command of the leg was for. It returns nil if
// there is none.
func (c *call) open(ctx context.Context, x *execute.Executor, l leg, id string) (*command.Command, error) {
	tried := triedBy(x, l)
	if !slices.ContainsFunc(l.targets, func(t fleet.Target) bool { return !tried[t] }) {
		return nil, nil
	}
	f, err := c.read(ctx, id)
	if err != nil {
		return nil, err
	}
	r := c.rollout()
	inventory := f.StackSets[r.Plan.StackSet]
	if inventory.StackSet.ID != r.Plan.StackSetID {
		c.stop("the stack set %s is another than the one that the rollout was planned for", r.Plan.StackSet)
		return nil, nil
	}
	wanted, err := c.definition(ctx, l.definition)
	if err != nil {
		return nil, err
	}
	has := wanted.Of(inventory.StackSet)
	if why, err := c.changedByOthers(ctx, inventory.StackSet, has); err != nil || why != "" {
		if why != "" {
			c.stop("%s", why)
		}
		return nil, err
	}
	targets := slices.DeleteFunc(slices.Clone(l.targets), func(t fleet.Target) bool {
		i, there := inventory.Instances[t]
		return !there || tried[t] || has && i.Status == fleet.InstanceCurrent
	})
	if len(targets) == 0 {
		return nil, nil
	}
	request := plan.Reaching(f, c.Policy, r.Plan.StackSet, targets, l.preferences)[0]
	if !has {
		request.Kind, request.Definition = plan.RequestUpdateSet, l.definition
		// Durable before the command is: a rollback must follow whatever comes of it.
		if !r.Touched {
			r.Touched = true
			if err := c.doc.Write(ctx, c.Journal); err != nil {
				return nil, err
			}
		}
	}
	return x.Commands.Open(ctx, id, func() command.Command { return execute.UpdateCommand(f, r.ID, id, request) })
}

// changedByOthers returns why the stack set is not as the rollout knows it: it has
// neither the wanted definition nor one of the rollout's.
func (c *call) changedByOthers(ctx context.Context, set fleet.StackSet, has bool) (string, error) {
	if has {
		return "", nil
	}
	for _, name := range []string{c.rollout().Plan.New, c.rollout().Plan.Previous} {
		d, err := c.definition(ctx, name)
		if err != nil {
			return "", err
		}
		if d.Of(set) {
			return "", nil
		}
	}
	return fmt.Sprintf("the template or the parameters of %s were changed by somebody else since the rollout began", set.Name), nil
}

// triedBy are the targets that a command of the leg was for.
func triedBy(x *execute.Executor, l leg) map[fleet.Target]bool {
	tried := map[fleet.Target]bool{}
	for n := 0; ; n++ {
		list, err := x.Commands.Named([]string{fmt.Sprintf("%s-%d", l.name, n)})
		if err != nil {
			return tried
		}
		for _, d := range list[0].Cells {
			tried[d.Target] = true
		}
	}
}

// mostTries is how often a phase is taken up without a person.
const mostTries = 5

// judge looks at a command that has ended, and reports whether the leg must stop.
func (c *call) judge(cmd *command.Command, l leg) bool {
	a := &cmd.Attempts[0]
	switch {
	case cmd.Stopped != "" && c.rollout().Try < mostTries:
		// Another run has taken the command over, or the set has changed: what is open
		// is read anew, and an external change is found there.
		c.rollout().Try++
	case cmd.Stopped != "":
		c.stop("%s", cmd.Stopped)
	case a.State == command.Refused:
		c.fail("AWS refused the update: %s", a.Reason)
	case a.Status == fleet.OperationStopped:
		c.stop("a person stopped operation %s on AWS", a.Operation)
	case a.Status == fleet.OperationFailed:
		return true // the leg's own count says why
	case exceeded(l) != "":
		return true
	default:
		return false
	}
	return true
}

// count brings what the leg's commands did into its progress.
func count(x *execute.Executor, l leg) {
	p := l.progress
	p.Done, p.Failed, p.Cancelled, p.Failures, p.Running = 0, 0, 0, map[string][]fleet.Target{}, ""
	for n := 0; ; n++ {
		list, err := x.Commands.Named([]string{fmt.Sprintf("%s-%d", l.name, n)})
		if err != nil {
			break
		}
		if a := list[0].OpenAttempt(); a != nil {
			p.Running = a.Operation
		}
		for _, d := range list[0].Cells {
			switch {
			case d.State == command.Healed:
				p.Done++
			case d.State == command.Failed && d.Class == plan.ReasonCancelled:
				p.Cancelled++
			case d.State == command.Failed:
				p.Failed++
				p.Failures[d.Reason] = append(p.Failures[d.Reason], d.Target)
			}
		}
	}
}

// exceeded returns why a leg must not continue, "" if it may: more failures in one
// region than are tolerated. AWS counts in each operation; a phase of several counts
// them together.
func exceeded(l leg) string {
	accounts, failed := map[fleet.Region]int{}, map[fleet.Region]int{}
	for _, t := range l.targets {
		accounts[t.Region]++
	}
	for _, targets := range l.progress.Failures {
		for _, t := range targets {
			failed[t.Region]++
		}
	}
	for _, region := range fleet.SortedKeys(failed) {
		if tolerated := rollout.PaceOf(l.preferences, accounts[region]).Tolerated; failed[region] > tolerated {
			return fmt.Sprintf("%d of %d instances failed in %s, and %d are tolerated; %s", failed[region], accounts[region], region, tolerated, mostFrequent(l.progress.Failures))
		}
	}
	if l.progress.Cancelled > 0 {
		return fmt.Sprintf("AWS ended the operation early, and cancelled %d instances; %s", l.progress.Cancelled, mostFrequent(l.progress.Failures))
	}
	return ""
}

// mostFrequent is AWS's reason for most of the failures.
func mostFrequent(failures map[string][]fleet.Target) string {
	reason, most := "AWS gave no reason", 0
	for _, text := range fleet.SortedKeys(failures) {
		if n := len(failures[text]); n > most {
			reason, most = "AWS says: "+text, n
		}
	}
	return reason
}
