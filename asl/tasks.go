package asl

import (
	"context"
	"encoding/json"
	"strings"
)

// A Function is a task: JSON in, JSON out. On AWS it is a Lambda function.
//
// An *[Error] that it returns is matched by Retry and Catch by its name; any
// other error is States.TaskFailed. It runs at least once for each attempt: if
// the process dies while it runs, it is called again with the same input and the
// same [TaskToken]. When ctx is done it must return soon: its task has timed out
// or was given up, or the engine is being shut down.
type Function func(ctx context.Context, input json.RawMessage) (json.RawMessage, error)

// Tasks finds what a Resource stands for. resource is what the definition says:
// a function's name, an ARN, or an integration such as
// arn:aws:states:::aws-sdk:rds:copyDBSnapshot; for
// arn:aws:states:::lambda:invoke it is the FunctionName. It must give the same
// answer to the same question, and may be asked from many goroutines at once.
type Tasks interface {
	Function(resource string) (Function, bool)
}

// RoleTasks are [Tasks] that can run with another role: the RoleArn of a Task's
// Credentials.
type RoleTasks interface {
	Tasks
	// As returns the same tasks, run under role. It fails if the role cannot be
	// assumed.
	As(role string) (Tasks, error)
}

// tasksAs returns the tasks for a role; "" is the process's own.
func tasksAs(tasks Tasks, role string) (Tasks, error) {
	if role == "" {
		return tasks, nil
	}
	as, ok := tasks.(RoleTasks)
	if !ok {
		return nil, &Error{Name: ErrorTaskFailed, Cause: "The role " + role + " of the state's Credentials cannot be taken on here"}
	}
	return as.As(role)
}

// A FunctionMap is [Tasks] by name. A Lambda function's ARN is found under its
// name, too.
type FunctionMap map[string]Function

// Function implements [Tasks].
func (m FunctionMap) Function(resource string) (Function, bool) {
	if f, ok := m[resource]; ok {
		return f, true
	}
	f, ok := m[lambdaName(resource)]
	return f, ok
}

// lambdaName is the name within a Lambda function's ARN, partial ARN
// (123456789012:function:NAME) or name, without version and alias.
func lambdaName(resource string) string {
	if _, after, ok := strings.Cut(resource, ":function:"); ok {
		resource = after
	} else if strings.HasPrefix(resource, "arn:") {
		return resource
	}
	name, _, _ := strings.Cut(resource, ":")
	return name
}

type taskKey struct{}

// taskContext is what a Function can find out about its attempt.
type taskContext struct {
	token string
	beat  func() error
}

// TaskToken is the token of the attempt that a [Function] runs for: the same
// for every call of one attempt, different for any two attempts. It is "" outside
// of a Function.
func TaskToken(ctx context.Context) string {
	t, _ := ctx.Value(taskKey{}).(*taskContext)
	if t == nil {
		return ""
	}
	return t.token
}

// Heartbeat tells the engine, from within a [Function], that its task is alive.
// It counts for tasks with HeartbeatSeconds. The error says that the task is over.
func Heartbeat(ctx context.Context) error {
	t, _ := ctx.Value(taskKey{}).(*taskContext)
	if t == nil {
		return ErrNoSuchTask
	}
	return t.beat()
}
