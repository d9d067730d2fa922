package asl_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
)

// A faultyStore fails at one write: before it, so that nothing is written, or
// after it, so that all is written and nobody knows.
type faultyStore struct {
	asl.Store
	mu     sync.Mutex
	writes int // so far
	fault  int // the write that fails, from 1
	after  bool
}

var errCrash = errors.New("the process has crashed")

func (s *faultyStore) Append(ctx context.Context, log string, epoch int64, entries ...[]byte) error {
	return s.write(func() error { return s.Store.Append(ctx, log, epoch, entries...) })
}

func (s *faultyStore) Create(ctx context.Context, log string, entries ...[]byte) (epoch int64, err error) {
	err = s.write(func() (err error) {
		epoch, err = s.Store.(asl.Creator).Create(ctx, log, entries...)
		return err
	})
	return epoch, err
}

func (s *faultyStore) write(do func() error) error {
	s.mu.Lock()
	s.writes++
	crash := s.writes == s.fault
	s.mu.Unlock()
	if crash && !s.after {
		return errCrash
	}
	if err := do(); err != nil || !crash {
		return err
	}
	return errCrash
}

// A ledger is the world outside: which functions were called, with which tokens.
type ledger struct {
	store *asl.MemoryStore
	mu    sync.Mutex
	calls []ledgerCall
	early []ledgerCall // calls that were not durably scheduled when they came
}

type ledgerCall struct{ function, token, input string }

func (l *ledger) note(ctx context.Context, function string, input json.RawMessage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	call := ledgerCall{function, asl.TaskToken(ctx), string(input)}
	l.calls = append(l.calls, call)
	for entry := range l.store.Read(context.WithoutCancel(ctx), "asl/run", 0) {
		if strings.Contains(string(entry), call.token) {
			return
		}
	}
	l.early = append(l.early, call)
}

// count tells how many calls a function has had with the same input.
func (l *ledger) count(function string, input json.RawMessage) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	tokens := map[string]bool{}
	for _, c := range l.calls {
		if c.function == function && c.input == string(input) {
			tokens[c.token] = true
		}
	}
	return len(tokens)
}

// tasks are functions that take a minute, so that waits, retries and calls
// overlap in many ways.
func (l *ledger) tasks() asl.FunctionMap {
	work := func(ctx context.Context, name string, input json.RawMessage) error {
		l.note(ctx, name, input)
		select {
		case <-time.After(time.Minute):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return asl.FunctionMap{
		"echo": func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
			return input, work(ctx, "echo", input)
		},
		"flaky": func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
			if err := work(ctx, "flaky", input); err != nil {
				return nil, err
			}
			if l.count("flaky", input) < 3 {
				return nil, &asl.Error{Name: "Flaky", Cause: "not yet"}
			}
			return input, nil
		},
		"broken": func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
			if err := work(ctx, "broken", input); err != nil {
				return nil, err
			}
			return nil, &asl.Error{Name: "Broken", Cause: "for good"}
		},
	}
}

// crashCases are definitions whose executions are interrupted at every write.
var crashCases = map[string]struct{ definition, input, want string }{
	"tasks, waits and choices in a loop": {`{"StartAt": "Call", "States": {
		"Call": {"Type": "Task", "Resource": "echo", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Wait"},
		"Wait": {"Type": "Wait", "Seconds": 30, "Next": "Again"},
		"Again": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 3, "Next": "Call"}], "Default": "Done"},
		"Done": {"Type": "Succeed"}}}`,
		`{"n": 0}`, `{"n":3}`},
	"a retry that succeeds": {`{"StartAt": "Flaky", "States": {"Flaky": {"Type": "Task", "Resource": "flaky", "End": true,
		"Retry": [{"ErrorEquals": ["Flaky"], "IntervalSeconds": 7, "MaxAttempts": 5, "JitterStrategy": "FULL", "MaxDelaySeconds": 60}]}}}`,
		`{"a": 1}`, `{"a": 1}`},
	"a failure that is caught": {`{"StartAt": "Broken", "States": {
		"Broken": {"Type": "Task", "Resource": "broken", "End": true,
			"Retry": [{"ErrorEquals": ["Broken"], "MaxAttempts": 1}],
			"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.why", "Next": "After"}]},
		"After": {"Type": "Task", "Resource": "echo", "InputPath": "$.why.Error", "End": true}}}`,
		`{}`, `"Broken"`},
	"branches beside one another": {`{"StartAt": "Both", "States": {"Both": {"Type": "Parallel", "End": true,
		"Assign": {"x": 1}, "Branches": [
			{"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "echo", "Next": "AW"}, "AW": {"Type": "Wait", "Seconds": 20, "End": true}}},
			{"StartAt": "B", "States": {"B": {"Type": "Wait", "Seconds": 90, "Next": "BT"}, "BT": {"Type": "Task", "Resource": "flaky", "End": true,
				"Retry": [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1}]}}}]}}}`,
		`{"a": [1, 2]}`, `[{"a": [1, 2]},{"a": [1, 2]}]`},
	"items, two at a time": {`{"StartAt": "Map", "States": {"Map": {"Type": "Map", "MaxConcurrency": 2, "Next": "Sum",
		"ItemSelector": {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value"},
		"ItemProcessor": {"StartAt": "Item", "States": {"Item": {"Type": "Task", "Resource": "echo", "OutputPath": "$.v", "Next": "W"},
			"W": {"Type": "Wait", "Seconds": 11, "End": true}}}},
		"Sum": {"Type": "Pass", "Parameters": {"n.$": "States.ArrayLength($)", "all.$": "$"}, "End": true}}}`,
		`[5, 6, 7]`, `{"n":3,"all":[5,6,7]}`},
	"an iteration that fails, with a retry of the whole": {`{"StartAt": "Map", "States": {"Map": {"Type": "Map", "End": true,
		"Retry": [{"ErrorEquals": ["Flaky"], "IntervalSeconds": 2, "BackoffRate": 1.5}],
		"ItemProcessor": {"StartAt": "Item", "States": {"Item": {"Type": "Task", "Resource": "flaky", "End": true}}}}}}`,
		`[1]`, `[1]`},
	"child executions, of which one may fail": {`{"StartAt": "Map", "States": {"Map": {"Type": "Map", "End": true, "MaxConcurrency": 2,
		"ToleratedFailureCount": 1,
		"ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Which", "States": {
			"Which": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 2, "Next": "Bad"}], "Default": "Good"},
			"Bad": {"Type": "Task", "Resource": "broken", "End": true},
			"Good": {"Type": "Task", "Resource": "echo", "End": true}}}}}}`,
		`[1, 2, 3, 4]`, `[1,3,4]`},
	"batches of child executions": {`{"StartAt": "Map", "States": {"Map": {"Type": "Map", "End": true, "MaxConcurrency": 1,
		"ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"by": "two"}},
		"ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Batch", "States": {
			"Batch": {"Type": "Task", "Resource": "echo", "OutputPath": "$.Items", "End": true}}}}}}`,
		`[1, 2, 3]`, `[[1,2],[3]]`},
	"variables": {`{"StartAt": "Set", "States": {
		"Set": {"Type": "Pass", "Assign": {"v": {"deep": [1, 2.50]}, "who.$": "$.who"}, "Next": "Call"},
		"Call": {"Type": "Task", "Resource": "echo", "Parameters": {"got.$": "$v.deep[1]"}, "Assign": {"got.$": "$.got"}, "Next": "Show"},
		"Show": {"Type": "Pass", "Parameters": {"v.$": "$v", "who.$": "$who", "got.$": "$got"}, "End": true}}}`,
		`{"who": "me"}`, `{"v":{"deep":[1,2.50]},"who":"me","got":2.50}`},
}

func TestCrashAtEveryWriteIsResumed(t *testing.T) {
	for name, c := range crashCases {
		t.Run(name, func(t *testing.T) {
			m, err := asl.Parse([]byte(c.definition))
			if err != nil {
				t.Fatal(err)
			}
			writes := 1 // found out by the first run, which has no fault
			for fault := 0; fault <= writes; fault++ {
				for _, after := range []bool{false, true} {
					synctest.Test(t, func(t *testing.T) {
						writes = max(writes, crashOnce(t, m, c.input, c.want, fault, after))
					})
				}
			}
			if writes < 2 {
				t.Errorf("only %d writes: nothing was tested", writes)
			}
		})
	}
}

// crashOnce runs m with a crash at one write, resumes it and checks that
// everything has come out right. It returns the number of writes until the end.
func crashOnce(t *testing.T, m *asl.Machine, input, want string, fault int, after bool) int {
	where := fmt.Sprintf("fault at write %d, after=%v", fault, after)
	memory := asl.NewMemoryStore()
	store := &faultyStore{Store: memory, fault: fault, after: after}
	world := &ledger{store: memory}
	config := asl.Config{Store: store, Tasks: world.tasks()}
	outcome, err := asl.NewEngine(config).Run(t.Context(), "run", m, json.RawMessage(input))
	if err != nil && !errors.Is(err, errCrash) {
		t.Fatalf("%s: %v", where, err)
	}
	if err != nil {
		outcome = resumeAfterCrash(t, where, config, memory, world, m, input)
	}
	if diff := cmp.Diff(asl.Outcome{Status: asl.StatusSucceeded, Output: json.RawMessage(want)}, outcome); diff != "" {
		t.Errorf("%s: (-want +got):\n%s", where, diff)
	}
	for _, early := range world.early {
		t.Errorf("%s: %+v was called before it was scheduled durably", where, early)
	}
	checkHistory(t, where, memory)
	return store.writes
}

func resumeAfterCrash(t *testing.T, where string, config asl.Config, memory *asl.MemoryStore, world *ledger, m *asl.Machine, input string) asl.Outcome {
	completed := completedTokens(t, memory)
	before := slices.Clone(world.calls)
	outcome, err := asl.NewEngine(config).Resume(t.Context(), "run")
	if errors.Is(err, asl.ErrNotFound) { // the crash came before the first write
		outcome, err = asl.NewEngine(config).Run(t.Context(), "run", m, json.RawMessage(input))
	}
	if err != nil {
		t.Fatalf("%s: resuming: %v", where, err)
	}
	checkCalls(t, where, world.calls, before, completed)
	return outcome
}

// checkCalls: what was completed is not called again; what was in flight is
// called again exactly as before.
func checkCalls(t *testing.T, where string, calls, before []ledgerCall, completed map[string]bool) {
	t.Helper()
	for _, again := range calls[len(before):] {
		if completed[again.token] {
			t.Errorf("%s: %s was completed and is called again", where, again.function)
		}
		for _, first := range before {
			if first.token == again.token && first != again {
				t.Errorf("%s: one token for two calls: %+v and %+v", where, first, again)
			}
		}
	}
	inFlight := map[string]ledgerCall{}
	for _, c := range before {
		if !completed[c.token] {
			inFlight[c.token] = c
		}
	}
	for _, again := range calls[len(before):] {
		delete(inFlight, again.token)
	}
	for _, lost := range inFlight {
		t.Errorf("%s: %+v was in flight and is not called again", where, lost)
	}
}

// completedTokens lists the tokens of the attempts whose end is in the log.
func completedTokens(t *testing.T, store asl.Store) map[string]bool {
	t.Helper()
	tokens := map[string]bool{}
	scheduled := map[int]string{}
	for entry, err := range store.Read(t.Context(), "asl/run", 0) {
		if err != nil {
			t.Fatal(err)
		}
		var records []struct {
			Type  string `json:"t"`
			Frame int    `json:"f"`
			Token string `json:"tk"`
		}
		if err := json.Unmarshal(entry, &records); err != nil {
			t.Fatal(err)
		}
		for _, rec := range records {
			switch {
			case rec.Token != "":
				scheduled[rec.Frame] = rec.Token
			case strings.HasPrefix(rec.Type, "LambdaFunction") && rec.Type != "LambdaFunctionStarted":
				tokens[scheduled[rec.Frame]] = true
			}
		}
	}
	return tokens
}

// checkHistory: event ids count up from 1 without a gap, and refer backwards.
func checkHistory(t *testing.T, where string, store asl.Store) {
	t.Helper()
	events, err := asl.NewEngine(asl.Config{Store: store}).History(t.Context(), "run")
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range events {
		if e.ID != int64(i+1) || e.PreviousID >= e.ID {
			t.Fatalf("%s: event %d has id %d and refers to %d", where, i+1, e.ID, e.PreviousID)
		}
	}
}

// TestCrashAfterEveryWriteStillArrives lets every life of the process write once
// only.
func TestCrashAfterEveryWriteStillArrives(t *testing.T) {
	for name, c := range crashCases {
		t.Run(name, func(t *testing.T) {
			m, err := asl.Parse([]byte(c.definition))
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				memory := asl.NewMemoryStore()
				world := &ledger{store: memory}
				outcome, lives := liveOnce(t, memory, world, m, c.input), 1
				for ; outcome == nil && lives < 100; lives++ {
					outcome = liveOnce(t, memory, world, m, c.input)
				}
				want := &asl.Outcome{Status: asl.StatusSucceeded, Output: json.RawMessage(c.want)}
				if diff := cmp.Diff(want, outcome); diff != "" {
					t.Errorf("after %d lives (-want +got):\n%s", lives, diff)
				}
				if lives < 2 {
					t.Error("there was only one life")
				}
				checkHistory(t, "in the end", memory)
			})
		})
	}
}

// liveOnce goes on with the execution, or begins it if it is not there yet, up to
// the first write. It returns nil if the execution is not over.
func liveOnce(t *testing.T, memory *asl.MemoryStore, world *ledger, m *asl.Machine, input string) *asl.Outcome {
	store := &faultyStore{Store: memory, fault: 1, after: true}
	engine := asl.NewEngine(asl.Config{Store: store, Tasks: world.tasks()})
	outcome, err := engine.Resume(t.Context(), "run")
	if errors.Is(err, asl.ErrNotFound) {
		outcome, err = engine.Run(t.Context(), "run", m, json.RawMessage(input))
	}
	switch {
	case err == nil:
		return &outcome
	case !errors.Is(err, errCrash):
		t.Fatal(err)
	}
	return nil
}
