package asl_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
)

// elsewhere is an engine as another process has it: the store is all it shares.
func elsewhere(store asl.Store) *asl.Engine { return asl.NewEngine(asl.Config{Store: store}) }

// refused tells how AWS names the reason that an answer does not count; "" is
// that it does.
func refused(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	answer, ok := errors.AsType[*asl.AnswerError](err)
	if !ok {
		t.Fatalf("not a reason: %v", err)
	}
	return answer.Name
}

// answersIn counts what is in the store for an execution's tasks.
func answersIn(t *testing.T, store asl.Store) int {
	t.Helper()
	n := 0
	for _, err := range store.Read(t.Context(), "asl-answers/run", 0) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// interrupted runs a definition until ctx has been over for a while, and gives
// the token of its task.
func interrupted(t *testing.T, store asl.Store, definition string, after time.Duration) (token string) {
	t.Helper()
	a := &asker{}
	ctx, cancel := context.WithTimeout(t.Context(), after)
	defer cancel()
	if _, err := asl.NewEngine(asl.Config{Store: store, Tasks: a.tasks()}).Run(ctx, "run", parse(t, definition), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("running until it is interrupted: %v", err)
	}
	return a.token()
}

func TestAnotherProcessAnswersATaskThatWaits(t *testing.T) {
	for name, c := range map[string]struct {
		send func(*asl.Engine, context.Context, string) error
		want asl.Outcome
	}{
		"success": {func(e *asl.Engine, ctx context.Context, token string) error {
			return e.SendTaskSuccess(ctx, token, json.RawMessage(`{"who": "<other>"}`))
		}, succeeded(`{"who": "<other>"}`)},
		"failure": {func(e *asl.Engine, ctx context.Context, token string) error {
			return e.SendTaskFailure(ctx, token, "Refused", "no")
		}, failed("Refused", "no")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, a, start := asl.NewMemoryStore(), &asker{}, time.Now()
				time.AfterFunc(10*time.Second+time.Millisecond, func() {
					if err := c.send(elsewhere(store), t.Context(), a.token()); err != nil {
						t.Error(err)
					}
				})
				engine := asl.NewEngine(asl.Config{Store: store, Tasks: a.tasks(), AnswerPoll: 2 * time.Second})
				expect(t, run(t, engine, one(asking), `{}`), c.want)
				if took := time.Since(start); took != 12*time.Second {
					t.Errorf("taken after %v, want it at the next look, after 12s", took)
				}
			})
		})
	}
}

func TestAHeartbeatFromAnotherProcessMovesTheDeadline(t *testing.T) {
	for name, clock := range map[string]asl.Clock{"": nil, "whose clock is late": shifted(-time.Hour), "whose clock is a little early": shifted(5 * time.Second), "whose clock is early": shifted(time.Hour)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, a, start := asl.NewMemoryStore(), &asker{}, time.Now()
				time.AfterFunc(50*time.Second, func() {
					other := asl.NewEngine(asl.Config{Store: store, Clock: clock})
					if err := other.SendTaskHeartbeat(t.Context(), a.token()); err != nil && name != "whose clock is early" {
						t.Error(err)
					}
				})
				expect(t, run(t, asl.NewEngine(asl.Config{Store: store, Tasks: a.tasks()}), one(asking), `{}`), failed("States.Timeout", ""))
				took := time.Since(start)
				if name == "whose clock is early" { // to that one, the task has timed out
					if took != time.Minute {
						t.Errorf("timed out after %v", took)
					}
				} else if took < 109*time.Second || took > 111*time.Second {
					t.Errorf("timed out after %v, want a minute after the heartbeat", took)
				}
			})
		})
	}
}

// shifted is a clock that is ahead.
type shifted time.Duration

func (s shifted) Now() time.Time { return time.Now().Add(time.Duration(s)) }

func (s shifted) AfterFunc(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop }

func TestAnAnswerWaitsUntilTheExecutionIsResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := asl.NewMemoryStore()
		token := interrupted(t, store, one(asking), 30*time.Second)
		time.Sleep(20 * time.Second) // within the heartbeat's minute
		if err := elsewhere(store).SendTaskSuccess(t.Context(), token, json.RawMessage(`"in time"`)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour) // the deadline passes, but the answer came before it
		again := &asker{}
		engine := asl.NewEngine(asl.Config{Store: store, Tasks: again.tasks()})
		start := time.Now()
		outcome, err := engine.Resume(t.Context(), "run")
		if err != nil {
			t.Fatal(err)
		}
		expect(t, outcome, succeeded(`"in time"`))
		if again.token() != "" || time.Since(start) != 0 {
			t.Errorf("the answer was there, and was taken after %v, with token %q", time.Since(start), again.token())
		}
	})
}

func TestAHeartbeatCountsFromWhenItWasSentAfterAResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := asl.NewMemoryStore()
		token := interrupted(t, store, one(asking), 30*time.Second)
		start := time.Now()
		time.Sleep(20 * time.Second)
		if err := elsewhere(store).SendTaskHeartbeat(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		time.Sleep(50 * time.Second)
		if _, err := asl.NewEngine(asl.Config{Store: store}).Resume(t.Context(), "run"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 80*time.Second {
			t.Errorf("timed out %v after the interruption, want 20s and the minute of a heartbeat", took)
		}
	})
}

// An answer may be there before the function that asked for it has returned.
func TestAnAnswerBeforeTheWaitIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, calls := asl.NewMemoryStore(), 0
		tasks := asl.FunctionMap{"ask": func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
			if calls++; calls > 1 {
				t.Error("the function was called again, although its task was answered")
			}
			if err := elsewhere(store).SendTaskSuccess(ctx, asl.TaskToken(ctx), json.RawMessage(`1`)); err != nil {
				t.Error(err)
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // before the first look
		defer cancel()
		engine := asl.NewEngine(asl.Config{Store: store, Tasks: tasks})
		if _, err := engine.Run(ctx, "run", parse(t, one(asking)), nil); err == nil {
			t.Fatal("it was not interrupted")
		}
		outcome, err := engine.Resume(t.Context(), "run")
		if err != nil {
			t.Fatal(err)
		}
		expect(t, outcome, succeeded(`1`))
	})
}

// A function that answers its own task, whatever becomes of its context, does not
// hold up an engine that is being shut down.
func TestAnsweringDoesNotHoldUpAShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, told := asl.NewMemoryStore(), make(chan error, 1)
		var engine *asl.Engine
		tasks := asl.FunctionMap{"ask": func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
			<-ctx.Done()
			told <- engine.SendTaskSuccess(t.Context(), asl.TaskToken(ctx), json.RawMessage(`1`))
			return nil, ctx.Err()
		}}
		engine = asl.NewEngine(asl.Config{Store: store, Tasks: tasks})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := engine.Run(ctx, "run", parse(t, one(asking)), nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if err := <-told; err != nil {
			t.Fatal(err)
		}
		outcome, err := engine.Resume(t.Context(), "run")
		if err != nil {
			t.Fatal(err)
		}
		expect(t, outcome, succeeded(`1`))
	})
}

func TestOneAnswerOfManyCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, a := asl.NewMemoryStore(), &asker{}
		here := asl.NewEngine(asl.Config{Store: store, Tasks: a.tasks()})
		var mu sync.Mutex
		counted := []string{}
		time.AfterFunc(time.Second, func() {
			for i := range 20 {
				engine := elsewhere(store)
				if i%2 == 0 {
					engine = here
				}
				go func() {
					output := string(rune('a' + i%5)) // some say the same
					err := engine.SendTaskSuccess(t.Context(), a.token(), json.RawMessage(`"`+output+`"`))
					mu.Lock()
					defer mu.Unlock()
					switch name := refused(t, err); name {
					case "":
						counted = append(counted, output)
					case asl.AnswerTimedOut:
					default:
						t.Error(err)
					}
				}()
			}
		})
		outcome := run(t, here, one(asking), `{}`)
		synctest.Wait()
		if len(counted) != 1 {
			t.Fatalf("%d senders were told that theirs counts: %v", len(counted), counted)
		}
		expect(t, outcome, succeeded(`"`+counted[0]+`"`))
	})
}

// The store decides between an answer and the end of its time: what is told to
// the sender is what happens.
func TestAnAnswerBeforeTheDeadlineCountsEvenIfNobodyHasLooked(t *testing.T) {
	for name, c := range map[string]struct {
		at   time.Duration
		want asl.Outcome
		told string
	}{
		"before": {60*time.Second - 1, succeeded(`1`), ""},
		"after":  {60*time.Second + 1, failed("States.Timeout", ""), asl.AnswerTimedOut},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store, a := asl.NewMemoryStore(), &asker{}
				told := make(chan string, 1)
				time.AfterFunc(c.at, func() {
					told <- refused(t, elsewhere(store).SendTaskSuccess(t.Context(), a.token(), json.RawMessage(`1`)))
				})
				engine := asl.NewEngine(asl.Config{Store: store, Tasks: a.tasks(), AnswerPoll: time.Hour})
				expect(t, run(t, engine, one(asking), `{}`), c.want)
				if got := <-told; got != c.told {
					t.Errorf("the sender was told %q, want %q", got, c.told)
				}
			})
		})
	}
}

func TestAHeartbeatBeforeTheDeadlineCountsEvenIfNobodyHasLooked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, a, start := asl.NewMemoryStore(), &asker{}, time.Now()
		time.AfterFunc(40*time.Second, func() {
			if err := elsewhere(store).SendTaskHeartbeat(t.Context(), a.token()); err != nil {
				t.Error(err)
			}
		})
		engine := asl.NewEngine(asl.Config{Store: store, Tasks: a.tasks(), AnswerPoll: time.Hour})
		expect(t, run(t, engine, one(asking), `{}`), failed("States.Timeout", ""))
		if took := time.Since(start); took != 100*time.Second {
			t.Errorf("timed out after %v, want a minute after the heartbeat", took)
		}
	})
}

func TestAnAnswerThatDoesNotCountSaysWhyAndLeavesNothing(t *testing.T) {
	const other = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" // a hash of nothing
	of := func(token string) string { _, address, _ := strings.Cut(token, "."); return address }
	for name, c := range map[string]struct {
		token func(given string) string
		after func(*asl.Engine, context.Context, string) error
		want  string
	}{
		"no token":                     {token: func(string) string { return "" }, want: asl.AnswerInvalidToken},
		"not a token":                  {token: func(string) string { return "token" }, want: asl.AnswerInvalidToken},
		"half a token":                 {token: func(given string) string { return given[:len(given)/2] }, want: asl.AnswerInvalidToken},
		"the hash alone":               {token: func(given string) string { return given[:43] }, want: asl.AnswerInvalidToken},
		"longer than AWS takes":        {token: func(given string) string { return given + strings.Repeat("A", 2048) }, want: asl.AnswerInvalidToken},
		"of no execution":              {token: func(string) string { return other + ".bm9uZQ" }, want: asl.AnswerNoTask},
		"of no task":                   {token: func(given string) string { return other + "." + of(given) }, want: asl.AnswerNoTask},
		"of a task that is answered":   {after: succeed, want: asl.AnswerTimedOut},
		"of a task that has failed":    {after: fail, want: asl.AnswerTimedOut},
		"of an execution that is over": {after: stop, want: asl.AnswerTimedOut},
		"without a heartbeat in time":  {after: pause(31 * time.Second), want: asl.AnswerTimedOut},
		"with a heartbeat in time":     {after: beatAndPause(31 * time.Second), want: ""},
		"with a heartbeat too early":   {after: beatAndPause(60 * time.Second), want: asl.AnswerTimedOut},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := asl.NewMemoryStore()
				token := interrupted(t, store, one(asking), 30*time.Second)
				if c.after != nil {
					if err := c.after(elsewhere(store), t.Context(), token); err != nil {
						t.Fatal(err)
					}
				}
				if c.token != nil {
					token = c.token(token)
				}
				before := answersIn(t, store)
				for what, err := range map[string]error{
					"success":   elsewhere(store).SendTaskSuccess(t.Context(), token, json.RawMessage(`1`)),
					"failure":   elsewhere(store).SendTaskFailure(t.Context(), token, "E", "c"),
					"heartbeat": elsewhere(store).SendTaskHeartbeat(t.Context(), token),
				} {
					got := refused(t, err)
					if c.want == "" && what == "success" || c.want != "" {
						if got != c.want {
							t.Errorf("%s: %v, want %s", what, err, c.want)
						}
					}
					if closed := c.want == asl.AnswerTimedOut || c.want == asl.AnswerNoTask; closed && !errors.Is(err, asl.ErrNoSuchTask) {
						t.Errorf("%s: %v is not ErrNoSuchTask", what, err)
					}
				}
				if after := answersIn(t, store); c.want != "" && after != before {
					t.Errorf("%d answers are left behind", after-before)
				}
			})
		})
	}
}

func succeed(e *asl.Engine, ctx context.Context, token string) error {
	return e.SendTaskSuccess(ctx, token, json.RawMessage(`"first"`))
}

func fail(e *asl.Engine, ctx context.Context, token string) error {
	return e.SendTaskFailure(ctx, token, "First", "")
}

func stop(e *asl.Engine, ctx context.Context, _ string) error { return e.Stop(ctx, "run", "", "") }

func pause(d time.Duration) func(*asl.Engine, context.Context, string) error {
	return func(*asl.Engine, context.Context, string) error { time.Sleep(d); return nil }
}

func beatAndPause(d time.Duration) func(*asl.Engine, context.Context, string) error {
	return func(e *asl.Engine, ctx context.Context, token string) error {
		defer time.Sleep(d)
		return e.SendTaskHeartbeat(ctx, token)
	}
}

func TestWhatAnAnswerSaysIsChecked(t *testing.T) {
	long := func(n int) string { return strings.Repeat("ü", n) }
	for name, c := range map[string]struct {
		send func(e *asl.Engine, token string) error
		want string
	}{
		"an output of 256 KiB": {func(e *asl.Engine, token string) error {
			return e.SendTaskSuccess(t.Context(), token, json.RawMessage(`"`+strings.Repeat("x", 256<<10-2)+`"`))
		}, ""},
		"an output of a byte more": {func(e *asl.Engine, token string) error {
			return e.SendTaskSuccess(t.Context(), token, json.RawMessage(`"`+strings.Repeat("x", 256<<10-1)+`"`))
		}, asl.AnswerTooLong},
		"an output that is not JSON": {func(e *asl.Engine, token string) error {
			return e.SendTaskSuccess(t.Context(), token, json.RawMessage(`{"a": }`))
		}, asl.AnswerInvalidOutput},
		"no output": {func(e *asl.Engine, token string) error {
			return e.SendTaskSuccess(t.Context(), token, nil)
		}, asl.AnswerInvalidOutput},
		"an output that is not UTF-8": {func(e *asl.Engine, token string) error {
			return e.SendTaskSuccess(t.Context(), token, json.RawMessage("\"\xff\""))
		}, asl.AnswerInvalidOutput},
		"an error of 256 characters": {func(e *asl.Engine, token string) error {
			return e.SendTaskFailure(t.Context(), token, long(256), long(32_768))
		}, ""},
		"an error of 257 characters": {func(e *asl.Engine, token string) error {
			return e.SendTaskFailure(t.Context(), token, long(257), "")
		}, asl.AnswerTooLong},
		"a cause of 32,769 characters": {func(e *asl.Engine, token string) error {
			return e.SendTaskFailure(t.Context(), token, "", long(32_769))
		}, asl.AnswerTooLong},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := asl.NewMemoryStore()
				token := interrupted(t, store, one(asking), time.Second)
				if got := refused(t, c.send(elsewhere(store), token)); got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
				want := 1
				if c.want != "" {
					want = 0
				}
				if n := answersIn(t, store); n != want {
					t.Errorf("%d answers in the store, want %d", n, want)
				}
			})
		})
	}
}

// A readCounter counts how often answers are looked for.
type readCounter struct {
	*asl.MemoryStore
	mu sync.Mutex
	n  int
}

func (s *readCounter) Read(ctx context.Context, log string, after int64) iter.Seq2[[]byte, error] {
	if strings.HasPrefix(log, "asl-answers/") {
		s.mu.Lock()
		s.n++
		s.mu.Unlock()
	}
	return s.MemoryStore.Read(ctx, log, after)
}

func TestAnswersAreLookedForOnlyWhileATaskWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, a := &readCounter{MemoryStore: asl.NewMemoryStore()}, &asker{}
		engine := asl.NewEngine(asl.Config{Store: store, Tasks: a.tasks(), AnswerPoll: time.Second})
		counts := map[string]int{}
		for at, name := range map[time.Duration]string{100 * time.Second: "before", 110500 * time.Millisecond: "while", 300 * time.Second: "after"} {
			time.AfterFunc(at, func() {
				store.mu.Lock()
				counts[name] = store.n
				store.mu.Unlock()
				if name == "while" {
					if err := elsewhere(store.MemoryStore).SendTaskSuccess(t.Context(), a.token(), json.RawMessage(`1`)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		expect(t, run(t, engine, `{"StartAt": "B", "States": {"B": {"Type": "Wait", "Seconds": 100, "Next": "S"},
			"S": `+strings.Replace(asking, `"End": true`, `"Next": "A"`, 1)+`, "A": {"Type": "Wait", "Seconds": 300, "End": true}}}`, `{}`), succeeded(`1`))
		store.mu.Lock()
		defer store.mu.Unlock()
		if diff := cmp.Diff(map[string]int{"before": 0, "while": 10, "after": 11}, counts); diff != "" {
			t.Errorf("looks so far (-want +got):\n%s", diff)
		}
	})
}

func TestTokensOfItemsAndChildExecutionsAreAnsweredFromElsewhere(t *testing.T) {
	for name, processor := range map[string]string{
		"inline": ``, "distributed": `"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := asl.NewMemoryStore()
				tasks := asl.FunctionMap{"ask": func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
					time.AfterFunc(10*time.Second, func() {
						if err := elsewhere(store).SendTaskSuccess(t.Context(), asl.TaskToken(ctx), input); err != nil {
							t.Error(err)
						}
					})
					return nil, nil
				}}
				expect(t, run(t, asl.NewEngine(asl.Config{Store: store, Tasks: tasks}), one(`{"Type": "Map", "End": true, "ItemProcessor": {`+processor+`
					"StartAt": "T", "States": {"T": {"Type": "Task", "End": true, "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
						"Parameters": {"FunctionName": "ask", "Payload.$": "$"}}}}}`), `[1, 2, 3]`), succeeded(`[1,2,3]`))
			})
		})
	}
}
