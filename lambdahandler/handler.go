package lambdahandler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Handler works off one event and returns what the function answers, as JSON.
type Handler func(ctx context.Context, event json.RawMessage) (json.RawMessage, error)

// Config says how a handler is wrapped. The zero value is usable.
type Config struct {
	// Out is where logs and metrics go; nil is standard output, which Lambda reads.
	Out io.Writer
	// Level is the least level that is logged; nil is slog.LevelInfo.
	Level slog.Leveler
	// Namespace is the CloudWatch namespace of the metrics; "" emits none.
	Namespace string
	// Fields returns what is logged with every line of an invocation; nil is nothing.
	Fields func(event json.RawMessage) []slog.Attr
	// Secret reports whether a field of an event must not be logged; nil is
	// [SecretName].
	Secret func(name string) bool
	// Margin is how long before Lambda's deadline the guard stops; 0 is a second.
	Margin time.Duration
	// Grace is how long a handler has to return after its context has ended, of the
	// margin; 0 is half of it.
	Grace time.Duration
	// Aside hears of every failure before the function answers; nil hears nothing. Its
	// own error is logged. It has what is left of the time.
	Aside func(ctx context.Context, f Failure) error
	// Now returns the time; nil is time.Now.
	Now func() time.Time
}

// Failure is an invocation that failed.
type Failure struct {
	Function string          `json:"function"`
	Request  string          `json:"request"` // the same for all attempts of an asynchronous invocation
	Time     time.Time       `json:"time"`
	Type     string          `json:"type"`
	Message  string          `json:"message"`
	Where    string          `json:"where,omitempty"` // see At
	Stack    string          `json:"stack,omitempty"` // of a panic
	Event    json.RawMessage `json:"event"`           // without what is secret
}

// Typed is an error with a name that callers match, as Step Functions' Retry and
// Catch do. Other errors are named after their Go type.
type Typed interface {
	error
	// Type returns the name, such as PassingFault.
	Type() string
}

// ErrorDeadline is the type of the error of a handler that was stopped by the guard.
// Step Functions knows it by this name.
const ErrorDeadline = "DeadlineGuard"

// Start serves a function's invocations with the wrapped handler until the process
// ends. It must be called in a Lambda function.
func Start(function string, h Handler, c Config) { lambda.Start(Wrap(function, h, c)) }

// Wrap returns the handler with everything that the package adds. The function's name
// is for logs and metrics.
func Wrap(function string, h Handler, c Config) Handler {
	w := &wrapped{function: function, handler: h, Config: c.filled(), cold: true}
	return w.invoke
}

func (c Config) filled() Config {
	if c.Out == nil {
		c.Out = os.Stdout
	}
	if c.Level == nil {
		c.Level = slog.LevelInfo
	}
	if c.Secret == nil {
		c.Secret = SecretName
	}
	if c.Margin <= 0 {
		c.Margin = time.Second
	}
	if c.Grace <= 0 || c.Grace > c.Margin {
		c.Grace = c.Margin / 2
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Out = &lines{w: c.Out}
	return c
}

// lines writes whole lines, one at a time: a handler may log from many goroutines.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// wrapped is a handler with its configuration. Lambda makes one invocation at a time
// in a process.
type wrapped struct {
	function string
	handler  Handler
	Config
	cold bool
}

// outcome is what a handler came to.
type outcome struct {
	output json.RawMessage
	err    error
	stack  string // of a panic
	left   bool   // the handler had not returned
}

func (w *wrapped) invoke(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
	start := w.Now()
	i := w.begin(ctx, event)
	result := w.guarded(ctx, i, event)
	w.metrics(i, start, result.err)
	if result.err == nil {
		return result.output, nil
	}
	failure := w.failure(i, event, result)
	i.log.Error("the invocation failed", "type", failure.Type, "error", failure.Message, "where", failure.Where, "stack", failure.Stack, "event", failure.Event)
	if w.Aside != nil {
		if err := w.Aside(ctx, failure); err != nil {
			i.log.Error("setting the event aside", "error", err)
		}
	}
	return nil, messages.InvokeResponse_Error{Type: failure.Type, Message: failure.Message, ShouldExit: result.left || result.stack != ""}
}

// guarded calls the handler, and leaves it if it does not return in time.
func (w *wrapped) guarded(ctx context.Context, i *invocation, event json.RawMessage) outcome {
	guarded, cancel := ctx, context.CancelFunc(func() {})
	var late <-chan time.Time
	if deadline, limited := ctx.Deadline(); limited {
		guarded, cancel = context.WithDeadline(ctx, deadline.Add(-w.Margin))
		timer := time.NewTimer(time.Until(deadline.Add(w.Grace - w.Margin)))
		defer timer.Stop()
		late = timer.C
	}
	defer cancel()
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if r := recover(); r != nil {
				o = outcome{err: fmt.Errorf("panic: %v", r), stack: string(debug.Stack())}
			}
			done <- o
		}()
		o.output, o.err = w.handler(context.WithValue(guarded, key{}, i), event)
	}()
	select {
	case o := <-done:
		if o.err != nil && guarded.Err() != nil && errors.Is(o.err, context.DeadlineExceeded) {
			o.err = &deadlineError{i.where(), o.err}
		}
		return o
	case <-late:
		return outcome{err: &deadlineError{i.where(), errors.New("it did not return when its context ended")}, left: true}
	}
}

// deadlineError is the error of a handler that the guard has stopped.
type deadlineError struct {
	where string
	err   error
}

func (e *deadlineError) Type() string  { return ErrorDeadline }
func (e *deadlineError) Unwrap() error { return e.err }
func (e *deadlineError) Error() string {
	where := e.where
	if where == "" {
		where = "an unknown place"
	}
	return fmt.Sprintf("stopped before Lambda would have killed the function, at %s: %v; give the function more time, or make its work smaller", where, e.err)
}

func (w *wrapped) failure(i *invocation, event json.RawMessage, o outcome) Failure {
	return Failure{Function: w.function, Request: i.request, Time: w.Now().UTC(), Type: typeOf(o), Message: o.err.Error(), Where: i.where(), Stack: o.stack,
		Event: Redact(event, w.Secret)}
}

func typeOf(o outcome) string {
	var typed Typed
	switch {
	case errors.As(o.err, &typed):
		return typed.Type()
	case o.stack != "":
		return "Panic"
	}
	return goType(o.err)
}

// begin makes what belongs to one invocation.
func (w *wrapped) begin(ctx context.Context, event json.RawMessage) *invocation {
	i := &invocation{function: w.function}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		i.request = lc.AwsRequestID
	}
	attributes := []any{"function", w.function, "request", i.request}
	if w.Fields != nil {
		for _, field := range w.Fields(event) {
			attributes = append(attributes, field)
		}
	}
	i.log = slog.New(slog.NewJSONHandler(w.Out, &slog.HandlerOptions{Level: w.Level})).With(attributes...)
	return i
}
