package dashboard

import (
	"fmt"
	"strconv"

	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// Tone is how a headline is meant.
type Tone string

const (
	ToneGood      Tone = "good"      // nothing is wrong, and that is known
	ToneUnsure    Tone = "unsure"    // nothing is known to be wrong
	ToneBusy      Tone = "busy"      // a run is under way
	ToneAttention Tone = "attention" // a person is needed
	ToneBad       Tone = "bad"       // the run itself failed
)

// Headline is the state of the fleet in one sentence, and what else must be
// said, in a second.
type Headline struct {
	Tone   Tone   `json:"tone"`
	Text   string `json:"text"`
	Detail string `json:"detail,omitempty"`
}

// Headlines says how the fleet of a report is.
func Headlines(r *report.Report) Headline {
	switch {
	case r.Run.Result == report.Failed:
		return Headline{ToneBad, "The last run failed; what follows is the state it last saw.", r.Run.Error}
	case r.Run.Ended.IsZero() && !r.Run.Started.IsZero():
		return underWay(r)
	case r.Run.Result == report.Stopped:
		return Headline{ToneAttention, "The last run was stopped before its end; " + stillWrong(r) + ".", r.Run.Error}
	}
	return settled(r)
}

func underWay(r *report.Report) Headline {
	text := "A run is under way; " + stillWrong(r) + "."
	if before := unhealthy(r.Before); before > 0 {
		text = fmt.Sprintf("A run is under way: %s wrong at its start, %s now.", cellCount(before), group3(unhealthy(r.After)))
	}
	return Headline{ToneBusy, text, stageText(r.Run.Stage)}
}

func stageText(stage string) string {
	if stage == "" {
		return ""
	}
	return "Stage " + stage + "."
}

// settled is the headline of a fleet at rest.
func settled(r *report.Report) Headline {
	people, wrong := len(r.Attention), unhealthy(r.After)
	switch {
	case people > 0:
		return Headline{ToneAttention, fmt.Sprintf("%s %s a person; %s", cellCount(people), needs(people), restText(r, people)), guardText(r.Guards)}
	case wrong > 0:
		return Headline{ToneAttention, fmt.Sprintf("%s of %s %s wrong; none needs a person.",
			group3(wrong), cellCount(r.After.NotChecked+r.After.Healthy+wrong), be(wrong)), guardText(r.Guards)}
	case r.After.Healthy+r.After.NotChecked == 0:
		return Headline{ToneUnsure, "There is no instance to look after.", guardText(r.Guards)}
	case r.After.NotChecked > 0:
		return Headline{ToneUnsure, fmt.Sprintf("Nothing is known to be wrong, but %s not been checked for drift.",
			have(r.After.NotChecked)), guardText(r.Guards)}
	}
	return Headline{ToneGood, fmt.Sprintf("All %s are healthy.", cellCount(r.After.Healthy)), guardText(r.Guards)}
}

// restText speaks of the cells that need nobody, without calling the unchecked
// ones healthy.
func restText(r *report.Report, people int) string {
	if rest := unhealthy(r.After) - people; rest > 0 {
		return fmt.Sprintf("%s more %s wrong or held back.", group3(rest), be(rest))
	}
	if r.After.NotChecked > 0 {
		return fmt.Sprintf("%s healthy, %s not checked.", is(r.After.Healthy), is(r.After.NotChecked))
	}
	return fmt.Sprintf("the other %s healthy.", is(r.After.Healthy))
}

func guardText(guards []plan.GuardHit) string {
	stopping := 0
	for _, trip := range guards {
		if trip.InEffect() {
			stopping++
		}
	}
	switch stopping {
	case 0:
		return ""
	case 1:
		return "One guard held some of the work back."
	}
	return group3(stopping) + " guards held some of the work back."
}

// unhealthy counts the cells in which something is known to be wrong.
func unhealthy(c plan.Counts) int {
	return c.Missing + c.Orphan + c.Failed + c.Inoperable + c.Drifted + c.Outdated + c.Blocked + c.Quarantined
}

func stillWrong(r *report.Report) string { return is(unhealthy(r.After)) + " wrong" }

func cellCount(n int) string {
	if n == 1 {
		return "1 instance"
	}
	return group3(n) + " instances"
}

func needs(n int) string { return pick(n, "needs", "need") }
func be(n int) string    { return pick(n, "is", "are") }
func is(n int) string    { return group3(n) + " " + be(n) }
func have(n int) string  { return group3(n) + " " + pick(n, "has", "have") }

func pick(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// group3 writes 16012 as 16,012.
func group3(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
