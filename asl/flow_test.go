package asl_test

import (
	"testing"

	"github.com/setmend/setmend/asl"
)

// The specification, "Using InputPath, Parameters, ResultSelector, ResultPath and
// OutputPath".
func TestDataGoesThroughAStateInOrder(t *testing.T) {
	const input = `{"a": {"b": 1.50}, "list": [1e3, 12345678901234567890, {"x": null}], "é \"q\"": "ü"}`
	for state, want := range map[string]string{
		`"InputPath": null`:                                                   `{}`,
		`"OutputPath": null`:                                                  `{}`,
		`"ResultPath": null, "Result": 7`:                                     input,
		`"InputPath": "$.a", "OutputPath": "$.b"`:                             `1.50`,
		`"InputPath": "$.list[0]"`:                                            `1e3`,
		`"InputPath": "$.list[*].x"`:                                          `[null]`,
		`"OutputPath": "$.list[0,1]"`:                                         `[1e3,12345678901234567890]`,
		`"InputPath": "$['é \"q\"']"`:                                         `"ü"`,
		`"InputPath": "$..b"`:                                                 `[1.50]`,
		`"InputPath": "$.a", "Result": 7, "ResultPath": "$.a.c.d"`:            `{"a":{"b":1.50,"c":{"d":7}},"list":[1e3,12345678901234567890,{"x":null}],"é \"q\"":"ü"}`,
		`"Result": 7, "ResultPath": "$.list[2].x", "OutputPath": "$.list"`:    `[1e3,12345678901234567890,{"x":7}]`,
		`"Result": 7, "ResultPath": "$"`:                                      `7`,
		`"Parameters": {"x.$": "$.list[2].x", "y": {"z.$": "$$.State.Name"}}`: `{"x":null,"y":{"z":"S"}}`,
		`"Parameters": {"x.$": "States.Format('{}', $.a)"}, "ResultPath": "$.a", "OutputPath": "$.a"`: `{"x":"{b=1.50}"}`,
	} {
		expect(t, run(t, asl.NewEngine(asl.Config{}), one(`{"Type": "Pass", "End": true, `+state+`}`), input), succeeded(want))
		if t.Failed() {
			t.Fatal(state)
		}
	}
}

// Step Functions names what a ResultPath cannot do States.ReferencePathConflict,
// as its users report it; the input is what the state received.
func TestAResultPathWithoutAPlaceFailsTheState(t *testing.T) {
	for _, c := range []struct{ path, input, cause string }{
		{"$.x", `"input1"`, `Unable to apply ReferencePath $.x to input "input1"`},
		{"$.x", `[1]`, `Unable to apply ReferencePath $.x to input [1]`},
		{"$.x[1]", `{"x":[1]}`, `Unable to apply ReferencePath $.x[1] to input [1]`},
	} {
		state := `"Type": "Task", "Resource": "echo", "ResultPath": "` + c.path + `"`
		engine := asl.NewEngine(asl.Config{Tasks: asl.FunctionMap{"echo": echo}})
		expect(t, run(t, engine, one(`{`+state+`, "End": true}`), c.input), failed("States.ReferencePathConflict", c.cause))
		caught := `{"StartAt": "S", "States": {"Done": {"Type": "Pass", "Parameters": {"error.$": "$.Error"}, "End": true},
			"S": {` + state + `, "Next": "Done", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}]}}}`
		engine = asl.NewEngine(asl.Config{Tasks: asl.FunctionMap{"echo": echo}})
		expect(t, run(t, engine, caught, c.input), succeeded(`{"error":"States.ReferencePathConflict"}`))
	}
	parallel := one(`{"Type": "Parallel", "ResultPath": "$.x", "End": true, "Branches": [{"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}]}`)
	expect(t, run(t, asl.NewEngine(asl.Config{}), parallel, `1`), failed("States.ReferencePathConflict", "Unable to apply ReferencePath $.x to input 1"))
}

// The developer guide on States.Runtime: "attempting to apply InputPath or
// OutputPath on a null JSON payload". Users report the same of Parameters, for
// "$" too.
func TestNoPathIsAppliedToNull(t *testing.T) {
	const cause = "An error occurred while executing the state 'S' (entered at the event id #2). Unable to apply Path transformation to null or empty input."
	for _, state := range []string{`"InputPath": "$.a"`, `"OutputPath": "$.a"`, `"InputPath": "$[*]"`, `"Parameters": {"x.$": "$"}`, `"Parameters": {"x.$": "$.a"}`} {
		expect(t, run(t, asl.NewEngine(asl.Config{}), one(`{"Type": "Pass", "End": true, `+state+`}`), `null`), failed("States.Runtime", cause))
	}
	for state, want := range map[string]string{`"Comment": "none"`: `null`, `"InputPath": null`: `{}`, `"Parameters": {"x.$": "$$.State.Name"}`: `{"x":"S"}`} {
		expect(t, run(t, asl.NewEngine(asl.Config{}), one(`{"Type": "Pass", "End": true, `+state+`}`), `null`), succeeded(want))
	}
}
