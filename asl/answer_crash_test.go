package asl_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
)

// A responder answers tasks from another process. It is told the tokens that are
// given out, and lives on when the engine crashes.
type responder struct {
	t      *testing.T
	store  *asl.MemoryStore
	answer func(ctx context.Context, e *asl.Engine, token string, attempt int) error

	mu      sync.Mutex
	tokens  map[string]int // calls by token
	counted map[string]int // answers that count, by token
	lateFor []string       // tokens of calls that came after an answer that counts
}

// tasks are one function, which returns after a minute: some answers come before.
func (p *responder) tasks() asl.FunctionMap {
	return asl.FunctionMap{"ask": func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
		token := asl.TaskToken(ctx)
		p.mu.Lock()
		if p.counted[token] > 0 {
			p.lateFor = append(p.lateFor, token)
		}
		p.tokens[token]++
		first, attempt := p.tokens[token] == 1, len(p.tokens)
		p.mu.Unlock()
		if first {
			go p.respond(token, attempt)
		}
		select {
		case <-time.After(time.Minute):
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}
}

func (p *responder) respond(token string, attempt int) {
	err := p.answer(p.t.Context(), elsewhere(p.store), token, attempt)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil:
		p.counted[token]++
	case !errors.Is(err, asl.ErrNoSuchTask) && p.t.Context().Err() == nil:
		p.t.Error(err)
	}
}

// answerCases say what is answered, and how the execution must end whatever
// crashes in between.
var answerCases = map[string]struct {
	state  string
	answer func(ctx context.Context, e *asl.Engine, token string, attempt int) error
	want   asl.Outcome
}{
	"a success while the function runs":    {"", after(30*time.Second, answerOne), succeeded(`1`)},
	"a success while the token is awaited": {"", after(90*time.Second, answerOne), succeeded(`1`)},
	"heartbeats, and a success": {`"HeartbeatSeconds": 100,`, func(ctx context.Context, e *asl.Engine, token string, _ int) error {
		for range 3 {
			time.Sleep(70 * time.Second)
			if err := e.SendTaskHeartbeat(ctx, token); err != nil {
				return err
			}
		}
		return after(70*time.Second, answerOne)(ctx, e, token, 0)
	}, succeeded(`1`)},
	"silence": {`"TimeoutSeconds": 200,`, func(context.Context, *asl.Engine, string, int) error { return asl.ErrNoSuchTask }, failed("States.Timeout", "")},
	"a failure, and a success of the retry": {`"Retry": [{"ErrorEquals": ["Not.Yet"], "IntervalSeconds": 5}],`,
		after(20*time.Second, func(ctx context.Context, e *asl.Engine, token string, attempt int) error {
			if attempt == 1 {
				return e.SendTaskFailure(ctx, token, "Not.Yet", "")
			}
			return answerOne(ctx, e, token, attempt)
		}), succeeded(`1`)},
	"a timeout, and a success of the retry": {`"TimeoutSeconds": 100, "Retry": [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 5}],`,
		func(ctx context.Context, e *asl.Engine, token string, attempt int) error {
			if attempt == 1 {
				return asl.ErrNoSuchTask
			}
			return after(20*time.Second, answerOne)(ctx, e, token, attempt)
		}, succeeded(`1`)},
}

func answerOne(ctx context.Context, e *asl.Engine, token string, _ int) error {
	return e.SendTaskSuccess(ctx, token, json.RawMessage(`1`))
}

func after(d time.Duration, answer func(context.Context, *asl.Engine, string, int) error) func(context.Context, *asl.Engine, string, int) error {
	return func(ctx context.Context, e *asl.Engine, token string, attempt int) error {
		time.Sleep(d)
		return answer(ctx, e, token, attempt)
	}
}

func TestACrashAtAnyWriteNeitherLosesAnAnswerNorTakesItTwice(t *testing.T) {
	for name, c := range answerCases {
		t.Run(name, func(t *testing.T) {
			m := parse(t, one(`{"Type": "Task", "End": true, `+c.state+` "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
				"Parameters": {"FunctionName": "ask"}}`))
			writes := 1 // found out by the first run, which has no fault
			for fault := 0; fault <= writes; fault++ {
				for _, after := range []bool{false, true} {
					// The execution is resumed at once, or when the answer has come.
					for _, pause := range []time.Duration{0, 15 * time.Second} {
						synctest.Test(t, func(t *testing.T) {
							store := &faultyStore{Store: asl.NewMemoryStore(), fault: fault, after: after}
							world := &responder{t: t, store: store.Store.(*asl.MemoryStore), answer: c.answer, tokens: map[string]int{}, counted: map[string]int{}}
							where := fmt.Sprintf("fault at write %d, after=%v, resumed after %v", fault, after, pause)
							world.check(where, m, store, pause, c.want)
							writes = max(writes, store.writes)
						})
					}
				}
			}
			if writes < 3 {
				t.Errorf("only %d writes: nothing was tested", writes)
			}
		})
	}
}

// check runs m with a crash, resumes it and looks at what has become of the
// answers.
func (p *responder) check(where string, m *asl.Machine, store *faultyStore, pause time.Duration, want asl.Outcome) {
	p.t.Helper()
	config := asl.Config{Store: store, Tasks: p.tasks()}
	outcome, err := asl.NewEngine(config).Run(p.t.Context(), "run", m, nil)
	if err != nil && !errors.Is(err, errCrash) {
		p.t.Fatalf("%s: %v", where, err)
	}
	if err != nil {
		time.Sleep(pause)
		outcome, err = asl.NewEngine(config).Resume(p.t.Context(), "run")
		if errors.Is(err, asl.ErrNotFound) {
			outcome, err = asl.NewEngine(config).Run(p.t.Context(), "run", m, nil)
		}
		if err != nil {
			p.t.Fatalf("%s: resuming: %v", where, err)
		}
	}
	synctest.Wait()
	if diff := cmp.Diff(want, outcome); diff != "" {
		p.t.Errorf("%s: (-want +got):\n%s", where, diff)
	}
	p.checkAnswers(where)
	checkHistory(p.t, where, p.store)
}

// checkAnswers: each answer that counts is in the history once, and no function
// was called for a task that was answered.
func (p *responder) checkAnswers(where string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, token := range p.lateFor {
		p.t.Errorf("%s: the function was called again for the task %s, which was answered", where, token)
	}
	told := 0
	for token, n := range p.counted {
		if told += n; n > 1 {
			p.t.Errorf("%s: %d answers count for %s", where, n, token)
		}
	}
	events, err := elsewhere(p.store).History(p.t.Context(), "run")
	if err != nil {
		p.t.Fatal(err)
	}
	recorded := 0
	for _, event := range events {
		if event.Type == asl.TaskSucceeded || event.Type == asl.TaskFailed {
			recorded++
		}
	}
	if told != recorded {
		p.t.Errorf("%s: senders were told of %d answers that count, %d are in the history", where, told, recorded)
	}
}
