package heal_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/plan"
)

// TestVerdicts states for every verdict how a cell comes to it, what is done, and
// how it ends. The cell is the first account's of a set of 25; the last is healthy.
func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		promise  string
		policy   string
		arrange  func(w *world, account string)
		before   plan.Verdict
		remedies []plan.Remedy
		after    plan.Verdict
	}{
		{"healthy: what is current and in sync is left alone", "", func(w *world, a string) { w.instance("queue", a, awssim.InstanceSeed{}) },
			plan.Healthy, nil, plan.Healthy},
		{"missing: what is mandatory and not there is deployed", "", func(w *world, a string) {},
			plan.Missing, []plan.Remedy{plan.RemedyDeploy}, plan.Healthy},
		{"orphan: what sits in a suspended account is let go of", "", func(w *world, a string) {
			w.instance("queue", a, awssim.InstanceSeed{})
			w.locked(func() error { return w.aws.Organization().Suspend(a) })
		}, plan.Orphan, []plan.Remedy{plan.RemedyDetach}, plan.Healthy},
		{"orphan: what sits in a closed account is let go of", "", func(w *world, a string) {
			w.instance("queue", a, awssim.InstanceSeed{})
			w.locked(func() error { return w.aws.Organization().SetState(a, "CLOSED") })
		}, plan.Orphan, []plan.Remedy{plan.RemedyDetach}, plan.Healthy},
		{"orphan: what moved out of the OUs is removed where the policy says so", "accounts: {moved: remove}", func(w *world, a string) {
			w.instance("queue", a, awssim.InstanceSeed{})
			w.locked(func() error { return w.aws.Organization().Move(a, w.aws.Organization().Root()) })
		}, plan.Orphan, []plan.Remedy{plan.RemedyRemove}, plan.Healthy},
		{"blocked: what moved out of the OUs is held where the policy says nothing", "", func(w *world, a string) {
			w.instance("queue", a, awssim.InstanceSeed{})
			w.locked(func() error { return w.aws.Organization().Move(a, w.aws.Organization().Root()) })
		}, plan.Blocked, nil, plan.Blocked},
		{"blocked: an account on its way to closure is never acted on", "", func(w *world, a string) {
			w.instance("queue", a, awssim.InstanceSeed{})
			w.locked(func() error { return w.aws.Organization().SetState(a, "PENDING_CLOSURE") })
		}, plan.Blocked, nil, plan.Blocked},
		{"failed: what its last operation failed at is retried", "", func(w *world, a string) {
			w.instance("queue", a, awssim.InstanceSeed{Status: "OUTDATED", Reason: "Internal failure"})
		}, plan.Failed, []plan.Remedy{plan.RemedyRetry}, plan.Healthy},
		{"stale: what an operation was cancelled before is brought up to date", "", func(w *world, a string) {
			w.instance("queue", a, awssim.InstanceSeed{Status: "OUTDATED", Detailed: "CANCELLED", Reason: "Cancelled since failure tolerance has exceeded"})
		}, plan.Outdated, []plan.Remedy{plan.RemedyRetry}, plan.Healthy},
		{"inoperable: what a deletion failed at is deleted and created again", "", func(w *world, a string) {
			w.instance("queue", a, awssim.InstanceSeed{Status: "INOPERABLE", Reason: "Internal failure"})
		}, plan.Inoperable, []plan.Remedy{plan.RemedyRedeploy}, plan.Healthy},
		{"drifted: what differs from its template is put right", "", func(w *world, a string) {
			w.instance("queue", a, awssim.InstanceSeed{})
			w.drift("queue", a)
		}, plan.Drifted, []plan.Remedy{plan.RemedyRedeploy}, plan.Healthy},
		{"notChecked: what AWS could not check stays unchecked and is not acted on", "stackSets: [{match: '*', healing: notify}]", func(w *world, a string) {
			w.instance("queue", a, awssim.InstanceSeed{})
			w.locked(func() error { w.aws.Access().RemoveRole(a, "stacksets-exec"); return nil })
		}, plan.NotChecked, nil, plan.NotChecked},
	} {
		t.Run(c.promise, func(t *testing.T) {
			scenario(t, func(w *world) {
				if c.policy != "" {
					w.setPolicy("version: 1\n" + c.policy)
				}
				accounts := w.accounts(25)
				w.stackSet("queue", accounts[1:])
				c.arrange(w, accounts[0])
				r := w.heal(heal.Options{})
				got := cell(t, r, "queue", accounts[0])
				if got.Before != c.before || got.Verdict != c.after {
					t.Errorf("found %s, left %s (%s); want %s, %s", got.Before, got.Verdict, got.Reason, c.before, c.after)
				}
				if diff := cmp.Diff(c.remedies, remedies(r, "queue", accounts[0])); diff != "" {
					t.Errorf("remedies (-want +got):\n%s", diff)
				}
				if other := cell(t, r, "queue", accounts[24]); other.Verdict != plan.Healthy || len(other.Steps) > 0 {
					t.Errorf("the healthy neighbour: %s, %v", other.Verdict, other.Steps)
				}
			})
		})
	}
}
