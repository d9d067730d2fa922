package heal

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/execute"
	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// Cloud is AWS as the healer needs it. Every error is or wraps a *fleet.Error.
// Lists are complete or an error; a page that could not be read is never skipped.
type Cloud interface {
	execute.Cloud
	observe.Member
}

// Clock is time as the healer sees it; cmd passes one that can be sped up.
type Clock = execute.Clock

// Options narrow a run; they are the execution's input.
type Options = record.Options

// Config is what a [Healer] works with.
type Config struct {
	Cloud   Cloud          // required
	Journal record.Journal // required
	Policy  *policy.Policy // nil: policy.Default
	Clock   Clock          // nil: the time package
	Log     *slog.Logger   // nil: nowhere

	// HomeRegion is where the stack sets live. Required.
	HomeRegion fleet.Region
	// Holder names this healer in the lease, such as host and process. Required
	// where two healers could meet.
	Holder string
	// Engine names what drives the stages, for the report.
	Engine string
	// Budget bounds the time one call of a handler takes before it answers and
	// asks to be called again; zero is 5 minutes. A Lambda has 15.
	Budget time.Duration
	// KillSwitch is asked right before every call that changes AWS, beside the one
	// in the journal; nil for none.
	KillSwitch lease.Switch
	// Shared is a lease that all healers of this administrator and region see,
	// whatever journals they have; nil if the journal's own is enough.
	Shared lease.Shared
	// API returns the calls made so far; nil reports none.
	API func() report.API
	// Publish puts the finished report where people look; nil does nothing. Its
	// failure is recorded in the run and does not undo the heal.
	Publish func(ctx context.Context, told *report.Report) error
	// Notify tells people; nil does nothing. It only enqueues.
	Notify func(ctx context.Context, told *report.Report) error
	// Progress hears how the run goes on; nil hears nothing. It must not block.
	Progress func(Progress)
}

// Progress is a snapshot of a run under way.
type Progress struct {
	Run     string
	Stage   string
	At      time.Time
	Sets    int // stack sets done with in this stage
	AllSets int
	Healed  int // cells put right so far in this run
	Planned int // cells that actions of this run are for
	Running int // our operations under way
}

// Healer is the handlers of the stages. It holds no state of a run but decoded copies
// of what is in the journal, which it uses only while the journal's version is the
// copy's.
type Healer struct {
	Config
	leases *lease.Keeper
	views  *observe.Cache
	// kept is what the last call of a stage has left to the next.
	kept atomic.Pointer[keptLog]
	// organization spares readings.
	organization *execute.Organization
	calls        *callCounter
}

// keptLog is what one call of a stage leaves to the next in the same process.
type keptLog struct {
	log  *record.Log
	pace *execute.Pacing
}

// New checks the configuration and fills in what may be left out.
func New(config Config) (*Healer, error) {
	if config.Cloud == nil || config.Journal == nil {
		return nil, errors.New("making a healer: Cloud and Journal are required")
	}
	if config.Policy == nil {
		config.Policy = policy.Default()
	}
	if config.Clock == nil {
		config.Clock = wallClock{}
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Budget == 0 {
		config.Budget = 5 * time.Minute
	}
	if config.Holder == "" {
		config.Holder = "setmend"
	}
	return &Healer{Config: config, views: &observe.Cache{}, calls: newCallCounter(config.API),
		organization: execute.NewOrganization(config.Cloud, config.Clock),
		leases:       &lease.Keeper{Journal: config.Journal, Clock: config.Clock, Holder: config.Holder, Shared: config.Shared}}, nil
}

// Leave lets the lease of an interrupted run expire at once, if it is this
// healer's: the run can be resumed, or another begun, which makes this one's pending
// restores. Operations that AWS has accepted continue there; the next run waits for
// them as for external ones.
func (h *Healer) Leave(ctx context.Context, run string) error { return h.leases.Leave(ctx, run) }

// fence decides whether a run with the given lease may change AWS.
func (h *Healer) fence(run string, l *lease.Lease) *lease.Fence {
	return &lease.Fence{Journal: h.Journal, Clock: h.Clock, Run: run, Lease: l, Switch: h.KillSwitch}
}

// callCounter counts how many API calls were made since it was last asked, so
// that a run's calls can be added up over the processes it lived in, and over
// the runs that one process makes with one connection.
type callCounter struct {
	mu    sync.Mutex        // guards seen
	total func() report.API // nil if calls are not counted
	seen  report.API
}

func newCallCounter(total func() report.API) *callCounter {
	c := &callCounter{total: total}
	c.since()
	return c
}

// since is what has come since the last time.
func (c *callCounter) since() report.API {
	if c.total == nil {
		return report.API{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.total()
	delta := report.API{Calls: now.Calls - c.seen.Calls, Writes: now.Writes - c.seen.Writes,
		Throttled: now.Throttled - c.seen.Throttled, ByAction: map[string]int{}}
	for action, n := range now.ByAction {
		if more := n - c.seen.ByAction[action]; more > 0 {
			delta.ByAction[action] = more
		}
	}
	c.seen = now
	c.seen.ByAction = maps.Clone(now.ByAction)
	return delta
}

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }
func (wallClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
