package heal_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// reads are the lists that a run's decisions rest on.
var reads = []string{"organizations:ListAccounts", "organizations:ListAccountsForParent", "organizations:ListOrganizationalUnitsForParent",
	"cloudformation:ListStackSets", "cloudformation:ListStackInstances", "cloudformation:ListStackSetOperations"}

func TestPagesThatAreCutEmptyOrFailedDeleteNothing(t *testing.T) {
	for _, call := range reads {
		for _, do := range []string{"cut-page", "empty-page", "fail", "throttle"} {
			for nth := 1; nth <= 3; nth++ {
				t.Run(fmt.Sprintf("%s %s at call %d", call, do, nth), func(t *testing.T) {
					scenario(t, func(w *world) {
						accounts := w.accounts(45)
						w.stackSet("queue", accounts)
						w.faults(fmt.Sprintf("faults: [{call: %q, do: %s, nth: %d, times: 40}]", call, do, nth))
						w.heal(heal.Options{})
						w.untouched()
						if n := len(w.calls("CreateStackInstances")); n > 0 {
							t.Errorf("%d creations in a healthy fleet", n)
						}
					})
				})
			}
		}
	}
}

// partial is a Cloud that drops accounts from the organization without saying so,
// as AWS documents that a page may.
type partial struct {
	heal.Cloud
	readings int // how many readings are cut
	drop     map[fleet.AccountID]bool
}

func (c *partial) Organization(ctx context.Context) (fleet.Organization, error) {
	organization, err := c.Cloud.Organization(ctx)
	if c.readings--; c.readings >= 0 {
		for id := range c.drop {
			delete(organization.Accounts, id)
		}
	}
	return organization, err
}

func TestAnAccountMissingFromAReadingIsNeverTakenForOneThatLeft(t *testing.T) {
	for _, readings := range []int{1, 2, 1000} {
		t.Run(fmt.Sprintf("in %d readings", readings), func(t *testing.T) {
			scenario(t, func(w *world) {
				accounts := w.accounts(40)
				w.stackSet("queue", accounts)
				config := w.config(w.connect())
				config.Cloud = &partial{Cloud: config.Cloud, readings: readings, drop: map[fleet.AccountID]bool{fleet.AccountID(accounts[0]): true}}
				w.healWith(config, heal.Options{})
				w.untouched()
			})
		})
	}
}

// restated is a Cloud that gives an account another state.
type restated struct {
	heal.Cloud
	account fleet.AccountID
	state   fleet.AccountState
}

func (c *restated) Organization(ctx context.Context) (fleet.Organization, error) {
	organization, err := c.Cloud.Organization(ctx)
	account := organization.Accounts[c.account]
	account.State = c.state
	organization.Accounts[c.account] = account
	return organization, err
}

func TestABlankOrUnknownAccountStateIsNeverActedOn(t *testing.T) {
	for _, state := range []fleet.AccountState{fleet.AccountUnknown, "HIBERNATING", fleet.AccountPendingActivation} {
		t.Run("state "+string(state), func(t *testing.T) {
			scenario(t, func(w *world) {
				accounts := w.accounts(6)
				w.stackSet("queue", accounts)
				w.drift("queue", accounts[0])
				config := w.config(w.connect())
				config.Cloud = &restated{config.Cloud, fleet.AccountID(accounts[0]), state}
				r := w.healWith(config, heal.Options{})
				w.untouched()
				if got := cell(t, r, "queue", accounts[0]); got.Verdict != plan.Blocked || len(got.Steps) > 0 {
					t.Errorf("%s, %+v", got.Verdict, got.Steps)
				}
			})
		})
	}
}

func TestEveryCallOnAServiceManagedSetNamesItsAccountsAndIntersects(t *testing.T) {
	scenario(t, func(w *world) {
		tr := makeTrouble(w)
		w.heal(heal.Options{})
		seen := 0
		for _, action := range []string{"CreateStackInstances", "UpdateStackInstances", "DeleteStackInstances"} {
			for _, call := range w.calls(action) {
				seen++
				if call.Params["DeploymentTargets.AccountFilterType"] != "INTERSECTION" || call.Params["DeploymentTargets.Accounts"] == "" {
					t.Errorf("%s with %v", action, call.Params)
				}
			}
		}
		if seen < 4 {
			t.Errorf("%d calls were seen, of %d accounts with trouble", seen, len(tr.allowed))
		}
	})
}

func TestStacksAreRetainedOnlyWhereTheirAccountIsGone(t *testing.T) {
	scenario(t, func(w *world) {
		tr := makeTrouble(w)
		w.heal(heal.Options{})
		for _, call := range w.calls("DeleteStackInstances") {
			gone := call.Params["DeploymentTargets.Accounts"] == tr.accounts[4]
			if (call.Params["RetainStacks"] == "true") != gone {
				t.Errorf("RetainStacks %s for accounts %s", call.Params["RetainStacks"], call.Params["DeploymentTargets.Accounts"])
			}
		}
	})
}

func TestTheManagementAccountIsNeverMissingFromAServiceManagedSet(t *testing.T) {
	scenario(t, func(w *world) {
		root := w.aws.Organization().Root()
		accounts := w.accounts(4)
		w.stackSet("queue", accounts, func(s *awssim.StackSetSpec) { s.Targets = map[string][]string{root: {home}} })
		r := w.heal(heal.Options{})
		for _, c := range r.Cells {
			if c.Account == management {
				t.Errorf("a cell in the management account: %s, %s", c.Verdict, c.Reason)
			}
		}
		if r.Run.Result != report.Healed {
			t.Errorf("%s, %+v", r.Run.Result, r.After)
		}
	})
}

func TestAnAccountsGraceIsWaitedForBeforeItsInstancesAreLetGoOf(t *testing.T) {
	scenario(t, func(w *world) {
		w.setPolicy("{version: 1, accounts: {grace: 48h}}")
		accounts := w.accounts(25)
		w.stackSet("queue", accounts)
		w.locked(func() error { return w.aws.Organization().Suspend(accounts[0]) })
		w.heal(heal.Options{})
		w.untouched()
		time.Sleep(24 * time.Hour)
		w.heal(heal.Options{})
		w.untouched()
		time.Sleep(25 * time.Hour)
		r := w.heal(heal.Options{})
		if n := len(w.calls("DeleteStackInstances")); n != 1 || r.After.Orphan != 0 {
			t.Errorf("%d deletions, after %+v", n, r.After)
		}
	})
}

func TestListsThatLagBehindLeadToNoSecondEffect(t *testing.T) {
	for _, call := range []string{"ListStackSetOperations", "ListStackInstances", "DescribeStackSet"} {
		t.Run(call, func(t *testing.T) {
			scenario(t, func(w *world) {
				tr := makeTrouble(w)
				w.faults(fmt.Sprintf("faults: [{call: 'cloudformation:%s', do: stale, delay: 30s}]", call))
				w.heal(heal.Options{})
				w.aws.ClearFaults()
				w.heal(heal.Options{})
				seen := map[string]int{}
				for _, c := range w.calls("DeleteStackInstances") {
					seen[c.Params["DeploymentTargets.Accounts"]]++
				}
				for accounts, n := range seen {
					if n > 1 {
						t.Errorf("%s: deleted %d times", accounts, n)
					}
				}
				for account, want := range tr.overrides {
					if got := w.overrides("queue", account); len(got) != len(want) {
						t.Errorf("overrides in %s: %v, were %v", account, got, want)
					}
				}
			})
		})
	}
}

func TestADriftCheckThatIsTooOldIsMadeAgainBeforeAnythingIsDone(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:])
		w.instance("queue", accounts[0], awssim.InstanceSeed{Drift: "DRIFTED", Checked: time.Now().Add(-48 * time.Hour)})
		r := w.heal(heal.Options{})
		w.untouched()
		if r.After.Healthy != 6 || len(w.calls("DetectStackSetDrift")) == 0 {
			t.Errorf("after %+v", r.After)
		}
	})
}
