package heal_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

func TestAHealthyFleetIsLeftAloneButForDriftDetection(t *testing.T) {
	scenario(t, func(w *world) {
		w.stackSet("queue", w.accounts(3))
		r := w.heal(heal.Options{})
		if r.Run.Result != report.Healed || r.After.Healthy != 3 {
			t.Errorf("result %s, %d healthy; want healed, 3", r.Run.Result, r.After.Healthy)
		}
		if want := map[string]int{"DetectStackSetDrift": 1}; !cmp.Equal(writes(r), want) {
			t.Errorf("writes: %v, want %v", writes(r), want)
		}
	})
}

func TestASecondRunRightAfterWritesNothing(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(4)
		w.stackSet("queue", accounts[:3])
		w.drift("queue", accounts[0])
		w.heal(heal.Options{})
		r := w.heal(heal.Options{})
		if len(writes(r)) != 0 || r.Run.Result != report.Healed {
			t.Errorf("second run: result %s, writes %v", r.Run.Result, writes(r))
		}
	})
}

func TestAMissingMandatoryInstanceIsCreated(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(3)
		w.stackSet("queue", accounts[:2])
		r := w.heal(heal.Options{})
		if r.Before.Missing != 1 || r.After.Missing != 0 || r.After.Healthy != 3 {
			t.Errorf("before %+v, after %+v", r.Before, r.After)
		}
	})
}

func TestDriftIsRevertedInPlaceWhereTheMemberRoleAllows(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(3)
		w.setPolicy(`{version: 1, stackSets: [{match: "*", memberRole: OrganizationAccountAccessRole}]}`)
		w.stackSet("queue", accounts)
		w.drift("queue", accounts[1])
		stack, _ := w.aws.StackOf("queue", accounts[1], home)
		r := w.heal(heal.Options{})
		if got, want := remedies(r, "queue", accounts[1]), []plan.Remedy{plan.RemedyRevert}; !cmp.Equal(got, want) {
			t.Errorf("remedies %v, want %v", got, want)
		}
		if after, _ := w.aws.StackOf("queue", accounts[1], home); after != stack {
			t.Errorf("the stack was replaced: %s, was %s", after, stack)
		}
		if r.Before.Drifted != 1 || r.After.Healthy != 3 {
			t.Errorf("before %+v, after %+v", r.Before, r.After)
		}
	})
}

func TestDriftIsRedeployedWithItsOverridesWhereRevertingIsNotPossible(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(3)
		w.stackSet("queue", nil)
		own := map[string]string{"Retention": "1209600", "Owner": "payments"}
		w.instance("queue", accounts[0], awssim.InstanceSeed{Overrides: own})
		w.instance("queue", accounts[1], awssim.InstanceSeed{})
		w.instance("queue", accounts[2], awssim.InstanceSeed{})
		w.drift("queue", accounts[0])
		stack, _ := w.aws.StackOf("queue", accounts[0], home)
		r := w.heal(heal.Options{})
		if after, _ := w.aws.StackOf("queue", accounts[0], home); after == stack {
			t.Error("the stack is still the one that drifted")
		}
		if diff := cmp.Diff(own, w.overrides("queue", accounts[0])); diff != "" {
			t.Errorf("overrides (-before +after):\n%s", diff)
		}
		if want := (report.Overrides{Saved: 1, Restored: 1}); r.Overrides != want {
			t.Errorf("overrides report %+v, want %+v", r.Overrides, want)
		}
		if r.After.Healthy != 3 {
			t.Errorf("after %+v", r.After)
		}
	})
}

func TestAMaskedOverrideBlocksTheDeletion(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(3)
		w.stackSet("queue", accounts[1:])
		w.instance("queue", accounts[0], awssim.InstanceSeed{Overrides: map[string]string{"Key": "s3cret"}})
		w.drift("queue", accounts[0])
		stack, _ := w.aws.StackOf("queue", accounts[0], home)
		r := w.heal(heal.Options{})
		if after, _ := w.aws.StackOf("queue", accounts[0], home); after != stack {
			t.Error("the stack was replaced although its override cannot be read back")
		}
		if len(r.Attention) != 1 || r.Attention[0].Class != plan.ReasonMaskedOverride || r.Attention[0].Hint == "" {
			t.Errorf("attention: %+v", r.Attention)
		}
	})
}

func TestInstancesInAccountsThatLeftAreLetGoOfAndTheirStacksStay(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(30)
		w.stackSet("queue", accounts)
		stack, _ := w.aws.StackOf("queue", accounts[0], home)
		w.aws.Lock()
		w.must(w.aws.Organization().Leave(accounts[0]))
		w.aws.Unlock()
		r := w.heal(heal.Options{})
		if r.Before.Orphan != 1 || r.After.Orphan != 0 {
			t.Errorf("before %+v, after %+v", r.Before, r.After)
		}
		if got, want := remedies(r, "queue", accounts[0]), []plan.Remedy{plan.RemedyDetach}; !cmp.Equal(got, want) {
			t.Errorf("remedies %v, want %v", got, want)
		}
		if !w.aws.StackExists(stack) {
			t.Error("the stack in the account that left was deleted")
		}
	})
}

func TestWhatAnSCPDeniesIsBlockedWithAWSsReasonAndTriedAgainWhenItIsLifted(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(3)
		w.stackSet("queue", accounts[1:])
		w.aws.Lock()
		w.aws.Access().AddSCP(awssim.SCP{Target: accounts[0], Action: "sqs:*"})
		w.aws.Unlock()
		r := w.heal(heal.Options{})
		if len(r.Attention) != 1 || r.Attention[0].Verdict != plan.Blocked || r.Attention[0].Class != plan.ReasonDenied {
			t.Fatalf("attention: %+v", r.Attention)
		}
		if again := w.heal(heal.Options{}); len(writes(again)) != 0 {
			t.Errorf("second run writes %v", writes(again))
		}
		w.aws.Lock()
		w.aws.Access().RemoveSCP(accounts[0], "sqs:*")
		w.aws.Unlock()
		time.Sleep(25 * time.Hour)
		if r := w.heal(heal.Options{}); r.After.Healthy != 3 || r.Run.Result != report.Healed {
			t.Errorf("with the cause gone: %s, %+v", r.Run.Result, r.After)
		}
	})
}

// writes are the report's API calls that change something.
func writes(r *report.Report) map[string]int {
	changing := map[string]int{}
	for _, action := range []string{"CreateStackInstances", "UpdateStackInstances", "DeleteStackInstances", "DetectStackSetDrift",
		"CreateChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "StopStackSetOperation", "UpdateStackSet", "DetectStackDrift"} {
		if n := r.API.ByAction[action]; n > 0 {
			changing[action] = n
		}
	}
	return changing
}
