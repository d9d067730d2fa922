package cloud

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/setmend/setmend/fleet"
)

// kinds maps AWS's error codes. Each is listed without its suffix Exception,
// which AWS's documentation drops and its wire protocols mostly have. What is not
// here goes by the HTTP status.
var kinds = map[string]fleet.ErrorKind{
	"StackSetNotFound":           fleet.NotFound,
	"StackInstanceNotFound":      fleet.NotFound,
	"OperationNotFound":          fleet.NotFound,
	"StackNotFound":              fleet.NotFound,
	"ChangeSetNotFound":          fleet.NotFound,
	"AccountNotFound":            fleet.NotFound,
	"OrganizationalUnitNotFound": fleet.NotFound,
	"ChildNotFound":              fleet.NotFound,
	"ParentNotFound":             fleet.NotFound,
	"ParameterNotFound":          fleet.NotFound,
	"NoSuchKey":                  fleet.NotFound,
	"NoSuchBucket":               fleet.NotFound,
	"NotFound":                   fleet.NotFound,

	"OperationInProgress":      fleet.Conflict,
	"StaleRequest":             fleet.Conflict,
	"OperationIdAlreadyExists": fleet.Duplicate,

	// The quota of instances, stack sets or operations: not a matter of rate.
	"LimitExceeded": fleet.Quota,

	"Throttling":                    fleet.Throttled,
	"Throttled":                     fleet.Throttled,
	"RequestThrottled":              fleet.Throttled,
	"RequestLimitExceeded":          fleet.Throttled,
	"TooManyRequests":               fleet.Throttled,
	"ProvisionedThroughputExceeded": fleet.Throttled,
	"PriorRequestNotComplete":       fleet.Throttled,
	"SlowDown":                      fleet.Throttled,
	"EC2Throttled":                  fleet.Throttled,

	"AccessDenied":          fleet.Denied,
	"AuthorizationError":    fleet.Denied,
	"UnauthorizedOperation": fleet.Denied,
	"AccountAccessDenied":   fleet.Denied,
	"OptInRequired":         fleet.Denied,

	"ExpiredToken":               fleet.Expired,
	"RequestExpired":             fleet.Expired,
	"InvalidClientTokenId":       fleet.Expired,
	"InvalidAccessKeyId":         fleet.Expired,
	"UnrecognizedClient":         fleet.Expired,
	"SignatureDoesNotMatch":      fleet.Expired,
	"InvalidSignature":           fleet.Expired,
	"IncompleteSignature":        fleet.Expired,
	"MissingAuthenticationToken": fleet.Expired,
	"AuthFailure":                fleet.Expired,
	"InvalidToken":               fleet.Expired,
	"RequestTimeTooSkewed":       fleet.Expired,
}

func skewed(code string) bool {
	switch strings.TrimSuffix(code, "Exception") {
	case "RequestTimeTooSkewed", "RequestExpired", "SignatureDoesNotMatch", "InvalidSignature":
		return true
	}
	return false
}

// explain translates an SDK error. sent tells whether the request was handed to
// the transport.
func (r request) explain(ctx context.Context, err error, sent bool) *fleet.Error {
	e := &fleet.Error{Call: r.name, Object: r.object, Err: err}
	var answer smithy.APIError
	switch {
	case !sent:
		unsent(ctx, e)
	case errors.As(err, &answer):
		e.Code, e.Message = answer.ErrorCode(), answer.ErrorMessage()
		e.Kind = kindOfAnswer(e.Code, e.Message, statusOf(err))
	case neverConnected(err):
		e.Kind, e.Message = fleet.Unreachable, cause(err).Error()
	default:
		e.Kind, e.Message = fleet.UnknownOutcome, "no readable answer came: "+cause(err).Error()
	}
	if e.Kind == fleet.Denied && !strings.Contains(e.Message, r.service+":") {
		e.Message = strings.TrimSpace(e.Message + " (needed: " + r.permission() + ")")
	}
	return r.redact(e)
}

// unsent explains an error from before the request left: the SDK could not make
// it, or had no credentials to sign it with.
func unsent(ctx context.Context, e *fleet.Error) {
	var parameters smithy.InvalidParamsError // the SDK's validators return it by value
	var serialization *smithy.SerializationError
	e.Message = cause(e.Err).Error()
	switch {
	case ctx.Err() != nil:
		e.Kind, e.Message = fleet.Unreachable, "not sent: "+e.Message
	case errors.As(e.Err, &parameters), errors.As(e.Err, &serialization):
		e.Kind = fleet.Invalid
	case neverConnected(e.Err) && !fromMetadata(e.Err):
		// Whoever issues the credentials could not be reached.
		e.Kind = fleet.Unreachable
	default:
		e.Kind = fleet.Expired
	}
}

// fromMetadata reports whether the error came from asking a virtual machine's
// metadata. That is the SDK's last resort: failing there means that there are no
// credentials, and on a machine outside EC2 it always fails.
func fromMetadata(err error) bool {
	var operation *smithy.OperationError
	for errors.As(err, &operation) {
		if operation.ServiceID == "ec2imds" {
			return true
		}
		err = operation.Err
	}
	return false
}

// notSent explains why a request did not get through its gate.
func (r request) notSent(err error) *fleet.Error {
	kind, message := fleet.Unreachable, "not sent: "+err.Error()
	if errors.As(err, new(errHeld)) {
		kind, message = fleet.Throttled, err.Error()
	}
	return &fleet.Error{Kind: kind, Call: r.name, Object: r.object, Message: message, Err: err}
}

// refuse is an error of our own, about something that is not sent at all.
func refuse(call, object, format string, args ...any) *fleet.Error {
	return &fleet.Error{Kind: fleet.Invalid, Call: call, Object: object, Message: fmt.Sprintf(format, args...)}
}

// kindOfAnswer is the kind of an error that AWS answered.
func kindOfAnswer(code, message string, status int) fleet.ErrorKind {
	if kind, ok := kinds[strings.TrimSuffix(code, "Exception")]; ok {
		return kind
	}
	switch {
	case status >= 500:
		return fleet.UnknownOutcome
	case status == http.StatusTooManyRequests:
		return fleet.Throttled
	case status == http.StatusNotFound:
		return fleet.NotFound
	case status == http.StatusUnauthorized:
		return fleet.Expired
	case status == http.StatusForbidden:
		return fleet.Denied
	case code == "ValidationError" && strings.Contains(message, "does not exist"):
		// CloudFormation has no code of its own for a stack that is not there.
		return fleet.NotFound
	}
	return fleet.Invalid
}

func statusOf(err error) int {
	var response interface{ HTTPStatusCode() int }
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// neverConnected reports whether the error proves that no request left this
// machine: the name did not resolve, nobody listened, or TLS was not agreed on.
func neverConnected(err error) bool {
	var dns *net.DNSError
	var op *net.OpError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &dns), errors.As(err, &certificate), errors.As(err, &authority), errors.As(err, &record),
		errors.Is(err, http.ErrSchemeMismatch):
		return true
	case errors.As(err, &op):
		return op.Op == "dial" || op.Op == "proxyconnect"
	}
	return false
}

// cause is the SDK's error without the layers that only repeat which operation,
// attempt and request failed.
func cause(err error) error {
	var send *smithyhttp.RequestSendError
	if errors.As(err, &send) {
		return send.Err
	}
	var operation *smithy.OperationError
	for errors.As(err, &operation) {
		err = operation.Err
	}
	return err
}

// redact takes values out of the error that must not be seen. AWS repeats
// parameter values that do not fit their constraints.
func (r request) redact(e *fleet.Error) *fleet.Error {
	for _, secret := range r.secrets {
		if secret != "" && strings.Contains(e.Message, secret) {
			e.Message = strings.ReplaceAll(e.Message, secret, "[value]")
			e.Err = nil
		}
	}
	return e
}
