package stacksets_test

import (
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/awssim/internal/organizations"
	"github.com/setmend/setmend/awssim/internal/stacksets"
)

// AWS fills both roles of a service-managed set, which no request can give.
func TestServiceManagedSetsShowTheRolesThatAWSMade(t *testing.T) {
	w := tree(t, stacksets.Options{})
	w.create("other", "params:", managed)
	var execution string
	for _, name := range []string{"net", "other"} {
		out, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: &name})
		w.must(err)
		want := "arn:aws:iam::" + management + ":role/aws-service-role/stacksets.cloudformation.amazonaws.com/AWSServiceRoleForCloudFormationStackSetsOrgAdmin"
		if got := aws.ToString(out.StackSet.AdministrationRoleARN); got != want {
			t.Errorf("%s: administration role %s, want %s", name, got, want)
		}
		role := aws.ToString(out.StackSet.ExecutionRoleName)
		if !regexp.MustCompile(`^stacksets-exec-[0-9a-f]{32}$`).MatchString(role) {
			t.Errorf("%s: execution role %s", name, role)
		}
		if execution != "" && role != execution {
			t.Errorf("the sets of one organization have two execution roles, %s and %s", execution, role)
		}
		execution = role
	}
	id, err := w.at(&types.DeploymentTargets{OrganizationalUnitIds: []string{w.ou["prod"]}})
	w.must(err)
	if got := aws.ToString(w.operation("net", id).ExecutionRoleName); got != execution {
		t.Errorf("the operation shows execution role %s", got)
	}
}

// Seen in terraform-provider-aws#35031: a template that is the same counts too.
func TestManagedExecutionChangesAlone(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params: A=1")
	active := func(on bool) *types.ManagedExecution { return &types.ManagedExecution{Active: &on} }
	const refusal = "Cannot update ManagedExecution while updating StackSet Template or Parameters"
	for _, c := range []struct {
		name string
		in   cloudformation.UpdateStackSetInput
		want string
	}{
		{"with the same template", cloudformation.UpdateStackSetInput{TemplateBody: aws.String("params: A=1"), ManagedExecution: active(true)}, refusal},
		{"with parameters", cloudformation.UpdateStackSetInput{UsePreviousTemplate: aws.Bool(true), Parameters: []types.Parameter{set("A", "2")}, ManagedExecution: active(true)}, refusal},
		{"unchanged, with a template", cloudformation.UpdateStackSetInput{TemplateBody: aws.String("params: A=3"), ManagedExecution: active(false)}, ""},
		{"alone", cloudformation.UpdateStackSetInput{UsePreviousTemplate: aws.Bool(true), ManagedExecution: active(true)}, ""},
	} {
		c.in.StackSetName = aws.String("net")
		out, err := w.cfn().UpdateStackSet(ctx, &c.in)
		if message(err) != c.want || c.want != "" && code(err) != "InvalidOperationException" {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil {
			w.ended("net", *out.OperationId)
		}
	}
}

// Seen in cdk-organizations#1718.
func TestTrustedAccessInOrganizationsAloneIsNotEnough(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.Serve(func() { w.must(w.org.Create(management, "Management")) })
	access := func() string {
		out, err := w.cfn().DescribeOrganizationsAccess(ctx, &cloudformation.DescribeOrganizationsAccessInput{})
		w.must(err)
		return string(out.Status)
	}
	createSet := func() error {
		in := &cloudformation.CreateStackSetInput{StackSetName: aws.String("net"), TemplateBody: aws.String("params:")}
		managed(in)
		_, err := w.cfn().CreateStackSet(ctx, in)
		return err
	}
	w.enableInOrganizations("member.org.stacksets.cloudformation.amazonaws.com")
	if got := access(); got != "DISABLED" {
		t.Errorf("enabled in Organizations alone it is %s", got)
	}
	if err := createSet(); message(err) != "You must enable organizations access to operate a service managed stack set" {
		t.Errorf("creating a set: %v", err)
	}
	_, err := w.cfn().ActivateOrganizationsAccess(ctx, &cloudformation.ActivateOrganizationsAccessInput{})
	w.must(err)
	if got := access(); got != "ENABLED" {
		t.Errorf("activated it is %s", got)
	}
	if err := createSet(); err != nil {
		t.Error(err)
	}
}

// A snapshot keeps the difference between the two kinds of trusted access.
func TestASnapshotKeepsWhoActivatedTrustedAccess(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.Serve(func() {
		w.must(w.org.Create(management, "Management"))
		w.org.SetTrustedAccess("activated.amazonaws.com", true)
	})
	w.enableInOrganizations("enabled.amazonaws.com")
	again := organizations.New(w.World, organizations.Options{})
	w.Serve(func() { w.must(again.Load(w.org.Save())) })
	if !again.TrustedAccess("activated.amazonaws.com") || again.TrustedAccess("enabled.amazonaws.com") {
		t.Errorf("loaded as activated %t, enabled %t", again.TrustedAccess("activated.amazonaws.com"), again.TrustedAccess("enabled.amazonaws.com"))
	}
	if got := again.Save(); len(got.Enabled) != 1 {
		t.Errorf("saved again: %+v", got)
	}
}

// enableInOrganizations calls EnableAWSServiceAccess as the management account.
func (w *world) enableInOrganizations(principal string) {
	w.Helper()
	w.must(w.organizationsCall("EnableAWSServiceAccess", `{"ServicePrincipal":"`+principal+`"}`))
}

func TestTagValuesWithCommasAreRefused(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	for value, refused := range map[string]bool{
		"a,b": true, "a;b": true, "a&b": true, "a\"b": true,
		"eu-west-1:eu-central-1": false, "a b/c=d+e@f_g.h": false, "Größe 3": false,
	} {
		_, err := w.cfn().CreateStackSet(ctx, &cloudformation.CreateStackSetInput{
			StackSetName: aws.String("net"), TemplateBody: aws.String("params:"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String(value)}},
		})
		if refused != (code(err) == "ValidationError") || !refused && err != nil {
			t.Errorf("the tag value %q: %v", value, err)
		}
		_ = w.deleteSet("net")
	}
}
