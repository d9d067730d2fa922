package plan

import (
	"slices"
	"testing"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

func TestNext(t *testing.T) {
	redeploy := policy.Set{Healing: policy.HealRedeploy}
	both := policy.Set{Healing: policy.HealRedeploy, MemberRole: "Healer"}
	revert := policy.Set{Healing: policy.HealRevert, MemberRole: "Healer"}
	protected := policy.Set{Healing: policy.HealRedeploy, MemberRole: "Healer", Protected: true}
	notify := policy.Set{Healing: policy.HealNotify, MemberRole: "Healer"}
	importers := []fleet.StackSetName{"hosts"}
	tests := []struct {
		promise string
		cell    Assessed
		policy  policy.Set
		tried   []Remedy
		class   ReasonClass
		want    Remedy
	}{
		{"a missing instance is deployed", Assessed{Verdict: Missing}, notify, nil, "", RemedyDeploy},
		{"a failed deployment is retried", Assessed{Verdict: Missing}, notify, []Remedy{RemedyDeploy}, ReasonUnknown, RemedyRetry},
		{"a failed deployment that a retry did not help is given up", Assessed{Verdict: Missing}, redeploy, []Remedy{RemedyDeploy, RemedyRetry}, ReasonUnknown, RemedyQuarantine},
		{"a denied deployment waits for its cause, and is tried again", Assessed{Verdict: Missing}, redeploy, []Remedy{RemedyDeploy}, ReasonDenied, RemedyDeploy},
		{"a throttled deployment is deployed again", Assessed{Verdict: Missing}, redeploy, []Remedy{RemedyDeploy}, ReasonThrottled, RemedyDeploy},
		{"drift is reverted first", Assessed{Verdict: Drifted}, both, nil, "", RemedyRevert},
		{"a refused revert is followed by a redeployment", Assessed{Verdict: Drifted}, both, []Remedy{RemedyRevert}, ReasonRevertRefused, RemedyRedeploy},
		{"a refused revert is the end where nothing may be deleted", Assessed{Verdict: Drifted}, revert, []Remedy{RemedyRevert}, ReasonRevertRefused, RemedyQuarantine},
		{"a refused revert is the end in a protected set", Assessed{Verdict: Drifted}, protected, []Remedy{RemedyRevert}, ReasonRevertRefused, RemedyQuarantine},
		{"without a member role drift is redeployed", Assessed{Verdict: Drifted}, redeploy, nil, "", RemedyRedeploy},
		{"a failed redeployment is the end", Assessed{Verdict: Drifted}, redeploy, []Remedy{RemedyRedeploy}, ReasonUnknown, RemedyQuarantine},
		{"a masked override is the end", Assessed{Verdict: Drifted}, both, []Remedy{RemedyRevert}, ReasonMaskedOverride, RemedyQuarantine},
		{"an export in use can be redeployed where the importers go along", Assessed{Verdict: Drifted, Importers: importers}, both, []Remedy{RemedyRevert}, ReasonExportInUse, RemedyRedeploy},
		{"an export in use by what is not known cannot", Assessed{Verdict: Drifted}, both, []Remedy{RemedyRevert}, ReasonExportInUse, RemedyQuarantine},
		{"a stack that is pinned is not redeployed", Assessed{Verdict: Drifted, Pinned: "hosts imports from it"}, both, []Remedy{RemedyRevert}, ReasonRevertRefused, RemedyQuarantine},
		{"a failure is retried, then redeployed", Assessed{Verdict: Failed}, both, []Remedy{RemedyRetry}, ReasonUnknown, RemedyRedeploy},
		{"a stack that is stuck is redeployed after the retry", Assessed{Verdict: Failed}, redeploy, []Remedy{RemedyRetry}, ReasonStackStuck, RemedyRedeploy},
		{"a stack that is gone is redeployed at once", Assessed{Verdict: Failed}, both, nil, ReasonStackGone, RemedyRedeploy},
		{"a stack that is gone is the end where nothing may be redeployed", Assessed{Verdict: Failed}, revert, nil, ReasonStackGone, RemedyQuarantine},
		{"a taken name waits, and is not redeployed", Assessed{Verdict: Failed}, redeploy, []Remedy{RemedyRetry}, ReasonNameCollision, RemedyRetry},
		{"a quota that is used up is tried again, never redeployed", Assessed{Verdict: Failed}, redeploy, []Remedy{RemedyRetry}, ReasonQuota, RemedyRetry},
		{"a quota waits for as long as it takes", Assessed{Verdict: Failed}, redeploy, []Remedy{RemedyRetry, RemedyRetry, RemedyRetry}, ReasonQuota, RemedyRetry},
		{"patience with throttling ends", Assessed{Verdict: Failed}, redeploy, []Remedy{RemedyRetry, RemedyRetry, RemedyRetry}, ReasonThrottled, RemedyQuarantine},
		{"a revert that could not be tried is no licence to delete", Assessed{Verdict: Drifted}, both, []Remedy{RemedyRevert}, ReasonCouldNotTry, RemedyRevert},
		{"a revert that an SCP denies is no licence to delete", Assessed{Verdict: Drifted}, both, []Remedy{RemedyRevert}, ReasonDenied, RemedyRevert},
		{"a stack that holds data is reverted, and not redeployed", Assessed{Verdict: Drifted, Kept: ReasonHoldsData}, both, []Remedy{RemedyRevert}, ReasonRevertRefused, RemedyQuarantine},
		{"a stack that holds data is left to a person where it cannot be reverted", Assessed{Verdict: Drifted, Kept: ReasonHoldsData}, redeploy, nil, "", RemedyQuarantine},
		{"throttling is tried again, and no remedy is skipped for it", Assessed{Verdict: Failed}, redeploy, []Remedy{RemedyRetry, RemedyRetry}, ReasonThrottled, RemedyRetry},
		{"a template error waits for another template", Assessed{Verdict: Failed}, redeploy, []Remedy{RemedyRetry}, ReasonTemplate, RemedyRetry},
		{"a failed import is the end", Assessed{Verdict: Inoperable}, redeploy, nil, ReasonImportFailed, RemedyQuarantine},
		{"an inoperable instance is deleted and created again once", Assessed{Verdict: Inoperable}, redeploy, nil, ReasonUnknown, RemedyRedeploy},
		{"and only once", Assessed{Verdict: Inoperable}, redeploy, []Remedy{RemedyRedeploy}, ReasonUnknown, RemedyQuarantine},
		{"an inoperable instance whose export is in use is the end without importers", Assessed{Verdict: Inoperable}, redeploy, nil, ReasonExportInUse, RemedyQuarantine},
		{"an orphan that cannot be let go of is the end", Assessed{Verdict: Orphan, Remedy: RemedyDetach}, notify, []Remedy{RemedyDetach}, ReasonUnknown, RemedyQuarantine},
		{"an orphan throttled is let go of again", Assessed{Verdict: Orphan, Remedy: RemedyDetach}, notify, []Remedy{RemedyDetach}, ReasonThrottled, RemedyDetach},
		{"an orphan in a live account is never let go of when its removal fails", Assessed{Verdict: Orphan, Remedy: RemedyRemove}, redeploy, []Remedy{RemedyRemove}, ReasonExportInUse, RemedyQuarantine},
		{"a stuck rollback is continued before anything else", Assessed{Verdict: Failed, Class: ReasonRollbackFailed}, both, nil, ReasonRollbackFailed, RemedyContinue},
		{"a retry that meets a stuck rollback is followed by continuing it", Assessed{Verdict: Failed}, both, []Remedy{RemedyRetry}, ReasonRollbackFailed, RemedyContinue},
		{"once it is continued, the retry is due", Assessed{Verdict: Failed, Class: ReasonRollbackFailed}, both, []Remedy{RemedyContinue}, ReasonDriftedAgain, RemedyRetry},
		{"a rollback that fails again waits for its cause", Assessed{Verdict: Failed}, both, []Remedy{RemedyContinue}, ReasonRollbackFailed, RemedyContinue},
		{"without a member role, the retry waits for a person to continue it", Assessed{Verdict: Failed, Class: ReasonRollbackFailed}, redeploy, []Remedy{RemedyRetry}, ReasonRollbackFailed, RemedyRetry},
		{"a revert that got stuck is continued", Assessed{Verdict: Drifted}, both, []Remedy{RemedyRevert}, ReasonRollbackFailed, RemedyContinue},
		{"a drifted stack that cannot be continued is not redeployed", Assessed{Verdict: Drifted}, both, []Remedy{RemedyRevert, RemedyContinue}, ReasonUnknown, RemedyQuarantine},
		{"a drifted stack known to be stuck is not redeployed", Assessed{Verdict: Drifted}, redeploy, nil, ReasonRollbackFailed, RemedyQuarantine},
		{"nothing is continued where healing is off", Assessed{Verdict: Failed, Class: ReasonRollbackFailed}, policy.Set{Healing: policy.HealOff, MemberRole: "x"}, nil, ReasonRollbackFailed, RemedyQuarantine},
		{"a healthy cell needs no remedy", Assessed{Verdict: Healthy}, redeploy, nil, "", RemedyQuarantine},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			if got := Next(test.cell, test.policy, test.tried, test.class); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestWhateverFailsEndsInQuarantineOrWaitsForItsCause(t *testing.T) {
	policies := []policy.Set{{Healing: policy.HealRedeploy, MemberRole: "x"}, {Healing: policy.HealRevert, MemberRole: "x"}, {Healing: policy.HealRedeploy}, {Healing: policy.HealNotify}, {Healing: policy.HealOff}}
	for _, verdict := range Verdicts {
		for class := range meanings {
			for _, sp := range policies {
				c := Assessed{Verdict: verdict, Remedy: RemedyDetach, Importers: []fleet.StackSetName{"x"}}
				var tried []Remedy
				remedy := Next(c, sp, tried, "")
				for ; remedy != RemedyQuarantine && len(tried) < 20; remedy = Next(c, sp, tried, class) {
					tried = append(tried, remedy)
				}
				if n := len(tried); n > 1 && tried[1] == RemedyContinue && class == ReasonRollbackFailed {
					tried = tried[1:] // the way is cleared first, and AWS refuses all else until it is
				}
				switch {
				case remedy == RemedyQuarantine:
				case !class.Outside(): // what lies outside is tried again for as long as it takes
					t.Errorf("%s, %s, %s: still at %s after %v", verdict, class, sp.Healing, remedy, tried)
				case slices.ContainsFunc(tried[1:], func(r Remedy) bool { return r != tried[0] }):
					t.Errorf("%s, %s, %s: %v is tried in turn for a cause outside", verdict, class, sp.Healing, tried)
				}
				if !slices.IsSortedFunc(tried, func(a, b Remedy) int { return slices.Index(remedies, a) - slices.Index(remedies, b) }) {
					t.Errorf("%s, %s: the ladder goes down: %v", verdict, class, tried)
				}
				if deletes := slices.Contains(tried, RemedyRedeploy) || slices.Contains(tried, RemedyRemove); deletes && sp.Healing != policy.HealRedeploy {
					t.Errorf("%s, %s: deletes although healing is %s", verdict, class, sp.Healing)
				}
			}
		}
	}
}
