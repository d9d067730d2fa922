package heal_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// What other people do to the very instances that setmend works on, at the worst
// moments. The soak found all of these.

// give has a person give an instance other overrides.
func (w *world) give(set, account string, overrides map[string]string) {
	w.t.Helper()
	var list []cfn.Parameter
	for _, key := range fleet.SortedKeys(overrides) {
		list = append(list, cfn.Parameter{ParameterKey: aws.String(key), ParameterValue: aws.String(overrides[key])})
	}
	_, err := w.stackSets().UpdateStackInstances(w.t.Context(), &cloudformation.UpdateStackInstancesInput{
		StackSetName: aws.String(set), Regions: []string{home}, ParameterOverrides: list,
		DeploymentTargets: &cfn.DeploymentTargets{OrganizationalUnitIds: []string{w.ou}, Accounts: []string{account},
			AccountFilterType: cfn.AccountFilterTypeIntersection}})
	w.must(err)
}

// TestOverridesGivenBetweenSavingAndDeletingAreTheOnesThatComeBack lets a person
// give the instance other overrides when they have been saved and the deletion is
// about to be asked for: AWS refuses the deletion meanwhile or, with managed
// execution, lets it wait behind the person's operation.
func TestOverridesGivenBetweenSavingAndDeletingAreTheOnesThatComeBack(t *testing.T) {
	for _, managed := range []bool{false, true} {
		t.Run(map[bool]string{false: "one operation at a time", true: "managed execution"}[managed], func(t *testing.T) {
			scenario(t, func(w *world) {
				accounts := w.accounts(6)
				w.stackSet("queue", accounts[1:], func(s *awssim.StackSetSpec) { s.ManagedExecution = managed })
				w.instance("queue", accounts[0], awssim.InstanceSeed{Overrides: map[string]string{"Owner": "payments"}})
				w.must(deleteQueue(w, accounts[0]))
				theirs := map[string]string{"Owner": "search", "Retention": "90000"}
				give := once(func() { w.give("queue", accounts[0], theirs) })
				r := w.healWatched(&watched{beforeChange: func(c fleet.InstanceChange) {
					if c.Kind == fleet.OperationDelete {
						give()
					}
				}}, heal.Options{})
				if diff := cmp.Diff(theirs, w.overrides("queue", accounts[0])); diff != "" {
					t.Errorf("overrides (-theirs +after):\n%s", diff)
				}
				if r.Overrides.Lost != 0 || r.After.Healthy != 6 {
					t.Errorf("%+v %+v", r.Overrides, r.After)
				}
			})
		})
	}
}

// deleteQueue deletes an instance's queue by hand, which no update puts back.
func deleteQueue(w *world, account string) error {
	id, _ := w.aws.StackOf("queue", account, home)
	return w.aws.DeleteResource(id, "Queue")
}

func TestAConflictIsWaitedOutAndNotHammered(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts)
		w.must(deleteQueue(w, accounts[0]))
		give, deletions := once(func() { w.give("queue", accounts[0], map[string]string{"Owner": "search"}) }), 0
		w.healWatched(&watched{beforeChange: func(c fleet.InstanceChange) {
			if c.Kind == fleet.OperationDelete {
				deletions++
				give()
			}
		}}, heal.Options{})
		if deletions > 4 {
			t.Errorf("the deletion was asked for %d times while a person's update ran", deletions)
		}
	})
}

func TestOverridesGivenAfterTheCreationAreNotCalledLostAndNothingStaysOwed(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:], func(s *awssim.StackSetSpec) { s.ManagedExecution = true })
		w.instance("queue", accounts[0], awssim.InstanceSeed{Overrides: map[string]string{"Owner": "payments"}})
		w.drift("queue", accounts[0])
		theirs := map[string]string{"Owner": "search"}
		r := w.healWatched(&watched{afterChange: func(c fleet.InstanceChange) {
			if c.Kind == fleet.OperationCreate {
				w.give("queue", accounts[0], theirs)
			}
		}}, heal.Options{})
		time.Sleep(10 * time.Minute)
		w.heal(heal.Options{})
		if diff := cmp.Diff(theirs, w.overrides("queue", accounts[0])); diff != "" || r.Overrides.Lost != 0 {
			t.Errorf("%+v; overrides (-theirs +after):\n%s", r.Overrides, diff)
		}
		w.owesNothing()
	})
}

// owesNothing fails the test if the journal says that an instance is owed.
func (w *world) owesNothing() {
	w.t.Helper()
	memory, err := record.LoadMemory(w.t.Context(), w.journal, nil, nil)
	w.must(err)
	if len(memory.PendingRestores) > 0 {
		w.t.Errorf("still owed: %v", slicesOf(memory.PendingRestores))
	}
}

func TestAnInstanceWhoseDeletionFailedIsNotOwed(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts)
		w.drift("queue", accounts[0])
		w.locked(func() error {
			w.aws.Access().AddSCP(awssim.SCP{Target: accounts[0], Action: "sqs:DeleteQueue"})
			return nil
		})
		w.heal(heal.Options{})
		w.owesNothing()
	})
}

func TestAStackDeletedBehindItsStackSetsBackIsNoticedAndMadeAgainWithItsOverrides(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		own := map[string]string{"Owner": "payments"}
		w.stackSet("queue", accounts[1:])
		w.instance("queue", accounts[0], awssim.InstanceSeed{Overrides: own})
		id, _ := w.aws.StackOf("queue", accounts[0], home)
		s := &soak{world: w}
		_, err := s.personIn(accounts[0], home).DeleteStack(w.t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String(id)})
		w.must(err)
		time.Sleep(10 * time.Minute)
		r := w.heal(heal.Options{})
		after, ok := w.aws.StackOf("queue", accounts[0], home)
		if diff := cmp.Diff(own, w.overrides("queue", accounts[0])); !ok || !w.aws.StackExists(after) || diff != "" {
			t.Errorf("stack %q, overrides (-before +after):\n%s", after, diff)
		}
		if got := remedies(r, "queue", accounts[0]); !slices.Contains(got, plan.RemedyRedeploy) || r.After.Healthy != 6 {
			t.Errorf("remedies %v, %+v", got, r.After)
		}
	})
}

func TestAnOperationThatHasEndedIsNotCountedAmongTheRunningInstances(t *testing.T) {
	scenario(t, func(w *world) {
		w.setPolicy(`{version: 1, limits: {runningInstances: 4}}`)
		accounts := w.accounts(8)
		w.stackSet("queue", accounts) // more instances than the limit, two of them in operation
		w.stackSet("bus", accounts[1:])
		w.give("queue", accounts[0], map[string]string{"Owner": "search"})
		ctx, cancel := context.WithTimeout(w.t.Context(), 24*time.Hour)
		defer cancel()
		s := &soak{world: w, witness: &witness{asked: map[string]*asked{}}}
		s.witness.soak = s
		for _, name := range []string{"queue", "bus"} {
			s.sets = append(s.sets, &soakSet{name: name})
		}
		if outcome, err := s.runAs(ctx, "run-1", "test", w.aws.Transport(), w.journal); err != nil || outcome.Status != asl.StatusSucceeded {
			t.Fatalf("not over after a day: %v %+v", err, outcome)
		}
		if _, there := w.aws.StackOf("bus", accounts[0], home); !there {
			t.Error("the missing instance was not created")
		}
	})
}

func TestTheOrganizationThatADeletionRestsOnDoesNotGrowYoungerByOtherReadings(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts)
		w.drift("queue", accounts[0])
		w.flapping("queue", accounts[0])
		begun := time.Now()
		// Found drifted for the third time, and backing off until 20 minutes after the
		// organization was read.
		w.faults("changes: [{at: 14m, do: suspend, account: '" + accounts[0] + "'}]")
		w.heal(heal.Options{})
		for _, c := range w.calls("DeleteStackInstances") {
			if c.Time.Sub(begun) > 14*time.Minute && c.Params["RetainStacks"] != "true" {
				t.Errorf("a stack was to be deleted in an account that was suspended for %s", c.Time.Sub(begun)-14*time.Minute)
			}
		}
		if n := len(w.calls("DeleteStackInstances")); n != 3 { // two heals, and letting go of it
			t.Errorf("%d deletions, want 3", n)
		}
	})
}

func TestACreationNamesNoOUThatTheStackSetIsNotMeantFor(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(4)
		w.setPolicy(`{version: 1, stackSets: [{match: queue, ous: [` + w.ou + `]}]}`)
		w.stackSet("queue", accounts[1:], func(s *awssim.StackSetSpec) { s.Targets = nil })
		w.heal(heal.Options{})
		for _, c := range w.calls("CreateStackInstances") {
			if got := c.Params["DeploymentTargets.OrganizationalUnitIds"]; got != w.ou {
				t.Errorf("created through %s, want %s", got, w.ou)
			}
		}
		if len(w.calls("CreateStackInstances")) == 0 {
			t.Error("nothing was created")
		}
	})
}

func TestWhatIsOwedInAnAccountThatMovedAwayWaitsAndDeploysToNoOtherOU(t *testing.T) {
	scenario(t, func(w *world) {
		r, account, _ := stopping(w, func(*heal.Config) {}, once(func() { w.must(lease.Stop(w.t.Context(), w.journal, "run-1", "a test")) }))
		if r.Run.Result != report.Stopped {
			t.Fatalf("%s", r.Run.Result)
		}
		w.locked(func() error { return w.aws.Organization().Move(account, w.aws.Organization().Root()) })
		r = w.heal(heal.Options{})
		if got := cell(t, r, "queue", account); got.Verdict != plan.Blocked || !strings.Contains(got.Reason, "none of the OUs") {
			t.Errorf("%s: %s", got.Verdict, got.Reason)
		}
		if n := len(w.calls("CreateStackInstances")); n > 0 {
			t.Errorf("%d creations", n)
		}
	})
}

func TestWhatIsOwedInAnAccountThatLeftIsOwedNoMore(t *testing.T) {
	scenario(t, func(w *world) {
		_, account, _ := stopping(w, func(*heal.Config) {}, once(func() { w.must(lease.Stop(w.t.Context(), w.journal, "run-1", "a test")) }))
		w.locked(func() error { return w.aws.Organization().Leave(account) })
		r := w.heal(heal.Options{})
		for _, c := range r.Cells {
			if c.Account == fleet.AccountID(account) {
				t.Errorf("%s: %s", c.Verdict, c.Reason)
			}
		}
	})
}
