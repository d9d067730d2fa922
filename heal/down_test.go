package heal_test

import (
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/plan"
)

// What is down already, and what a canary proves. The soak found all of these.

// TestWhatCouldNotBeCreatedAgainCountsAmongWhatIsDown: of ten instances one may
// be down; when one cannot come back, for its account's own reason, no other is
// taken down, in this run or the next.
func TestWhatCouldNotBeCreatedAgainCountsAmongWhatIsDown(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(12)
		w.stackSet("queue", accounts)
		w.drift("queue", accounts[0])
		w.drift("queue", accounts[1])
		w.locked(func() error {
			w.aws.Access().AddSCP(awssim.SCP{Target: accounts[0], Action: "sqs:CreateQueue"})
			return nil
		})
		r := w.heal(heal.Options{})
		if n := len(w.calls("DeleteStackInstances")); n != 1 || trip(t, r, plan.GuardUnavailable).Reason == "" {
			t.Errorf("%d deletions, want 1; guards %+v", n, r.Guards)
		}
		w.heal(heal.Options{})
		if n := len(w.calls("DeleteStackInstances")); n != 1 {
			t.Errorf("%d deletions after the next run, want 1", n)
		}
		if r := w.heal(heal.Options{Accept: []string{plan.GuardUnavailable.Of("queue")}}); cell(t, r, "queue", accounts[1]).Verdict != plan.Healthy {
			t.Errorf("accepted: %+v", r.After)
		}
	})
}

// TestACanaryThatCouldNotBeDeletedIsFollowedByAnother: it has not shown that what
// is deleted can be created again.
func TestACanaryThatCouldNotBeDeletedIsFollowedByAnother(t *testing.T) {
	scenario(t, func(w *world) {
		w.setPolicy(`{version: 1, stackSets: [{match: "*", canaryFrom: 3, maxUnavailable: 100%, massDrift: 100%}]}`)
		accounts := w.accounts(12)
		w.stackSet("queue", accounts)
		for _, a := range accounts[:6] {
			w.drift("queue", a)
		}
		w.locked(func() error {
			w.aws.Access().AddSCP(awssim.SCP{Target: accounts[0], Action: "sqs:DeleteQueue"})
			return nil
		})
		r := w.heal(heal.Options{})
		var sizes []string
		for _, c := range w.calls("DeleteStackInstances") {
			sizes = append(sizes, c.Params["DeploymentTargets.Accounts"])
		}
		if len(sizes) != 3 || sizes[0] != accounts[0] || sizes[1] != accounts[1] || r.After.Healthy != 11 {
			t.Errorf("deleted, one operation after another: %q; %+v", sizes, r.After)
		}
	})
}

func TestWhatGoesAlongKeepsItsOwnPreferences(t *testing.T) {
	scenario(t, func(w *world) {
		w.setPolicy(`{version: 1, stackSets: [{match: app, preferences: {maxConcurrentPercentage: 7}}]}`)
		accounts := w.accounts(6)
		w.exporting(accounts)
		w.drift("base", accounts[0])
		w.healWatched(&watched{beforeChange: func(c fleet.InstanceChange) {
			if want := map[fleet.StackSetName]int{"app": 7, "base": 100}[c.StackSet]; c.Preferences.MaxConcurrentPercentage != want {
				t.Errorf("%s on %s with %d %% at once, want %d", c.Kind, c.StackSet, c.Preferences.MaxConcurrentPercentage, want)
			}
		}}, heal.Options{})
		if len(w.calls("DeleteStackInstances")) != 2 {
			t.Error("the two were not redeployed together")
		}
	})
}

func TestWhatFailedWhileItsAccountWasSuspendedIsHealedOnceItIsActive(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:])
		w.instance("queue", accounts[0], awssim.InstanceSeed{Status: "INOPERABLE", Reason: "ACCOUNT_SUSPENDED"})
		r := w.heal(heal.Options{})
		if got := cell(t, r, "queue", accounts[0]); got.Verdict != plan.Healthy {
			t.Errorf("%s: %s", got.Verdict, got.Reason)
		}
	})
}
