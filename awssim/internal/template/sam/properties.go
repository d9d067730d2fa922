package sam

import (
	"slices"
	"strings"
)

const pullProperties = " BatchSize StartingPosition StartingPositionTimestamp Enabled MaximumBatchingWindowInSeconds MaximumRetryAttempts BisectBatchOnFunctionError MaximumRecordAgeInSeconds DestinationConfig ParallelizationFactor Topics Queues SourceAccessConfigurations SecretsManagerKmsKeyId TumblingWindowInSeconds FunctionResponseTypes KafkaBootstrapServers FilterCriteria KmsKeyArn ConsumerGroupId ScalingConfig ProvisionedPollerConfig SchemaRegistryConfig MetricsConfig LoggingConfig"

// kinds holds the properties of each serverless resource; required ones end in !.
var kinds = map[string]string{
	"Api":          "Name StageName! Tags PropagateTags DefinitionBody DefinitionUri MergeDefinitions CacheClusterEnabled CacheClusterSize Variables EndpointConfiguration MethodSettings BinaryMediaTypes MinimumCompressionSize Cors Auth GatewayResponses AccessLogSetting CanarySetting TracingEnabled OpenApiVersion Models Domain FailOnWarnings Description Mode DisableExecuteApiEndpoint ApiKeySourceType AlwaysDeploy Policy SecurityPolicy EndpointAccessMode",
	"Application":  "Location! TemplateUrl Parameters NotificationARNs Tags TimeoutInMinutes",
	"Function":     "FunctionName Handler Runtime CodeUri ImageUri PackageType InlineCode DeadLetterQueue Description MemorySize Timeout VpcConfig Role AssumeRolePolicyDocument Policies RolePath PermissionsBoundary Environment Events Tags PropagateTags Tracing KmsKeyArn DeploymentPreference ReservedConcurrentExecutions Layers EventInvokeConfig EphemeralStorage AutoPublishAlias AutoPublishCodeSha256 AutoPublishAliasAllProperties VersionDescription ProvisionedConcurrencyConfig FileSystemConfigs ImageConfig CodeSigningConfigArn Architectures SnapStart FunctionUrlConfig RuntimeManagementConfig LoggingConfig RecursiveLoop SourceKMSKeyArn CapacityProviderConfig FunctionScalingConfig VersionDeletionPolicy PublishToLatestPublished TenancyConfig DurableConfig",
	"HttpApi":      "Name StageName Tags PropagateTags DefinitionBody DefinitionUri StageVariables CorsConfiguration AccessLogSettings DefaultRouteSettings Auth RouteSettings Domain FailOnWarnings Description DisableExecuteApiEndpoint",
	"LayerVersion": "LayerName Description PublishLambdaVersion ContentUri! CompatibleArchitectures CompatibleRuntimes LicenseInfo RetentionPolicy",
	"SimpleTable":  "PointInTimeRecoverySpecification PrimaryKey ProvisionedThroughput TableName Tags SSESpecification",
	"StateMachine": "Definition DefinitionUri Logging Role RolePath DefinitionSubstitutions Events Name Type Tags PropagateTags Policies Tracing PermissionsBoundary AutoPublishAlias DeploymentPreference UseAliasAsEventTarget",
}

// eventKinds holds the properties of each event source of a function.
var eventKinds = map[string]string{
	"DocumentDB":       "Cluster! DatabaseName! CollectionName FullDocument" + pullProperties,
	"DynamoDB":         "Stream! StartingPosition!" + pullProperties,
	"Kinesis":          "Stream! StartingPosition!" + pullProperties,
	"MQ":               "Broker! DynamicPolicyName" + pullProperties,
	"MSK":              "Stream! StartingPosition!" + pullProperties,
	"SQS":              "Queue!" + pullProperties,
	"SelfManagedKafka": pullProperties,
	"AlexaSkill":       "SkillId",
	"Api":              "Path! Method! RestApiId Stage Auth RequestModel RequestParameters TimeoutInMillis ResponseTransferMode",
	"CloudWatchEvent":  "EventBusName RuleName Pattern DeadLetterConfig RetryPolicy Input InputPath Target Enabled State InputTransformer",
	"CloudWatchLogs":   "LogGroupName! FilterPattern!",
	"Cognito":          "UserPool! Trigger!",
	"EventBridgeRule":  "EventBusName RuleName Pattern DeadLetterConfig RetryPolicy Input InputPath Target Enabled State InputTransformer",
	"HttpApi":          "Path Method ApiId Stage Auth TimeoutInMillis RouteSettings PayloadFormatVersion",
	"IoTRule":          "Sql! AwsIotSqlVersion",
	"S3":               "Bucket! Events! Filter",
	"SNS":              "Topic! Region FilterPolicy FilterPolicyScope SqsSubscription RedrivePolicy",
	"Schedule":         "Schedule! RuleName Input Enabled State Name Description DeadLetterConfig RetryPolicy",
	"ScheduleV2":       "PermissionsBoundary ScheduleExpression! FlexibleTimeWindow Name State Description StartDate EndDate ScheduleExpressionTimezone GroupName KmsKeyArn Input RoleArn DeadLetterConfig RetryPolicy OmitName",
}

// uncovered are serverless resources that this package does not transform.
var uncovered = []string{"Connector", "GraphQLApi", "WebSocketApi", "CapacityProvider"}

// checkAll checks the types and properties of all serverless resources.
func (t *transformation) checkAll() {
	for _, id := range t.resources.Keys {
		body := mapOf(t.resources.Values[id])
		kind, serverless := strings.CutPrefix(textOf(body.Get("Type")), prefix)
		if body != nil && body.Get("Connectors") != nil {
			t.invalid(id, "the embedded AWS does not transform Connectors")
		}
		if !serverless {
			continue
		}
		known, ok := kinds[kind]
		switch {
		case slices.Contains(uncovered, kind):
			t.invalid(id, "the embedded AWS does not transform %s%s", prefix, kind)
		case !ok:
			t.invalid(id, "%s%s is not a supported serverless resource type", prefix, kind)
		default:
			if why := checkProperties(known, mapOf(body.Get("Properties")), prefix+kind); why != "" {
				t.invalid(id, "%s", why)
			}
		}
	}
}

// checkProperties says what is wrong with the names of properties, "" if nothing is.
func checkProperties(known string, properties object, typ string) string {
	names := strings.Fields(known)
	for _, n := range names {
		if required, is := strings.CutSuffix(n, "!"); is && properties.Get(required) == nil {
			return "Missing required property '" + required + "'."
		}
	}
	for _, k := range keysOf(properties) {
		if !slices.Contains(names, k) && !slices.Contains(names, k+"!") {
			return "property " + k + " not defined for resource of type " + typ
		}
	}
	return ""
}
