package integration

import (
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// services makes the table, with clients for a connection. A row says whether the
// action changes something, and whether it may be sent again when its answer was
// lost.
func services(sdk aws.Config) []*service {
	return []*service{
		cloudFormation(sdk), organization(sdk), databases(sdk), computers(sdk), balancers(sdk), alarms(sdk), rules(sdk),
		functions(sdk), objects(sdk), executions(sdk), topics(sdk), systems(sdk), tokens(sdk),
	}
}

func cloudFormation(sdk aws.Config) *service {
	c := cloudformation.NewFromConfig(sdk)
	return serve("cloudformation", "CloudFormation", "cloudformation",
		read(c.ListStackSets),
		read(c.DescribeStackSet),
		read(c.ListStackInstances),
		read(c.DescribeStackInstance),
		read(c.ListStackSetOperations),
		read(c.DescribeStackSetOperation),
		read(c.ListStackSetOperationResults),
		read(c.ListStackInstanceResourceDrifts),
		read(c.DescribeOrganizationsAccess),
		write(c.CreateStackInstances),
		write(c.UpdateStackInstances),
		write(c.DeleteStackInstances),
		write(c.DetectStackSetDrift),
		write(c.StopStackSetOperation),
		read(c.DescribeStacks),
		read(c.DescribeStackEvents),
		read(c.DescribeStackResources),
		read(c.ListStacks),
		read(c.GetTemplate),
		read(c.DescribeChangeSet),
		read(c.DetectStackDrift),
		read(c.DescribeStackDriftDetectionStatus),
		read(c.DescribeStackResourceDrifts),
		set(c.CreateChangeSet),
		set(c.DeleteChangeSet),
		write(c.ExecuteChangeSet),
		write(c.CreateStack),
		write(c.UpdateStack),
		set(c.DeleteStack),
	)
}

func organization(sdk aws.Config) *service {
	c := organizations.NewFromConfig(sdk)
	return serve("organizations", "Organizations", "organizations",
		read(c.DescribeOrganization),
		read(c.ListRoots),
		read(c.ListAccounts),
		read(c.DescribeAccount),
		read(c.DescribeOrganizationalUnit),
		read(c.ListDelegatedAdministrators),
		read(c.ListAWSServiceAccessForOrganization),
		read(c.ListParents),
		read(c.ListChildren),
		read(c.ListAccountsForParent),
		read(c.ListOrganizationalUnitsForParent),
	)
}

func databases(sdk aws.Config) *service {
	c := rds.NewFromConfig(sdk)
	return serve("rds", "Rds", "rds",
		read(c.DescribeDBInstances),
		read(c.DescribeDBClusters),
		read(c.DescribeDBSnapshots),
		read(c.DescribeDBSnapshotAttributes),
		write(c.CreateDBSnapshot),
		write(c.CopyDBSnapshot),
		set(c.ModifyDBSnapshotAttribute),
		set(c.DeleteDBSnapshot),
		read(c.DescribeDBClusterSnapshots),
		read(c.DescribeDBClusterSnapshotAttributes),
		write(c.CreateDBClusterSnapshot),
		write(c.CopyDBClusterSnapshot),
		set(c.ModifyDBClusterSnapshotAttribute),
		set(c.DeleteDBClusterSnapshot),
		write(c.RestoreDBInstanceFromDBSnapshot),
		read(c.ListTagsForResource),
		set(c.AddTagsToResource),
	)
}

func computers(sdk aws.Config) *service {
	c := ec2.NewFromConfig(sdk)
	return serve("ec2", "Ec2", "ec2",
		read(c.DescribeInstances),
		read(c.DescribeInstanceStatus),
		write(c.RebootInstances),
		set(c.StartInstances),
		set(c.StopInstances),
		read(c.DescribeRegions),
	)
}

func balancers(sdk aws.Config) *service {
	c := elasticloadbalancingv2.NewFromConfig(sdk)
	return serve("elasticloadbalancingv2", "ElasticLoadBalancingV2", "elasticloadbalancing",
		set(c.RegisterTargets),
		set(c.DeregisterTargets),
		read(c.DescribeTargetHealth),
		read(c.DescribeTargetGroups),
	)
}

func alarms(sdk aws.Config) *service {
	c := cloudwatch.NewFromConfig(sdk)
	return serve("cloudwatch", "CloudWatch", "cloudwatch",
		set(c.EnableAlarmActions),
		set(c.DisableAlarmActions),
		read(c.DescribeAlarms),
		write(c.PutMetricData),
	)
}

func rules(sdk aws.Config) *service {
	c := eventbridge.NewFromConfig(sdk)
	return serve("eventbridge", "EventBridge", "events",
		set(c.EnableRule),
		set(c.DisableRule),
		read(c.DescribeRule),
		read(c.ListRules),
		write(c.PutEvents),
	)
}

func functions(sdk aws.Config) *service {
	c := patientLambda(sdk)
	return serve("lambda", "Lambda", "lambda",
		write(c.Invoke),
		read(c.GetFunction),
	)
}

func objects(sdk aws.Config) *service {
	c := pathStyleS3(sdk)
	return serve("s3", "S3", "s3",
		read(c.GetObject),
		set(c.PutObject),
		set(c.DeleteObject),
		read(c.ListObjectsV2),
	)
}

func executions(sdk aws.Config) *service {
	c := sfn.NewFromConfig(sdk)
	return serve("sfn", "Sfn", "states",
		write(c.StartExecution),
		read(c.DescribeExecution),
		read(c.ListExecutions),
		set(c.StopExecution),
	)
}

func topics(sdk aws.Config) *service {
	c := sns.NewFromConfig(sdk)
	return serve("sns", "Sns", "sns",
		write(c.Publish),
		read(c.ListTopics),
	)
}

func systems(sdk aws.Config) *service {
	c := ssm.NewFromConfig(sdk)
	return serve("ssm", "Ssm", "ssm",
		read(c.DescribeInstancePatches),
		read(c.DescribeInstancePatchStates),
		read(c.DescribeInstanceInformation),
		read(c.GetParameter),
		read(c.GetParametersByPath),
		write(c.PutParameter),
		write(c.SendCommand),
		read(c.GetCommandInvocation),
	)
}

func tokens(sdk aws.Config) *service {
	c := sts.NewFromConfig(sdk)
	return serve("sts", "Sts", "sts",
		read(c.GetCallerIdentity),
	)
}

// pathStyleS3 reaches buckets at other endpoints than AWS's, which rarely have a
// host name for each bucket.
func pathStyleS3(sdk aws.Config) *s3.Client {
	return s3.NewFromConfig(sdk, func(o *s3.Options) {
		o.UsePathStyle = sdk.BaseEndpoint != nil
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	})
}

// lambdaTimeout is longer than a function may run (15 minutes): the answer to a
// synchronous invocation comes when the function is done.
const lambdaTimeout = 16 * time.Minute

func patientLambda(sdk aws.Config) *lambda.Client {
	switch c := sdk.HTTPClient.(type) {
	case *awshttp.BuildableClient:
		sdk.HTTPClient = c.WithTimeout(lambdaTimeout)
	case *http.Client:
		patient := *c
		patient.Timeout = lambdaTimeout
		sdk.HTTPClient = &patient
	}
	return lambda.NewFromConfig(sdk)
}
