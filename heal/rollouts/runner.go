package rollouts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/execute"
	"github.com/setmend/setmend/heal/fault"
	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/rollout"
)

// Cloud is AWS as rollouts need it.
type Cloud interface {
	execute.Cloud
	// Alarms lists the CloudWatch alarms in the stack's account and region that match
	// one of the patterns and are in alarm.
	Alarms(ctx context.Context, stack fleet.MemberStack, patterns []string) ([]string, error)
}

// Config is what a [Runner] works with.
type Config struct {
	Cloud      Cloud          // required
	Journal    record.Journal // required
	Policy     *policy.Policy // required
	Clock      execute.Clock  // required
	Log        *slog.Logger   // nil: nowhere
	HomeRegion fleet.Region   // required
	// Holder names this process in the lease.
	Holder string
	// Budget bounds the time that one call of a stage takes; zero is 5 minutes.
	Budget     time.Duration
	KillSwitch lease.Switch
	Shared     lease.Shared
	// Command runs a gate's command and returns what it wrote last, with an error if it
	// did not exit with 0. Nil, as on Lambda, lets such gates fail.
	Command func(ctx context.Context, argv []string, environment []string) (string, error)
	// Progress hears of every change; nil hears nothing. It must not block.
	Progress func(Rollout)
}

// Runner is the handlers of the stages. It keeps decoded copies only.
type Runner struct {
	Config
	leases       *lease.Keeper
	organization *execute.Organization

	mu    sync.Mutex // guards what follows
	fleet *fleet.Fleet
	of    string // the commands that fleet was read for
	pace  *execute.Pacing
}

// New checks the configuration.
func New(config Config) (*Runner, error) {
	if config.Cloud == nil || config.Journal == nil || config.Policy == nil || config.Clock == nil {
		return nil, errors.New("making a rollout runner: Cloud, Journal, Policy and Clock are required")
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Budget == 0 {
		config.Budget = 5 * time.Minute
	}
	return &Runner{Config: config, pace: execute.NewPacing(), organization: execute.NewOrganization(config.Cloud, config.Clock),
		leases: &lease.Keeper{Journal: config.Journal, Clock: config.Clock, Holder: config.Holder, Shared: config.Shared}}, nil
}

// Request is what a stage is called with.
type Request struct {
	Rollout string `json:"rollout"`
	// Failure is an error of a stage before, for End.
	Failure *struct {
		Error string `json:"Error"`
		Cause string `json:"Cause"`
	} `json:"failure,omitempty"`
}

// Answer is what a stage answers.
type Answer struct {
	Rollout string `json:"rollout"`
	// Next is the stage that follows, the same one if it is not complete.
	Next Step `json:"next"`
	// Wait is how many seconds to wait before that.
	Wait   int    `json:"wait"`
	Result Result `json:"result,omitempty"`
}

// Stages returns the handlers by the names that deploy/rollout.asl.json invokes.
func (x *Runner) Stages() map[string]func(context.Context, json.RawMessage) (json.RawMessage, error) {
	return map[string]func(context.Context, json.RawMessage) (json.RawMessage, error){
		"setmend-RolloutUpdate":   x.stage("updating", (*call).update),
		"setmend-RolloutGate":     x.stage("looking at the gates", (*call).gate),
		"setmend-RolloutRollback": x.stage("rolling back", (*call).rollback),
		"setmend-RolloutEnd":      x.stage("ending", (*call).end),
	}
}

// call is one call of a stage.
type call struct {
	*Runner
	doc      *record.Document[Rollout]
	request  Request
	deadline time.Time
}

func (c *call) rollout() *Rollout { return &c.doc.Value }
func (c *call) now() time.Time    { return c.Clock.Now() }

// stage wraps a handler: it loads the rollout, and stores it afterwards.
func (x *Runner) stage(doing string, f func(*call, context.Context) (time.Duration, error)) func(context.Context, json.RawMessage) (json.RawMessage, error) {
	return func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
		var request Request
		if err := json.Unmarshal(input, &request); err != nil {
			return nil, fmt.Errorf("reading the input of a rollout's stage: %w", err)
		}
		doc, err := load(ctx, x.Journal, request.Rollout)
		if err != nil {
			return nil, fault.Named(err)
		}
		c := &call{Runner: x, doc: doc, request: request, deadline: x.Clock.Now().Add(x.Budget)}
		wait, err := c.run(ctx, f)
		if err != nil {
			return nil, fault.Named(fmt.Errorf("%s in rollout %s: %w", doing, request.Rollout, err))
		}
		return json.Marshal(Answer{Rollout: request.Rollout, Next: c.rollout().Step, Wait: max(1, int((wait+time.Second-1)/time.Second)), Result: c.rollout().Result})
	}
}

// run does what the stage does, unless the rollout wants another: a person may have
// aborted it or have it roll back meanwhile.
func (c *call) run(ctx context.Context, f func(*call, context.Context) (time.Duration, error)) (time.Duration, error) {
	wait, err := f(c, ctx)
	if err != nil {
		return 0, err
	}
	return wait, c.save(ctx)
}

// save stores the rollout. A person's change that came in between counts: what this
// call has found out is in the events, and is found again.
func (c *call) save(ctx context.Context) error {
	err := c.doc.Write(ctx, c.Journal)
	if record.IsConflict(err) {
		doc, again := load(ctx, c.Journal, c.request.Rollout)
		if again != nil {
			return again
		}
		c.doc = doc
		return nil
	}
	if err == nil && c.Progress != nil {
		c.Progress(c.doc.Value)
	}
	return err
}

// stop ends the rollout until a person decides.
func (c *call) stop(format string, args ...any) {
	r := c.rollout()
	r.Step, r.Result, r.Ended, r.Why = StepEnd, Stopped, c.now(), fmt.Sprintf(format, args...)
}

// fail does what the plan says of failures.
func (c *call) fail(format string, args ...any) {
	r := c.rollout()
	if r.Plan.OnFailure == rollout.RollBackOnFailure && r.Touched && r.Rollback == nil {
		r.beginRollback(fmt.Sprintf(format, args...))
		return
	}
	c.stop(format, args...)
}

// end closes the rollout. What a stage failed with stops it.
func (c *call) end(ctx context.Context) (time.Duration, error) {
	if r := c.rollout(); r.Result == "" {
		why := "it was ended before its time"
		if f := c.request.Failure; f != nil {
			why = f.Cause
		}
		c.stop("%s", why)
	}
	c.rollout().Step = StepEnd
	return 0, c.leases.Leave(ctx, c.rollout().ID)
}

// under runs f with the lease and the rollout's commands. If another run has the lease,
// it returns how long to wait for it.
func (c *call) under(ctx context.Context, f func(*execute.Executor) (time.Duration, error)) (wait time.Duration, err error) {
	id := c.rollout().ID
	if err := lease.CheckStop(ctx, c.Journal, id); err != nil {
		return 0, err
	}
	held, err := c.leases.Acquire(ctx, id, 0)
	if fault.Is(err, fault.LeaseLost) {
		c.Log.Info("a rollout waits for the lease", "rollout", id, "reason", err)
		return leaseWait, nil
	}
	if err != nil {
		return 0, err
	}
	log, err := record.OpenLog(ctx, c.Journal, c.Clock, id, held.Epoch())
	if err != nil {
		return 0, err
	}
	definitions, err := c.definitions(ctx)
	if err != nil {
		return 0, err
	}
	setting := execute.Setting{Run: id, Cloud: c.Cloud, Journal: c.Journal, Clock: c.Clock, Log: c.Log, Policy: c.Policy, Commands: log, Definitions: definitions,
		Fence: &lease.Fence{Journal: c.Journal, Clock: c.Clock, Run: id, Lease: held, Switch: c.KillSwitch}, Organization: c.organization}
	x := &execute.Executor{Setting: setting, Restores: &execute.Restores{Setting: setting, Epoch: held.Epoch()}, Pace: c.pace, Deadline: c.deadline}
	if wait, err = f(x); err != nil || wait > 0 {
		return wait, err
	}
	// Nothing is under way: heals may run while the phase bakes.
	return 0, errors.Join(record.CloseRun(ctx, c.Journal, id), held.Release(context.WithoutCancel(ctx)))
}

// leaseWait is how long a rollout waits for another run before it asks again.
const leaseWait = time.Minute

func (c *call) definitions(ctx context.Context) (map[string]fleet.SetChange, error) {
	changes := map[string]fleet.SetChange{}
	for _, name := range []string{c.rollout().Plan.New, c.rollout().Plan.Previous} {
		d, err := c.definition(ctx, name)
		if err != nil {
			return nil, err
		}
		changes[name] = d.Change()
	}
	return changes, nil
}

func (c *call) definition(ctx context.Context, name string) (rollout.Definition, error) {
	doc, err := record.Read[rollout.Definition](ctx, c.Journal, definitionKey(c.rollout().ID, name))
	if err == nil && !doc.Exists() {
		err = fmt.Errorf("reading the definition %s of rollout %s: it is not in the journal", name, c.rollout().ID)
	}
	return doc.Value, err
}

// read reads the stack set, once for the commands of the given name.
func (c *call) read(ctx context.Context, of string) (*fleet.Fleet, error) {
	c.mu.Lock()
	known := c.fleet
	if c.of != of {
		known = nil
	}
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	f, err := observe.Fleet(ctx, c.Cloud, c.Clock, c.HomeRegion, []fleet.StackSetName{c.rollout().Plan.StackSet})
	if err != nil {
		return nil, fmt.Errorf("reading the stack set: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fleet, c.of = f, of
	return f, nil
}
