package asl_test

import (
	"fmt"
	"testing"

	"github.com/setmend/setmend/asl"
)

const values = `{
	"text": "abc", "empty": "", "number": 5, "fraction": 5.0, "large": 12345678901234567890, "yes": true, "no": false, "null": null,
	"list": [1, "abc"], "object": {"inner": null}, "time": "2016-08-18T17:33:00Z", "later": "2016-08-18T19:33:00.5+01:00", "star": "a*c", "slash": "a\\c"
}`

// choose runs a Choice with one rule on values.
func choose(t *testing.T, rule string) asl.Outcome {
	t.Helper()
	definition := fmt.Sprintf(`{"StartAt": "S", "States": {"S": {"Type": "Choice", "Choices": [{"Next": "Yes", %s}], "Default": "No"},
		"Yes": {"Type": "Pass", "Result": true, "End": true}, "No": {"Type": "Pass", "Result": false, "End": true}}}`, rule)
	return run(t, asl.NewEngine(asl.Config{}), definition, values)
}

// The specification, "Data-test expression": a value of another type makes a
// comparison false. That is also recorded.
func TestARuleHoldsOrDoesNot(t *testing.T) {
	for rule, want := range map[string]bool{
		`"Variable": "$.text", "StringEquals": "abc"`:                                                                   true,
		`"Variable": "$.text", "StringEquals": "ABC"`:                                                                   false,
		`"Variable": "$.text", "StringLessThan": "abd"`:                                                                 true,
		`"Variable": "$.text", "StringGreaterThanEquals": "abc"`:                                                        true,
		`"Variable": "$.number", "StringEquals": "5"`:                                                                   false,
		`"Variable": "$.text", "StringEqualsPath": "$.list[1]"`:                                                         true,
		`"Variable": "$.text", "StringLessThanPath": "$.number"`:                                                        false,
		`"Variable": "$.number", "NumericEquals": 5.0`:                                                                  true,
		`"Variable": "$.number", "NumericEqualsPath": "$.fraction"`:                                                     true,
		`"Variable": "$.number", "NumericLessThanEquals": 5e0`:                                                          true,
		`"Variable": "$.large", "NumericGreaterThan": 12345678901234567889`:                                             true,
		`"Variable": "$.text", "NumericLessThan": 5`:                                                                    false,
		`"Variable": "$.null", "NumericEquals": 0`:                                                                      false,
		`"Variable": "$.no", "BooleanEquals": false`:                                                                    true,
		`"Variable": "$.null", "BooleanEquals": false`:                                                                  false,
		`"Variable": "$.yes", "BooleanEqualsPath": "$.no"`:                                                              false,
		`"Variable": "$.time", "TimestampEquals": "2016-08-18T18:33:00+01:00"`:                                          true,
		`"Variable": "$.time", "TimestampLessThanPath": "$.later"`:                                                      true,
		`"Variable": "$.time", "StringLessThanPath": "$.later"`:                                                         true,
		`"Variable": "$.text", "TimestampLessThan": "2016-08-18T18:33:00Z"`:                                             false,
		`"Variable": "$.time", "TimestampEqualsPath": "$.text"`:                                                         false,
		`"Variable": "$.time", "IsTimestamp": true`:                                                                     true,
		`"Variable": "$.text", "IsTimestamp": false`:                                                                    true,
		`"Variable": "$.number", "IsTimestamp": true`:                                                                   false,
		`"Variable": "$.null", "IsNull": true`:                                                                          true,
		`"Variable": "$.text", "IsNull": false`:                                                                         true,
		`"Variable": "$.null", "IsPresent": true`:                                                                       true,
		`"Variable": "$.absent", "IsPresent": true`:                                                                     false,
		`"Variable": "$.absent", "IsPresent": false`:                                                                    true,
		`"Variable": "$.object.inner.more", "IsPresent": false`:                                                         true,
		`"Variable": "$.list[7]", "IsPresent": true`:                                                                    false,
		`"Variable": "$.large", "IsNumeric": true`:                                                                      true,
		`"Variable": "$.text", "IsNumeric": false`:                                                                      true,
		`"Variable": "$.time", "IsString": true`:                                                                        true,
		`"Variable": "$.no", "IsBoolean": true`:                                                                         true,
		`"Variable": "$.object", "IsString": false`:                                                                     true,
		`"Variable": "$$.State.Name", "StringEquals": "S"`:                                                              true,
		`"Variable": "$.text", "StringMatches": "a*"`:                                                                   true,
		`"Variable": "$.text", "StringMatches": "*b*"`:                                                                  true,
		`"Variable": "$.text", "StringMatches": "abc*"`:                                                                 true,
		`"Variable": "$.text", "StringMatches": "b*"`:                                                                   false,
		`"Variable": "$.text", "StringMatches": "a?c"`:                                                                  false,
		`"Variable": "$.empty", "StringMatches": "*"`:                                                                   true,
		`"Variable": "$.number", "StringMatches": "*"`:                                                                  false,
		`"Variable": "$.star", "StringMatches": "a\\*c"`:                                                                true,
		`"Variable": "$.text", "StringMatches": "a\\*c"`:                                                                false,
		`"Variable": "$.slash", "StringMatches": "a\\\\c"`:                                                              true,
		`"Variable": "$.slash", "StringMatches": "a\\\\*"`:                                                              true,
		`"Not": {"Variable": "$.text", "StringEquals": "x"}`:                                                            true,
		`"Not": {"Not": {"Variable": "$.yes", "BooleanEquals": true}}`:                                                  true,
		`"And": [{"Variable": "$.absent", "IsPresent": true}, {"Variable": "$.absent", "StringEquals": "x"}]`:           false,
		`"Or": [{"Variable": "$.text", "IsPresent": true}, {"Variable": "$.absent", "StringEquals": "x"}]`:              true,
		`"And": [{"Or": [{"Variable": "$.no", "IsNull": true}, {"Not": {"Variable": "$.no", "BooleanEquals": true}}]}]`: true,
		`"Variable": "$.list[?(@.x == 1)]", "IsPresent": true`:                                                          true, // a list, if an empty one
		`"Variable": "$.list.length()", "NumericEquals": 2`:                                                             true,
		`"Variable": "$.list[*]", "NumericEquals": 1`:                                                                   false,
		`"Comment": "c", "Variable": "$.yes", "BooleanEquals": true, "Assign": {"x": 1}`:                                true,
	} {
		expect(t, choose(t, rule), succeeded(fmt.Sprint(want)))
		if t.Failed() {
			t.Fatal(rule)
		}
	}
}

// A path that finds nothing is States.Runtime for every operator but IsPresent;
// so is an open escape in StringMatches (the specification).
func TestARuleThatCannotBeEvaluatedFailsTheExecution(t *testing.T) {
	const absent = `Invalid path '$.absent': The choice state's condition path references an invalid value.`
	for rule, want := range map[string]string{
		`"Variable": "$.absent", "StringEquals": "x"`:             absent,
		`"Variable": "$.absent", "IsNull": true`:                  absent,
		`"Variable": "$.absent", "IsString": false`:               absent,
		`"Not": {"Variable": "$.absent", "BooleanEquals": true}`:  absent,
		`"Variable": "$.number", "NumericEqualsPath": "$.absent"`: absent,
		`"Variable": "$.text", "StringMatches": "a\\bc"`:          `The StringMatches string 'a\bc' has a backslash that escapes neither * nor \`,
		`"Variable": "$.object.inner.more", "StringEquals": "x"`:  `Invalid path '$.object.inner.more': The choice state's condition path references an invalid value.`,
		`"Variable": "$v", "StringEquals": "x"`:                   `Invalid path '$v': The choice state's condition path references an invalid value.`,
	} {
		expect(t, choose(t, rule), failed("States.Runtime", "An error occurred while executing the state 'S' (entered at the event id #2). "+want))
	}
}

// The developer guide: without a Default, the execution fails because it cannot
// get out of the state. States.NoChoiceMatched is the specification's name only.
func TestAChoiceWithoutAMatchFailsTheExecution(t *testing.T) {
	definition := `{"StartAt": "S", "States": {"S": {"Type": "Choice", "Choices": [{"Variable": "$.x", "NumericEquals": 1, "Next": "T"}]}, "T": {"Type": "Succeed"}}}`
	expect(t, run(t, asl.NewEngine(asl.Config{}), definition, `{"x": 2}`), failed("States.Runtime",
		"An error occurred while executing the state 'S' (entered at the event id #2). Failed to transition out of the state. The state does not point to a next state."))
}

// Recorded messages quote Java's ISO_OFFSET_DATE_TIME.
func TestTimestampsAreReadAsByJava(t *testing.T) {
	for timestamp, want := range map[string]bool{
		"2016-08-18T17:33:00Z": true, "2016-08-18T17:33Z": true, "2016-08-18T17:33:00.123456789Z": true, "2016-08-18T17:33:00+01:00": true,
		"2016-02-29T00:00:00-18:00": true,
		"2016-08-18 17:33:00Z":      false, "2016-08-18T17:33:00": false, "2016-08-18": false, "2016-13-18T17:33:00Z": false, "2016-08-18T25:33:00Z": false,
		"2015-02-29T00:00:00Z": false, "2016-08-18T7:33:00Z": false, "2016-08-18T17:33:00,5Z": false, "2016-08-18T17:33:00.1234567890Z": false,
		"2016-08-18T17:33:60Z": false, "2016-08-18T17:33:00+19:00": false, "2016-08-18T17:33:00+01:60": false, "2016-08-18T17:33:00+0100": false,
		"2016-08-18t17:33:00z": false, "": false, " 2016-08-18T17:33:00Z": false,
	} {
		definition := `{"StartAt": "S", "States": {"S": {"Type": "Choice", "Choices": [{"Variable": "$", "IsTimestamp": true, "Next": "Yes"}], "Default": "No"},
			"Yes": {"Type": "Pass", "Result": true, "End": true}, "No": {"Type": "Pass", "Result": false, "End": true}}}`
		got := run(t, asl.NewEngine(asl.Config{}), definition, fmt.Sprintf("%q", timestamp))
		if string(got.Output) != fmt.Sprint(want) {
			t.Errorf("%q: got %s", timestamp, got.Output)
		}
	}
}
