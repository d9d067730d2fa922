package plan

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

func TestARequestForSomeTargetsReachesExactlyThoseAndStaysWithinThePlanned(t *testing.T) {
	checkPlans(t, func(t *rapid.T, _ *fleet.Fleet, _ *Assessment, p *Plan) {
		for _, a := range p.Actions {
			for _, r := range a.Requests {
				if r.Kind == RequestDetect {
					continue
				}
				var some []fleet.Target
				for _, target := range r.Targets() {
					if rapid.Bool().Draw(t, "some") {
						some = append(some, target)
					}
				}
				var reached []fleet.Target
				for _, part := range r.Only(append(some, at(99, ireland))) {
					if !part.Within(r) {
						t.Fatalf("%+v is not within %+v", part, r)
					}
					reached = append(reached, part.Targets()...)
				}
				if !slices.Equal(fleet.SortTargets(reached), some) {
					t.Fatalf("reaches %v, want %v", reached, some)
				}
			}
		}
	})
}

func TestRestoresReachWhatWasDeletedWithWhatWasSaved(t *testing.T) {
	blue, red := []fleet.Parameter{{Key: "Colour", Value: "blue"}}, []fleet.Parameter{{Key: "Colour", Value: "red"}}
	choices := [][]fleet.Parameter{nil, {}, blue, red}
	checkPlans(t, func(t *rapid.T, _ *fleet.Fleet, _ *Assessment, p *Plan) {
		for _, a := range p.Actions {
			for _, r := range a.Requests {
				if !r.Restores {
					continue
				}
				saved := map[fleet.Target][]fleet.Parameter{}
				for _, target := range r.Targets() {
					if n := rapid.IntRange(-1, 3).Draw(t, "saved"); n >= 0 {
						saved[target] = choices[n]
					}
				}
				restored := map[fleet.Target]bool{}
				for _, part := range r.Restore(saved) {
					if !part.Within(r) {
						t.Fatalf("%+v is not within %+v", part, r)
					}
					for _, target := range part.Targets() {
						want, deleted := saved[target]
						if !deleted || restored[target] || len(want) != len(part.Overrides) || len(want) > 0 && !slices.Equal(want, part.Overrides) {
							t.Fatalf("%s is created with %v, saved were %v (deleted: %t, restored before: %t)", target, part.Overrides, want, deleted, restored[target])
						}
						restored[target] = true
					}
				}
				if len(restored) != len(saved) {
					t.Fatalf("%d restored of %d", len(restored), len(saved))
				}
			}
		}
	})
}

func TestWithin(t *testing.T) {
	planned := Request{Kind: RequestDelete, StackSet: "logs", Accounts: []fleet.AccountID{member(1), member(2)}, Regions: []fleet.Region{frankfurt},
		OUs: []fleet.OUID{workloads}, Preferences: detectionPreferences}
	change := func(f func(*Request)) Request {
		r := planned
		f(&r)
		return r
	}
	tests := []struct {
		promise string
		sent    Request
		want    bool
	}{
		{"what was planned", planned, true},
		{"fewer accounts", change(func(r *Request) { r.Accounts = r.Accounts[:1] }), true},
		{"another account", change(func(r *Request) { r.Accounts = []fleet.AccountID{member(3)} }), false},
		{"another region", change(func(r *Request) { r.Regions = []fleet.Region{ireland} }), false},
		{"another kind", change(func(r *Request) { r.Kind = RequestUpdate }), false},
		{"another stack set", change(func(r *Request) { r.StackSet = "base" }), false},
		{"other OUs", change(func(r *Request) { r.OUs = []fleet.OUID{root} }), false},
		{"other preferences", change(func(r *Request) { r.Preferences.MaxConcurrentPercentage = 1 }), false},
		{"another order of regions", change(func(r *Request) { r.Preferences.RegionOrder = []fleet.Region{ireland} }), false},
		{"stacks that stay", change(func(r *Request) { r.RetainStacks = true }), false},
		{"overrides", change(func(r *Request) { r.Overrides = []fleet.Parameter{{Key: "a"}} }), false},
		{"another role", change(func(r *Request) { r.Role = "Admin" }), false},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			if got := test.sent.Within(planned); got != test.want {
				t.Errorf("within %t, want %t", got, test.want)
			}
		})
	}
}

func TestPendingRestoresAreCreatedWithTheirOwnOverrides(t *testing.T) {
	f := newFleet(4)
	deployed(addSet(f, "logs"), at(4, frankfurt))
	blue, red := []fleet.Parameter{{Key: "Colour", Value: "blue"}}, []fleet.Parameter{{Key: "Colour", Value: "red"}}
	pending := map[fleet.Cell][]fleet.Parameter{}
	for n, overrides := range map[int][]fleet.Parameter{1: blue, 2: red, 3: blue} {
		pending[fleet.Cell{StackSet: "logs", Target: at(n, frankfurt)}] = overrides
	}
	_, p := decide(f, policy.Default(), Memory{PendingRestores: pending})
	got := map[string][]fleet.AccountID{}
	for _, r := range p.Actions[0].Requests {
		if r.Kind != RequestCreate || r.Restores {
			t.Errorf("request %+v", r)
		}
		got[r.Overrides[0].Value] = r.Accounts
	}
	want := map[string][]fleet.AccountID{"blue": {member(1), member(3)}, "red": {member(2)}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDependentsTakenAlongGoFirstAndComeBackLastWithPreferencesOfTheirOwn(t *testing.T) {
	f := exporters()
	p := policyText(t, "stackSets: [{match: hosts, preferences: {regionConcurrency: SEQUENTIAL}}]")
	_, plan := decide(f, p, Memory{})
	var got []string
	for _, r := range healing(plan)[0].Requests {
		got = append(got, string(r.Kind)+" "+string(r.StackSet))
		if sequential := r.Preferences.RegionConcurrency == fleet.RegionsSequential; sequential != (r.StackSet == "hosts") {
			t.Errorf("%s %s is sent with %+v", r.Kind, r.StackSet, r.Preferences)
		}
		if r.Restores != (r.Kind == RequestCreate) {
			t.Errorf("%s %s restores: %t", r.Kind, r.StackSet, r.Restores)
		}
	}
	want := []string{"DELETE hosts", "DELETE subnets", "DELETE vpc", "CREATE vpc", "CREATE subnets", "CREATE hosts"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestASealedPlanNeverChanges(t *testing.T) {
	checkPlans(t, func(t *rapid.T, _ *fleet.Fleet, a *Assessment, p *Plan) {
		before := encode(p)
		scope := Scope{Accounts: []fleet.AccountID{member(rapid.IntRange(1, 14).Draw(t, "account"))}}
		for _, part := range []*Plan{p.Narrow(scope), p.OfStage(StageHeal), a.Plan(Options{Scope: scope, Stage: StageDetect})} {
			if !part.Sealed() {
				t.Fatal("a part is not sealed")
			}
			within, beyond := ShownBy(part).Split(p)
			if !within.Sealed() || !beyond.Sealed() {
				t.Fatal("a part is not sealed")
			}
		}
		if diff := cmp.Diff(string(before), string(encode(p))); diff != "" || !p.Sealed() {
			t.Fatal(diff)
		}
	})
}

func TestSplitDividesAPlanWithoutLossOrRepetition(t *testing.T) {
	checkPlans(t, func(t *rapid.T, f *fleet.Fleet, _ *Assessment, p *Plan) {
		shown := ShownBy(p.Narrow(Scope{Accounts: []fleet.AccountID{member(1), member(2), member(3)}}))
		if rapid.Bool().Draw(t, "allowed") {
			of := *policy.Default()
			of.Escalation = rapid.SampledFrom([]policy.Escalation{policy.EscalateRetry, policy.EscalateRevert, policy.EscalateRedeploy}).Draw(t, "escalation")
			shown = AllowedBy(&of)
		}
		var again Shown
		if err := json.Unmarshal(encode(shown), &again); err != nil {
			t.Fatal(err)
		}
		within, beyond := again.Split(p)
		parts := map[fleet.Cell]int{}
		for _, a := range within.Actions {
			for _, cell := range a.Cells() {
				if !shown.Allows(cell, a.Remedy) {
					t.Fatalf("%s of %s was not shown", a.Remedy, cell)
				}
			}
		}
		for _, part := range []*Plan{within, beyond} {
			for _, a := range part.Actions {
				if !a.exact() || actionID(a) != a.ID {
					t.Fatalf("%s is not what its requests reach", a.ID)
				}
				for _, target := range a.Targets {
					parts[fleet.Cell{StackSet: a.StackSet, Target: target}]++
				}
			}
		}
		for _, a := range p.Actions {
			for _, target := range a.Targets {
				if cell := (fleet.Cell{StackSet: a.StackSet, Target: target}); parts[cell] != 1 {
					t.Fatalf("%s is in %d parts", cell, parts[cell])
				}
			}
		}
		if all, none := ShownBy(p).Split(p); all.Hash != p.Hash || len(none.Actions) != 0 {
			t.Fatalf("of what was shown whole, %d actions are beyond", len(none.Actions))
		}
		if none, all := (Shown{}).Split(p); none.Writes() || len(all.Actions)+len(none.Actions) != len(p.Actions) {
			t.Fatal("something is within what nobody saw")
		}
	})
}
