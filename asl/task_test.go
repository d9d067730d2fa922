package asl_test

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
)

func TestATaskCallsItsFunction(t *testing.T) {
	for name, c := range map[string]struct{ state, input, want, events string }{
		"by name": {
			`{"Type": "Task", "Resource": "echo", "End": true}`, `{"a": 1}`, `{"a": 1}`,
			"LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionSucceeded",
		},
		"by ARN": {
			`{"Type": "Task", "Resource": "arn:aws:lambda:eu-central-1:123456789012:function:echo:live", "End": true}`, `{"a": 1}`, `{"a": 1}`,
			"LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionSucceeded",
		},
		"through lambda:invoke": {
			`{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
				"Parameters": {"FunctionName": "echo", "Payload": {"run.$": "$$.Execution.Name", "in.$": "$$.Execution.Input"}}}`,
			`{"a": 1}`, `{"ExecutedVersion":"$LATEST","Payload":{"run":"run","in":{"a":1}},"StatusCode":200}`,
			"TaskScheduled TaskStarted TaskSucceeded",
		},
		"through lambda:invoke, without a payload": {
			`{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true, "OutputPath": "$.Payload",
				"Parameters": {"FunctionName.$": "$.fn"}}`,
			`{"fn": "arn:aws:lambda:eu-central-1:123456789012:function:echo"}`, `{}`,
			"TaskScheduled TaskStarted TaskSucceeded",
		},
		"through an SDK integration": {
			`{"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ec2:describeInstances", "End": true,
				"Parameters": {"Ids.$": "$.ids"}, "ResultSelector": {"got.$": "$.Ids[0]"}, "ResultPath": "$.result"}`,
			`{"ids": ["i-1"]}`, `{"ids":["i-1"],"result":{"got":"i-1"}}`,
			"TaskScheduled TaskStarted TaskSucceeded",
		},
	} {
		t.Run(name, func(t *testing.T) {
			engine := asl.NewEngine(asl.Config{Tasks: asl.FunctionMap{"echo": echo, "arn:aws:states:::aws-sdk:ec2:describeInstances": echo}})
			expect(t, run(t, engine, one(c.state), c.input), succeeded(c.want))
			want := "ExecutionStarted TaskStateEntered " + c.events + " TaskStateExited ExecutionSucceeded"
			if got := history(t, engine); got != want {
				t.Errorf("history\n%s, want\n%s", got, want)
			}
		})
	}
}

func TestATaskFailsWithTheErrorOfItsFunction(t *testing.T) {
	tasks := asl.FunctionMap{
		"named": func(context.Context, json.RawMessage) (json.RawMessage, error) {
			return nil, &asl.Error{Name: "Mine", Cause: "why"}
		},
		"plain":   func(context.Context, json.RawMessage) (json.RawMessage, error) { return nil, errors.New("oops") },
		"nothing": func(context.Context, json.RawMessage) (json.RawMessage, error) { return nil, nil },
		"notJSON": func(context.Context, json.RawMessage) (json.RawMessage, error) { return json.RawMessage("{"), nil },
		"big": func(context.Context, json.RawMessage) (json.RawMessage, error) {
			return json.RawMessage(`"` + strings.Repeat("x", 256<<10) + `"`), nil
		},
	}
	for name, want := range map[string]asl.Outcome{
		"named":   failed("Mine", "why"),
		"plain":   failed("States.TaskFailed", "oops"),
		"nothing": succeeded("null"),
		"notJSON": failed("States.TaskFailed", "The task's result is not JSON: expected a member's name at offset 1"),
		"big":     failed("States.DataLimitExceeded", "The state/task 'big' returned a result with a size exceeding the maximum number of bytes service limit."),
		"absent":  failed("States.TaskFailed", "There is nothing to call behind the resource absent"),
	} {
		expect(t, run(t, asl.NewEngine(asl.Config{Tasks: tasks}), one(`{"Type": "Task", "Resource": "`+name+`", "End": true}`), `{}`), want)
	}
	expect(t, run(t, asl.NewEngine(asl.Config{}), one(`{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
		"Parameters": {"FunctionName": "absent"}}`), `{}`), failed("Lambda.ResourceNotFoundException", "Function not found: absent"))
}

func TestAPanickingFunctionFailsItsTaskOnly(t *testing.T) {
	tasks := asl.FunctionMap{"panic": func(context.Context, json.RawMessage) (json.RawMessage, error) { panic("at the disco") }}
	got := run(t, asl.NewEngine(asl.Config{Tasks: tasks}), one(`{"Type": "Task", "Resource": "panic", "End": true}`), `{}`)
	if got.Error != "States.TaskFailed" || !strings.HasPrefix(got.Cause, "the function panicked: at the disco\n") {
		t.Errorf("got %+v", got)
	}
}

func TestRetriesComeAfterTheirDelays(t *testing.T) {
	for name, c := range map[string]struct {
		retry string
		want  []int // when it is called, in milliseconds
	}{
		"defaults":       {`{"ErrorEquals": ["E"]}`, []int{0, 1000, 3000, 7000}},
		"given":          {`{"ErrorEquals": ["E"], "IntervalSeconds": 3, "BackoffRate": 1.5, "MaxAttempts": 2}`, []int{0, 3000, 7500}},
		"capped":         {`{"ErrorEquals": ["E"], "IntervalSeconds": 2, "MaxDelaySeconds": 5, "MaxAttempts": 4}`, []int{0, 2000, 6000, 11000, 16000}},
		"none":           {`{"ErrorEquals": ["E"], "MaxAttempts": 0}`, []int{0}},
		"another":        {`{"ErrorEquals": ["Other"]}`, []int{0}},
		"any failure":    {`{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}`, []int{0, 1000}},
		"anything":       {`{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}`, []int{0, 1000}},
		"by the second":  {`{"ErrorEquals": ["Other"]}, {"ErrorEquals": ["E"], "MaxAttempts": 1}`, []int{0, 1000}},
		"first one only": {`{"ErrorEquals": ["E"], "MaxAttempts": 1}, {"ErrorEquals": ["States.ALL"]}`, []int{0, 1000}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				watch := &stopwatch{}
				engine := asl.NewEngine(asl.Config{Tasks: asl.FunctionMap{"fail": watch.wrap(failTimes(99, "E"))}})
				expect(t, run(t, engine, one(`{"Type": "Task", "Resource": "fail", "End": true, "Retry": [`+c.retry+`]}`), `{}`), failed("E", "because"))
				var got []int
				for _, at := range watch.at {
					got = append(got, int(at/time.Millisecond))
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestJitterStaysWithinTheDelayAndFollowsTheSeed(t *testing.T) {
	calls := func(seed uint64) (at []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			watch := &stopwatch{}
			engine := asl.NewEngine(asl.Config{
				Tasks: asl.FunctionMap{"fail": watch.wrap(failTimes(99, "E"))}, Random: rand.NewPCG(seed, 0),
			})
			run(t, engine, one(`{"Type": "Task", "Resource": "fail", "End": true,
				"Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 10, "BackoffRate": 1, "MaxAttempts": 20, "JitterStrategy": "FULL"}]}`), `{}`)
			at = watch.at
		})
		return at
	}
	first := calls(1)
	for i := 1; i < len(first); i++ {
		if d := first[i] - first[i-1]; d < 0 || d > 10*time.Second {
			t.Errorf("a delay of %v", d)
		}
	}
	if diff := cmp.Diff(first, calls(1)); diff != "" {
		t.Errorf("the same seed gives other delays:\n%s", diff)
	}
	if cmp.Equal(first, calls(2)) {
		t.Error("another seed gives the same delays")
	}
}

func TestAttemptsAreCountedForEachRetrierUntilTheNextState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fails := []string{"A", "B", "A", "B", "", "A", "A", ""}
		next := 0
		tasks := asl.FunctionMap{"f": func(_ context.Context, in json.RawMessage) (json.RawMessage, error) {
			name := fails[next]
			next++
			if name != "" {
				return nil, &asl.Error{Name: name}
			}
			return in, nil
		}}
		retry := `"Retry": [{"ErrorEquals": ["A"], "MaxAttempts": 2}, {"ErrorEquals": ["B"], "MaxAttempts": 2}]`
		expect(t, run(t, asl.NewEngine(asl.Config{Tasks: tasks}), `{"StartAt": "S", "States": {
			"S": {"Type": "Task", "Resource": "f", `+retry+`, "Next": "T"},
			"T": {"Type": "Task", "Resource": "f", `+retry+`, "End": true}}}`, `{}`), succeeded(`{}`))
	})
}

func TestTokensTellAttemptsApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := map[string]bool{}
		tasks := asl.FunctionMap{"f": func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
			seen[asl.TaskToken(ctx)] = true
			return nil, &asl.Error{Name: "E"}
		}}
		run(t, asl.NewEngine(asl.Config{Tasks: tasks}), one(`{"Type": "Task", "Resource": "f", "End": true, "Retry": [{"ErrorEquals": ["E"]}]}`), `{}`)
		if len(seen) != 4 || seen[""] {
			t.Errorf("tokens: %v", seen)
		}
	})
	if asl.TaskToken(t.Context()) != "" {
		t.Error("there is a token outside of a function")
	}
}

func TestACatchGoesOnWithTheError(t *testing.T) {
	for name, c := range map[string]struct{ catch, want string }{
		"in place of the input": {`{"ErrorEquals": ["E"], "Next": "Caught"}`, `{"Error":"E","Cause":"because"}`},
		"beside the input":      {`{"ErrorEquals": ["E"], "ResultPath": "$.e", "Next": "Caught"}`, `{"a":1,"e":{"Error":"E","Cause":"because"}}`},
		"dropped":               {`{"ErrorEquals": ["E"], "ResultPath": null, "Next": "Caught"}`, `{"a": 1}`},
		"by the first that matches": {`{"ErrorEquals": ["X"], "Next": "Other"}, {"ErrorEquals": ["States.TaskFailed"], "Next": "Caught"}, {"ErrorEquals": ["States.ALL"], "Next": "Other"}`,
			`{"Error":"E","Cause":"because"}`},
	} {
		t.Run(name, func(t *testing.T) {
			engine := asl.NewEngine(asl.Config{Tasks: asl.FunctionMap{"fail": failTimes(1, "E")}})
			expect(t, run(t, engine, `{"StartAt": "S", "States": {
				"S": {"Type": "Task", "Resource": "fail", "OutputPath": "$.nothing.to.see", "Catch": [{"ErrorEquals": ["Never"], "Next": "Other"}, `+c.catch+`], "End": true},
				"Caught": {"Type": "Pass", "End": true}, "Other": {"Type": "Fail"}}}`, `{"a": 1}`), succeeded(c.want))
		})
	}
}

func TestACatchAssignsFromTheError(t *testing.T) {
	engine := asl.NewEngine(asl.Config{Tasks: asl.FunctionMap{"fail": failTimes(1, "E")}})
	expect(t, run(t, engine, `{"StartAt": "S", "States": {
		"S": {"Type": "Task", "Resource": "fail", "End": true, "Catch": [{"ErrorEquals": ["E"], "Next": "C", "ResultPath": null, "Assign": {"why.$": "$.Cause"}}]},
		"C": {"Type": "Pass", "Parameters": {"why.$": "$why"}, "End": true}}}`, `{}`), succeeded(`{"why":"because"}`))
}

func TestNoCatchSeesARuntimeError(t *testing.T) {
	engine := asl.NewEngine(asl.Config{Tasks: asl.FunctionMap{"echo": echo}})
	got := run(t, engine, `{"StartAt": "S", "States": {
		"S": {"Type": "Task", "Resource": "echo", "OutputPath": "$.absent", "End": true,
			"Retry": [{"ErrorEquals": ["States.ALL"]}], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}]},
		"C": {"Type": "Pass", "End": true}}}`, `{}`)
	expect(t, got, failed("States.Runtime", "An error occurred while executing the state 'S' (entered at the event id #2). Invalid path '$.absent' : No results for path: $['absent']"))
}

func TestATimeoutEndsAnAttempt(t *testing.T) {
	for name, c := range map[string]struct {
		fields string
		want   time.Duration
	}{
		"of the task":          {`"TimeoutSeconds": 90`, 90 * time.Second},
		"from the input":       {`"TimeoutSecondsPath": "$.t"`, 30 * time.Second},
		"of the heartbeat":     {`"TimeoutSeconds": 90, "HeartbeatSeconds": 10`, 10 * time.Second},
		"heartbeat from input": {`"HeartbeatSecondsPath": "$.h"`, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				engine := asl.NewEngine(asl.Config{Tasks: asl.FunctionMap{"until": until}})
				expect(t, run(t, engine, one(`{"Type": "Task", "Resource": "until", "End": true, `+c.fields+`}`), `{"t": 30, "h": 5}`), failed("States.Timeout", ""))
				if took := time.Since(start); took != c.want {
					t.Errorf("after %v, want %v", took, c.want)
				}
				if got := history(t, engine); got != "ExecutionStarted TaskStateEntered LambdaFunctionScheduled LambdaFunctionStarted LambdaFunctionTimedOut ExecutionFailed" {
					t.Error(got)
				}
			})
		})
	}
}

func TestATimeoutIsCaughtByItsNames(t *testing.T) {
	for name, want := range map[string]bool{
		"States.Timeout": true, "States.ALL": true, "States.HeartbeatTimeout": true, "States.TaskFailed": false, "Other": false,
	} {
		synctest.Test(t, func(t *testing.T) {
			engine := asl.NewEngine(asl.Config{Tasks: asl.FunctionMap{"until": until}})
			got := run(t, engine, `{"StartAt": "S", "States": {
				"S": {"Type": "Task", "Resource": "until", "End": true, "HeartbeatSeconds": 5, "Catch": [{"ErrorEquals": ["`+name+`"], "Next": "C"}]},
				"C": {"Type": "Succeed"}}}`, `{}`)
			if (got.Status == asl.StatusSucceeded) != want {
				t.Errorf("%s: %+v", name, got)
			}
		})
	}
}

func TestHeartbeatsKeepATaskAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tasks := asl.FunctionMap{"alive": func(ctx context.Context, in json.RawMessage) (json.RawMessage, error) {
			for range 5 {
				time.Sleep(8 * time.Second)
				if err := asl.Heartbeat(ctx); err != nil {
					return nil, err
				}
			}
			return in, nil
		}}
		expect(t, run(t, asl.NewEngine(asl.Config{Tasks: tasks}), one(`{"Type": "Task", "Resource": "alive", "End": true, "HeartbeatSeconds": 10}`), `1`), succeeded(`1`))
	})
	if err := asl.Heartbeat(t.Context()); !errors.Is(err, asl.ErrNoSuchTask) {
		t.Errorf("a heartbeat outside of a function: %v", err)
	}
}

func TestTheExecutionTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		engine := asl.NewEngine(asl.Config{})
		expect(t, run(t, engine, `{"StartAt": "S", "TimeoutSeconds": 60, "States": {"S": {"Type": "Wait", "Seconds": 3600, "End": true}}}`, `{}`),
			asl.Outcome{Status: asl.StatusTimedOut})
		if took := time.Since(start); took != time.Minute {
			t.Errorf("after %v", took)
		}
		if got := history(t, engine); got != "ExecutionStarted WaitStateEntered ExecutionTimedOut" {
			t.Error(got)
		}
	})
}
