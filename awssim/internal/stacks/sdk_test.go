package stacks_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/sdktest"
	"github.com/setmend/setmend/awssim/internal/stacks"
)

const region = "eu-central-1"

// client is a real SDK client with the world behind it.
type client struct {
	*testing.T
	*cloudformation.Client
	aws *awssim.AWS
}

func newClient(t *testing.T) *client {
	a := sdktest.New(t)
	return &client{t, cloudformation.NewFromConfig(sdktest.Config(a, sdktest.Management, region)), a}
}

func (c *client) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// byHand runs f with the stack engine, as somebody who works around CloudFormation.
func (c *client) byHand(f func(e *stacks.Engine) error) {
	c.Helper()
	c.aws.Lock()
	defer c.aws.Unlock()
	c.must(f(c.aws.Stacks()))
}

// create makes a stack and waits.
func (c *client) create(name, text string) string {
	c.Helper()
	out, err := c.CreateStack(c.Context(), &cloudformation.CreateStackInput{StackName: &name, TemplateBody: &text})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
	if s := c.stack(*out.StackId); s.StackStatus != cfn.StackStatusCreateComplete {
		c.Fatalf("%s is %s: %s", name, s.StackStatus, aws.ToString(s.StackStatusReason))
	}
	return *out.StackId
}

func (c *client) stack(id string) cfn.Stack {
	c.Helper()
	out, err := c.DescribeStacks(c.Context(), &cloudformation.DescribeStacksInput{StackName: &id})
	c.must(err)
	return out.Stacks[0]
}

// changeSet makes a change set, waits, and reads it.
func (c *client) changeSet(in *cloudformation.CreateChangeSetInput) *cloudformation.DescribeChangeSetOutput {
	c.Helper()
	out, err := c.CreateChangeSet(c.Context(), in)
	c.must(err)
	c.aws.Advance(time.Minute)
	return c.described(*out.Id)
}

func (c *client) described(id string) *cloudformation.DescribeChangeSetOutput {
	c.Helper()
	set, err := c.DescribeChangeSet(c.Context(), &cloudformation.DescribeChangeSetInput{ChangeSetName: &id, IncludePropertyValues: aws.Bool(true)})
	c.must(err)
	return set
}

func (c *client) execute(id string) {
	c.Helper()
	_, err := c.ExecuteChangeSet(c.Context(), &cloudformation.ExecuteChangeSetInput{ChangeSetName: &id})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
}

// drift detects drift and answers the stack's status and what drifted.
func (c *client) drift(id string) (cfn.StackDriftStatus, []cfn.StackResourceDrift) {
	c.Helper()
	run, err := c.DetectStackDrift(c.Context(), &cloudformation.DetectStackDriftInput{StackName: &id})
	c.must(err)
	c.aws.Advance(time.Minute)
	done, err := c.DescribeStackDriftDetectionStatus(c.Context(), &cloudformation.DescribeStackDriftDetectionStatusInput{StackDriftDetectionId: run.StackDriftDetectionId})
	c.must(err)
	if done.DetectionStatus != cfn.StackDriftDetectionStatusDetectionComplete {
		c.Fatalf("detection is %s", done.DetectionStatus)
	}
	out, err := c.DescribeStackResourceDrifts(c.Context(), &cloudformation.DescribeStackResourceDriftsInput{StackName: &id})
	c.must(err)
	return done.StackDriftStatus, out.StackResourceDrifts
}

const queue = `
Parameters: {Delay: {Type: Number, Default: 5}, Password: {Type: String, NoEcho: true, Default: hush-hush}}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {DelaySeconds: !Ref Delay, VisibilityTimeout: 60, Tags: [{Key: a, Value: "1"}]}
  Topic:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !GetAtt Queue.QueueName, KmsMasterKeyId: !Ref Password}
Outputs: {Url: {Value: !Ref Queue, Description: where it is, Export: {Name: url}}}
`

func TestAStackIsDescribedAsCreated(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	s := c.stack("app")
	if *s.StackId != id || len(s.Outputs) != 1 || *s.Outputs[0].ExportName != "url" || s.DriftInformation.StackDriftStatus != cfn.StackDriftStatusNotChecked {
		t.Errorf("%+v", s)
	}
	for _, p := range s.Parameters {
		if *p.ParameterKey == "Password" && *p.ParameterValue != "****" {
			t.Errorf("a NoEcho parameter shows %s", *p.ParameterValue)
		}
	}
	exports, err := c.ListExports(t.Context(), &cloudformation.ListExportsInput{})
	c.must(err)
	if len(exports.Exports) != 1 || *exports.Exports[0].Value != *s.Outputs[0].OutputValue {
		t.Errorf("%+v", exports.Exports)
	}
}

func TestTheStoryOfAStackIsToldByItsEvents(t *testing.T) {
	c := newClient(t)
	c.create("app", "Resources: {Topic: {Type: AWS::SNS::Topic}}")
	out, err := c.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: aws.String("app")})
	c.must(err)
	var got []string
	for i := len(out.StackEvents) - 1; i >= 0; i-- {
		e := out.StackEvents[i]
		got = append(got, *e.LogicalResourceId+" "+string(e.ResourceStatus)+" "+aws.ToString(e.ResourceStatusReason))
		if i > 0 && e.Timestamp.After(*out.StackEvents[i-1].Timestamp) {
			t.Error("events are out of order")
		}
	}
	want := []string{
		"app CREATE_IN_PROGRESS User Initiated", "Topic CREATE_IN_PROGRESS ", "Topic CREATE_IN_PROGRESS Resource creation Initiated",
		"Topic CREATE_COMPLETE ", "app CREATE_COMPLETE ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAFailedCreationRollsBackAndSaysWhy(t *testing.T) {
	c := newClient(t)
	topic := "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: taken}}}"
	c.create("first", topic)
	out, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("second"), TemplateBody: &topic})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
	if s := c.stack(*out.StackId); s.StackStatus != cfn.StackStatusRollbackComplete {
		t.Errorf("%s", s.StackStatus)
	}
	events, err := c.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: out.StackId})
	c.must(err)
	var failed string
	for _, e := range events.StackEvents {
		if e.ResourceStatus == cfn.ResourceStatusCreateFailed {
			failed = *e.ResourceStatusReason
		}
	}
	if !strings.HasPrefix(failed, "taken already exists in stack arn:") {
		t.Errorf("reason %q", failed)
	}
	if _, err := c.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: out.StackId, TemplateBody: &topic}); !strings.Contains(err.Error(), "is in ROLLBACK_COMPLETE state and can not be updated.") {
		t.Error(err)
	}
}

func TestAnUpdateWithoutChangesIsAValidationError(t *testing.T) {
	c := newClient(t)
	c.create("app", queue)
	_, err := c.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("app"), UsePreviousTemplate: aws.Bool(true)})
	sdktest.WantCode(t, err, "ValidationError")
	if !strings.HasSuffix(err.Error(), "No updates are to be performed.") {
		t.Error(err)
	}
}

func TestAnUpdateKeepsPreviousValues(t *testing.T) {
	c := newClient(t)
	c.create("app", queue)
	set := func(delay cfn.Parameter) {
		t.Helper()
		_, err := c.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("app"), UsePreviousTemplate: aws.Bool(true), Parameters: []cfn.Parameter{delay},
			Tags: []cfn.Tag{{Key: aws.String("v"), Value: aws.String(aws.ToString(delay.ParameterValue))}}})
		c.must(err)
		c.aws.Advance(5 * time.Minute)
	}
	set(cfn.Parameter{ParameterKey: aws.String("Delay"), ParameterValue: aws.String("7")})
	set(cfn.Parameter{ParameterKey: aws.String("Delay"), UsePreviousValue: aws.Bool(true)})
	s := c.stack("app")
	if *s.Parameters[0].ParameterValue != "7" || s.StackStatus != cfn.StackStatusUpdateComplete {
		t.Errorf("%s, %s", *s.Parameters[0].ParameterValue, s.StackStatus)
	}
}

func TestResourcesAreListedWithStatusAndDrift(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	c.byHand(func(e *stacks.Engine) error { return e.SetProperty(id, "Queue", "/DelaySeconds", 9) })
	c.drift(id)
	out, err := c.ListStackResources(t.Context(), &cloudformation.ListStackResourcesInput{StackName: &id})
	c.must(err)
	got := map[string]cfn.StackResourceDriftStatus{}
	for _, r := range out.StackResourceSummaries {
		got[*r.LogicalResourceId] = r.DriftInformation.StackResourceDriftStatus
		if r.ResourceStatus != cfn.ResourceStatusCreateComplete || *r.PhysicalResourceId == "" {
			t.Errorf("%+v", r)
		}
	}
	want := map[string]cfn.StackResourceDriftStatus{"Queue": cfn.StackResourceDriftStatusModified, "Topic": cfn.StackResourceDriftStatusInSync}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDriftIsDescribedWithItsProperties(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	c.byHand(func(e *stacks.Engine) error { return e.SetProperty(id, "Queue", "/DelaySeconds", 9) })
	status, drifts := c.drift(id)
	if status != cfn.StackDriftStatusDrifted || len(drifts) != 2 {
		t.Fatalf("%s, %d resources", status, len(drifts))
	}
	q := drifts[0]
	if *q.LogicalResourceId != "Queue" || len(q.PropertyDifferences) != 1 || *q.PropertyDifferences[0].PropertyPath != "/DelaySeconds" ||
		*q.PropertyDifferences[0].ExpectedValue != "5" || *q.PropertyDifferences[0].ActualValue != "9" || !strings.Contains(*q.ActualProperties, `"DelaySeconds":9`) {
		t.Errorf("%+v", q)
	}
	one, err := c.DetectStackResourceDrift(t.Context(), &cloudformation.DetectStackResourceDriftInput{StackName: &id, LogicalResourceId: aws.String("Topic")})
	c.must(err)
	if one.StackResourceDrift.StackResourceDriftStatus != cfn.StackResourceDriftStatusInSync || aws.ToString(one.StackResourceDrift.ExpectedProperties) == "" {
		t.Errorf("%+v", one.StackResourceDrift)
	}
}

func TestTheTemplateComesBackAsGiven(t *testing.T) {
	c := newClient(t)
	c.create("app", queue)
	out, err := c.GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: aws.String("app")})
	c.must(err)
	if *out.TemplateBody != queue {
		t.Errorf("%s", *out.TemplateBody)
	}
	summary, err := c.GetTemplateSummary(t.Context(), &cloudformation.GetTemplateSummaryInput{StackName: aws.String("app")})
	c.must(err)
	if diff := cmp.Diff([]string{"AWS::SQS::Queue", "AWS::SNS::Topic"}, summary.ResourceTypes); diff != "" || !*summary.Parameters[1].NoEcho {
		t.Errorf("%s, %+v", diff, summary.Parameters)
	}
	valid, err := c.ValidateTemplate(t.Context(), &cloudformation.ValidateTemplateInput{TemplateBody: aws.String("Resources: {R: {Type: AWS::IAM::Role, Properties: {RoleName: x}}}")})
	c.must(err)
	if len(valid.Capabilities) != 1 || valid.Capabilities[0] != cfn.CapabilityCapabilityNamedIam || !strings.Contains(*valid.CapabilitiesReason, "AWS::IAM::Role") {
		t.Errorf("%v, %s", valid.Capabilities, *valid.CapabilitiesReason)
	}
}

func TestADeletedStackIsFoundByItsIDOnly(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	_, err := c.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("app")})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
	if s := c.stack(id); s.StackStatus != cfn.StackStatusDeleteComplete || s.DeletionTime == nil {
		t.Errorf("%s", s.StackStatus)
	}
	_, err = c.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String("app")})
	if err == nil || !strings.Contains(err.Error(), "Stack with id app does not exist") {
		t.Error(err)
	}
	list, err := c.ListStacks(t.Context(), &cloudformation.ListStacksInput{})
	c.must(err)
	if len(list.StackSummaries) != 1 {
		t.Errorf("%d stacks are listed", len(list.StackSummaries))
	}
	c.aws.Advance(91 * 24 * time.Hour)
	if list, err = c.ListStacks(t.Context(), &cloudformation.ListStacksInput{}); err != nil || len(list.StackSummaries) != 0 {
		t.Errorf("after 90 days: %v, %v", list, err)
	}
}

func TestACreationCanBeBrokenOffByDeleting(t *testing.T) {
	c := newClient(t)
	out, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: aws.String(queue)})
	c.must(err)
	c.aws.Advance(5 * time.Second)
	_, err = c.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("app")})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
	if s := c.stack(*out.StackId); s.StackStatus != cfn.StackStatusDeleteComplete {
		t.Errorf("%s", s.StackStatus)
	}
	c.create("app", queue)
}

func TestACancelledUpdateIsRolledBack(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	_, err := c.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: &id, UsePreviousTemplate: aws.Bool(true),
		Parameters: []cfn.Parameter{{ParameterKey: aws.String("Delay"), ParameterValue: aws.String("8")}}})
	c.must(err)
	c.aws.Advance(10 * time.Second)
	_, err = c.CancelUpdateStack(t.Context(), &cloudformation.CancelUpdateStackInput{StackName: &id})
	c.must(err)
	if s := c.stack(id); s.StackStatus != cfn.StackStatusUpdateRollbackInProgress {
		t.Errorf("%s", s.StackStatus)
	}
	c.aws.Advance(5 * time.Minute)
	if s := c.stack(id); s.StackStatus != cfn.StackStatusUpdateRollbackComplete || *s.Parameters[0].ParameterValue != "5" {
		t.Errorf("%s, %s", s.StackStatus, *s.Parameters[0].ParameterValue)
	}
}

func TestAStuckRollbackGoesOnWithoutTheResourceThatHoldsItUp(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	c.byHand(func(e *stacks.Engine) error { return e.DeleteResource(id, "Queue") })
	_, err := c.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: &id, UsePreviousTemplate: aws.Bool(true),
		Parameters: []cfn.Parameter{{ParameterKey: aws.String("Delay"), ParameterValue: aws.String("8")}}})
	c.must(err)
	c.aws.Advance(5 * time.Minute)
	if s := c.stack(id); s.StackStatus != cfn.StackStatusUpdateRollbackFailed {
		t.Fatalf("%s", s.StackStatus)
	}
	continued := func(skip ...string) cfn.StackStatus {
		_, err := c.ContinueUpdateRollback(t.Context(), &cloudformation.ContinueUpdateRollbackInput{StackName: &id, ResourcesToSkip: skip})
		c.must(err)
		c.aws.Advance(5 * time.Minute)
		return c.stack(id).StackStatus
	}
	if got := continued(); got != cfn.StackStatusUpdateRollbackFailed {
		t.Errorf("without skipping: %s", got)
	}
	if got := continued("Queue"); got != cfn.StackStatusUpdateRollbackComplete {
		t.Errorf("skipping: %s", got)
	}
}

func TestTerminationProtectionIsSwitchedByItsAction(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	_, err := c.UpdateTerminationProtection(t.Context(), &cloudformation.UpdateTerminationProtectionInput{StackName: &id, EnableTerminationProtection: aws.Bool(true)})
	c.must(err)
	if !*c.stack(id).EnableTerminationProtection {
		t.Error("it is off")
	}
	_, err = c.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: &id})
	if err == nil || !strings.Contains(err.Error(), "Stack [app] cannot be deleted while TerminationProtection is enabled") {
		t.Error(err)
	}
}

func TestStacksOfAnotherRegionAreNotFound(t *testing.T) {
	c := newClient(t)
	id := c.create("app", queue)
	other := cloudformation.NewFromConfig(sdktest.Config(c.aws, sdktest.Management, "us-east-1"))
	_, err := other.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: &id})
	sdktest.WantCode(t, err, "ValidationError")
}

func TestARoleThatCannotBeAssumedIsRefused(t *testing.T) {
	c := newClient(t)
	c.aws.Lock()
	c.aws.Access().RemoveRole(sdktest.Management, "deployer")
	c.aws.Unlock()
	_, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("app"), TemplateBody: aws.String(queue), RoleARN: aws.String("arn:aws:iam::111122223333:role/deployer")})
	if err == nil || !strings.Contains(err.Error(), "Role arn:aws:iam::111122223333:role/deployer is invalid or cannot be assumed") {
		t.Error(err)
	}
}
