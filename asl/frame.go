package asl

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/setmend/setmend/asl/internal/value"
)

// A phase is how far a frame has come with its state.
type phase int

const (
	phaseNext     phase = iota // about to enter its state
	phaseEntered               // has entered it; the work has not begun
	phaseWaiting               // a Wait state, until a deadline
	phaseRetrying              // has failed, and starts again at a deadline
	phaseCalling               // a Task's function is running, or its token is awaited
	phaseFamily                // branches, iterations or child executions are under way
	phaseDone                  // has left its last state, or was given up
)

// An execution is one history: that of the run itself, or that of one child of a
// distributed Map.
type execution struct {
	index   int // 0 is the run itself
	name    string
	started int64 // unix nanoseconds
	input   *data
	lastID  int64 // of its newest event
	root    *frame
	stopped int64
	outcome *Outcome // nil while it runs
	output  *data    // of a success

	variables int // bytes of all that has been assigned; an upper bound
}

// A frame is one thread of an execution: its main line, a branch of a Parallel,
// an iteration of a Map. It belongs to the goroutine of its run.
type frame struct {
	id     int
	exec   *execution
	parent *frame // whose state's family this is of; for a child execution, too
	index  int    // within the family
	items  int    // of a Map that it stands for
	prog   *program

	// What follows is changed by apply alone, so that recovery arrives at the
	// same values.
	phase     phase
	state     *state
	input     *data
	entered   int64 // when, unix nanoseconds
	enteredID int64 // event of it
	previous  int64 // newest event of this frame
	before    int64 // the event before the state was entered
	vars      map[string]any
	attempts  []int // retries so far, for each retrier of the state
	until     int64 // deadline of phaseWaiting and phaseRetrying
	call      *call
	family    *family
	output    *data // of the last state

	// Volatile.
	stopTimer func() bool
	queued    bool
}

// retries is how many retries the state has had, by all retriers.
func (f *frame) retries() int {
	n := 0
	for _, a := range f.attempts {
		n += a
	}
	return n
}

// variable looks a name up in the frame and in those around it, as far as the
// scope reaches.
func (f *frame) variable(name string) (any, bool) {
	for at := f; at != nil; at = at.parent {
		if v, ok := at.vars[name]; ok {
			return v, true
		}
		if at.prog.distributed {
			break
		}
	}
	return nil, false
}

// iteration is the nearest frame around f that is an iteration of a Map, within
// the same execution.
func (f *frame) iteration() *frame {
	for at := f; at != f.exec.root; at = at.parent {
		if at.parent.state.kind == KindMap {
			return at
		}
	}
	return nil
}

// A family is what a Parallel or Map state has under way.
type family struct {
	begun    int            // the index of the next member
	consumed int            // items that have gone into members
	running  map[int]*frame // by index
	results  []*data        // by index; nil for a member that has not succeeded
	failed   int            // items of child executions that have failed
	last     int64          // newest event of a finished member, for previousEventId
	children []*execution   // child executions, where a result writer wants them

	read    []any // items from outside, as recorded
	allRead bool

	plan    *mapPlan // of a Map; volatile, worked out anew after recovery
	writing bool     // volatile: the result writer is at work
}

func newFamily() *family { return &family{running: make(map[int]*frame)} }

// joined adds a member that stands for n items.
func (fam *family) joined(child *frame, n int) {
	fam.running[child.index] = child
	fam.begun = child.index + 1
	fam.consumed += n
	fam.results = append(fam.results, nil)
	child.items = n
}

// finished removes a member and keeps its result, nil for a failure.
func (fam *family) finished(child *frame, result *data) {
	delete(fam.running, child.index)
	fam.last = child.previous
	fam.results[child.index] = result
	if result == nil {
		fam.failed += child.items
	}
}

// inOrder lists the running members by their index.
func (fam *family) inOrder() []*frame {
	list := make([]*frame, 0, len(fam.running))
	for _, i := range slices.Sorted(maps.Keys(fam.running)) {
		list = append(list, fam.running[i])
	}
	return list
}

// scope evaluates paths, functions and queries for a frame. There is one for each
// run.
type scope struct {
	r      *run
	f      *frame
	input  any    // $ of a path
	query  *query // being evaluated; nil: none is
	result *data  // $states.result; nil: there is none
	caught *data  // $states.errorOutput; nil: there is none
}

func (s *scope) Input() any { return s.input }

func (s *scope) Random() *rand.Rand { return s.r.draw() }

func (s *scope) Context() any { return s.r.contextObject(s.f) }

// Now returns the time that $now and $millis give.
func (s *scope) Now() time.Time { return time.Unix(0, s.r.now()) }

// Variable returns the value of a variable; for a query, also that of $states.
func (s *scope) Variable(name string) (any, bool) {
	if name == reservedVariable && s.query != nil {
		return s.states(), true
	}
	return s.f.variable(name)
}

// states is $states, as far as the query looks at it.
func (s *scope) states() *value.Object {
	needs := s.query.e.Needs
	var members []value.Member
	if needs("input") {
		members = append(members, value.Member{Name: "input", Value: s.f.input.v})
	}
	if s.result != nil && needs("result") {
		members = append(members, value.Member{Name: "result", Value: s.result.v})
	}
	if s.caught != nil && needs("errorOutput") {
		members = append(members, value.Member{Name: "errorOutput", Value: s.caught.v})
	}
	if needs("context") {
		members = append(members, value.Member{Name: "context", Value: s.Context()})
	}
	return value.NewObject(members...)
}
