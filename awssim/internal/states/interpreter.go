package states

import (
	"context"
	"net/http"
	"time"
)

// Interpreter runs definitions in the States Language.
type Interpreter interface {
	// Validate returns what is wrong with a definition, nothing if it can be run.
	Validate(definition string) []Diagnostic
	// Open returns what runs the executions of one state machine.
	Open(h Host) Runner
}

// Diagnostic is one thing that is wrong with a definition, as
// ValidateStateMachineDefinition answers it.
type Diagnostic struct{ Severity, Code, Message, Location string }

// Host is what an interpreter is given for a state machine.
type Host struct {
	Account, Region, StateMachine, Role string
	// Now and AfterFunc are the world's time. f is called in a goroutine of its own.
	Now       func() time.Time
	AfterFunc func(d time.Duration, f func()) (stop func() bool)
	// Transport leads to the AWS for all that the tasks call, with the keys of a
	// session of the role.
	Transport                                http.RoundTripper
	AccessKey, SecretAccessKey, SessionToken string
	// Happened receives each event of an execution's history, in order.
	Happened func(execution string, e Event)
}

// Runner runs the executions of one state machine. Its methods are called without
// the world's lock, from several goroutines.
type Runner interface {
	// Run runs an execution to its end.
	Run(ctx context.Context, execution, definition string, input []byte) (Outcome, error)
	Stop(ctx context.Context, execution, errorName, cause string) error
	// SendTask* answer the task of a token. known is false for a token of another
	// state machine or of none; a refusal of a token that is known is the error.
	SendTaskSuccess(ctx context.Context, token string, output []byte) (known bool, err error)
	SendTaskFailure(ctx context.Context, token, errorName, cause string) (known bool, err error)
	SendTaskHeartbeat(ctx context.Context, token string) (known bool, err error)
}

// Outcome is how an execution ended: SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
type Outcome struct {
	Status       string
	Output       []byte
	Error, Cause string
}

// Event is an event of an execution's history.
type Event struct {
	ID, PreviousID            int64
	Type                      string
	Time                      time.Time
	Name                      string // of the state
	Input, Output, Parameters []byte
	Error, Cause, Resource    string
	Role, Location            string
	Index, Length             *int
}
