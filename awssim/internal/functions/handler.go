package functions

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// functionError is how a function's failure reads.
type functionError struct {
	ErrorMessage string `json:"errorMessage"`
	ErrorType    string `json:"errorType,omitempty"`
}

// unhandled is the one value of X-Amz-Function-Error that functions without a
// managed runtime get.
const unhandled = "Unhandled"

func failed(kind, format string, args ...any) ([]byte, string) {
	text, err := json.Marshal(functionError{fmt.Sprintf(format, args...), kind})
	if err != nil { // texts
		return nil, unhandled
	}
	return text, unhandled
}

func timedOut(requestID string, limit time.Duration) ([]byte, string) {
	return failed("Sandbox.Timedout", "RequestId: %s Error: Task timed out after %.2f seconds", requestID, limit.Seconds())
}

// runHandler runs a Go function to its end or its deadline.
func runHandler(h Handler, in Invocation, limit time.Duration) report {
	ctx, cancel := context.WithDeadline(context.Background(), in.Deadline)
	defer cancel()
	began := time.Now()
	over := make(chan report, 1)
	go func() { over <- guarded(ctx, h, in) }()
	var r report
	select {
	case r = <-over:
	case <-ctx.Done():
		r.payload, r.failure = timedOut(in.RequestID, limit)
		r.lines = []string{fmt.Sprintf("%s Task timed out after %.2f seconds", in.RequestID, limit.Seconds())}
	}
	r.took = time.Since(began)
	return r
}

// guarded turns an error and a panic into a function error.
func guarded(ctx context.Context, h Handler, in Invocation) (r report) {
	defer func() {
		if problem := recover(); problem != nil {
			r.payload, r.failure = failed("Runtime.Panic", "%v", problem)
		}
	}()
	out, err := h(ctx, in)
	if err != nil {
		r.payload, r.failure = failed(typeName(err), "%s", err)
		return r
	}
	if r.payload = out; out == nil {
		r.payload = []byte("null")
	}
	return r
}

// typeName is what an error is called, as aws-lambda-go does it.
func typeName(err error) string {
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}
