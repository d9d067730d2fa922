package plan

import (
	"slices"
	"testing"

	"github.com/setmend/setmend/fleet"
)

func TestNext(t *testing.T) {
	redeploy := SetPolicy{Healing: HealRedeploy}
	both := SetPolicy{Healing: HealRedeploy, MemberRole: "Healer"}
	revert := SetPolicy{Healing: HealRevert, MemberRole: "Healer"}
	protected := SetPolicy{Healing: HealRedeploy, MemberRole: "Healer", Protected: true}
	notify := SetPolicy{Healing: HealNotify, MemberRole: "Healer"}
	importers := []fleet.StackSetName{"hosts"}
	tests := []struct {
		promise string
		cell    Assessed
		policy  SetPolicy
		tried   []Rung
		class   ReasonClass
		want    Rung
	}{
		{"a missing instance is deployed", Assessed{Verdict: Missing}, notify, nil, "", RungDeploy},
		{"a failed deployment is retried", Assessed{Verdict: Missing}, notify, []Rung{RungDeploy}, ReasonUnknown, RungRetry},
		{"a failed deployment that a retry did not help is given up", Assessed{Verdict: Missing}, redeploy, []Rung{RungDeploy, RungRetry}, ReasonUnknown, RungQuarantine},
		{"a denied deployment is given up", Assessed{Verdict: Missing}, redeploy, []Rung{RungDeploy}, ReasonDenied, RungQuarantine},
		{"a throttled deployment is deployed again", Assessed{Verdict: Missing}, redeploy, []Rung{RungDeploy}, ReasonThrottled, RungDeploy},
		{"drift is reverted first", Assessed{Verdict: Drifted}, both, nil, "", RungRevert},
		{"a refused revert is followed by a redeployment", Assessed{Verdict: Drifted}, both, []Rung{RungRevert}, ReasonRevertRefused, RungRedeploy},
		{"a refused revert is the end where nothing may be deleted", Assessed{Verdict: Drifted}, revert, []Rung{RungRevert}, ReasonRevertRefused, RungQuarantine},
		{"a refused revert is the end in a protected set", Assessed{Verdict: Drifted}, protected, []Rung{RungRevert}, ReasonRevertRefused, RungQuarantine},
		{"without a member role drift is redeployed", Assessed{Verdict: Drifted}, redeploy, nil, "", RungRedeploy},
		{"a failed redeployment is the end", Assessed{Verdict: Drifted}, redeploy, []Rung{RungRedeploy}, ReasonUnknown, RungQuarantine},
		{"a masked override is the end", Assessed{Verdict: Drifted}, both, []Rung{RungRevert}, ReasonMaskedOverride, RungQuarantine},
		{"an export in use can be redeployed where the importers go along", Assessed{Verdict: Drifted, Importers: importers}, both, []Rung{RungRevert}, ReasonExportInUse, RungRedeploy},
		{"an export in use by what is not known cannot", Assessed{Verdict: Drifted}, both, []Rung{RungRevert}, ReasonExportInUse, RungQuarantine},
		{"a stack that is pinned is not redeployed", Assessed{Verdict: Drifted, Pinned: "hosts imports from it"}, both, []Rung{RungRevert}, ReasonRevertRefused, RungQuarantine},
		{"a failure is retried, then redeployed", Assessed{Verdict: Failed}, both, []Rung{RungRetry}, ReasonUnknown, RungRedeploy},
		{"a stack that is stuck is redeployed after the retry", Assessed{Verdict: Failed}, redeploy, []Rung{RungRetry}, ReasonStackStuck, RungRedeploy},
		{"a stack that is gone is redeployed at once", Assessed{Verdict: Failed}, both, nil, ReasonStackGone, RungRedeploy},
		{"a stack that is gone is the end where nothing may be redeployed", Assessed{Verdict: Failed}, revert, nil, ReasonStackGone, RungQuarantine},
		{"a taken name is not redeployed", Assessed{Verdict: Failed}, redeploy, []Rung{RungRetry}, ReasonNameCollision, RungQuarantine},
		{"a quota that is used up is tried again, never redeployed", Assessed{Verdict: Failed}, redeploy, []Rung{RungRetry}, ReasonQuota, RungRetry},
		{"patience with a quota ends", Assessed{Verdict: Failed}, redeploy, []Rung{RungRetry, RungRetry, RungRetry}, ReasonQuota, RungQuarantine},
		{"throttling is tried again, and no rung is skipped for it", Assessed{Verdict: Failed}, redeploy, []Rung{RungRetry, RungRetry}, ReasonThrottled, RungRetry},
		{"a template error is the end", Assessed{Verdict: Failed}, redeploy, []Rung{RungRetry}, ReasonTemplate, RungQuarantine},
		{"an inoperable instance is deleted and created again once", Assessed{Verdict: Inoperable}, redeploy, nil, ReasonUnknown, RungRedeploy},
		{"and only once", Assessed{Verdict: Inoperable}, redeploy, []Rung{RungRedeploy}, ReasonUnknown, RungQuarantine},
		{"an inoperable instance whose export is in use is the end without importers", Assessed{Verdict: Inoperable}, redeploy, nil, ReasonExportInUse, RungQuarantine},
		{"an orphan that cannot be let go of is the end", Assessed{Verdict: Orphan, Rung: RungDetach}, notify, []Rung{RungDetach}, ReasonUnknown, RungQuarantine},
		{"an orphan throttled is let go of again", Assessed{Verdict: Orphan, Rung: RungDetach}, notify, []Rung{RungDetach}, ReasonThrottled, RungDetach},
		{"an orphan in a live account is never let go of when its removal fails", Assessed{Verdict: Orphan, Rung: RungRemove}, redeploy, []Rung{RungRemove}, ReasonExportInUse, RungQuarantine},
		{"a healthy cell needs no rung", Assessed{Verdict: Healthy}, redeploy, nil, "", RungQuarantine},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			if got := Next(test.cell, test.policy, test.tried, test.class); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestTheLadderEndsInQuarantineWhateverFails(t *testing.T) {
	policies := []SetPolicy{{Healing: HealRedeploy, MemberRole: "x"}, {Healing: HealRevert, MemberRole: "x"}, {Healing: HealRedeploy}, {Healing: HealNotify}, {Healing: HealOff}}
	for _, verdict := range Verdicts {
		for class := range meanings {
			for _, sp := range policies {
				c := Assessed{Verdict: verdict, Rung: RungDetach, Importers: []fleet.StackSetName{"x"}}
				var tried []Rung
				rung := Next(c, sp, tried, "")
				for ; rung != RungQuarantine && len(tried) < 20; rung = Next(c, sp, tried, class) {
					tried = append(tried, rung)
				}
				if rung != RungQuarantine {
					t.Errorf("%s, %s, %s: still at %s after %v", verdict, class, sp.Healing, rung, tried)
				}
				if !slices.IsSortedFunc(tried, func(a, b Rung) int { return slices.Index(harshness, a) - slices.Index(harshness, b) }) {
					t.Errorf("%s, %s: the ladder goes down: %v", verdict, class, tried)
				}
				if deletes := slices.Contains(tried, RungRedeploy) || slices.Contains(tried, RungRemove); deletes && sp.Healing != HealRedeploy {
					t.Errorf("%s, %s: deletes although healing is %s", verdict, class, sp.Healing)
				}
			}
		}
	}
}
