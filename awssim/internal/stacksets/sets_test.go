package stacksets_test

import (
	"context"
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
	"github.com/setmend/setmend/awssim/internal/stacksets"
)

var ctx = context.Background()

func TestCreateStackSetIsIdempotentByToken(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	request := func(token string) (string, error) {
		out, err := w.cfn().CreateStackSet(ctx, &cloudformation.CreateStackSetInput{
			StackSetName: aws.String("net"), TemplateBody: aws.String("params:"), ClientRequestToken: &token,
		})
		if err != nil {
			return "", err
		}
		return *out.StackSetId, nil
	}
	first, err := request("t1")
	w.must(err)
	if again, err := request("t1"); err != nil || again != first {
		t.Errorf("the same request is answered %s, %v", again, err)
	}
	if _, err := request("t2"); code(err) != "NameAlreadyExistsException" {
		t.Errorf("another token meets %v", err)
	}
	w.update("net", "params: A=1", nil)
	if _, err := request("t1"); code(err) != "CreatedButModifiedException" {
		t.Errorf("after a change, the same request meets %v", err)
	}
}

func TestCreateStackSetRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		in   cloudformation.CreateStackSetInput
		code string
		text string
	}{
		{"no template", cloudformation.CreateStackSetInput{}, "ValidationError", "Exactly one of TemplateBody or TemplateUrl must be specified"},
		{"two templates", cloudformation.CreateStackSetInput{TemplateBody: aws.String("params:"), TemplateURL: aws.String("s3://b/k")}, "ValidationError", "Exactly one of TemplateBody or TemplateUrl must be specified"},
		{"a template of another world", cloudformation.CreateStackSetInput{TemplateURL: aws.String("s3://b/none")}, "ValidationError", "S3 error: Access Denied"},
		{"a bad template", cloudformation.CreateStackSetInput{TemplateBody: aws.String("nonsense")}, "ValidationError", "Template format error: unsupported structure."},
		{"a value short", cloudformation.CreateStackSetInput{TemplateBody: aws.String("params: A")}, "ValidationError", "Parameters: [A] must have values"},
		{"a value too many", cloudformation.CreateStackSetInput{TemplateBody: aws.String("params:"), Parameters: []types.Parameter{set("B", "1")}}, "ValidationError", "Parameters: [B] do not exist in the template"},
		{"a capability short", cloudformation.CreateStackSetInput{TemplateBody: aws.String("params: IAM!")}, "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]"},
		{"automatic deployment of a self-managed set", cloudformation.CreateStackSetInput{TemplateBody: aws.String("params:"), AutoDeployment: &types.AutoDeployment{Enabled: aws.Bool(true)}}, "ValidationError", "AutoDeployment can only be specified for StackSets with SERVICE_MANAGED permission model"},
		{"an organization that is not", cloudformation.CreateStackSetInput{TemplateBody: aws.String("params:"), PermissionModel: "SERVICE_MANAGED"}, "ValidationError", "You must be the management account or delegated admin account of an organization before operating a SERVICE_MANAGED stack set"},
		{"a delegate that is not", cloudformation.CreateStackSetInput{TemplateBody: aws.String("params:"), CallAs: "DELEGATED_ADMIN"}, "ValidationError", "Account used is not a delegated administrator"},
		{"a bad name", cloudformation.CreateStackSetInput{StackSetName: aws.String("1net"), TemplateBody: aws.String("params:")}, "ValidationError", "1 validation error detected: Value '1net' at 'stackSetName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, stacksets.Options{})
			if c.in.StackSetName == nil {
				c.in.StackSetName = aws.String("net")
			}
			_, err := w.cfn().CreateStackSet(ctx, &c.in)
			if code(err) != c.code || message(err) != c.text {
				t.Errorf("got %v, want %s: %s", err, c.code, c.text)
			}
			list, err := w.cfn().ListStackSets(ctx, &cloudformation.ListStackSetsInput{})
			w.must(err)
			if len(list.Summaries) != 0 {
				t.Error("the refused set exists")
			}
		})
	}
}

func TestTemplatesComeFromS3(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "", func(in *cloudformation.CreateStackSetInput) {
		in.TemplateBody, in.TemplateURL = nil, aws.String("https://b.s3.amazonaws.com/net.yaml")
	})
	out, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: aws.String("net")})
	w.must(err)
	if *out.StackSet.TemplateBody != "params: A=1" {
		t.Errorf("the template is %q", *out.StackSet.TemplateBody)
	}
}

func TestDescribeStackSetTellsEverything(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params: A=1 B", func(in *cloudformation.CreateStackSetInput) {
		in.Parameters = []types.Parameter{set("B", "2")}
		in.Tags = []types.Tag{{Key: aws.String("team"), Value: aws.String("core")}}
		in.Description = aws.String("networks")
	})
	w.deployed("net", accounts(2), []string{"eu-west-1", home})
	out, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: aws.String("net")})
	w.must(err)
	got := out.StackSet
	if !strings.HasPrefix(*got.StackSetId, "net:") || *got.StackSetARN != "arn:aws:cloudformation:us-east-1:100000000000:stackset/"+*got.StackSetId {
		t.Errorf("id %s, ARN %s", *got.StackSetId, *got.StackSetARN)
	}
	if diff := cmp.Diff([]string{"eu-west-1", home}, got.Regions); diff != "" {
		t.Error(diff)
	}
	var values []string
	for _, p := range got.Parameters {
		values = append(values, *p.ParameterKey+"="+*p.ParameterValue)
	}
	if diff := cmp.Diff([]string{"A=1", "B=2"}, values); diff != "" {
		t.Error(diff)
	}
	if *got.AdministrationRoleARN != "arn:aws:iam::100000000000:role/AWSCloudFormationStackSetAdministrationRole" ||
		*got.ExecutionRoleName != "AWSCloudFormationStackSetExecutionRole" || got.PermissionModel != "SELF_MANAGED" {
		t.Errorf("roles %s, %s; %s", *got.AdministrationRoleARN, *got.ExecutionRoleName, got.PermissionModel)
	}
	if got.OrganizationalUnitIds == nil || got.StackSetDriftDetectionDetails.DriftStatus != "NOT_CHECKED" || *got.ManagedExecution.Active {
		t.Errorf("got %+v", got)
	}
}

func TestDeletedSetsAreFoundByIDOnly(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params:")
	before, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: aws.String("net")})
	w.must(err)
	w.deployed("net", accounts(1), []string{home})
	if _, err := w.cfn().DeleteStackSet(ctx, &cloudformation.DeleteStackSetInput{StackSetName: aws.String("net")}); code(err) != "StackSetNotEmptyException" {
		t.Errorf("deleting a set with instances: %v", err)
	}
	w.remove("net", accounts(1), []string{home}, false)
	for range 2 { // deleting what is gone succeeds
		_, err = w.cfn().DeleteStackSet(ctx, &cloudformation.DeleteStackSetInput{StackSetName: aws.String("net")})
		w.must(err)
	}
	if _, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: aws.String("net")}); code(err) != "StackSetNotFoundException" {
		t.Errorf("by name: %v", err)
	}
	byID, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: before.StackSet.StackSetId})
	w.must(err)
	if byID.StackSet.Status != "DELETED" {
		t.Errorf("by id it is %s", byID.StackSet.Status)
	}
	w.create("net", "params:")
	for status, want := range map[types.StackSetStatus]int{"": 2, "ACTIVE": 1, "DELETED": 1} {
		list, err := w.cfn().ListStackSets(ctx, &cloudformation.ListStackSetsInput{Status: status})
		w.must(err)
		if len(list.Summaries) != want {
			t.Errorf("%d sets of status %q, want %d", len(list.Summaries), status, want)
		}
	}
}

// remove deletes instances and returns how the operation ended.
func (w *world) remove(name string, accounts, regions []string, retain bool) types.StackSetOperationStatus {
	w.Helper()
	out, err := w.cfn().DeleteStackInstances(ctx, &cloudformation.DeleteStackInstancesInput{
		StackSetName: &name, Accounts: accounts, Regions: regions, RetainStacks: &retain, OperationPreferences: all,
	})
	w.must(err)
	return w.ended(name, *out.OperationId)
}

func TestUpdatingOutdatesEveryInstanceFirst(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params: A=1")
	w.deployed("net", accounts(3), []string{home})
	status := w.update("net", "params: A=2", func(in *cloudformation.UpdateStackSetInput) {
		in.Accounts, in.Regions = accounts(1), []string{home}
	})
	if status != types.StackSetOperationStatusSucceeded {
		t.Errorf("ended %s", status)
	}
	want := []string{"1 us-east-1 CURRENT/SUCCEEDED", "2 us-east-1 OUTDATED/PENDING", "3 us-east-1 OUTDATED/PENDING"}
	if diff := cmp.Diff(want, w.instances("net")); diff != "" {
		t.Error(diff)
	}
	w.update("net", "", nil)
	for _, line := range w.instances("net") {
		if !strings.HasSuffix(line, "CURRENT/SUCCEEDED") {
			t.Errorf("after updating all: %s", line)
		}
	}
}

func TestUpdatesThatChangeNoStackLeaveUntargetedInstances(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params: A=1")
	w.deployed("net", accounts(2), []string{home})
	w.update("net", "", func(in *cloudformation.UpdateStackSetInput) {
		in.Accounts, in.Regions = accounts(1), []string{home}
		in.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}
	})
	want := []string{"1 us-east-1 CURRENT/SUCCEEDED", "2 us-east-1 CURRENT/SUCCEEDED"}
	if diff := cmp.Diff(want, w.instances("net")); diff != "" {
		t.Error(diff)
	}
}

func TestAFailedUpdateStillChangesTheDefinition(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params: A=1")
	w.deployed("net", accounts(1), []string{home})
	w.stacks.ends = func(string, core.StackSpec) core.StackResult { return core.StackResult{Reason: "no"} }
	if status := w.update("net", "params: A=2", nil); status != types.StackSetOperationStatusFailed {
		t.Errorf("ended %s", status)
	}
	out, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: aws.String("net")})
	w.must(err)
	if *out.StackSet.TemplateBody != "params: A=2" {
		t.Errorf("the template is %s", *out.StackSet.TemplateBody)
	}
	if got := w.instance("net", account12("1"), home); got.Status != "OUTDATED" || *got.StatusReason != "no" || got.StackId == nil {
		t.Errorf("the instance is %+v", got)
	}
}

func TestTagsAreKeptReplacedOrRemoved(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params:", func(in *cloudformation.CreateStackSetInput) {
		in.Tags = []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("2")}}
	})
	for _, c := range []struct {
		tags []types.Tag
		want string
	}{
		{nil, "a=1 b=2"},
		{[]types.Tag{{Key: aws.String("c"), Value: aws.String("3")}}, "c=3"},
		{[]types.Tag{}, ""},
	} {
		w.update("net", "", func(in *cloudformation.UpdateStackSetInput) { in.Tags = c.tags })
		out, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: aws.String("net")})
		w.must(err)
		var got []string
		for _, tag := range out.StackSet.Tags {
			got = append(got, *tag.Key+"="+*tag.Value)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("after %v the tags are %v", c.tags, got)
		}
	}
}

func TestOmittedParametersFallBackAndPreviousOnesStay(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params: A=1 B=1", func(in *cloudformation.CreateStackSetInput) {
		in.Parameters = []types.Parameter{set("A", "mine"), set("B", "mine")}
	})
	w.deployed("net", accounts(1), []string{home})
	w.update("net", "", func(in *cloudformation.UpdateStackSetInput) { in.Parameters = []types.Parameter{keep("A")} })
	if diff := cmp.Diff(map[string]string{"A": "mine"}, w.stacks.specs[1].Parameters); diff != "" {
		t.Error(diff)
	}
}

func TestFiltersFindInstancesPageByPage(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.stacks.ends = func(_ string, spec core.StackSpec) core.StackResult {
		return core.StackResult{OK: spec.Account > account12("150")}
	}
	w.create("net", "params:")
	id := w.deploy("net", accounts(300), []string{home, "eu-west-1"}, all)
	w.ended("net", id)
	second := w.deploy("net", accounts(3), []string{home}, all)
	w.ended("net", second)
	for _, c := range []struct {
		filters []types.StackInstanceFilter
		want    int
	}{
		{nil, 600},
		{[]types.StackInstanceFilter{{Name: "DETAILED_STATUS", Values: aws.String("FAILED")}}, 300},
		{[]types.StackInstanceFilter{{Name: "DETAILED_STATUS", Values: aws.String("INOPERABLE")}}, 0},
		{[]types.StackInstanceFilter{{Name: "LAST_OPERATION_ID", Values: &id}}, 597},
		{[]types.StackInstanceFilter{{Name: "LAST_OPERATION_ID", Values: &second}, {Name: "DETAILED_STATUS", Values: aws.String("FAILED")}}, 3},
		{[]types.StackInstanceFilter{{Name: "LAST_OPERATION_ID", Values: aws.String("none")}}, 0},
		{[]types.StackInstanceFilter{{Name: "DRIFT_STATUS", Values: aws.String("NOT_CHECKED")}}, 600},
		{[]types.StackInstanceFilter{{Name: "DRIFT_STATUS", Values: aws.String("DRIFTED")}}, 0},
	} {
		got := w.instances("net", c.filters...)
		if len(got) != c.want || len(slices.Compact(got)) != c.want {
			t.Errorf("%v: %d instances, want %d", c.filters, len(got), c.want)
		}
	}
	byAccount, err := w.cfn().ListStackInstances(ctx, &cloudformation.ListStackInstancesInput{
		StackSetName: aws.String("net"), StackInstanceAccount: aws.String(account12("7")),
	})
	w.must(err)
	byRegion, err := w.cfn().ListStackInstances(ctx, &cloudformation.ListStackInstancesInput{
		StackSetName: aws.String("net"), StackInstanceRegion: aws.String("eu-west-1"), MaxResults: aws.Int32(7),
	})
	w.must(err)
	if len(byAccount.Summaries) != 2 || len(byRegion.Summaries) != 7 || byRegion.NextToken == nil {
		t.Errorf("%d by account, %d by region, token %v", len(byAccount.Summaries), len(byRegion.Summaries), byRegion.NextToken)
	}
	_, err = w.cfn().ListStackInstances(ctx, &cloudformation.ListStackInstancesInput{StackSetName: aws.String("net"), NextToken: aws.String("bogus")})
	if code(err) != "ValidationError" {
		t.Errorf("a made-up token meets %v", err)
	}
}

func TestAFailedDeleteLeavesAnInoperableInstance(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params: A=1")
	w.deployed("net", accounts(2), []string{home})
	w.stacks.ends = func(action string, spec core.StackSpec) core.StackResult {
		return core.StackResult{OK: action != "DELETE" || spec.Account != account12("1"), Reason: "protected"}
	}
	w.remove("net", accounts(2), []string{home}, false)
	if diff := cmp.Diff([]string{"1 us-east-1 INOPERABLE/INOPERABLE"}, w.instances("net")); diff != "" {
		t.Error(diff)
	}
	calls := len(w.stacks.calls)
	w.update("net", "params: A=2", nil)
	if len(w.stacks.calls) != calls {
		t.Error("an INOPERABLE instance was updated with the set")
	}
	out, err := w.cfn().UpdateStackInstances(ctx, &cloudformation.UpdateStackInstancesInput{StackSetName: aws.String("net"), Accounts: accounts(1), Regions: []string{home}})
	w.must(err)
	if status := w.ended("net", *out.OperationId); status != types.StackSetOperationStatusFailed {
		t.Errorf("updating an INOPERABLE instance ended %s", status)
	}
	if diff := cmp.Diff([]string{"1 us-east-1 INOPERABLE/INOPERABLE"}, w.instances("net")); diff != "" {
		t.Error("after the attempt:", diff)
	}
	id := *w.instance("net", account12("1"), home).StackId
	if status := w.remove("net", accounts(1), []string{home}, true); status != types.StackSetOperationStatusSucceeded {
		t.Errorf("retaining its stack ended %s", status)
	}
	if got := w.instances("net"); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
	if _, ok := w.stacks.Stack(id); !ok {
		t.Error("the retained stack is gone")
	}
}

func TestInstancesWithoutAStackSayWhy(t *testing.T) {
	const exec, admin = "AWSCloudFormationStackSetExecutionRole", "AWSCloudFormationStackSetAdministrationRole"
	for _, c := range []struct {
		name   string
		before func(w *world)
		want   string
	}{
		{"no execution role", func(w *world) { w.Access.RemoveRole(account12("1"), exec) },
			"Account 000000000001 should have 'AWSCloudFormationStackSetExecutionRole' role with trust relationship to Role 'AWSCloudFormationStackSetAdministrationRole'."},
		{"no administration role", func(w *world) { w.Access.RemoveRole(management, admin) },
			"Account 100000000000 should have 'AWSCloudFormationStackSetAdministrationRole' role with trust relationship to CloudFormation service."},
		{"a region not opted into", func(w *world) { w.sets.DisableRegion(account12("1"), home, true) },
			"STS is not activated in this region for account:000000000001. Your account administrator can activate STS in this region using the IAM Console."},
		{"a closed gate", func(w *world) { w.sets.SetGate(account12("1"), home, "FAILED", "not today") },
			"AccountGate check failed"},
		{"a service control policy", func(w *world) {
			w.Access.AddSCP(core.SCP{Target: account12("1"), Action: "cloudformation:*"})
		}, "User: arn:aws:sts::000000000001:assumed-role/AWSCloudFormationStackSetExecutionRole/AWSCloudFormation is not authorized to perform: cloudformation:CreateStack on resource: arn:aws:cloudformation:us-east-1:000000000001:stack/StackSet-net-*/* with an explicit deny in a service control policy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, stacksets.Options{})
			w.create("net", "params:")
			w.Serve(func() { c.before(w) })
			id := w.deploy("net", accounts(1), []string{home}, nil)
			if status := w.ended("net", id); status != types.StackSetOperationStatusFailed {
				t.Errorf("ended %s", status)
			}
			got := w.instance("net", account12("1"), home)
			if got.Status != "OUTDATED" || got.StackInstanceStatus.DetailedStatus != "FAILED" || got.StackId != nil || *got.StatusReason != c.want {
				t.Errorf("%s/%s %q, stack %v", got.Status, got.StackInstanceStatus.DetailedStatus, *got.StatusReason, got.StackId)
			}
			if len(w.stacks.calls) != 0 {
				t.Errorf("stack operations %v", w.stacks.calls)
			}
		})
	}
}

func TestTheAccountGatesAnswerStandsInTheResult(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params:")
	w.Serve(func() { w.sets.SetGate(account12("1"), home, "SUCCEEDED", "fine") })
	id := w.deploy("net", accounts(2), []string{home}, all)
	w.ended("net", id)
	var got []string
	for _, r := range w.resultList("net", id) {
		got = append(got, fmt.Sprintf("%s %s", r.AccountGateResult.Status, *r.AccountGateResult.StatusReason))
	}
	want := []string{"SUCCEEDED fine", "SKIPPED Function not found: arn:aws:lambda:us-east-1:000000000002:function:AWSCloudFormationStackSetAccountGate"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOperationsAreListedNewestFirst(t *testing.T) {
	w := newWorld(t, stacksets.Options{KeepOperations: time.Hour})
	w.create("net", "params:")
	var ids []string
	for range 5 {
		id := w.deploy("net", accounts(1), []string{home}, nil)
		w.ended("net", id)
		ids = append([]string{id}, ids...)
	}
	var got []string
	pages := cloudformation.NewListStackSetOperationsPaginator(w.cfn(), &cloudformation.ListStackSetOperationsInput{StackSetName: aws.String("net"), MaxResults: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		w.must(err)
		for _, o := range page.Summaries {
			got = append(got, *o.OperationId)
		}
	}
	if diff := cmp.Diff(ids, got); diff != "" {
		t.Error(diff)
	}
	w.wait(2 * time.Hour)
	_, err := w.cfn().DescribeStackSetOperation(ctx, &cloudformation.DescribeStackSetOperationInput{StackSetName: aws.String("net"), OperationId: &ids[4]})
	if code(err) != "OperationNotFoundException" {
		t.Errorf("an old operation: %v", err)
	}
	if w.operation("net", ids[0]).Status != "SUCCEEDED" {
		t.Error("the operation that an instance names is gone")
	}
}
