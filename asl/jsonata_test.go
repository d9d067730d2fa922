package asl_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/asl"
)

// jsonata is a definition of one state, S, written with JSONata.
func jsonata(state string) string {
	return fmt.Sprintf(`{"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": %s, "Caught": {"Type": "Succeed"}}}`, state)
}

// outcome runs a definition and describes its end.
func outcome(t *testing.T, definition, input string, tasks asl.FunctionMap) string {
	t.Helper()
	definition = strings.TrimSpace(definition)
	if strings.Contains(definition, `"Caught": {`) && !strings.Contains(definition, `"Next": "Caught"`) {
		definition = strings.Replace(definition, `, "Caught": {"Type": "Succeed"}`, "", 1)
	}
	m, err := asl.Parse([]byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	engine := asl.NewEngine(asl.Config{Tasks: tasks})
	o, err := engine.Run(t.Context(), "run", m, json.RawMessage(input))
	if err != nil {
		t.Fatal(err)
	}
	if o.Status == asl.StatusSucceeded {
		return string(o.Output)
	}
	return strings.TrimSuffix(o.Error+": "+o.Cause, ": ")
}

func TestEveryStateTypeCanBeWrittenWithJSONata(t *testing.T) {
	tasks := asl.FunctionMap{
		"echo": echo,
		"fail": func(context.Context, json.RawMessage) (json.RawMessage, error) {
			return nil, &asl.Error{Name: "Broken", Cause: "on purpose"}
		},
	}
	within := "An error occurred while executing the state 'S' (entered at the event id #2). "
	for name, c := range map[string]struct{ state, input, want string }{
		"output":            {`{"Type": "Pass", "Output": {"sum": "{% $states.input.a + 1 %}", "kept.$": "$.a"}, "End": true}`, `{"a": 1}`, `{"sum":2,"kept.$":"$.a"}`},
		"no output":         {`{"Type": "Pass", "End": true}`, `{"a": 1.0}`, `{"a": 1.0}`},
		"context":           {`{"Type": "Pass", "Output": "{% $states.context.State.Name & $states.context.Execution.Name %}", "End": true}`, `{}`, `"Srun"`},
		"succeed":           {`{"Type": "Succeed", "Output": "{% $states.input.a %}"}`, `{"a": [1]}`, `[1]`},
		"fail":              {`{"Type": "Fail", "Error": "{% 'E' & $states.input.n %}", "Cause": "{% $string($states.input) %}"}`, `{"n": 1}`, `E1: {"n":1}`},
		"fail by no text":   {`{"Type": "Fail", "Error": "{% 1 %}"}`, `{}`, `States.QueryEvaluationError: ` + within + `The JSONata expression '1' specified for the field 'Error' returned an unexpected result type. Expected 'string', but was 'number' for value: 1`},
		"choice":            {`{"Type": "Choice", "Choices": [{"Condition": "{% $states.input.n > 1 %}", "Output": "{% 'many' %}", "Next": "Caught"}], "Default": "Caught", "Output": "few"}`, `{"n": 2}`, `"many"`},
		"default":           {`{"Type": "Choice", "Choices": [{"Condition": "{% $states.input.n > 1 %}", "Next": "Caught"}], "Default": "Caught", "Output": "few"}`, `{"n": 1}`, `"few"`},
		"choice of no sort": {`{"Type": "Choice", "Choices": [{"Condition": "{% $states.input.n %}", "Next": "Caught"}]}`, `{"n": 1}`, `States.QueryEvaluationError: ` + within + `The JSONata expression '$states.input.n' specified for the field 'Choices[0]/Condition' returned an unexpected result type. Expected 'boolean', but was 'number' for value: 1`},
		"task":              {`{"Type": "Task", "Resource": "echo", "Arguments": {"x": "{% $states.input.a * 2 %}"}, "Output": "{% {'in': $states.input.a, 'out': $states.result.x} %}", "End": true}`, `{"a": 2}`, `{"in":2,"out":4}`},
		"task without":      {`{"Type": "Task", "Resource": "echo", "End": true}`, `{"a": 2}`, `{"a": 2}`},
		"timeout":           {`{"Type": "Task", "Resource": "echo", "TimeoutSeconds": "{% $states.input.t %}", "End": true}`, `{"t": 0}`, `States.QueryEvaluationError: ` + within + `The TimeoutSeconds field is not a positive integer: 0`},
		"catch":             {`{"Type": "Task", "Resource": "fail", "Catch": [{"ErrorEquals": ["Broken"], "Output": "{% $states.errorOutput.Cause & '!' %}", "Next": "Caught"}], "End": true}`, `{}`, `"on purpose!"`},
		"catch without":     {`{"Type": "Task", "Resource": "fail", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}], "End": true}`, `{}`, `{"Error":"Broken","Cause":"on purpose"}`},
		"caught evaluation": {`{"Type": "Task", "Resource": "echo", "Arguments": "{% $x %}", "Catch": [{"ErrorEquals": ["States.QueryEvaluationError"], "Output": "{% $states.errorOutput.Error %}", "Next": "Caught"}], "End": true}`, `{}`, `"States.QueryEvaluationError"`},
		"parallel":          {`{"Type": "Parallel", "Arguments": "{% $states.input.n %}", "Branches": [{"StartAt": "A", "States": {"A": {"Type": "Pass", "Output": "{% $states.input + 1 %}", "End": true}}}], "Output": "{% $sum($states.result) %}", "End": true}`, `{"n": 1}`, `2`},
		"map":               {`{"Type": "Map", "Items": "{% $states.input.list %}", "MaxConcurrency": "{% 1 + 1 %}", "ItemSelector": {"i": "{% $states.context.Map.Item.Index %}", "v": "{% $states.context.Map.Item.Value %}", "n": "{% $states.input.n %}"}, "ItemProcessor": {"StartAt": "A", "States": {"A": {"Type": "Pass", "Output": "{% $states.input.i * 100 + $states.input.v + $states.input.n %}", "End": true}}}, "End": true}`, `{"list": [5, 6], "n": 1}`, `[6,107]`},
		"map of input":      {`{"Type": "Map", "ItemProcessor": {"StartAt": "A", "States": {"A": {"Type": "Pass", "Output": "{% $states.input + 1 %}", "End": true}}}, "End": true}`, `[1, 2]`, `[2,3]`},
		"map of an array":   {`{"Type": "Map", "Items": [1, "{% $states.input.a %}"], "ItemProcessor": {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}, "End": true}`, `{"a": [2]}`, `[1,[2]]`},
		"wait":              {`{"Type": "Wait", "Seconds": "{% $states.input.s / 2 %}", "Output": "waited", "End": true}`, `{"s": 4}`, `"waited"`},
		"wait too long":     {`{"Type": "Wait", "Seconds": "{% 1e9 %}", "End": true}`, `{}`, `States.Runtime: ` + within + `Wait state delay is too long`},
		"wait for text":     {`{"Type": "Wait", "Seconds": "{% '4' %}", "End": true}`, `{}`, `States.QueryEvaluationError: ` + within + `The JSONata expression ''4'' specified for the field 'Seconds' returned an unexpected result type. Expected 'number', but was 'string' for value: "4"`},
		"assign":            {`{"Type": "Pass", "Assign": {"x": "{% $states.input.a %}", "y": {"z": "{% $states.input.a + 1 %}"}}, "Output": "{% $exists($x) %}", "End": true}`, `{"a": 1}`, `false`},
		"undefined":         {`{"Type": "Pass", "Output": {"list": [1, {"a b": "{% $states.input.none %}"}]}, "End": true}`, `{}`, `States.QueryEvaluationError: ` + within + `The JSONata expression '$states.input.none' specified for the field 'Output/list[1]/a b' returned nothing (undefined).`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := outcome(t, jsonata(c.state), c.input, tasks); got != c.want {
					t.Errorf("got  %s\nwant %s", got, c.want)
				}
			})
		})
	}
}

func TestVariablesAreSharedByBothLanguages(t *testing.T) {
	definition := `{"StartAt": "A", "States": {
		"A": {"Type": "Pass", "Assign": {"n.$": "$.n", "o": {"list": [1, 2]}}, "Next": "B"},
		"B": {"Type": "Pass", "QueryLanguage": "JSONata", "Assign": {"n": "{% $n + 1 %}", "old": "{% $n %}"}, "Next": "C"},
		"C": {"Type": "Pass", "Parameters": {"n.$": "$n", "old.$": "$old", "last.$": "$o.list[1]"}, "End": true}}}`
	if got := outcome(t, definition, `{"n": 41}`, nil); got != `{"n":42,"old":41,"last":2}` {
		t.Error(got)
	}
}

func TestAnEvaluationThatFailsIsInTheHistory(t *testing.T) {
	m := parse(t, jsonata(`{"Type": "Task", "Resource": "f", "Arguments": {"a": "{% $nothing %}"}, "Retry": [{"ErrorEquals": ["States.QueryEvaluationError"], "MaxAttempts": 1}], "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}], "End": true}`))
	synctest.Test(t, func(t *testing.T) {
		engine := asl.NewEngine(asl.Config{})
		if _, err := engine.Run(t.Context(), "run", m, nil); err != nil {
			t.Fatal(err)
		}
		events, err := engine.History(t.Context(), "run")
		if err != nil {
			t.Fatal(err)
		}
		failed := 0
		for _, e := range events {
			if e.Type != asl.EvaluationFailed {
				continue
			}
			failed++
			if e.Location != "Arguments/a" || e.Name != "S" || e.Error != asl.ErrorQueryEvaluation || !strings.Contains(e.Cause, "$nothing") {
				t.Errorf("%+v", e)
			}
		}
		if failed != 2 {
			t.Errorf("the history tells %d times of it", failed)
		}
	})
}

func TestTheTimeOfAnExpressionIsThatOfTheExecution(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour)
		for _, source := range []string{"$now()", "$fromMillis($millis())", "$map([1], function($x) { $now() })[0]"} {
			want := fmt.Sprintf("%q", time.Now().UTC().Format("2006-01-02T15:04:05.000Z"))
			if got := outcome(t, jsonata(`{"Type": "Pass", "Output": "{% `+source+` %}", "End": true}`), `{}`, nil); got != want {
				t.Errorf("%s gives %s, want %s", source, got, want)
			}
		}
	})
}

// A resumed execution evaluates what its log does not hold yet, and nothing twice
// that could have been seen.
func TestWhatIsRandomIsEvaluatedOnce(t *testing.T) {
	m := parse(t, jsonata(`{"Type": "Pass", "Assign": {"id": "{% $uuid() %}", "r": "{% $random() %}"}, "Next": "Caught"}`))
	engine := asl.NewEngine(asl.Config{})
	if _, err := engine.Run(t.Context(), "run", m, nil); err != nil {
		t.Fatal(err)
	}
	before, err := engine.History(t.Context(), "run")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Resume(t.Context(), "run"); err != nil {
		t.Fatal(err)
	}
	after, _ := engine.History(t.Context(), "run")
	if len(before[2].Variables) == 0 || string(before[2].Variables) != string(after[2].Variables) {
		t.Errorf("%s, then %s", before[2].Variables, after[2].Variables)
	}
}

// roleTasks runs tasks with the role that they take on.
type roleTasks struct{ role string }

func (r roleTasks) Function(string) (asl.Function, bool) {
	return func(context.Context, json.RawMessage) (json.RawMessage, error) {
		return json.Marshal(r.role)
	}, true
}

func (r roleTasks) As(role string) (asl.Tasks, error) { return roleTasks{role}, nil }

func TestATaskTakesOnTheRoleOfItsCredentials(t *testing.T) {
	for _, c := range []struct{ definition, want string }{
		{one(`{"Type": "Task", "Resource": "f", "Credentials": {"RoleArn": "arn:r"}, "End": true}`), `"arn:r"`},
		{one(`{"Type": "Task", "Resource": "f", "Credentials": {"RoleArn.$": "States.Format('arn:{}', $.x)"}, "End": true}`), `"arn:y"`},
		{one(`{"Type": "Task", "Resource": "f", "QueryLanguage": "JSONata", "Credentials": {"RoleArn": "{% 'arn:' & $states.input.x %}"}, "End": true}`), `"arn:y"`},
		{one(`{"Type": "Task", "Resource": "f", "End": true}`), `""`},
	} {
		engine := asl.NewEngine(asl.Config{Tasks: roleTasks{}})
		o, err := engine.Run(t.Context(), "run", parse(t, c.definition), json.RawMessage(`{"x": "y"}`))
		if err != nil || string(o.Output) != c.want {
			t.Errorf("%s\ngives %s %s %v, want %s", c.definition, o.Output, o.Cause, err, c.want)
		}
	}
	if got := outcome(t, one(`{"Type": "Task", "Resource": "echo", "Credentials": {"RoleArn": "arn:r"}, "End": true}`), `{}`, asl.FunctionMap{"echo": echo}); !strings.Contains(got, "arn:r of the state's Credentials cannot be taken on here") {
		t.Errorf("without anything that takes on roles: %s", got)
	}
}
