package integration

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/setmend/setmend/cloud/integration/internal/model"
	"github.com/setmend/setmend/cloud/integration/internal/wire"
)

// runtimeError is what Step Functions calls parameters that make no sense.
const runtimeError = "States.Runtime"

// An Error is a failed task with the name that Retry and Catch match, as Step
// Functions has it.
type Error struct {
	Name  string // Rds.DbSnapshotNotFoundException
	Cause string // AWS's message, for people
	Err   error  // what it was made of; may be nil
}

func (e *Error) Error() string { return e.Name + ": " + e.Cause }

func (e *Error) Unwrap() error { return e.Err }

// StatesError is the error as the States Language has it.
func (e *Error) StatesError() (name, cause string) { return e.Name, e.Cause }

// naming is how the errors of one way to call a service are named.
type naming struct {
	prefix     string // before the dot
	unmodelled string // for errors that the service's model does not have
	// exception names a modelled error's shape.
	exception func(shape string) string
}

// java2 is the naming of the SDK integrations.
func java2(s *model.Service) naming {
	class := model.Class(s.SDKID)
	return naming{prefix: class, unmodelled: class + "Exception", exception: exceptionName}
}

// java1 names errors as the Java SDK's first version does.
func java1(shape string) string {
	return strings.TrimSuffix(strings.TrimSuffix(shape, "Fault"), "Exception") + "Exception"
}

// explain names an error of a call.
func (n naming) explain(ctx context.Context, err error) error {
	var unsent *smithy.SerializationError
	var answer *wire.APIError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &unsent):
		return &Error{Name: runtimeError, Cause: unsent.Err.Error(), Err: err}
	case errors.As(err, &answer):
		return &Error{Name: n.prefix + "." + n.of(answer), Cause: n.cause(answer), Err: err}
	}
	// Nothing readable came, or nothing was sent: the Java SDK's own exception.
	return &Error{Name: n.prefix + ".SdkClientException", Cause: err.Error(), Err: err}
}

// of names an error that the service answered.
func (n naming) of(answer *wire.APIError) string {
	if answer.Shape == nil {
		return n.unmodelled
	}
	return n.exception(answer.Shape.Error)
}

// cause is the message in the form that the Java SDK gives it.
func (n naming) cause(answer *wire.APIError) string {
	return fmt.Sprintf("%s (Service: %s, Status Code: %d, Request ID: %s)",
		cmp.Or(answer.Message, answer.Code), n.prefix, answer.Status, cmp.Or(answer.RequestID, "null"))
}
