package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/setmend/setmend/fleet"
)

func TestAnAnswerHoldsForWhatWasSeenWithAMargin(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	seen := func(of int) Answer { return Answer{By: "alex", Until: now.Add(time.Hour), Numbers: Numbers{of, 100}} }
	first := func(of int) Answer {
		return Answer{Beforehand: true, First: map[string]Numbers{"mass-drift:queue": {of, 100}}}
	}
	tests := []struct {
		promise string
		guard   Guard
		answers map[string][]Answer
		now     int // what the guard counts now
		holds   bool
	}{
		{"as many", GuardMassDrift, map[string][]Answer{"mass-drift:queue": {seen(7)}}, 7, true},
		{"fewer", GuardMassDrift, map[string][]Answer{"mass-drift:queue": {seen(7)}}, 2, true},
		{"one more", GuardMassDrift, map[string][]Answer{"mass-drift:queue": {seen(7)}}, 8, true},
		{"two more of a few", GuardMassDrift, map[string][]Answer{"mass-drift:queue": {seen(7)}}, 9, false},
		{"a tenth more", GuardMassDrift, map[string][]Answer{"mass-drift:queue": {seen(50)}}, 55, true},
		{"more than a tenth", GuardMassDrift, map[string][]Answer{"mass-drift:queue": {seen(50)}}, 56, false},
		{"another set", GuardMassDrift, map[string][]Answer{"mass-drift:topic": {seen(7)}}, 7, false},
		{"another guard", GuardMassRemoval, map[string][]Answer{"mass-drift:queue": {seen(7)}}, 7, false},
		{"too old", GuardMassDrift, map[string][]Answer{"mass-drift:queue": {{Until: now, Numbers: Numbers{7, 100}}}}, 7, false},
		{"the newer of two", GuardMassDrift, map[string][]Answer{"mass-drift:queue": {seen(7), seen(51)}}, 51, true},
		{"beforehand, met first", GuardMassDrift, map[string][]Answer{"mass-drift": {{Beforehand: true}}}, 51, true},
		{"beforehand, as met first", GuardMassDrift, map[string][]Answer{"mass-drift": {first(7)}}, 8, true},
		{"beforehand, more than was met first", GuardMassDrift, map[string][]Answer{"mass-drift:queue": {first(7)}}, 51, false},
		{"a guard that no answer opens", GuardMaskedOverride, map[string][]Answer{"masked-override:queue": {seen(7)}}, 7, false},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			m := Memory{Accepted: test.answers}
			got := m.Accepts(GuardHit{Guard: test.guard, StackSet: "queue", Reason: "Too much.", Numbers: Numbers{test.now, 100}}, now)
			if got.Accepted != test.holds {
				t.Errorf("accepted %t, want %t", got.Accepted, test.holds)
			}
			if said := strings.Contains(got.Reason, "were approved"); said && got.Accepted {
				t.Errorf("reason %q", got.Reason)
			}
		})
	}
}

func TestEveryGuardIsAcceptableOrSaysWhatOpensIt(t *testing.T) {
	guards := []Guard{GuardOrganizationShrank, GuardMassDrift, GuardMassRemoval, GuardIncompleteInventory, GuardExternalOperation,
		GuardMaskedOverride, GuardInstanceQuota, GuardQuietHours, GuardConfiguration, GuardLease, GuardChangedMeanwhile,
		GuardCanary, GuardUnavailable, GuardRollout}
	for _, g := range guards {
		if g.Acceptable() == (opensItself[g] != "") {
			t.Errorf("%s: acceptable %t, opens by itself: %q", g, g.Acceptable(), opensItself[g])
		}
		if err := CheckAccept(string(g), nil); (err == nil) != g.Acceptable() {
			t.Errorf("--accept %s: %v", g, err)
		}
	}
	sets := []fleet.StackSetName{"queue"}
	for answer, want := range map[string]string{"mass-drift:queue": "", "mass-drift:quue": "no stack set \"quue\"", "foreign-operation": "no guard",
		"organization-shrank:queue": "whole run", "": "no guard"} {
		err := CheckAccept(answer, sets)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("--accept %q: %v", answer, err)
		}
	}
}
