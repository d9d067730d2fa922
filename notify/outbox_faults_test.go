package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/setmend/setmend/journal"
)

// TestACrashAnywhereLosesNoMessageAndTellsNoneTwice lets the process die, or the
// journal fail, at every single write of an enqueue and a delivery, and then
// goes on as a restarted process does: it enqueues again, and delivers.
func TestACrashAnywhereLosesNoMessageAndTellsNoneTwice(t *testing.T) {
	writes := 0
	synctest.Test(t, func(t *testing.T) {
		counting := journal.NewFaulty(journal.NewMemory())
		o := newOutbox(counting, map[string]*station{"a": {}, "b": {repeatable: true}})
		enqueue(t, o, "one", "two")
		flush(t, o, time.Hour)
		writes = counting.Writes()
	})
	if writes < 20 {
		t.Fatalf("only %d writes", writes)
	}
	for n := 1; n <= writes; n++ {
		for _, fault := range []journal.Fault{
			{Write: n}, {Write: n, Applied: true}, {Write: n, Dead: true}, {Write: n, Applied: true, Dead: true},
		} {
			t.Run(fmt.Sprintf("%+v", fault), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					j := journal.NewMemory()
					a, b := &station{}, &station{repeatable: true}
					stations := map[string]*station{"a": a, "b": b}
					dying := newOutbox(journal.NewFaulty(j, fault), stations)
					for _, name := range []string{"one", "two"} {
						_ = dying.Enqueue(t.Context(), event(name)) // may fail: that is the point
						time.Sleep(time.Millisecond)
					}
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					_, _ = dying.Flush(ctx)

					revived := newOutbox(j, stations)
					enqueue(t, revived, "one", "two")
					if waiting := flush(t, revived, 2*time.Hour); waiting != 0 {
						t.Errorf("%d wait", waiting)
					}
					wantToldOnce(t, "a", a, revived, false)
					wantToldOnce(t, "b", b, revived, true)
					wantClean(t, j)
				})
			})
		}
	}
}

// wantToldOnce: each event was sent, and was sent once unless the service
// recognises repetitions. An event that was not sent must be known as such.
func wantToldOnce(t *testing.T, channel string, s *station, o *Outbox, repeats bool) {
	t.Helper()
	statuses, err := o.Statuses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "two"} {
		sent := 0
		for _, got := range s.got {
			if got == name+"/0" {
				sent++
			}
		}
		i := slices.IndexFunc(statuses, func(s Status) bool { return s.Channel == channel && s.Event == name })
		if i < 0 {
			t.Fatalf("%s has forgotten %s", channel, name)
		}
		state := statuses[i].State
		switch {
		case sent == 1 && (state == Delivered || state == Unknown):
		case sent == 0 && state == Unknown && !repeats:
		case sent > 1 && repeats && state == Delivered:
		default:
			t.Errorf("%s: %s was sent %d times and is %s", channel, name, sent, state)
		}
	}
}

// TestAnEntryThatARacingEnqueueBroughtBackIsNotSentAgain: that Enqueue looked
// before the event came to its end, and wrote after it.
func TestAnEntryThatARacingEnqueueBroughtBackIsNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory()
		a := &station{}
		o := newOutbox(j, map[string]*station{"a": a})
		enqueue(t, o, "one")
		flush(t, o, time.Hour)
		if err := errors.Join(o.putMessage(t.Context(), event("one")), o.putEntry(t.Context(), "a", "one")); err != nil {
			t.Fatal(err)
		}
		flush(t, o, time.Hour)
		if a.attempts != 1 {
			t.Errorf("%d attempts", a.attempts)
		}
		wantStates(t, o, "a one delivered")
		wantClean(t, j)
	})
}

// TestAnyMixOfAnswersEndsWithEveryMessageAccountedFor draws what services answer.
func TestAnyMixOfAnswersEndsWithEveryMessageAccountedFor(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		answers := rapid.SliceOfN(rapid.SampledFrom([]error{nil, nil, later(0), later(time.Minute), unknown(),
			rejected("", "no"), errors.New("before sending")}), 0, 30).Draw(r, "answers")
		repeatable := rapid.Bool().Draw(r, "repeatable")
		parts := rapid.IntRange(1, 3).Draw(r, "parts")
		n := rapid.IntRange(1, 5).Draw(r, "messages")
		synctest.Test(t, func(t *testing.T) {
			j := journal.NewMemory()
			a := &station{answers: slices.Clone(answers), repeatable: repeatable, parts: parts}
			o := newOutbox(j, map[string]*station{"a": a})
			for i := range n {
				enqueue(t, o, fmt.Sprint(i))
			}
			if waiting := flush(t, o, 24*time.Hour); waiting != 0 {
				t.Errorf("%d wait", waiting)
			}
			statuses, err := o.Statuses(t.Context())
			if err != nil || len(statuses) != n {
				t.Fatalf("%d statuses (%v)", len(statuses), err)
			}
			for _, s := range statuses {
				if s.State == Later {
					t.Errorf("%+v", s)
				}
				sent := 0
				for _, got := range a.got {
					if strings.HasPrefix(got, s.Event+"/") {
						sent++
					}
				}
				if s.State == Delivered && sent != parts || !repeatable && sent > parts {
					t.Errorf("%s is %s with %d of %d parts", s.Event, s.State, sent, parts)
				}
			}
			wantClean(t, j)
		})
	})
}
