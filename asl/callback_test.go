package asl_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/asl"
)

// asking is a task that hands its token to somebody and waits to be called back.
const asking = `{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "End": true, "HeartbeatSeconds": 60,
	"Parameters": {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}}}`

// asker keeps the token that it is given.
type asker struct{ kept atomic.Value }

func (a *asker) token() string {
	token, _ := a.kept.Load().(string)
	return token
}

func (a *asker) tasks() asl.FunctionMap {
	return asl.FunctionMap{"ask": func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
		var payload struct{ Token string }
		err := json.Unmarshal(input, &payload)
		a.kept.Store(payload.Token)
		if payload.Token != asl.TaskToken(ctx) {
			return nil, errors.New("the token in the payload is not that of the attempt")
		}
		return json.RawMessage(`"asked"`), err
	}}
}

func TestATaskWaitsToBeCalledBack(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(*asl.Engine, context.Context, string) error
		want   asl.Outcome
		event  string
	}{
		"success": {func(e *asl.Engine, ctx context.Context, token string) error {
			return e.SendTaskSuccess(ctx, token, json.RawMessage(`{"ok": true}`))
		}, succeeded(`{"ok": true}`), "TaskSucceeded TaskStateExited ExecutionSucceeded"},
		"failure": {func(e *asl.Engine, ctx context.Context, token string) error {
			return e.SendTaskFailure(ctx, token, "Refused", "no")
		}, failed("Refused", "no"), "TaskFailed ExecutionFailed"},
		"silence": {func(*asl.Engine, context.Context, string) error { return nil },
			failed("States.Timeout", ""), "TaskTimedOut ExecutionFailed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &asker{}
				engine := asl.NewEngine(asl.Config{Tasks: a.tasks()})
				go func() {
					for range 3 {
						time.Sleep(50 * time.Second)
						if err := engine.SendTaskHeartbeat(t.Context(), a.token()); err != nil {
							t.Error(err)
						}
					}
					if err := c.answer(engine, t.Context(), a.token()); err != nil {
						t.Error(err)
					}
				}()
				expect(t, run(t, engine, one(asking), `{}`), c.want)
				want := "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted TaskSubmitted " + c.event
				if got := history(t, engine); got != want {
					t.Errorf("history\n%s, want\n%s", got, want)
				}
				if err := engine.SendTaskSuccess(t.Context(), a.token(), json.RawMessage(`1`)); !errors.Is(err, asl.ErrNoSuchTask) {
					t.Errorf("calling back again: %v", err)
				}
			})
		})
	}
}

func TestATaskThatWaitsIsCalledBackAfterAResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := asl.NewMemoryStore()
		first := &asker{}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, cancel)
		_, err := asl.NewEngine(asl.Config{Store: store, Tasks: first.tasks()}).Run(ctx, "run", parse(t, one(asking)), nil)
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		second := &asker{}
		engine := asl.NewEngine(asl.Config{Store: store, Tasks: second.tasks()})
		time.AfterFunc(20*time.Second, func() {
			if err := engine.SendTaskSuccess(t.Context(), first.token(), json.RawMessage(`"late"`)); err != nil {
				t.Error(err)
			}
		})
		outcome, err := engine.Resume(t.Context(), "run")
		if err != nil {
			t.Fatal(err)
		}
		expect(t, outcome, succeeded(`"late"`))
		if second.token() != "" {
			t.Error("the function was called again, although it had returned")
		}
	})
}

func TestACallbackMustBeJSON(t *testing.T) {
	if err := asl.NewEngine(asl.Config{}).SendTaskSuccess(t.Context(), "token", json.RawMessage(`{`)); err == nil || errors.Is(err, asl.ErrNoSuchTask) {
		t.Errorf("got %v", err)
	}
}
