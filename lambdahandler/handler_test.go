package lambdahandler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/setmend/setmend/lambdahandler"
)

// invoked is what one invocation answers and writes.
type invoked struct {
	output  json.RawMessage
	err     error
	lines   []map[string]any
	failure *lambdahandler.Failure
	took    time.Duration
}

// invoke calls a handler as Lambda does, with ten seconds, in virtual time.
func invoke(t *testing.T, h lambdahandler.Handler, event string) (got invoked) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		wrapped := lambdahandler.Wrap("Copy", h, lambdahandler.Config{Out: &out, Namespace: "Tests",
			Fields: func(json.RawMessage) []slog.Attr { return []slog.Attr{slog.String("run", "r1")} },
			Aside:  func(_ context.Context, f lambdahandler.Failure) error { got.failure = &f; return nil }})
		ctx, cancel := context.WithTimeout(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "q1"}), 10*time.Second)
		defer cancel()
		start := time.Now()
		got.output, got.err = wrapped(ctx, json.RawMessage(event))
		got.took = time.Since(start)
		for line := range strings.Lines(out.String()) {
			var fields map[string]any
			if err := json.Unmarshal([]byte(line), &fields); err != nil {
				t.Fatalf("no JSON in the log: %q", line)
			}
			got.lines = append(got.lines, fields)
		}
		time.Sleep(2 * time.Minute) // what was left ends, as it would with the process
	})
	return got
}

func (i invoked) metric(name string) (float64, bool) {
	for _, line := range i.lines {
		if value, ok := line[name].(float64); ok && line["_aws"] != nil {
			return value, true
		}
	}
	return 0, false
}

func TestLinesCarryRunFunctionAndRequest(t *testing.T) {
	got := invoke(t, func(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
		lambdahandler.Logger(ctx).Info("copied", "snapshot", "s1")
		lambdahandler.Metric(ctx, "Copied", 3, "Count", "Database", "db")
		return event, nil
	}, `{"a":1}`)
	if got.err != nil || string(got.output) != `{"a":1}` {
		t.Errorf("answered %s, %v", got.output, got.err)
	}
	line := got.lines[0]
	for name, want := range map[string]any{"msg": "copied", "snapshot": "s1", "function": "Copy", "request": "q1", "run": "r1"} {
		if line[name] != want {
			t.Errorf("%s is %v, want %v", name, line[name], want)
		}
	}
	for name, want := range map[string]float64{"Copied": 3, "Errors": 0, "ColdStart": 1, "Duration": 0} {
		if value, ok := got.metric(name); !ok || value != want {
			t.Errorf("metric %s is %v (%v), want %v", name, value, ok, want)
		}
	}
}

type named struct{}

func (named) Error() string { return "throttled" }
func (named) Type() string  { return "PassingFault" }

func TestAFailureIsNamedLoggedAndSetAsideWithoutSecrets(t *testing.T) {
	for name, c := range map[string]struct {
		handler lambdahandler.Handler
		kind    string
		exits   bool
	}{
		"typed": {func(context.Context, json.RawMessage) (json.RawMessage, error) {
			return nil, fmt.Errorf("copying: %w", named{})
		}, "PassingFault", false},
		"plain": {func(context.Context, json.RawMessage) (json.RawMessage, error) { return nil, errors.New("no") }, "errorString", false},
		"panic": {func(context.Context, json.RawMessage) (json.RawMessage, error) { panic("broken") }, "Panic", true},
	} {
		t.Run(name, func(t *testing.T) {
			got := invoke(t, c.handler, `{"account":"111122223333","password":"hunter2","deep":[{"sessionToken":"abc"},"Bearer xyz.abc","see https://hooks.example.com/T1/secret"]}`)
			var response messages.InvokeResponse_Error
			if !errors.As(got.err, &response) || response.Type != c.kind || response.ShouldExit != c.exits {
				t.Errorf("answered %+v, want type %s and exit %v", response, c.kind, c.exits)
			}
			if got.failure == nil || got.failure.Request != "q1" || got.failure.Type != c.kind || c.exits != (got.failure.Stack != "") {
				t.Fatalf("set aside: %+v", got.failure)
			}
			event := string(got.failure.Event)
			if !strings.Contains(event, "111122223333") {
				t.Errorf("the event lacks what is not secret: %s", event)
			}
			for _, secret := range []string{"hunter2", "abc", "xyz", "T1"} {
				if strings.Contains(event, secret) || strings.Contains(fmt.Sprint(got.lines), secret) {
					t.Errorf("%q is in the event or the log: %s", secret, event)
				}
			}
			if value, _ := got.metric("Errors"); value != 1 {
				t.Errorf("metric Errors is %v", value)
			}
		})
	}
}

func TestTheGuardStopsASecondBeforeLambdaWouldAndSaysWhere(t *testing.T) {
	for name, c := range map[string]struct {
		handler func(ctx context.Context) error
		took    time.Duration
		exits   bool
	}{
		"returns when its context ends": {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 9 * time.Second, false},
		"does not return":               {func(context.Context) error { time.Sleep(time.Minute); return nil }, 9500 * time.Millisecond, true},
	} {
		t.Run(name, func(t *testing.T) {
			got := invoke(t, func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
				lambdahandler.At(ctx, "copying %s", "db-1")
				return nil, c.handler(ctx)
			}, `{}`)
			var response messages.InvokeResponse_Error
			if !errors.As(got.err, &response) || response.Type != lambdahandler.ErrorDeadline || !strings.Contains(response.Message, "copying db-1") || response.ShouldExit != c.exits {
				t.Errorf("answered %+v", response)
			}
			if got.took != c.took {
				t.Errorf("stopped after %v, want %v", got.took, c.took)
			}
		})
	}
}

func TestTextThatIsNoJSONIsNotLogged(t *testing.T) {
	if got := string(lambdahandler.Redact(json.RawMessage("password=hunter2"), lambdahandler.SecretName)); strings.Contains(got, "hunter2") {
		t.Error(got)
	}
}
