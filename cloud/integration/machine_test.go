package integration

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheRoleOfAStateMachineAllowsWhatStepFunctionsDoesWithIt(t *testing.T) {
	definition := []byte(`{"StartAt": "Run", "States": {
		"Run": {"Type": "Task", "Resource": "arn:aws:states:::ecs:runTask.sync", "Parameters": {"TaskDefinition": "t"}, "Next": "Train"},
		"Train": {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createTrainingJob", "Parameters": {"RoleArn": "arn:aws:iam::111122223333:role/train"}, "Next": "Each"},
		"Each": {"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P",
			"States": {"P": {"Type": "Pass", "End": true}}}, "End": true}}}`)
	uses, err := Uses(definition)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := NewTable().MachinePolicy(definition, uses)
	if err != nil {
		t.Fatal(err)
	}
	pass := func(service, role string) Statement {
		return Statement{Effect: "Allow", Action: []string{"iam:PassRole"}, Resource: []string{role},
			Condition: map[string]map[string]string{"StringEquals": {"iam:PassedToService": service}}}
	}
	allow := func(resource string, actions ...string) Statement {
		return Statement{Effect: "Allow", Action: actions, Resource: []string{resource}}
	}
	want := []Statement{
		allow("*", "ecs:DescribeTasks", "ecs:RunTask", "sagemaker:CreateTrainingJob"),
		allow("*", "ecs:StopTask"),
		allow("arn:aws:events:*:*:rule/StepFunctionsGetEventsForECSTaskRule", "events:DescribeRule", "events:PutRule", "events:PutTargets"),
		allow("arn:aws:states:*:*:execution:*", "states:DescribeExecution", "states:StopExecution"),
		allow("arn:aws:states:*:*:stateMachine:*", "states:StartExecution"),
		pass("ecs-tasks.amazonaws.com", "*"),
		pass("sagemaker.amazonaws.com", "arn:aws:iam::111122223333:role/train"),
	}
	if diff := cmp.Diff(want, policy.Statement); diff != "" {
		t.Error(diff)
	}
}

func TestEveryWatchedJobIsOneOfTheTable(t *testing.T) {
	for name := range watchedJobs {
		if row, ok := optimisedRows[name]; !ok || row.jobs == nil {
			t.Errorf("%s has no .sync", name)
		}
	}
	for name, row := range optimisedRows {
		if _, ok := watchedJobs[name]; !ok && row.jobs != nil && name[:3] != "eks" && name != "emr-containers:deleteVirtualCluster" && name != "emr-serverless:cancelJobRun" {
			t.Errorf("what Step Functions needs for %s.sync is not said", name)
		}
	}
}

// A substitution counts as an ARN where its name, or the parameter's, says so.
func TestAPolicyKeepsSubstitutionsForARNs(t *testing.T) {
	uses := []Use{
		{Resource: statesPrefix + "sns:publish", Parameters: map[string]any{"TopicArn": "${Topic}"}},
		{Resource: statesPrefix + "lambda:invoke", Parameters: map[string]any{"FunctionName": "${WorkArn}"}},
		{Resource: statesPrefix + "aws-sdk:s3:getObject", Parameters: map[string]any{"Bucket": "${Bucket}"}},
	}
	got := map[string]string{}
	for _, s := range NewTable().Policy(uses).Statement {
		got[s.Action[0]] = s.Resource[0]
	}
	want := map[string]string{"sns:Publish": "${Topic}", "lambda:InvokeFunction": "${WorkArn}", "s3:GetObject": "arn:aws:s3:::${Bucket}/*"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
