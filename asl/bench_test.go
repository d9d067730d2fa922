package asl_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/setmend/setmend/asl"
)

// The rows that are measured against other interpreters. Each reports
// transitions (states entered) a second.

// stores are what each row is measured with. A journaled row with fsync stands
// beside the store that does it; here it is the interpreter's share of the work.
var stores = map[string]func() asl.Store{
	"memory": func() asl.Store { return asl.NewMemoryStore() },
}

// unlimited lifts the limits that these executions would not keep to on AWS.
var unlimited = asl.Limits{Events: -1, InlineConcurrency: -1}

func benchmark(b *testing.B, definition string, input string, transitions int) {
	m, err := asl.Parse([]byte(definition))
	if err != nil {
		b.Fatal(err)
	}
	tasks := asl.FunctionMap{"echo": func(_ context.Context, input json.RawMessage) (json.RawMessage, error) { return input, nil }}
	for name, open := range stores {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				engine := asl.NewEngine(asl.Config{Store: open(), Tasks: tasks, Limits: unlimited})
				mustSucceed(b, engine, "benchmark", m, input)
			}
			b.ReportMetric(float64(transitions)*float64(b.N)/b.Elapsed().Seconds(), "transitions/s")
		})
	}
}

func mustSucceed(b *testing.B, engine *asl.Engine, name string, m *asl.Machine, input string) {
	outcome, err := engine.Run(b.Context(), name, m, json.RawMessage(input))
	if err != nil {
		b.Fatal(err)
	}
	if outcome.Status != asl.StatusSucceeded {
		b.Fatalf("%+v", outcome)
	}
}

func passChain(n int) string {
	var states []string
	for i := range n {
		next := fmt.Sprintf(`"Next": "S%d"`, i+1)
		if i == n-1 {
			next = `"End": true`
		}
		states = append(states, fmt.Sprintf(`"S%d": {"Type": "Pass", %s}`, i, next))
	}
	return `{"StartAt": "S0", "States": {` + strings.Join(states, ",") + `}}`
}

func BenchmarkPassChain1000(b *testing.B) {
	benchmark(b, passChain(1000), `{"a": 1, "b": ["x", "y"]}`, 1000)
}

func BenchmarkLoop10000(b *testing.B) {
	benchmark(b, `{"StartAt": "Count", "States": {
		"Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "More"},
		"More": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 10000, "Next": "Count"}], "Default": "Done"},
		"Done": {"Type": "Succeed"}
	}}`, `{"n": 0}`, 20001)
}

func mapOf(processor string, concurrency int) string {
	return fmt.Sprintf(`{"StartAt": "Map", "States": {"Map": {"Type": "Map", "MaxConcurrency": %d, "End": true,
		"ItemProcessor": {"StartAt": "Item", "States": {"Item": {%s, "End": true}}}}}}`, concurrency, processor)
}

func numbers(n int) string {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	text, _ := json.Marshal(list)
	return string(text)
}

func BenchmarkMap10000Pass(b *testing.B) {
	for _, concurrency := range []int{0, 40} {
		b.Run(fmt.Sprintf("concurrency=%d", concurrency), func(b *testing.B) {
			benchmark(b, mapOf(`"Type": "Pass"`, concurrency), numbers(10_000), 10_001)
		})
	}
}

func BenchmarkMap10000Task(b *testing.B) {
	for _, concurrency := range []int{0, 40} {
		b.Run(fmt.Sprintf("concurrency=%d", concurrency), func(b *testing.B) {
			benchmark(b, mapOf(`"Type": "Task", "Resource": "echo"`, concurrency), numbers(10_000), 10_001)
		})
	}
}

func BenchmarkExecutions2000(b *testing.B) {
	m, err := asl.Parse([]byte(passChain(3)))
	if err != nil {
		b.Fatal(err)
	}
	for name, open := range stores {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				runMany(b, asl.NewEngine(asl.Config{Store: open()}), m, 2000)
			}
			b.ReportMetric(2000*3*float64(b.N)/b.Elapsed().Seconds(), "transitions/s")
		})
	}
}

// runMany runs n executions, 64 at a time.
func runMany(b *testing.B, engine *asl.Engine, m *asl.Machine, n int) {
	var wg sync.WaitGroup
	slots := make(chan bool, 64)
	for i := range n {
		slots <- true
		wg.Go(func() {
			mustSucceed(b, engine, fmt.Sprintf("e%d", i), m, `{"a": 1}`)
			<-slots
		})
	}
	wg.Wait()
}
