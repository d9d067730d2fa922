package plan

import (
	"slices"
	"testing"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// TestPendingRestores states what becomes of an instance that a run deleted to redeploy it
// and that was never created again.
func TestPendingRestores(t *testing.T) {
	here := at(1, frankfurt)
	owes := Memory{PendingRestores: map[fleet.Cell][]fleet.Parameter{{StackSet: "logs", Target: here}: {{Key: "Days", Value: "30"}}}}
	tests := []struct {
		promise string
		policy  string
		fleet   func(*fleet.Fleet, *fleet.Inventory)
		verdict Verdict // "" for no cell
		acts    []string
	}{
		{promise: "it is created again although nothing makes it mandatory", verdict: Missing, acts: []string{"deploy logs"}},
		{promise: "it is created again although healing is off by now", policy: "defaults: {healing: off}", verdict: Missing, acts: []string{"deploy logs"}},
		{
			promise: "it is created again in quiet hours: they are against taking down, not against putting back",
			policy:  "defaults: {quietHours: [{from: '00:00', to: '23:59'}]}",
			verdict: Missing, acts: []string{"deploy logs"},
		},
		{
			promise: "it is created again although the set has a contradiction by now",
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { s.StackSet.Tags["dependson"] = "nowhere" },
			verdict: Missing, acts: []string{"deploy logs"},
		},
		{
			promise: "it waits for somebody else's operation",
			fleet: func(_ *fleet.Fleet, s *fleet.Inventory) {
				s.Running = []fleet.Operation{{ID: "theirs", Status: fleet.OperationRunning}}
			},
			verdict: Missing,
		},
		{
			promise: "it waits while its account is suspended",
			fleet:   func(f *fleet.Fleet, _ *fleet.Inventory) { setState(f, member(1), fleet.AccountSuspended) },
			verdict: Blocked,
		},
		{
			promise: "it waits while nothing is known of its account",
			fleet:   func(f *fleet.Fleet, _ *fleet.Inventory) { delete(f.Organization.Accounts, member(1)) },
			verdict: Blocked,
		},
		{
			promise: "an account that left gets nothing back",
			fleet:   func(f *fleet.Fleet, _ *fleet.Inventory) { leave(f, member(1)) },
		},
		{
			promise: "it is retried where its creation failed",
			fleet: func(_ *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here, failedFor("Internal failure"), func(i *fleet.Instance) { i.StackID = "" })
			},
			verdict: Failed, acts: []string{"retry logs"},
		},
		{
			promise: "it is as healthy as any when it is back",
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here) },
			verdict: Healthy,
		},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			f := newFleet(3)
			set := addSet(f, "logs")
			if test.fleet != nil {
				test.fleet(f, set)
			}
			a, p := decide(f, policyText(t, test.policy), owes)
			c := cellAt(a, "logs", here)
			if c.Verdict != test.verdict || c.PendingRestore != (test.verdict != "") || !slices.Equal(order(p), test.acts) {
				t.Errorf("%q, pending %t, actions %v; want %q and %v\nreason: %s", c.Verdict, c.PendingRestore, order(p), test.verdict, test.acts, c.Reason)
			}
		})
	}
	t.Run("it is restored once where it is mandatory as well", func(t *testing.T) {
		f := newFleet(1)
		addSet(f, "logs", "mandatory=true")
		a, _ := decide(f, policy.Default(), owes)
		if len(a.Cells) != 1 || !a.Cells[0].PendingRestore {
			t.Errorf("cells %v", a.Cells)
		}
	})
}
