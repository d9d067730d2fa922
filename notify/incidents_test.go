package notify

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/journal"
)

// duty is PagerDuty: it knows which incidents are open.
type duty struct {
	mu     sync.Mutex
	open   map[string]bool
	events int
	fail   int // the event to answer with 500
}

func (d *duty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var e pagerDutyEvent
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events++
	if d.events == d.fail {
		w.WriteHeader(500)
		return
	}
	if e.Action == "trigger" {
		d.open[e.DedupKey] = true
	} else {
		delete(d.open, e.DedupKey)
	}
	w.WriteHeader(202)
}

// TestIncidentsFollowTheFleetThroughCrashes lets cells fail and get well over
// several runs, with a failure of the service, of the journal, or the death of
// the process somewhere. Whoever needs a person has an incident, alone or with
// others, and in the end none is open.
func TestIncidentsFollowTheFleetThroughCrashes(t *testing.T) {
	cells := huge(6).Attention
	runs := []Run{
		{ID: "1", Attention: cells[:5]},
		{ID: "2", Attention: cells[3:]},
		{ID: "3", Attention: nil},
	}
	faults := []journal.Fault{{}}
	for n := 1; n <= 24; n++ {
		faults = append(faults, journal.Fault{Write: n, Dead: true}, journal.Fault{Write: n, Applied: true, Dead: true}, journal.Fault{Write: n, Applied: true})
	}
	for i, fault := range faults {
		t.Run(fmt.Sprintf("%+v", fault), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				service500 := 1 + i%7
				d := &duty{open: map[string]bool{}, fail: service500}
				n := &pagerDuty{service{client: serve(t, d.ServeHTTP)}, PagerDutyConfig{RoutingKey: secret(t, "KEY", "R0UTINGKEYCANARYSECRET"), MaxIncidents: 3}, exampleURL}
				channels := []Channel{{"on-call", OnAttention, n}}
				j := journal.NewMemory()
				var faulty Journal = journal.NewFaulty(j, fault)
				previous := Run{}
				for _, run := range runs {
					m := Changes(previous, run)
					o := NewOutbox(faulty, channels, OutboxOptions{Log: quiet})
					err := o.Enqueue(t.Context(), m)
					if err == nil {
						_, err = o.Flush(t.Context())
					}
					if err != nil { // the process died, and its successor goes on
						faulty = j
						o = NewOutbox(faulty, channels, OutboxOptions{Log: quiet})
						if err := o.Enqueue(t.Context(), m); err != nil {
							t.Fatal(err)
						}
						if _, err := o.Flush(t.Context()); err != nil {
							t.Fatal(err)
						}
					}
					for _, f := range run.Attention {
						if !d.open[dedupKey(f)] && !d.open[overflowKey] {
							t.Errorf("after run %s nobody is paged for %.10s…", run.ID, f.Cell)
						}
					}
					previous = run
				}
				if len(d.open) != 0 {
					t.Errorf("open in the end: %v", d.open)
				}
			})
		})
	}
}

func TestWellCellsWithoutIncidentCostNoRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &duty{open: map[string]bool{}}
		n := &pagerDuty{service{client: serve(t, d.ServeHTTP)}, PagerDutyConfig{RoutingKey: secret(t, "KEY", "x-key")}, exampleURL}
		o := NewOutbox(journal.NewMemory(), []Channel{{"on-call", OnAttention, n}}, OutboxOptions{Log: quiet})
		all := huge(5000).Attention
		for _, m := range []Message{Changes(Run{}, Run{ID: "1", Attention: all}), Changes(Run{Attention: all}, Run{ID: "2"})} {
			if err := o.Enqueue(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			if _, err := o.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if want := 2 * (defaultMaxIncidents + 1); d.events != want || len(d.open) != 0 {
			t.Errorf("%d events, want %d; open: %v", d.events, want, d.open)
		}
	})
}

func TestTryingAChannelSendsASampleAndLeavesNoIncident(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &duty{open: map[string]bool{}}
		n := &pagerDuty{service{client: serve(t, d.ServeHTTP)}, PagerDutyConfig{RoutingKey: secret(t, "KEY", "x-key")}, exampleURL}
		if err := Try(t.Context(), Channel{"on-call", OnAttention, n}, time.Now()); err != nil {
			t.Fatal(err)
		}
		if d.events == 0 || len(d.open) != 0 {
			t.Errorf("%d events, open: %v", d.events, d.open)
		}
		s := &station{}
		if err := Try(t.Context(), Channel{"chat", OnAttention, s}, time.Now()); err != nil || len(s.got) != 1 || !strings.HasPrefix(s.got[0], "test-") {
			t.Errorf("sent %q, %v", s.got, err)
		}
		s.answers = []error{rejected("", "no")}
		if err := Try(t.Context(), Channel{"chat", OnAttention, s}, time.Now()); err == nil {
			t.Error("a rejection was kept quiet")
		}
	})
}

func TestAFindingMayHaveNothingButItsCell(t *testing.T) {
	m := Message{Event: "e", Attention: []Finding{finding("set", 1, "", "")}}
	for _, mark := range []markup{mrkdwn, plain, cardText} {
		b, err := mustTexts(t, "chat", mark).blocks(m, allowances[0])
		if err != nil || strings.Contains(b.attention, ": ") || strings.Contains(b.attention, "``") || !strings.Contains(b.attention, "set@") {
			t.Errorf("%q (%v)", b.attention, err)
		}
	}
	if parts, err := (&pagerDuty{}).Parts(m); err != nil || len(parts) != 1 || slices.Contains([]string{"", "null"}, string(parts[0].Content)) {
		t.Errorf("%v (%v)", parts, err)
	}
}
