package sam

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim/internal/template"
)

// transformed runs the transform on a template and returns its resources.
func transformed(t *testing.T, text string) (object, error) {
	t.Helper()
	v, err := template.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	root := mapOf(v)
	p, err := template.NewPartial(root, map[string]string{"Stage": "live"}, template.Place{Account: "111122223333", Region: "us-east-1", Partition: "aws", StackName: "app"})
	if err != nil {
		t.Fatal(err)
	}
	return root, Transform(root, p)
}

const function = "{Type: 'AWS::Serverless::Function', Properties: {Handler: a.b, Runtime: python3.12, InlineCode: x"

// TestServerlessResourcesBecomeAWSs holds logical ids and types: as aws-sam-translator
// 1.110 makes them.
func TestServerlessResourcesBecomeAWSs(t *testing.T) {
	tests := []struct {
		name, resources string
		want            []string // logical id and type, hashes as *
	}{
		{"function", "F: " + function + "}}", []string{"F AWS::Lambda::Function", "FRole AWS::IAM::Role"}},
		{"given role", "F: " + function + ", Role: 'arn:r'}}", []string{"F AWS::Lambda::Function"}},
		{"schedule", "F: " + function + ", Events: {Daily: {Type: Schedule, Properties: {Schedule: rate(1 day), DeadLetterConfig: {Type: SQS}}}}}}",
			[]string{"F AWS::Lambda::Function", "FDaily AWS::Events::Rule", "FDailyPermission AWS::Lambda::Permission", "FDailyQueue AWS::SQS::Queue", "FDailyQueuePolicy AWS::SQS::QueuePolicy", "FRole AWS::IAM::Role"}},
		{"scheduler", "F: " + function + ", Events: {Daily: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day)}}}}}",
			[]string{"F AWS::Lambda::Function", "FDaily AWS::Scheduler::Schedule", "FDailyRole AWS::IAM::Role", "FRole AWS::IAM::Role"}},
		{"streams", "F: " + function + ", Events: {Q: {Type: SQS, Properties: {Queue: 'arn:q'}}, K: {Type: Kinesis, Properties: {Stream: 'arn:k', StartingPosition: LATEST}}}}}",
			[]string{"F AWS::Lambda::Function", "FK AWS::Lambda::EventSourceMapping", "FQ AWS::Lambda::EventSourceMapping", "FRole AWS::IAM::Role"}},
		{"topic through a queue", "F: " + function + ", Events: {T: {Type: SNS, Properties: {Topic: 'arn:t', SqsSubscription: true}}}}}",
			[]string{"F AWS::Lambda::Function", "FRole AWS::IAM::Role", "FT AWS::SNS::Subscription", "FTEventSourceMapping AWS::Lambda::EventSourceMapping", "FTQueue AWS::SQS::Queue", "FTQueuePolicy AWS::SQS::QueuePolicy"}},
		{"implied API", "F: " + function + ", Events: {Get: {Type: Api, Properties: {Path: /a, Method: get}}}}}",
			[]string{"F AWS::Lambda::Function", "FGetPermissionProd AWS::Lambda::Permission", "FRole AWS::IAM::Role", "ServerlessRestApi AWS::ApiGateway::RestApi", "ServerlessRestApiDeployment* AWS::ApiGateway::Deployment", "ServerlessRestApiProdStage AWS::ApiGateway::Stage"}},
		{"implied HTTP API", "F: " + function + ", Events: {Get: {Type: HttpApi}}}}",
			[]string{"F AWS::Lambda::Function", "FGetPermission AWS::Lambda::Permission", "FRole AWS::IAM::Role", "ServerlessHttpApi AWS::ApiGatewayV2::Api", "ServerlessHttpApiApiGatewayDefaultStage AWS::ApiGatewayV2::Stage"}},
		{"alias and deployment", "F: " + function + ", AutoPublishAlias: !Ref Stage, DeploymentPreference: {Type: AllAtOnce}}}",
			[]string{"CodeDeployServiceRole AWS::IAM::Role", "F AWS::Lambda::Function", "FAliaslive AWS::Lambda::Alias", "FDeploymentGroup AWS::CodeDeploy::DeploymentGroup", "FRole AWS::IAM::Role", "FVersion* AWS::Lambda::Version", "ServerlessDeploymentApplication AWS::CodeDeploy::Application"}},
		{"public URL", "F: " + function + ", FunctionUrlConfig: {AuthType: NONE}}}",
			[]string{"F AWS::Lambda::Function", "FRole AWS::IAM::Role", "FURLInvokeAllowPublicAccess AWS::Lambda::Permission", "FUrl AWS::Lambda::Url", "FUrlPublicPermissions AWS::Lambda::Permission"}},
		{"asynchronous calls", "F: " + function + ", EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SQS}}}}}",
			[]string{"F AWS::Lambda::Function", "FEventInvokeConfig AWS::Lambda::EventInvokeConfig", "FEventInvokeConfigOnFailureQueue AWS::SQS::Queue", "FRole AWS::IAM::Role"}},
		{"API with a plan and a domain", "A: {Type: 'AWS::Serverless::Api', Properties: {StageName: v1, Auth: {UsagePlan: {CreateUsagePlan: PER_API}}, Domain: {DomainName: a.example.com, CertificateArn: 'arn:c', Route53: {HostedZoneId: Z}}}}",
			[]string{"A AWS::ApiGateway::RestApi", "AApiKey AWS::ApiGateway::ApiKey", "ABasePathMapping AWS::ApiGateway::BasePathMapping", "ADeployment* AWS::ApiGateway::Deployment", "AUsagePlan AWS::ApiGateway::UsagePlan", "AUsagePlanKey AWS::ApiGateway::UsagePlanKey", "ApiGatewayDomainName* AWS::ApiGateway::DomainName", "Av1Stage AWS::ApiGateway::Stage", "RecordSetGroup* AWS::Route53::RecordSetGroup"}},
		{"table, layer, application", "T: {Type: 'AWS::Serverless::SimpleTable'}\n  L: {Type: 'AWS::Serverless::LayerVersion', Properties: {ContentUri: 's3://b/k'}}\n  A: {Type: 'AWS::Serverless::Application', Properties: {Location: 'https://s3.amazonaws.com/b/t.yaml'}}",
			[]string{"A AWS::CloudFormation::Stack", "L* AWS::Lambda::LayerVersion", "T AWS::DynamoDB::Table"}},
		{"state machine", "M: {Type: 'AWS::Serverless::StateMachine', Properties: {Definition: {StartAt: A, States: {A: {Type: Pass, ResultPath: null, End: true}}}, AutoPublishAlias: live, Events: {E: {Type: EventBridgeRule, Properties: {Pattern: {source: [a]}}}}}}",
			[]string{"M AWS::StepFunctions::StateMachine", "MAliaslive AWS::StepFunctions::StateMachineAlias", "ME AWS::Events::Rule", "MERole AWS::IAM::Role", "MRole AWS::IAM::Role", "MVersion AWS::StepFunctions::StateMachineVersion"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root, err := transformed(t, "Parameters: {Stage: {Type: String}}\nResources:\n  "+test.resources)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, id := range mapOf(root.Get("Resources")).Keys {
				typ := textOf(mapOf(mapOf(root.Get("Resources")).Values[id]).Get("Type"))
				if n := len(id) - 10; n > 0 && strings.Trim(id[n:], "0123456789abcdef") == "" {
					id = id[:n] + "*"
				}
				got = append(got, id+" "+typ)
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGlobalsAreMergedAndNamesFollow(t *testing.T) {
	root, err := transformed(t, `
Globals: {Function: {Runtime: python3.12, Layers: [!Ref Shared], Environment: {Variables: {A: global, B: global}}}}
Parameters: {Stage: {Type: String}}
Resources:
  Shared: {Type: 'AWS::Serverless::LayerVersion', Properties: {ContentUri: 's3://b/k'}}
  F: {Type: 'AWS::Serverless::Function', Properties: {Handler: a.b, InlineCode: x, AutoPublishAlias: live, Layers: ['arn:own'], Environment: {Variables: {B: own}}, Policies: [AmazonS3ReadOnlyAccess, SQSPollerPolicy: {QueueName: q}]}}
Outputs: {Alias: {Value: !Ref F.Alias}, Layer: {Value: !Sub '${Shared}'}}
`)
	if err != nil {
		t.Fatal(err)
	}
	resources := mapOf(root.Get("Resources"))
	p := mapOf(mapOf(resources.Get("F")).Get("Properties"))
	layer := resources.Keys[slices.IndexFunc(resources.Keys, func(id string) bool { return strings.HasPrefix(id, "Shared") })]
	if got := stable(p.Get("Layers")); got != `[{"Ref":"`+layer+`"},"arn:own"]` {
		t.Errorf("layers: %s", got)
	}
	if got := stable(p.Get("Environment")); got != `{"Variables":{"A":"global","B":"own"}}` {
		t.Errorf("environment: %s", got)
	}
	if got := stable(root.Get("Outputs")); got != `{"Alias":{"Value":{"Ref":"FAliaslive"}},"Layer":{"Value":{"Fn::Sub":"${`+layer+`}"}}}` {
		t.Errorf("outputs: %s", got)
	}
	role := mapOf(mapOf(resources.Get("FRole")).Get("Properties"))
	if got := stable(role.Get("ManagedPolicyArns")); got != `["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole","arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]` {
		t.Errorf("managed policies: %s", got)
	}
	if got := stable(role.Get("Policies")); !strings.Contains(got, `"FRolePolicy1"`) || !strings.Contains(got, `{"Fn::Sub":["arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${queueName}",{"queueName":"q"}]}`) {
		t.Errorf("policies: %s", got)
	}
}

func TestServerlessTemplatesAreRefusedInSAMsWords(t *testing.T) {
	for resources, want := range map[string]string{
		"F: {Type: 'AWS::Serverless::Function', Properties: {Handler: a.b, Runtime: python3.12, CodeUri: ./src}}":       "Resource with id [F] is invalid. 'CodeUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.",
		"F: {Type: 'AWS::Serverless::Function', Properties: {InlineCode: x}}":                                           "Resource with id [F] is invalid. Runtime and Handler needs to be present when PackageType is of type `Zip`",
		"F: " + function + ", Events: {A: {Type: Api, Properties: {Path: /}}}}}":                                        "Resource with id [F] is invalid. Event with id [A] is invalid. Missing required property 'Method'.",
		"F: " + function + ", Events: {A: {Type: Pigeon}}}}":                                                            "Resource with id [F] is invalid. Event with id [A] is invalid. Event type 'Pigeon' is not supported",
		"F: " + function + ", Policies: [SQSPollerPolicy: {}]}}":                                                        "Resource with id [F] is invalid. Following required parameters of template 'SQSPollerPolicy' don't have values: ['QueueName']",
		"A: {Type: 'AWS::Serverless::Api', Properties: {}}":                                                             "Resource with id [A] is invalid. Missing required property 'StageName'.",
		"C: {Type: 'AWS::Serverless::Connector', Properties: {}}":                                                       "Resource with id [C] is invalid. the embedded AWS does not transform AWS::Serverless::Connector",
		"A: {Type: 'AWS::Serverless::Application', Properties: {Location: {ApplicationId: a, SemanticVersion: 1.0.0}}}": "Resource with id [A] is invalid. the embedded AWS does not hold applications of the Serverless Application Repository",
	} {
		_, err := transformed(t, "Parameters: {Stage: {Type: String}}\nResources:\n  "+resources)
		full := "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document. Number of errors found: 1. " + want
		if err == nil || err.Error() != full {
			t.Errorf("%s:\n got %v\nwant %s", resources, err, full)
		}
	}
}
