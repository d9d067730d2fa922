package integration

import (
	"github.com/setmend/setmend/cloud/integration/internal/wire"
)

// An optimisedRow is an optimised integration: Step Functions' own name for an
// operation, with what differs from the SDK integration.
type optimisedRow struct {
	service, action string // of the SDK integration
	naming          naming
	texts           []string
	translate       func(parameters) parameters
	result          func(answer) answer
	token           bool           // has .waitForTaskToken
	jobs            map[string]job // by .sync pattern
}

// Namings of the optimised integrations: those of the Java SDK's first version.
var (
	athenaNaming    = naming{"Athena", "AmazonAthenaException", java1}
	batchNaming     = naming{"Batch", "AWSBatchException", java1}
	bedrockNaming   = naming{"Bedrock", "AmazonBedrockException", java1}
	codeBuildNaming = naming{"CodeBuild", "AWSCodeBuildException", java1}
	dataBrewNaming  = naming{"DataBrew", "AWSGlueDataBrewException", java1}
	dynamoNaming    = naming{"DynamoDB", "AmazonDynamoDBException", java1}
	ecsNaming       = naming{"ECS", "AmazonECSException", java1}
	eksNaming       = naming{"EKS", "AmazonEKSException", java1}
	emrNaming       = naming{"ElasticMapReduce", "AmazonElasticMapReduceException", java1}
	emrPodNaming    = naming{"EMRContainers", "AmazonEMRContainersException", java1}
	emrLessNaming   = naming{"EMRServerless", "AWSEMRServerlessException", java1}
	eventsNaming    = naming{"EventBridge", "AmazonEventBridgeException", java1}
	glueNaming      = naming{"Glue", "AWSGlueException", java1}
	mediaNaming     = naming{"MediaConvert", "AWSMediaConvertException", java1}
	sageMakerNaming = naming{"SageMaker", "AmazonSageMakerException", java1}
	snsNaming       = naming{"SNS", "AmazonSNSException", java1}
	sqsNaming       = naming{"SQS", "AmazonSQSException", java1}
	statesNaming    = naming{"StepFunctions", "AWSStepFunctionsException", java1}
)

func row(service, action string, n naming) optimisedRow {
	return optimisedRow{service: service, action: action, naming: n}
}

// waits adds .sync.
func (r optimisedRow) waits(j job) optimisedRow {
	r.jobs = map[string]job{".sync": j}
	return r
}

func (r optimisedRow) answered() optimisedRow {
	r.token = true
	return r
}

func (r optimisedRow) text(names ...string) optimisedRow {
	r.texts = names
	return r
}

func (r optimisedRow) shaped(translate func(parameters) parameters, result func(answer) answer) optimisedRow {
	r.translate, r.result = translate, result
	return r
}

// optimisedRows are the optimised integrations by what their resources have after
// arn:aws:states:::. Lambda's and HTTP's are functions of their own.
var optimisedRows = map[string]optimisedRow{
	"athena:startQueryExecution": row("athena", "startQueryExecution", athenaNaming).waits(queryExecution),
	"athena:stopQueryExecution":  row("athena", "stopQueryExecution", athenaNaming),
	"athena:getQueryExecution":   row("athena", "getQueryExecution", athenaNaming),
	"athena:getQueryResults":     row("athena", "getQueryResults", athenaNaming),

	"batch:submitJob": row("batch", "submitJob", batchNaming).waits(batchJob),

	"bedrock:invokeModel":                 row("bedrockruntime", "invokeModel", bedrockNaming).text("Body").shaped(nil, bodyAsJSON).answered(),
	"bedrock:createModelCustomizationJob": row("bedrock", "createModelCustomizationJob", bedrockNaming).waits(customization),

	"codebuild:startBuild":        row("codebuild", "startBuild", codeBuildNaming).waits(build),
	"codebuild:stopBuild":         row("codebuild", "stopBuild", codeBuildNaming),
	"codebuild:batchDeleteBuilds": row("codebuild", "batchDeleteBuilds", codeBuildNaming),
	"codebuild:batchGetReports":   row("codebuild", "batchGetReports", codeBuildNaming),
	"codebuild:startBuildBatch":   row("codebuild", "startBuildBatch", codeBuildNaming).waits(buildBatch),
	"codebuild:stopBuildBatch":    row("codebuild", "stopBuildBatch", codeBuildNaming),
	"codebuild:retryBuildBatch":   row("codebuild", "retryBuildBatch", codeBuildNaming).waits(buildBatch),
	"codebuild:deleteBuildBatch":  row("codebuild", "deleteBuildBatch", codeBuildNaming),

	"databrew:startJobRun": row("databrew", "startJobRun", dataBrewNaming).waits(recipeRun),

	"dynamodb:getItem":    row("dynamodb", "getItem", dynamoNaming),
	"dynamodb:putItem":    row("dynamodb", "putItem", dynamoNaming),
	"dynamodb:updateItem": row("dynamodb", "updateItem", dynamoNaming),
	"dynamodb:deleteItem": row("dynamodb", "deleteItem", dynamoNaming),

	"ecs:runTask": row("ecs", "runTask", ecsNaming).waits(containerTask).answered(),

	"eks:createCluster":        row("eks", "createCluster", eksNaming).waits(eksCluster("ACTIVE")),
	"eks:deleteCluster":        row("eks", "deleteCluster", eksNaming).waits(eksCluster("")),
	"eks:createNodegroup":      row("eks", "createNodegroup", eksNaming).waits(eksNodes("ACTIVE")),
	"eks:deleteNodegroup":      row("eks", "deleteNodegroup", eksNaming).waits(eksNodes("")),
	"eks:createFargateProfile": row("eks", "createFargateProfile", eksNaming).waits(eksFargate("ACTIVE")),
	"eks:deleteFargateProfile": row("eks", "deleteFargateProfile", eksNaming).waits(eksFargate("")),

	"elasticmapreduce:createCluster":                   row("emr", "runJobFlow", emrNaming).shaped(nil, flowAsCluster).waits(flowReady),
	"elasticmapreduce:terminateCluster":                row("emr", "terminateJobFlows", emrNaming).shaped(clusterAsFlows, nothing).waits(flowEnded),
	"elasticmapreduce:setClusterTerminationProtection": row("emr", "setTerminationProtection", emrNaming).shaped(clusterAsFlows, nothing),
	"elasticmapreduce:addStep":                         row("emr", "addJobFlowSteps", emrNaming).shaped(stepAsSteps, firstStep).waits(flowStep),
	"elasticmapreduce:cancelStep":                      row("emr", "cancelSteps", emrNaming).shaped(cancelledStep, firstCancelled),

	"emr-containers:createVirtualCluster": row("emrcontainers", "createVirtualCluster", emrPodNaming),
	"emr-containers:deleteVirtualCluster": row("emrcontainers", "deleteVirtualCluster", emrPodNaming).waits(virtualCluster),
	"emr-containers:startJobRun":          row("emrcontainers", "startJobRun", emrPodNaming).waits(podRun),

	"emr-serverless:createApplication": row("emrserverless", "createApplication", emrLessNaming).waits(application("CREATED", "STARTED")),
	"emr-serverless:startApplication":  row("emrserverless", "startApplication", emrLessNaming).waits(application("STARTED")),
	"emr-serverless:stopApplication":   row("emrserverless", "stopApplication", emrLessNaming).waits(application("STOPPED")),
	"emr-serverless:deleteApplication": row("emrserverless", "deleteApplication", emrLessNaming).waits(application("TERMINATED")),
	"emr-serverless:startJobRun":       row("emrserverless", "startJobRun", emrLessNaming).waits(serverlessRun),
	"emr-serverless:cancelJobRun":      row("emrserverless", "cancelJobRun", emrLessNaming).waits(serverlessCancelled),

	"events:putEvents": row("eventbridge", "putEvents", eventsNaming).shaped(detailsAsText, nil).answered(),

	"glue:startJobRun": row("glue", "startJobRun", glueNaming).waits(glueRun),

	"mediaconvert:createJob": row("mediaconvert", "createJob", mediaNaming).waits(mediaJob),

	"sagemaker:createEndpoint":                row("sagemaker", "createEndpoint", sageMakerNaming),
	"sagemaker:createEndpointConfig":          row("sagemaker", "createEndpointConfig", sageMakerNaming),
	"sagemaker:createHyperParameterTuningJob": row("sagemaker", "createHyperParameterTuningJob", sageMakerNaming).waits(sageMakerJob("HyperParameterTuningJob")),
	"sagemaker:createLabelingJob":             row("sagemaker", "createLabelingJob", sageMakerNaming).waits(sageMakerJob("LabelingJob")),
	"sagemaker:createModel":                   row("sagemaker", "createModel", sageMakerNaming),
	"sagemaker:createProcessingJob":           row("sagemaker", "createProcessingJob", sageMakerNaming).waits(sageMakerJob("ProcessingJob")),
	"sagemaker:createTrainingJob":             row("sagemaker", "createTrainingJob", sageMakerNaming).waits(sageMakerJob("TrainingJob")),
	"sagemaker:createTransformJob":            row("sagemaker", "createTransformJob", sageMakerNaming).waits(sageMakerJob("TransformJob")),
	"sagemaker:updateEndpoint":                row("sagemaker", "updateEndpoint", sageMakerNaming),

	"sns:publish":     row("sns", "publish", snsNaming).text("Message").answered(),
	"sqs:sendMessage": row("sqs", "sendMessage", sqsNaming).text("MessageBody").answered(),

	"states:startExecution": {
		service: "sfn", action: "startExecution", naming: statesNaming, texts: []string{"Input"}, token: true,
		jobs: map[string]job{".sync": execution(false), ".sync:2": execution(true)},
	},
}

// optimised is an optimised integration; nil if there is none, or none with this
// pattern.
func optimised(name resourceName) *integration {
	r, ok := optimisedRows[name.service+":"+name.action]
	if !ok {
		return nil
	}
	i := &integration{
		operation: mustOperation(r.service, r.action), naming: r.naming, texts: r.texts, alias: true,
		translate: r.translate, result: r.result,
	}
	switch name.pattern {
	case "":
	case ".waitForTaskToken":
		if !r.token {
			return nil
		}
	default:
		j, ok := r.jobs[name.pattern]
		if !ok {
			return nil
		}
		i.job = &j
	}
	return i
}

// bodyAsJSON gives a model's answer as JSON, if it is.
func bodyAsJSON(out answer) answer {
	s := out.(*wire.Struct)
	o := &wire.Object{}
	for _, f := range s.Fields {
		var value any = f.Value
		if body, ok := value.([]byte); ok {
			if v, err := wire.Decode(body); err == nil {
				value = v
			}
		}
		o.Set(memberName(f.Member.Name), value)
	}
	return o
}

// detailsAsText makes text of events' details, which may be given as JSON.
func detailsAsText(in parameters) parameters {
	entries, _ := in.Get("Entries").([]any)
	for _, item := range entries {
		if entry, ok := item.(*wire.Object); ok && entry.Get("Detail") != nil {
			entry.Set("Detail", string(blob(entry.Get("Detail"))))
		}
	}
	return in
}

// renamed copies parameters, one of them by another name and as change makes it.
func renamed(in parameters, from, to string, change func(any) any) parameters {
	out := &wire.Object{}
	for _, e := range in.Entries {
		if e.Key == from {
			e = wire.Entry{Key: to, Value: change(e.Value)}
		}
		out.Entries = append(out.Entries, e)
	}
	return out
}

func listed1(v any) any { return []any{v} }
func same(v any) any    { return v }

func clusterAsFlows(in parameters) parameters {
	return renamed(in, "ClusterId", "JobFlowIds", listed1)
}

func stepAsSteps(in parameters) parameters {
	return renamed(renamed(in, "ClusterId", "JobFlowId", same), "Step", "Steps", listed1)
}

func cancelledStep(in parameters) parameters { return renamed(in, "StepId", "StepIds", listed1) }

func flowAsCluster(out answer) answer {
	s := out.(*wire.Struct)
	return objectOf("ClusterId", s.Get("JobFlowId"), "ClusterArn", s.Get("ClusterArn"))
}

func firstStep(out answer) answer {
	return objectOf("StepId", first(out.(*wire.Struct).Get("StepIds")))
}

func firstCancelled(out answer) answer {
	return objectOf("CancelStepsInfo", first(out.(*wire.Struct).Get("CancelStepsInfoList")))
}

func nothing(answer) answer { return &wire.Object{} }

func first(v any) any {
	if list, _ := v.([]any); len(list) > 0 {
		return list[0]
	}
	return nil
}

// objectOf makes a JSON object of names and values, without those that are nil.
func objectOf(pairs ...any) *wire.Object {
	o := &wire.Object{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != nil {
			o.Set(pairs[i].(string), pairs[i+1])
		}
	}
	return o
}
