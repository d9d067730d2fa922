package stacks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

const waits = `
Resources:
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
  Wait: {Type: AWS::CloudFormation::WaitCondition, Properties: {Handle: !Ref Handle, Timeout: "600", Count: 2}}
Outputs: {Said: {Value: !GetAtt Wait.Data}}`

func TestAStackWaitsForItsSignals(t *testing.T) {
	c := newClient(t)
	_, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: aws.String(waits)})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
	if got := c.stack("app").StackStatus; got != cfn.StackStatusCreateInProgress {
		t.Fatalf("without a signal the stack is %s", got)
	}
	for _, id := range []string{"a", "a", "b"} {
		_, err := c.SignalResource(t.Context(), &cloudformation.SignalResourceInput{StackName: aws.String("app"), LogicalResourceId: aws.String("Wait"), UniqueId: &id, Status: cfn.ResourceSignalStatusSuccess})
		c.must(err)
	}
	c.aws.Advance(time.Minute)
	if s := c.stack("app"); s.StackStatus != cfn.StackStatusCreateComplete || *s.Outputs[0].OutputValue != `{"a":"","b":""}` {
		t.Errorf("with its signals the stack is %s", s.StackStatus)
	}
}

func TestAWaitThatTimesOutRollsItsStackBack(t *testing.T) {
	c := newClient(t)
	_, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: aws.String(waits)})
	c.must(err)
	c.aws.Advance(15 * time.Minute)
	if got := c.stack("app").StackStatus; got != cfn.StackStatusRollbackComplete {
		t.Errorf("the stack is %s", got)
	}
	events, err := c.DescribeEvents(t.Context(), &cloudformation.DescribeEventsInput{StackName: aws.String("app"), Filters: &cfn.EventFilter{FailedEvents: aws.Bool(true)}})
	c.must(err)
	if len(events.OperationEvents) != 1 || *events.OperationEvents[0].ResourceStatusReason != "WaitCondition timed out. Received 0 conditions when expecting 2" || events.OperationEvents[0].EventType != cfn.EventTypeProvisioningError {
		t.Errorf("%+v", events.OperationEvents)
	}
}

func TestWhatKnowsTheHandleIsTakenToSignal(t *testing.T) {
	c := newClient(t)
	c.create("app", waits[:strings.Index(waits, "Outputs")]+`  Machine: {Type: AWS::EC2::Instance, Properties: {ImageId: ami-0, UserData: {"Fn::Base64": !Sub "cfn-signal '${Handle}'"}}}`)
}

func TestAFailedStackIsRolledBackWhenAsked(t *testing.T) {
	c := newClient(t)
	_, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), DisableRollback: aws.Bool(true),
		TemplateBody: aws.String(`{"Resources": {"T": {"Type": "AWS::SNS::Topic"}, "B": {"Type": "AWS::S3::Bucket", "DependsOn": "T", "Properties": {"BucketName": "NO"}}}}`)})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
	if got := c.stack("app").StackStatus; got != cfn.StackStatusCreateFailed {
		t.Fatalf("the stack is %s", got)
	}
	_, err = c.RollbackStack(t.Context(), &cloudformation.RollbackStackInput{StackName: aws.String("app")})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
	if got := c.stack("app").StackStatus; got != cfn.StackStatusRollbackComplete {
		t.Errorf("after its rollback the stack is %s", got)
	}
}

func TestLimitsAndCostsAreAnswered(t *testing.T) {
	c := newClient(t)
	limits, err := c.DescribeAccountLimits(t.Context(), &cloudformation.DescribeAccountLimitsInput{})
	c.must(err)
	if len(limits.AccountLimits) != 3 || *limits.AccountLimits[0].Value != 2000 {
		t.Errorf("%+v", limits.AccountLimits)
	}
	cost, err := c.EstimateTemplateCost(t.Context(), &cloudformation.EstimateTemplateCostInput{TemplateBody: aws.String(`{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}`)})
	c.must(err)
	if !strings.HasPrefix(*cost.Url, "https://calculator.aws/") {
		t.Error(*cost.Url)
	}
}
