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

// services makes the table. A row says whether the action changes something, and
// whether it may be sent again when its answer was lost.
func services() []*service {
	return []*service{
		cloudFormation(), organization(), databases(), computers(), balancers(), alarms(), rules(),
		serve("lambda", "Lambda", "lambda", patientLambda,
			write((*lambda.Client).Invoke),
			read((*lambda.Client).GetFunction),
		),
		serve("s3", "S3", "s3", pathStyleS3,
			read((*s3.Client).GetObject),
			set((*s3.Client).PutObject),
			set((*s3.Client).DeleteObject),
			read((*s3.Client).ListObjectsV2),
		),
		serve("sfn", "Sfn", "states", client(sfn.NewFromConfig),
			write((*sfn.Client).StartExecution),
			read((*sfn.Client).DescribeExecution),
			read((*sfn.Client).ListExecutions),
			set((*sfn.Client).StopExecution),
		),
		serve("sns", "Sns", "sns", client(sns.NewFromConfig),
			write((*sns.Client).Publish),
			read((*sns.Client).ListTopics),
		),
		serve("ssm", "Ssm", "ssm", client(ssm.NewFromConfig),
			read((*ssm.Client).DescribeInstancePatches),
			read((*ssm.Client).DescribeInstancePatchStates),
			read((*ssm.Client).DescribeInstanceInformation),
			read((*ssm.Client).GetParameter),
			read((*ssm.Client).GetParametersByPath),
			write((*ssm.Client).PutParameter),
			write((*ssm.Client).SendCommand),
			read((*ssm.Client).GetCommandInvocation),
		),
		serve("sts", "Sts", "sts", client(sts.NewFromConfig),
			read((*sts.Client).GetCallerIdentity),
		),
	}
}

func cloudFormation() *service {
	type c = *cloudformation.Client
	return serve("cloudformation", "CloudFormation", "cloudformation", client(cloudformation.NewFromConfig),
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

func organization() *service {
	type c = *organizations.Client
	return serve("organizations", "Organizations", "organizations", client(organizations.NewFromConfig),
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

func databases() *service {
	type c = *rds.Client
	return serve("rds", "Rds", "rds", client(rds.NewFromConfig),
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

func computers() *service {
	type c = *ec2.Client
	return serve("ec2", "Ec2", "ec2", client(ec2.NewFromConfig),
		read(c.DescribeInstances),
		read(c.DescribeInstanceStatus),
		write(c.RebootInstances),
		set(c.StartInstances),
		set(c.StopInstances),
		read(c.DescribeRegions),
	)
}

func balancers() *service {
	type c = *elasticloadbalancingv2.Client
	return serve("elasticloadbalancingv2", "ElasticLoadBalancingV2", "elasticloadbalancing", client(elasticloadbalancingv2.NewFromConfig),
		set(c.RegisterTargets),
		set(c.DeregisterTargets),
		read(c.DescribeTargetHealth),
		read(c.DescribeTargetGroups),
	)
}

func alarms() *service {
	type c = *cloudwatch.Client
	return serve("cloudwatch", "CloudWatch", "cloudwatch", client(cloudwatch.NewFromConfig),
		set(c.EnableAlarmActions),
		set(c.DisableAlarmActions),
		read(c.DescribeAlarms),
		write(c.PutMetricData),
	)
}

func rules() *service {
	type c = *eventbridge.Client
	return serve("eventbridge", "EventBridge", "events", client(eventbridge.NewFromConfig),
		set(c.EnableRule),
		set(c.DisableRule),
		read(c.DescribeRule),
		read(c.ListRules),
		write(c.PutEvents),
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
