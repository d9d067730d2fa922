package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

func TestCollisions(t *testing.T) {
	here := at(1, frankfurt)
	t.Run("a mandatory instance stays away from where its opposite is, and nobody is called", func(t *testing.T) {
		f := newFleet(1)
		addSet(f, "strict", "mandatory=true", "antidependson=lenient")
		fill(addSet(f, "lenient"), 1)
		a, p := decide(f, policy.Default(), Memory{})
		c := cellAt(a, "strict", here)
		if c.Verdict != Blocked || c.Attention || !strings.Contains(c.Reason, "collides with lenient") || len(healing(p)) != 0 {
			t.Errorf("%s, attention %t: %s; %d actions", c.Verdict, c.Attention, c.Reason, len(healing(p)))
		}
		if c := cellAt(a, "lenient", here); c.Verdict != Healthy {
			t.Errorf("the one that is there is %s", c.Verdict)
		}
	})
	t.Run("it holds in the direction that is not written too", func(t *testing.T) {
		f := newFleet(1)
		fill(addSet(f, "strict", "antidependson=lenient"), 1)
		addSet(f, "lenient", "mandatory=true")
		a, _ := decide(f, policy.Default(), Memory{})
		if c := cellAt(a, "lenient", here); c.Verdict != Blocked {
			t.Errorf("%s: %s", c.Verdict, c.Reason)
		}
	})
	t.Run("both present are for a person, and neither is healed", func(t *testing.T) {
		f := newFleet(1)
		fill(addSet(f, "strict", "antidependson=lenient", "selfhealing=true"), 1, drifted)
		fill(addSet(f, "lenient"), 1)
		a, p := decide(f, policy.Default(), Memory{})
		for _, name := range []fleet.StackSetName{"strict", "lenient"} {
			if c := cellAt(a, name, here); c.Verdict != Blocked || !c.Attention {
				t.Errorf("%s is %s, attention %t", name, c.Verdict, c.Attention)
			}
		}
		if len(healing(p)) != 0 {
			t.Errorf("acted: %+v", p.Actions)
		}
	})
	t.Run("both mandatory and neither there are for a person, and reported", func(t *testing.T) {
		f := newFleet(1)
		addSet(f, "strict", "mandatory=true", "antidependson=lenient")
		addSet(f, "lenient", "mandatory=true")
		a, p := decide(f, policy.Default(), Memory{})
		if c := cellAt(a, "strict", here); c.Verdict != Blocked || !c.Attention || len(healing(p)) != 0 {
			t.Errorf("%s, attention %t, %d actions", c.Verdict, c.Attention, len(healing(p)))
		}
		if !hasProblem(a.Problems, "lenient", "both mandatory and collide") {
			t.Errorf("problems %v", a.Problems)
		}
	})
	t.Run("orphans of both are let go of one after the other", func(t *testing.T) {
		f := newFleet(3)
		for _, set := range []*fleet.Inventory{addSet(f, "strict", "antidependson=lenient"), addSet(f, "lenient")} {
			fill(set, 1)
		}
		leave(f, member(1))
		_, p := decide(f, policy.Default(), Memory{})
		if len(healing(p)) != 2 || !slices.Equal(p.Actions[1].After, []string{p.Actions[0].ID}) {
			t.Errorf("actions %+v", p.Actions)
		}
	})
}

func TestDependencies(t *testing.T) {
	here := at(1, frankfurt)
	t.Run("missing instances are deployed in order", func(t *testing.T) {
		f := newFleet(2)
		addSet(f, "a-rules", "mandatory=true", "dependson=b-config")
		addSet(f, "b-config", "mandatory=true", "dependson=c-roles")
		addSet(f, "c-roles", "mandatory=true")
		a, p := decide(f, policy.Default(), Memory{})
		want := [][]fleet.StackSetName{{"c-roles"}, {"b-config"}, {"a-rules"}}
		if diff := cmp.Diff(want, a.Levels); diff != "" {
			t.Error(diff)
		}
		if got := order(p); !slices.Equal(got, []string{"deploy c-roles", "deploy b-config", "deploy a-rules"}) {
			t.Errorf("order %v", got)
		}
		if !slices.Contains(p.Actions[2].After, p.Actions[1].ID) || !slices.Contains(p.Actions[1].After, p.Actions[0].ID) {
			t.Errorf("waits: %v, %v", p.Actions[1].After, p.Actions[2].After)
		}
	})
	t.Run("AutoDeployment.DependsOn orders as well", func(t *testing.T) {
		f := newFleet(1)
		serve(addSet(f, "a", "mandatory=true")).StackSet.AutoDeployment = fleet.AutoDeployment{Enabled: true, DependsOn: []fleet.StackSetName{"b"}}
		serve(addSet(f, "b", "mandatory=true"))
		_, p := decide(f, policy.Default(), Memory{})
		if got := order(p); !slices.Equal(got, []string{"deploy b", "deploy a"}) {
			t.Errorf("order %v", got)
		}
	})
	t.Run("orphans are cleaned up against the order", func(t *testing.T) {
		f := newFleet(3)
		fill(addSet(f, "base"), 1)
		fill(addSet(f, "rules", "dependson=base"), 1)
		leave(f, member(1))
		_, p := decide(f, policy.Default(), Memory{})
		if got := order(p); !slices.Equal(got, []string{"detach rules", "detach base"}) || !slices.Equal(p.Actions[1].After, []string{p.Actions[0].ID}) {
			t.Errorf("order %v, waits %v", got, p.Actions[1].After)
		}
	})
	t.Run("a deployment waits for the healing of what it depends on, in the healing stage", func(t *testing.T) {
		f := newFleet(2)
		base := addSet(f, "base", "mandatory=true", "selfhealing=true")
		deployed(base, here, failedFor("Internal failure"))
		deployed(base, at(2, frankfurt))
		addSet(f, "rules", "mandatory=true", "dependson=base")
		_, p := decide(f, policy.Default(), Memory{})
		if got := order(p); !slices.Equal(got, []string{"deploy rules", "retry base", "deploy rules"}) {
			t.Fatalf("order %v", got)
		}
		last := p.Actions[2]
		if last.Stage != StageHeal || !slices.Equal(last.Targets, []fleet.Target{here}) || !slices.Contains(last.After, p.Actions[1].ID) {
			t.Errorf("the waiting deployment is %+v", last)
		}
	})
	t.Run("a deployment is blocked where its dependency is given up", func(t *testing.T) {
		f := newFleet(1)
		addSet(f, "base", "mandatory=true")
		addSet(f, "rules", "mandatory=true", "dependson=base")
		m := remembered("base", here, CellMemory{Quarantined: noon, Reason: "Denied.", Verdict: Missing})
		a, p := decide(f, policy.Default(), m)
		if c := cellAt(a, "rules", here); c.Verdict != Blocked || c.Attention || !strings.Contains(c.Reason, "base, which is quarantined") {
			t.Errorf("%s: %s", c.Verdict, c.Reason)
		}
		if len(healing(p)) != 0 {
			t.Errorf("acted: %+v", p.Actions)
		}
	})
	t.Run("the block goes down the whole chain", func(t *testing.T) {
		f := newFleet(1)
		addSet(f, "c", "mandatory=true")
		addSet(f, "b", "mandatory=true", "dependson=c")
		addSet(f, "a", "mandatory=true", "dependson=b")
		m := remembered("c", here, CellMemory{Quarantined: noon, Verdict: Missing})
		a, _ := decide(f, policy.Default(), m)
		if c := cellAt(a, "a", here); c.Verdict != Blocked || !strings.Contains(c.Reason, "b, which is blocked") {
			t.Errorf("%s: %s", c.Verdict, c.Reason)
		}
	})
	t.Run("a dependency that the account does not have and need not have is for a person", func(t *testing.T) {
		f := newFleet(1)
		addSet(f, "base")
		addSet(f, "rules", "mandatory=true", "dependson=base")
		a, _ := decide(f, policy.Default(), Memory{})
		if c := cellAt(a, "rules", here); c.Verdict != Blocked || !c.Attention {
			t.Errorf("%s, attention %t: %s", c.Verdict, c.Attention, c.Reason)
		}
	})
	t.Run("a dependency in another region of the account will do", func(t *testing.T) {
		f := newFleet(1)
		deployed(addSet(f, "roles"), at(1, "us-east-1"))
		addSet(f, "rules", "mandatory=true", "dependson=roles")
		_, p := decide(f, policy.Default(), Memory{})
		if got := order(p); !slices.Equal(got, []string{"deploy rules"}) {
			t.Errorf("order %v", got)
		}
	})
	t.Run("a dependency missing in another region of the account comes first", func(t *testing.T) {
		f := newFleet(1)
		addSet(f, "roles", "mandatory=true", "region=us-east-1")
		addSet(f, "rules", "mandatory=true", "dependson=roles")
		_, p := decide(f, policy.Default(), Memory{})
		if got := order(p); !slices.Equal(got, []string{"deploy roles", "deploy rules"}) || !slices.Equal(p.Actions[1].After, []string{p.Actions[0].ID}) {
			t.Errorf("order %v, waits %v", got, p.Actions[1].After)
		}
	})
	t.Run("a deployment waits where a guard holds back its dependency's", func(t *testing.T) {
		f := newFleet(2)
		base := addSet(f, "base", "mandatory=true")
		deployed(base, at(2, frankfurt))
		base.Running = []fleet.Operation{{ID: "theirs", Status: fleet.OperationRunning}}
		addSet(f, "rules", "mandatory=true", "dependson=base")
		addSet(f, "more-rules", "mandatory=true", "dependson=rules")
		_, p := decide(f, policy.Default(), Memory{})
		for _, a := range p.Actions {
			if !slices.Equal(a.Targets, []fleet.Target{at(2, frankfurt)}) {
				t.Errorf("%s acts on %v, where its dependency is held back", a.ID, a.Targets)
			}
		}
		if len(healing(p)) != 2 || len(p.Unhandled) != 3 {
			t.Errorf("%d actions, %d cells left; want 2 and 3", len(healing(p)), len(p.Unhandled))
		}
	})
	t.Run("a drifted dependency is there", func(t *testing.T) {
		f := newFleet(1)
		fill(addSet(f, "base"), 1, drifted)
		addSet(f, "rules", "mandatory=true", "dependson=base")
		a, _ := decide(f, policy.Default(), Memory{})
		if c := cellAt(a, "rules", here); c.Remedy != RemedyDeploy {
			t.Errorf("%s: %s", c.Verdict, c.Reason)
		}
	})
}

// order lists the plan's actions as "remedy set".
// order lists what is done to which set, but for the detections of drift.
func order(p *Plan) []string {
	var list []string
	for _, a := range healing(p) {
		list = append(list, string(a.Remedy)+" "+string(a.StackSet))
	}
	return list
}

// exporters is a fleet in which vpc exports, and subnets (which exports too) and
// hosts import, in a chain; vpc is drifted in member 1.
func exporters() *fleet.Fleet {
	f := newFleet(6)
	vpc := addSet(f, "vpc", "selfhealing=true")
	vpc.StackSet.Exports = true
	fill(vpc, 6)
	deployed(vpc, at(1, frankfurt), drifted)
	subnets := addSet(f, "subnets", "selfhealing=true", "dependson=vpc")
	subnets.StackSet.Exports, subnets.StackSet.Imports = true, true
	fill(subnets, 6)
	hosts := addSet(f, "hosts", "selfhealing=true", "dependson=subnets")
	hosts.StackSet.Imports = true
	fill(hosts, 6)
	return f
}

func TestExports(t *testing.T) {
	here := at(1, frankfurt)
	t.Run("a stack is redeployed together with all that may import from it, in the order of creation", func(t *testing.T) {
		_, p := decide(exporters(), policy.Default(), Memory{})
		if len(healing(p)) != 1 || !slices.Equal(p.Actions[0].Together, []fleet.StackSetName{"subnets", "hosts"}) {
			t.Errorf("actions %+v", p.Actions)
		}
	})
	t.Run("what is taken along is not healed a second time", func(t *testing.T) {
		f := exporters()
		deployed(f.StackSets["hosts"], here, drifted)
		_, p := decide(f, policy.Default(), Memory{})
		if got := order(p); !slices.Equal(got, []string{"redeploy vpc"}) {
			t.Errorf("order %v", got)
		}
	})
	t.Run("what is healed elsewhere of a set taken along waits its turn", func(t *testing.T) {
		f := exporters()
		deployed(f.StackSets["hosts"], at(2, frankfurt), drifted)
		_, p := decide(f, policy.Default(), Memory{})
		if got := order(p); !slices.Equal(got, []string{"redeploy vpc", "redeploy hosts"}) || !slices.Equal(p.Actions[1].After, []string{p.Actions[0].ID}) {
			t.Errorf("order %v, waits %v", got, p.Actions[len(healing(p))-1].After)
		}
	})
	t.Run("dependents that are not there do not matter", func(t *testing.T) {
		f := exporters()
		delete(f.StackSets["subnets"].Instances, here)
		delete(f.StackSets["hosts"].Instances, here)
		_, p := decide(f, policy.Default(), Memory{})
		if len(healing(p)) != 1 || p.Actions[0].Together != nil {
			t.Errorf("actions %+v", p.Actions)
		}
	})
	t.Run("dependents that never got a stack import nothing", func(t *testing.T) {
		f := exporters()
		for _, name := range []fleet.StackSetName{"subnets", "hosts"} {
			deployed(f.StackSets[name], here, failedFor("Access Denied"), func(i *fleet.Instance) { i.StackID = "" })
		}
		a, _ := decide(f, policy.Default(), Memory{})
		if c := cellAt(a, "vpc", here); c.Remedy != RemedyRedeploy || c.Importers != nil {
			t.Errorf("%s, importers %v: %s", c.Remedy, c.Importers, c.Reason)
		}
	})
	blocked := map[string]func(*fleet.Fleet, *policy.Policy, *Memory){
		"it may not be healed": func(f *fleet.Fleet, _ *policy.Policy, _ *Memory) {
			delete(f.StackSets["hosts"].StackSet.Tags, "selfhealing")
		},
		"it is protected": func(_ *fleet.Fleet, p *policy.Policy, _ *Memory) {
			yes := true
			p.StackSets = []policy.Entry{{Match: policy.Patterns{"hosts"}, Settings: policy.Settings{Protected: &yes}}}
		},
		"it is quarantined": func(f *fleet.Fleet, _ *policy.Policy, m *Memory) {
			deployed(f.StackSets["hosts"], here, drifted)
			*m = remembered("hosts", here, CellMemory{Quarantined: noon, Verdict: Drifted})
		},
		"it could not be created again": func(f *fleet.Fleet, _ *policy.Policy, _ *Memory) {
			deployed(f.StackSets["hosts"], here, failedFor("Access Denied"))
		},
	}
	for why, change := range blocked {
		t.Run("a stack stays where one that imports must stay because "+why, func(t *testing.T) {
			f, p, m := exporters(), policy.Default(), Memory{}
			change(f, p, &m)
			a, plan := decide(f, p, m)
			c := cellAt(a, "vpc", here)
			if c.Verdict != Blocked || !c.Attention || !strings.Contains(c.Reason, "hosts may import from it") {
				t.Errorf("%s, attention %t: %s", c.Verdict, c.Attention, c.Reason)
			}
			if slices.Contains(order(plan), "redeploy vpc") {
				t.Error("redeployed all the same")
			}
		})
	}
	t.Run("a stack that cannot be redeployed is reverted all the same", func(t *testing.T) {
		f := exporters()
		delete(f.StackSets["hosts"].StackSet.Tags, "selfhealing")
		_, p := decide(f, policyText(t, "defaults: {memberRole: Healer}"), Memory{})
		if got := order(p); !slices.Equal(got, []string{"revert vpc"}) {
			t.Errorf("order %v", got)
		}
	})
	t.Run("a stack stays where a guard holds back a set that would be taken along", func(t *testing.T) {
		f := exporters()
		f.StackSets["hosts"].Running = []fleet.Operation{{ID: "theirs", Kind: fleet.OperationUpdate, Status: fleet.OperationRunning}}
		_, p := decide(f, policy.Default(), Memory{})
		if len(healing(p)) != 0 || len(p.Unhandled) != 1 || !strings.Contains(p.Unhandled[0].Hint, string(GuardExternalOperation)) {
			t.Errorf("actions %v, left %+v", p.Actions, p.Unhandled)
		}
	})
}

func TestARegionThatOneStackSetFoundDisabledIsNotTriedWithAnother(t *testing.T) {
	f := newFleet(1)
	fill(addSet(f, "first"), 1, failedFor("STS is not activated in this region for account:200000000001."))
	addSet(f, "second", "mandatory=true")
	a, p := decide(f, policy.Default(), Memory{})
	if c := cellAt(a, "second", at(1, frankfurt)); c.Verdict != Blocked || c.Class != ReasonRegionDisabled || len(healing(p)) != 0 {
		t.Errorf("%s (%s), %d actions", c.Verdict, c.Class, len(healing(p)))
	}
}

func hasProblem(problems []policy.Problem, set fleet.StackSetName, text string) bool {
	return slices.ContainsFunc(problems, func(p policy.Problem) bool {
		return p.StackSet == set && strings.Contains(p.Text, text)
	})
}
