package heal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
)

const (
	workers      = 16               // commands that are carried out side by side, each on stack sets of its own
	conflictWait = 30 * time.Second // until a stack set is tried again that is busy
	quotaWait    = 30 * time.Second
	firstPoll    = 45 * time.Second // a stack takes 20–60 s
	nextPoll     = 20 * time.Second
	// stumbleLimit is how long a command waits for reads that fail for a passing
	// reason, without any progress, before its error ends the call.
	stumbleLimit = 6 * time.Hour
	stumbleWait  = 5 * time.Minute // at most, between two attempts
)

// executor carries commands out: it does what [command.Next] wants and records what
// happened. It decides nothing.
type executor struct {
	*run
	quota quota
	pace  *pacing
}

// pacing is when commands are to be looked at again. It is not durable: a new
// process looks at once.
type pacing struct {
	mu       sync.Mutex // guards what follows
	next     map[string]time.Time
	stumbled map[string]stumble
}

// stumble is a command's series of failed reads.
type stumble struct {
	since time.Time
	times int
}

func newPacing() *pacing {
	return &pacing{next: map[string]time.Time{}, stumbled: map[string]stumble{}}
}

func (p *pacing) set(id string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next[id] = at
}

func (p *pacing) of(id string) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.next[id]
}

// stumbles records a failed read at a moment, and returns when to try again.
func (p *pacing) stumbles(id string, now time.Time) (again time.Time, since time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stumbled[id]
	if s.since.IsZero() {
		s.since = now
	}
	s.times++
	p.stumbled[id] = s
	p.next[id] = now.Add(min(stumbleWait, 15*time.Second<<min(s.times, 8)))
	return p.next[id], s.since
}

// progresses ends a series of failed reads.
func (p *pacing) progresses(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.stumbled, id)
	delete(p.next, id)
}

// execute carries commands as far as they go without waiting, and returns how
// long to wait for the next thing to look at; zero means that all are done.
func (r *run) execute(ctx context.Context, commands []*command.Command) (time.Duration, error) {
	if _, err := r.inventory(ctx); err != nil { // loaded here: the commands share it, read-only
		return 0, err
	}
	for {
		if err := r.holdBackWaves(ctx, commands); err != nil {
			return 0, err
		}
		ready := r.ready(commands)
		r.progressOf(commands)
		if len(ready) == 0 {
			break
		}
		full, err := r.advanceAll(ctx, commands, ready)
		if err != nil {
			return 0, err
		}
		if full { // what was counted of others' operations may have ended
			if _, _, err := r.lookAtExternal(ctx); err != nil {
				return 0, err
			}
		}
		if r.now().After(r.deadline) {
			break
		}
	}
	if countDone(commands) == len(commands) {
		return 0, nil
	}
	return r.untilNext(commands), nil
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
func (r *run) due(c *command.Command) time.Time {
	if at := r.pace.of(c.ID); at.After(c.NotBefore) {
		return at
	}
	return c.NotBefore
}

// ready picks the commands that can go on now: what they come after has ended,
// their stack sets are not used by another command, and their time has come. A
// stack set runs one operation at a time, so one command at a time uses it.
func (r *run) ready(commands []*command.Command) []*command.Command {
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
		if c.Done() || r.now().Before(r.due(c)) || slices.ContainsFunc(c.Action.After, waits) {
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
func (r *run) advanceAll(ctx context.Context, commands, ready []*command.Command) (full bool, err error) {
	x := &executor{run: r, pace: r.pace}
	x.quota.limit, x.quota.used = r.h.Policy.Limits.RunningInstances, r.runningInstances(commands)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for _, c := range ready {
		group.Go(func() error {
			if err := x.advance(ctx, c); err != nil {
				return fmt.Errorf("%s of %s: %w", c.Kind, c.Action.StackSet, err)
			}
			return nil
		})
	}
	err = group.Wait()
	return x.quota.refused, err
}

// advance does what the command wants until it has to wait or is done.
func (x *executor) advance(ctx context.Context, c *command.Command) error {
	for {
		effect := command.Next(c, x.now())
		if effect.Do == command.DoNothing || effect.Do == command.DoWait {
			return nil
		}
		err := x.do(ctx, c, effect)
		if err != nil && passing(err) && ctx.Err() == nil {
			if _, since := x.pace.stumbles(c.ID, x.now()); x.now().Sub(since) < stumbleLimit {
				x.h.Log.Warn("a command waits", "run", x.id(), "command", c.ID, "error", err)
				return nil
			}
		}
		if err != nil {
			return err
		}
		if x.now().Before(x.pace.of(c.ID)) {
			return nil
		}
		x.pace.progresses(c.ID)
	}
}

// passing reports whether AWS may answer later what it has not answered now.
func passing(err error) bool {
	var stage *StageError
	if errors.As(err, &stage) {
		return false
	}
	switch fleet.KindOf(err) {
	case fleet.Throttled, fleet.Unreachable, fleet.UnknownOutcome:
		return true
	}
	return false
}

// do has one effect and records what happened.
func (x *executor) do(ctx context.Context, c *command.Command, effect command.Effect) error {
	switch effect.Do {
	case command.DoBegin:
		return x.log.record(ctx, c.ID, command.Began{})
	case command.DoSave:
		return x.save(ctx, c, effect.Cells)
	case command.DoSend:
		return x.send(ctx, c, effect.Attempt)
	case command.DoDrop:
		return x.log.record(ctx, c.ID, command.RequestDropped{Attempt: effect.Attempt})
	case command.DoLookUp:
		return x.lookUp(ctx, c, effect.Attempt)
	case command.DoPoll:
		return x.poll(ctx, c, effect.Attempt)
	case command.DoReadResults:
		return x.readResults(ctx, c, effect.Attempt)
	case command.DoRevert:
		return x.revert(ctx, c, effect.Cells)
	case command.DoVerify:
		return x.verify(ctx, c)
	case command.DoRecord:
		return x.recordOutcome(ctx, c)
	}
	return fmt.Errorf("command %s wants %q, which is not known", c.ID, effect.Do)
}

// wait has the command looked at again after a while.
func (x *executor) wait(c *command.Command, d time.Duration) { x.pace.set(c.ID, x.now().Add(d)) }

// untilNext is the time until the first command wants to be looked at again.
func (r *run) untilNext(commands []*command.Command) time.Duration {
	next := r.now().Add(time.Minute)
	for _, c := range commands {
		if at := r.due(c); !c.Done() && !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	return max(next.Sub(r.now()), time.Second)
}

// quota keeps the instances being operated on below AWS's limit for one
// administrator account and region, other people's included.
type quota struct {
	mu          sync.Mutex
	limit, used int
	refused     bool // a command
}

// take reserves n instances; a request larger than the whole limit goes alone.
func (q *quota) take(n int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.used > 0 && q.used+n > q.limit {
		q.refused = true
		return false
	}
	q.used += n
	return true
}

// runningInstances counts the instances of open requests and, since AWS does not
// say how many instances an external operation covers, all instances of the sets
// that others are working on: for as long as the run is patient with them, since
// such a set can be larger than AWS's whole limit.
func (r *run) runningInstances(commands []*command.Command) int {
	n := 0
	for _, c := range commands {
		if a := c.OpenAttempt(); a != nil {
			n += a.Size()
		}
	}
	if r.inv != nil && r.patient() {
		for _, name := range r.external(&r.inv.Value) {
			n += len(r.inv.Value.StackSets[name].Instances)
		}
	}
	return n
}

// progressOf reports how far the run is with these commands under way.
func (r *run) progressOf(commands []*command.Command) {
	open := 0
	for _, c := range commands {
		if c.OpenAttempt() != nil {
			open++
		}
	}
	r.progress(countDone(commands), len(commands), open)
}
