package integration

import "github.com/setmend/setmend/cloud/integration/internal/wire"

// The jobs of the optimised integrations' .sync.
var (
	queryExecution = job{
		service: "athena", describe: "getQueryExecution", ask: of("QueryExecutionId", "QueryExecutionId"),
		state:     func(d *wire.Struct) (string, answer) { return text(dig(d, "QueryExecution", "Status", "State")), d },
		succeeded: []string{"SUCCEEDED"}, over: []string{"FAILED", "CANCELLED"},
	}
	batchJob = job{
		service: "batch", describe: "describeJobs", ask: of("Jobs", "jobId[]"), state: within([]string{"jobs"}, "status", ""),
		succeeded: []string{"SUCCEEDED"}, over: []string{"FAILED"},
	}
	customization = job{
		service: "bedrock", describe: "getModelCustomizationJob", ask: of("JobIdentifier", "jobArn"), state: whole("status"),
		succeeded: []string{"Completed"}, over: []string{"Failed", "Stopped"},
	}
	build = job{
		service: "codebuild", describe: "batchGetBuilds", ask: of("Ids", "build.id[]"), state: within([]string{"builds"}, "buildStatus", "Build"),
		succeeded: []string{"SUCCEEDED"}, over: []string{"FAILED", "FAULT", "TIMED_OUT", "STOPPED"},
	}
	buildBatch = job{
		service: "codebuild", describe: "batchGetBuildBatches", ask: of("Ids", "buildBatch.id[]"),
		state:     within([]string{"buildBatches"}, "buildBatchStatus", "BuildBatch"),
		succeeded: []string{"SUCCEEDED"}, over: []string{"FAILED", "FAULT", "TIMED_OUT", "STOPPED"},
	}
	recipeRun = job{
		service: "databrew", describe: "describeJobRun", ask: of("Name", "Name", "RunId", "RunId"), state: whole("State"),
		succeeded: []string{"SUCCEEDED"}, over: []string{"FAILED", "STOPPED", "TIMEOUT"},
	}
	containerTask = job{
		service: "ecs", describe: "describeTasks", ask: runningTask, state: within([]string{"tasks"}, "lastStatus", ""),
		succeeded: []string{"STOPPED", "DELETED"}, fails: failedContainer,
	}
	flowReady = job{
		service: "emr", describe: "describeCluster", ask: of("ClusterId", "JobFlowId"), state: clusterState,
		succeeded: []string{"WAITING", "RUNNING"}, over: []string{"TERMINATED", "TERMINATED_WITH_ERRORS"},
	}
	flowEnded = job{
		service: "emr", describe: "describeCluster", ask: of("ClusterId", "JobFlowIds"), state: clusterState,
		succeeded: []string{"TERMINATED", "TERMINATED_WITH_ERRORS"},
	}
	flowStep = job{
		service: "emr", describe: "describeStep", ask: of("ClusterId", "JobFlowId", "StepId", "StepIds"),
		state:     func(d *wire.Struct) (string, answer) { return text(dig(d, "Step", "Status", "State")), d },
		succeeded: []string{"COMPLETED"}, over: []string{"CANCELLED", "FAILED", "INTERRUPTED"},
	}
	virtualCluster = job{
		service: "emrcontainers", describe: "describeVirtualCluster", ask: of("Id", "id"),
		state:     within([]string{"virtualCluster"}, "state", "VirtualCluster"),
		succeeded: []string{"TERMINATED"}, over: []string{"ARRESTED"}, gone: true,
	}
	podRun = job{
		service: "emrcontainers", describe: "describeJobRun", ask: of("Id", "id", "VirtualClusterId", "virtualClusterId"),
		state:     within([]string{"jobRun"}, "state", ""),
		succeeded: []string{"COMPLETED"}, over: []string{"FAILED", "CANCELLED"},
	}
	serverlessRun = job{
		service: "emrserverless", describe: "getJobRun", ask: of("ApplicationId", "applicationId", "JobRunId", "jobRunId"),
		state:     within([]string{"jobRun"}, "state", "JobRun"),
		succeeded: []string{"SUCCESS"}, over: []string{"FAILED", "CANCELLED"},
	}
	serverlessCancelled = job{
		service: "emrserverless", describe: "getJobRun", ask: of("ApplicationId", "applicationId", "JobRunId", "jobRunId"),
		state:     within([]string{"jobRun"}, "state", "JobRun"),
		succeeded: []string{"CANCELLED", "SUCCESS", "FAILED"},
	}
	glueRun = job{
		service: "glue", describe: "getJobRun", ask: of("JobName", "JobName", "RunId", "JobRunId"), state: within([]string{"JobRun"}, "JobRunState", ""),
		succeeded: []string{"SUCCEEDED"}, over: []string{"FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"},
	}
	mediaJob = job{
		service: "mediaconvert", describe: "getJob", ask: of("Id", "Job.Id"), state: within([]string{"Job"}, "Status", "Job"),
		succeeded: []string{"COMPLETE"}, over: []string{"ERROR", "CANCELED"},
	}
)

func clusterState(d *wire.Struct) (string, answer) {
	return text(dig(d, "Cluster", "Status", "State")), objectOf("ClusterId", dig(d, "Cluster", "Id"), "Cluster", d.Get("Cluster"))
}

// runningTask asks for the task that was started; nil if ECS could start none,
// which it answers and does not call an error.
func runningTask(in, out *wire.Struct) *wire.Object {
	arn := dig(out, "tasks", "taskArn")
	if arn == nil {
		return nil
	}
	return objectOf("Cluster", dig(out, "tasks", "clusterArn"), "Tasks", []any{arn})
}

// failedContainer reports whether an essential container of a stopped task ended
// with another code than 0, or did not start.
func failedContainer(d *wire.Struct) bool {
	task, _ := dig(d, "tasks").(*wire.Struct)
	if task == nil {
		return false
	}
	if code := text(task.Get("stopCode")); code == "TaskFailedToStart" {
		return true
	}
	containers, _ := task.Get("containers").([]any)
	for _, c := range containers {
		if code := dig(c, "exitCode"); code != nil && string(compact(code)) != "0" {
			return true
		}
	}
	return false
}

func eksCluster(status string) job {
	return eks("describeCluster", of("Name", "name"), "cluster", status)
}

func eksNodes(status string) job {
	return eks("describeNodegroup", of("ClusterName", "clusterName", "NodegroupName", "nodegroupName"), "nodegroup", status)
}

func eksFargate(status string) job {
	return eks("describeFargateProfile", of("ClusterName", "clusterName", "FargateProfileName", "fargateProfileName"), "fargateProfile", status)
}

// eks is a part of a cluster that is to have a status, or to be gone with "".
func eks(describe string, ask func(in, out *wire.Struct) *wire.Object, member, status string) job {
	j := job{
		service: "eks", describe: describe, ask: ask, state: within([]string{member}, "status", memberName(member)),
		over: []string{"FAILED", "CREATE_FAILED", "DELETE_FAILED", "DEGRADED"}, gone: status == "",
	}
	if status != "" {
		j.succeeded = []string{status}
	}
	return j
}

func application(statuses ...string) job {
	return job{
		service: "emrserverless", describe: "getApplication", ask: of("ApplicationId", "applicationId"),
		state: within([]string{"application"}, "state", "Application"), succeeded: statuses, over: over(statuses, "TERMINATED"), gone: true,
	}
}

// over are statuses of failures, less those that are wanted.
func over(wanted []string, statuses ...string) []string {
	var list []string
	for _, s := range statuses {
		if !has(wanted, s) {
			list = append(list, s)
		}
	}
	return list
}

func sageMakerJob(kind string) job {
	return job{
		service: "sagemaker", describe: "describe" + kind, ask: of(kind+"Name", kind+"Name"), state: whole(kind + "Status"),
		succeeded: []string{"Completed"}, over: []string{"Failed", "Stopped"},
	}
}

// execution is a run of another state machine. With .sync:2 its input and output
// are JSON, with .sync they are text.
func execution(parsed bool) job {
	return job{
		service: "sfn", describe: "describeExecution", ask: of("ExecutionArn", "executionArn"),
		state: func(d *wire.Struct) (string, answer) {
			o := &wire.Object{}
			for _, f := range d.Fields {
				value := f.Value
				if s, ok := value.(string); ok && parsed && (f.Member.Name == "input" || f.Member.Name == "output") {
					if v, err := wire.Decode([]byte(s)); err == nil {
						value = v
					}
				}
				o.Set(memberName(f.Member.Name), value)
			}
			return text(d.Get("status")), o
		},
		succeeded: []string{"SUCCEEDED"}, over: []string{"FAILED", "TIMED_OUT", "ABORTED"},
	}
}
