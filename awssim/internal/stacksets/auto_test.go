package stacksets_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/organizations"
	"github.com/setmend/setmend/awssim/internal/stacksets"
)

// sentTo deploys a set to OUs in the home region.
func (w *world) sentTo(set string, ous ...string) {
	w.Helper()
	d := &types.DeploymentTargets{}
	for _, ou := range ous {
		d.OrganizationalUnitIds = append(d.OrganizationalUnitIds, w.ou[ou])
	}
	out, err := w.cfn().CreateStackInstances(ctx, &cloudformation.CreateStackInstancesInput{
		StackSetName: &set, DeploymentTargets: d, Regions: []string{home}, OperationPreferences: all,
	})
	w.must(err)
	w.ended(set, *out.OperationId)
}

// operations lists a set's operations from the oldest as "CREATE SUCCEEDED".
func (w *world) operations(set string) []string {
	w.Helper()
	out, err := w.cfn().ListStackSetOperations(ctx, &cloudformation.ListStackSetOperationsInput{StackSetName: &set})
	w.must(err)
	var list []string
	for _, o := range out.Summaries {
		list = append([]string{fmt.Sprintf("%s %s", o.Action, o.Status)}, list...)
	}
	return list
}

func (w *world) join(account, ou string) {
	w.Helper()
	w.Serve(func() {
		w.must(w.org.Join(organizations.Account{ID: account12(account), Name: "n" + account, Parent: w.ou[ou]}))
	})
}

func (w *world) move(account, ou string) {
	w.Helper()
	w.Serve(func() { w.must(w.org.Move(account12(account), w.ou[ou])) })
}

func TestAnAccountThatJoinsIsDeployedTo(t *testing.T) {
	w := tree(t, stacksets.Options{})
	d := &types.DeploymentTargets{OrganizationalUnitIds: []string{w.ou["prod"]}, Accounts: accounts(1), AccountFilterType: "INTERSECTION"}
	if _, err := w.at(d); err != nil {
		t.Fatal(err)
	}
	w.join("8", "eu")
	w.wait(10 * time.Second)
	if w.holders() != "1" {
		t.Error("deployed before the documented delay could have passed")
	}
	w.wait(10 * time.Minute)
	if got := w.holders(); got != "1 8" {
		t.Errorf("instances in %s: automatic deployment ignores account filters", got)
	}
	if got := *w.instance("net", account12("8"), home).OrganizationalUnitId; got != w.ou["prod"] {
		t.Errorf("the newcomer's OU is %s", got)
	}
}

func TestAutomaticDeploymentUsesNoOverrides(t *testing.T) {
	w := tree(t, stacksets.Options{})
	out, err := w.cfn().CreateStackInstances(ctx, &cloudformation.CreateStackInstancesInput{
		StackSetName: aws.String("net"), Regions: []string{home}, ParameterOverrides: []types.Parameter{set("A", "mine")},
		DeploymentTargets: &types.DeploymentTargets{OrganizationalUnitIds: []string{w.ou["dev"]}},
	})
	w.must(err)
	w.ended("net", *out.OperationId)
	w.join("8", "dev")
	w.wait(10 * time.Minute)
	if got := w.instance("net", account12("8"), home).ParameterOverrides; len(got) != 0 {
		t.Errorf("overrides %v", got)
	}
}

func TestAnAccountThatLeavesLosesItsInstances(t *testing.T) {
	for _, retain := range []bool{false, true} {
		w := tree(t, stacksets.Options{})
		w.update("net", "", func(in *cloudformation.UpdateStackSetInput) {
			in.AutoDeployment = &types.AutoDeployment{Enabled: aws.Bool(true), RetainStacksOnAccountRemoval: &retain}
		})
		w.sentTo("net", "dev")
		stack := *w.instance("net", account12("5"), home).StackId
		w.move("5", "prod")
		w.wait(10 * time.Minute)
		if got := w.holders(); got != "" {
			t.Errorf("retain %v: instances in %s", retain, got)
		}
		if _, kept := w.stacks.Stack(stack); kept != retain {
			t.Errorf("retain %v: the stack is kept: %v", retain, kept)
		}
	}
}

func TestAnAccountThatLeavesTheOrganizationIsCleanedUp(t *testing.T) {
	w := tree(t, stacksets.Options{})
	w.sentTo("net", "dev")
	stack := *w.instance("net", account12("5"), home).StackId
	w.Serve(func() { w.must(w.org.Leave(account12("5"))) })
	w.wait(10 * time.Minute)
	if diff := cmp.Diff([]string{"CREATE SUCCEEDED", "DELETE SUCCEEDED"}, w.operations("net")); diff != "" {
		t.Error(diff)
	}
	if _, kept := w.stacks.Stack(stack); kept || w.holders() != "" {
		t.Errorf("the stack is kept: %v, instances in %q", kept, w.holders())
	}
}

func TestAMoveBetweenTargetsDeletesThenDeploys(t *testing.T) {
	w := tree(t, stacksets.Options{})
	w.sentTo("net", "prod", "dev")
	w.move("5", "eu")
	w.wait(65 * time.Second)
	if diff := cmp.Diff([]string{"CREATE SUCCEEDED", "DELETE RUNNING", "CREATE QUEUED"}, w.operations("net")); diff != "" {
		t.Error(diff)
	}
	w.wait(10 * time.Minute)
	if diff := cmp.Diff([]string{"CREATE SUCCEEDED", "DELETE SUCCEEDED", "CREATE SUCCEEDED"}, w.operations("net")); diff != "" {
		t.Error(diff)
	}
	if got := *w.instance("net", account12("5"), home).OrganizationalUnitId; got != w.ou["prod"] {
		t.Errorf("its OU is %s", got)
	}
}

func TestAutomaticDeploymentWaitsForARunningOperation(t *testing.T) {
	w := tree(t, stacksets.Options{})
	w.sentTo("net", "prod")
	w.detect("net", nil)
	w.join("8", "prod")
	w.wait(65 * time.Second)
	if diff := cmp.Diff([]string{"CREATE SUCCEEDED", "DETECT_DRIFT RUNNING", "CREATE QUEUED"}, w.operations("net")); diff != "" {
		t.Error(diff)
	}
}

func TestDependenciesDeployFirst(t *testing.T) {
	w := tree(t, stacksets.Options{})
	w.create("app", "params:", managed, w.dependingOn("net"))
	w.create("top", "params:", managed, w.dependingOn("app"))
	for _, set := range []string{"net", "app", "top"} {
		w.sentTo(set, "dev")
	}
	w.stacks.calls = nil
	w.join("8", "dev")
	w.wait(70 * time.Second)
	var states []string
	for _, set := range []string{"net", "app", "top"} {
		states = append(states, w.operations(set)[1])
	}
	if diff := cmp.Diff([]string{"CREATE RUNNING", "CREATE QUEUED", "CREATE QUEUED"}, states); diff != "" {
		t.Error(diff)
	}
	w.wait(10 * time.Minute)
	for _, set := range []string{"net", "app", "top"} {
		if got := w.operations(set)[1]; got != "CREATE SUCCEEDED" {
			t.Errorf("%s: %s", set, got)
		}
	}
	var order []string
	for _, spec := range w.stacks.specs[len(w.stacks.specs)-3:] {
		order = append(order, strings.Split(spec.Name, "-")[1])
	}
	if !slices.Equal(order, []string{"net", "app", "top"}) {
		t.Errorf("deployed in order %v", order)
	}
}

func TestAFailedDependencyFailsWhatDependsOnIt(t *testing.T) {
	w := tree(t, stacksets.Options{})
	w.create("app", "params:", managed, w.dependingOn("net"))
	w.create("top", "params:", managed, w.dependingOn("app"))
	for _, set := range []string{"net", "app", "top"} {
		w.sentTo(set, "dev")
	}
	w.stacks.ends = func(_ string, spec core.StackSpec) core.StackResult { return core.StackResult{Reason: "no"} }
	w.join("8", "dev")
	w.wait(10 * time.Minute)
	for _, set := range []string{"net", "app", "top"} {
		if got := w.operations(set)[1]; got != "CREATE FAILED" {
			t.Errorf("%s: %s", set, got)
		}
	}
}

// dependingOn makes a set depend on others by ARN.
func (w *world) dependingOn(names ...string) func(*cloudformation.CreateStackSetInput) {
	return func(in *cloudformation.CreateStackSetInput) { in.AutoDeployment.DependsOn = w.arns(names...) }
}

func (w *world) arns(names ...string) []string {
	w.Helper()
	var out []string
	for _, name := range names {
		described, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: &name})
		w.must(err)
		// AWS's announcement writes the type of the resource like this.
		out = append(out, strings.Replace(*described.StackSet.StackSetARN, ":stackset/", ":StackSet/", 1))
	}
	return out
}

func TestCyclesAreRefusedUntilTheyAreBroken(t *testing.T) {
	w := tree(t, stacksets.Options{})
	w.create("a", "params:", managed)
	w.create("b", "params:", managed, w.dependingOn("a"))
	update := func(name string, dependsOn ...string) error {
		out, err := w.cfn().UpdateStackSet(ctx, &cloudformation.UpdateStackSetInput{
			StackSetName: &name, UsePreviousTemplate: aws.Bool(true),
			AutoDeployment: &types.AutoDeployment{Enabled: aws.Bool(true), DependsOn: w.arns(dependsOn...)},
		})
		if err == nil {
			w.ended(name, *out.OperationId)
		}
		return err
	}
	if err := update("a", "b"); code(err) != "ValidationError" || message(err) != "Detected cycle(s) between auto-deployment dependencies" {
		t.Errorf("a cycle of two: %v", err)
	}
	if err := update("a", "a"); message(err) != "Detected cycle(s) between auto-deployment dependencies" {
		t.Errorf("a cycle of one: %v", err)
	}
	w.must(update("b")) // AWS's announcement removes dependencies by leaving them out
	w.must(update("a", "b"))
}

func TestDependenciesAreLimitedAndEndWithWhatTheyName(t *testing.T) {
	w := tree(t, stacksets.Options{})
	var names []string
	for n := range 11 {
		names = append(names, fmt.Sprintf("s%d", n))
		w.create(names[n], "params:", managed)
	}
	_, err := w.cfn().CreateStackSet(ctx, &cloudformation.CreateStackSetInput{
		StackSetName: aws.String("top"), TemplateBody: aws.String("params:"), PermissionModel: types.PermissionModelsServiceManaged,
		AutoDeployment: &types.AutoDeployment{Enabled: aws.Bool(true), DependsOn: w.arns(names...)},
	})
	if code(err) != "LimitExceededException" {
		t.Errorf("eleven dependencies: %v", err)
	}
	w.create("top", "params:", managed, w.dependingOn(names[:2]...))
	_, err = w.cfn().DeleteStackSet(ctx, &cloudformation.DeleteStackSetInput{StackSetName: aws.String("s0")})
	w.must(err)
	described, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: aws.String("top")})
	w.must(err)
	if got := described.StackSet.AutoDeployment.DependsOn; len(got) != 1 || !strings.Contains(got[0], "/s1:") {
		t.Errorf("dependencies left: %v", got)
	}
}
