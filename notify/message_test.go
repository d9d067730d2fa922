package notify

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/setmend/setmend/fleet"
)

func finding(set string, account int, verdict, reason string) Finding {
	return Finding{Cell: fleet.Cell{StackSet: fleet.StackSetName(set),
		Target: fleet.Target{Account: fleet.AccountID(fmt.Sprintf("%012d", account)), Region: "eu-west-1"}}, Verdict: verdict, Reason: reason}
}

func TestChangesTellsWhatIsNewAndNotEverythingAgain(t *testing.T) {
	before := Run{ID: "1", Result: Attention, Counts: map[string]int{"healthy": 10, "failed": 4}, Attention: []Finding{
		finding("a", 1, "failed", "stays"),
		finding("a", 2, "failed", "request 0a1b-77 was denied at 10:00"),
		finding("a", 3, "failed", "gets another reason"),
		finding("a", 4, "failed", "gets another verdict"),
		finding("a", 5, "failed", "gets well"),
	}}
	now := Run{ID: "2", Time: time.Unix(5, 0), Result: Healed, Counts: map[string]int{"healthy": 11}, Attention: []Finding{
		finding("b", 1, "missing", "is new"),
		finding("a", 4, "quarantined", "gets another verdict"),
		finding("a", 3, "failed", "has another reason"),
		finding("a", 2, "failed", "request 9f9f-12 was denied at 11:00"),
		finding("a", 1, "failed", "stays"),
	}, Done: []Deed{{Action: "redeployed", StackSet: "a", Cells: 1}}, Links: Links{LogURL: "https://log.example"}}
	want := Message{Event: "2", Run: "2", Time: time.Unix(5, 0), Result: Healed, Before: before.Counts, After: now.Counts, Done: now.Done, Links: now.Links,
		Attention: []Finding{now.Attention[2], now.Attention[1], now.Attention[0]},
		Standing:  []Finding{now.Attention[4], now.Attention[3]},
		Resolved:  []Finding{before.Attention[4]},
	}
	if diff := cmp.Diff(want, Changes(before, now), cmpopts.IgnoreUnexported(Message{})); diff != "" {
		t.Error(diff)
	}
	if m := Changes(Run{}, now); len(m.Attention) != 5 || m.Before != nil || m.Resolved != nil {
		t.Errorf("without a run before: %+v", m)
	}
}

func TestAReasonsClassDecidesWhetherItIsTheSame(t *testing.T) {
	a, b := finding("a", 1, "failed", "one text"), finding("a", 1, "failed", "another text")
	a.Class, b.Class = "scp-denied", "scp-denied"
	if !a.same(b) {
		t.Error("one class, but not the same")
	}
	b.Class = "quota"
	if a.same(b) {
		t.Error("two classes, but the same")
	}
}

// TestChangesForgetsNothing: whatever the two runs, every finding of now is new
// or standing, and every one of before is still there or resolved.
func TestChangesForgetsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(label string) Run {
			r := Run{ID: label}
			for _, i := range rapid.SliceOfDistinct(rapid.IntRange(0, 8), rapid.ID[int]).Draw(t, label) {
				r.Attention = append(r.Attention, finding("s", i, rapid.SampledFrom([]string{"failed", "missing"}).Draw(t, "verdict"), "r"))
			}
			return r
		}
		before, now := draw("before"), draw("now")
		m := Changes(before, now)
		if len(m.Attention)+len(m.Standing) != len(now.Attention) {
			t.Errorf("%d new and %d standing of %d", len(m.Attention), len(m.Standing), len(now.Attention))
		}
		still := 0
		for cell := range byCell(before.Attention) {
			if _, ok := byCell(now.Attention)[cell]; ok {
				still++
			}
		}
		if still+len(m.Resolved) != len(before.Attention) {
			t.Errorf("%d still there and %d resolved of %d", still, len(m.Resolved), len(before.Attention))
		}
		if again := Changes(now, now); again.Changed() || len(again.Standing) != len(now.Attention) {
			t.Errorf("nothing changed, but: %+v", again)
		}
	})
}

func TestEachRuleLetsThroughWhatItSays(t *testing.T) {
	attention := Message{Attention: []Finding{{}}}
	messages := map[string]Message{
		"nothing": {Result: Healthy}, "standing": {Result: Attention, Standing: []Finding{{}}}, "done": {Result: Healed, Done: []Deed{{}}},
		"resolved": {Resolved: []Finding{{}}}, "attention": attention, "failed": {Result: Failed}, "incomplete": {Result: Incomplete}, "test": {Test: true},
	}
	chat, pager := &station{}, &pagerDuty{}
	for _, c := range []struct {
		when When
		to   Notifier
		want []string
	}{
		{Always, chat, []string{"attention", "done", "failed", "incomplete", "nothing", "resolved", "standing", "test"}},
		{OnChange, chat, []string{"attention", "done", "failed", "incomplete", "resolved", "test"}},
		{OnAttention, chat, []string{"attention", "failed", "incomplete", "test"}},
		{Always, pager, []string{"attention", "resolved"}},
		{OnAttention, pager, []string{"attention", "resolved"}},
	} {
		var got []string
		for _, name := range fleet.SortedKeys(messages) {
			if (Channel{"c", c.when, c.to}).Wants(messages[name]) {
				got = append(got, name)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s of %T: %s", c.when, c.to, diff)
		}
	}
}
