package awssim_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

// declared is a stack that declares a stack set of topics in some regions.
func declared(description string, regions ...string) *string {
	return aws.String(`
Resources:
  Set:
    Type: AWS::CloudFormation::StackSet
    Properties:
      StackSetName: declared
      PermissionModel: SELF_MANAGED
      Description: ` + description + `
      Parameters: [{ParameterKey: Shown, ParameterValue: x}]
      StackInstancesGroup:
        - {DeploymentTargets: {Accounts: ["111122223333"]}, Regions: [` + strings.Join(regions, ", ") + `]}
      TemplateBody: |
        Parameters: {Shown: {Type: String}}
        Resources: {T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Shown}}}
Outputs: {Id: {Value: !Ref Set}}`)
}

type stackStory struct {
	*testing.T
	aws *awssim.AWS
	*cloudformation.Client
}

func newStackStory(t *testing.T) *stackStory {
	a := sdktest.New(t)
	return &stackStory{t, a, cloudformation.NewFromConfig(sdktest.Config(a, sdktest.Management, "eu-central-1"))}
}

// settled lets an hour pass and returns a stack.
func (s *stackStory) settled(name string) types.Stack {
	s.Helper()
	s.aws.Advance(time.Hour)
	out, err := s.DescribeStacks(s.Context(), &cloudformation.DescribeStacksInput{StackName: &name})
	if err != nil {
		s.Fatal(err)
	}
	return out.Stacks[0]
}

// regions are where a stack set has instances that are current.
func (s *stackStory) regions(set string) string {
	s.Helper()
	out, err := s.ListStackInstances(s.Context(), &cloudformation.ListStackInstancesInput{StackSetName: &set})
	if err != nil {
		s.Fatal(err)
	}
	var regions []string
	for _, i := range out.Summaries {
		regions = append(regions, *i.Region+" "+string(i.Status))
	}
	slices.Sort(regions)
	return strings.Join(regions, ", ")
}

func TestAStackMakesChangesAndDeletesTheStackSetItDeclares(t *testing.T) {
	s := newStackStory(t)
	name := aws.String("holder")
	_, err := s.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: name, TemplateBody: declared("one", "eu-west-1", "us-east-1"),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("x")}}})
	if err != nil {
		t.Fatal(err)
	}
	stack := s.settled("holder")
	set, err := s.DescribeStackSet(t.Context(), &cloudformation.DescribeStackSetInput{StackSetName: aws.String("declared")})
	if err != nil {
		t.Fatalf("%v; the stack is %s: %s", err, stack.StackStatus, aws.ToString(stack.StackStatusReason))
	}
	if id := *stack.Outputs[0].OutputValue; id != *set.StackSet.StackSetId || !strings.HasPrefix(id, "declared:") {
		t.Errorf("Ref is %s, the set %s", id, *set.StackSet.StackSetId)
	}
	if tags := set.StackSet.Tags; len(tags) != 1 || *tags[0].Key != "team" {
		t.Errorf("the set's tags are %v", tags)
	}
	if got := s.regions("declared"); got != "eu-west-1 CURRENT, us-east-1 CURRENT" {
		t.Errorf("instances: %s", got)
	}
	if got := s.drift("holder"); got != types.StackDriftStatusInSync {
		t.Errorf("after its creation the stack is %s", got)
	}

	_, err = s.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: name, TemplateBody: declared("two", "us-east-1", "us-west-2"),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("x")}}})
	if err != nil {
		t.Fatal(err)
	}
	if stack := s.settled("holder"); stack.StackStatus != types.StackStatusUpdateComplete {
		t.Errorf("%s: %s", stack.StackStatus, aws.ToString(stack.StackStatusReason))
	}
	if got := s.regions("declared"); got != "us-east-1 CURRENT, us-west-2 CURRENT" {
		t.Errorf("instances: %s", got)
	}

	_, err = s.UpdateStackSet(t.Context(), &cloudformation.UpdateStackSetInput{StackSetName: aws.String("declared"), UsePreviousTemplate: aws.Bool(true), Description: aws.String("by hand"),
		Parameters: []types.Parameter{{ParameterKey: aws.String("Shown"), UsePreviousValue: aws.Bool(true)}}})
	if err != nil {
		t.Fatal(err)
	}
	s.settled("holder")
	if got := s.drift("holder"); got != types.StackDriftStatusDrifted {
		t.Errorf("after a change by hand the stack is %s", got)
	}

	if _, err = s.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: stack.StackId}); err != nil {
		t.Fatal(err)
	}
	if stack := s.settled(*stack.StackId); stack.StackStatus != types.StackStatusDeleteComplete {
		t.Errorf("%s: %s", stack.StackStatus, aws.ToString(stack.StackStatusReason))
	}
	list, err := s.ListStackSets(t.Context(), &cloudformation.ListStackSetsInput{Status: types.StackSetStatusActive})
	if err != nil || len(list.Summaries) != 0 {
		t.Errorf("%v; sets left: %v", err, list.Summaries)
	}
}

func (s *stackStory) drift(name string) types.StackDriftStatus {
	s.Helper()
	run, err := s.DetectStackDrift(s.Context(), &cloudformation.DetectStackDriftInput{StackName: &name})
	if err != nil {
		s.Fatal(err)
	}
	s.aws.Advance(time.Minute)
	out, err := s.DescribeStackDriftDetectionStatus(s.Context(), &cloudformation.DescribeStackDriftDetectionStatusInput{StackDriftDetectionId: run.StackDriftDetectionId})
	if err != nil {
		s.Fatal(err)
	}
	return out.StackDriftStatus
}

func TestAStackSetThatFailsRollsItsStackBack(t *testing.T) {
	s := newStackStory(t)
	text := strings.Replace(*declared("one", "eu-west-1"), "!Ref Shown", "!ImportValue nothing", 1)
	if _, err := s.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("holder"), TemplateBody: &text}); err != nil {
		t.Fatal(err)
	}
	if stack := s.settled("holder"); stack.StackStatus != types.StackStatusRollbackComplete {
		t.Errorf("%s: %s", stack.StackStatus, aws.ToString(stack.StackStatusReason))
	}
	list, err := s.ListStackSets(t.Context(), &cloudformation.ListStackSetsInput{Status: types.StackSetStatusActive})
	if err != nil || len(list.Summaries) != 0 {
		t.Errorf("%v; sets left: %v", err, list.Summaries)
	}
}

func TestANestedStackIsAStack(t *testing.T) {
	s := newStackStory(t)
	put := func(shown string) {
		s.aws.Lock()
		defer s.aws.Unlock()
		if err := s.aws.Objects().CreateBucket(sdktest.Management, "eu-central-1", "templates"); err != nil {
			t.Fatal(err)
		}
		if err := s.aws.Objects().Put("templates", "inner.yaml", []byte(`{"Parameters": {"Name": {"Type": "String"}}, "Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "Name"}, "DisplayName": "`+shown+`"}}}, "Outputs": {"Arn": {"Value": {"Ref": "T"}}}}`)); err != nil {
			t.Fatal(err)
		}
	}
	put("one")
	outer := func(name string) *string {
		return aws.String(`
Resources:
  Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: "https://templates.s3.amazonaws.com/inner.yaml", Parameters: {Name: ` + name + `}}}
  After: {Type: AWS::SSM::Parameter, Properties: {Type: String, Value: !GetAtt Inner.Outputs.Arn}}
Outputs: {Arn: {Value: !GetAtt Inner.Outputs.Arn}, Inner: {Value: !Ref Inner}}`)
	}
	if _, err := s.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("outer"), TemplateBody: outer("a")}); err != nil {
		t.Fatal(err)
	}
	stack := s.settled("outer")
	if stack.StackStatus != types.StackStatusCreateComplete {
		t.Fatalf("%s: %s", stack.StackStatus, aws.ToString(stack.StackStatusReason))
	}
	outputs := map[string]string{}
	for _, o := range stack.Outputs {
		outputs[*o.OutputKey] = *o.OutputValue
	}
	inner := s.settled(outputs["Inner"])
	if outputs["Arn"] != "arn:aws:sns:eu-central-1:111122223333:a" || *inner.ParentId != *stack.StackId || *inner.RootId != *stack.StackId || !strings.HasPrefix(*inner.StackName, "outer-Inner-") {
		t.Errorf("%v, inner %s of %s", outputs, *inner.StackName, aws.ToString(inner.ParentId))
	}
	put("two")
	if _, err := s.UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String("outer"), TemplateBody: outer("a")}); err != nil {
		t.Fatal(err)
	}
	if got := s.settled(*inner.StackId).StackStatus; got != types.StackStatusUpdateComplete {
		t.Errorf("with a new template at its URL the inner stack is %s", got)
	}
	if _, err := s.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("outer")}); err != nil {
		t.Fatal(err)
	}
	if got := s.settled(*inner.StackId).StackStatus; got != types.StackStatusDeleteComplete {
		t.Errorf("after its parent's deletion the inner stack is %s", got)
	}
}

// TestAChangeSetIncludesNestedStacks makes, reads and executes the change sets of a
// hierarchy: the nested stack's is described with its parent's, executed with it and
// not by itself.
func TestAChangeSetIncludesNestedStacks(t *testing.T) {
	s := newStackStory(t)
	s.aws.Lock()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.aws.Objects().CreateBucket(sdktest.Management, "eu-central-1", "templates"))
	must(s.aws.Objects().Put("templates", "inner.yaml", []byte(`{"Parameters": {"Shown": {"Type": "String"}}, "Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Shown"}}}}}`)))
	s.aws.Unlock()
	make := func(kind types.ChangeSetType, name, shown string) (root, child *cloudformation.DescribeChangeSetOutput) {
		made, err := s.CreateChangeSet(t.Context(), &cloudformation.CreateChangeSetInput{StackName: aws.String("outer"), ChangeSetName: &name, ChangeSetType: kind,
			IncludeNestedStacks: aws.Bool(true), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("net")}}, TemplateBody: aws.String(`
Resources:
  Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: "https://templates.s3.amazonaws.com/inner.yaml", Parameters: {Shown: ` + shown + `}}}`)})
		must(err)
		s.aws.Advance(time.Minute)
		root, err = s.DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{ChangeSetName: made.Id})
		must(err)
		if root.Status != types.ChangeSetStatusCreateComplete || !*root.IncludeNestedStacks || len(root.Changes) != 1 {
			t.Fatalf("the root's is %s: %s", root.Status, aws.ToString(root.StatusReason))
		}
		child, err = s.DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{ChangeSetName: root.Changes[0].ResourceChange.ChangeSetId})
		must(err)
		if *child.ParentChangeSetId != *root.ChangeSetId || *child.RootChangeSetId != *root.ChangeSetId || len(child.Changes) != 1 || *child.Changes[0].ResourceChange.LogicalResourceId != "T" {
			t.Fatalf("the nested stack's: %+v", child)
		}
		return root, child
	}
	execute := func(root, child *cloudformation.DescribeChangeSetOutput) {
		var refused *types.InvalidChangeSetStatusException
		if _, err := s.ExecuteChangeSet(t.Context(), &cloudformation.ExecuteChangeSetInput{ChangeSetName: child.ChangeSetId}); !errors.As(err, &refused) {
			t.Errorf("executing a nested stack's change set by itself: %v", err)
		}
		_, err := s.ExecuteChangeSet(t.Context(), &cloudformation.ExecuteChangeSetInput{ChangeSetName: root.ChangeSetId})
		must(err)
		s.settled("outer")
		after, err := s.DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{ChangeSetName: child.ChangeSetId})
		must(err)
		if after.ExecutionStatus != types.ExecutionStatusExecuteComplete {
			t.Errorf("once its root was executed the nested stack's is %s", after.ExecutionStatus)
		}
	}
	root, child := make(types.ChangeSetTypeCreate, "first", "one")
	inner, err := s.DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: child.StackId})
	must(err)
	if got := inner.Stacks[0]; got.StackStatus != types.StackStatusReviewInProgress || *got.ParentId != *root.StackId {
		t.Errorf("before its execution the nested stack is %s of %s", got.StackStatus, aws.ToString(got.ParentId))
	}
	execute(root, child)
	if got := s.settled(*child.StackId); got.StackStatus != types.StackStatusCreateComplete || len(got.Tags) != 1 {
		t.Errorf("after its execution the nested stack is %s", got.StackStatus)
	}
	root, again := make(types.ChangeSetTypeUpdate, "second", "two")
	if *again.StackId != *child.StackId {
		t.Errorf("the update is of %s, not %s", *again.StackId, *child.StackId)
	}
	execute(root, again)
	if got := s.settled(*child.StackId); got.StackStatus != types.StackStatusUpdateComplete {
		t.Errorf("after the update the nested stack is %s", got.StackStatus)
	}
	root, child = make(types.ChangeSetTypeUpdate, "third", "three")
	_, err = s.DeleteChangeSet(t.Context(), &cloudformation.DeleteChangeSetInput{ChangeSetName: root.ChangeSetId})
	must(err)
	var gone *types.ChangeSetNotFoundException
	if _, err := s.DescribeChangeSet(t.Context(), &cloudformation.DescribeChangeSetInput{ChangeSetName: child.ChangeSetId}); !errors.As(err, &gone) {
		t.Errorf("after its root's deletion: %v", err)
	}
}

func TestANestedStackThatFailsRollsItsParentBack(t *testing.T) {
	s := newStackStory(t)
	s.aws.Lock()
	if err := s.aws.Objects().CreateBucket(sdktest.Management, "eu-central-1", "templates"); err != nil {
		t.Fatal(err)
	}
	if err := s.aws.Objects().Put("templates", "bad.yaml", []byte(`{"Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "NO"}}}}`)); err != nil {
		t.Fatal(err)
	}
	s.aws.Unlock()
	if _, err := s.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("outer"),
		TemplateBody: aws.String(`{"Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "https://templates.s3.amazonaws.com/bad.yaml"}}}}`)}); err != nil {
		t.Fatal(err)
	}
	if got := s.settled("outer"); got.StackStatus != types.StackStatusRollbackComplete {
		t.Errorf("%s: %s", got.StackStatus, aws.ToString(got.StackStatusReason))
	}
	events, err := s.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: aws.String("outer")})
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, ev := range events.StackEvents {
		found = found || ev.ResourceStatus == types.ResourceStatusCreateFailed && strings.Contains(aws.ToString(ev.ResourceStatusReason), "was not successfully created: The following resource(s) failed to create: [B]. ")
	}
	if !found {
		t.Error("no event says that the embedded stack failed")
	}
}
