package asl

import (
	"context"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/setmend/setmend/asl/internal/jsonpath"
)

// This file is the vocabulary: what a definition is once it is read, and what an
// execution is. Everything else works on these.

// A Machine is a definition, checked and compiled. It is immutable and may be
// run any number of times at once.
type Machine struct {
	definition []byte
	compact    []byte // definition without blanks, as the store has it
	hash       string
	comment    string
	timeout    time.Duration // of the whole execution, 0 is none
	root       *program
	resources  []Resource
}

// Hash identifies the definition: the SHA-256, in hex, of its text without
// blanks. An execution can be resumed only with the definition that it was
// started with.
func (m *Machine) Hash() string { return m.hash }

// Definition is the text that the machine was made from.
func (m *Machine) Definition() []byte { return append([]byte(nil), m.definition...) }

// Resources lists what the definition's Task states, item readers and result
// writers call, in the order of the definition.
func (m *Machine) Resources() []Resource { return append([]Resource(nil), m.resources...) }

// A Resource is something outside that a definition calls.
type Resource struct {
	Path     string // of the field that names it
	State    string // the state's name
	ARN      string // as written: a function's name or ARN, or arn:aws:states:::SERVICE:ACTION
	Function string // for lambda:invoke: the FunctionName, where it is constant
}

// A program is states and where they start: a whole definition, a branch of a
// Parallel or the item processor of a Map.
type program struct {
	path    string // in the definition
	comment string
	start   *state
	states  []*state // in the order they are written
	named   map[string]*state

	// distributed programs run as executions of their own: they see no variables
	// from outside.
	distributed bool
	described   bool // what becomes of them is written to files
}

// A state is one state of a program.
type state struct {
	name    string
	path    string
	kind    Kind
	comment string
	in      *program
	jsonata bool // its QueryLanguage
	awaits  bool // a task that waits for its token

	next     *state // nil where end, and for states that choose
	nextName string
	end      bool

	flow    flow
	retry   []*retrier
	catch   []*catcher
	entered EventType
	exited  EventType
	work    worker
}

// Kind is a state's Type.
type Kind string

// The eight state types.
const (
	KindTask     Kind = "Task"
	KindPass     Kind = "Pass"
	KindChoice   Kind = "Choice"
	KindWait     Kind = "Wait"
	KindSucceed  Kind = "Succeed"
	KindFail     Kind = "Fail"
	KindParallel Kind = "Parallel"
	KindMap      Kind = "Map"
)

// kinds in the order in which a mistyped one is looked for.
var kinds = []Kind{KindTask, KindPass, KindChoice, KindWait, KindSucceed, KindFail, KindParallel, KindMap}

// flow is how data goes through a state: the fields that most types have.
type flow struct {
	input      *jsonpath.Path // nil is all
	noInput    bool           // InputPath: null
	parameters *template      // Arguments with JSONata
	selector   *template      // ResultSelector
	result     *jsonpath.Path
	noResult   bool // ResultPath: null
	output     *jsonpath.Path
	noOutput   bool      // OutputPath: null
	outputs    *template // Output, with JSONata
	assign     *template
}

// A retrier is one entry of Retry.
type retrier struct {
	errors   []string
	interval time.Duration // before the first retry; 1 s
	attempts int           // at most; 3
	rate     float64       // by which the interval grows; 2
	longest  time.Duration // MaxDelaySeconds, 0 is none
	jitter   bool          // JitterStrategy FULL
}

// A catcher is one entry of Catch.
type catcher struct {
	path     string
	errors   []string
	next     *state
	nextName string
	result   *jsonpath.Path
	noResult bool
	assign   *template
	outputs  *template // Output, with JSONata
}

// A target is a transition: to the state of a name, for a reason.
type target struct {
	name  string
	path  string // of the field in the definition
	label string // for graphs
	to    **state
}

// A worker is what is particular to a state's type.
type worker interface {
	// start begins the state's work on a frame that has just entered it, or
	// begins it again for a retry.
	start(r *run, f *frame)
	// targets are the states, besides Next, that the state can go on to.
	targets() []target
	// programs are the programs within the state.
	programs() []*program
}

// A resumer takes up, after recovery, what its state had under way.
type resumer interface{ resume(r *run, f *frame) }

// A parent is the worker of a state that has a family.
type parent interface {
	worker
	resumer
	// spread begins as many members of the family of f as may begin.
	spread(r *run, f *frame)
	// childDone continues f after one of its family has come to its end, in
	// success or, for a child execution, in failure.
	childDone(r *run, f, child *frame)
	// childFailed continues f after a branch or iteration has failed.
	childFailed(r *run, f, child *frame, fail *failure)
}

// leaf is for workers with neither targets nor programs.
type leaf struct{}

func (leaf) targets() []target { return nil }

func (leaf) programs() []*program { return nil }

// An Engine runs executions. All its methods may be called from many goroutines
// at once.
type Engine struct {
	store    Store
	tasks    Tasks
	objects  ObjectStore
	clock    Clock
	limits   Limits
	listener Listener
	values   ContextValues
	seed     uint64
	poll     time.Duration      // for answers
	sent     atomic.Int64       // answers, to tell them apart
	defining singleflight.Group // by hash

	mu      sync.Mutex
	running map[string]*run // guarded by mu; by name
	defined map[string]bool // guarded by mu; hashes of the definitions known to be stored
}

// ContextValues are the parts of the context object that the interpreter cannot
// know.
type ContextValues struct {
	StateMachine string // $$.StateMachine.Name; "" is "setmend"
	Region       string // in ARNs; "" is "local"
	Account      string // in ARNs; "" is "000000000000"
	RoleARN      string // $$.Execution.RoleArn
}

// Status is how an execution ended.
type Status string

// The statuses of an execution.
const (
	StatusRunning   Status = "RUNNING"
	StatusSucceeded Status = "SUCCEEDED"
	StatusFailed    Status = "FAILED"
	StatusTimedOut  Status = "TIMED_OUT"
	StatusAborted   Status = "ABORTED"
)

// An Outcome is the end of an execution.
type Outcome struct {
	Status Status          `json:"status"`
	Output json.RawMessage `json:"output,omitempty"` // of a success
	Error  string          `json:"error,omitempty"`  // the error's name; may be empty even for a failure
	Cause  string          `json:"cause,omitempty"`
}

// A run is an execution being worked on. Everything in it belongs to the one
// goroutine that is in loop, except the mailbox.
//
// The loop takes frames off a queue and lets each do one step: enter a state,
// begin its work, start one iteration. A step writes records to the batch and
// applies them. When no frame can go on, the batch is appended to the store in
// one piece, and only then are the functions called that the records announce.
// So a store write covers all that happened at once, whatever the number of
// branches, and the log always ends between two steps.
type run struct {
	engine  *Engine
	name    string
	log     string
	machine *Machine
	owned   bool // the log is there, and claimed
	epoch   int64
	caller  context.Context
	ctx     context.Context // see functions
	stop    context.CancelFunc
	box     *mailbox
	random  *rand.Rand // see draw
	drawn   int64      // epoch that random belongs to

	execs     []*execution
	byID      map[int]*frame // only while the log is read
	damage    error          // of a log, or of the store: the run cannot go on
	lastFrame int
	queue     []*frame
	head      int // of the queue

	batch   []byte
	last    sequence // of the batch
	unsure  bool     // a write has failed, so the end of the log is unknown
	launch  []*call
	heard   []heard      // events of the batch, for the listener
	answers []chan error // of those who wait for the batch to be durable
	active  int          // functions that have not returned
	steps   int          // so far; now and then one looks whether there is something else to do

	callbacks map[string]*call // tasks that wait for an answer, by token
	taken     int64            // answers that were read
	looked    int64            // when they last were, unix nanoseconds
	stopPoll  func() bool      // of the next look; nil: none is due

	stopTimer func() bool // of the execution's timeout
	sc        scope
	selecting *selection // while an ItemSelector is evaluated
}

// A sequence is the place between two records of an entry. A record leaves out
// what follows from the one before: its id is told as how many were skipped, its
// predecessor as how many lie between, its time as the time since, and a text
// that is the same again as "s". A log is mostly these.
type sequence struct {
	id, at int64
	text   []byte
}

type heard struct {
	execution string
	event     Event
}

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
	items  int    // of a Map that it processes
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

func (f *frame) work() worker {
	if f.state == nil {
		return nil
	}
	return f.state.work
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

// joined adds a member that processes n items.
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

func newFamily() *family { return &family{running: make(map[int]*frame)} }

// A call is one attempt of a Task, from when it is scheduled until its end.
type call struct {
	frame     *frame
	token     string
	resource  string
	arguments *data
	role      string // that it takes on, "" is none
	deadline  int64  // of TimeoutSeconds, unix nanoseconds
	heartbeat int64  // HeartbeatSeconds in nanoseconds, 0 is none
	beat      int64  // deadline of the heartbeat, 0 is none
	submitted bool   // the function has returned, and the token is awaited

	// Volatile.
	cancel    context.CancelFunc
	stopTimer func() bool
	stopBeat  func() bool
}

// current reports whether the frame is still at c.
func (c *call) current() bool {
	return c.frame.call == c && c.frame.phase == phaseCalling && c.frame.exec.outcome == nil
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

// A mapPlan is what a Map has worked out before its iterations begin. All of it
// follows from the state's input and what was read, so that it can be worked out
// again after recovery.
type mapPlan struct {
	items       []any
	input       *data // what ItemSelector sees as $
	concurrency int
	tolerance   tolerance
	batching    *batching // nil: every item by itself
}

// A selection is the item that ItemSelector is being evaluated for.
type selection struct {
	item  any
	index int
}

// tolerance is how many items may fail, with their child executions.
type tolerance struct {
	distributed bool
	count       int64
	percentage  float64
	byShare     bool // a percentage is given
	byCount     bool // a count is given
}

// A batching is what a batcher has worked out for one entry of its state.
type batching struct {
	items, bytes int64
	input        any // BatchInput, nil if there is none
}
