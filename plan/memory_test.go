package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// heal is one attempt, so long ago; reason is AWS's if it failed.
func heal(ago time.Duration, remedy Remedy, verdict Verdict, reason string) Heal {
	h := Heal{At: noon.Add(-ago), Remedy: remedy, Verdict: verdict, OK: reason == ""}
	if reason != "" {
		h.Reason, h.Class = reason, Classify(reason)
	}
	return h
}

// TestMemory states what earlier heals make of a cell that is drifted now.
func TestMemory(t *testing.T) {
	const fault = "Internal failure"
	tests := []struct {
		promise   string
		heals     []Heal
		cell      CellMemory // without heals
		policy    string
		now       func(*fleet.Instance) // drifted by default
		verdict   Verdict
		remedy    Remedy
		notBefore time.Duration // after noon
		reason    string
	}{
		{
			promise: "a first heal goes ahead at once",
			verdict: Drifted, remedy: RemedyRedeploy,
		},
		{
			promise: "a second heal waits five minutes after the first",
			heals:   []Heal{heal(2*time.Minute, RemedyRedeploy, Drifted, "")},
			verdict: Drifted, remedy: RemedyRedeploy, notBefore: 3 * time.Minute,
		},
		{
			promise: "a third heal waits ten minutes after the second",
			heals:   []Heal{heal(30*time.Minute, RemedyRedeploy, Drifted, ""), heal(time.Minute, RemedyRedeploy, Drifted, "")},
			verdict: Drifted, remedy: RemedyRedeploy, notBefore: 9 * time.Minute,
		},
		{
			promise: "when the wait is over the heal goes ahead",
			heals:   []Heal{heal(6*time.Minute, RemedyRedeploy, Drifted, "")},
			verdict: Drifted, remedy: RemedyRedeploy,
		},
		{
			promise: "three heals in a day that did not last are enough",
			heals: []Heal{heal(9*time.Hour, RemedyRedeploy, Drifted, ""), heal(6*time.Hour, RemedyRedeploy, Drifted, ""),
				heal(3*time.Hour, RemedyRedeploy, Drifted, "")},
			verdict: Quarantined, remedy: RemedyQuarantine, reason: "3 heals within 24 hours did not last",
		},
		{
			promise: "three failed heals in a day are enough",
			heals: []Heal{heal(9*time.Hour, RemedyRedeploy, Drifted, fault), heal(6*time.Hour, RemedyRedeploy, Drifted, fault),
				heal(3*time.Hour, RemedyRedeploy, Drifted, fault)},
			verdict: Quarantined, remedy: RemedyQuarantine, reason: fault,
		},
		{
			promise: "heals of more than a day ago do not count",
			heals: []Heal{heal(50*time.Hour, RemedyRedeploy, Drifted, ""), heal(40*time.Hour, RemedyRedeploy, Drifted, ""),
				heal(30*time.Hour, RemedyRedeploy, Drifted, "")},
			verdict: Drifted, remedy: RemedyRedeploy,
		},
		{
			promise: "climbing the ladder counts as one heal",
			policy:  "defaults: {memberRole: Healer}",
			heals:   []Heal{heal(9*time.Hour, RemedyRevert, Drifted, fault), heal(8*time.Hour, RemedyRedeploy, Drifted, ""), heal(7*time.Hour, RemedyRevert, Drifted, "")},
			verdict: Drifted, remedy: RemedyRedeploy,
		},
		{
			promise: "a revert that did not last is followed by a redeployment",
			policy:  "defaults: {memberRole: Healer}",
			heals:   []Heal{heal(time.Hour, RemedyRevert, Drifted, "")},
			verdict: Drifted, remedy: RemedyRedeploy,
		},
		{
			promise: "a revert that failed is followed by a redeployment",
			policy:  "defaults: {memberRole: Healer}",
			heals:   []Heal{heal(time.Hour, RemedyRevert, Drifted, fault)},
			verdict: Drifted, remedy: RemedyRedeploy,
		},
		{
			promise: "a harsher remedy after one that failed need not wait",
			policy:  "defaults: {memberRole: Healer}",
			heals:   []Heal{heal(time.Minute, RemedyRevert, Drifted, fault)},
			verdict: Drifted, remedy: RemedyRedeploy,
		},
		{
			promise: "a throttled heal is repeated, not made harsher",
			policy:  "defaults: {memberRole: Healer}",
			heals:   []Heal{heal(time.Hour, RemedyRevert, Drifted, "Rate exceeded")},
			verdict: Drifted, remedy: RemedyRevert,
		},
		{
			promise: "a denied heal ends in quarantine at once",
			heals:   []Heal{heal(time.Hour, RemedyRedeploy, Drifted, "Access Denied")},
			verdict: Quarantined, remedy: RemedyQuarantine, reason: "Access Denied",
		},
		{
			promise: "the policy says how many heals are enough, and within what time",
			policy:  "defaults: {quarantine: {heals: 2, window: 72h}}",
			heals:   []Heal{heal(60*time.Hour, RemedyRedeploy, Drifted, ""), heal(50*time.Hour, RemedyRedeploy, Drifted, "")},
			verdict: Quarantined, remedy: RemedyQuarantine, reason: "2 heals within 72 hours",
		},
		{
			promise: "a quarantined cell stays so, and nothing more is to be recorded",
			cell:    CellMemory{Quarantined: noon.Add(-90 * time.Hour), Reason: "It drifts again and again.", Class: ReasonDriftedAgain, Verdict: Drifted},
			verdict: Quarantined, reason: "drifts again",
		},
		{
			promise: "a quarantined cell that is healthy is forgiven",
			cell:    CellMemory{Quarantined: noon.Add(-time.Hour), Verdict: Drifted},
			now:     func(*fleet.Instance) {},
			verdict: Healthy,
		},
		{
			promise: "a quarantined cell whose drift is not known stays so",
			cell:    CellMemory{Quarantined: noon.Add(-time.Hour), Verdict: Drifted},
			now:     func(i *fleet.Instance) { i.Drift = fleet.DriftNotChecked },
			verdict: Quarantined,
		},
		{
			promise: "a released cell is healed again, whatever was before",
			cell:    CellMemory{Quarantined: noon.Add(-2 * time.Hour), Verdict: Drifted, Released: noon.Add(-time.Hour)},
			heals:   []Heal{heal(4*time.Hour, RemedyRedeploy, Drifted, "Access Denied")},
			verdict: Drifted, remedy: RemedyRedeploy,
		},
		{
			promise: "a released cell that was denied is tried once more",
			cell:    CellMemory{Released: noon.Add(-time.Hour)},
			now:     failedFor("Access Denied"),
			verdict: Failed, remedy: RemedyRetry,
		},
		{
			promise: "a failed retry is followed by a redeployment",
			heals:   []Heal{heal(time.Hour, RemedyRetry, Failed, fault)},
			now:     failedFor(fault),
			verdict: Failed, remedy: RemedyRedeploy,
		},
		{
			promise: "a failed retry for a name that is taken is not followed by a redeployment",
			heals:   []Heal{heal(time.Hour, RemedyRetry, Failed, "bucket already exists")},
			now:     failedFor("bucket already exists"),
			verdict: Failed, remedy: RemedyQuarantine,
		},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			f := newFleet(1)
			change := test.now
			if change == nil {
				change = drifted
			}
			deployed(addSet(f, "baseline", "selfhealing=true"), at(1, frankfurt), change)
			test.cell.Heals = test.heals
			a, p := decide(f, policyText(t, test.policy), remembered("baseline", at(1, frankfurt), test.cell))
			got := a.Cells[0]
			if got.Verdict != test.verdict || got.Remedy != test.remedy {
				t.Errorf("got %q, remedy %q; want %q, %q\nreason: %s", got.Verdict, got.Remedy, test.verdict, test.remedy, got.Reason)
			}
			want := time.Time{}
			if test.notBefore > 0 {
				want = noon.Add(test.notBefore)
			}
			if !got.NotBefore.Equal(want) {
				t.Errorf("not before %s, want %s", got.NotBefore, want)
			}
			if acts := len(healing(p)) > 0; acts != (test.remedy != "" && test.notBefore == 0) {
				t.Errorf("actions %v: a remedy is taken when its time has come, and not before", p.Actions)
			}
			if !strings.Contains(got.Reason, test.reason) {
				t.Errorf("reason %q does not say %q", got.Reason, test.reason)
			}
		})
	}
}

func TestAnOrphanIsNotHeldToWhatFailedWhileItBelongedThere(t *testing.T) {
	f := newFleet(1)
	deployed(addSet(f, "baseline", "selfhealing=true"), at(1, frankfurt), drifted)
	leave(f, member(1))
	m := remembered("baseline", at(1, frankfurt), CellMemory{
		Quarantined: noon.Add(-time.Hour), Verdict: Drifted,
		Heals: []Heal{heal(time.Hour, RemedyRedeploy, Drifted, "Access Denied")},
	})
	_, p := decide(f, policy.Default(), m)
	if len(p.Actions) != 1 || p.Actions[0].Remedy != RemedyDetach {
		t.Errorf("actions %+v, want one detachment", p.Actions)
	}
}

func TestAnOrphanThatCannotBeLetGoOfIsQuarantined(t *testing.T) {
	f := newFleet(1)
	deployed(addSet(f, "baseline"), at(1, frankfurt))
	leave(f, member(1))
	fail := func(ago time.Duration) Heal { return heal(ago, RemedyDetach, Orphan, "Internal failure") }
	m := remembered("baseline", at(1, frankfurt), CellMemory{Heals: []Heal{fail(3 * time.Hour), fail(2 * time.Hour), fail(time.Hour)}})
	a, _ := decide(f, policy.Default(), m)
	if c := a.Cells[0]; c.Verdict != Quarantined || !c.Attention {
		t.Errorf("got %s: %s", c.Verdict, c.Reason)
	}
}

func TestWaitsDoubleUpToAQuarterOfTheWindow(t *testing.T) {
	q := policy.Quarantine{Window: 24 * time.Hour, Backoff: 5 * time.Minute}
	want := []time.Duration{5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 40 * time.Minute, 80 * time.Minute, 160 * time.Minute, 320 * time.Minute, 6 * time.Hour, 6 * time.Hour}
	for i, wait := range want {
		if got := q.Wait(i + 1); got != wait {
			t.Errorf("after heal %d: %s, want %s", i+1, got, wait)
		}
	}
}

func TestObserveKeepsWhenAnAccountWasFirstSeenSo(t *testing.T) {
	f := newFleet(2)
	setState(f, member(1), fleet.AccountSuspended)
	first := Memory{}.Observe(f, noon)
	second := first.Observe(f, noon.Add(time.Hour))
	if !second.Since[member(1)].Equal(noon) {
		t.Errorf("since %s, want noon", second.Since[member(1)])
	}
	setState(f, member(1), fleet.AccountActive)
	if third := second.Observe(f, noon); len(third.Since) != 0 {
		t.Errorf("since %v, want it forgotten when the account is active again", third.Since)
	}
	if len(second.Accounts) != 3 {
		t.Errorf("%d accounts, want two members and the management account", len(second.Accounts))
	}
}
