package asl_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/asl"
)

// A narrowStore lets something happen right before and right after an engine
// closes a token because its time is over.
type narrowStore struct {
	*asl.MemoryStore
	before, after func()
}

func (s *narrowStore) Append(ctx context.Context, log string, epoch int64, entries ...[]byte) error {
	expires := strings.HasPrefix(log, "asl-answers/") && bytes.Contains(entries[0], []byte(`"expiry"`))
	if expires {
		s.before()
	}
	err := s.MemoryStore.Append(ctx, log, epoch, entries...)
	if expires {
		s.after()
	}
	return err
}

func TestWhatTheSenderIsToldHappensHoweverCloseTheTimeout(t *testing.T) {
	for name, c := range map[string]struct {
		before bool
		told   string
		want   asl.Outcome
	}{
		"right before": {true, "", succeeded(`1`)},
		"right after":  {false, asl.AnswerTimedOut, failed("States.Timeout", "")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, told := &asker{}, ""
				store := &narrowStore{MemoryStore: asl.NewMemoryStore()}
				answer := func() {
					// By this clock there is time left: only the store knows better.
					other := asl.NewEngine(asl.Config{Store: store.MemoryStore, Clock: shifted(-time.Minute)})
					told = refused(t, other.SendTaskSuccess(t.Context(), a.token(), json.RawMessage(`1`)))
				}
				store.before, store.after = func() {}, answer
				if c.before {
					store.before, store.after = answer, func() {}
				}
				expect(t, run(t, asl.NewEngine(asl.Config{Store: store, Tasks: a.tasks()}), one(asking), `{}`), c.want)
				if told != c.told {
					t.Errorf("the sender was told %q, want %q", told, c.told)
				}
			})
		})
	}
}

func TestAnEngineThatHasLostItsExecutionTimesNoTaskOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, a := asl.NewMemoryStore(), &asker{}
		lost := make(chan error, 1)
		m := parse(t, one(asking))
		go func() {
			early := asl.NewEngine(asl.Config{Store: store, Tasks: a.tasks(), Clock: shifted(10 * time.Second)})
			_, err := early.Run(t.Context(), "run", m, nil)
			lost <- err
		}()
		time.AfterFunc(65*time.Second, func() { // when the first engine takes the task for timed out
			if err := elsewhere(store).SendTaskSuccess(t.Context(), a.token(), json.RawMessage(`1`)); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Second)
		outcome, err := elsewhere(store).Resume(t.Context(), "run")
		if err != nil {
			t.Fatal(err)
		}
		expect(t, outcome, succeeded(`1`))
		owner, ok := errors.AsType[interface {
			error
			Fenced() bool
		}](<-lost)
		if !ok || !owner.Fenced() {
			t.Errorf("the first engine ended with %v", owner)
		}
	})
}
