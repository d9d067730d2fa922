package plan

import (
	"strings"
	"testing"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// leftBehind makes an instance as an update leaves it that did not succeed there.
func leftBehind(operation string, detailed fleet.DetailedStatus, reason string) func(*fleet.Instance) {
	return func(i *fleet.Instance) {
		i.Status, i.Detailed, i.LastOperation, i.Reason = fleet.InstanceOutdated, detailed, operation, reason
	}
}

// A rollout that is not finished is one finding of its stack set, held by a guard;
// healing never widens it by itself.
func TestARolloutThatIsNotFinishedIsHeld(t *testing.T) {
	update := func(status fleet.OperationStatus) []fleet.Operation {
		return []fleet.Operation{{ID: "terraform-1", Kind: fleet.OperationUpdate, Status: status}}
	}
	for _, test := range []struct {
		promise string
		recent  []fleet.Operation
		change  func(*fleet.Instance)
		running []fleet.Operation
		held    bool
		says    string
	}{
		{"a pilot that reached some instances only", update(fleet.OperationSucceeded), leftBehind("", fleet.DetailedPending, "User Initiated"), nil, true, "for some instances only"},
		{"an update that a person stopped", update(fleet.OperationStopped), leftBehind("terraform-1", fleet.DetailedCancelled, ""), nil, true, "terraform-1 was stopped"},
		{"an update that ended at its tolerance", update(fleet.OperationFailed), leftBehind("terraform-1", fleet.DetailedFailed, "No export named x found"), nil, true, "failure tolerance"},
		{"and what it spared", update(fleet.OperationFailed), leftBehind("terraform-1", fleet.DetailedCancelled, "Cancelled since failure tolerance has exceeded"), nil, true, "failure tolerance"},
		{"an update that failed here and went through", update(fleet.OperationSucceeded), leftBehind("terraform-1", fleet.DetailedFailed, "Something"), nil, false, ""},
		{"and after a drift detection wrote over it", append([]fleet.Operation{{ID: "d", Kind: fleet.OperationDetectDrift, Status: fleet.OperationSucceeded}}, update(fleet.OperationSucceeded)...), leftBehind("d", fleet.DetailedSucceeded, ""), nil, true, "for some instances only"},
		{"what failed within the tolerance, and was checked", []fleet.Operation{{ID: "d", Kind: fleet.OperationDetectDrift, Status: fleet.OperationSucceeded}, {ID: "u", Kind: fleet.OperationUpdate, Status: fleet.OperationSucceeded, FailedInstances: 5}}, leftBehind("d", fleet.DetailedSucceeded, ""), nil, false, ""},
		{"a creation that was cancelled", []fleet.Operation{{ID: "c", Kind: fleet.OperationCreate, Status: fleet.OperationFailed}}, leftBehind("c", fleet.DetailedCancelled, ""), nil, false, ""},
		{"an update under way", update(fleet.OperationRunning), leftBehind("terraform-1", fleet.DetailedPending, ""), update(fleet.OperationRunning), false, ""},
	} {
		t.Run(test.promise, func(t *testing.T) {
			f := newFleet(6)
			inventory := addSet(f, "base", "selfhealing=true")
			inventory.Recent, inventory.Running = test.recent, test.running
			fill(inventory, 1)
			for n := 2; n <= 6; n++ {
				deployed(inventory, at(n, frankfurt), test.change)
			}
			a := Assess(f, policy.Default(), Memory{}, noon)
			p := a.Plan(Options{})
			var hit GuardHit
			for _, g := range p.Guards {
				if g.Guard == GuardRollout {
					hit = g
				}
			}
			if held := hit.Guard != ""; held != test.held {
				t.Fatalf("held %v, want %v: %+v", held, test.held, p.Guards)
			}
			if !test.held {
				return
			}
			if !strings.Contains(hit.Reason, test.says) || hit.Numbers != (Numbers{5, 6}) {
				t.Errorf("%+v", hit)
			}
			for _, action := range p.Actions {
				if action.Remedy.Writes() && action.Remedy != RemedyDetect {
					t.Errorf("%s is planned", action.ID)
				}
			}
			for _, c := range a.Cells {
				if c.Attention {
					t.Errorf("%s needs a person of its own", c.Target)
				}
			}
		})
	}
}

// An accepted rollout continues strictly, so that AWS ends it at the first failures;
// if it ended so, it is suspended again.
func TestAnAcceptedRolloutGoesOnCarefully(t *testing.T) {
	f := newFleet(6)
	inventory := addSet(f, "base", "selfhealing=true")
	inventory.Recent = []fleet.Operation{{ID: "terraform-1", Kind: fleet.OperationUpdate, Status: fleet.OperationStopped}}
	fill(inventory, 6, leftBehind("terraform-1", fleet.DetailedCancelled, ""))
	memory := Memory{Accepted: map[string][]Answer{GuardRollout.Of("base"): {{Beforehand: true}}}}
	p := Assess(f, policy.Default(), memory, noon).Plan(Options{Stage: StageHeal})
	if len(p.Actions) != 1 || p.Actions[0].Remedy != RemedyRetry {
		t.Fatalf("actions %+v", p.Actions)
	}
	if got := p.Actions[0].Requests[0].Preferences; got.ConcurrencyMode != fleet.StrictFailureTolerance || got.FailureTolerancePercentage != 10 {
		t.Errorf("preferences %+v", got)
	}
	inventory.Recent = append([]fleet.Operation{{ID: "setmend-run-1", Kind: fleet.OperationUpdate, Status: fleet.OperationFailed}}, inventory.Recent...)
	fill(inventory, 6, leftBehind("setmend-run-1", fleet.DetailedCancelled, ""))
	inventory.Recent = inventory.Recent[:1]
	if p := Assess(f, policy.Default(), memory, noon).Plan(Options{Stage: StageHeal}); len(p.Actions) != 0 {
		t.Errorf("it goes on after its own failures: %+v", p.Actions)
	}
}

// Each OU has the regions that are deployed to it, not those of all OUs.
func TestTargetsAreNotARectangle(t *testing.T) {
	mandatoryAt := func(f *fleet.Fleet, text string) []fleet.Target {
		t.Helper()
		p, err := policy.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var targets []fleet.Target
		for _, c := range Assess(f, p, Memory{}, noon).Cells {
			if c.Desire == Must {
				targets = append(targets, c.Target)
			}
		}
		return targets
	}
	world := func() (*fleet.Fleet, *fleet.Inventory) {
		f := newFleet(2)
		account := f.Organization.Accounts[member(2)]
		account.OUs = []fleet.OUID{root, sandbox}
		f.Organization.Accounts[member(2)] = account
		inventory := serve(addSet(f, "base", "mandatory=true"))
		inventory.StackSet.OUs, inventory.StackSet.Regions = []fleet.OUID{sandbox, workloads}, []fleet.Region{frankfurt, ireland}
		return f, inventory
	}
	want := []fleet.Target{at(1, frankfurt), at(2, ireland)}
	for _, test := range []struct {
		promise string
		change  func(*fleet.Inventory)
		policy  string
	}{
		{"as AWS names the regions of each OU", func(i *fleet.Inventory) {
			i.StackSet.DeployTargets = []fleet.DeployTarget{{OU: sandbox, Regions: []fleet.Region{ireland}}, {OU: workloads, Regions: []fleet.Region{frankfurt}}}
		}, "version: 1"},
		{"as the instances show", func(i *fleet.Inventory) {
			deployed(i, at(1, frankfurt), func(i *fleet.Instance) { i.OU = workloads })
			deployed(i, at(2, ireland), func(i *fleet.Instance) { i.OU = sandbox })
		}, "version: 1"},
		{"as the policy's targets say", func(*fleet.Inventory) {},
			"version: 1\nstackSets: [{match: base, targets: [{ous: [ou-ab12-workload1], regions: [eu-central-1]}, {ous: [ou-ab12-sandbox01], accounts: ['200000000002'], regions: [eu-west-1]}]}]"},
	} {
		t.Run(test.promise, func(t *testing.T) {
			f, inventory := world()
			test.change(inventory)
			if got := mandatoryAt(f, test.policy); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
				t.Errorf("mandatory at %v, want %v", got, want)
			}
		})
	}
	f, _ := world()
	if got := mandatoryAt(f, "version: 1"); len(got) != 4 {
		t.Errorf("where nothing says more, all regions of all OUs are meant: %v", got)
	}
}
