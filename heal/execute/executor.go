package execute

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/fault"
)

// workers is how many commands are carried out side by side, each on stack sets of its
// own.
const workers = 16

// Executor carries commands out: it does what [command.Next] wants and records what
// happened. It decides nothing.
type Executor struct {
	Setting
	Restores *Restores
	Pace     *Pacing
	// Deadline is when no further effect is begun.
	Deadline time.Time
	// Others knows of external operations; nil where none matter.
	Others Others
	// Progress hears how many commands are done, how many there are, and how many
	// have an operation under way; nil hears nothing.
	Progress func(done, all, running int)
}

// Others knows what other people's operations are under way.
type Others interface {
	// ExternalInstances counts the instances that they may cover.
	ExternalInstances() int
	// LookAtExternal looks which of them have ended.
	LookAtExternal(ctx context.Context) (busy bool, over []fleet.StackSetName, err error)
}

// Execute carries commands as far as they go without waiting, and returns how
// long to wait for the next thing to look at; zero means that all are done.
func (x *Executor) Execute(ctx context.Context, commands []*command.Command) (time.Duration, error) {
	for {
		if err := (&waves{&x.Setting}).holdBack(ctx, commands); err != nil {
			return 0, err
		}
		ready := x.ready(commands)
		x.progress(commands)
		if len(ready) == 0 {
			break
		}
		full, err := x.advanceAll(ctx, commands, ready)
		if err != nil {
			return 0, err
		}
		if full && x.Others != nil { // what was counted of others' operations may have ended
			if _, _, err := x.Others.LookAtExternal(ctx); err != nil {
				return 0, err
			}
		}
		if x.now().After(x.Deadline) {
			break
		}
	}
	if countDone(commands) == len(commands) {
		return 0, nil
	}
	return x.untilNext(commands), nil
}

func countDone(commands []*command.Command) int {
	n := 0
	for _, c := range commands {
		if c.Done() {
			n++
		}
	}
	return n
}

// due is when a command wants to be looked at.
func (x *Executor) due(c *command.Command) time.Time {
	if at := x.Pace.of(c.ID); at.After(c.NotBefore) {
		return at
	}
	return c.NotBefore
}

// ready returns the commands that can be advanced now: what they come after has ended,
// their stack sets are not used by another command, and they are due. A
// stack set runs one operation at a time, so one command at a time uses it.
func (x *Executor) ready(commands []*command.Command) []*command.Command {
	ended := map[string]bool{}
	used := map[fleet.StackSetName]bool{}
	for _, c := range commands {
		if c.Done() {
			ended[c.Action.ID] = true
		} else if c.Started() {
			for _, set := range c.Sets() {
				used[set] = true
			}
		}
	}
	planned := map[string]bool{}
	for _, c := range commands {
		planned[c.Action.ID] = true
	}
	var ready []*command.Command
	for _, c := range commands {
		waits := func(id string) bool { return planned[id] && !ended[id] }
		if c.Done() || x.now().Before(x.due(c)) || slices.ContainsFunc(c.Action.After, waits) {
			continue
		}
		if !c.Started() {
			if slices.ContainsFunc(c.Sets(), func(s fleet.StackSetName) bool { return used[s] }) {
				continue
			}
			for _, set := range c.Sets() {
				used[set] = true
			}
		}
		ready = append(ready, c)
	}
	return ready
}

// advanceAll advances the ready commands side by side. The first error stops the
// others at their next effect; all that happened is in the journal. It reports
// whether a command had to wait for others' instances.
func (x *Executor) advanceAll(ctx context.Context, commands, ready []*command.Command) (full bool, err error) {
	q := &quota{limit: x.Policy.Limits.RunningInstances, used: x.runningInstances(commands)}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for _, c := range ready {
		group.Go(func() error {
			if err := x.advance(ctx, c, q); err != nil {
				return fmt.Errorf("%s of %s: %w", c.Kind, c.Action.StackSet, err)
			}
			return nil
		})
	}
	err = group.Wait()
	return q.refused, err
}

// advance does what the command wants until it has to wait or is done.
func (x *Executor) advance(ctx context.Context, c *command.Command, q *quota) error {
	for {
		effect := command.Next(c, x.now())
		if effect.Do == command.DoNothing || effect.Do == command.DoWait {
			return nil
		}
		err := x.do(ctx, c, effect, q)
		if err != nil && passing(err) && ctx.Err() == nil {
			if _, since := x.Pace.stumbles(c.ID, x.now()); x.now().Sub(since) < stumbleLimit {
				x.Log.Warn("a command waits", "run", x.Run, "command", c.ID, "error", err)
				return nil
			}
		}
		if err != nil {
			return err
		}
		if x.now().Before(x.Pace.of(c.ID)) {
			return nil
		}
		x.Pace.progresses(c.ID)
	}
}

// passing reports whether AWS may answer later what it has not answered now.
func passing(err error) bool {
	if _, named := fault.NameOf(err); named {
		return false
	}
	switch fleet.KindOf(err) {
	case fleet.Throttled, fleet.Unreachable, fleet.UnknownOutcome:
		return true
	}
	return false
}

// do has one effect and records what happened.
func (x *Executor) do(ctx context.Context, c *command.Command, effect command.Effect, q *quota) error {
	operations := &operations{&x.Setting, x.Pace, q}
	switch effect.Do {
	case command.DoBegin:
		return x.record(ctx, c.ID, command.Began{})
	case command.DoSave:
		return (&saver{&x.Setting}).save(ctx, c, effect.Cells)
	case command.DoSend:
		return operations.send(ctx, c, effect.Attempt)
	case command.DoDrop:
		return x.record(ctx, c.ID, command.RequestDropped{Attempt: effect.Attempt})
	case command.DoLookUp:
		return operations.lookUp(ctx, c, effect.Attempt)
	case command.DoPoll:
		return operations.poll(ctx, c, effect.Attempt)
	case command.DoReadResults:
		return (&results{&x.Setting}).read(ctx, c, effect.Attempt)
	case command.DoRevert:
		return (&reverter{&x.Setting, x.Pace, x.Deadline}).revert(ctx, c, effect.Cells)
	case command.DoVerify:
		return (&verifier{&x.Setting, x.Restores}).verify(ctx, c)
	case command.DoRecord:
		return x.recordOutcome(ctx, c)
	}
	return fmt.Errorf("command %s wants %q, which is not known", c.ID, effect.Do)
}

// untilNext is the time until the first command wants to be looked at again.
func (x *Executor) untilNext(commands []*command.Command) time.Duration {
	next := x.now().Add(time.Minute)
	for _, c := range commands {
		if at := x.due(c); !c.Done() && !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	return max(next.Sub(x.now()), time.Second)
}

// runningInstances counts the instances of open requests and of external operations.
func (x *Executor) runningInstances(commands []*command.Command) int {
	n := 0
	for _, c := range commands {
		if a := c.OpenAttempt(); a != nil {
			n += a.Size()
		}
	}
	if x.Others != nil {
		n += x.Others.ExternalInstances()
	}
	return n
}

// progress reports how far these commands are.
func (x *Executor) progress(commands []*command.Command) {
	if x.Progress == nil {
		return
	}
	open := 0
	for _, c := range commands {
		if c.OpenAttempt() != nil {
			open++
		}
	}
	x.Progress(countDone(commands), len(commands), open)
}

// Carry carries one command to its end, waiting for it. External operations do not
// count against its instances.
func (x *Executor) Carry(ctx context.Context, c *command.Command) error {
	for !c.Done() {
		if err := x.advance(ctx, c, &quota{limit: math.MaxInt}); err != nil {
			return err
		}
		if wait := x.due(c).Sub(x.now()); !c.Done() && wait > 0 {
			if err := x.Clock.Sleep(ctx, wait); err != nil {
				return err
			}
		}
	}
	return nil
}
