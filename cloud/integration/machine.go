package integration

import (
	"maps"
	"slices"
	"strings"
)

// MachinePolicy is what the role of a state machine on AWS needs to run a
// definition: what [Table.Policy] allows, and what Step Functions does by itself
// with the role. That is: hearing of the end of a job through a rule of
// EventBridge that it makes, stopping the job when the execution is stopped,
// passing the roles of what it creates, and starting the child executions of a
// distributed Map. Step Functions refuses a state machine whose role does not
// allow the rule.
func (t *Table) MachinePolicy(definition []byte, uses []Use) (Policy, error) {
	p := t.Policy(uses)
	v, err := parse(definition)
	if err != nil {
		return p, err
	}
	wanted := permissions{}
	passed := map[string][]string{}
	for _, u := range uses {
		if u.Role != "" {
			continue
		}
		t.managed(u, wanted)
		if service, role := passedRole(u); service != "" {
			passed[service] = append(passed[service], role...)
		}
	}
	if distributed(v) {
		wanted.add("states:StartExecution", "arn:aws:states:*:*:stateMachine:*")
		wanted.add("states:DescribeExecution", "arn:aws:states:*:*:execution:*")
		wanted.add("states:StopExecution", "arn:aws:states:*:*:execution:*")
	}
	p.Statement = append(p.Statement, document(wanted).Statement...)
	for _, service := range slices.Sorted(maps.Keys(passed)) {
		roles := passed[service]
		slices.Sort(roles)
		p.Statement = append(p.Statement, Statement{
			Effect: "Allow", Action: []string{"iam:PassRole"}, Resource: slices.Compact(roles),
			Condition: map[string]map[string]string{"StringEquals": {"iam:PassedToService": service}},
		})
	}
	return p, nil
}

// A watched job is one whose end Step Functions hears of.
type watched struct {
	rule string   // that it makes; "" where it polls
	stop []string // permissions to look at the job again and to end it
}

// The rules' names are those of Step Functions' documentation of the policies that
// it generates; those of EMR have no s.
var watchedJobs = map[string]watched{
	"athena:startQueryExecution":              {"", []string{"athena:StopQueryExecution", "athena:GetDataCatalog"}},
	"batch:submitJob":                         {"StepFunctionsGetEventsForBatchJobsRule", []string{"batch:TerminateJob"}},
	"bedrock:createModelCustomizationJob":     {"", []string{"bedrock:StopModelCustomizationJob"}},
	"codebuild:startBuild":                    {"StepFunctionsGetEventForCodeBuildStartBuildRule", []string{"codebuild:StopBuild", "codebuild:BatchGetReports"}},
	"codebuild:startBuildBatch":               {"StepFunctionsGetEventForCodeBuildStartBuildBatchRule", []string{"codebuild:StopBuildBatch", "codebuild:BatchGetReports"}},
	"codebuild:retryBuildBatch":               {"StepFunctionsGetEventForCodeBuildStartBuildBatchRule", []string{"codebuild:StopBuildBatch", "codebuild:BatchGetReports"}},
	"databrew:startJobRun":                    {"", []string{"databrew:StopJobRun", "databrew:ListJobRuns"}},
	"ecs:runTask":                             {"StepFunctionsGetEventsForECSTaskRule", []string{"ecs:StopTask"}},
	"elasticmapreduce:createCluster":          {"StepFunctionsGetEventForEMRRunJobFlowRule", []string{"elasticmapreduce:TerminateJobFlows"}},
	"elasticmapreduce:addStep":                {"StepFunctionsGetEventForEMRAddJobFlowStepsRule", []string{"elasticmapreduce:CancelSteps"}},
	"elasticmapreduce:terminateCluster":       {"StepFunctionsGetEventForEMRTerminateJobFlowsRule", nil},
	"emr-containers:startJobRun":              {"", []string{"emr-containers:CancelJobRun"}},
	"emr-serverless:startJobRun":              {"StepFunctionsGetEventsForEMRServerlessJobRule", []string{"emr-serverless:CancelJobRun"}},
	"emr-serverless:createApplication":        {"StepFunctionsGetEventsForEMRServerlessApplicationRule", nil},
	"emr-serverless:startApplication":         {"StepFunctionsGetEventsForEMRServerlessApplicationRule", nil},
	"emr-serverless:stopApplication":          {"StepFunctionsGetEventsForEMRServerlessApplicationRule", nil},
	"emr-serverless:deleteApplication":        {"StepFunctionsGetEventsForEMRServerlessApplicationRule", nil},
	"glue:startJobRun":                        {"", []string{"glue:GetJobRuns", "glue:BatchStopJobRun"}},
	"mediaconvert:createJob":                  {"StepFunctionsGetEventsForMediaConvertJobRule", []string{"mediaconvert:CancelJob"}},
	"sagemaker:createHyperParameterTuningJob": {"StepFunctionsGetEventsForSageMakerHyperParameterTuningJobsRule", []string{"sagemaker:StopHyperParameterTuningJob"}},
	"sagemaker:createLabelingJob":             {"StepFunctionsGetEventsForSageMakerLabelingJobsRule", []string{"sagemaker:StopLabelingJob"}},
	"sagemaker:createProcessingJob":           {"StepFunctionsGetEventsForSageMakerProcessingJobsRule", []string{"sagemaker:StopProcessingJob"}},
	"sagemaker:createTrainingJob":             {"StepFunctionsGetEventsForSageMakerTrainingJobsRule", []string{"sagemaker:StopTrainingJob"}},
	"sagemaker:createTransformJob":            {"StepFunctionsGetEventsForSageMakerTransformJobsRule", []string{"sagemaker:StopTransformJob"}},
	"states:startExecution":                   {"StepFunctionsGetEventsForStepFunctionsExecutionRule", []string{"states:StopExecution"}},
}

// managed adds what a .sync needs.
func (t *Table) managed(u Use, wanted permissions) {
	name, ok := parseResource(u.Resource)
	if !ok || name.sdk || !strings.HasPrefix(name.pattern, ".sync") {
		return
	}
	job := watchedJobs[name.service+":"+name.action]
	for _, permission := range job.stop {
		wanted.add(permission, "*")
	}
	if job.rule == "" {
		return
	}
	for _, permission := range []string{"events:DescribeRule", "events:PutRule", "events:PutTargets"} {
		wanted.add(permission, "arn:aws:events:*:*:rule/"+job.rule)
	}
}

// takers are the services that calls pass roles to, and the parameters that name
// the roles; without such a parameter the role is named elsewhere, as in a task's
// definition.
var takers = map[string]struct{ service, parameter string }{
	"bedrock:createModelCustomizationJob":     {"bedrock.amazonaws.com", "RoleArn"},
	"ecs:runTask":                             {"ecs-tasks.amazonaws.com", ""},
	"elasticmapreduce:createCluster":          {"elasticmapreduce.amazonaws.com", "ServiceRole"},
	"emr-serverless:startJobRun":              {"emr-serverless.amazonaws.com", "ExecutionRoleArn"},
	"mediaconvert:createJob":                  {"mediaconvert.amazonaws.com", "Role"},
	"sagemaker:createHyperParameterTuningJob": {"sagemaker.amazonaws.com", ""},
	"sagemaker:createLabelingJob":             {"sagemaker.amazonaws.com", "RoleArn"},
	"sagemaker:createModel":                   {"sagemaker.amazonaws.com", "ExecutionRoleArn"},
	"sagemaker:createProcessingJob":           {"sagemaker.amazonaws.com", "RoleArn"},
	"sagemaker:createTrainingJob":             {"sagemaker.amazonaws.com", "RoleArn"},
	"scheduler:createSchedule":                {"scheduler.amazonaws.com", ""},
	"scheduler:updateSchedule":                {"scheduler.amazonaws.com", ""},
}

func passedRole(u Use) (service string, roles []string) {
	name, ok := parseResource(u.Resource)
	if !ok {
		return "", nil
	}
	taker, ok := takers[name.service+":"+name.action]
	if !ok {
		return "", nil
	}
	for _, role := range u.constants(taker.parameter) {
		if strings.HasPrefix(role, "arn:") {
			roles = append(roles, role)
		}
	}
	if roles == nil {
		roles = []string{"*"}
	}
	return taker.service, roles
}

// distributed reports whether a definition has a distributed Map.
func distributed(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, distributed)
	case map[string]any:
		if v["Mode"] == "DISTRIBUTED" {
			return true
		}
		for _, item := range v {
			if distributed(item) {
				return true
			}
		}
	}
	return false
}
