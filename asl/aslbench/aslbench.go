// Package aslbench is the executions that the interpreter is measured with, so
// that it is the same ones in memory, in a journal, and beside other
// interpreters.
package aslbench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/setmend/setmend/asl"
)

// A Row is one thing to measure.
type Row struct {
	Name        string
	Definition  string
	Input       string
	Executions  int // of the definition, all at once
	Transitions int // states entered, in all executions together
}

// Rows lists all there are.
func Rows() []Row {
	rows := []Row{
		{"pass-chain-1000", passChain(1000), `{"a": 1, "b": ["x", "y"]}`, 1, 1000},
		{"loop-10000", loop, `{"n": 0}`, 1, 20_001},
		{"executions-2000x3", passChain(3), `{"a": 1}`, 2000, 6000},
	}
	for _, concurrency := range []int{0, 40} {
		rows = append(rows,
			Row{fmt.Sprintf("map-10000-pass-concurrency-%d", concurrency), mapOf(`"Type": "Pass"`, concurrency), numbers(10_000), 1, 10_001},
			Row{fmt.Sprintf("map-10000-task-concurrency-%d", concurrency), mapOf(`"Type": "Task", "Resource": "echo"`, concurrency), numbers(10_000), 1, 10_001})
	}
	return rows
}

// JSONata is a state that evaluates plain paths, as most expressions in definitions
// are, and how many there are in it.
func JSONata() (r Row, evaluations int) {
	const paths = 1000
	members := make([]string, paths)
	for i := range members {
		members[i] = fmt.Sprintf(`"m%d": "{%% $states.input.order.lines[%d].item %%}"`, i, i%3)
	}
	definition := `{"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": "Pass", "Output": {` + strings.Join(members, ",") + `}, "End": true}}}`
	input := `{"order": {"id": 7, "lines": [{"item": "pen", "n": 2}, {"item": "ink", "n": 1}, {"item": "pad", "n": 5}]}}`
	return Row{"jsonata-plain-paths", definition, input, 100, 100}, 100 * paths
}

// Run runs a row's executions in a store. The limits are lifted that these
// executions would not keep to on AWS.
func (r Row) Run(ctx context.Context, m *asl.Machine, store asl.Store) error {
	engine := asl.NewEngine(asl.Config{
		Store: store, Tasks: asl.FunctionMap{"echo": echo}, Limits: asl.Limits{Events: -1, InlineConcurrency: -1},
	})
	if r.Executions == 1 {
		return r.one(ctx, engine, m, 0)
	}
	failed := make([]error, r.Executions)
	var wg sync.WaitGroup
	for i := range failed {
		wg.Go(func() { failed[i] = r.one(ctx, engine, m, i) })
	}
	wg.Wait()
	return errors.Join(failed...)
}

func (r Row) one(ctx context.Context, engine *asl.Engine, m *asl.Machine, i int) error {
	outcome, err := engine.Run(ctx, fmt.Sprintf("execution-%d", i), m, json.RawMessage(r.Input))
	if err == nil && outcome.Status != asl.StatusSucceeded {
		err = fmt.Errorf("running %s: %s: %s", r.Name, outcome.Error, outcome.Cause)
	}
	return err
}

func echo(_ context.Context, input json.RawMessage) (json.RawMessage, error) { return input, nil }

const loop = `{"StartAt": "Count", "States": {
	"Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "More"},
	"More": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 10000, "Next": "Count"}], "Default": "Done"},
	"Done": {"Type": "Succeed"}
}}`

func passChain(n int) string {
	states := make([]string, n)
	for i := range n {
		next := fmt.Sprintf(`"Next": "S%d"`, i+1)
		if i == n-1 {
			next = `"End": true`
		}
		states[i] = fmt.Sprintf(`"S%d": {"Type": "Pass", %s}`, i, next)
	}
	return `{"StartAt": "S0", "States": {` + strings.Join(states, ",") + `}}`
}

func mapOf(processor string, concurrency int) string {
	return fmt.Sprintf(`{"StartAt": "Map", "States": {"Map": {"Type": "Map", "MaxConcurrency": %d, "End": true,
		"ItemProcessor": {"StartAt": "Item", "States": {"Item": {%s, "End": true}}}}}}`, concurrency, processor)
}

func numbers(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint(i)
	}
	return "[" + strings.Join(list, ",") + "]"
}
