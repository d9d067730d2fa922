package awssim_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudcontrol"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfn "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"

	"github.com/setmend/setmend/awssim/internal/sdktest"
)

func (s *stackStory) make(name, text string) cfn.Stack {
	s.Helper()
	_, err := s.CreateStack(s.Context(), &cloudformation.CreateStackInput{StackName: &name, TemplateBody: &text, Capabilities: []cfn.Capability{cfn.CapabilityCapabilityNamedIam}})
	s.must(err)
	return s.settled(name)
}

func (s *stackStory) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *stackStory) update(name, text string) cfn.Stack {
	s.Helper()
	_, err := s.UpdateStack(s.Context(), &cloudformation.UpdateStackInput{StackName: &name, TemplateBody: &text, Capabilities: []cfn.Capability{cfn.CapabilityCapabilityNamedIam}})
	s.must(err)
	return s.settled(name)
}

func TestAStacksParameterIsReadBySSMAndTheOtherWayRound(t *testing.T) {
	s := newStackStory(t)
	c := ssm.NewFromConfig(sdktest.Config(s.aws, sdktest.Management, "eu-central-1"))
	text := func(value string) string {
		return `{"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/app/level", "Type": "String", "Value": "` + value + `", "Tags": {"team": "x"}}}}}`
	}
	s.make("app", text("one"))
	s.update("app", text("two"))
	got, err := c.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/app/level")})
	s.must(err)
	if p := got.Parameter; *p.Value != "two" || p.Version != 2 || *p.ARN != "arn:aws:ssm:eu-central-1:111122223333:parameter/app/level" {
		t.Errorf("%s, version %d, %s", *p.Value, p.Version, *p.ARN)
	}
	history, err := c.GetParameterHistory(t.Context(), &ssm.GetParameterHistoryInput{Name: aws.String("/app/level")})
	s.must(err)
	if len(history.Parameters) != 2 || *history.Parameters[0].Value != "one" {
		t.Errorf("%d versions", len(history.Parameters))
	}
	tags, err := c.ListTagsForResource(t.Context(), &ssm.ListTagsForResourceInput{ResourceType: ssmtypes.ResourceTypeForTaggingParameter, ResourceId: aws.String("/app/level")})
	s.must(err)
	if len(tags.TagList) != 1 || *tags.TagList[0].Key != "team" {
		t.Errorf("tags %v", tags.TagList)
	}

	_, err = c.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String("/app/level"), Value: aws.String("three"), Overwrite: aws.Bool(true)})
	s.must(err)
	if got := s.drift("app"); got != cfn.StackDriftStatusDrifted {
		t.Errorf("after the value was changed by hand the stack is %s", got)
	}
	_, err = c.PutParameter(t.Context(), &ssm.PutParameterInput{Name: aws.String("/mine"), Value: aws.String("v"), Type: ssmtypes.ParameterTypeString})
	s.must(err)
	control := cloudcontrol.NewFromConfig(sdktest.Config(s.aws, sdktest.Management, "eu-central-1"))
	live, err := control.GetResource(t.Context(), &cloudcontrol.GetResourceInput{TypeName: aws.String("AWS::SSM::Parameter"), Identifier: aws.String("/mine")})
	s.must(err)
	if !strings.Contains(*live.ResourceDescription.Properties, `"Value":"v"`) {
		t.Error(*live.ResourceDescription.Properties)
	}
	taken := s.make("taken", `{"Resources": {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "/mine", "Type": "String", "Value": "x"}}}}`)
	if taken.StackStatus != cfn.StackStatusRollbackComplete {
		t.Errorf("a stack whose parameter's name is taken is %s", taken.StackStatus)
	}
	_, err = c.DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: aws.String("/app/level")})
	s.must(err)
	if got := s.drift("app"); got != cfn.StackDriftStatusDrifted {
		t.Errorf("after the parameter was deleted by hand the stack is %s", got)
	}
	_, err = s.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("app")})
	s.must(err)
	s.aws.Advance(time.Hour)
	_, err = c.GetParameter(t.Context(), &ssm.GetParameterInput{Name: aws.String("/app/level")})
	sdktest.WantCode(t, err, "ParameterNotFound")
}

func TestAStacksTopicIsListedBySNS(t *testing.T) {
	s := newStackStory(t)
	c := sns.NewFromConfig(sdktest.Config(s.aws, sdktest.Management, "eu-central-1"))
	stack := s.make("app", `
Resources:
  T: {Type: AWS::SNS::Topic, Properties: {DisplayName: Alerts, Tags: [{Key: team, Value: x}]}}
  P: {Type: AWS::SNS::TopicPolicy, Properties: {Topics: [!Ref T], PolicyDocument: {Version: "2012-10-17", Statement: []}}}
  S: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Ref T, Protocol: sqs, Endpoint: "arn:aws:sqs:eu-central-1:111122223333:q"}}
Outputs: {T: {Value: !Ref T}}`)
	arn := stack.Outputs[0].OutputValue
	list, err := c.ListTopics(t.Context(), &sns.ListTopicsInput{})
	s.must(err)
	if len(list.Topics) != 1 || *list.Topics[0].TopicArn != *arn {
		t.Errorf("listed are %v, not %s", list.Topics, *arn)
	}
	out, err := c.GetTopicAttributes(t.Context(), &sns.GetTopicAttributesInput{TopicArn: arn})
	s.must(err)
	if a := out.Attributes; a["DisplayName"] != "Alerts" || a["SubscriptionsConfirmed"] != "1" || a["Policy"] != `{"Statement":[],"Version":"2012-10-17"}` {
		t.Errorf("%v", a)
	}
	_, err = c.Publish(t.Context(), &sns.PublishInput{TopicArn: arn, Message: aws.String("m")})
	s.must(err)
	_, err = c.SetTopicAttributes(t.Context(), &sns.SetTopicAttributesInput{TopicArn: arn, AttributeName: aws.String("DisplayName"), AttributeValue: aws.String("Others")})
	s.must(err)
	if got := s.drift("app"); got != cfn.StackDriftStatusDrifted {
		t.Errorf("after a change through SNS the stack is %s", got)
	}
}

func TestAStacksBucketIsInS3AndNotDeletedWhileFull(t *testing.T) {
	s := newStackStory(t)
	c := s3.NewFromConfig(sdktest.Config(s.aws, sdktest.Management, "eu-central-1"), func(o *s3.Options) { o.UsePathStyle = true })
	stack := s.make("app", `{"Resources": {"B": {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}, "Tags": [{"Key": "team", "Value": "x"}]}}}, "Outputs": {"B": {"Value": {"Ref": "B"}}}}`)
	bucket := stack.Outputs[0].OutputValue
	_, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("v")})
	s.must(err)
	versioning, err := c.GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: bucket})
	s.must(err)
	tags, err := c.GetBucketTagging(t.Context(), &s3.GetBucketTaggingInput{Bucket: bucket})
	s.must(err)
	if versioning.Status != "Enabled" || len(tags.TagSet) != 1 || *tags.TagSet[0].Value != "x" {
		t.Errorf("versioning %s, tags %v", versioning.Status, tags.TagSet)
	}
	_, err = s.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("app")})
	s.must(err)
	if got := s.settled("app"); got.StackStatus != cfn.StackStatusDeleteFailed || *got.StackStatusReason != "The following resource(s) failed to delete: [B]. " {
		t.Errorf("with a full bucket the stack is %s: %s", got.StackStatus, aws.ToString(got.StackStatusReason))
	}
	events, err := s.DescribeStackEvents(t.Context(), &cloudformation.DescribeStackEventsInput{StackName: aws.String("app")})
	s.must(err)
	if why := aws.ToString(events.StackEvents[1].ResourceStatusReason); !strings.Contains(why, "The bucket you tried to delete is not empty") {
		t.Errorf("the reason is %q", why)
	}
	versions, err := c.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: bucket})
	s.must(err)
	for _, v := range versions.Versions {
		_, err = c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: v.Key, VersionId: v.VersionId})
		s.must(err)
	}
	_, err = s.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("app")})
	s.must(err)
	if got := s.settled(*stack.StackId); got.StackStatus != cfn.StackStatusDeleteComplete {
		t.Errorf("with an empty bucket the stack is %s", got.StackStatus)
	}
	_, err = c.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: bucket})
	var failure smithy.APIError
	if !errors.As(err, &failure) || failure.ErrorCode() != "NotFound" {
		t.Errorf("the bucket answers %v", err)
	}
	_, err = c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("mine-alone"), CreateBucketConfiguration: nil})
	sdktest.WantCode(t, err, "IllegalLocationConstraintException")
}

func TestAStacksAlarmAndRuleAreTheServices(t *testing.T) {
	s := newStackStory(t)
	config := sdktest.Config(s.aws, sdktest.Management, "eu-central-1")
	alarms, rules, topics := cloudwatch.NewFromConfig(config), eventbridge.NewFromConfig(config), sns.NewFromConfig(config)
	stack := s.make("app", `
Resources:
  T: {Type: AWS::SNS::Topic}
  A: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmName: busy, Namespace: N, MetricName: M, Statistic: Sum, Period: 60, EvaluationPeriods: 1, Threshold: 5, ComparisonOperator: GreaterThanThreshold, Tags: [{Key: team, Value: x}]}}
  R: {Type: AWS::Events::Rule, Properties: {Name: all, EventPattern: {source: [mine]}, Tags: [{Key: team, Value: x}], Targets: [{Id: t, Arn: !Ref T}]}}
Outputs: {T: {Value: !Ref T}}`)
	found, err := alarms.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{})
	s.must(err)
	if len(found.MetricAlarms) != 1 || *found.MetricAlarms[0].Threshold != 5 || *found.MetricAlarms[0].Period != 60 {
		t.Errorf("%+v", found.MetricAlarms)
	}
	_, err = alarms.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: aws.String("busy"), StateValue: cwtypes.StateValueAlarm, StateReason: aws.String("a test")})
	s.must(err)
	found, err = alarms.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{StateValue: cwtypes.StateValueAlarm})
	s.must(err)
	if len(found.MetricAlarms) != 1 || *found.MetricAlarms[0].StateReason != "a test" {
		t.Errorf("%+v", found.MetricAlarms)
	}
	tags, err := alarms.ListTagsForResource(t.Context(), &cloudwatch.ListTagsForResourceInput{ResourceARN: found.MetricAlarms[0].AlarmArn})
	s.must(err)

	rule, err := rules.DescribeRule(t.Context(), &eventbridge.DescribeRuleInput{Name: aws.String("all")})
	s.must(err)
	ruleTags, err := rules.ListTagsForResource(t.Context(), &eventbridge.ListTagsForResourceInput{ResourceARN: rule.Arn})
	s.must(err)
	if *rule.EventPattern != `{"source":["mine"]}` || len(tags.Tags) != 1 || len(ruleTags.Tags) != 1 {
		t.Errorf("%s, tags %v, %v", *rule.EventPattern, tags.Tags, ruleTags.Tags)
	}
	_, err = rules.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{Source: aws.String("mine"), DetailType: aws.String("x"), Detail: aws.String("{}")}}})
	s.must(err)
	s.aws.Advance(time.Second)
	s.aws.Lock()
	got := s.aws.Topics().Messages(*stack.Outputs[0].OutputValue)
	s.aws.Unlock()
	if len(got) != 1 {
		t.Errorf("the rule of the stack delivered %d events to the topic of the stack", len(got))
	}
	_, err = topics.DeleteTopic(t.Context(), &sns.DeleteTopicInput{TopicArn: stack.Outputs[0].OutputValue})
	s.must(err)
	if got := s.drift("app"); got != cfn.StackDriftStatusDrifted {
		t.Errorf("after its topic was deleted the stack is %s", got)
	}
	_, err = rules.DisableRule(t.Context(), &eventbridge.DisableRuleInput{Name: aws.String("all")})
	s.must(err)
	rule, err = rules.DescribeRule(t.Context(), &eventbridge.DescribeRuleInput{Name: aws.String("all")})
	s.must(err)
	if rule.State != ebtypes.RuleStateDisabled {
		t.Errorf("the rule is %s", rule.State)
	}
}
