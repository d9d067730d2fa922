package dashboard

import (
	"regexp"
	"strings"

	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// awsPlace is how CloudFormation begins the reason of a resource's failure in an
// instance's StatusReason. Source: StackSets' own texts.
var awsPlace = regexp.MustCompile(`^ResourceLogicalId:([^,]*), ?ResourceType:([^,]*), ?ResourceStatusReason:(?s:(.+))$`)

// resourceOf splits AWS's text into the resource that it names and what it says of it.
// A text without a resource is returned whole.
func resourceOf(said string) (where, why string) {
	if m := awsPlace.FindStringSubmatch(said); m != nil {
		return m[1] + " · " + m[2], m[3]
	}
	return "", said
}

// apart returns a reason without AWS's own text, "" if it is nothing else.
func apart(reason, said string) string {
	if reason == said {
		return ""
	}
	return plan.Assessed{Reason: reason, Said: said}.Ours()
}

// tone is what an outcome means to who reads it: the page has one colour for each, and
// none of them is a verdict's.
type tone string

const (
	toneGood tone = "good" // it went well
	toneBad  tone = "bad"  // it did not, or it was given up
	toneWarn tone = "warn" // part of it did not, or a guard stops it
	toneBusy tone = "busy" // it is under way or will be
	toneRest tone = "rest" // nothing was done, and nothing had to be
)

var tones = map[report.Outcome]tone{
	report.OutcomePlanned: toneBusy, report.OutcomeUnhandled: toneRest, report.OutcomeRunning: toneBusy,
	report.OutcomeSucceeded: toneGood, report.OutcomePartial: toneWarn, report.OutcomeFailed: toneBad,
	report.OutcomeHealed: toneGood, report.OutcomeSkipped: toneRest, report.OutcomeSuspended: toneRest,
	report.OutcomePostponed: toneRest, report.OutcomeQuarantined: toneBad, report.OutcomeAccepted: toneGood,
}

// toneOf returns an outcome's tone. One that is not known is neither good nor bad.
func toneOf(o report.Outcome) tone {
	if t, known := tones[o]; known {
		return t
	}
	if strings.HasPrefix(string(o), string(report.Tripped(""))) {
		return toneWarn
	}
	return toneRest
}
