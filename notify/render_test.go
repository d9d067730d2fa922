package notify

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/setmend/setmend/fleet"
)

// messages are what every service must cope with.
var messages = map[string]Message{
	"sample": Sample(time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)),
	"empty":  {Event: "e", Run: "r", Result: Healthy},
	"huge":   huge(500),
	"only standing": {Event: "e", Run: "r", Result: Attention,
		Standing: huge(3).Attention, After: map[string]int{"failed": 3}},
	"hostile": hostile(),
}

// huge has n findings with as many reasons, in the longest of names.
func huge(n int) Message {
	m := Message{Event: "huge", Run: "huge", Result: Attention, After: map[string]int{}, Before: map[string]int{},
		Links: Links{DashboardURL: "https://dash.example/?a=1&b=2", LogURL: "https://log.example/", DashboardFile: "/no/such/dashboard.html"}}
	for i := range n {
		f := Finding{Verdict: "failed", Reason: strings.Repeat(fmt.Sprintf("reason-%c-%c ä€😀 ", 'a'+i%26, 'a'+i/26%26), 100), Hint: strings.Repeat("do this ", 100)}
		f.StackSet = fleet.StackSetName(strings.Repeat("s", 120) + fmt.Sprint(i))
		f.Account, f.Region = fleet.AccountID(fmt.Sprintf("%012d", i)), "ap-southeast-1"
		m.Attention = append(m.Attention, f)
		m.Resolved = append(m.Resolved, f)
		m.Done = append(m.Done, Deed{"redeployed", f.StackSet, 1, strings.Repeat("x", 1000)})
		if i < 15 {
			m.After[fmt.Sprint("verdict ", i)] = i + 1
		}
	}
	return m
}

// hostile has in every text what means something in one of the formats.
func hostile() Message {
	evil := "<script>alert(1)</script> <!channel> <@U1> <https://evil.example|click> [click](https://evil.example) *b* _i_ ~s~ `c` " +
		"{{DATE(2026-01-01,SHORT)}} <at>all</at> & &amp; \"quoted\" 'single' \\ </td></table> ]]> \u202egnp.exe\u202c \u200bzero\ttab\r\nnewline\x00\x1b[31m"
	f := Finding{Cell: fleet.Cell{StackSet: fleet.StackSetName(evil), Target: fleet.Target{Account: "111122223333", Region: fleet.Region(evil)}},
		Verdict: evil, Reason: evil, Hint: evil}
	return Message{Event: "hostile", Run: evil, Result: Result(evil), After: map[string]int{evil: 1}, Before: map[string]int{"healthy": 1},
		Done: []Deed{{evil, fleet.StackSetName(evil), 2, evil}}, Attention: []Finding{f}, Standing: []Finding{f}, Resolved: []Finding{f},
		Links: Links{DashboardURL: `https://dash.example/|x>"'<)](?a=1&b=2`, LogURL: "javascript:alert(1)"}}
}

func TestEveryRenderingIsWellFormedAndShowsNoHostileText(t *testing.T) {
	m := hostile()
	for name, n := range map[string]Notifier{
		"Teams":      &teams{texts: mustTexts(t, "chat", cardText)},
		"Slack":      &slack{texts: mustTexts(t, "chat", mrkdwn)},
		"SNS":        &sns{texts: mustTexts(t, "chat", plain)},
		"Confluence": &confluence{texts: mustTexts(t, "page", storage)},
		"PagerDuty":  &pagerDuty{},
	} {
		parts, err := Preview(n, m)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, part := range parts {
			text := string(part.Content)
			if part.Type == "application/json" {
				var v any
				if err := json.Unmarshal(part.Content, &v); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				text = strings.Join(textsIn(v), "\n")
			}
			for _, bad := range forbidden[name] {
				if strings.Contains(text, bad) {
					t.Errorf("%s shows %q in %s", name, bad, text)
				}
			}
			if strings.ContainsAny(text, "\u202e\u202c\u200b\x00\x1b\r") || strings.Contains(text, "javascript:") {
				t.Errorf("%s lets characters through: %q", name, text)
			}
		}
	}
}

var forbidden = map[string][]string{
	"Teams":      {"{{DATE", "\nTextBlock\n"}, // the rest means nothing in a TextRun
	"Slack":      {"<!channel", "<@U1", "<https://evil", "<script", "``", "`c`"},
	"SNS":        {},
	"PagerDuty":  {},
	"Confluence": {"<script", "</td></table> ]]", "<at>", "\"quoted\""},
}

// textsIn lists all strings of a JSON value.
func textsIn(v any) (all []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, e := range v {
			all = append(all, textsIn(e)...)
		}
	case map[string]any:
		for _, key := range fleet.SortedKeys(v) {
			all = append(all, textsIn(v[key])...)
		}
	}
	return all
}

// TestAnyTextIsRenderedWithinTheLimits draws every text of a message from all of
// Unicode and more.
func TestAnyTextIsRenderedWithinTheLimits(t *testing.T) {
	teams, slack := &teams{texts: mustTexts(t, "chat", cardText)}, &slack{texts: mustTexts(t, "chat", mrkdwn)}
	wiki, pager := &confluence{texts: mustTexts(t, "page", storage)}, &pagerDuty{}
	topic := &sns{publisher: &publisher{}, texts: mustTexts(t, "chat", plain)}
	request, err := http.NewRequest("POST", exampleURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	rapid.Check(t, func(r *rapid.T) {
		m := anyMessage(r)
		for _, c := range []struct {
			notifier Notifier
			check    func(*http.Request, []byte) error
		}{{teams, checkTeams}, {slack, checkSlack}} {
			parts, err := c.notifier.Parts(m)
			if err != nil {
				r.Fatalf("%T: %v", c.notifier, err)
			}
			if err := c.check(request, parts[0].Content); err != nil {
				r.Fatalf("%T: %v", c.notifier, err)
			}
		}
		for _, n := range []Notifier{wiki, pager} { // the page is parsed as it is made
			if _, err := n.Parts(m); err != nil {
				r.Fatalf("%T: %v", n, err)
			}
		}
		if err := sendAll(t.Context(), Channel{Notifier: topic}, m); err != nil {
			r.Fatal(err)
		}
	})
}

func anyMessage(r *rapid.T) Message {
	text := rapid.Custom(func(r *rapid.T) string {
		return strings.Repeat(rapid.OneOf(
			rapid.String(),
			rapid.StringOf(rapid.SampledFrom([]rune("<>&\"'`*_~|[](){}\\ \n\t\x00\x01\x04\x05\u202e\ufffe\uffff\ufeffaB1é😀"))),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
		).Draw(r, "text"), rapid.SampledFrom([]int{1, 1, 40}).Draw(r, "times"))
	})
	findings := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) Finding {
		f := Finding{Verdict: text.Draw(r, "verdict"), Reason: text.Draw(r, "reason"), Class: text.Draw(r, "class"), Hint: text.Draw(r, "hint")}
		f.StackSet, f.Account, f.Region = fleet.StackSetName(text.Draw(r, "set")), fleet.AccountID(text.Draw(r, "account")), fleet.Region(text.Draw(r, "region"))
		return f
	}), 0, 5)
	deeds := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) Deed {
		return Deed{text.Draw(r, "action"), fleet.StackSetName(text.Draw(r, "set")), rapid.Int().Draw(r, "cells"), text.Draw(r, "outcome")}
	}), 0, 5)
	counts := rapid.MapOfN(text, rapid.IntRange(0, 9), 0, 12)
	return Message{Event: "e", Run: text.Draw(r, "run"), Result: Result(text.Draw(r, "result")),
		Before: counts.Draw(r, "before"), After: counts.Draw(r, "after"), Done: deeds.Draw(r, "done"),
		Attention: findings.Draw(r, "attention"), Standing: findings.Draw(r, "standing"), Resolved: findings.Draw(r, "resolved"),
		Links: Links{DashboardURL: text.Draw(r, "dashboard"), LogURL: "https://x.example/" + text.Draw(r, "log")}}
}
