package asl_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
)

const wait1h = `{"StartAt": "S", "States": {"S": {"Type": "Wait", "Seconds": 3600, "Next": "Done"}, "Done": {"Type": "Succeed"}}}`

func TestANameIsUsedOnce(t *testing.T) {
	engine := asl.NewEngine(asl.Config{})
	run(t, engine, one(`{"Type": "Succeed"}`), `{}`)
	_, err := engine.Run(t.Context(), "run", parse(t, one(`{"Type": "Succeed"}`)), nil)
	if !errors.Is(err, asl.ErrExists) {
		t.Errorf("got %v", err)
	}
	for _, name := range []string{"", strings.Repeat("x", 81)} {
		if _, err := engine.Run(t.Context(), name, parse(t, one(`{"Type": "Succeed"}`)), nil); err == nil {
			t.Errorf("the name %q is accepted", name)
		}
	}
}

// plainStore is a store that cannot create a log in one write.
type plainStore struct{ asl.Store }

func TestAStoreNeedNotCreateLogsInOneWrite(t *testing.T) {
	engine := asl.NewEngine(asl.Config{Store: plainStore{asl.NewMemoryStore()}, Tasks: asl.FunctionMap{"echo": echo}})
	definition := one(`{"Type": "Task", "Resource": "echo", "End": true}`)
	expect(t, run(t, engine, definition, `{}`), succeeded(`{}`))
	if _, err := engine.Run(t.Context(), "run", parse(t, definition), nil); !errors.Is(err, asl.ErrExists) {
		t.Errorf("got %v", err)
	}
	outcome, err := engine.Resume(t.Context(), "run")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, outcome, succeeded(`{}`))
}

func TestTheInputMustBeJSONOfALimitedSize(t *testing.T) {
	engine := asl.NewEngine(asl.Config{})
	for _, input := range []string{`{`, `"` + strings.Repeat("x", 256<<10) + `"`} {
		if _, err := engine.Run(t.Context(), "run", parse(t, one(`{"Type": "Succeed"}`)), json.RawMessage(input)); err == nil {
			t.Errorf("an input of %d bytes is accepted", len(input))
		}
	}
}

func TestAResumedExecutionThatIsOverGivesItsOutcome(t *testing.T) {
	engine := asl.NewEngine(asl.Config{})
	want := run(t, engine, one(`{"Type": "Fail", "Error": "E", "Cause": "c"}`), `{}`)
	got, err := engine.Resume(t.Context(), "run")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, got, want)
	if _, err := engine.Resume(t.Context(), "other"); !errors.Is(err, asl.ErrNotFound) {
		t.Errorf("resuming what is not there: %v", err)
	}
	if _, err := engine.History(t.Context(), "other"); !errors.Is(err, asl.ErrNotFound) {
		t.Errorf("the history of what is not there: %v", err)
	}
}

func TestAWaitIsNotMadeLongerByAnInterruption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		store := asl.NewMemoryStore()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		_, err := asl.NewEngine(asl.Config{Store: store}).Run(ctx, "run", parse(t, wait1h), nil)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Minute)
		outcome, err := asl.NewEngine(asl.Config{Store: store}).Resume(t.Context(), "run")
		if err != nil {
			t.Fatal(err)
		}
		expect(t, outcome, succeeded(`{}`))
		if took := time.Since(start); took != time.Hour {
			t.Errorf("took %v", took)
		}
	})
}

func TestWorkThatIsDoneWhileShuttingDownIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := asl.NewMemoryStore()
		calls := 0
		engine := asl.NewEngine(asl.Config{Store: store, Tasks: asl.FunctionMap{
			"stubborn": func(_ context.Context, in json.RawMessage) (json.RawMessage, error) {
				calls++
				time.Sleep(time.Minute)
				return in, nil
			},
		}})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		definition := `{"StartAt": "S", "States": {"S": {"Type": "Task", "Resource": "stubborn", "Next": "Done"}, "Done": {"Type": "Succeed"}}}`
		if _, err := engine.Run(ctx, "run", parse(t, definition), nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		outcome, err := engine.Resume(t.Context(), "run")
		if err != nil {
			t.Fatal(err)
		}
		expect(t, outcome, succeeded(`{}`))
		if calls != 1 {
			t.Errorf("called %d times", calls)
		}
	})
}

func TestStoppingEndsAnExecutionWhereverItIs(t *testing.T) {
	aborted := asl.Outcome{Status: asl.StatusAborted, Error: "Operator", Cause: "enough"}
	t.Run("here", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			engine := asl.NewEngine(asl.Config{})
			time.AfterFunc(time.Minute, func() {
				if err := engine.Stop(t.Context(), "run", "Operator", "enough"); err != nil {
					t.Error(err)
				}
			})
			expect(t, run(t, engine, wait1h, `{}`), aborted)
			if got := history(t, engine); got != "ExecutionStarted WaitStateEntered ExecutionAborted" {
				t.Error(got)
			}
			if err := engine.Stop(t.Context(), "run", "Again", ""); err != nil {
				t.Errorf("stopping it again: %v", err)
			}
			if err := engine.Stop(t.Context(), "other", "", ""); !errors.Is(err, asl.ErrNotFound) {
				t.Errorf("stopping what is not there: %v", err)
			}
		})
	})
	t.Run("elsewhere", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			store := asl.NewMemoryStore()
			time.AfterFunc(time.Minute, func() {
				if err := asl.NewEngine(asl.Config{Store: store}).Stop(t.Context(), "run", "Operator", "enough"); err != nil {
					t.Error(err)
				}
			})
			engine := asl.NewEngine(asl.Config{Store: store})
			_, err := engine.Run(t.Context(), "run", parse(t, wait1h), nil)
			if !isFenced(err) {
				t.Errorf("the run that was stopped elsewhere: %v", err)
			}
			outcome, err := engine.Resume(t.Context(), "run")
			if err != nil {
				t.Fatal(err)
			}
			expect(t, outcome, aborted)
		})
	})
	t.Run("nowhere", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			engine := asl.NewEngine(asl.Config{})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if _, err := engine.Run(ctx, "run", parse(t, wait1h), nil); err == nil {
				t.Fatal("it was not interrupted")
			}
			if err := engine.Stop(t.Context(), "run", "Operator", "enough"); err != nil {
				t.Fatal(err)
			}
			outcome, err := engine.Resume(t.Context(), "run")
			if err != nil {
				t.Fatal(err)
			}
			expect(t, outcome, aborted)
		})
	})
}

func isFenced(err error) bool {
	var fenced interface{ Fenced() bool }
	return errors.As(err, &fenced) && fenced.Fenced()
}

func TestAnExecutionHasOneOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := asl.NewMemoryStore()
		first, second := asl.NewEngine(asl.Config{Store: store}), asl.NewEngine(asl.Config{Store: store})
		done := make(chan bool)
		time.AfterFunc(time.Minute, func() {
			defer close(done)
			if _, err := first.Resume(t.Context(), "run"); !errors.Is(err, asl.ErrRunning) {
				t.Errorf("resuming what runs here: %v", err)
			}
			outcome, err := second.Resume(t.Context(), "run")
			if err != nil {
				t.Error(err)
			}
			expect(t, outcome, succeeded(`{}`))
		})
		if _, err := first.Run(t.Context(), "run", parse(t, wait1h), nil); !isFenced(err) {
			t.Errorf("the first owner: %v", err)
		}
		<-done
	})
}

func TestALogThatIsBrokenIsNotResumed(t *testing.T) {
	store := asl.NewMemoryStore()
	engine := asl.NewEngine(asl.Config{Store: store, Tasks: asl.FunctionMap{"echo": echo}})
	run(t, engine, one(`{"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "echo", "End": true}}}}`), `[1, 2]`)
	var log [][]string // the records of each entry
	for entry := range store.Read(t.Context(), "asl/run", 0) {
		var raw []json.RawMessage
		if err := json.Unmarshal(entry, &raw); err != nil {
			t.Fatal(err)
		}
		var records []string
		for _, rec := range raw {
			records = append(records, string(rec))
		}
		log = append(log, records)
	}
	log[len(log)-1] = log[len(log)-1][:1] // it is not over yet
	for i, at := range places(log) {
		for what, damage := range map[string]func(record string) []string{
			"missing": func(string) []string { return nil },
			"cut":     func(record string) []string { return []string{record[:len(record)/2]} },
			"twice":   func(record string) []string { return []string{record, record} },
		} {
			broken := asl.NewMemoryStore()
			for _, definition := range logs(t, store, "asl-definition/") {
				copyLog(t, store, broken, definition, func(entry []byte) []byte { return entry })
			}
			epoch, err := broken.Claim(t.Context(), "asl/run")
			if err != nil {
				t.Fatal(err)
			}
			if err := broken.Append(t.Context(), "asl/run", epoch, damaged(log, at, damage)...); err != nil {
				t.Fatal(err)
			}
			// It may be refused or, where the entry says nothing that counts, go
			// on; it must not bring the process down.
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			_, err = asl.NewEngine(asl.Config{Store: broken, Tasks: asl.FunctionMap{"echo": echo}}).Resume(ctx, "run")
			cancel()
			if errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("record %d is %s, and the run waits for ever", i, what)
			}
			if what == "cut" && err == nil {
				t.Errorf("record %d is %s, and nobody has noticed", i, what)
			}
		}
	}
}

// places are the entries and places therein of all records of a log.
func places(log [][]string) [][2]int {
	var all [][2]int
	for entry, records := range log {
		for i := range records {
			all = append(all, [2]int{entry, i})
		}
	}
	return all
}

// damaged is the log with something else in the place of a record.
func damaged(log [][]string, at [2]int, damage func(string) []string) [][]byte {
	var entries [][]byte
	for i, records := range log {
		if i == at[0] {
			records = slices.Concat(records[:at[1]], damage(records[at[1]]), records[at[1]+1:])
		}
		entries = append(entries, []byte("["+strings.Join(records, ",")+"]"))
	}
	return entries
}

func TestTheDefinitionIsPinned(t *testing.T) {
	store := asl.NewMemoryStore()
	run(t, asl.NewEngine(asl.Config{Store: store}), one(`{"Type": "Pass", "End": true}`), `{}`)
	definition := "asl-definition/" + parse(t, one(`{"Type": "Pass", "End": true}`)).Hash()
	for why, change := range map[string]func(entry []byte) []byte{
		"has the hash": func(entry []byte) []byte {
			return []byte(strings.Replace(string(entry), `"Type":"Pass"`, `"Comment":"changed","Type":"Pass"`, 1))
		},
		"not in the store": func([]byte) []byte { return nil },
	} {
		changed := asl.NewMemoryStore()
		copyLog(t, store, changed, "asl/run", func(entry []byte) []byte { return entry })
		copyLog(t, store, changed, definition, change)
		if _, err := asl.NewEngine(asl.Config{Store: changed}).Resume(t.Context(), "run"); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("got %v, want %s", err, why)
		}
	}
	a, b := parse(t, one(`{"Type": "Succeed"}`)), parse(t, one(`{ "Type" : "Succeed" }`))
	if a.Hash() != b.Hash() || a.Hash() == parse(t, one(`{"Type": "Succeed", "Comment": ""}`)).Hash() {
		t.Error("the hash is not that of the definition without blanks")
	}
}

func logs(t *testing.T, store asl.Store, prefix string) []string {
	t.Helper()
	names, err := store.Logs(t.Context(), prefix)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// copyLog copies the entries of a log that change does not make nil.
func copyLog(t *testing.T, from, to asl.Store, log string, change func([]byte) []byte) {
	t.Helper()
	for entry, err := range from.Read(t.Context(), log, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if entry = change(entry); entry == nil {
			continue
		}
		if err := to.Append(t.Context(), log, 0, entry); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLimitsAreThoseOfAWSUnlessGiven(t *testing.T) {
	loop := `{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "C"}, "C": {"Type": "Choice", "Choices": [{"Variable": "$$.never", "IsPresent": true, "Next": "Z"}], "Default": "A"}, "Z": {"Type": "Succeed"}}}`
	expect(t, run(t, asl.NewEngine(asl.Config{}), loop, `{}`),
		failed("States.Runtime", "The execution reached the maximum number of history events (25000)."))
	engine := asl.NewEngine(asl.Config{Limits: asl.Limits{Events: 10}})
	expect(t, run(t, engine, loop, `{}`), failed("States.Runtime", "The execution reached the maximum number of history events (10)."))
	if got := strings.Count(history(t, engine), " ") + 1; got != 10 {
		t.Errorf("%d events", got)
	}
	double := `{"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}, "Next": "C"}, "C": {"Type": "Choice", "Choices": [{"Variable": "$$.never", "IsPresent": true, "Next": "Z"}], "Default": "A"}, "Z": {"Type": "Succeed"}}}`
	got := run(t, asl.NewEngine(asl.Config{}), double, `"xxxxxxxx"`)
	expect(t, got, failed("States.DataLimitExceeded", "The state/task 'A' returned a result with a size exceeding the maximum number of bytes service limit."))
	variable := `{"StartAt": "A", "States": {"A": {"Type": "Pass", "Assign": {"v": "` + strings.Repeat("x", 100) + `"}, "End": true}}}`
	for field, limits := range map[string]asl.Limits{"variable": {Variable: 99}, "Assign": {Assign: 99}, "all variables": {Variables: 99}} {
		if got := run(t, asl.NewEngine(asl.Config{Limits: limits}), variable, `{}`); got.Error != "States.Runtime" || !strings.Contains(got.Cause, field) {
			t.Errorf("%s: %+v", field, got)
		}
	}
}

type recorder struct {
	mu    sync.Mutex
	heard []string
}

func (r *recorder) Happened(execution string, e asl.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = append(r.heard, fmt.Sprintf("%s %d %s %s", execution, e.ID, e.Type, e.Name))
}

func TestAListenerHearsWhatHappens(t *testing.T) {
	listener := &recorder{}
	run(t, asl.NewEngine(asl.Config{Listener: listener}), `{"StartAt": "M", "States": {"M": {"Type": "Map", "End": true, "ItemProcessor": {
		"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P", "States": {"P": {"Type": "Succeed"}}}}}}`, `[1]`)
	want := []string{
		"run 1 ExecutionStarted run", "run 2 MapStateEntered M", "run 3 MapStateStarted M", "run 4 MapRunStarted M",
		"run/M-2-0 1 ExecutionStarted M-2-0", "run/M-2-0 2 SucceedStateEntered P", "run/M-2-0 3 SucceedStateExited P", "run/M-2-0 4 ExecutionSucceeded ",
		"run 5 MapRunSucceeded M", "run 6 MapStateSucceeded M", "run 7 MapStateExited M", "run 8 ExecutionSucceeded ",
	}
	if diff := cmp.Diff(want, listener.heard); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheContextObjectIsThatOfStepFunctions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := asl.NewEngine(asl.Config{Context: asl.ContextValues{StateMachine: "heal", Region: "eu-central-1", Account: "123456789012"}})
		got := run(t, engine, one(`{"Type": "Pass", "InputPath": "$$", "End": true}`), `{"a": 1}`)
		expect(t, got, succeeded(`{"Execution":{"Id":"arn:aws:states:eu-central-1:123456789012:execution:heal:run","Input":{"a":1},`+
			`"StartTime":"2000-01-01T00:00:00.000Z","Name":"run","RoleArn":"arn:aws:iam::123456789012:role/heal","RedriveCount":0},`+
			`"StateMachine":{"Id":"arn:aws:states:eu-central-1:123456789012:stateMachine:heal","Name":"heal"},`+
			`"State":{"Name":"S","EnteredTime":"2000-01-01T00:00:00.000Z"}}`))
	})
}

func TestTheSameSeedGivesTheSameRun(t *testing.T) {
	draw := func(seed uint64) string {
		engine := asl.NewEngine(asl.Config{Random: rand.NewPCG(seed, 0)})
		return string(run(t, engine, one(`{"Type": "Pass", "End": true, "Parameters": {"u.$": "States.UUID()", "r.$": "States.MathRandom(0, 1000000)"}}`), `{}`).Output)
	}
	if a, b, c := draw(1), draw(1), draw(2); a != b || a == c {
		t.Errorf("drew %s, %s and %s", a, b, c)
	}
}

func TestWhatIsDrawnStaysTheSameAfterAResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := asl.NewMemoryStore()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		definition := `{"StartAt": "D", "States": {
			"D": {"Type": "Pass", "Parameters": {"u.$": "States.UUID()"}, "Assign": {"u.$": "$.u"}, "Next": "W"},
			"W": {"Type": "Wait", "Seconds": 120, "Next": "E"},
			"E": {"Type": "Pass", "Parameters": {"first.$": "$.u", "same.$": "$u", "other.$": "States.UUID()"}, "End": true}}}`
		config := asl.Config{Store: store, Random: rand.NewPCG(1, 2)}
		if _, err := asl.NewEngine(config).Run(ctx, "run", parse(t, definition), nil); err == nil {
			t.Fatal("it was not interrupted")
		}
		config.Random = rand.NewPCG(1, 2)
		outcome, err := asl.NewEngine(config).Resume(t.Context(), "run")
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ First, Same, Other string }
		if err := json.Unmarshal(outcome.Output, &got); err != nil {
			t.Fatal(err)
		}
		if got.First != got.Same || got.First == got.Other || !regexp.MustCompile(`^[0-9a-f-]{36}$`).MatchString(got.First) {
			t.Errorf("got %+v", got)
		}
	})
}

func TestManyExecutionsRunAtOnce(t *testing.T) {
	engine := asl.NewEngine(asl.Config{Tasks: asl.FunctionMap{"echo": echo}})
	m := parse(t, one(`{"Type": "Task", "Resource": "echo", "End": true}`))
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			outcome, err := engine.Run(t.Context(), fmt.Sprint("run-", i), m, json.RawMessage(fmt.Sprint(i)))
			if err != nil || string(outcome.Output) != fmt.Sprint(i) {
				t.Errorf("%d: %+v, %v", i, outcome, err)
			}
		})
	}
	wg.Wait()
}

func TestAPayloadThatIsHandedOnIsWrittenOnce(t *testing.T) {
	store := asl.NewMemoryStore()
	input := `{"text": "` + strings.Repeat("x", 10_000) + `"}`
	states := make([]string, 100)
	for i := range states {
		states[i] = fmt.Sprintf(`"S%d": {"Type": "Pass", "Next": "S%d"}`, i, i+1)
	}
	definition := `{"StartAt": "S0", "States": {` + strings.Join(states, ",") + `, "S100": {"Type": "Succeed"}}}`
	engine := asl.NewEngine(asl.Config{Store: store})
	expect(t, run(t, engine, definition, input), succeeded(input))
	size := 0
	for entry := range store.Read(t.Context(), "asl/run", 0) {
		size += len(entry)
	}
	if size > 3*len(input) {
		t.Errorf("the log has %d bytes, for a payload of %d in %d states", size, len(input), len(states)+1)
	}
	events, err := engine.History(t.Context(), "run")
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range events {
		if text := string(event.Input) + string(event.Output); text != input {
			t.Errorf("%s of %s has %.20s", event.Type, event.Name, text)
		}
	}
}
