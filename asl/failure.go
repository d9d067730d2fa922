package asl

import (
	"context"
	"errors"
	"fmt"
)

// Error names of the States Language that the interpreter itself raises.
const (
	ErrorTimeout             = "States.Timeout"
	ErrorHeartbeatTimeout    = "States.HeartbeatTimeout" // only in Retry and Catch; it surfaces as States.Timeout
	ErrorTaskFailed          = "States.TaskFailed"
	ErrorRuntime             = "States.Runtime"
	ErrorQueryEvaluation     = "States.QueryEvaluationError"
	ErrorDataLimitExceeded   = "States.DataLimitExceeded"
	ErrorItemReaderFailed    = "States.ItemReaderFailed"
	ErrorResultWriterFailed  = "States.ResultWriterFailed"
	ErrorReferencePath       = "States.ReferencePathConflict" // of a ResultPath; the specification has States.ResultPathMatchFailure
	ErrorThresholdExceeded   = "States.ExceedToleratedFailureThreshold"
	errorAll                 = "States.ALL"
	causeThresholdExceeded   = "The specified tolerated failure threshold was exceeded"
	causeTooManyEvents       = "The execution reached the maximum number of history events (%d)."
	causeResultTooLarge      = "The state/task '%s' returned a result with a size exceeding the maximum number of bytes service limit."
	causeStateInputTooLarge  = "The state/task '%s' has an input with a size exceeding the maximum number of bytes service limit."
	causeWithinState         = "An error occurred while executing the state '%s' (entered at the event id #%d). %s"
	causeNoChoice            = "Failed to transition out of the state. The state does not point to a next state."
	causeWaitTooLong         = "Wait state delay is too long"
	causeNullInput           = "Unable to apply Path transformation to null or empty input."
	causeConditionUnresolved = "Invalid path '%s': The choice state's condition path references an invalid value."
)

// saying makes an error of a sentence in AWS's words, which becomes part of a
// cause.
func saying(format string, args ...any) error { return fmt.Errorf(format, args...) }

// An Error is how a [Function] fails with a name that Retry and Catch can match.
type Error struct {
	Name  string // such as "Heal.Throttled"; matched against ErrorEquals
	Cause string // for people; becomes $.Cause of a Catch
}

func (e *Error) Error() string {
	if e.Cause == "" {
		return e.Name
	}
	return e.Name + ": " + e.Cause
}

// A failure is how a state or an execution fails.
type failure struct {
	name, cause string

	// fatal failures end the whole execution: no Retry or Catch sees them. AWS
	// has it so for States.Runtime.
	fatal bool

	// heartbeat marks the timeout of a heartbeat, which Retry and Catch may name
	// by itself.
	heartbeat bool

	// answered marks a result that is too large, which States.ALL covers, unlike
	// any other States.DataLimitExceeded (recorded on AWS).
	answered bool

	// location is the field whose query could not be evaluated, "" for any other
	// failure. The history has an event of it. Where early is set, that event
	// refers to the one before the state was entered.
	location string
	early    bool
}

// runtime is a failure of the definition meeting data that it cannot work on.
func runtimeFailure(format string, args ...any) *failure {
	return &failure{name: ErrorRuntime, cause: fmt.Sprintf(format, args...), fatal: true}
}

// taskFailure is what a Function's error means to the definition.
func taskFailure(err error) *failure {
	if named, ok := errors.AsType[*Error](err); ok {
		return &failure{name: named.Name, cause: named.Cause}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return &failure{name: ErrorTimeout, cause: err.Error()}
	}
	return &failure{name: ErrorTaskFailed, cause: err.Error()}
}

// Errors of an [Engine].
var (
	ErrExists     = errors.New("an execution of this name exists already")
	ErrNotFound   = errors.New("there is no execution of this name")
	ErrRunning    = errors.New("the execution is being run here already")
	ErrNoSuchTask = errors.New("there is no task waiting with this token")
)
