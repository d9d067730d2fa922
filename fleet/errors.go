package fleet

import (
	"errors"
	"fmt"
)

// ErrorKind says what an AWS error means for whoever made the call, so that
// nobody outside the cloud package needs to know error codes.
type ErrorKind string

const (
	// NotFound: the object is not there.
	NotFound ErrorKind = "not found"
	// Conflict: another operation on the stack set is in progress
	// (OperationInProgressException, StaleRequestException). Wait and try again.
	Conflict ErrorKind = "operation in progress"
	// Duplicate: an operation with this id exists already
	// (OperationIdAlreadyExistsException). Look it up instead of calling again.
	Duplicate ErrorKind = "operation exists"
	// Throttled: AWS refused for rate, even after retries. Nothing was done.
	Throttled ErrorKind = "throttled"
	// Quota: a limit on the number of things. Nothing was done.
	Quota ErrorKind = "quota exceeded"
	// Denied: the caller lacks a permission.
	Denied ErrorKind = "access denied"
	// Expired: the credentials are missing, invalid or expired.
	Expired ErrorKind = "credentials unusable"
	// Invalid: AWS refuses the request as it stands.
	Invalid ErrorKind = "invalid request"
	// Unreachable: no connection could be made, so nothing was done.
	Unreachable ErrorKind = "endpoint unreachable"
	// UnknownOutcome: the request may or may not have been carried out: the
	// connection broke, the time ran out, or AWS answered with a server fault.
	// Never a failure, never a success: look it up.
	UnknownOutcome ErrorKind = "outcome unknown"
)

// Error is a failed AWS call.
type Error struct {
	Kind    ErrorKind
	Call    string // the API action, such as CreateStackInstances
	Object  string // what it was done to, in words
	Code    string // AWS's error code, if there was an answer
	Message string // AWS's text
	Err     error  // the SDK's error
}

func (e *Error) Error() string {
	what := e.Call
	if e.Object != "" {
		what += " on " + e.Object
	}
	if e.Code == "" {
		return fmt.Sprintf("%s: %s: %s", what, e.Kind, e.Message)
	}
	return fmt.Sprintf("%s: %s: %s", what, e.Code, e.Message)
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf is the kind of the AWS error in err's chain, "" if there is none.
func KindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}
