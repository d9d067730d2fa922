package awssim

import (
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/faults"
	"github.com/setmend/setmend/awssim/internal/limits"
	"github.com/setmend/setmend/awssim/internal/organizations"
	"github.com/setmend/setmend/awssim/internal/resource"
	"github.com/setmend/setmend/awssim/internal/stacks"
	"github.com/setmend/setmend/awssim/internal/stacksets"
)

// Clock is where an AWS's time comes from.
type Clock = core.Clock

// Options fix everything about an AWS that could differ from run to run. The
// zero value is AWS with its documented rates and quotas.
type Options struct {
	// Seed determines ids, durations and whatever else is random.
	Seed uint64
	// Clock is the source of time; nil is the time package, which is virtual in
	// a testing/synctest bubble.
	Clock Clock
	// Account is whom access keys that name no account act as, and the account
	// that the organization is made in. "" is 111122223333.
	Account string
	// Partition is "aws" unless set.
	Partition string
	// Unthrottled turns request rates off.
	Unthrottled bool
	// Burst is how many seconds' worth of requests may come at once where AWS
	// documents a rate but no burst. 0 is 1.
	Burst int
	// Organizations are what AWS Organizations' documentation leaves open.
	Organizations organizations.Options
	// StackSets are StackSets' quotas and what its documentation leaves open.
	StackSets StackSetOptions
	// Stacks are CloudFormation's durations and quotas for stacks.
	Stacks StackOptions
	// DeclaredSetsNeedAccess fails the stacks that declare a service-managed stack
	// set where no organization lets StackSets in, as AWS does. By default such a set
	// is data only, so that templates can be tried out in an empty world.
	DeclaredSetsNeedAccess bool
	// Functions are how Lambda functions run.
	Functions FunctionOptions
	// StateMachines runs the definitions of Step Functions; nil refuses executions.
	StateMachines Interpreter
	// EnforceIAM has the policies of roles evaluated: a call that its caller's role
	// does not allow is denied. By default every role may do everything.
	EnforceIAM bool
	// Fill fills the new world. It is called by New and by Reset, without the lock.
	Fill func(*AWS) error
}

// AWS is one embedded AWS: an http.Handler with a world behind it. Its methods
// may be called from several goroutines.
type AWS struct {
	options Options
	clock   core.Clock
	world   *core.World

	// The rest is guarded by the world's lock, and made anew by Reset.

	services map[string]*core.Service // by signing name
	limits   *limits.Limits           // nil: no request rates
	record   record
	faults   faults.Set
	recall   map[string]memory // answers that a fault may give again

	organization *organizations.Organization
	stacks       *stacks.Engine
	stackSets    *stacksets.Service
	data         dataServices

	listeners []func(Event)   // of Subscribe; they outlive Reset
	landings  []func(Landing) // of OnLanding; likewise
}

// New makes an AWS: accounts without an organization, or what Options.Fill makes
// of them.
func New(options Options) (*AWS, error) {
	if _, err := resource.NewQuirks(options.Stacks.DriftQuirks); err != nil {
		return nil, err
	}
	a := &AWS{options: options, world: core.NewWorld(core.Options{
		Seed:      options.Seed,
		Clock:     options.Clock,
		Partition: options.Partition,
		Account:   options.Account,
	})}
	a.clock = a.world.Options.Clock
	a.world.Serve(a.begin)
	return a, a.fill()
}

// begin makes empty services in an empty world.
func (a *AWS) begin() {
	a.services = map[string]*core.Service{}
	a.record = record{calls: map[string]int{}}
	a.faults.Clear()
	a.recall = map[string]memory{}
	if a.limits = nil; !a.options.Unthrottled {
		a.limits = limits.New(a.options.Burst)
	}
	a.assemble(a.options)
	for _, f := range a.listeners {
		a.world.Subscribe(f)
	}
	for _, f := range a.landings {
		a.stackSets.OnLanding(f)
	}
}

func (a *AWS) fill() error {
	if a.options.Fill == nil {
		return nil
	}
	return a.options.Fill(a)
}

// Reset makes everything as New made it, and keeps who subscribed.
func (a *AWS) Reset() error {
	a.Lock()
	a.world.Reset()
	a.begin()
	a.Unlock()
	return a.fill()
}

// Lock holds the world still, brought up to now, until Unlock. No method that
// takes the lock itself may be called in between.
func (a *AWS) Lock() { a.world.Lock() }

// Unlock gives the world back.
func (a *AWS) Unlock() { a.world.Unlock() }

// Account is whom access keys that name no account act as.
func (a *AWS) Account() string { return a.world.Options.Account }

// Now is the world's time.
func (a *AWS) Now() time.Time {
	a.Lock()
	defer a.Unlock()
	return a.world.Now()
}

// Advance moves the world's time forward, running everything that falls due.
//
// What functions and state machines do in answer happens at that time: while one is
// at work, the clock is held, for patience at most.
func (a *AWS) Advance(d time.Duration) {
	for {
		a.Lock()
		left, idle := a.world.AdvanceIdle(d)
		a.Unlock()
		if idle == nil {
			return
		}
		if d = left; !within(idle, patience) {
			a.Lock()
			a.world.Advance(d)
			a.Unlock()
			return
		}
	}
}

// patience is how long Advance lets what is under way take, by the time package.
const patience = 30 * time.Second

func within(done <-chan struct{}, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// Access is what little of IAM the world knows: missing roles and SCPs. It is
// used with the lock held.
func (a *AWS) Access() *core.Access { return a.world.Access }

// Event is what AWS puts on an account's default event bus.
type Event = core.Event

// Subscribe has f called for every event from now on, in the world's order and
// with the lock held: f must not call back into the AWS.
func (a *AWS) Subscribe(f func(Event)) {
	a.Lock()
	defer a.Unlock()
	a.listeners = append(a.listeners, f)
	a.world.Subscribe(f)
}
