package stacks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

const looped = `
Transform: AWS::LanguageExtensions
Parameters: {Names: {Type: CommaDelimitedList, Default: "A,B"}}
Resources:
  Fn::ForEach::Topics: [Name, !Ref Names, {"Topic${Name}": {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Name}}}]
`

func TestDirectOperationsOnTransformsNeedACapabilityAndChangeSetsDoNot(t *testing.T) {
	c := newClient(t)
	_, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: aws.String(looped)})
	if err == nil || !strings.Contains(err.Error(), "Requires capabilities : [CAPABILITY_AUTO_EXPAND]") {
		t.Errorf("CreateStack: %v", err)
	}
	set := c.changeSet(&cloudformation.CreateChangeSetInput{StackName: aws.String("app"), ChangeSetName: aws.String("one"), ChangeSetType: cfn.ChangeSetTypeCreate, TemplateBody: aws.String(looped)})
	if set.Status != cfn.ChangeSetStatusCreateComplete || len(set.Changes) != 2 {
		t.Fatalf("%s: %s, %d changes", set.Status, aws.ToString(set.StatusReason), len(set.Changes))
	}
	c.execute(*set.ChangeSetId)
	c.aws.Advance(5 * time.Minute)
	if s := c.stack(*set.StackId); s.StackStatus != cfn.StackStatusCreateComplete {
		t.Errorf("%s", s.StackStatus)
	}
}

func TestAnUpdateExpandsThePreviousTemplateAnew(t *testing.T) {
	c := newClient(t)
	expand := []cfn.Capability{cfn.CapabilityCapabilityAutoExpand}
	out, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: aws.String(looped), Capabilities: expand})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
	_, err = c.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: out.StackId, UsePreviousTemplate: aws.Bool(true), Capabilities: expand,
		Parameters: []cfn.Parameter{{ParameterKey: aws.String("Names"), ParameterValue: aws.String("B,C,D")}}})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
	resources, err := c.DescribeStackResources(t.Context(), &cloudformation.DescribeStackResourcesInput{StackName: out.StackId})
	c.must(err)
	var got []string
	for _, r := range resources.StackResources {
		if r.ResourceStatus != cfn.ResourceStatusDeleteComplete {
			got = append(got, *r.LogicalResourceId)
		}
	}
	if text := strings.Join(got, " "); text != "TopicB TopicC TopicD" {
		t.Error(text)
	}
	for stage, want := range map[cfn.TemplateStage]string{cfn.TemplateStageOriginal: "Fn::ForEach::Topics", cfn.TemplateStageProcessed: `"TopicD"`} {
		body, err := c.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: out.StackId, TemplateStage: stage})
		c.must(err)
		if !strings.Contains(*body.TemplateBody, want) {
			t.Errorf("%s: %s", stage, *body.TemplateBody)
		}
	}
}

func TestNotificationTopicsArePseudoParameters(t *testing.T) {
	c := newClient(t)
	out, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), NotificationARNs: []string{"arn:aws:sns:eu-west-1:111122223333:ops"},
		TemplateBody: aws.String("Resources: {T: {Type: AWS::SNS::Topic}}\nOutputs: {N: {Value: !Select [0, !Ref AWS::NotificationARNs]}}")})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
	if s := c.stack(*out.StackId); len(s.Outputs) != 1 || *s.Outputs[0].OutputValue != "arn:aws:sns:eu-west-1:111122223333:ops" {
		t.Errorf("%v", s.Outputs)
	}
}
