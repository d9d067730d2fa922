package stacksets_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim/internal/stacksets"
)

// tree is an organization with accounts at two levels.
func tree(t *testing.T, options stacksets.Options) *world {
	w := newWorld(t, options)
	w.organize("prod: 1 2", "prod/eu: 3 4", "dev: 5")
	w.create("net", "params: A=1", managed)
	return w
}

func (w *world) root() string { return w.org.Root() }

// at deploys to targets in the home region; the error is AWS's.
func (w *world) at(d *types.DeploymentTargets, accounts ...string) (string, error) {
	in := &cloudformation.CreateStackInstancesInput{
		StackSetName: aws.String("net"), DeploymentTargets: d, Accounts: accounts, Regions: []string{home}, OperationPreferences: all,
	}
	out, err := w.cfn().CreateStackInstances(ctx, in)
	if err != nil {
		return "", err
	}
	w.ended("net", *out.OperationId)
	return *out.OperationId, nil
}

// holders lists the accounts with an instance.
func (w *world) holders() string {
	var out []string
	for _, line := range w.instances("net") {
		out = append(out, strings.Fields(line)[0])
	}
	return strings.Join(out, " ")
}

func TestOUsAndFiltersChooseAccounts(t *testing.T) {
	for _, c := range []struct {
		name   string
		ous    []string
		listed []string
		filter types.AccountFilterType
		want   string
	}{
		{"an OU includes its children", []string{"prod"}, nil, "", "1 2 3 4"},
		{"a child OU alone", []string{"eu"}, nil, "NONE", "3 4"},
		{"two OUs", []string{"eu", "dev"}, nil, "", "3 4 5"},
		{"the root is everybody but the management account", []string{"root"}, nil, "", "1 2 3 4 5"},
		{"intersection", []string{"prod"}, []string{"1", "5"}, "INTERSECTION", "1"},
		{"difference", []string{"prod"}, []string{"1", "5"}, "DIFFERENCE", "2 3 4"},
		{"none ignores the list", []string{"dev"}, []string{"1"}, "NONE", "5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := tree(t, stacksets.Options{})
			d := &types.DeploymentTargets{AccountFilterType: c.filter}
			for _, name := range c.ous {
				if name == "root" {
					d.OrganizationalUnitIds = append(d.OrganizationalUnitIds, w.root())
					continue
				}
				d.OrganizationalUnitIds = append(d.OrganizationalUnitIds, w.ou[name])
			}
			for _, account := range c.listed {
				d.Accounts = append(d.Accounts, account12(account))
			}
			if _, err := w.at(d); err != nil {
				t.Fatal(err)
			}
			if got := w.holders(); got != c.want {
				t.Errorf("deployed to %s, want %s", got, c.want)
			}
		})
	}
}

func TestTargetsThatCannotBeAreRefused(t *testing.T) {
	w := tree(t, stacksets.Options{})
	for _, c := range []struct {
		name     string
		d        *types.DeploymentTargets
		accounts []string
		want     string
	}{
		{"accounts of a service-managed set", nil, accounts(1), "StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target"},
		{"no OU", &types.DeploymentTargets{Accounts: accounts(1)}, nil, "OrganizationalUnitIds are required"},
		{"no filter", &types.DeploymentTargets{Accounts: accounts(1), OrganizationalUnitIds: []string{w.ou["prod"]}}, nil, "AccountFilterType is required when both OrganizationalUnitIds and Accounts are specified"},
		{"union", &types.DeploymentTargets{Accounts: accounts(1), OrganizationalUnitIds: []string{w.ou["prod"]}, AccountFilterType: "UNION"}, nil, "AccountFilterType UNION is not supported for CreateStackInstances"},
		{"an unknown OU", &types.DeploymentTargets{OrganizationalUnitIds: []string{"ou-abcd-12345678"}}, nil, "OrganizationalUnitId ou-abcd-12345678 does not exist in the organization"},
		{"both", &types.DeploymentTargets{OrganizationalUnitIds: []string{w.ou["prod"]}}, accounts(1), "Only one of Accounts and DeploymentTargets can be specified"},
	} {
		if _, err := w.at(c.d, c.accounts...); code(err) != "ValidationError" || message(err) != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
	w.create("self", "params:")
	_, err := w.cfn().CreateStackInstances(ctx, &cloudformation.CreateStackInstancesInput{
		StackSetName: aws.String("self"), Regions: []string{home}, DeploymentTargets: &types.DeploymentTargets{OrganizationalUnitIds: []string{w.ou["prod"]}},
	})
	if message(err) != "StackSets with SELF_MANAGED permission model can only have accounts as target" {
		t.Errorf("OUs of a self-managed set: %v", err)
	}
}

func TestDeletingAndUpdatingTakeAccountsAndOUsTogetherUnlessToldOtherwise(t *testing.T) {
	w := tree(t, stacksets.Options{})
	if _, err := w.at(&types.DeploymentTargets{OrganizationalUnitIds: []string{w.root()}}); err != nil {
		t.Fatal(err)
	}
	out, err := w.cfn().DeleteStackInstances(ctx, &cloudformation.DeleteStackInstancesInput{
		StackSetName: aws.String("net"), Regions: []string{home}, RetainStacks: aws.Bool(false), OperationPreferences: all,
		DeploymentTargets: &types.DeploymentTargets{OrganizationalUnitIds: []string{w.ou["eu"]}, Accounts: accounts(1)},
	})
	w.must(err)
	w.ended("net", *out.OperationId)
	if got := w.holders(); got != "2 5" {
		t.Errorf("left are %s: the default filter is UNION", got)
	}
}

func TestInstancesNameTheNearestTargetedOU(t *testing.T) {
	w := tree(t, stacksets.Options{})
	if _, err := w.at(&types.DeploymentTargets{OrganizationalUnitIds: []string{w.ou["prod"], w.ou["eu"]}}); err != nil {
		t.Fatal(err)
	}
	for account, ou := range map[string]string{"1": "prod", "3": "eu"} {
		if got := *w.instance("net", account12(account), home).OrganizationalUnitId; got != w.ou[ou] {
			t.Errorf("account %s names %s, want %s", account, got, ou)
		}
	}
	set, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: aws.String("net")})
	w.must(err)
	want := []string{w.ou["prod"], w.ou["eu"]}
	slices.Sort(want)
	if diff := cmp.Diff(want, set.StackSet.OrganizationalUnitIds); diff != "" {
		t.Error(diff)
	}
}

func TestDeletingAtAnOUDropsItAsATarget(t *testing.T) {
	w := tree(t, stacksets.Options{})
	for _, ou := range []string{"prod", "dev"} {
		if _, err := w.at(&types.DeploymentTargets{OrganizationalUnitIds: []string{w.ou[ou]}}); err != nil {
			t.Fatal(err)
		}
	}
	out, err := w.cfn().DeleteStackInstances(ctx, &cloudformation.DeleteStackInstancesInput{
		StackSetName: aws.String("net"), Regions: []string{home}, RetainStacks: aws.Bool(false), OperationPreferences: all,
		DeploymentTargets: &types.DeploymentTargets{OrganizationalUnitIds: []string{w.ou["prod"]}},
	})
	w.must(err)
	w.ended("net", *out.OperationId)
	targets, err := w.cfn().ListStackSetAutoDeploymentTargets(ctx, &cloudformation.ListStackSetAutoDeploymentTargetsInput{StackSetName: aws.String("net")})
	w.must(err)
	if len(targets.Summaries) != 1 || *targets.Summaries[0].OrganizationalUnitId != w.ou["dev"] || !slices.Equal(targets.Summaries[0].Regions, []string{home}) {
		t.Errorf("targets left: %+v", targets.Summaries)
	}
	if targets.NextToken == nil || *targets.NextToken != "" {
		t.Error("the list of targets ends without an empty token")
	}
}

func TestAccountsComeFromAFile(t *testing.T) {
	w := tree(t, stacksets.Options{})
	d := &types.DeploymentTargets{OrganizationalUnitIds: []string{w.ou["prod"]}, AccountsUrl: aws.String("s3://b/accounts.csv"), AccountFilterType: "INTERSECTION"}
	if _, err := w.at(d); err != nil {
		t.Fatal(err)
	}
	if got := w.holders(); got != "1 2" {
		t.Errorf("deployed to %s", got)
	}
}

func TestNamedInstancesThatDoNotExistAreNotFound(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params:")
	w.deployed("net", accounts(1), []string{home})
	_, err := w.cfn().UpdateStackInstances(ctx, &cloudformation.UpdateStackInstancesInput{StackSetName: aws.String("net"), Accounts: accounts(2), Regions: []string{home}})
	if code(err) != "StackInstanceNotFoundException" {
		t.Errorf("updating: %v", err)
	}
}

func TestDeletingInstancesThatAreNotThereSucceeds(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params:")
	w.deployed("net", []string{account12("1")}, []string{home})
	w.deployed("net", []string{account12("2")}, []string{"eu-west-1"})
	if status := w.remove("net", accounts(2), []string{home, "eu-west-1"}, false); status != types.StackSetOperationStatusSucceeded {
		t.Errorf("deleting a cross product with two of its four instances ended %s", status)
	}
	out, err := w.cfn().DeleteStackInstances(ctx, &cloudformation.DeleteStackInstancesInput{
		StackSetName: aws.String("net"), Accounts: accounts(1), Regions: []string{home}, RetainStacks: aws.Bool(false),
	})
	w.must(err)
	if status := w.operation("net", *out.OperationId).Status; status != types.StackSetOperationStatusSucceeded {
		t.Errorf("deleting nothing is %s at once", status)
	}
}

func TestRegionsThatDoNotExistAreRefused(t *testing.T) {
	for _, c := range []struct {
		options   stacksets.Options
		partition string
		region    string
		code      string
	}{
		{region: "us-east-9", code: "ValidationError"},
		{region: "cn-north-1", code: "ValidationError"}, // of another partition
		{region: "us-east-9", options: stacksets.Options{ExtraRegions: []string{"us-east-9"}}},
		{region: "us-gov-west-1", partition: "aws-us-gov"},
		{region: "us-east-1", partition: "aws-us-gov", code: "ValidationError"},
	} {
		w := newWorld(t, c.options)
		if c.partition != "" {
			w.World.Options.Partition = c.partition
		}
		w.create("net", "params:")
		_, err := w.cfn().CreateStackInstances(ctx, &cloudformation.CreateStackInstancesInput{StackSetName: aws.String("net"), Accounts: accounts(1), Regions: []string{home, c.region}[1:]})
		if code(err) != c.code {
			t.Errorf("%s in partition %q: %v", c.region, c.partition, err)
		}
		_, err = w.cfn().UpdateStackSet(ctx, &cloudformation.UpdateStackSetInput{StackSetName: aws.String("net"), UsePreviousTemplate: aws.Bool(true), Accounts: accounts(1), Regions: []string{"no-where-1"}})
		if code(err) != "ValidationError" && code(err) != "OperationInProgressException" {
			t.Errorf("updating in no-where-1: %v", err)
		}
	}
}

// What users of Terraform met when they added an OU to an existing target.
func TestUpdatingAtAnOUThatTheSetDoesNotHaveIsRefused(t *testing.T) {
	w := tree(t, stacksets.Options{})
	if _, err := w.at(&types.DeploymentTargets{OrganizationalUnitIds: []string{w.ou["prod"]}}); err != nil {
		t.Fatal(err)
	}
	_, err := w.cfn().UpdateStackInstances(ctx, &cloudformation.UpdateStackInstancesInput{
		StackSetName: aws.String("net"), Regions: []string{home},
		DeploymentTargets: &types.DeploymentTargets{OrganizationalUnitIds: []string{w.ou["prod"], w.ou["dev"]}},
	})
	if want := "Organizational unit " + w.ou["dev"] + " not found in StackSet"; code(err) != "ValidationError" || message(err) != want {
		t.Errorf("refused with %v, want %s", err, want)
	}
}

func TestSuspendedAccountsAreSkippedWhateverIsDone(t *testing.T) {
	w := tree(t, stacksets.Options{})
	d := &types.DeploymentTargets{OrganizationalUnitIds: []string{w.ou["prod"]}}
	if _, err := w.at(d); err != nil {
		t.Fatal(err)
	}
	w.Serve(func() { w.must(w.org.Suspend(account12("3"))) })
	calls := len(w.stacks.calls)
	id, err := w.at(d)
	w.must(err)
	if got := len(w.stacks.calls) - calls; got != 3 {
		t.Errorf("%d stack operations", got)
	}
	got := w.instance("net", account12("3"), home)
	if got.StackInstanceStatus.DetailedStatus != "SKIPPED_SUSPENDED_ACCOUNT" || *got.StatusReason != "ACCOUNT_SUSPENDED" {
		t.Errorf("the instance is %s, %s", got.StackInstanceStatus.DetailedStatus, *got.StatusReason)
	}
	if diff := cmp.Diff(map[types.StackSetOperationResultStatus]int{"SUCCEEDED": 4}, w.results("net", id)); diff != "" {
		t.Error(diff)
	}
	drift, err := w.cfn().DetectStackSetDrift(ctx, &cloudformation.DetectStackSetDriftInput{StackSetName: aws.String("net")})
	w.must(err)
	w.ended("net", *drift.OperationId)
	for _, retain := range []bool{false, true} {
		out, err := w.cfn().DeleteStackInstances(ctx, &cloudformation.DeleteStackInstancesInput{
			StackSetName: aws.String("net"), Regions: []string{home}, RetainStacks: &retain, DeploymentTargets: d, OperationPreferences: all,
		})
		w.must(err)
		w.ended("net", *out.OperationId)
		if want := map[bool]string{false: "3", true: ""}[retain]; w.holders() != want {
			t.Errorf("retain %v leaves %q, want %q", retain, w.holders(), want)
		}
	}
}

func TestAccountsThatLeftCannotBeReachedButLetGo(t *testing.T) {
	w := tree(t, stacksets.Options{})
	w.update("net", "", func(in *cloudformation.UpdateStackSetInput) {
		in.AutoDeployment = &types.AutoDeployment{Enabled: aws.Bool(false)}
	})
	d := &types.DeploymentTargets{OrganizationalUnitIds: []string{w.ou["dev"]}}
	if _, err := w.at(d); err != nil {
		t.Fatal(err)
	}
	w.Serve(func() { w.must(w.org.Leave(account12("5"))) })
	w.wait(3600e9)
	if w.holders() != "5" {
		t.Fatalf("without automatic deployment the instances are %q", w.holders())
	}
	for _, retain := range []bool{false, true} {
		out, err := w.cfn().DeleteStackInstances(ctx, &cloudformation.DeleteStackInstancesInput{
			StackSetName: aws.String("net"), Regions: []string{home}, RetainStacks: &retain, DeploymentTargets: d,
		})
		w.must(err)
		status := w.ended("net", *out.OperationId)
		if want := map[bool]types.StackSetOperationStatus{false: "FAILED", true: "SUCCEEDED"}[retain]; status != want {
			t.Errorf("retain %v ended %s", retain, status)
		}
	}
	if w.holders() != "" {
		t.Errorf("left are %s", w.holders())
	}
}

func TestDelegatesSeeTheServiceManagedSetsOfTheManagementAccount(t *testing.T) {
	w := tree(t, stacksets.Options{})
	w.create("self", "params:")
	delegate := w.as(account12("1"))
	list := func(as types.CallAs) (names []string, err error) {
		out, err := delegate.ListStackSets(ctx, &cloudformation.ListStackSetsInput{CallAs: as})
		if err != nil {
			return nil, err
		}
		for _, s := range out.Summaries {
			names = append(names, *s.StackSetName)
		}
		return names, nil
	}
	if _, err := list(types.CallAsDelegatedAdmin); message(err) != "Account used is not a delegated administrator" {
		t.Errorf("before: %v", err)
	}
	w.Serve(func() {
		w.must(w.org.RegisterDelegatedAdministrator(account12("1"), "member.org.stacksets.cloudformation.amazonaws.com"))
	})
	if names, err := list(types.CallAsDelegatedAdmin); err != nil || !slices.Equal(names, []string{"net"}) {
		t.Errorf("the delegate sees %v, %v", names, err)
	}
	if names, err := list(types.CallAsSelf); err != nil || len(names) != 0 {
		t.Errorf("for itself it sees %v, %v", names, err)
	}
	_, err := delegate.CreateStackSet(ctx, &cloudformation.CreateStackSetInput{
		StackSetName: aws.String("theirs"), TemplateBody: aws.String("params:"), CallAs: types.CallAsDelegatedAdmin,
		PermissionModel: types.PermissionModelsServiceManaged, AutoDeployment: &types.AutoDeployment{Enabled: aws.Bool(false)},
	})
	w.must(err)
	mine, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: aws.String("theirs")})
	w.must(err)
	if !strings.Contains(*mine.StackSet.StackSetARN, ":"+management+":") {
		t.Errorf("it lives at %s", *mine.StackSet.StackSetARN)
	}
	_, err = delegate.CreateStackSet(ctx, &cloudformation.CreateStackSetInput{
		StackSetName: aws.String("other"), TemplateBody: aws.String("params:"), PermissionModel: types.PermissionModelsServiceManaged,
	})
	if message(err) != "You must be the management account or delegated admin account of an organization before operating a SERVICE_MANAGED stack set" {
		t.Errorf("without CallAs: %v", err)
	}
}

func TestOrganizationsAccessIsNeededAndCanBeTaken(t *testing.T) {
	w := tree(t, stacksets.Options{})
	status := func() types.OrganizationStatus {
		out, err := w.cfn().DescribeOrganizationsAccess(ctx, &cloudformation.DescribeOrganizationsAccessInput{})
		w.must(err)
		return out.Status
	}
	if status() != types.OrganizationStatusEnabled {
		t.Errorf("is %s", status())
	}
	_, err := w.cfn().DeactivateOrganizationsAccess(ctx, &cloudformation.DeactivateOrganizationsAccessInput{})
	w.must(err)
	if status() != types.OrganizationStatusDisabled {
		t.Errorf("is %s after deactivation", status())
	}
	if _, err := w.at(&types.DeploymentTargets{OrganizationalUnitIds: []string{w.ou["prod"]}}); message(err) != "You must enable organizations access to operate a service managed stack set" {
		t.Errorf("deploying without access: %v", err)
	}
}
