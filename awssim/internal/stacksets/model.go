package stacksets

// The types that refer to each other: the service, its sets, their instances and
// operations. What is done with them stands in the other files.

import (
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Objects is where templates and lists of accounts come from that a request
// names by URL: S3.
type Objects interface {
	// Fetch reads an object as the caller; the URL is s3://… or https://….
	Fetch(c *core.Call, url string) ([]byte, error)
}

// Service is StackSets in every account and region. The world's lock guards it.
type Service struct {
	world   *core.World
	stacks  core.Stacks
	org     core.Organization
	objects Objects // nil: nothing can be fetched
	options Options

	homes   map[home]*shelf
	arns    map[string]*set       // active sets by ARN
	gates   map[place]gate        // account gate functions that exist
	regions map[place]bool        // regions that are disabled in an account
	wakes   map[home][]*operation // operations that wait for a place, see take
	moves   map[string]change     // accounts that moved since the last round of automatic deployment
	// keys are the parameters that the template keysOf declares.
	keysOf string
	keys   map[string]bool
	// landed is called after every instance that an operation brought to CURRENT.
	landed []func(Landing)
}

// Landing is an instance that an operation has just deployed.
type Landing struct {
	StackSet, Account, Region, StackID, OperationID string
}

// home is where stack sets live.
type home struct{ account, region string }

// shelf is a home's stack sets.
type shelf struct {
	sets   []*set          // in order of creation, deleted ones included
	active map[string]*set // by name
	ids    map[string]*set // by StackSetId, deleted ones included
	busy   int             // instances being operated on
}

// place is where an instance sits.
type place struct{ account, region string }

// instance is one stack instance. Its indexed fields are changed by its table only.
type instance struct {
	place
	slot      int
	stackID   string // "" while there is no stack
	ou        string // the OU or root it was deployed through, if service-managed
	status    string
	detailed  string // indexed
	reason    string
	drift     string // indexed
	checked   time.Time
	operation *operation // the last one; indexed
	overrides overrides
	// found is what the last drift detection found, for the operation that ran it.
	found   *core.StackDrift
	foundBy *operation
}

// table is a stack set's instances with their indexes.
type table struct {
	slots []*instance
	free  bitset // slots to use again
	live  bitset
	at    map[place]*instance

	accounts   map[string][]*instance
	regions    map[string]*bitset
	detailed   map[string]*bitset
	drift      map[string]*bitset
	operations map[*operation]*bitset
}

// set is one stack set.
type set struct {
	home
	partition   string
	name, uuid  string
	description string
	deleted     bool
	definition
	model   string
	auto    autoDeployment
	managed bool // ManagedExecution.Active

	// targets are the regions by OU that instances were created through: where
	// automatic deployment looks.
	targets map[string]map[string]bool

	instances  table
	operations []*operation // oldest first
	byID       map[string]*operation
	active     []*operation // running or queued, in order of request
	started    int          // how many operations there ever were
	drift      driftSummary // of the last completed detection

	token   string // of CreateStackSet
	changed bool   // since its creation
}

// definition is what every stack of a set is made from.
type definition struct {
	template       string
	parameters     map[string]string // as given; the template's defaults are not among them
	capabilities   []string
	tags           map[string]string
	administration string // role ARN
	execution      string // role name
}

type autoDeployment struct {
	enabled, retain bool
	dependsOn       []string // ARNs
}

// driftSummary is a stack set's or operation's drift details.
type driftSummary struct {
	status    string // of the instances seen
	detection string // of the detection itself
	checked   time.Time
	last      time.Time // when the last instance was checked
	total     int
	drifted   int
	inSync    int
	failed    int
}

// operation is one stack set operation. Before it starts it knows whom it is
// for; at its start it becomes a list of results.
type operation struct {
	set     *set
	id      string
	number  int // among the set's operations
	action  string
	status  string
	reason  string
	prefs   *Preferences
	retain  *bool // of deletes
	echo    *DeploymentTargets
	roles   definition // the roles as they were at the start
	created time.Time
	ended   time.Time
	request string // what was asked for, to recognise a repeated request

	// scope are the places it touches, nil for the whole set: what managed
	// execution asks.
	scope map[place]bool
	// plan lists the targets when the operation starts. It may change the set.
	plan func() []target
	work work
	auto *automatic // not nil: automatic deployment
	// ready and after, if set, decide whether it may start, and are called when it has
	// ended.
	ready func() bool
	after func()

	results    []result
	byStatus   map[string]*bitset
	regions    []*regionRun
	dispatched bool
	turn       int // sequential: the region being worked on
	busy       int // instances under way
	failures   int
	exceeded   bool // tolerance, in some region
	drift      driftSummary
	waiting    bool // for a free place among the busy instances of the home
}

// target is one instance that an operation is for.
type target struct {
	place
	ou       string
	instance *instance
	stackID  string // import: the stack
}

// result is what became of one target.
type result struct {
	target
	status string
	reason string
	gate   gate
}

// regionRun is how far an operation is in one region.
type regionRun struct {
	name      string
	results   []int // indices, in the order that they are started in
	started   int
	busy      int
	failures  int
	tolerance int
	most      int // concurrency, failures aside
	soft      bool
	exceeded  bool
}

// work is what an operation does to one instance.
type work interface {
	// accept is called for every target when the operation starts.
	accept(s *Service, o *operation, r *result)
	// begin does the work and calls done once, later.
	begin(s *Service, o *operation, r *result, done func(outcome))
	// cancel is called instead of begin where the operation ends before.
	cancel(s *Service, o *operation, r *result)
}

// gate is an account gate: a function that lets StackSets into a place or not.
type gate struct{ status, reason string }

// outcome is how work on one instance ended. Reason may be set without failure.
type outcome struct {
	failed bool
	reason string
}

// automatic marks an operation as one of automatic deployment.
type automatic struct {
	accounts map[string]bool
	batch    *batch
}

// batch is what one round of automatic deployment starts together.
type batch struct{ deployments map[*set]*operation }

// change is an account's move, kept until the round that deals with it.
type change struct{ from, to []string }

// overrides are an instance's own parameter values. They are shared between
// instances and never changed in place.
type overrides map[string]string
