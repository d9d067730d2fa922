package stacksets

import (
	"time"
)

// What an operation does.
const (
	actionCreate = "CREATE"
	actionUpdate = "UPDATE"
	actionDelete = "DELETE"
	actionDrift  = "DETECT_DRIFT"
)

// Statuses of operations beyond those that instances have as well.
const (
	queued   = "QUEUED"
	stopping = "STOPPING"
	stopped  = "STOPPED"
)

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

// room is how many instances may be under way. Strict failure tolerance lets no
// more run than may still fail, so that failures never overshoot; what AWS's
// documentation shows fits min(most, tolerance+1-failures).
func (r *regionRun) room() int {
	if r.soft {
		return r.most
	}
	return min(r.most, r.tolerance+1-r.failures)
}

func (r *regionRun) done() bool { return r.started == len(r.results) && r.busy == 0 }

// finished reports whether the operation has come to its end.
func (o *operation) finished() bool {
	return o.status == succeeded || o.status == failed || o.status == stopped
}

// setStatus moves a result between the index's lists.
func (o *operation) setStatus(n int, status string) {
	reindex(o.byStatus, o.results[n].status, status, n)
	o.results[n].status = status
}
