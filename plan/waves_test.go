package plan

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

func TestWaves(t *testing.T) {
	tests := []struct {
		promise   string
		policy    string
		instances int
		drifted   int
		want      []int // cells by wave
	}{
		{"few cells of a large set go at once", "", 100, 9, []int{9}},
		{"ten cells begin with a canary", "", 100, 10, []int{1, 9}},
		{"no wave takes down more than a tenth", "", 100, 20, []int{1, 10, 9}},
		{"a small set goes one by one", "", 9, 4, []int{1, 1, 1, 1}},
		{"maxUnavailable moves the size", "defaults: {maxUnavailable: 25%}", 100, 20, []int{1, 19}},
		{"maxUnavailable may be a number", "defaults: {maxUnavailable: 3}", 100, 8, []int{3, 3, 2}},
		{"never less than one at a time", "defaults: {maxUnavailable: 0}", 100, 2, []int{1, 1}},
		{"canaryFrom moves the canary", "defaults: {canaryFrom: 3}", 100, 5, []int{1, 4}},
		{"AWS's quota bounds a wave as well", "limits: {runningInstances: 4}", 100, 9, []int{4, 4, 1}},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			f := newFleet(test.instances)
			set := addSet(f, "logs", "selfhealing=true")
			fill(set, test.instances)
			fill(set, test.drifted, drifted)
			m := Memory{Accepted: map[string][]Answer{string(GuardMassDrift): {{Beforehand: true}}}}
			_, p := decide(f, policyText(t, test.policy), m)
			var sizes []int
			for i, a := range healing(p) {
				sizes = append(sizes, len(a.Targets))
				if a.Wave != i || i > 0 && !slices.Contains(a.After, p.Actions[i-1].ID) {
					t.Errorf("action %d is wave %d and waits for %v", i, a.Wave, a.After)
				}
			}
			if !slices.Equal(sizes, test.want) {
				t.Errorf("waves of %v cells, want %v", sizes, test.want)
			}
		})
	}
}

func TestInstancesTakenAlongCountInAWSsQuota(t *testing.T) {
	f := exporters()
	fill(f.StackSets["vpc"], 5, drifted)
	p := policyText(t, "{limits: {runningInstances: 7}, defaults: {maxUnavailable: 100%, massDrift: 100%}}")
	_, plan := decide(f, p, Memory{})
	for _, a := range healing(plan) {
		if n := len(a.Targets) * len(a.touched()); n > 7 {
			t.Errorf("%s has %d instances in operation", a.ID, n)
		}
	}
	if len(healing(plan)) != 3 { // two cells, each of three stacks, at a time
		t.Errorf("%d actions, want 3", len(healing(plan)))
	}
}

func TestWhatTakesNothingDownNeedsNoWaves(t *testing.T) {
	f := newFleet(50)
	set := addSet(f, "logs", "selfhealing=true", "mandatory=true")
	fill(set, 40)
	fill(set, 30, failedFor("Internal failure"))
	_, p := decide(f, policy.Default(), Memory{})
	if got := order(p); !slices.Equal(got, []string{"deploy logs", "retry logs"}) {
		t.Errorf("order %v: want all cells of a remedy in one action", got)
	}
}

func TestPreferencesLetOneFailureStopNoOther(t *testing.T) {
	f := newFleet(2)
	addSet(f, "logs", "mandatory=true")
	_, p := decide(f, policy.Default(), Memory{})
	want := fleet.Preferences{
		RegionConcurrency: fleet.RegionsParallel, ConcurrencyMode: fleet.SoftFailureTolerance,
		FailureTolerancePercentage: 100, MaxConcurrentPercentage: 100,
	}
	if diff := cmp.Diff(want, p.Actions[0].Requests[0].Preferences); diff != "" {
		t.Error(diff)
	}
}

func TestEstimate(t *testing.T) {
	f := newFleet(100)
	set := addSet(f, "logs", "selfhealing=true")
	fill(set, 100)
	fill(set, 20, drifted)
	_, p := decide(f, policy.Default(), Memory{})
	e := p.Estimate
	if e.Operations != 7 { // canary and two waves, each deleted and created; verified once
		t.Errorf("%d operations, want 7", e.Operations)
	}
	if e.Unavailable != 20 || e.UnavailableFor <= 0 || e.Duration < 3*e.UnavailableFor {
		t.Errorf("%d unavailable for %s, %s in all: want 20, and three waves one after another", e.Unavailable, e.UnavailableFor, e.Duration)
	}
	if e.APICalls < e.Operations+2*20 {
		t.Errorf("%d API calls: want at least the operations, and every cell's overrides before and after", e.APICalls)
	}
	if none := estimate(nil, Reading{}); none != (Estimate{}) {
		t.Errorf("nothing to do is estimated at %+v", none)
	}
}
