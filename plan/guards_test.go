package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// TestGuards states what hits each guard and what does not, and that a tripped
// guard holds back its own stack set and leaves the others alone, until accepted.
// Beside the set "baseline" under test, "other" has one drifted instance of 20
// that is always to be healed.
func TestGuards(t *testing.T) {
	someDrifted := func(n, of int) func(*fleet.Fleet, *fleet.Inventory, *Memory) {
		return func(_ *fleet.Fleet, s *fleet.Inventory, _ *Memory) {
			fill(s, of)
			fill(s, n, drifted)
		}
	}
	someLeft := func(n, of int) func(*fleet.Fleet, *fleet.Inventory, *Memory) {
		return func(f *fleet.Fleet, s *fleet.Inventory, m *Memory) {
			*m = m.Observe(f, noon.Add(-time.Hour))
			fill(s, of)
			for i := range n {
				leave(f, member(100-i))
				deployed(s, at(100-i, frankfurt))
			}
		}
	}
	running := func(o fleet.Operation) func(*fleet.Fleet, *fleet.Inventory, *Memory) {
		return func(f *fleet.Fleet, s *fleet.Inventory, m *Memory) {
			someDrifted(1, 20)(f, s, m)
			s.Running = []fleet.Operation{o}
		}
	}
	tests := []struct {
		promise string
		policy  string
		fleet   func(*fleet.Fleet, *fleet.Inventory, *Memory)
		guard   Guard // that hits, "" for none
		global  bool  // for the run, not the set
		waits   bool
		held    bool // baseline is left alone although there is something to do
		others  bool // and the other set as well
	}{
		{promise: "20 % drifted is no mass", fleet: someDrifted(20, 100)},
		{promise: "21 % drifted stops the set", fleet: someDrifted(21, 100), guard: GuardMassDrift, held: true},
		{promise: "four drifted instances are no mass whatever their share", fleet: someDrifted(4, 5)},
		{promise: "five drifted of six are", fleet: someDrifted(5, 6), guard: GuardMassDrift, held: true},
		{
			promise: "what the run has removed already counts in the mass of removals",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory, m *Memory) {
				someLeft(1, 15)(f, s, m)
				m.Removed = map[fleet.StackSetName]int{"baseline": 4}
			},
			guard: GuardMassRemoval, held: true,
		},
		{promise: "the policy moves the limit of mass drift", policy: "defaults: {massDrift: 50%}", fleet: someDrifted(21, 100)},
		{promise: "the limit may be a number", policy: "defaults: {massDrift: 7}", fleet: someDrifted(8, 100), guard: GuardMassDrift, held: true},
		{
			promise: "drifted instances that are blocked for another reason count in the mass",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory, m *Memory) {
				someDrifted(21, 100)(f, s, m)
				opposite := addSet(f, "opposite", "antidependson=baseline")
				fill(opposite, 20)
			},
			guard: GuardMassDrift, held: true,
		},
		{promise: "a few accounts that left are cleaned up after", fleet: someLeft(5, 90)},
		{promise: "more than 5 % of the accounts gone stops all cleanup", fleet: someLeft(6, 90), guard: GuardOrganizationShrank, global: true, held: true},
		{promise: "the policy moves the limit of accounts gone", policy: "limits: {accountsGone: 10%}", fleet: someLeft(6, 90)},
		{
			promise: "accounts known from before and gone count without instances",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory, m *Memory) {
				someLeft(1, 90)(f, s, m)
				for i := range 10 {
					delete(f.Organization.Accounts, member(50+i))
				}
				for i := range 10 {
					delete(s.Instances, at(50+i, frankfurt))
				}
			},
			guard: GuardOrganizationShrank, global: true, held: true,
		},
		{
			promise: "accounts that nothing confirms gone count as gone for the guard",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory, m *Memory) {
				someLeft(1, 90)(f, s, m)
				for i := range 10 {
					delete(f.Organization.Accounts, member(50+i))
				}
			},
			guard: GuardOrganizationShrank, global: true, held: true,
		},
		{
			promise: "one account of a small organization may leave",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory, m *Memory) {
				for i := 21; i <= 100; i++ {
					delete(f.Organization.Accounts, member(i))
				}
				*m = m.Observe(f, noon)
				fill(s, 5)
				leave(f, member(1))
				delete(f.StackSets["other"].Instances, at(1, frankfurt))
			},
		},
		{
			promise: "a set that would lose more than a fifth is stopped",
			policy:  "limits: {accountsGone: 50%}",
			fleet:   someLeft(6, 20),
			guard:   GuardMassRemoval, held: true,
		},
		{
			promise: "an organization without its management account stops everything",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory, m *Memory) {
				someDrifted(1, 20)(f, s, m)
				delete(f.Organization.Accounts, management)
			},
			guard: GuardIncompleteInventory, global: true, held: true, others: true,
		},
		{
			promise: "somebody else's operation is waited for",
			fleet:   running(fleet.Operation{ID: "theirs", Kind: fleet.OperationUpdate, Status: fleet.OperationRunning}),
			guard:   GuardExternalOperation, waits: true, held: true,
		},
		{
			promise: "a queued operation is one that runs",
			fleet:   running(fleet.Operation{ID: "theirs", Kind: fleet.OperationUpdate, Status: fleet.OperationQueued}),
			guard:   GuardExternalOperation, waits: true, held: true,
		},
		{
			promise: "an operation that has ended is nothing to wait for",
			fleet:   running(fleet.Operation{ID: "theirs", Status: fleet.OperationStopped}),
		},
		{
			promise: "an operation of our own is not somebody else's",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory, m *Memory) {
				running(fleet.Operation{ID: "ours", Status: fleet.OperationRunning})(f, s, m)
				m.Operations = map[string]bool{"ours": true}
			},
		},
		{
			promise: "nothing is done in quiet hours",
			policy:  "stackSets: [{match: baseline, quietHours: [{days: [fri], from: '11:30', to: '13:00'}]}]",
			fleet:   someDrifted(1, 20),
			guard:   GuardQuietHours, waits: true, held: true,
		},
		{
			promise: "quiet hours are in their own time zone",
			policy:  "stackSets: [{match: baseline, quietHours: [{from: '11:30', to: '12:30', zone: Europe/Berlin}]}]",
			fleet:   someDrifted(1, 20),
		},
		{
			promise: "a contradiction in the configuration stops the set",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory, m *Memory) {
				someDrifted(1, 20)(f, s, m)
				s.StackSet.Tags["dependson"] = "othre"
			},
			guard: GuardConfiguration, held: true,
		},
		{
			promise: "nothing is started while AWS's quota of running instances is used up",
			policy:  "limits: {runningInstances: 30}",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory, m *Memory) {
				someDrifted(1, 20)(f, s, m)
				busy := addSet(f, "busy")
				fill(busy, 30, outdated(fleet.DetailedRunning))
				busy.Running = []fleet.Operation{{ID: "ours", Status: fleet.OperationRunning}}
				m.Operations = map[string]bool{"ours": true}
			},
			guard: GuardInstanceQuota, global: true, waits: true, held: true, others: true,
		},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			f, m := newFleet(100), Memory{}
			baseline := addSet(f, "baseline", "selfhealing=true")
			other := addSet(f, "other", "selfhealing=true")
			fill(other, 20)
			deployed(other, at(2, frankfurt), drifted)
			test.fleet(f, baseline, &m)
			policy := policyText(t, test.policy)
			_, p := decide(f, policy, m)

			checkTrip(t, p, test.guard, test.global, test.waits)
			if acts := actsOn(p, "baseline"); acts == test.held {
				t.Errorf("acts on baseline: %t", acts)
			}
			if acts := actsOn(p, "other"); acts == test.others {
				t.Errorf("acts on other: %t", acts)
			}
			if test.guard == "" {
				return
			}
			if !test.guard.Acceptable() {
				m.Accepted = map[string][]Answer{string(test.guard): {{Beforehand: true}}, test.guard.Of("baseline"): {{Beforehand: true}}}
				if _, p = decide(f, policy, m); p.Guards[0].Accepted {
					t.Error("opened by an answer")
				}
				return
			}
			m.Accepted = map[string][]Answer{string(test.guard): {{Beforehand: true}}}
			if _, p = decide(f, policy, m); !actsOn(p, "baseline") || !p.Guards[0].Accepted {
				t.Error("held back although accepted")
			}
			m.Accepted = map[string][]Answer{test.guard.Of("baseline"): {{Beforehand: true}}}
			if _, p = decide(f, policy, m); actsOn(p, "baseline") == test.global {
				t.Error("accepting for the set must open the set's guards, and no other")
			}
		})
	}
}

func checkTrip(t *testing.T, p *Plan, guard Guard, global, waits bool) {
	t.Helper()
	if guard == "" {
		if len(p.Guards) > 0 {
			t.Errorf("tripped: %+v", p.Guards)
		}
		return
	}
	if len(p.Guards) != 1 {
		t.Fatalf("trips %+v, want %s", p.Guards, guard)
	}
	trip := p.Guards[0]
	if trip.Guard != guard || (trip.StackSet == "") != global || trip.Waits != waits || trip.Accepted || trip.Reason == "" || trip.Hint == "" {
		t.Errorf("trip %+v", trip)
	}
	if !slices.ContainsFunc(p.Unhandled, func(c Assessed) bool { return strings.Contains(c.Hint, string(guard)) }) {
		t.Errorf("left %v: want the cells held back, and by what", p.Unhandled)
	}
}

func actsOn(p *Plan, set fleet.StackSetName) bool {
	for _, a := range p.Actions {
		if a.StackSet == set {
			return true
		}
	}
	return false
}

func TestAShrunkenOrganizationStopsCleanupOnly(t *testing.T) {
	f := newFleet(20)
	set := addSet(f, "baseline", "selfhealing=true", "mandatory=true")
	fill(set, 19)
	for n := 1; n <= 4; n++ {
		leave(f, member(n))
	}
	deployed(set, at(10, frankfurt), drifted)
	_, p := decide(f, policy.Default(), Memory{})
	if got := strings.Join(order(p), ", "); got != "deploy baseline, redeploy baseline" {
		t.Errorf("order %s", got)
	}
}

func TestQuietHours(t *testing.T) {
	night := policy.QuietHours{Days: []string{"Fri"}, From: "22:00", To: "06:00", Zone: "Europe/Berlin"}
	tests := []struct {
		promise string
		at      string // UTC; Berlin is an hour ahead in November
		quiet   bool
	}{
		{"before the span", "2026-11-20T20:59:00Z", false},
		{"at its beginning", "2026-11-20T21:00:00Z", true},
		{"after midnight it is still Friday's", "2026-11-21T04:59:00Z", true},
		{"at its end", "2026-11-21T05:00:00Z", false},
		{"on another day", "2026-11-21T21:30:00Z", false},
		{"the night before is not Friday's", "2026-11-20T03:00:00Z", false},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			when, err := time.Parse(time.RFC3339, test.at)
			if err != nil {
				t.Fatal(err)
			}
			if got := night.Contains(when); got != test.quiet {
				t.Errorf("quiet: %t", got)
			}
		})
	}
}
