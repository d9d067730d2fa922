package heal_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// detectByHand has a person detect a set's drift, and waits for its end.
func (w *world) detectByHand(set string) {
	w.t.Helper()
	_, err := w.stackSets().DetectStackSetDrift(w.t.Context(), &cloudformation.DetectStackSetDriftInput{StackSetName: aws.String(set)})
	w.must(err)
	time.Sleep(30 * time.Minute)
}

// told is what the report says of a cell.
func told(t *testing.T, r *report.Report, set, account string) report.Cell {
	t.Helper()
	i := slices.IndexFunc(r.Cells, func(c report.Cell) bool {
		return c.StackSet == fleet.StackSetName(set) && c.Account == fleet.AccountID(account)
	})
	if i < 0 {
		t.Fatalf("the report does not speak of %s in %s", set, account)
	}
	return r.Cells[i]
}

// undeleted fails the test if the account's stack was deleted or has got company.
func (w *world) undeleted(account string) {
	w.t.Helper()
	if n := len(w.calls("DeleteStackInstances")); n > 0 {
		w.t.Errorf("%d deletions", n)
	}
	if n := w.stacksIn(account); n != 1 {
		w.t.Errorf("%d stacks in %s, want 1", n, account)
	}
}

// stacksIn counts the stacks in an account.
func (w *world) stacksIn(account string) int {
	w.t.Helper()
	out, err := w.member(account).DescribeStacks(w.t.Context(), &cloudformation.DescribeStacksInput{})
	w.must(err)
	n := 0
	for _, s := range out.Stacks {
		if s.StackStatus != "DELETE_COMPLETE" {
			n++
		}
	}
	return n
}

const importFailed = "Stack could not be imported"

func failedImport(w *world) (accounts []string) {
	accounts = w.accounts(6)
	w.stackSet("queue", accounts[1:])
	w.instance("queue", accounts[0], awssim.InstanceSeed{Status: "INOPERABLE", Detailed: "FAILED_IMPORT", Reason: importFailed})
	return accounts
}

func checkFailedImport(w *world, r *report.Report, account string) {
	w.t.Helper()
	w.undeleted(account)
	if c := told(w.t, r, "queue", account); c.Verdict != plan.Quarantined && c.Verdict != plan.Inoperable || c.Class != plan.ReasonImportFailed {
		w.t.Errorf("%s %s %s", c.Verdict, c.Class, c.Reason)
	}
}

func TestAFailedImportIsNeverRedeployedAfterOwnDetections(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := failedImport(w)
		for range 3 {
			checkFailedImport(w, w.heal(heal.Options{}), accounts[0])
			w.detectByHand("queue")
		}
	})
}

func TestAFailedImportIsNeverRedeployedAfterADetectionThatFailed(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := failedImport(w)
		w.heal(heal.Options{})
		w.locked(func() error { w.aws.Access().RemoveRole(accounts[0], executionRole); return nil })
		w.detectByHand("queue")
		r := w.heal(heal.Options{})
		checkFailedImport(w, r, accounts[0])
		if c := told(t, r, "queue", accounts[0]); strings.Contains(c.Reason, "DetectStackDrift") || strings.Contains(c.Reason, "AssumeRole") {
			t.Errorf("a detection's reason is shown as the cause: %s", c.Reason)
		}
	})
}

const executionRole = "stacksets-exec"

// visible is the queue template without its NoEcho parameter: AWS imports no stack
// that has one.
var visible = strings.Replace(queueTemplate, ", NoEcho: true", "", 1)

// TestAnImportThatFailedBeforeTheFirstRunIsKnownFromItsResults has a person import,
// detect drift, and only then setmend come.
func TestAnImportThatFailedBeforeTheFirstRunIsKnownFromItsResults(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:], func(s *awssim.StackSetSpec) { s.Template = visible })
		stack, err := w.member(accounts[0]).CreateStack(w.t.Context(), &cloudformation.CreateStackInput{
			StackName: aws.String("prod"), TemplateBody: aws.String(visible)})
		w.must(err)
		time.Sleep(5 * time.Minute)
		w.locked(func() error { w.aws.Access().RemoveRole(accounts[0], executionRole); return nil })
		_, err = w.stackSets().ImportStacksToStackSet(w.t.Context(), &cloudformation.ImportStacksToStackSetInput{
			StackSetName: aws.String("queue"), StackIds: []string{aws.ToString(stack.StackId)}, OrganizationalUnitIds: []string{w.ou}})
		w.must(err)
		time.Sleep(10 * time.Minute)
		before := w.read().StackSets["queue"].Instances[target(accounts[0])]
		if before.Detailed != fleet.DetailedFailedImport {
			t.Fatalf("the import did not fail: %+v", before)
		}
		w.locked(func() error { w.aws.Access().RestoreRole(accounts[0], executionRole); return nil })
		w.detectByHand("queue")
		checkFailedImport(w, w.heal(heal.Options{}), accounts[0])
	})
}

func TestTheCauseOfAFailureOutlivesDetectionsUntilADeployment(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		const cause = "Resource handler returned message: explicit deny in a service control policy"
		w.stackSet("queue", accounts[1:])
		w.instance("queue", accounts[0], awssim.InstanceSeed{Status: "OUTDATED", Reason: cause})
		w.setPolicy("version: 1\nstackSets: [{match: queue, healing: notify}]\n")
		w.heal(heal.Options{})
		w.locked(func() error { w.aws.Access().RemoveRole(accounts[0], executionRole); return nil })
		w.detectByHand("queue")
		if c := told(t, w.heal(heal.Options{}), "queue", accounts[0]); c.Class != plan.ReasonDenied || !strings.Contains(c.Reason, cause) {
			t.Errorf("after a detection: %s %s %s", c.Verdict, c.Class, c.Reason)
		}
	})
}

func TestADeploymentEndsWhatWasRememberedOfAFailure(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := failedImport(w)
		w.heal(heal.Options{})
		_, err := w.stackSets().DeleteStackInstances(w.t.Context(), &cloudformation.DeleteStackInstancesInput{StackSetName: aws.String("queue"),
			Regions: []string{home}, RetainStacks: aws.Bool(true), DeploymentTargets: &cfn.DeploymentTargets{
				OrganizationalUnitIds: []string{w.ou}, Accounts: []string{accounts[0]}, AccountFilterType: cfn.AccountFilterTypeIntersection}})
		w.must(err)
		time.Sleep(10 * time.Minute)
		w.instance("queue", accounts[0], awssim.InstanceSeed{})
		w.heal(heal.Options{})
		memory, err := record.LoadMemory(w.t.Context(), w.journal, nil, nil)
		w.must(err)
		if cause := memory.Cells[fleet.Cell{StackSet: "queue", Target: target(accounts[0])}].Cause; cause != nil {
			t.Errorf("still remembered: %+v", cause)
		}
	})
}
