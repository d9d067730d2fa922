package stacksets_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/awssim/internal/stacksets"
)

func TestUpdatesThatCannotBeAreRefusedAndChangeNothing(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.organize("prod: 1 2")
	w.create("net", "params: A=1", managed)
	w.sentTo("net", "prod")
	w.create("self", "params: A=1")
	w.deployed("self", accounts(1), []string{home})
	previous := aws.Bool(true)
	for _, c := range []struct {
		name string
		in   cloudformation.UpdateStackSetInput
		want string
	}{
		{"no template", cloudformation.UpdateStackSetInput{},
			"Exactly one of TemplateBody or TemplateUrl must be specified"},
		{"two templates", cloudformation.UpdateStackSetInput{UsePreviousTemplate: previous, TemplateBody: aws.String("params:")},
			"Exactly one of TemplateBody, TemplateUrl or UsePreviousTemplate must be specified"},
		{"another permission model", cloudformation.UpdateStackSetInput{UsePreviousTemplate: previous, PermissionModel: types.PermissionModelsSelfManaged},
			"PermissionModel can not be changed while the StackSet has stack instances"},
		{"automatic deployment and targets", cloudformation.UpdateStackSetInput{UsePreviousTemplate: previous, AutoDeployment: &types.AutoDeployment{Enabled: aws.Bool(false)}, Regions: []string{home},
			DeploymentTargets: &types.DeploymentTargets{OrganizationalUnitIds: []string{w.ou["prod"]}}},
			"If you specify AutoDeployment, don't specify DeploymentTargets or Regions"},
		{"retaining without automatic deployment", cloudformation.UpdateStackSetInput{UsePreviousTemplate: previous, AutoDeployment: &types.AutoDeployment{Enabled: aws.Bool(false), RetainStacksOnAccountRemoval: aws.Bool(true)}},
			"RetainStacksOnAccountRemoval can only be specified if AutoDeployment is enabled"},
		{"a count and a percentage", cloudformation.UpdateStackSetInput{UsePreviousTemplate: previous, OperationPreferences: &types.StackSetOperationPreferences{FailureToleranceCount: aws.Int32(1), FailureTolerancePercentage: aws.Int32(1)}},
			"Cannot specify both FailureToleranceCount and FailureTolerancePercentage"},
		{"accounts without regions", cloudformation.UpdateStackSetInput{StackSetName: aws.String("self"), UsePreviousTemplate: previous, Accounts: accounts(1)},
			"Accounts and Regions must be specified together"},
		{"a previous value of what is new", cloudformation.UpdateStackSetInput{TemplateBody: aws.String("params: B"), Parameters: []types.Parameter{keep("B")}},
			"Parameters: [B] must have values"},
		{"a reserved tag", cloudformation.UpdateStackSetInput{UsePreviousTemplate: previous, Tags: []types.Tag{{Key: aws.String("aws:x"), Value: aws.String("y")}}},
			"aws: prefixed tag key names are not allowed for external use."},
		{"a percentage out of range", cloudformation.UpdateStackSetInput{UsePreviousTemplate: previous, OperationPreferences: &types.StackSetOperationPreferences{MaxConcurrentPercentage: aws.Int32(101)}},
			"1 validation error detected: Value '101' at 'operationPreferences.maxConcurrentPercentage' failed to satisfy constraint: Member must have value less than or equal to 100"},
	} {
		if c.in.StackSetName == nil {
			c.in.StackSetName = aws.String("net")
		}
		if _, err := w.cfn().UpdateStackSet(ctx, &c.in); code(err) != "ValidationError" || message(err) != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
	if got := w.operations("net"); len(got) != 1 {
		t.Errorf("operations %v", got)
	}
}

func TestAutomaticDeploymentAloneCanBeTurnedOverByAnUpdate(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.organize("prod: 1")
	w.create("net", "params:", managed)
	status := w.update("net", "", func(in *cloudformation.UpdateStackSetInput) {
		in.AutoDeployment = &types.AutoDeployment{Enabled: aws.Bool(false)}
	})
	if status != types.StackSetOperationStatusSucceeded {
		t.Errorf("its operation ended %s", status)
	}
	out, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: aws.String("net")})
	w.must(err)
	if *out.StackSet.AutoDeployment.Enabled || out.StackSet.AutoDeployment.RetainStacksOnAccountRemoval != nil {
		t.Errorf("automatic deployment is %+v", out.StackSet.AutoDeployment)
	}
}
