package asl_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
)

// recordedCase is one execution recorded on AWS.
type recordedCase struct {
	ID         string          `json:"id"`
	Definition json.RawMessage `json:"definition"`
	Input      string          `json:"input"`
	Expected   struct {
		Type   string          `json:"type"`
		Output json.RawMessage `json:"output"`
		Error  string          `json:"error"`
		Cause  string          `json:"cause"`
	} `json:"expected"`
	Events []recordedEvent `json:"events"`
}

type recordedEvent struct {
	ID       any    `json:"id"` // a list where the recorder has put events together
	Previous any    `json:"previousEventId"`
	Type     string `json:"type"`
}

func recordedCases(t *testing.T, name string) []recordedCase {
	path, err := filepath.Abs("../../shared/asl-cases/" + name)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if os.IsNotExist(err) {
		t.Skip("the executions recorded on AWS are not here: " + path + " is missing")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var cases []recordedCase
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var c recordedCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

func TestRecordedExecutionsAgreeWithAWS(t *testing.T) {
	for _, name := range []string{"jsonpath.jsonl", "jsonata.jsonl"} {
		t.Run(name, func(t *testing.T) {
			cases := recordedCases(t, name)
			for _, c := range cases {
				t.Run(c.ID, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { c.check(t) })
				})
			}
			t.Logf("%d executions", len(cases))
		})
	}
}

func (c *recordedCase) check(t *testing.T) {
	// Virtual time begins in 2000; what was past on AWS has to be past here.
	time.Sleep(time.Until(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)))
	m, err := asl.Parse(c.Definition)
	if err != nil {
		t.Fatal(err)
	}
	engine := asl.NewEngine(asl.Config{})
	outcome, err := engine.Run(t.Context(), "recorded", m, json.RawMessage(c.Input))
	if err != nil {
		t.Fatal(err)
	}
	c.checkOutcome(t, outcome)
	if c.Events == nil {
		return
	}
	history, err := engine.History(t.Context(), "recorded")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, e := range history {
		got = append(got, string(e.Type))
	}
	for _, e := range c.Events {
		want = append(want, e.Type)
	}
	if diff := cmp.Diff(sortBranches(want), sortBranches(asRecorded(got))); diff != "" {
		t.Errorf("history (-AWS +here):\n%s", diff)
	}
	if !slices.Contains(want, "ParallelStateStarted") {
		c.checkPrevious(t, history)
	}
}

// checkPrevious compares which event each refers to, where the recorder kept it.
func (c *recordedCase) checkPrevious(t *testing.T, history []asl.Event) {
	previous := map[int64]int64{}
	for _, e := range history {
		previous[e.ID] = e.PreviousID
	}
	for _, e := range c.Events {
		id, ok := e.ID.(float64)
		want, isOne := e.Previous.(float64)
		if got, has := previous[int64(id)]; ok && isOne && has && got != int64(want) {
			t.Errorf("%s (event %v) refers to %d, on AWS to %v", e.Type, id, got, want)
		}
	}
}

func (c *recordedCase) checkOutcome(t *testing.T, got asl.Outcome) {
	status := map[asl.Status]string{asl.StatusSucceeded: "ExecutionSucceeded", asl.StatusFailed: "ExecutionFailed"}[got.Status]
	if status != c.Expected.Type {
		t.Errorf("ends with %s (%s: %s), on AWS with %s", status, got.Error, got.Cause, c.Expected.Type)
	}
	if c.Expected.Error != got.Error {
		t.Errorf("error %q, on AWS %q", got.Error, c.Expected.Error)
	}
	// The recorder put a placeholder where a cause quotes the input.
	before, _, quotes := strings.Cut(c.Expected.Cause, "'<json-input:1>'")
	if c.Expected.Cause != got.Cause && !(quotes && strings.HasPrefix(got.Cause, before)) {
		t.Errorf("cause\n%q, on AWS\n%q", got.Cause, c.Expected.Cause)
	}
	if c.Expected.Output != nil {
		c.checkOutput(t, got.Output)
	}
}

// checkOutput compares values. The recorder left an output that is not an object
// as text, and put the word "date" in place of some timestamps.
func (c *recordedCase) checkOutput(t *testing.T, got json.RawMessage) {
	want := decode(t, c.Expected.Output)
	if text, ok := want.(string); ok {
		if text == string(got) {
			return
		}
		want = decode(t, []byte(text))
	}
	placeholder := cmp.FilterValues(func(a, b any) bool { return a == "date" || b == "date" },
		cmp.Comparer(func(_, _ any) bool { return true }))
	if diff := cmp.Diff(want, decode(t, got), placeholder); diff != "" {
		t.Errorf("output (-AWS +here):\n%s", diff)
	}
}

func decode(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// asRecorded does to a history what the recorder did: where branches run beside
// one another it kept their events only, without the order, and without the
// event that ends the Parallel's work. Its rule, which loses more where Parallels
// stand within one another, is: from the newest start of a Parallel to its exit,
// only the events since that start which are not about a Parallel remain.
func asRecorded(types []string) []string {
	types = slices.Clone(types)
	var kept []string
	start, inside := 0, false
	for i := 0; i < len(types); i++ {
		switch types[i] {
		case "ParallelStateStarted":
			start, inside, kept = i+1, true, nil
		case "ParallelStateSucceeded":
		case "ParallelStateExited":
			types = slices.Replace(types, start, i, kept...)
		default:
			if inside {
				kept = append(kept, types[i])
			}
		}
	}
	return types
}

// sortBranches sorts the events between the start of a Parallel and its exit.
func sortBranches(types []string) []string {
	types = slices.Clone(types)
	start := -1
	for i, t := range types {
		switch {
		case t == "ParallelStateStarted":
			start = i + 1
		case t == "ParallelStateExited" && start >= 0:
			slices.Sort(types[start:i])
			start = -1
		}
	}
	return types
}
