package asl_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
)

// What recordings made on AWS show beyond the specification.

func TestANumberOfAMapMayBeAText(t *testing.T) {
	definition := one(`{"Type": "Map", "ItemsPath": "$.list", "MaxConcurrencyPath": "$.n", "End": true, "ItemProcessor": {"StartAt": "T", "States": {"T": {"Type": "Succeed"}}}}`)
	if got := outcome(t, definition, `{"list": [1, 2], "n": "1"}`, nil); got != `[1,2]` {
		t.Error(got)
	}
	within := "States.Runtime: An error occurred while executing the state 'S' (entered at the event id #2). "
	if got, want := outcome(t, definition, `{"list": [], "n": "1.5"}`, nil), within+`The MaxConcurrencyPath field refers to value "1.5" which is not a valid integer: $.n`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	definition = distributed(`"ItemsPath": "$.list", "ToleratedFailureCountPath": "$.n"`)
	if got := outcome(t, definition, `{"list": [1], "n": "3"}`, nil); got != `[1]` {
		t.Error(got)
	}
}

func TestAWaitThatIsTooLongFails(t *testing.T) {
	within := "States.Runtime: An error occurred while executing the state 'S' (entered at the event id #2). Wait state delay is too long"
	for _, state := range []string{`"SecondsPath": "$.s"`, `"TimestampPath": "$.t"`, `"Timestamp": "2999-01-01T00:00:00Z"`} {
		synctest.Test(t, func(t *testing.T) {
			if got := outcome(t, one(`{"Type": "Wait", `+state+`, "End": true}`), `{"s": 100000000, "t": "2999-01-01T00:00:00Z"}`, nil); got != within {
				t.Errorf("%s: %s", state, got)
			}
		})
	}
}

func TestALargeAnswerIsCaughtByAll(t *testing.T) {
	large := asl.FunctionMap{"large": func(context.Context, json.RawMessage) (json.RawMessage, error) {
		return json.RawMessage(`"` + strings.Repeat("x", 300_000) + `"`), nil
	}}
	definition := `{"StartAt": "S", "States": {
		"S": {"Type": "Task", "Resource": "large", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}], "End": true},
		"C": {"Type": "Pass", "OutputPath": "$.Error", "End": true}}}`
	if got := outcome(t, definition, `{}`, large); got != `"States.DataLimitExceeded"` {
		t.Error(got)
	}
	grows := `{"StartAt": "S", "States": {
		"S": {"Type": "Parallel", "Branches": [{"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}, "End": true}}}], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}], "End": true},
		"C": {"Type": "Succeed"}}}`
	if got := outcome(t, grows, `"`+strings.Repeat("x", 200_000)+`"`, nil); !strings.HasPrefix(got, "States.DataLimitExceeded: ") {
		t.Errorf("%.200s", got)
	}
}

func TestJSONataIsTextToJSONPath(t *testing.T) {
	if got := outcome(t, one(`{"Type": "Pass", "Parameters": {"a": "{% $x %}", "b": ["{% 1 + %}"]}, "End": true}`), `{}`, nil); got != `{"a":"{% $x %}","b":["{% 1 + %}"]}` {
		t.Error(got)
	}
}

func TestAMissingTimeoutIsNamed(t *testing.T) {
	definition := one(`{"Type": "Task", "Resource": "f", "TimeoutSecondsPath": "$.none", "End": true}`)
	want := "States.Runtime: An error occurred while executing the state 'S' (entered at the event id #2). The TimeoutSecondsPath parameter does not reference an input value: $.none"
	if got := outcome(t, definition, `{}`, nil); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAnIndexOutOfRangeIsNull(t *testing.T) {
	if got := outcome(t, one(`{"Type": "Pass", "Parameters": {"x.$": "States.ArrayGetItem($.a, 3)"}, "End": true}`), `{"a": [1]}`, nil); got != `{"x":null}` {
		t.Error(got)
	}
}

func TestAWordInAFilterNeedsNoQuotes(t *testing.T) {
	if got := outcome(t, one(`{"Type": "Pass", "Parameters": {"x.$": "$.a[?(@.Type==VENDOR)].n"}, "End": true}`), `{"a": [{"Type": "VENDOR", "n": 1}, {"Type": "x", "n": 2}]}`, nil); got != `{"x":[1]}` {
		t.Error(got)
	}
}

// relations describes a history: each event with the one that it refers to.
func relations(t *testing.T, definition, input string, tasks asl.FunctionMap) []string {
	t.Helper()
	engine := asl.NewEngine(asl.Config{Tasks: tasks})
	run(t, engine, definition, input)
	events, err := engine.History(t.Context(), "run")
	if err != nil {
		t.Fatal(err)
	}
	types := map[int64]string{0: "nothing"}
	var list []string
	for _, e := range events {
		types[e.ID] = string(e.Type)
		list = append(list, string(e.Type)+" after "+types[e.PreviousID])
	}
	return list
}

func TestEventsReferToThoseBeforeAsOnAWS(t *testing.T) {
	tasks := asl.FunctionMap{"fail": func(context.Context, json.RawMessage) (json.RawMessage, error) { return nil, &asl.Error{Name: "E"} }}
	for name, c := range map[string]struct {
		definition string
		want       []string
	}{
		"a Map that fails": {`{"StartAt": "S", "States": {"S": {"Type": "Map", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}], "End": true, "ItemProcessor": {"StartAt": "F", "States": {"F": {"Type": "Fail"}}}}, "C": {"Type": "Succeed"}}}`,
			[]string{"ExecutionStarted after nothing", "MapStateEntered after nothing", "MapStateStarted after MapStateEntered", "MapIterationStarted after MapStateStarted", "FailStateEntered after MapIterationStarted",
				"MapIterationFailed after FailStateEntered", "MapStateFailed after FailStateEntered", "MapStateExited after MapStateFailed", "SucceedStateEntered after MapStateExited", "SucceedStateExited after SucceedStateEntered", "ExecutionSucceeded after SucceedStateExited"}},
		"a Parallel that fails": {one(`{"Type": "Parallel", "End": true, "Branches": [{"StartAt": "F", "States": {"F": {"Type": "Task", "Resource": "fail", "End": true}}}]}`),
			[]string{"ExecutionStarted after nothing", "ParallelStateEntered after nothing", "ParallelStateStarted after ParallelStateEntered", "TaskStateEntered after ParallelStateStarted", "LambdaFunctionScheduled after TaskStateEntered",
				"LambdaFunctionStarted after LambdaFunctionScheduled", "LambdaFunctionFailed after LambdaFunctionStarted", "TaskStateAborted after LambdaFunctionFailed", "ParallelStateFailed after TaskStateAborted", "ExecutionFailed after ParallelStateFailed"}},
		"a distributed Map": {distributed(`"ItemsPath": "$"`),
			[]string{"ExecutionStarted after nothing", "MapStateEntered after nothing", "MapStateStarted after MapStateEntered", "MapRunStarted after MapStateStarted", "MapRunSucceeded after MapRunStarted", "MapStateSucceeded after MapRunSucceeded", "MapStateExited after MapRunSucceeded", "ExecutionSucceeded after MapStateExited"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := relations(t, c.definition, `[1]`, tasks)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNamesOfExecutionsFollowTheRule(t *testing.T) {
	m := parse(t, one(`{"Type": "Succeed"}`))
	for _, name := range []string{"", "a b", "a/b", "a:b", "a#", "a\x00", "a\u0085", "<a>", "a\xff", strings.Repeat("a", 81)} {
		if _, err := asl.NewEngine(asl.Config{}).Run(t.Context(), name, m, nil); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
	for _, name := range []string{"a", "a-b_c.d", "é日本", "a@b+c=d!", strings.Repeat("é", 80)} {
		if _, err := asl.NewEngine(asl.Config{}).Run(t.Context(), name, m, nil); err != nil {
			t.Error(err)
		}
	}
}
