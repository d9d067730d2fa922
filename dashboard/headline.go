package dashboard

import (
	"fmt"
	"math"
	"strconv"
	"time"

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
	// Next is what can be done about it, if anything.
	Next []next `json:"next,omitempty"`
}

// tally is a report's counts as the page, its headline and the metrics have them.
type tally struct {
	before, after plan.Counts
	absent        int // cells that must not be there, and are not
}

// tallyOf leaves out of the counts what is rightly absent: a cell that is blocked, must
// not be there and is not, is nothing to put right.
func tallyOf(r *report.Report) tally {
	t := tally{before: r.Before, after: r.After}
	for i := range r.Cells {
		if cell := &r.Cells[i]; shown(cell) == absent {
			t.absent++
			t.after.Blocked--
			if shownBefore(cell) == absent {
				t.before.Blocked--
			}
		}
	}
	t.before.Blocked, t.after.Blocked = max(0, t.before.Blocked), max(0, t.after.Blocked)
	return t
}

// underWay reports whether a run is being carried out, or was cut off.
func underWay(r *report.Report) bool {
	return r.Run.ID != "" && r.Run.Ended.IsZero() && r.Run.Result == "" && r.Run.Engine != "read"
}

// Headlines says how the fleet of a report is.
func Headlines(r *report.Report) Headline { return headlineOf(r, tallyOf(r)) }

func headlineOf(r *report.Report, t tally) Headline {
	switch {
	case r.Run.ID == "" && r.DataAt.IsZero():
		return Headline{Tone: ToneUnsure, Text: "Welcome. Nothing has been read here yet.",
			Detail: "The page shows the fleet as soon as a first run has read it; setmend plan only reads, heal asks before it changes anything.",
			Next:   []next{{Does: "See what is wrong, and change nothing", Command: "setmend plan"}, {Does: "Heal", Command: "setmend heal"}}}
	case r.Run.Result == report.Failed:
		return Headline{ToneBad, "The last run failed; what follows is the state it last saw.", r.Run.Error, nil}
	case underWay(r) && !r.Run.CutOff.IsZero():
		return cutOff(r, t)
	case underWay(r):
		return busy(r, t)
	case r.Run.Result == report.Stopped:
		return Headline{ToneAttention, "The last run was stopped before its end; " + is(unhealthy(t.after)) + " wrong.", r.Run.Error,
			[]next{{Does: "Heal again", Command: "setmend heal"}}}
	}
	return settled(r, t)
}

// cutOff is the headline of a run that no process carries out any more.
func cutOff(r *report.Report, t tally) Headline {
	return Headline{ToneAttention, fmt.Sprintf("A run was cut off in %s, at %s%s.", stageNoun(r.Run.Stage), clockText(r.Run.CutOff), ended(r.Run.Progress)),
		is(unhealthy(t.after)) + " wrong. Operations that AWS had accepted go on without it; nothing is lost.",
		[]next{{Does: "Continue the run", Command: "setmend runs resume " + shellWord(r.Run.ID)}}}
}

func ended(p report.Progress) string {
	if p.Planned == 0 {
		return ""
	}
	return fmt.Sprintf(", with %s of %s done", group3(p.Done), group3(p.Planned))
}

// busy is the headline of a run under way.
func busy(r *report.Report, t tally) Headline {
	if r.DataAt.Before(r.Run.Started) {
		if r.DataAt.IsZero() {
			return Headline{ToneBusy, "Reading the fleet for the first time.", "The page fills as soon as it is read.", nil}
		}
		return Headline{ToneBusy, "Reading the fleet; what is shown is of " + clockText(r.DataAt) + ".", wrongThen(t), nil}
	}
	p, what := r.Run.Progress, "instances"
	verb, known := stageVerbs[r.Run.Stage]
	switch {
	case !known:
		return Headline{ToneBusy, "The run is ending; its report is being written.", is(unhealthy(t.after)) + " wrong.", nil}
	case verb == "Checking for drift":
		what = "stack sets"
	}
	if p.Planned == 0 {
		return Headline{ToneBusy, verb + ": preparing it.", wrongThen(t), nil}
	}
	text := fmt.Sprintf("%s: %s of %s done", verb, group3(p.Done), group3(p.Planned))
	if what != "instances" {
		text = fmt.Sprintf("%s: %s of %s %s done", verb, group3(p.Done), group3(p.Planned), what)
	}
	if left := leftText(p.Left); left != "" && p.Done < p.Planned {
		text += ", " + left + " left"
	}
	return Headline{ToneBusy, text + ".", wrongThen(t), nil}
}

var stageVerbs = map[string]string{"InitCleanup": "Cleaning up", "MandatoryDeployment": "Deploying", "DetectDrift": "Checking for drift",
	"DriftStatus": "Checking for drift", "SearchInstancesToHeal": "Healing", "Heal": "Healing"}

// stageNoun is a stage as something to be in.
func stageNoun(stage string) string {
	nouns := map[string]string{"Cleaning up": "the cleanup", "Deploying": "the deployment", "Checking for drift": "the drift check", "Healing": "the healing"}
	if noun, known := nouns[stageVerbs[stage]]; known {
		return noun
	}
	return "its last stage"
}

func wrongThen(t tally) string {
	before, now := unhealthy(t.before), unhealthy(t.after)
	if before == now {
		return is(now) + " wrong."
	}
	return fmt.Sprintf("%s wrong when it began, %s wrong now.", was(before), is(now))
}

// leftText rounds seconds as an estimate deserves, "" for none.
func leftText(seconds float64) string {
	minutes := int(math.Round(seconds / 60))
	switch {
	case seconds <= 0:
		return ""
	case minutes <= 1:
		return "about a minute"
	case minutes < 60:
		return fmt.Sprintf("about %d min", minutes)
	case minutes%60 == 0 || minutes >= 10*60:
		return fmt.Sprintf("about %d h", int(math.Round(float64(minutes)/60)))
	}
	return fmt.Sprintf("about %d h %d min", minutes/60, minutes%60)
}

func clockText(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// settled is the headline of a fleet at rest.
func settled(r *report.Report, t tally) Headline {
	people, wrong := len(r.Attention), unhealthy(t.after)
	switch {
	case people > 0:
		return Headline{ToneAttention, fmt.Sprintf("%s %s a person; %s", cellCount(people), needs(people), restText(r, t)), guardText(r.Guards), nil}
	case wrong > 0:
		return Headline{ToneAttention, fmt.Sprintf("%s of %s %s wrong; none needs a person.",
			group3(wrong), cellCount(t.after.NotChecked+t.after.Healthy+wrong), be(wrong)), guardText(r.Guards),
			[]next{{Does: "Put right what can be", Command: "setmend heal"}}}
	case t.after.Healthy+t.after.NotChecked == 0:
		return Headline{ToneUnsure, "There is no instance to look after.", guardText(r.Guards), nil}
	case t.after.NotChecked > 0:
		return Headline{ToneUnsure, fmt.Sprintf("Nothing is known to be wrong, but %s not been checked for drift.",
			have(t.after.NotChecked)), guardText(r.Guards), []next{{Does: "Have AWS check them", Command: "setmend heal"}}}
	}
	return Headline{ToneGood, fmt.Sprintf("All %s are healthy.", cellCount(t.after.Healthy)), guardText(r.Guards), nil}
}

// restText speaks of the cells that need nobody, without calling the unchecked
// ones healthy. A person may be needed where nothing is wrong, too.
func restText(r *report.Report, t tally) string {
	if rest := unhealthy(t.after) - wrongFindings(r); rest > 0 {
		return fmt.Sprintf("%s more %s wrong or held back.", group3(rest), be(rest))
	}
	if t.after.NotChecked > 0 {
		return fmt.Sprintf("%s healthy, %s not checked.", is(t.after.Healthy), is(t.after.NotChecked))
	}
	return fmt.Sprintf("the other %s healthy.", is(t.after.Healthy))
}

// wrongFindings counts the findings about something that is counted as wrong.
func wrongFindings(r *report.Report) int {
	n := 0
	for _, a := range r.Attention {
		if a.Verdict != plan.NotChecked && a.Verdict != plan.Healthy {
			n++
		}
	}
	return n
}

func guardText(guards []plan.GuardHit) string {
	stopping := 0
	for _, hit := range guards {
		if hit.InEffect() {
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

func cellCount(n int) string {
	if n == 1 {
		return "1 instance"
	}
	return group3(n) + " instances"
}

func needs(n int) string { return pick(n, "needs", "need") }
func be(n int) string    { return pick(n, "is", "are") }
func is(n int) string    { return group3(n) + " " + be(n) }
func was(n int) string   { return group3(n) + " " + pick(n, "was", "were") }
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
