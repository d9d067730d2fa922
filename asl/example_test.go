package asl_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/setmend/setmend/asl"
)

// A definition is parsed once and run any number of times. Tasks are functions by
// the name that their Resource gives.
func ExampleEngine_Run() {
	machine, err := asl.Parse([]byte(`{
		"QueryLanguage": "JSONata",
		"StartAt": "Greet",
		"States": {
			"Greet": {
				"Type": "Task",
				"Resource": "greet",
				"Arguments": {"name": "{% $states.input.first & ' ' & $states.input.last %}"},
				"Output": "{% $states.result.text %}",
				"End": true
			}
		}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	engine := asl.NewEngine(asl.Config{Tasks: asl.FunctionMap{
		"greet": func(_ context.Context, input json.RawMessage) (json.RawMessage, error) {
			var in struct{ Name string }
			if err := json.Unmarshal(input, &in); err != nil {
				return nil, err
			}
			return json.Marshal(map[string]string{"text": "Hello, " + in.Name + "!"})
		},
	}})
	outcome, err := engine.Run(context.Background(), "first", machine, json.RawMessage(`{"first": "Ann", "last": "Lee"}`))
	fmt.Println(outcome.Status, string(outcome.Output), err)
	// Output: SUCCEEDED "Hello, Ann Lee!" <nil>
}

// Validate lists all problems of a definition, which may be YAML.
func ExampleValidate() {
	for _, p := range asl.Validate([]byte(`StartAt: Wait
States:
  Wait:
    Type: Wait
    Seconds: ${Delay}
    Nxt: Done
  Done:
    Type: Succeed
`), nil) {
		fmt.Printf("line %d: %s\n", p.Line, p)
	}
	// Output:
	// line 3: $.States.Wait: a state must have either Next or End: true
	// line 6: $.States.Wait.Nxt: "Nxt" does not belong in a Wait state (did you mean "Next"?)
	// line 7: $.States.Done: the state "Done" cannot be reached
}

// Resume continues an execution whose process has died from its log, and repeats no
// task that has succeeded.
func ExampleEngine_Resume() {
	machine, err := asl.Parse([]byte(`{"StartAt": "S", "States": {"S": {"Type": "Task", "Resource": "work", "End": true}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	store := asl.NewMemoryStore() // a durable one, elsewhere
	dying, die := context.WithCancel(context.Background())
	first := asl.NewEngine(asl.Config{Store: store, Tasks: asl.FunctionMap{
		"work": func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
			die()
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}})
	_, err = first.Run(dying, "run", machine, nil)
	fmt.Println(err)
	second := asl.NewEngine(asl.Config{Store: store, Tasks: asl.FunctionMap{
		"work": func(context.Context, json.RawMessage) (json.RawMessage, error) { return json.RawMessage(`"done"`), nil },
	}})
	outcome, err := second.Resume(context.Background(), "run")
	fmt.Println(outcome.Status, string(outcome.Output), err)
	// Output:
	// running execution run: context canceled
	// SUCCEEDED "done" <nil>
}
