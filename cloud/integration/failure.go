package integration

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
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
func (s *service) java2() naming {
	return naming{prefix: s.class, unmodelled: s.class + "Exception", exception: exceptionName}
}

// explain names an error of a call.
func (n naming) explain(ctx context.Context, err error) error {
	var invalid smithy.InvalidParamsError
	var answer smithy.APIError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &invalid):
		return &Error{Name: runtimeError, Cause: missing(invalid), Err: err}
	case errors.As(err, &answer):
		return &Error{Name: n.prefix + "." + n.of(answer), Cause: n.cause(answer, err), Err: err}
	}
	// Nothing readable came, or nothing was sent: the Java SDK's own exception.
	return &Error{Name: n.prefix + ".SdkClientException", Cause: err.Error(), Err: err}
}

// of names an error that the service answered. The SDK has a type for each that
// the model has.
func (n naming) of(answer smithy.APIError) string {
	if _, generic := answer.(*smithy.GenericAPIError); generic {
		return n.unmodelled
	}
	return n.exception(reflect.Indirect(reflect.ValueOf(answer)).Type().Name())
}

// cause is the message in the form that the Java SDK gives it.
func (n naming) cause(answer smithy.APIError, err error) string {
	status, request := 0, "null"
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
		if id := response.ServiceRequestID(); id != "" {
			request = id
		}
	}
	message := answer.ErrorMessage()
	if message == "" {
		message = answer.ErrorCode()
	}
	return fmt.Sprintf("%s (Service: %s, Status Code: %d, Request ID: %s)", message, n.prefix, status, request)
}

var missingField = regexp.MustCompile(`missing required field, \w+Input\.(\S+)\.`)

// missing lists the required parameters that the SDK did not find, by the names
// that the definition has to give them.
func missing(err smithy.InvalidParamsError) string {
	var fields []string
	for _, m := range missingField.FindAllStringSubmatch(err.Error(), -1) {
		names := strings.Split(m[1], ".")
		for i, name := range names {
			names[i] = memberName(name)
		}
		fields = append(fields, "The field '"+strings.Join(names, ".")+"' is required but was missing")
	}
	if fields == nil {
		return err.Error()
	}
	return strings.Join(fields, "; ")
}
