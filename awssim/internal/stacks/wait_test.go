package stacks_test

import (
	"slices"
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

const policied = `
Resources:
  Machine:
    Type: AWS::EC2::Instance
    CreationPolicy: {ResourceSignal: {Count: "2", Timeout: PT10M}}
    Properties: {ImageId: ami-0}
  Topic: {Type: AWS::SNS::Topic, DependsOn: Machine}`

func (c *client) signalMachine(id string, status cfn.ResourceSignalStatus) {
	c.Helper()
	_, err := c.SignalResource(c.T.Context(), &cloudformation.SignalResourceInput{StackName: aws.String("app"), LogicalResourceId: aws.String("Machine"), UniqueId: &id, Status: status})
	c.must(err)
}

// reasons are those of a resource's events, the newest first.
func (c *client) reasons(stack, logicalID string) (out []string) {
	c.Helper()
	events, err := c.DescribeStackEvents(c.T.Context(), &cloudformation.DescribeStackEventsInput{StackName: &stack})
	c.must(err)
	for _, ev := range events.StackEvents {
		if *ev.LogicalResourceId == logicalID {
			out = append(out, string(ev.ResourceStatus)+" "+aws.ToString(ev.ResourceStatusReason))
		}
	}
	return out
}

func TestANewResourceWaitsForTheSignalsOfItsCreationPolicy(t *testing.T) {
	c := newClient(t)
	_, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: aws.String(policied)})
	c.must(err)
	c.aws.Advance(4 * time.Minute)
	c.signalMachine("i-1", cfn.ResourceSignalStatusSuccess)
	c.signalMachine("i-1", cfn.ResourceSignalStatusSuccess)
	c.aws.Advance(4 * time.Minute)
	if got := c.stack("app").StackStatus; got != cfn.StackStatusCreateInProgress {
		t.Fatalf("with one signal of two the stack is %s", got)
	}
	c.signalMachine("i-2", cfn.ResourceSignalStatusSuccess)
	c.aws.Advance(time.Minute)
	if got := c.stack("app").StackStatus; got != cfn.StackStatusCreateComplete {
		t.Errorf("with its signals the stack is %s", got)
	}
	want := []string{"CREATE_COMPLETE ", "CREATE_IN_PROGRESS Received SUCCESS signal with UniqueId i-2", "CREATE_IN_PROGRESS Received SUCCESS signal with UniqueId i-1",
		"CREATE_IN_PROGRESS Resource creation Initiated", "CREATE_IN_PROGRESS "}
	if got := c.reasons("app", "Machine"); !slices.Equal(got, want) {
		t.Errorf("the events are %q", got)
	}
}

func TestAFailureSignalOrNoneFailsTheCreation(t *testing.T) {
	for _, test := range []struct{ signal, want string }{
		{"FAILURE", "CREATE_FAILED Received FAILURE signal with UniqueId i-1"},
		{"", "CREATE_FAILED Failed to receive 2 resource signal(s) within the specified duration"},
	} {
		c := newClient(t)
		_, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: aws.String(policied)})
		c.must(err)
		c.aws.Advance(time.Minute)
		if test.signal != "" {
			c.signalMachine("i-1", cfn.ResourceSignalStatus(test.signal))
		}
		c.aws.Advance(20 * time.Minute)
		if got := c.stack("app").StackStatus; got != cfn.StackStatusRollbackComplete {
			t.Errorf("with signal %q the stack is %s", test.signal, got)
		}
		if got := c.reasons("app", "Machine"); !slices.Contains(got, test.want) {
			t.Errorf("with signal %q the events are %q", test.signal, got)
		}
	}
}

func TestAGroupIsCreatedWhenEnoughOfItHasSignalled(t *testing.T) {
	c := newClient(t)
	_, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: aws.String(`
Resources:
  Machine:
    Type: AWS::AutoScaling::AutoScalingGroup
    CreationPolicy: {AutoScalingCreationPolicy: {MinSuccessfulInstancesPercent: 50}, ResourceSignal: {Count: 3, Timeout: PT1H}}
    Properties: {MinSize: "3", MaxSize: "3", AvailabilityZones: [us-east-1a], LaunchConfigurationName: l}`)})
	c.must(err)
	c.aws.Advance(10 * time.Minute)
	c.signalMachine("a", cfn.ResourceSignalStatusFailure)
	c.signalMachine("b", cfn.ResourceSignalStatusSuccess)
	c.aws.Advance(time.Minute)
	if got := c.stack("app").StackStatus; got != cfn.StackStatusCreateInProgress {
		t.Fatalf("with one success of two the stack is %s", got)
	}
	c.signalMachine("c", cfn.ResourceSignalStatusSuccess)
	c.aws.Advance(time.Minute)
	if got := c.stack("app").StackStatus; got != cfn.StackStatusCreateComplete {
		t.Errorf("with two of three the stack is %s", got)
	}
}

func TestWhatRunsCfnSignalIsTakenToSucceed(t *testing.T) {
	c := newClient(t)
	c.create("app", strings.Replace(policied, "ImageId: ami-0", `ImageId: ami-0, UserData: {"Fn::Base64": "/opt/aws/bin/cfn-signal -e $?"}`, 1))
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
