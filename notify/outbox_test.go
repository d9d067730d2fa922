package notify

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/journal"
)

// station is a service in memory that answers as it is told.
type station struct {
	mu         sync.Mutex
	answers    []error // of the next sends; then nil
	got        []string
	times      []time.Time
	attempts   int
	repeatable bool
	hang       time.Duration
	parts      int
}

func (s *station) Parts(m Message) ([]Part, error) {
	var parts []Part
	for i := range max(s.parts, 1) {
		parts = append(parts, Part{Name: fmt.Sprint(i), Content: []byte(m.Event + "/" + fmt.Sprint(i))})
	}
	return parts, nil
}

func (s *station) Send(ctx context.Context, m Message, part Part) error {
	if s.hang > 0 {
		select {
		case <-time.After(s.hang):
		case <-ctx.Done():
			return &DeliveryError{Outcome: Unknown, What: "hanging", Err: ctx.Err()}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts++
	s.times = append(s.times, time.Now())
	if len(s.answers) > 0 {
		answer := s.answers[0]
		s.answers = s.answers[1:]
		if answer != nil {
			return answer
		}
	}
	s.got = append(s.got, string(part.Content))
	return nil
}

func (s *station) Repeatable() bool { return s.repeatable }

func (s *station) events() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func later(after time.Duration) error {
	return &DeliveryError{Outcome: Later, After: after, What: "not now"}
}

func unknown() error { return &DeliveryError{Outcome: Unknown, What: "no answer"} }

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func newOutbox(j Journal, stations map[string]*station) *Outbox {
	var channels []Channel
	for _, name := range []string{"a", "b", "c"} {
		if s := stations[name]; s != nil {
			channels = append(channels, Channel{name, Always, s})
		}
	}
	return NewOutbox(j, channels, OutboxOptions{Log: quiet, Seed: 1})
}

func event(name string) Message { return Message{Event: name, Run: name, Result: Healed} }

func enqueue(t *testing.T, o *Outbox, events ...string) {
	t.Helper()
	for _, name := range events {
		if err := o.Enqueue(t.Context(), event(name)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond) // of virtual time: events have their order from their time
	}
}

func flush(t *testing.T, o *Outbox, patience time.Duration) (waiting int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	waiting, err := o.Flush(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return waiting
}

func wantStates(t *testing.T, o *Outbox, want ...string) {
	t.Helper()
	statuses, err := o.Statuses(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range statuses {
		got = append(got, s.Channel+" "+s.Event+" "+string(s.State))
	}
	if !slices.Equal(got, want) {
		t.Errorf("states are %q, want %q", got, want)
	}
}

// wantClean: nothing is left of messages that were dealt with, after a while.
func wantClean(t *testing.T, j Journal) {
	t.Helper()
	time.Sleep(stray)
	flush(t, newOutbox(j, nil), time.Hour)
	for _, prefix := range []string{messagePrefix, waitingPrefix} {
		if keys, err := j.Keys(t.Context(), prefix); err != nil || len(keys) > 0 {
			t.Errorf("left in the journal: %q (%v)", keys, err)
		}
	}
}

func TestAMessageGoesOnceToEveryChannelThatWantsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory()
		a, b := &station{}, &station{}
		o := newOutbox(j, map[string]*station{"a": a, "b": b})
		o.channels[1].When = OnAttention
		enqueue(t, o, "one", "two", "one")
		if waiting := flush(t, o, time.Hour); waiting != 0 {
			t.Errorf("%d wait", waiting)
		}
		if !slices.Equal(a.got, []string{"one/0", "two/0"}) || b.got != nil {
			t.Errorf("a got %q, b %q", a.got, b.got)
		}
		enqueue(t, o, "two") // again, after it was delivered
		flush(t, o, time.Hour)
		if a.attempts != 2 {
			t.Errorf("%d attempts: an event was told twice", a.attempts)
		}
		wantStates(t, o, "a one delivered", "a two delivered")
		wantClean(t, j)
	})
}

func TestEnqueueingWaitsForNobodyAndOnlyTheJournalCanFailIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory()
		o := newOutbox(j, map[string]*station{"a": {hang: 1000 * time.Hour}})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan bool)
		go func() { o.Run(ctx); close(done) }()
		begin := time.Now()
		for i := range 100 {
			if err := o.Enqueue(t.Context(), event(fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		}
		if time.Since(begin) > 0 {
			t.Errorf("enqueueing took %v", time.Since(begin))
		}
		stop()
		<-done
		broken := newOutbox(journal.NewFaulty(j, journal.Fault{Write: 1}), map[string]*station{"a": {}})
		if err := broken.Enqueue(t.Context(), event("x")); err == nil || !strings.Contains(err.Error(), "queueing notifications of x: ") {
			t.Errorf("got %v", err)
		}
	})
}

func TestADeliveryIsTriedAgainLaterAndLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &station{answers: []error{later(0), later(0), later(0), later(0), later(0), later(0), later(0), later(0), later(0), later(0), later(0), later(0), nil}}
		o := newOutbox(journal.NewMemory(), map[string]*station{"a": a})
		enqueue(t, o, "one")
		if waiting := flush(t, o, 24*time.Hour); waiting != 0 {
			t.Errorf("%d wait", waiting)
		}
		full := firstRetry
		for i := 1; i < len(a.times); i++ {
			gap := a.times[i].Sub(a.times[i-1])
			if gap < full/2 || gap > full {
				t.Errorf("retry %d came after %v, want %v to %v", i, gap, full/2, full)
			}
			full = min(2*full, lastRetry)
		}
		if len(a.times) != 13 {
			t.Errorf("%d attempts", len(a.times))
		}
	})
}

func TestAServiceThatAsksForTimeGetsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &station{answers: []error{later(17 * time.Minute)}}
		o := newOutbox(journal.NewMemory(), map[string]*station{"a": a})
		enqueue(t, o, "one")
		flush(t, o, time.Hour)
		if gap := a.times[1].Sub(a.times[0]); gap != 17*time.Minute {
			t.Errorf("tried again after %v", gap)
		}
	})
}

func TestMessagesKeepTheirOrderAndTheirDistance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &station{answers: []error{nil, later(time.Minute)}}
		o := newOutbox(journal.NewMemory(), map[string]*station{"a": a})
		enqueue(t, o, "z", "y", "x", "w")
		flush(t, o, time.Hour)
		if !slices.Equal(a.got, []string{"z/0", "y/0", "x/0", "w/0"}) {
			t.Errorf("got %q", a.got)
		}
		for i := 1; i < len(a.times); i++ {
			if gap := a.times[i].Sub(a.times[i-1]); gap < pace {
				t.Errorf("two sends within %v", gap)
			}
		}
	})
}

func TestAHangingChannelHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging, healthy := &station{hang: time.Hour, repeatable: true}, &station{}
		o := newOutbox(journal.NewMemory(), map[string]*station{"a": hanging, "b": healthy})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan bool)
		go func() { o.Run(ctx); close(done) }()
		enqueue(t, o, "one", "two", "three")
		time.Sleep(3 * time.Second)
		if got := healthy.events(); !slices.Equal(got, []string{"one/0", "two/0", "three/0"}) {
			t.Errorf("b got %q after three seconds", got)
		}
		stop()
		<-done
	})
}

func TestAnUnknownOutcomeIsRepeatedOnlyWhereTheServiceNoticesRepetitions(t *testing.T) {
	for _, repeatable := range []bool{true, false} {
		t.Run(fmt.Sprint("repeatable=", repeatable), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &station{answers: []error{unknown()}, repeatable: repeatable}
				o := newOutbox(journal.NewMemory(), map[string]*station{"a": a})
				enqueue(t, o, "one", "two")
				flush(t, o, time.Hour)
				if repeatable {
					wantStates(t, o, "a one delivered", "a two delivered")
				} else {
					wantStates(t, o, "a one outcome unknown", "a two delivered")
				}
				if want := map[bool]int{true: 3, false: 2}[repeatable]; a.attempts != want {
					t.Errorf("%d attempts, want %d", a.attempts, want)
				}
			})
		})
	}
}

func TestARejectedMessageIsGivenUpAndTheNextOneSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory()
		a := &station{answers: []error{rejected("", "no such channel")}}
		o := newOutbox(j, map[string]*station{"a": a})
		enqueue(t, o, "one", "two")
		flush(t, o, time.Hour)
		wantStates(t, o, "a one rejected", "a two delivered")
		wantClean(t, j)
	})
}

func TestARejectedPartDoesNotKeepTheOthersBackAndIsNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &station{parts: 4, answers: []error{nil, rejected("", "bad part"), later(0), nil, later(0)}, repeatable: true}
		o := newOutbox(journal.NewMemory(), map[string]*station{"a": a})
		enqueue(t, o, "one")
		flush(t, o, time.Hour)
		if !slices.Equal(a.got, []string{"one/0", "one/2", "one/3"}) {
			t.Errorf("got %q", a.got)
		}
		statuses, _ := o.Statuses(t.Context())
		if len(statuses) != 1 || statuses[0].State != Rejected || !strings.Contains(statuses[0].Error, "1: bad part") {
			t.Errorf("statuses: %+v", statuses)
		}
	})
}

func TestOldNewsIsNotDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &station{}
		for range 10_000 {
			a.answers = append(a.answers, later(0))
		}
		o := newOutbox(journal.NewMemory(), map[string]*station{"a": a})
		enqueue(t, o, "one")
		begin := time.Now()
		flush(t, o, 1000*time.Hour)
		wantStates(t, o, "a one expired")
		if age := time.Since(begin); age < news || age > news+lastRetry {
			t.Errorf("given up after %v", age)
		}
	})
}

func TestFlushEndsWithItsContextAndTheRestIsDeliveredByTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory()
		a := &station{answers: []error{later(time.Hour)}}
		enqueue(t, newOutbox(j, map[string]*station{"a": a}), "one", "two")
		begin := time.Now()
		if waiting := flush(t, newOutbox(j, map[string]*station{"a": a}), 30*time.Second); waiting != 2 {
			t.Errorf("%d wait", waiting)
		}
		if time.Since(begin) > 30*time.Second {
			t.Errorf("took %v", time.Since(begin))
		}
		flush(t, newOutbox(j, map[string]*station{"a": a}), 2*time.Hour)
		if !slices.Equal(a.got, []string{"one/0", "two/0"}) {
			t.Errorf("got %q", a.got)
		}
	})
}

func TestTheEndOfTheContextDoesNotMakeAnOutcomeUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &station{hang: 20 * time.Second}
		o := newOutbox(journal.NewMemory(), map[string]*station{"a": a})
		enqueue(t, o, "one")
		flush(t, o, time.Second)
		wantStates(t, o, "a one delivered")
	})
}

func TestRunDeliversWhatAnotherProcessEnqueued(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory()
		a := &station{}
		o := newOutbox(j, map[string]*station{"a": a})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan bool)
		go func() { o.Run(ctx); close(done) }()
		time.Sleep(time.Hour)
		enqueue(t, newOutbox(j, map[string]*station{"a": a}), "one")
		time.Sleep(glance)
		if !slices.Equal(a.events(), []string{"one/0"}) {
			t.Errorf("got %q", a.events())
		}
		time.Sleep(pace)
		enqueue(t, o, "two") // which wakes it at once
		if !slices.Equal(a.events(), []string{"one/0", "two/0"}) {
			t.Errorf("got %q", a.events())
		}
		stop()
		<-done
	})
}

func TestSeveralProcessesDeliverEachMessageOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory()
		a, b := &station{hang: time.Second}, &station{hang: 2 * time.Second}
		stations := map[string]*station{"a": a, "b": b}
		var want []string
		for i := range 20 {
			enqueue(t, newOutbox(j, stations), fmt.Sprint(i))
			want = append(want, fmt.Sprint(i, "/0"))
		}
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() { flush(t, newOutbox(j, stations), time.Hour) })
		}
		wait.Wait()
		for name, s := range stations {
			if !slices.Equal(s.got, want) {
				t.Errorf("%s got %q", name, s.got)
			}
		}
		wantClean(t, j)
	})
}

func TestTheMemoryOfWhatWasToldDoesNotGrowWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory()
		a := &station{}
		o := newOutbox(j, map[string]*station{"a": a})
		for i := range 3*maxEnded/2 + 10 {
			enqueue(t, o, fmt.Sprintf("e%06d", i))
			flush(t, o, time.Hour)
		}
		keys, err := j.Keys(t.Context(), endedPrefix)
		if err != nil || len(keys) > maxEnded {
			t.Errorf("%d entries (%v)", len(keys), err)
		}
		last := fmt.Sprintf("e%06d", 3*maxEnded/2+9)
		if !slices.Contains(keys, endedPrefix+"a/"+last) {
			t.Errorf("the last one is forgotten")
		}
	})
}

func TestAMessageWithoutEventIsRefused(t *testing.T) {
	o := newOutbox(journal.NewMemory(), map[string]*station{"a": {}})
	if err := o.Enqueue(t.Context(), Message{}); err == nil {
		t.Error("it was queued")
	}
}

func TestWhatWaitsForAChannelThatWasRemovedIsDroppedInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.NewMemory()
		enqueue(t, newOutbox(j, map[string]*station{"a": {}, "b": {}}), "one")
		a := &station{}
		o := newOutbox(j, map[string]*station{"a": a})
		flush(t, o, time.Hour)
		if keys, _ := j.Keys(t.Context(), waitingPrefix); !slices.Equal(keys, []string{waitingPrefix + "b/one"}) {
			t.Errorf("waiting: %q, but b may be another process's", keys)
		}
		time.Sleep(news)
		flush(t, o, time.Hour)
		wantStates(t, o, "a one delivered", "b one expired")
		wantClean(t, j)
	})
}
