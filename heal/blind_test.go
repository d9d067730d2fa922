package heal_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/plan"
)

// What AWS cannot look at, or does not say. The soak found all of these.

func TestWhatAWSCannotCheckIsToldAndNotCheckedAgainByEveryRun(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(1)
		w.stackSet("queue", accounts)
		w.aws.DisableRegion(accounts[0], home, true)
		r := w.heal(heal.Options{})
		got := cell(t, r, "queue", accounts[0])
		if got.Verdict != plan.NotChecked || !got.Attention || got.Class != plan.ReasonRegionDisabled || got.Hint == "" {
			t.Errorf("%s, attention %t, class %s: %s", got.Verdict, got.Attention, got.Class, got.Reason)
		}
		if again := w.heal(heal.Options{}); len(writes(again)) > 0 {
			t.Errorf("a second run writes %v", writes(again))
		}
	})
}

// TestDriftThatAChangeSetDoesNotSeeEndsAndIsNotRevertedForEver: AWS calls it
// drifted from an earlier check, and cannot check it again.
func TestDriftThatAChangeSetDoesNotSeeEndsAndIsNotRevertedForEver(t *testing.T) {
	scenario(t, func(w *world) {
		w.setPolicy(inPlace)
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:])
		w.instance("queue", accounts[0], awssim.InstanceSeed{Drift: "DRIFTED", Checked: time.Now().Add(-time.Hour)})
		w.aws.DisableRegion(accounts[0], home, true)
		r := w.heal(heal.Options{})
		if n := writes(r)["CreateChangeSet"]; n > 1 {
			t.Errorf("%d change sets were made", n)
		}
		if got := cell(t, r, "queue", accounts[0]); got.Verdict != plan.NotChecked || !got.Attention {
			t.Errorf("%s: %s", got.Verdict, got.Reason)
		}
		w.untouched()
	})
}

// phantom is a Cloud whose change sets find nothing to put back, ever.
type phantom struct{ heal.Cloud }

func (c *phantom) Revert(context.Context, fleet.MemberStack, string) (fleet.RevertPlan, error) {
	return fleet.RevertPlan{Empty: true}, nil
}

func TestDriftThatOnlyDetectionSeesIsRedeployedWhereThePolicyAllowsItAndElseLeftToAPerson(t *testing.T) {
	for healing, verdict := range map[string]plan.Verdict{"redeploy": plan.Healthy, "revert": plan.Quarantined} {
		t.Run(healing, func(t *testing.T) {
			scenario(t, func(w *world) {
				w.setPolicy(`{version: 1, stackSets: [{match: "*", healing: ` + healing + `, memberRole: OrganizationAccountAccessRole}]}`)
				accounts := w.accounts(6)
				w.stackSet("queue", accounts)
				w.drift("queue", accounts[0])
				config := w.config(w.connect())
				config.Cloud = &phantom{config.Cloud}
				r := w.healWith(config, heal.Options{})
				if got := cell(t, r, "queue", accounts[0]); got.Verdict != verdict || len(got.Steps) > 3 {
					t.Errorf("%s after %d steps: %s", got.Verdict, len(got.Steps), got.Reason)
				}
			})
		})
	}
}

// passing is a Cloud whose deletions name OUs that lead AWS to nothing: it ends
// them as succeeded, and they have done nothing.
type passing struct {
	heal.Cloud
	asked map[string]bool
}

func (c *passing) Change(_ context.Context, change fleet.InstanceChange) error {
	c.asked[change.OperationID] = true
	return nil
}

func (c *passing) Operation(ctx context.Context, name fleet.StackSetName, id string) (fleet.Operation, error) {
	if c.asked[id] {
		return fleet.Operation{ID: id, StackSet: name, Kind: fleet.OperationDelete, Status: fleet.OperationSucceeded}, nil
	}
	return c.Cloud.Operation(ctx, name, id)
}

func (c *passing) Results(ctx context.Context, name fleet.StackSetName, id string) ([]fleet.Result, error) {
	if c.asked[id] {
		return nil, nil
	}
	return c.Cloud.Results(ctx, name, id)
}

func TestAnOrphanThatItsDeletionPassedOverIsStillAnOrphan(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(25)
		w.stackSet("queue", accounts)
		w.locked(func() error { return w.aws.Organization().Leave(accounts[0]) })
		config := w.config(w.connect())
		config.Cloud = &passing{config.Cloud, map[string]bool{}}
		r := w.healWith(config, heal.Options{})
		got := cell(t, r, "queue", accounts[0])
		if !got.Present() || got.Verdict == plan.Healthy || len(got.Steps) == 0 || !strings.Contains(got.Steps[0].Reason, "without coming to this target") {
			t.Errorf("%s, %+v", got.Verdict, got.Steps)
		}
	})
}

// TestACheckInAnAccountThatLeftHidesNoFailedCheck: AWS counts how many were
// checked, and not which.
func TestACheckInAnAccountThatLeftHidesNoFailedCheck(t *testing.T) {
	scenarioWith(t, awssim.StackSetOptions{DepartedReachable: true, DriftKeepsDetailed: true}, func(w *world) {
		w.setPolicy(`{version: 1, accounts: {left: hold}}`)
		accounts := w.accounts(25)
		w.stackSet("queue", accounts[2:])
		checked := awssim.InstanceSeed{Drift: "IN_SYNC", Checked: time.Now().Add(-48 * time.Hour)}
		w.instance("queue", accounts[0], checked)
		w.instance("queue", accounts[1], checked)
		w.locked(func() error { return w.aws.Organization().Leave(accounts[0]) })
		w.aws.DisableRegion(accounts[1], home, true)
		r := w.heal(heal.Options{})
		if got := cell(t, r, "queue", accounts[1]); got.Verdict == plan.Healthy {
			t.Errorf("%s, and AWS could not look: %s", got.Verdict, got.Reason)
		}
	})
}
