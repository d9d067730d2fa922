package heal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// Config is what a [Healer] works with.
type Config struct {
	Cloud   Cloud          // required
	Journal Journal        // required
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
	// in the journal; nil asks nobody. An error stops the call as well: a switch
	// that cannot be read may be on.
	KillSwitch func(ctx context.Context) (reason string, stop bool, err error)
	// Shared is a lease that all healers of this administrator and region see,
	// whatever journals they have; nil if the journal's own is enough.
	Shared SharedLease
	// API tells the calls made so far; nil reports none.
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

// Healer is the handlers of the stages. It holds no state of a run but a decoded
// copy of what is in the journal, which it uses only while the journal's version
// is the copy's.
type Healer struct {
	Config
	decoded atomic.Pointer[document[fleet.Fleet]]
	// kept is what the last call of a stage has left to the next.
	kept atomic.Pointer[keptLog]
	// sharing is the hold on the shared lease of the run that was opened last.
	sharing atomic.Pointer[shared]

	counting sync.Mutex // guards calls
	calls    *callCounter
	// organization spares readings; see [organizationCache].
	organization organizationCache
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
	h := &Healer{Config: config, calls: newCallCounter(config.API)}
	h.organization.free = make(chan struct{}, 1)
	h.organization.free <- struct{}{}
	return h, nil
}

// Request is what a stage is called with.
type Request struct {
	Run   string  `json:"run"`
	Input Options `json:"input"`
	// Failure is what a stage before failed with, for PublishStatus and Notify.
	Failure *Failure `json:"failure,omitempty"`
}

// Failure is an error in the States Language's form.
type Failure struct {
	Error string `json:"Error"`
	Cause string `json:"Cause"`
}

// Options narrow a run; they are the execution's input.
type Options struct {
	// Accept lists guards that a person has accepted, as "guard" or "guard:stackset".
	Accept []string `json:"accept,omitempty"`
	// StackSets, Accounts and Targets narrow the run; empty is everything.
	StackSets []fleet.StackSetName `json:"stackSets,omitempty"`
	Accounts  []fleet.AccountID    `json:"accounts,omitempty"`
	Targets   []fleet.Target       `json:"targets,omitempty"`
}

// Scope is the part of the fleet that the options leave.
func (o Options) Scope() plan.Scope {
	return plan.Scope{StackSets: o.StackSets, Accounts: o.Accounts, Targets: o.Targets}
}

// covers reports whether any of a stack set is in scope.
func (o Options) covers(name fleet.StackSetName) bool {
	return len(o.StackSets) == 0 || slices.Contains(o.StackSets, name)
}

// Answer is what a stage answers: small, whatever the size of the fleet.
type Answer struct {
	Run      string `json:"run"`
	Complete bool   `json:"complete"`
	// Wait is how many seconds to wait before the stage is called again.
	Wait   int           `json:"wait"`
	Result report.Result `json:"result,omitempty"`
}

// Stage is a handler: JSON in, JSON out, as a Lambda function is.
type Stage func(ctx context.Context, input json.RawMessage) (json.RawMessage, error)

// Stages are the handlers by the names that the state machine calls them.
func (h *Healer) Stages() map[string]Stage {
	return map[string]Stage{
		"setmend-InitCleanup":           h.stage("InitCleanup", h.initCleanup),
		"setmend-MandatoryDeployment":   h.stage("MandatoryDeployment", h.mandatoryDeployment),
		"setmend-DetectDrift":           h.stage("DetectDrift", h.detectDrift),
		"setmend-DriftStatus":           h.stage("DriftStatus", h.driftStatus),
		"setmend-SearchInstancesToHeal": h.stage("SearchInstancesToHeal", h.searchInstancesToHeal),
		"setmend-Heal":                  h.stage("Heal", h.heal),
		"setmend-PublishStatus":         h.stage("PublishStatus", h.publishStatus),
		"setmend-Notify":                h.stage("Notify", h.notify),
	}
}

// stage wraps a handler with what all of them need: the run, the lease, the
// deadline, and errors that name the stage.
func (h *Healer) stage(name string, f func(context.Context, *run) (Answer, error)) Stage {
	return func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
		var request Request
		if err := json.Unmarshal(input, &request); err != nil {
			return nil, fmt.Errorf("reading the input of %s: %w", name, err)
		}
		r, err := h.open(ctx, name, request)
		if err != nil {
			return nil, named(fmt.Errorf("%s: %w", name, err))
		}
		answer, err := f(ctx, r)
		if err != nil {
			return nil, named(fmt.Errorf("%s: %w", name, err))
		}
		if err := r.save(ctx); err != nil {
			return nil, named(fmt.Errorf("%s: %w", name, err))
		}
		h.decoded.Store(r.inv) // not after an error: it may be changed and not saved
		if r.fence.lease != nil {
			h.kept.Store(&keptLog{r.log, r.pace})
		}
		answer.Run = request.Run
		return json.Marshal(answer)
	}
}

// StageError is an error with a name that the state machine can match.
type StageError struct {
	Name string
	Err  error
}

func (e *StageError) Error() string { return e.Err.Error() }
func (e *StageError) Unwrap() error { return e.Err }

// Names of errors that the state machine tells apart.
const (
	ErrorLeaseLost   = "LeaseLost"
	ErrorStopped     = "RunStopped"
	ErrorCredentials = "CredentialsUnusable"
	ErrorDenied      = "AccessDenied"
	ErrorPassing     = "PassingFault" // worth another try
	ErrorRun         = "RunFailed"
)

// named gives every error a name, so that only what can pass is retried.
func named(err error) error {
	var known *StageError
	if errors.As(err, &known) {
		return &StageError{known.Name, err}
	}
	switch fleet.KindOf(err) {
	case fleet.Throttled, fleet.Unreachable, fleet.UnknownOutcome, fleet.Conflict:
		return &StageError{ErrorPassing, err}
	case fleet.Expired:
		return &StageError{ErrorCredentials, err}
	case fleet.Denied:
		return &StageError{ErrorDenied, err}
	}
	if isJournal(err) || errors.Is(err, context.DeadlineExceeded) {
		return &StageError{ErrorPassing, err} // the handler reads everything anew
	}
	return &StageError{ErrorRun, err}
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
