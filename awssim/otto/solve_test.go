package otto_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/setmend/setmend/awssim/internal/sdktest"
	"github.com/setmend/setmend/awssim/otto"
)

// Every expectation in the truth is tried: what should end healthy can be made
// so, and what should not cannot.

// exporters are the sets whose stacks others import from: they cannot be deleted
// alone.
var exporters = []string{"foundation", "log-bucket", "config-recorder", "config-rules", "network-baseline", "security-groups"}

// one is a problem of a kind, in a set that nothing imports from.
func (l *lab) one(kind otto.Kind) otto.Problem {
	l.t.Helper()
	for _, p := range l.truth.Of(kind) {
		if !slices.Contains(exporters, p.StackSet) && p.StackSet != l.truth.Foreign {
			return p
		}
	}
	l.t.Fatalf("nothing is %s", kind)
	return otto.Problem{}
}

func TestADriftedInstanceHealsByRedeploymentWithItsOverrides(t *testing.T) {
	l, healed := fill(t, 100, 1), 0
	for _, kind := range []otto.Kind{otto.Changed, otto.Deleted} {
		for _, p := range l.truth.Of(kind) {
			want := l.truth.Overrides[p.Cell]
			if len(want) == 0 || slices.Contains(exporters, p.StackSet) || p.StackSet == l.truth.Foreign {
				continue
			}
			if diff := cmp.Diff(want, overridesOf(l.instance(p.Cell))); diff != "" {
				t.Fatalf("%v's overrides differ from the truth (-want +got):\n%s", p.Cell, diff)
			}
			l.redeploy(p.Cell, want)
			healed++
			if diff := cmp.Diff(want, overridesOf(l.instance(p.Cell))); diff != "" {
				t.Errorf("%v's overrides differ after healing (-want +got):\n%s", p.Cell, diff)
			}
		}
	}
	if healed < 20 {
		t.Errorf("only %d were tried", healed)
	}
}

// redeploy deletes an instance and creates it again.
func (l *lab) redeploy(c otto.Cell, overrides map[string]string) {
	l.t.Helper()
	if status, reason := l.delete(c, false); status != "SUCCEEDED" {
		l.t.Errorf("deleting %v: %s: %s", c, status, reason)
	}
	if status, reason := l.create(c, overrides); status != "SUCCEEDED" {
		l.t.Errorf("creating %v: %s: %s", c, status, reason)
	}
	l.wantHealthy(c)
}

func TestAnInoperableInstanceHealsByRedeployment(t *testing.T) {
	l := fill(t, 100, 1)
	for _, p := range l.truth.Of(otto.Inoperable) {
		if got := l.instance(p.Cell); got.Status != types.StackInstanceStatusInoperable || *got.StatusReason != p.Reason {
			t.Errorf("%v begins as %s: %s", p.Cell, got.Status, aws.ToString(got.StatusReason))
		}
		l.redeploy(p.Cell, l.truth.Overrides[p.Cell])
	}
}

func TestFailedAndCancelledInstancesHealByAnUpdate(t *testing.T) {
	l := fill(t, 100, 1)
	for _, p := range l.truth.Of(otto.Failed, otto.Cancelled) {
		if got := l.instance(p.Cell); got.Status != types.StackInstanceStatusOutdated || *got.StatusReason != p.Reason {
			t.Errorf("%v begins as %s: %s", p.Cell, got.Status, aws.ToString(got.StatusReason))
		}
		if status, reason := l.update(p.Cell); status != "SUCCEEDED" || strings.Contains(reason, "No updates") {
			t.Errorf("updating %v: %s: %s", p.Cell, status, reason)
		}
		l.wantHealthy(p.Cell)
	}
}

func TestInstancesInAccountsThatAreGoneCanOnlyBeLetGoOf(t *testing.T) {
	l := fill(t, 60, 1)
	for _, kind := range []otto.Kind{otto.Departed, otto.Suspended} {
		serviceManaged := 0
		for _, p := range l.truth.Of(kind) {
			if p.StackSet == l.truth.Foreign {
				continue
			}
			if l.describeSet(p.StackSet).PermissionModel == types.PermissionModelsServiceManaged {
				serviceManaged++
			}
			if status, reason := l.delete(p.Cell, true); status != "SUCCEEDED" {
				t.Fatalf("letting go of %v (%s): %s: %s", p.Cell, kind, status, reason)
			}
			if l.instance(p.Cell) != nil {
				t.Errorf("%v (%s) is still there", p.Cell, kind)
			}
		}
		if serviceManaged == 0 {
			t.Errorf("no instance in a %s account is service-managed", kind)
		}
	}
}

func TestMissingInstancesCanBeCreatedInOrderOfDependence(t *testing.T) {
	l := fill(t, 60, 1)
	account := l.truth.Joined[0]
	missing := 0
	for _, name := range l.truth.StackSets { // in order of dependence
		for _, p := range l.truth.Of(otto.Missing) {
			if p.StackSet != name || p.Account != account || name == l.truth.Foreign {
				continue
			}
			missing++
			if status, reason := l.create(p.Cell, nil); status != "SUCCEEDED" {
				t.Fatalf("creating %v: %s: %s", p.Cell, status, reason)
			}
			l.wantHealthy(p.Cell)
		}
	}
	if missing < 20 {
		t.Errorf("a newcomer lacks %d instances", missing)
	}
}

func TestAnExporterCannotBeDeletedBeforeItsImporters(t *testing.T) {
	l := fill(t, 40, 1)
	account := l.truth.Active[0]
	cell := func(name string) otto.Cell {
		return otto.Cell{StackSet: name, Account: account, Region: otto.HomeRegion}
	}
	if status, reason := l.delete(cell("foundation"), false); status != "FAILED" || !strings.Contains(reason, "in use by StackSet-log-bucket-") {
		t.Errorf("deleting foundation alone: %s: %s", status, reason)
	}
	chain := []string{"foundation", "log-bucket", "config-recorder", "config-rules", "config-remediation"}
	upwards := append(slices.Clone(chain), "cloudtrail")
	overrides := map[string]map[string]string{}
	for _, name := range slices.Backward(upwards) {
		overrides[name] = l.truth.Overrides[cell(name)]
		if status, reason := l.delete(cell(name), false); status != "SUCCEEDED" {
			t.Fatalf("deleting %s: %s: %s", name, status, reason)
		}
	}
	for _, name := range upwards {
		if status, reason := l.create(cell(name), overrides[name]); status != "SUCCEEDED" {
			t.Fatalf("creating %s: %s: %s", name, status, reason)
		}
		l.wantHealthy(cell(name))
	}
}

func TestADeniedDeploymentFailsAgainAndAgainForTheSameReason(t *testing.T) {
	l := fill(t, 40, 1)
	p := l.one(otto.Denied)
	for range 2 {
		status, reason := l.update(p.Cell)
		if status != "FAILED" || !strings.Contains(reason, "guardduty:CreateDetector") || !strings.Contains(reason, "explicit deny in a service control policy") {
			t.Errorf("deploying where it is denied: %s: %s", status, reason)
		}
	}
	if !strings.Contains(p.Reason, "explicit deny in a service control policy") {
		t.Errorf("the truth's reason is %s", p.Reason)
	}
}

func TestAProtectedStackStaysInoperable(t *testing.T) {
	l := fill(t, 40, 1)
	p := l.one(otto.Protected)
	if status, reason := l.delete(p.Cell, false); status != "FAILED" || !strings.Contains(reason, "TerminationProtection") {
		t.Errorf("deleting a protected stack: %s: %s", status, reason)
	}
	if got := l.instance(p.Cell); got.Status != types.StackInstanceStatusInoperable {
		t.Errorf("it is %s", got.Status)
	}
}

func TestAFlappingInstanceDriftsAgainAfterEveryHeal(t *testing.T) {
	l := fill(t, 40, 1)
	p := l.one(otto.Flapping)
	for range 2 {
		l.delete(p.Cell, false)
		if status, reason := l.create(p.Cell, l.truth.Overrides[p.Cell]); status != "SUCCEEDED" {
			t.Fatalf("creating it: %s: %s", status, reason)
		}
		if !l.drifted(p.Cell)[p.Cell] {
			t.Error("it is healed")
		}
	}
}

func TestAMaskedOverrideReadsAsAsterisks(t *testing.T) {
	l := fill(t, 40, 1)
	p := l.one(otto.Masked)
	if got := overridesOf(l.instance(p.Cell)); got["WebhookToken"] != "****" || got["Address"] != "oncall@example.com" {
		t.Errorf("the overrides read as %v", got)
	}
	if l.truth.Overrides[p.Cell]["WebhookToken"] == "****" {
		t.Error("the truth does not know the secret")
	}
}

func TestSetsThatMustNotMeetMeetInOneCellOnly(t *testing.T) {
	l := fill(t, 100, 1)
	both := 0
	for _, i := range l.list("network-legacy") {
		if l.instance(otto.Cell{StackSet: "network-baseline", Account: *i.Account, Region: *i.Region}) != nil {
			both++
		}
	}
	if both != 1 || len(l.truth.Of(otto.Conflict)) != 2 {
		t.Errorf("they meet in %d cells, and the truth knows of %d instances", both, len(l.truth.Of(otto.Conflict)))
	}
	for _, p := range l.truth.Of(otto.Displaced) {
		if l.instance(p.Cell) != nil || l.instance(otto.Cell{StackSet: "network-legacy", Account: p.Account, Region: p.Region}) == nil {
			t.Errorf("%v is displaced by nothing", p.Cell)
		}
	}
}

func TestSomebodyElsesOperationRunsForAboutTenMinutes(t *testing.T) {
	l := fill(t, 320, 1)
	_, err := l.cf.DetectStackSetDrift(t.Context(), &cloudformation.DetectStackSetDriftInput{StackSetName: &l.truth.Foreign})
	sdktest.WantCode(t, err, "OperationInProgressException")
	status := func() types.StackSetOperationStatus {
		out, err := l.cf.DescribeStackSetOperation(t.Context(), &cloudformation.DescribeStackSetOperationInput{StackSetName: &l.truth.Foreign, OperationId: &l.truth.Operation})
		must(t, err)
		return out.StackSetOperation.Status
	}
	l.aws.Advance(minutes(7))
	if got := status(); got != "RUNNING" {
		t.Errorf("after seven minutes it is %s", got)
	}
	l.aws.Advance(minutes(6))
	if got := status(); got != "SUCCEEDED" {
		t.Errorf("after thirteen minutes it is %s", got)
	}
}

func TestNothingIsCountedBeforeTheHealingBegins(t *testing.T) {
	if stats := fill(t, 40, 1).aws.Stats(); stats.Writes != 0 {
		t.Errorf("%d writes are counted", stats.Writes)
	}
}

func TestEveryDriftedInstanceCanBeRevertedInPlaceAndKeepsItsOverrides(t *testing.T) {
	l := fill(t, 100, 1)
	reverted := map[string]bool{}
	for _, p := range l.truth.Problems {
		if p.Resource == "" || p.InPlace != otto.Healthy {
			continue
		}
		if err := l.revert(p.Cell); err != nil {
			t.Errorf("reverting %s%s of %v: %v", p.Resource, p.Pointer, p.Cell, err)
			continue
		}
		reverted[p.StackSet+" "+p.Resource+p.Pointer] = true
		l.wantHealthy(p.Cell)
		want := maps.Clone(l.truth.Overrides[p.Cell])
		if p.Kind == otto.Masked {
			want["WebhookToken"] = "****"
		}
		if diff := cmp.Diff(want, overridesOf(l.instance(p.Cell)), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%v's overrides differ (-want +got):\n%s", p.Cell, diff)
		}
	}
	if len(reverted) < 40 {
		t.Errorf("only %d kinds of changes occurred", len(reverted))
	}
}

func TestAFlappingInstanceDriftsAgainAfterARevertToo(t *testing.T) {
	l := fill(t, 40, 1)
	p := l.one(otto.Flapping)
	must(t, l.revert(p.Cell))
	if !l.drifted(p.Cell)[p.Cell] {
		t.Error("it is healed")
	}
}
