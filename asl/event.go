package asl

import (
	"encoding/json"
	"time"
)

// EventType is the type of a history event, as Step Functions names it, or of
// one of the interpreter's own records, which no history shows.
type EventType string

// Event types of Step Functions, besides <Kind>StateEntered, <Kind>StateExited
// and <Kind>StateAborted.
const (
	ExecutionStarted   EventType = "ExecutionStarted"
	ExecutionSucceeded EventType = "ExecutionSucceeded"
	ExecutionFailed    EventType = "ExecutionFailed"
	ExecutionTimedOut  EventType = "ExecutionTimedOut"
	ExecutionAborted   EventType = "ExecutionAborted"

	EvaluationFailed EventType = "EvaluationFailed"

	LambdaFunctionScheduled EventType = "LambdaFunctionScheduled"
	LambdaFunctionStarted   EventType = "LambdaFunctionStarted"
	LambdaFunctionSucceeded EventType = "LambdaFunctionSucceeded"
	LambdaFunctionFailed    EventType = "LambdaFunctionFailed"
	LambdaFunctionTimedOut  EventType = "LambdaFunctionTimedOut"

	TaskScheduled EventType = "TaskScheduled"
	TaskStarted   EventType = "TaskStarted"
	TaskSubmitted EventType = "TaskSubmitted"
	TaskSucceeded EventType = "TaskSucceeded"
	TaskFailed    EventType = "TaskFailed"
	TaskTimedOut  EventType = "TaskTimedOut"

	ActivityScheduled EventType = "ActivityScheduled"
	ActivityStarted   EventType = "ActivityStarted"
	ActivitySucceeded EventType = "ActivitySucceeded"
	ActivityFailed    EventType = "ActivityFailed"
	ActivityTimedOut  EventType = "ActivityTimedOut"

	ParallelStateStarted   EventType = "ParallelStateStarted"
	ParallelStateSucceeded EventType = "ParallelStateSucceeded"
	ParallelStateFailed    EventType = "ParallelStateFailed"

	MapStateStarted       EventType = "MapStateStarted"
	MapStateSucceeded     EventType = "MapStateSucceeded"
	MapStateFailed        EventType = "MapStateFailed"
	MapIterationStarted   EventType = "MapIterationStarted"
	MapIterationSucceeded EventType = "MapIterationSucceeded"
	MapIterationFailed    EventType = "MapIterationFailed"
	MapIterationAborted   EventType = "MapIterationAborted"
	MapRunStarted         EventType = "MapRunStarted"
	MapRunSucceeded       EventType = "MapRunSucceeded"
	MapRunFailed          EventType = "MapRunFailed"
)

// Records of the interpreter's own, told apart by a small first letter.
const (
	recordDefinition EventType = "definition" // the first of a log: what is run
	recordWaiting    EventType = "waiting"    // a Wait state's deadline
	recordRetrying   EventType = "retrying"   // a failure is retried, at a deadline
	recordHeartbeat  EventType = "heartbeat"  // a task is alive, until a new deadline
	recordItems      EventType = "items"      // items that a Map read from outside
	recordItemsEnd   EventType = "itemsEnd"   // and that these are all
)

func (t EventType) private() bool { return t[0] >= 'a' }

// An Event is one event of an execution's history, with the type and the place
// that it has in Step Functions.
type Event struct {
	ID         int64           `json:"id"` // from 1
	PreviousID int64           `json:"previousEventId"`
	Type       EventType       `json:"type"`
	Time       time.Time       `json:"timestamp"`
	Name       string          `json:"name,omitempty"`       // of the state
	Input      json.RawMessage `json:"input,omitempty"`      // of a state or execution that begins
	Output     json.RawMessage `json:"output,omitempty"`     // of a state, task or execution that ends
	Parameters json.RawMessage `json:"parameters,omitempty"` // of a task that is scheduled
	Variables  json.RawMessage `json:"assignedVariables,omitempty"`
	Error      string          `json:"error,omitempty"`
	Cause      string          `json:"cause,omitempty"`
	Resource   string          `json:"resource,omitempty"`
	Index      *int            `json:"index,omitempty"`    // of an iteration
	Length     *int            `json:"length,omitempty"`   // of a Map's items
	Location   string          `json:"location,omitempty"` // of a field whose query failed
	Role       string          `json:"roleArn,omitempty"`  // that a task takes on
}
