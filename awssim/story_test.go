package awssim

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// story is a self-managed set over two accounts with real stacks.
type story struct {
	*testing.T
	aws *AWS
	cfn *cloudformation.Client
}

const first, second = "200000000000", "200000000001"

func tell(t *testing.T, f func(s *story)) {
	t.Helper()
	bubble(t, Options{Unthrottled: true, Account: managementAccount}, func(t *testing.T, a *AWS, _ string) {
		f(&story{T: t, aws: a, cfn: client(a, managementAccount)})
	})
}

func (s *story) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// end waits for an operation.
func (s *story) end(set string, id *string) types.StackSetOperationStatus {
	s.Helper()
	for {
		o, err := s.cfn.DescribeStackSetOperation(context.Background(), &cloudformation.DescribeStackSetOperationInput{StackSetName: &set, OperationId: id})
		s.must(err)
		if o.StackSetOperation.EndTimestamp != nil {
			return o.StackSetOperation.Status
		}
		time.Sleep(5 * time.Second)
	}
}

var everywhere = &types.StackSetOperationPreferences{MaxConcurrentCount: aws.Int32(9), FailureToleranceCount: aws.Int32(9)}

// deploy makes a set of a template and deploys it to accounts in us-east-1.
func (s *story) deploy(set, template string, accounts ...string) types.StackSetOperationStatus {
	s.Helper()
	_, err := s.cfn.CreateStackSet(context.Background(), &cloudformation.CreateStackSetInput{StackSetName: &set, TemplateBody: &template})
	s.must(err)
	return s.again(set, accounts...)
}

func (s *story) again(set string, accounts ...string) types.StackSetOperationStatus {
	s.Helper()
	out, err := s.cfn.CreateStackInstances(context.Background(), &cloudformation.CreateStackInstancesInput{
		StackSetName: &set, Accounts: accounts, Regions: []string{"us-east-1"}, OperationPreferences: &types.StackSetOperationPreferences{MaxConcurrentCount: aws.Int32(9)},
	})
	s.must(err)
	return s.end(set, out.OperationId)
}

func (s *story) remove(set string, retain bool, accounts ...string) types.StackSetOperationStatus {
	s.Helper()
	out, err := s.cfn.DeleteStackInstances(context.Background(), &cloudformation.DeleteStackInstancesInput{
		StackSetName: &set, Accounts: accounts, Regions: []string{"us-east-1"}, RetainStacks: &retain, OperationPreferences: everywhere,
	})
	s.must(err)
	return s.end(set, out.OperationId)
}

func (s *story) detect(set string) types.StackSetOperationStatus {
	s.Helper()
	out, err := s.cfn.DetectStackSetDrift(context.Background(), &cloudformation.DetectStackSetDriftInput{StackSetName: &set, OperationPreferences: everywhere})
	s.must(err)
	return s.end(set, out.OperationId)
}

func (s *story) instance(set, account string) *types.StackInstance {
	s.Helper()
	out, err := s.cfn.DescribeStackInstance(context.Background(), &cloudformation.DescribeStackInstanceInput{
		StackSetName: &set, StackInstanceAccount: &account, StackInstanceRegion: aws.String("us-east-1"),
	})
	s.must(err)
	return out.StackInstance
}

func TestAnSCPFailsTheResourceThatItDenies(t *testing.T) {
	tell(t, func(s *story) {
		s.aws.Lock()
		s.aws.Access().AddSCP(SCP{Target: first, Action: "sns:CreateTopic"})
		s.aws.Unlock()
		if status := s.deploy("net", topicTemplate, first, second); status != types.StackSetOperationStatusFailed {
			s.Errorf("ended %s", status)
		}
		got := s.instance("net", first)
		reason := aws.ToString(got.StatusReason)
		if got.Status != "OUTDATED" || !strings.HasPrefix(reason, "ResourceLogicalId:Topic, ResourceType:AWS::SNS::Topic, ResourceStatusReason:") ||
			!strings.Contains(reason, "with an explicit deny in a service control policy") {
			s.Errorf("the denied instance is %s: %s", got.Status, reason)
		}
		if got.StackId != nil {
			s.Errorf("its rolled back stack %s is still there", *got.StackId)
		}
	})
}

func TestATerminationProtectedStackMakesItsInstanceInoperable(t *testing.T) {
	tell(t, func(s *story) {
		s.deploy("net", topicTemplate, first)
		_, err := client(s.aws, first).UpdateTerminationProtection(context.Background(), &cloudformation.UpdateTerminationProtectionInput{
			StackName: s.instance("net", first).StackId, EnableTerminationProtection: aws.Bool(true),
		})
		s.must(err)
		if status := s.remove("net", false, first); status != types.StackSetOperationStatusSucceeded {
			s.Errorf("within its tolerance it ended %s", status)
		}
		got := s.instance("net", first)
		if got.Status != "INOPERABLE" || !strings.Contains(aws.ToString(got.StatusReason), "TerminationProtection is enabled") {
			s.Errorf("the instance is %s: %s", got.Status, aws.ToString(got.StatusReason))
		}
		s.remove("net", true, first)
		if _, kept := s.aws.StackOf("net", first, "us-east-1"); kept {
			s.Error("the instance is still there")
		}
	})
}

func TestARetainedStackCanBeImportedAgain(t *testing.T) {
	tell(t, func(s *story) {
		s.deploy("net", topicTemplate, first)
		stack := s.instance("net", first).StackId
		s.remove("net", true, first)
		out, err := s.cfn.ImportStacksToStackSet(context.Background(), &cloudformation.ImportStacksToStackSetInput{StackSetName: aws.String("net"), StackIds: []string{*stack}})
		s.must(err)
		if status := s.end("net", out.OperationId); status != types.StackSetOperationStatusSucceeded {
			s.Errorf("the import ended %s", status)
		}
		if got := s.instance("net", first); *got.StackId != *stack || got.Status != "CURRENT" {
			s.Errorf("the instance is %s with %s", got.Status, *got.StackId)
		}
	})
}

func TestAStackDeletedByHandFailsDetectionAndCanBeRemoved(t *testing.T) {
	tell(t, func(s *story) {
		s.deploy("net", topicTemplate, first, second)
		_, err := client(s.aws, first).DeleteStack(context.Background(), &cloudformation.DeleteStackInput{StackName: s.instance("net", first).StackId})
		s.must(err)
		time.Sleep(5 * time.Minute)
		s.detect("net")
		if got := s.instance("net", first); got.StackInstanceStatus.DetailedStatus != "FAILED" || got.StatusReason == nil {
			s.Errorf("after detection the instance is %s: %s", got.StackInstanceStatus.DetailedStatus, aws.ToString(got.StatusReason))
		}
		if got := s.again("net", first); got != types.StackSetOperationStatusFailed {
			s.Errorf("deploying it again ended %s: its stack is gone", got)
		}
		if got := s.remove("net", false, first); got != types.StackSetOperationStatusSucceeded {
			s.Errorf("removing it ended %s", got)
		}
		if got := s.again("net", first); got != types.StackSetOperationStatusSucceeded {
			s.Errorf("deploying it anew ended %s", got)
		}
	})
}

func TestAnExportInUseKeepsItsStack(t *testing.T) {
	tell(t, func(s *story) {
		s.deploy("base", `{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}, "Outputs": {"Arn": {"Value": {"Ref": "Topic"}, "Export": {"Name": "alarms"}}}}`, first)
		s.deploy("app", `{"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Tags": [{"Key": "topic", "Value": {"Fn::ImportValue": "alarms"}}]}}}}`, first)
		s.remove("base", false, first)
		got := s.instance("base", first)
		if got.Status != "INOPERABLE" || !strings.Contains(aws.ToString(got.StatusReason), "in use by") {
			s.Errorf("the exporting instance is %s: %s", got.Status, aws.ToString(got.StatusReason))
		}
		s.remove("app", false, first)
		if got := s.remove("base", false, first); got != types.StackSetOperationStatusSucceeded {
			s.Errorf("removing it after the importer ended %s", got)
		}
		if _, there := s.aws.StackOf("base", first, "us-east-1"); there {
			s.Error("the instance is still there")
		}
	})
}

func TestAnInstanceCanDriftAfterEveryDeployment(t *testing.T) {
	tell(t, func(s *story) {
		s.aws.OnLanding(func(l Landing) {
			if err := s.aws.Stacks().SetProperty(l.StackID, "Topic", "/DisplayName", "again"); err != nil {
				s.Error(err)
			}
		})
		s.deploy("net", topicTemplate, first)
		for range 2 {
			s.detect("net")
			if got := s.instance("net", first).DriftStatus; got != "DRIFTED" {
				s.Errorf("the instance is %s", got)
			}
			s.remove("net", false, first)
			s.again("net", first)
		}
	})
}

func TestOverridesReachTheStack(t *testing.T) {
	tell(t, func(s *story) {
		_, err := s.cfn.CreateStackSet(context.Background(), &cloudformation.CreateStackSetInput{StackSetName: aws.String("net"), TemplateBody: aws.String(topicTemplate)})
		s.must(err)
		out, err := s.cfn.CreateStackInstances(context.Background(), &cloudformation.CreateStackInstancesInput{
			StackSetName: aws.String("net"), Accounts: []string{first}, Regions: []string{"us-east-1"},
			ParameterOverrides: []types.Parameter{{ParameterKey: aws.String("Name"), ParameterValue: aws.String("mine")}},
		})
		s.must(err)
		s.end("net", out.OperationId)
		stacks, err := client(s.aws, first).DescribeStacks(context.Background(), &cloudformation.DescribeStacksInput{StackName: s.instance("net", first).StackId})
		s.must(err)
		if p := stacks.Stacks[0].Parameters[0]; *p.ParameterKey != "Name" || *p.ParameterValue != "mine" {
			s.Errorf("the stack has %s = %s", *p.ParameterKey, *p.ParameterValue)
		}
		// An update with an empty list takes the override away from the stack too.
		again, err := s.cfn.UpdateStackInstances(context.Background(), &cloudformation.UpdateStackInstancesInput{
			StackSetName: aws.String("net"), Accounts: []string{first}, Regions: []string{"us-east-1"}, ParameterOverrides: []types.Parameter{},
		})
		s.must(err)
		s.end("net", again.OperationId)
		stacks, err = client(s.aws, first).DescribeStacks(context.Background(), &cloudformation.DescribeStacksInput{StackName: s.instance("net", first).StackId})
		s.must(err)
		if p := stacks.Stacks[0].Parameters[0]; *p.ParameterValue != "alarms" {
			s.Errorf("the stack still has %s", *p.ParameterValue)
		}
	})
}

func TestAnUpdateWithoutEffectSaysSo(t *testing.T) {
	tell(t, func(s *story) {
		s.deploy("net", topicTemplate, first)
		if got := s.again("net", first); got != types.StackSetOperationStatusSucceeded {
			s.Errorf("ended %s", got)
		}
		if got := s.instance("net", first); got.Status != "CURRENT" || !strings.Contains(aws.ToString(got.StatusReason), "No updates are to be performed.") {
			s.Errorf("the instance is %s: %s", got.Status, aws.ToString(got.StatusReason))
		}
	})
}

func TestATemplateSummaryIsAskedOfAStackSet(t *testing.T) {
	tell(t, func(s *story) {
		s.must(create(s.cfn, "net"))
		summary := func(cfn *cloudformation.Client, name string) (*cloudformation.GetTemplateSummaryOutput, error) {
			return cfn.GetTemplateSummary(context.Background(), &cloudformation.GetTemplateSummaryInput{StackSetName: &name})
		}
		got, err := summary(s.cfn, "net")
		s.must(err)
		if len(got.Parameters) != 1 || aws.ToString(got.Parameters[0].ParameterKey) != "Name" || len(got.ResourceTypes) != 1 || got.ResourceTypes[0] != "AWS::SNS::Topic" {
			s.Errorf("the summary is %+v", got)
		}
		if _, err := summary(once(s.aws, managementAccount), "other"); codeOf(err) != "StackSetNotFoundException" {
			s.Errorf("of a set that does not exist: %v", err)
		}
		if _, err := summary(once(s.aws, first), "net"); codeOf(err) != "StackSetNotFoundException" {
			s.Errorf("another account's set: %v", err)
		}
	})
}
