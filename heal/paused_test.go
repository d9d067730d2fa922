package heal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/fault"
	"github.com/setmend/setmend/journal"
)

// A healer that is paused inside a call, past its lease, while another heals: a
// laptop's lid, a suspended process, a retry that waits. The other must not take
// what the first may still delete for safe.

// pausing is a Cloud of which the nth call that changes instances is paused.
type pausing struct {
	heal.Cloud
	at      int
	inside  bool // of the call: after heal's own checks
	paused  chan bool
	resumed chan bool

	mu    sync.Mutex // guards calls
	calls int
}

func (c *pausing) Change(ctx context.Context, change fleet.InstanceChange) error {
	c.mu.Lock()
	c.calls++
	hit := c.calls == c.at
	c.mu.Unlock()
	if hit && c.inside {
		close(c.paused)
		<-c.resumed
	}
	err := c.Cloud.Change(ctx, change)
	if hit && !c.inside {
		close(c.paused)
		<-c.resumed
	}
	return err
}

// lid is a transport that closes on the nth request of an action: the request has
// left setmend and not yet arrived.
type lid struct {
	http.RoundTripper
	action  string
	once    sync.Once
	paused  chan bool
	resumed chan bool
}

func (l *lid) RoundTrip(r *http.Request) (*http.Response, error) {
	if actionOf(r) == l.action {
		l.once.Do(func() {
			close(l.paused)
			<-l.resumed
		})
		r = r.WithContext(context.WithoutCancel(r.Context())) // it is on its way
	}
	return l.RoundTripper.RoundTrip(r)
}

// actionOf is the action that a request of the query protocol names.
func actionOf(r *http.Request) string {
	if r.Body == nil {
		return ""
	}
	text, _ := io.ReadAll(r.Body) // from memory
	r.Body = io.NopCloser(bytes.NewReader(text))
	form, _ := url.ParseQuery(string(text)) // another protocol has no action
	return form.Get("Action")
}

// lastOfItsKind makes a set that is not mandatory, of which one instance with overrides
// must be redeployed: nothing but its pending restore would bring it back.
func lastOfItsKind(w *world) (account string, own map[string]string) {
	accounts := w.accounts(6)
	own = map[string]string{"Owner": "payments"}
	w.stackSet("queue", accounts[1:], tagged(map[string]string{"selfhealing": "true"}))
	w.instance("queue", accounts[0], awssim.InstanceSeed{Overrides: own})
	w.must(deleteQueue(w, accounts[0]))
	return accounts[0], own
}

// checkRestored heals once more and holds the instance against what it had.
func (w *world) checkRestored(account string, own map[string]string) {
	w.t.Helper()
	time.Sleep(time.Hour)
	w.runs = 50
	for range 2 { // the second finds what arrived while the first was under way
		w.heal(heal.Options{})
		time.Sleep(time.Hour)
	}
	stack, there := w.aws.StackOf("queue", account, home)
	if !there || !w.aws.StackExists(stack) {
		w.t.Fatalf("the instance in %s is gone", account)
	}
	if diff := cmp.Diff(own, w.overrides("queue", account)); diff != "" {
		w.t.Errorf("overrides (-before +after):\n%s", diff)
	}
	w.owesNothing()
}

// TestAHealerPausedAtAnyCallLosesNothing pauses it right before and right after every
// call that changes instances, for three hours in which another heals.
func TestAHealerPausedAtAnyCallLosesNothing(t *testing.T) {
	for _, inside := range []bool{true, false} {
		for at := 1; at <= 2; at++ {
			t.Run(fmt.Sprintf("call %d, before it is sent %t", at, inside), func(t *testing.T) {
				scenario(t, func(w *world) {
					account, own := lastOfItsKind(w)
					a := w.config(w.connect())
					c := &pausing{Cloud: a.Cloud, at: at, inside: inside, paused: make(chan bool), resumed: make(chan bool)}
					a.Cloud, a.Holder = c, "a"
					ended := make(chan error)
					go func() { ended <- w.byHand(a, "run-a") }()
					<-c.paused
					time.Sleep(3 * time.Hour)
					w.healBeside("run-b")
					before := len(w.aws.Writes())
					close(c.resumed)
					if err := <-ended; err == nil {
						t.Error("the paused healer ended well")
					}
					for _, call := range w.aws.Writes()[before:] {
						t.Errorf("the paused healer sent %s", call.Action)
					}
					w.checkRestored(account, own)
				})
			})
		}
	}
}

// healBeside heals as another process, whatever comes of it.
func (w *world) healBeside(id string) {
	w.t.Helper()
	b := w.config(w.connect())
	b.Holder = "b"
	if outcome, err := w.start(b, id); err != nil || outcome.Status != asl.StatusSucceeded {
		w.t.Errorf("the second healer: %v, %+v", err, outcome)
	}
}

// TestADeletionThatArrivesHoursLateIsStillGivenBack pauses the request on its way,
// where no check of setmend's can stop it any more. The other healer has looked the
// operation up meanwhile and found nothing.
func TestADeletionThatArrivesHoursLateIsStillGivenBack(t *testing.T) {
	scenario(t, func(w *world) {
		account, own := lastOfItsKind(w)
		l := &lid{RoundTripper: w.aws.Transport(), action: "DeleteStackInstances", paused: make(chan bool), resumed: make(chan bool)}
		aws, err := cloud.New(t.Context(), cloud.Config{Transport: l, Region: home, Random: rand.NewPCG(1, 1)})
		w.must(err)
		a := w.config(aws)
		a.Holder = "a"
		ended := make(chan error)
		go func() { ended <- w.byHand(a, "run-a") }()
		<-l.paused
		time.Sleep(3 * time.Hour)
		w.healBeside("run-b")
		deletions := len(w.calls("DeleteStackInstances"))
		close(l.resumed)
		<-ended
		if got := len(w.calls("DeleteStackInstances")); got != deletions+1 {
			t.Fatalf("%d deletions after %d: the late one did not arrive", got, deletions)
		}
		w.checkRestored(account, own)
	})
}

// TestTwoJournalsDoNotHealAtTheSameTime: two laptops, each with a journal of its own.
func TestTwoJournalsDoNotHealAtTheSameTime(t *testing.T) {
	scenario(t, func(w *world) {
		account, own := lastOfItsKind(w)
		first, second := w.config(w.connect()), w.config(w.connect())
		for _, c := range []*heal.Config{&first, &second} {
			c.Shared = c.Cloud.(*cloud.AWS).LeaseParameter("/setmend/lease")
		}
		second.Journal, second.Holder = journal.NewMemory(), "b"
		var turnedAway error
		try := once(func() {
			before := len(w.calls("DeleteStackInstances")) + len(w.calls("DetectStackSetDrift"))
			turnedAway = w.byHand(second, "run-b")
			if len(w.calls("DeleteStackInstances"))+len(w.calls("DetectStackSetDrift")) > before {
				t.Error("the second healer wrote something")
			}
		})
		first.Cloud, first.Holder = &watched{Cloud: first.Cloud, beforeChange: func(fleet.InstanceChange) { try() }}, "a"
		w.must(w.byHand(first, "run-a"))
		var stage *fault.Error
		if !errors.As(turnedAway, &stage) || stage.Name != fault.LeaseLost {
			t.Errorf("the second ended with %v", turnedAway)
		}
		if err := w.byHand(second, "run-c"); err != nil {
			t.Errorf("after the first: %v", err)
		}
		w.checkRestored(account, own)
	})
}

// TestAHealerPausedWithAnotherJournalSendsNothingMore: the healer beside it does not see
// its events, only that its lease has run out.
func TestAHealerPausedWithAnotherJournalSendsNothingMore(t *testing.T) {
	for at := 1; at <= 2; at++ {
		t.Run(fmt.Sprintf("call %d", at), func(t *testing.T) {
			scenario(t, func(w *world) {
				account, own := lastOfItsKind(w)
				a, b := w.config(w.connect()), w.config(w.connect())
				for _, c := range []*heal.Config{&a, &b} {
					c.Shared = c.Cloud.(*cloud.AWS).LeaseParameter("/setmend/lease")
				}
				c := &pausing{Cloud: a.Cloud, at: at, inside: true, paused: make(chan bool), resumed: make(chan bool)}
				a.Cloud, a.Holder = c, "a"
				b.Journal, b.Holder = journal.NewMemory(), "b"
				ended := make(chan error)
				go func() { ended <- w.byHand(a, "run-a") }()
				<-c.paused
				time.Sleep(3 * time.Hour)
				w.must(w.byHand(b, "run-b"))
				before := len(w.calls("DeleteStackInstances")) + len(w.calls("CreateStackInstances"))
				close(c.resumed)
				<-ended
				if after := len(w.calls("DeleteStackInstances")) + len(w.calls("CreateStackInstances")); after > before {
					t.Errorf("the paused healer sent %d requests", after-before)
				}
				w.checkRestored(account, own)
			})
		})
	}
}
