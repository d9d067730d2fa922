package heal_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// reverting is a Cloud whose change sets are read as a test wants them.
type reverting struct {
	heal.Cloud
	read func(*fleet.RevertPlan)
}

func (c *reverting) Revert(ctx context.Context, stack fleet.MemberStack, token string) (fleet.RevertPlan, error) {
	p, err := c.Cloud.Revert(ctx, stack, token)
	if err == nil {
		c.read(&p)
	}
	return p, err
}

const inPlace = `{version: 1, stackSets: [{match: "*", memberRole: OrganizationAccountAccessRole}]}`

func TestAChangeSetThatWouldReplaceOrRemoveSomethingIsDeletedAndTheNextRemedyTaken(t *testing.T) {
	for promise, change := range map[string]func(*fleet.RevertChange){
		"it would remove a resource":                 func(c *fleet.RevertChange) { c.Action = "Remove" },
		"it would replace a resource":                func(c *fleet.RevertChange) { c.Replacement = "True" },
		"it may replace a resource":                  func(c *fleet.RevertChange) { c.Replacement = "Conditional" },
		"it cannot put back everything that drifted": func(c *fleet.RevertChange) { c.Ignored = []string{"/RedrivePolicy: WRITE_ONLY_PROPERTY"} },
	} {
		t.Run(promise, func(t *testing.T) {
			scenario(t, func(w *world) {
				w.setPolicy(inPlace)
				accounts := w.accounts(6)
				w.stackSet("queue", accounts)
				w.drift("queue", accounts[0])
				config := w.config(w.connect())
				config.Cloud = &reverting{config.Cloud, func(p *fleet.RevertPlan) { change(&p.Changes[0]) }}
				r := w.healWith(config, heal.Options{})
				if diff := cmp.Diff([]plan.Remedy{plan.RemedyRevert, plan.RemedyRedeploy}, remedies(r, "queue", accounts[0])); diff != "" {
					t.Errorf("remedies (-want +got):\n%s", diff)
				}
				if len(w.calls("DeleteChangeSet")) != 1 || len(w.calls("ExecuteChangeSet")) > 0 {
					t.Errorf("%d change sets deleted, %d executed", len(w.calls("DeleteChangeSet")), len(w.calls("ExecuteChangeSet")))
				}
				if r.After.Healthy != 6 {
					t.Errorf("%+v", r.After)
				}
			})
		})
	}
}

// TestAnAccountThatTheMemberRoleCannotEnterIsLeftToAPersonAndNotRedeployed: being
// refused access is no licence for a harsher remedy.
func TestAnAccountThatTheMemberRoleCannotEnterIsLeftToAPersonAndNotRedeployed(t *testing.T) {
	scenario(t, func(w *world) {
		w.setPolicy(inPlace)
		accounts := w.accounts(6)
		w.stackSet("queue", accounts)
		w.drift("queue", accounts[0])
		w.drift("queue", accounts[1])
		w.locked(func() error { w.aws.Access().RemoveRole(accounts[0], "OrganizationAccountAccessRole"); return nil })
		r := w.heal(heal.Options{})
		w.untouched()
		if diff := cmp.Diff([]plan.Remedy{plan.RemedyRevert}, remedies(r, "queue", accounts[0])); diff != "" {
			t.Errorf("remedies (-want +got):\n%s", diff)
		}
		got := cell(t, r, "queue", accounts[0])
		if got.Verdict != plan.Drifted || !got.Attention || got.Class != plan.ReasonCouldNotTry || !strings.Contains(got.Hint, "role") {
			t.Errorf("%s, attention %t, class %s: %s %s", got.Verdict, got.Attention, got.Class, got.Reason, got.Hint)
		}
		if r.Run.Result != report.Attention || r.After.Healthy != 5 {
			t.Errorf("%s, %+v", r.Run.Result, r.After)
		}
		w.locked(func() error { w.aws.Access().RestoreRole(accounts[0], "OrganizationAccountAccessRole"); return nil })
		if r := w.heal(heal.Options{}); r.After.Healthy != 6 {
			t.Errorf("with the role there again: %+v", r.After)
		}
		w.untouched()
	})
}

func TestWhereNothingMayBeDeletedARevertThatFailsEndsWithAPerson(t *testing.T) {
	scenario(t, func(w *world) {
		w.setPolicy(`{version: 1, stackSets: [{match: "*", healing: revert, memberRole: OrganizationAccountAccessRole}]}`)
		accounts := w.accounts(6)
		w.stackSet("queue", accounts)
		w.drift("queue", accounts[0])
		id, _ := w.aws.StackOf("queue", accounts[0], home)
		w.locked(func() error { return w.aws.Stacks().Obstruct(id, "Queue", "the queue is locked") })
		r := w.heal(heal.Options{})
		w.untouched()
		if got := cell(t, r, "queue", accounts[0]); got.Verdict != plan.Quarantined || !got.Attention || got.Hint == "" {
			t.Errorf("%s, class %s: %s", got.Verdict, got.Class, got.Reason)
		}
	})
}

func TestAProtectedSetIsNeverRedeployed(t *testing.T) {
	scenario(t, func(w *world) {
		w.setPolicy(`{version: 1, stackSets: [{match: "*", protected: true}]}`)
		accounts := w.accounts(6)
		w.stackSet("queue", accounts)
		w.drift("queue", accounts[0])
		r := w.heal(heal.Options{})
		w.untouched()
		if got := cell(t, r, "queue", accounts[0]); got.Verdict != plan.Drifted || !got.Attention || got.Hint == "" {
			t.Errorf("%s: %+v", got.Verdict, got)
		}
	})
}

func TestARetryLeavesOverridesAsTheyAre(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		own := map[string]string{"Owner": "payments"}
		w.stackSet("queue", accounts[1:])
		w.instance("queue", accounts[0], awssim.InstanceSeed{Status: "OUTDATED", Reason: "Internal failure", Overrides: own})
		w.heal(heal.Options{})
		if diff := cmp.Diff(own, w.overrides("queue", accounts[0])); diff != "" {
			t.Errorf("overrides (-before +after):\n%s", diff)
		}
	})
}

func TestASetThatIsOnlyToBeReportedIsNotHealed(t *testing.T) {
	for _, healing := range []string{"notify", "off"} {
		t.Run(healing, func(t *testing.T) {
			scenario(t, func(w *world) {
				w.setPolicy(`{version: 1, stackSets: [{match: "*", mandatory: false, healing: ` + healing + `}]}`)
				accounts := w.accounts(6)
				w.stackSet("queue", accounts[1:])
				w.instance("queue", accounts[0], awssim.InstanceSeed{Status: "OUTDATED", Reason: "Internal failure"})
				r := w.heal(heal.Options{})
				if n := len(w.sequence()); n > 0 {
					t.Errorf("%d changes were made", n)
				}
				if got := cell(t, r, "queue", accounts[0]); got.Verdict != plan.Failed || !got.Attention {
					t.Errorf("%s, attention %t", got.Verdict, got.Attention)
				}
			})
		})
	}
}

// TestARunNarrowedToSomeCellsTouchesNoOther is what --stackset, --account and
// --target promise.
func TestARunNarrowedToSomeCellsTouchesNoOther(t *testing.T) {
	for promise, options := range map[string]heal.Options{
		"an account":  {Accounts: []fleet.AccountID{"200000000001"}},
		"a target":    {Targets: []fleet.Target{target("200000000001")}},
		"a stack set": {StackSets: []fleet.StackSetName{"queue"}, Accounts: []fleet.AccountID{"200000000001"}},
	} {
		t.Run(promise, func(t *testing.T) {
			scenario(t, func(w *world) {
				accounts := w.accounts(8)
				for _, set := range []string{"queue", "bus"} {
					w.stackSet(set, accounts[:6])
				}
				w.drift("queue", accounts[0])
				w.drift("queue", accounts[1])
				w.heal(options)
				for _, c := range w.aws.Writes() {
					if got, named := c.Params["DeploymentTargets.Accounts"]; named && (got != accounts[0] || c.Params["StackSetName"] != "queue") {
						t.Errorf("%s on %s in %s", c.Action, c.Params["StackSetName"], got)
					}
				}
				if len(w.calls("DeleteStackInstances")) != 1 {
					t.Errorf("%d deletions, want the one in scope", len(w.calls("DeleteStackInstances")))
				}
			})
		})
	}
}
