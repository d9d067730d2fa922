package heal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

var special = map[string]string{"Owner": "payments", "Retention": "90000"}

// withOverrides makes a stack set of which one instance has overrides of its own.
func withOverrides(w *world, change ...func(*awssim.StackSetSpec)) (account string) {
	accounts := w.accounts(6)
	w.stackSet("queue", accounts[1:], change...)
	w.instance("queue", accounts[0], awssim.InstanceSeed{Overrides: special})
	return accounts[0]
}

const noGrace = "accounts: {grace: 0h, excluded: remove}\n"

// excludeOnce has a heal remove the account's instance, and lifts the exclusion.
func (w *world) excludeOnce(account string) {
	w.t.Helper()
	w.setPolicy("version: 1\n" + noGrace + "exclude: {accounts: [\"" + account + "\"]}\n")
	w.heal(heal.Options{})
	if n := w.stacksIn(account); n != 0 {
		w.t.Fatalf("%d stacks are left in the excluded account", n)
	}
	w.setPolicy("version: 1\n" + noGrace)
}

// suspendOnce suspends the account, has a heal detach its instance, and reactivates it.
func (w *world) suspendOnce(account string) {
	w.t.Helper()
	w.setPolicy("version: 1\n" + noGrace)
	w.locked(func() error { return w.aws.Organization().Suspend(account) })
	w.heal(heal.Options{})
	if _, there := w.read().StackSets["queue"].Instances[target(account)]; there {
		w.t.Fatal("the instance in the suspended account was not let go of")
	}
	w.locked(func() error { return w.aws.Organization().SetState(account, "ACTIVE") })
}

// deleteByHand has a person delete an instance with its stack.
func (w *world) deleteByHand(set, account string, retain bool) {
	w.t.Helper()
	_, err := w.stackSets().DeleteStackInstances(w.t.Context(), &cloudformation.DeleteStackInstancesInput{StackSetName: aws.String(set),
		Regions: []string{home}, RetainStacks: aws.Bool(retain), DeploymentTargets: &cfn.DeploymentTargets{
			OrganizationalUnitIds: []string{w.ou}, Accounts: []string{account}, AccountFilterType: cfn.AccountFilterTypeIntersection}})
	w.must(err)
	time.Sleep(10 * time.Minute)
}

func (w *world) checkGivenBack(r *report.Report, account string) {
	w.t.Helper()
	if diff := cmp.Diff(special, w.overrides("queue", account)); diff != "" {
		w.t.Errorf("overrides (-saved +given back):\n%s", diff)
	}
	if r.Overrides.Restored != 1 || r.Overrides.Lost != 0 || r.Run.Result != report.Healed {
		w.t.Errorf("%s %+v", r.Run.Result, r.Overrides)
	}
}

func TestAnInstanceThatWasRemovedAndIsWantedAgainGetsItsOverridesBack(t *testing.T) {
	scenario(t, func(w *world) {
		account := withOverrides(w)
		w.excludeOnce(account)
		p := w.planned()
		shown := false
		for _, a := range p.Actions {
			for _, request := range a.Requests {
				shown = shown || request.Kind == plan.RequestCreate && len(request.Overrides) == len(special)
			}
		}
		if !shown {
			t.Errorf("the plan does not show the overrides: %+v", p.Actions)
		}
		w.checkGivenBack(w.heal(heal.Options{}), account)
	})
}

func TestAnInstanceThatAPersonDeletesGetsTheOverridesOfItsLastRedeploymentBack(t *testing.T) {
	scenario(t, func(w *world) {
		account := withOverrides(w)
		w.must(deleteQueue(w, account))
		w.checkGivenBack(w.heal(heal.Options{}), account)
		w.deleteByHand("queue", account, false)
		w.checkGivenBack(w.heal(heal.Options{}), account)
	})
}

func TestOverridesGivenSinceTheReturnAreLeftAsTheyAre(t *testing.T) {
	scenario(t, func(w *world) {
		account := withOverrides(w)
		w.excludeOnce(account)
		w.heal(heal.Options{})
		theirs := map[string]string{"Owner": "search"}
		w.give("queue", account, theirs)
		time.Sleep(10 * time.Minute)
		r := w.heal(heal.Options{})
		if diff := cmp.Diff(theirs, w.overrides("queue", account)); diff != "" || r.Run.Result != report.Healed {
			t.Errorf("%s, overrides (-theirs +after):\n%s", r.Run.Result, diff)
		}
	})
}

func TestAParameterThatTheTemplateNoLongerHasHandsTheReturnToAPerson(t *testing.T) {
	scenario(t, func(w *world) {
		account := withOverrides(w)
		w.excludeOnce(account)
		w.updateSet("queue", strings.NewReplacer("  Owner: {Type: String, Default: platform}\n", "", "!Ref Owner", "platform").Replace(queueTemplate))
		time.Sleep(30 * time.Minute)
		r := w.heal(heal.Options{})
		c := told(t, r, "queue", account)
		if c.Verdict != plan.Blocked || !c.Attention || !strings.Contains(c.Reason, "Owner") || w.stacksIn(account) != 0 {
			t.Errorf("%s %s; %d stacks", c.Verdict, c.Reason, w.stacksIn(account))
		}
	})
}

func TestAStackThatWasLeftBehindIsOfferedForImportAndNeverDoubled(t *testing.T) {
	for _, mandatory := range []string{"true", "false"} {
		t.Run("mandatory "+mandatory, func(t *testing.T) {
			scenario(t, func(w *world) {
				account := withOverrides(w, func(s *awssim.StackSetSpec) { s.Tags["mandatory"] = mandatory })
				stack, _ := w.aws.StackOf("queue", account, home)
				w.suspendOnce(account)
				for range 2 {
					r := w.heal(heal.Options{})
					c := told(t, r, "queue", account)
					if c.Verdict != plan.Blocked || !c.Attention || !strings.Contains(c.Hint, "import-stacks-to-stack-set") || !strings.Contains(c.Hint, stack) || !strings.Contains(c.Reason, "Owner=payments") {
						t.Errorf("%s %s %s", c.Verdict, c.Reason, c.Hint)
					}
					if n := w.stacksIn(account); n != 1 || r.Run.Result != report.Attention {
						t.Errorf("%d stacks, %s", n, r.Run.Result)
					}
				}
			})
		})
	}
}

func TestAStackLeftBehindThatIsKnownToBeGoneIsDeployedAnewWithItsOverrides(t *testing.T) {
	scenario(t, func(w *world) {
		account := withOverrides(w)
		stack, _ := w.aws.StackOf("queue", account, home)
		w.suspendOnce(account)
		_, err := w.member(account).DeleteStack(w.t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String(stack)})
		w.must(err)
		time.Sleep(10 * time.Minute)
		w.must(record.Release(w.t.Context(), w.journal, fleet.Cell{StackSet: "queue", Target: target(account)}))
		w.checkGivenBack(w.heal(heal.Options{}), account)
	})
}

func TestAStackLeftBehindThatTheMemberRoleFindsDeletedIsDeployedAnew(t *testing.T) {
	scenario(t, func(w *world) {
		account := withOverrides(w)
		stack, _ := w.aws.StackOf("queue", account, home)
		w.suspendOnce(account)
		w.setPolicy("version: 1\n" + noGrace + "defaults: {memberRole: setmend-member}\n")
		if c := told(t, w.heal(heal.Options{}), "queue", account); c.Verdict != plan.Blocked {
			t.Errorf("while its stack is there: %s %s", c.Verdict, c.Reason)
		}
		_, err := w.member(account).DeleteStack(w.t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String(stack)})
		w.must(err)
		time.Sleep(10 * time.Minute)
		w.checkGivenBack(w.heal(heal.Options{}), account)
	})
}

func TestAnInstanceThatCameBackByItselfWithoutItsOverridesIsSaid(t *testing.T) {
	scenario(t, func(w *world) {
		account := withOverrides(w)
		w.excludeOnce(account)
		_, err := w.stackSets().CreateStackInstances(w.t.Context(), &cloudformation.CreateStackInstancesInput{StackSetName: aws.String("queue"),
			Regions: []string{home}, DeploymentTargets: &cfn.DeploymentTargets{
				OrganizationalUnitIds: []string{w.ou}, Accounts: []string{account}, AccountFilterType: cfn.AccountFilterTypeIntersection}})
		w.must(err)
		time.Sleep(10 * time.Minute)
		r := w.heal(heal.Options{})
		if c := told(t, r, "queue", account); !c.Attention || !strings.Contains(c.Reason, "Owner=payments") {
			t.Errorf("%s %s", c.Verdict, c.Reason)
		}
		w.give("queue", account, special)
		time.Sleep(10 * time.Minute)
		if r := w.heal(heal.Options{}); r.Run.Result != report.Healed {
			t.Errorf("%s %+v", r.Run.Result, r.Attention)
		}
	})
}
