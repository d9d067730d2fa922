package notify

import (
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/fleet"
)

// Result is how a run ended, in one word.
type Result string

const (
	Healthy    Result = "healthy"    // there was nothing to do
	Healed     Result = "healed"     // all that was wrong is put right
	Attention  Result = "attention"  // something needs a person
	Incomplete Result = "incomplete" // a guard stopped it, or it was interrupted
	Failed     Result = "failed"     // it could not do its work
)

// Finding is a cell that needs a person.
type Finding struct {
	fleet.Cell
	Verdict string `json:"verdict"`
	Reason  string `json:"reason,omitempty"`
	// Class is the kind of reason, if it is known. Findings that differ in nothing
	// but ids, times and numbers inside the reason are the same without it, too.
	Class string `json:"class,omitempty"`
	Hint  string `json:"hint,omitempty"`
}

// Deed is something that was done, to a number of cells of a stack set.
type Deed struct {
	Action   string             `json:"action"` // in the past tense: reverted drift, redeployed
	StackSet fleet.StackSetName `json:"stackSet"`
	Cells    int                `json:"cells"`
	Outcome  string             `json:"outcome,omitempty"` // empty if it succeeded
}

// Run is a run's outcome and the state that it left behind.
type Run struct {
	ID     string         `json:"id"`
	Time   time.Time      `json:"time"` // when it ended
	Result Result         `json:"result"`
	Counts map[string]int `json:"counts,omitempty"` // cells by verdict
	Done   []Deed         `json:"done,omitempty"`
	// Attention is everything that needs a person, new or not.
	Attention []Finding `json:"attention,omitempty"`
	Links
}

// Links lead to the details.
type Links struct {
	DashboardURL string `json:"dashboardUrl,omitempty"`
	LogURL       string `json:"logUrl,omitempty"`
	// DashboardFile is the path of the HTML page, to attach it.
	DashboardFile string `json:"dashboardFile,omitempty"`
}

// Message is what there is to tell after a run.
type Message struct {
	// Event identifies what is told: one event is delivered once to each channel.
	Event  string         `json:"event"`
	Run    string         `json:"run"`
	Time   time.Time      `json:"time"`
	Result Result         `json:"result"`
	Before map[string]int `json:"before,omitempty"` // cells by verdict after the run before; nil if there was none
	After  map[string]int `json:"after,omitempty"`  // cells by verdict now
	Done   []Deed         `json:"done,omitempty"`
	// Attention needs a person since this run, Standing did already, and Resolved
	// does no longer.
	Attention []Finding `json:"attention,omitempty"`
	Standing  []Finding `json:"standing,omitempty"`
	Resolved  []Finding `json:"resolved,omitempty"`
	Links
	// Test marks a message that only tries out a channel.
	Test bool `json:"test,omitempty"`

	// incidents are those that are known to be open, for services that have such;
	// nil if that is not known.
	incidents map[string]bool
}

// Changes is what a run changed with respect to the run before it. A zero
// previous means that there was none.
func Changes(previous, current Run) Message {
	m := Message{
		Event: current.ID, Run: current.ID, Time: current.Time, Result: current.Result,
		Before: previous.Counts, After: current.Counts,
		Done: current.Done, Links: current.Links,
	}
	before := byCell(previous.Attention)
	now := byCell(current.Attention)
	for _, cell := range sortedCells(now) {
		if old, ok := before[cell]; ok && old.same(now[cell]) {
			m.Standing = append(m.Standing, now[cell])
		} else {
			m.Attention = append(m.Attention, now[cell])
		}
	}
	for _, cell := range sortedCells(before) {
		if _, still := now[cell]; !still {
			m.Resolved = append(m.Resolved, before[cell])
		}
	}
	return m
}

// Changed reports whether the message tells anything that is new.
func (m Message) Changed() bool {
	return len(m.Attention)+len(m.Resolved)+len(m.Done) > 0 || m.Result == Failed || m.Result == Incomplete
}

// NeedsPerson reports whether the message tells of something new that needs one.
func (m Message) NeedsPerson() bool {
	return len(m.Attention) > 0 || m.Result == Failed || m.Result == Incomplete
}

// same reports whether g says nothing that f did not say.
func (f Finding) same(g Finding) bool {
	return f.Verdict == g.Verdict && f.Class == g.Class && (f.Class != "" || normalise(f.Reason) == normalise(g.Reason))
}

func byCell(findings []Finding) map[fleet.Cell]Finding {
	m := make(map[fleet.Cell]Finding, len(findings))
	for _, f := range findings {
		m[f.Cell] = f
	}
	return m
}

func sortedCells(findings map[fleet.Cell]Finding) []fleet.Cell {
	cells := make([]fleet.Cell, 0, len(findings))
	for cell := range findings {
		cells = append(cells, cell)
	}
	slices.SortFunc(cells, fleet.Cell.Compare)
	return cells
}

// normalise takes out of a reason what differs from one occurrence to the next:
// every word with a digit in it (ids, ARNs, times, account numbers).
func normalise(reason string) string {
	words := strings.Fields(reason)
	for i, word := range words {
		if strings.ContainsAny(word, "0123456789") {
			words[i] = "…"
		}
	}
	return strings.Join(words, " ")
}

// Sample is a message with something in every part, to try a channel out with.
func Sample(now time.Time) Message {
	cell := func(set fleet.StackSetName, account fleet.AccountID, region fleet.Region) fleet.Cell {
		return fleet.Cell{StackSet: set, Target: fleet.Target{Account: account, Region: region}}
	}
	event := "test-" + now.UTC().Format("20060102T150405.000000000Z")
	return Message{
		Event: event, Run: event, Time: now, Result: Attention, Test: true,
		Before: map[string]int{"healthy": 1180, "drifted": 16, "missing": 4},
		After:  map[string]int{"healthy": 1199, "failed": 1},
		Done: []Deed{
			{Action: "reverted drift", StackSet: "network-baseline", Cells: 16},
			{Action: "deployed", StackSet: "log-archive", Cells: 3},
		},
		Attention: []Finding{{Cell: cell("log-archive", "111122223333", "eu-central-1"), Verdict: "failed",
			Reason: "Access Denied by a service control policy (this is only a test)",
			Hint:   "Allow the action in the policy, or exclude the account."}},
		Resolved: []Finding{{Cell: cell("guardrails", "444455556666", "eu-west-1"), Verdict: "drifted", Reason: "2 resources were changed"}},
	}
}
