package cloud

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
)

var driftingCell = fleet.Cell{StackSet: "owned", Target: fleet.Target{Account: "200000000007", Region: "us-east-1"}}

// drifting is a lab in which one of three instances has an override, and was
// changed by hand.
func drifting(t *testing.T) (lab, fleet.MemberStack) {
	t.Helper()
	l := newLab(t, Config{})
	for _, account := range []fleet.AccountID{"200000000000", "200000000001", driftingCell.Account} {
		seed := awssim.InstanceSeed{}
		if account == driftingCell.Account {
			seed.Overrides = map[string]string{"Team": "search"}
		}
		must(t, l.sim.SeedInstance("owned", string(account), string(driftingCell.Region), seed))
	}
	instance, err := l.Instance(t.Context(), driftingCell)
	must(t, err)
	must(t, l.sim.SetProperty(instance.StackID, "Topic", "/DisplayName", "hands"))
	return l, fleet.MemberStack{Target: driftingCell.Target, StackID: instance.StackID, Role: "setmend-member"}
}

func TestDriftIsDetectedCountedAndReadDownToTheProperty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := drifting(t)
		must(t, l.DetectDrift(t.Context(), "owned", "drift-1", fleet.Preferences{MaxConcurrentPercentage: 100}))
		must(t, l.DetectDrift(t.Context(), "owned", "drift-1", fleet.Preferences{MaxConcurrentPercentage: 100}))
		operation := l.ended(t, "owned", "drift-1")
		if d := operation.Drift; d == nil || d.Total != 3 || d.Drifted != 1 || d.InSync != 2 || d.Running != 0 {
			t.Errorf("%+v", operation.Drift)
		}
		set, err := l.StackSet(t.Context(), "owned")
		if err != nil || set.Drift.Status != fleet.DriftDrifted || set.Drift.LastCheck.IsZero() {
			t.Errorf("%+v, %v", set.Drift, err)
		}
		drifted, err := l.Instances(t.Context(), "owned", fleet.InstanceFilter{Drift: fleet.DriftDrifted, Operation: "drift-1"})
		if err != nil || len(drifted) != 1 || drifted[0].Target != driftingCell.Target || drifted[0].LastDriftCheck.IsZero() {
			t.Fatalf("%+v, %v", drifted, err)
		}
		resources, err := l.ResourceDrifts(t.Context(), driftingCell, "drift-1")
		if err != nil || len(resources) != 1 {
			t.Fatalf("%+v, %v", resources, err)
		}
		want := []fleet.PropertyDifference{{Path: "/DisplayName", Expected: "search", Actual: "hands", Type: "NOT_EQUAL"}}
		if diff := cmp.Diff(want, resources[0].Differences); diff != "" || resources[0].LogicalID != "Topic" || resources[0].ResourceType != "AWS::SNS::Topic" {
			t.Errorf("%+v -want +got\n%s", resources[0], diff)
		}
	})
}

func TestARevertPutsTheStackBackAndKeepsItsOverrides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stack := drifting(t)
		status, resources, err := l.StackDrift(t.Context(), stack)
		if err != nil || status != fleet.DriftDrifted || len(resources) != 1 {
			t.Fatalf("%s %+v %v", status, resources, err)
		}
		plan, err := l.Revert(t.Context(), stack, "heal-1")
		if err != nil || plan.Empty || len(plan.Changes) != 1 || plan.Changes[0].LogicalID != "Topic" || plan.Changes[0].Action != "Modify" || plan.Changes[0].Replacement != "False" {
			t.Fatalf("%+v, %v", plan, err)
		}
		must(t, l.ExecuteRevert(t.Context(), stack, "heal-1"))
		must(t, l.ExecuteRevert(t.Context(), stack, "heal-1"))
		status, resources, err = l.StackDrift(t.Context(), stack)
		if err != nil || status != fleet.DriftInSync || len(resources) != 0 {
			t.Errorf("after the revert: %s %+v %v", status, resources, err)
		}
		_, parameters, err := l.StackTemplate(t.Context(), stack)
		if diff := cmp.Diff([]fleet.Parameter{{Key: "Owner", Value: "nobody"}, {Key: "Team", Value: "search"}}, parameters); err != nil || diff != "" {
			t.Errorf("%v -want +got\n%s", err, diff)
		}
		for range 2 {
			if plan, err := l.Revert(t.Context(), stack, "heal-2"); err != nil || !plan.Empty {
				t.Errorf("with nothing left to revert: %+v, %v", plan, err)
			}
		}
	})
}

func TestAResourceDeletedByHandIsMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stack := drifting(t)
		must(t, l.sim.DeleteResource(stack.StackID, "Topic"))
		plan, err := l.Revert(t.Context(), stack, "heal")
		if err != nil || len(plan.Changes) != 1 || plan.Changes[0].Action != "Add" {
			t.Fatalf("%+v, %v", plan, err)
		}
		must(t, l.ExecuteRevert(t.Context(), stack, "heal"))
		if status, _, err := l.StackDrift(t.Context(), stack); err != nil || status != fleet.DriftInSync {
			t.Errorf("%s, %v", status, err)
		}
	})
}

func TestAnAbandonedRevertCanBePreparedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stack := drifting(t)
		for range 2 {
			if plan, err := l.Revert(t.Context(), stack, "heal"); err != nil || plan.Empty {
				t.Fatalf("%+v, %v", plan, err)
			}
			must(t, l.AbandonRevert(t.Context(), stack, "heal"))
			must(t, l.AbandonRevert(t.Context(), stack, "heal"))
		}
		_, err := l.StackSet(t.Context(), "owned")
		must(t, err)
		wantKind(t, l.ExecuteRevert(t.Context(), stack, "heal"), fleet.NotFound)
	})
}

func TestARevertThatAServiceControlPolicyForbidsSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stack := drifting(t)
		if _, err := l.Revert(t.Context(), stack, "heal"); err != nil {
			t.Fatal(err)
		}
		l.sim.Lock()
		l.sim.Access().AddSCP(awssim.SCP{Target: string(stack.Account), Action: "sns:*"})
		l.sim.Unlock()
		for range 2 { // the second time it finds the failure of the first
			e := wantKind(t, l.ExecuteRevert(t.Context(), stack, "heal"), fleet.Invalid)
			if e.Code != "UPDATE_ROLLBACK_COMPLETE" || !strings.Contains(e.Message, "ResourceLogicalId:Topic") || !strings.Contains(e.Message, "service control policy") {
				t.Errorf("%v", e)
			}
		}
	})
}

func TestAMemberThatLacksTheRoleIsDenied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stack := drifting(t)
		l.sim.Lock()
		l.sim.Access().RemoveRole(string(stack.Account), stack.Role)
		l.sim.Unlock()
		_, err := l.Revert(t.Context(), stack, "heal")
		e := wantKind(t, err, fleet.Denied)
		if e.Call != "AssumeRole" || !strings.Contains(e.Message, "sts:AssumeRole") {
			t.Errorf("%v", e)
		}
	})
}

func TestASessionOfAMemberIsRenewedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, stack := drifting(t)
		for range 6 {
			if _, _, err := l.StackTemplate(t.Context(), stack); err != nil {
				t.Fatal(err)
			}
			time.Sleep(40 * time.Minute)
		}
		if n := l.Stats().ByAction["AssumeRole"]; n < 3 || n > 6 {
			t.Errorf("%d sessions in four hours", n)
		}
	})
}
