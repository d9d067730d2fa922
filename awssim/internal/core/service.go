package core

import (
	"fmt"
	"net/http"
)

// Protocol is the wire protocol that a service speaks.
type Protocol int

const (
	Query    Protocol = iota // form in, XML out: CloudFormation, STS, SNS
	JSON10                   // Cloud Control
	JSON11                   // Organizations, SSM, EventBridge
	RESTXML                  // S3
	RPCCBOR                  // CloudWatch in today's SDKs
	EC2                      // a Query of EC2's own: other envelopes, lists of items
	RESTJSON                 // methods and paths, JSON bodies: Lambda, EventBridge Scheduler
)

// Service is one AWS service as a table.
type Service struct {
	Name         string     // the signing name, such as "cloudformation"
	Protocols    []Protocol // the first is the one errors default to
	Version      string     // Query: the Version parameter
	Namespace    string     // Query: the default XML namespace of answers
	TargetPrefix string     // JSON: X-Amz-Target up to the dot
	Global       bool       // one for all regions (Organizations, STS is not)
	Actions      map[string]Action
	// InvalidCode is the error code for inputs that break a modelled constraint;
	// "" is ValidationError for Query services and ValidationException for others.
	InvalidCode string
	// Raw serves a RESTXML service itself.
	Raw func(c *Call, w http.ResponseWriter, r *http.Request)
	// Routes says where the actions of a RESTJSON service are found.
	Routes []Route
}

// Route is the method and path of an action of a RESTJSON service.
type Route struct {
	Method string
	// Path holds the members of the input that are part of it in braces, such as
	// /2015-03-31/functions/{FunctionName}; {Name+} takes the rest of the path.
	Path   string
	Action string
	// Headers are the members that come in headers, by header.
	Headers map[string]string
	// Payload is the member that is the body, "" where the body is an object of
	// members.
	Payload string
	// Status is the status of a success; 0 is 200.
	Status int
}

// Payload is an output that is not an object of members: an answer's status,
// headers and body as they are.
type Payload struct {
	Status int
	Header http.Header
	Body   []byte
}

// Action is one API action with its types hidden.
type Action struct {
	// Invoke decodes the input with decode, which also checks the struct's
	// `valid` tags, and answers a pointer to the output struct.
	Invoke func(c *Call, decode func(in any) error) (out any, err error)
	// Namespace replaces the service's, if set.
	Namespace string
	// Write tells that the action changes something.
	Write bool
}

// Do makes an action of a typed function. Fields of In and Out carry AWS's wire
// names as Go names (a tag `wire:"Name"` where they cannot), nested structs,
// slices, maps with string keys, pointers for optional scalars, time.Time.
//
// In: an absent list is nil, an explicitly empty one is not nil. Tags `valid`
// hold the modelled constraints: `valid:"required,min=1,max=128,enum=A|B,pattern=…"`
// (pattern last, matching the whole value); `each:"…"` holds those of a list's
// members.
// Out: nil pointers, nil slices, empty strings and zero times are left out; a
// slice that is empty but not nil is sent as an empty list; a pointer to an
// empty string is sent as such. In XML the members of a list are elements called
// member, or as a tag `item:"Name"` says.
func Do[In, Out any](f func(*Call, *In) (*Out, error)) Action {
	return Action{Invoke: func(c *Call, decode func(any) error) (any, error) {
		in := new(In)
		if err := decode(in); err != nil {
			return nil, err
		}
		out, err := f(c, in)
		if err != nil {
			return nil, err
		}
		return out, nil
	}}
}

// Write marks an action as one that changes something.
func Write(a Action) Action { a.Write = true; return a }

// Call is one request, after authentication and before its input is read.
type Call struct {
	*World
	Service   string
	Action    string
	Caller    Principal
	Region    string
	RequestID string
}

// Principal is who calls. In the embedded AWS an access key that is a 12-digit
// account id acts as that account; AssumeRole hands out such keys with a session
// token; any other key is the management account.
type Principal struct {
	Account string `json:"account"`
	ARN     string `json:"arn"`
	// Role is the name of the assumed role, "" for a user.
	Role string `json:"role,omitempty"`
}

// Error is an AWS error answer. Code is what goes over the wire.
type Error struct {
	Status  int // HTTP
	Code    string
	Message string
	Server  bool              // a fault of the server's, not the sender's
	Fields  map[string]string // further modelled members, such as Reason
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf makes a sender's error.
func Errorf(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalid is the ValidationError 400 that most services of the Query family use.
func Invalid(format string, args ...any) *Error {
	return Errorf(http.StatusBadRequest, "ValidationError", format, args...)
}
