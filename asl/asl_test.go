package asl_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
)

func parse(t *testing.T, definition string) *asl.Machine {
	t.Helper()
	m, err := asl.Parse([]byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// run runs a definition under the name "run".
func run(t *testing.T, engine *asl.Engine, definition, input string) asl.Outcome {
	t.Helper()
	outcome, err := engine.Run(t.Context(), "run", parse(t, definition), json.RawMessage(input))
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}

func succeeded(output string) asl.Outcome {
	return asl.Outcome{Status: asl.StatusSucceeded, Output: json.RawMessage(output)}
}

func failed(name, cause string) asl.Outcome {
	return asl.Outcome{Status: asl.StatusFailed, Error: name, Cause: cause}
}

func expect(t *testing.T, got, want asl.Outcome) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcome (-want +got):\n%s", diff)
	}
}

// history is the types of the events of "run", in one line.
func history(t *testing.T, engine *asl.Engine) string {
	t.Helper()
	events, err := engine.History(t.Context(), "run")
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, e := range events {
		types = append(types, string(e.Type))
	}
	return strings.Join(types, " ")
}

// one is a definition of a single state, called S.
func one(state string) string {
	return `{"StartAt": "S", "States": {"S": ` + state + `}}`
}

func echo(_ context.Context, input json.RawMessage) (json.RawMessage, error) { return input, nil }

// until waits for a function's context; it is a task that never ends by itself.
func until(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// failTimes fails the first n times with a name.
func failTimes(n int, name string) asl.Function {
	return func(_ context.Context, input json.RawMessage) (json.RawMessage, error) {
		if n--; n >= 0 {
			return nil, &asl.Error{Name: name, Cause: "because"}
		}
		return input, nil
	}
}

// stopwatch notes when a function is called, from when it was made on.
type stopwatch struct {
	start time.Time
	at    []time.Duration
}

func (s *stopwatch) wrap(fn asl.Function) asl.Function {
	s.start = time.Now()
	return func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
		s.at = append(s.at, time.Since(s.start))
		return fn(ctx, input)
	}
}

// hasty is a clock on which every wait is over in no time; only what takes longer
// than a day never comes.
type hasty struct{}

func (hasty) Now() time.Time { return time.Now() }

func (hasty) AfterFunc(d time.Duration, f func()) func() bool {
	if d > 24*time.Hour {
		return func() bool { return true }
	}
	return time.AfterFunc(time.Microsecond, f).Stop
}
