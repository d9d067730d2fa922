package asl

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/setmend/setmend/asl/internal/jsonpath"
)

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
// blanks. An execution goes on only with the definition that it was started
// with.
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

func hashOf(definition []byte) string {
	sum := sha256.Sum256(definition)
	return hex.EncodeToString(sum[:])
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
}

// A state is one state of a program.
type state struct {
	name    string
	path    string
	kind    Kind
	comment string
	in      *program
	jsonata bool // its QueryLanguage

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

// A target is a transition: to the state of a name, for a reason.
type target struct {
	name  string
	path  string // of the field in the definition
	label string // for graphs
	to    **state
}

// leaf is for workers with neither targets nor programs.
type leaf struct{}

func (leaf) targets() []target    { return nil }
func (leaf) programs() []*program { return nil }

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
