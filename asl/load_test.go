package asl_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
)

// problems lists the problems of a definition as text.
func problems(definition string) []string {
	var list []string
	for _, p := range asl.Validate([]byte(definition), func(resource string) bool { return resource == "known" }) {
		list = append(list, p.String())
	}
	return list
}

func TestProblemsAreFoundAndNamed(t *testing.T) {
	const inItem = `"ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Succeed"}}}`
	for name, c := range map[string]struct {
		definition string
		want       []string
	}{
		"not JSON":         {`{`, []string{`$: not JSON: expected a member's name`}},
		"not an object":    {`[]`, []string{`$: must be an object, not an array`}},
		"empty":            {`{}`, []string{`$: States is missing`}},
		"no states":        {`{"StartAt": "A", "States": {}}`, []string{`$.States: States must not be empty`}},
		"no start":         {`{"States": {"A": {"Type": "Succeed"}}}`, []string{`$: StartAt is missing`}},
		"unknown start":    {`{"StartAt": "Satrt", "States": {"Start": {"Type": "Succeed"}}}`, []string{`$.StartAt: there is no state "Satrt" (did you mean "Start"?)`}},
		"unknown field":    {`{"StartAt": "A", "Satates": 1, "States": {"A": {"Type": "Succeed"}}}`, []string{`$.Satates: "Satates" does not belong in a state machine (did you mean "States"?)`}},
		"wrong version":    {`{"StartAt": "A", "Version": "2.0", "States": {"A": {"Type": "Succeed"}}}`, []string{`$.Version: Version must be "1.0", not "2.0"`}},
		"no type":          {one(`{}`), []string{`$.States.S: Type is missing`}},
		"unknown type":     {one(`{"Type": "Taks"}`), []string{`$.States.S.Type: unknown state type "Taks" (did you mean "Task"?)`}},
		"a state of text":  {`{"StartAt": "S", "States": {"S": "Pass"}}`, []string{`$.States.S: a state must be an object, not a string`}},
		"no transition":    {one(`{"Type": "Pass"}`), []string{`$.States.S: a state must have either Next or End: true`}},
		"two transitions":  {one(`{"Type": "Pass", "Next": "S", "End": true}`), []string{`$.States.S: a state must not have both Next and End`}},
		"unknown next":     {one(`{"Type": "Pass", "Next": "T"}`), []string{`$.States.S.Next: there is no state "T" (did you mean "S"?)`}},
		"field of another": {one(`{"Type": "Pass", "Seconds": 1, "End": true}`), []string{`$.States.S.Seconds: "Seconds" does not belong in a Pass state`}},
		"mistyped field":   {one(`{"Type": "Pass", "InptPath": "$", "End": true}`), []string{`$.States.S.InptPath: "InptPath" does not belong in a Pass state (did you mean "InputPath"?)`}},
		"unreachable": {`{"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "B C": {"Type": "Succeed"}}}`,
			[]string{`$.States['B C']: the state "B C" cannot be reached`}},
		"a name again": {one(`{"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}}`),
			[]string{`$.States.S.ItemProcessor.States.S: the name "S" is taken by $.States.S: names of states are unique in a definition`}},
		"out of a Map": {`{"StartAt": "Z", "States": {"Z": {"Type": "Succeed"}, "S": {"Type": "Map", "Next": "Z", "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "Next": "Z"}}}}}}`,
			[]string{`$.States.S.ItemProcessor.States.I.Next: the state "Z" is not at the same level: it stands at $.States.Z`, `$.States.S: the state "S" cannot be reached`}},
		"a long name": {strings.ReplaceAll(one(`{"Type": "Succeed"}`), `"S"`, `"`+strings.Repeat("x", 81)+`"`),
			[]string{`$.States.` + strings.Repeat("x", 81) + `: a state's name must have 1 to 80 characters, not 81`}},
		"a bad path":        {one(`{"Type": "Pass", "InputPath": "a.b", "End": true}`), []string{`$.States.S.InputPath: "a.b" is not a path: a path must begin with '$' at offset 0`}},
		"a bad reference":   {one(`{"Type": "Pass", "ResultPath": "$.a[*]", "End": true}`), []string{`$.States.S.ResultPath: ResultPath must be a reference path into the input, and "$.a[*]" is not`}},
		"result into $$":    {one(`{"Type": "Pass", "ResultPath": "$$.a", "End": true}`), []string{`$.States.S.ResultPath: ResultPath must be a reference path into the input, and "$$.a" is not`}},
		"bad parameters":    {one(`{"Type": "Pass", "Parameters": {"a": [{"b.$": 1}]}, "End": true}`), []string{`$.States.S.Parameters.a[0]['b.$']: the value of a field whose name ends in .$ must be a path or an intrinsic function, not a number`}},
		"bad intrinsic":     {one(`{"Type": "Pass", "Parameters": {"a.$": "States.Fromat('x')"}, "End": true}`), []string{`$.States.S.Parameters['a.$']: "States.Fromat('x')" is neither a path nor an intrinsic function: unknown function "States.Fromat" (did you mean "States.Format"?)`}},
		"bad variables":     {one(`{"Type": "Pass", "Assign": {"1x": 1, "states": 2}, "End": true}`), []string{`$.States.S.Assign.1x: "1x" is not a name for a variable: a letter, then letters, digits and underscores, 80 at most`, `$.States.S.Assign.states: the name "states" is reserved`}},
		"unknown resource":  {one(`{"Type": "Task", "Resource": "unknown", "End": true}`), []string{`$.States.S.Resource: nothing is known by the name "unknown"`}},
		"unknown function":  {one(`{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": "unknown"}, "End": true}`), []string{`$.States.S.Resource: nothing is known by the name "unknown"`}},
		"no function":       {one(`{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true}`), []string{`$.States.S: Parameters must give a FunctionName`}},
		"no role":           {one(`{"Type": "Task", "Resource": "known", "Credentials": {}, "End": true}`), []string{`$.States.S.Credentials: RoleArn is missing`}},
		"an activity":       {one(`{"Type": "Task", "Resource": "arn:aws:states:eu-west-1:123456789012:activity:a", "End": true}`), []string{`$.States.S.Resource: activities are not served here: use an integration with .waitForTaskToken, whose token any process can answer`}},
		"no integration":    {one(`{"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ec2", "End": true}`), []string{`$.States.S.Resource: an integration is SERVICE:ACTION or aws-sdk:SERVICE:ACTION, with .sync, .sync:2 or .waitForTaskToken where the service has it; "arn:aws:states:::aws-sdk:ec2" is not`}},
		"bad label":         {distributed(`"Label": "a b"`), []string{"$.States.S.Label: Label must not have blanks, brackets, control characters or any of ?*\"#%\\^|~`$&,;:/, and \"a b\" has ' '"}},
		"items of a filter": {one(`{"Type": "Map", "ItemsPath": "$.a[?(@.b)]", "ItemProcessor": {"StartAt": "T", "States": {"T": {"Type": "Succeed"}}}, "End": true}`), []string{`$.States.S.ItemsPath: ItemsPath must be a reference path, one that names a single value; "$.a[?(@.b)]" can name several`}},
		"no resource":       {one(`{"Type": "Task", "End": true}`), []string{`$.States.S: Resource is missing`}},
		"bad times": {one(`{"Type": "Task", "Resource": "known", "TimeoutSeconds": 0, "HeartbeatSeconds": 1.5, "End": true}`),
			[]string{`$.States.S.TimeoutSeconds: TimeoutSeconds must be at least 1, not 0`, `$.States.S.HeartbeatSeconds: HeartbeatSeconds must be an integer, not 1.5`}},
		"slow heartbeat": {one(`{"Type": "Task", "Resource": "known", "TimeoutSeconds": 5, "HeartbeatSeconds": 5, "End": true}`), []string{`$.States.S.HeartbeatSeconds: HeartbeatSeconds must be smaller than TimeoutSeconds`}},
		"bad retries": {one(`{"Type": "Task", "Resource": "known", "End": true, "Retry": [{"ErrorEquals": ["States.ALL", "E"], "BackoffRate": 0.5}, {"MaxDelaySeconds": 31622401, "JitterStrategy": "Full"}, 3]}`),
			[]string{`$.States.S.Retry[0].BackoffRate: BackoffRate must be at least 1.0, not 0.5`, `$.States.S.Retry[1]: ErrorEquals is missing`,
				`$.States.S.Retry[1].MaxDelaySeconds: MaxDelaySeconds must be at most 31622400, not 31622401`,
				`$.States.S.Retry[1].JitterStrategy: JitterStrategy must be FULL or NONE, not "Full" (did you mean "FULL"?)`,
				`$.States.S.Retry[2]: must be an object, not a number`,
				`$.States.S.Retry[0].ErrorEquals: States.ALL must stand alone`, `$.States.S.Retry[0].ErrorEquals: States.ALL must stand in the last entry`}},
		"bad catch": {one(`{"Type": "Task", "Resource": "known", "End": true, "Catch": [{"ErrorEquals": [], "Next": "T"}]}`),
			[]string{`$.States.S.Catch[0].ErrorEquals: ErrorEquals must not be empty`, `$.States.S.Catch[0].Next: there is no state "T" (did you mean "S"?)`}},
		"no wait":       {one(`{"Type": "Wait", "End": true}`), []string{`$.States.S: a Wait state must have Seconds, Timestamp, SecondsPath or TimestampPath`}},
		"two waits":     {one(`{"Type": "Wait", "Seconds": 1, "SecondsPath": "$.s", "End": true}`), []string{`$.States.S: only one of Seconds, SecondsPath may be given`}},
		"bad time":      {one(`{"Type": "Wait", "Timestamp": "2026-11-20", "End": true}`), []string{`$.States.S.Timestamp: "2026-11-20" is not an ISO-8601 extended offset date-time, such as 2026-11-20T12:00:00Z`}},
		"no choices":    {one(`{"Type": "Choice"}`), []string{`$.States.S: Choices is missing`}},
		"empty choices": {one(`{"Type": "Choice", "Choices": []}`), []string{`$.States.S.Choices: Choices must not be empty`}},
		"bad rules": {one(`{"Type": "Choice", "Choices": [{"Variable": "$.a", "Next": "S"}, {"Variable": "$.a", "StringEqual": "x", "Next": "S"}, {"Variable": "$.a", "NumericEquals": "1", "Next": "S"},
				{"Variable": "$.a", "IsNull": true, "IsString": true, "Next": "S"}, {"And": [], "Or": [], "Next": "S"}, {"Not": {"Variable": "a", "IsNull": true}}]}`),
			[]string{
				`$.States.S.Choices[0]: a condition must have an operator, such as StringEquals`,
				`$.States.S.Choices[1]: a condition must have an operator that exists`,
				`$.States.S.Choices[1].StringEqual: "StringEqual" does not belong in a choice rule (did you mean "StringEquals"?)`,
				`$.States.S.Choices[2].NumericEquals: NumericEquals needs a number, not "1"`,
				`$.States.S.Choices[3]: a condition must have one operator, not IsNull, IsString`,
				`$.States.S.Choices[4]: a rule must have one of And, Or, Not and Variable`,
				`$.States.S.Choices[4].And: And must not be empty`,
				`$.States.S.Choices[4].Or: "Or" does not belong in a choice rule`,
				`$.States.S.Choices[5]: Next is missing`,
				`$.States.S.Choices[5].Not.Variable: "a" is not a path: a path must begin with '$' at offset 0`,
			}},
		"no branches":       {one(`{"Type": "Parallel", "Branches": [], "End": true}`), []string{`$.States.S.Branches: Branches must not be empty`}},
		"no processor":      {one(`{"Type": "Map", "End": true}`), []string{`$.States.S: ItemProcessor is missing`}},
		"inline reader":     {one(`{"Type": "Map", "End": true, "ItemReader": {}, ` + inItem + `}`), []string{`$.States.S.ItemReader: ItemReader belongs to a Map whose item processor has the Mode DISTRIBUTED`}},
		"empty reader":      {distributed(`"ItemReader": {"Resource": "arn:aws:states:::s3:getObjct"}`), []string{`$.States.S.ItemReader.Resource: Resource must be one of "arn:aws:states:::s3:getObject", "arn:aws:states:::s3:listObjectsV2", not "arn:aws:states:::s3:getObjct" (did you mean "arn:aws:states:::s3:getObject"?)`, `$.States.S.ItemReader: Parameters is missing`, `$.States.S.ItemReader: ReaderConfig is missing`}},
		"empty batcher":     {distributed(`"ItemBatcher": {}`), []string{`$.States.S.ItemBatcher: an item batcher must bound the items or the bytes of a batch`}},
		"much tolerance":    {distributed(`"ToleratedFailurePercentage": 101`), []string{`$.States.S.ToleratedFailurePercentage: ToleratedFailurePercentage must be between 0 and 100, not 101`}},
		"no execution type": {one(`{"Type": "Map", "End": true, "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}, "StartAt": "I", "States": {"I": {"Type": "Succeed"}}}}`), []string{`$.States.S.ItemProcessor.ProcessorConfig: a distributed item processor must give its ExecutionType`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, problems(c.definition)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheQueryLanguagesAreKeptApart(t *testing.T) {
	for name, c := range map[string]struct {
		definition string
		want       []string
	}{
		"JSONPath within JSONata": {`{"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": "Pass", "QueryLanguage": "JSONPath", "End": true}}}`,
			[]string{`$.States.S.QueryLanguage: the state "S" must not use JSONPath where the definition's QueryLanguage is JSONata`}},
		"an unknown language": {`{"QueryLanguage": "JSONATA", "StartAt": "S", "States": {"S": {"Type": "Pass", "End": true}}}`,
			[]string{`$.QueryLanguage: unknown query language "JSONATA" (did you mean "JSONata"?)`}},
		"a path in JSONata": {one(`{"Type": "Wait", "QueryLanguage": "JSONata", "Seconds": 1, "InputPath": "$.a", "End": true}`),
			[]string{`$.States.S.InputPath: InputPath belongs to the query language JSONPath, and a Wait state uses JSONata`}},
		"a condition in JSONPath": {one(`{"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "S"}]}`), []string{
			`$.States.S.Choices[0]: Variable is missing`, `$.States.S.Choices[0]: a condition must have an operator that exists`,
			`$.States.S.Choices[0].Condition: Condition belongs to the query language JSONata, and a choice rule uses JSONPath: set QueryLanguage to JSONata`}},
		"no expression": {one(`{"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"a": ["{% 1 + %}"]}, "End": true}`),
			[]string{`$.States.S.Output.a[0]: "{% 1 + %}" is not a JSONata expression: S0207: Unexpected end of expression`}},
		"$eval": {one(`{"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $eval('1') %}", "End": true}`),
			[]string{`$.States.S.Output: Step Functions does not have the function $eval: $parse reads JSON`}},
		"no condition": {one(`{"Type": "Choice", "QueryLanguage": "JSONata", "Choices": [{"Next": "S"}], "Default": "S"}`),
			[]string{`$.States.S.Choices[0]: Condition is missing`}},
		"no end": {one(`{"Type": "Pass", "QueryLanguage": "JSONata", "Next": "S"}`), []string{`$.States: no state ends the execution: one must be a Succeed or Fail state, or have End: true`}},
		"items of no sort": {one(`{"Type": "Map", "QueryLanguage": "JSONata", "Items": "x", "ItemProcessor": {"StartAt": "T", "States": {"T": {"Type": "Succeed"}}}, "End": true}`),
			[]string{`$.States.S.Items: Items must be an array or a JSONata expression in {% %}, not a string`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, problems(c.definition)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Without a bound, a definition of a megabyte took minutes.
func TestOnlyTheFirstOfVeryManyMistypedTargetsGetASuggestion(t *testing.T) {
	var states []string
	for i := range 2000 {
		states = append(states, fmt.Sprintf(`"State%d": {"Type": "Pass", "Next": "Sate%d"}`, i, i))
	}
	found, guessed := 0, 0
	for _, p := range problems(`{"StartAt": "State0", "States": {` + strings.Join(states, ",") + `}}`) {
		if strings.Contains(p, "there is no state") {
			found++
		}
		if strings.Contains(p, "did you mean") {
			guessed++
		}
	}
	if found != 2000 || guessed != 50 {
		t.Errorf("found %d, with a suggestion for %d", found, guessed)
	}
}

func TestParsingFailsWithAllProblems(t *testing.T) {
	_, err := asl.Parse([]byte(`{"StartAt": "S", "States": {"S": {"Type": "Pass"}, "T": {"Type": "Wat"}}}`))
	var refused *asl.DefinitionError
	if !errors.As(err, &refused) || len(refused.Problems) != 3 {
		t.Errorf("got %v", err)
	}
	if _, err := asl.Parse([]byte(strings.Repeat(" ", asl.MaxDefinition+1))); err == nil {
		t.Error("a definition that is too large is accepted")
	}
	deep := one(strings.Repeat(`{"Type": "Parallel", "End": true, "Branches": [{"StartAt": "S", "States": {"S": `, 60) + `{"Type": "Succeed"}` + strings.Repeat(`}}]}`, 60))
	if _, err := asl.Parse([]byte(deep)); err == nil || !strings.Contains(err.Error(), "nested more than 50 deep") {
		t.Errorf("a definition that is too deep: %v", err)
	}
}

func TestResourcesAreListed(t *testing.T) {
	m := parse(t, `{"StartAt": "A", "States": {
		"A": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:rds:copyDBSnapshot", "Next": "B"},
		"B": {"Type": "Map", "End": true,
			"ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "b"}},
			"ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "C", "States": {
				"C": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "Parameters": {"FunctionName": "f", "Payload.$": "$"}, "End": true}}}}}}`)
	want := []asl.Resource{
		{Path: "$.States.A.Resource", State: "A", ARN: "arn:aws:states:::aws-sdk:rds:copyDBSnapshot"},
		{Path: "$.States.B.ItemProcessor.States.C.Resource", State: "C", ARN: "arn:aws:states:::lambda:invoke", Function: "f"},
		{Path: "$.States.B.ItemReader.Resource", State: "B", ARN: "arn:aws:states:::s3:listObjectsV2"},
	}
	if diff := cmp.Diff(want, m.Resources()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzDefinition: whatever is a definition can be drawn and run.
func FuzzDefinition(f *testing.F) {
	f.Add(drawn, `{"done": false, "n": 1}`)
	f.Add(distributed(`"ItemBatcher": {"MaxItemsPerBatch": 2}, "ItemsPath": "$.items", "ToleratedFailureCountPath": "$.n"`), `{"items": [1, 2, 3], "n": 1}`)
	f.Add(one(`{"Type": "Pass", "Parameters": {"a.$": "States.Format('{}', $.x[?(@.y > 1)])"}, "ResultPath": "$.r", "OutputPath": "$.r.a", "Assign": {"v.$": "$"}, "End": true}`), `{"x": [{"y": 2}]}`)
	for _, c := range crashCases {
		f.Add(c.definition, c.input)
	}
	f.Fuzz(func(t *testing.T, definition, input string) {
		m, err := asl.Parse([]byte(definition))
		if valid := len(asl.Validate([]byte(definition), nil)) == 0; valid != (err == nil) {
			t.Fatalf("valid %v, but %v", valid, err)
		}
		if err != nil || strings.Contains(definition, "Seconds") || strings.Contains(definition, "Timestamp") || strings.Contains(definition, "Wait") || strings.Contains(definition, "s3:") {
			return // nothing that would take its time
		}
		diagram := asl.Graph(m)
		if diagram.Mermaid() == "" || diagram.SVG() == "" {
			t.Fatal("nothing is drawn")
		}
		fails := asl.FunctionMap{"echo": echo, "f": echo}
		engine := asl.NewEngine(asl.Config{Tasks: fails, Limits: asl.Limits{Events: 200}, Clock: hasty{}})
		if _, err := engine.Run(t.Context(), "run", m, json.RawMessage(input)); err == nil {
			events, err := engine.History(t.Context(), "run")
			if err != nil || !slices.ContainsFunc(events, func(e asl.Event) bool { return strings.HasPrefix(string(e.Type), "Execution") && e.ID > 1 }) {
				t.Fatalf("the history has no end: %v, %v", events, err)
			}
		}
	})
}
