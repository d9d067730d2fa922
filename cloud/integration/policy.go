package integration

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Policy is an IAM policy document.
type Policy struct {
	Version   string
	Statement []Statement
}

// A Statement allows actions on resources.
type Statement struct {
	Effect   string
	Action   []string
	Resource []string
	// Condition narrows further, by operator and key.
	Condition map[string]map[string]string `json:",omitempty"`
}

// A scope says which resources of AWS a parameter names: patterns of ARNs with %s
// for its value. AWS's Service Authorization Reference has what each action can be
// narrowed to.
type scope struct {
	parameter string
	patterns  []string
}

// arns is the scope of a parameter that is a name or an ARN.
func arns(parameter string, patterns ...string) scope { return scope{parameter, patterns} }

// Patterns of ARNs.
const (
	snapshotARN        = "arn:aws:rds:*:*:snapshot:%s"
	clusterSnapshotARN = "arn:aws:rds:*:*:cluster-snapshot:%s"
	alarmARN           = "arn:aws:cloudwatch:*:*:alarm:%s"
	ruleARN            = "arn:aws:events:*:*:rule/%s"
	instanceARN        = "arn:aws:ec2:*:*:instance/%s"
	functionARN        = "arn:aws:lambda:*:*:function:%s"
	stackSetARN        = "arn:aws:cloudformation:*:*:stackset/%s:*"
	stackSetTargetARN  = "arn:aws:cloudformation:*:*:stackset-target/%s:*"
	stackARN           = "arn:aws:cloudformation:*:*:stack/%s/*"
	targetGroupARN     = "arn:aws:elasticloadbalancing:*:*:targetgroup/%s/*"
	parameterARN       = "arn:aws:ssm:*:*:parameter/%s"
)

// scopes narrow actions, by IAM action. What is not here cannot be narrowed, or
// only by what no definition tells.
func scopes() map[string][]scope {
	alarm := []scope{arns("AlarmNames", alarmARN)}
	rule := []scope{arns("Name", ruleARN)}
	snapshot := []scope{arns("DbSnapshotIdentifier", snapshotARN)}
	clusterSnapshot := []scope{arns("DbClusterSnapshotIdentifier", clusterSnapshotARN)}
	instances := []scope{arns("InstanceIds", instanceARN)}
	targets := []scope{arns("TargetGroupArn", targetGroupARN)}
	stackSet := []scope{arns("StackSetName", stackSetARN)}
	stackInstances := []scope{arns("StackSetName", stackSetARN, stackSetTargetARN), {"", []string{"arn:aws:cloudformation:*::type/resource/*"}}}
	stack := []scope{arns("StackName", stackARN)}
	return map[string][]scope{
		"cloudformation:CreateStackInstances":            stackInstances,
		"cloudformation:DeleteStackInstances":            stackInstances,
		"cloudformation:UpdateStackInstances":            stackInstances,
		"cloudformation:DescribeStackInstance":           stackSet,
		"cloudformation:DescribeStackSet":                stackSet,
		"cloudformation:DescribeStackSetOperation":       stackSet,
		"cloudformation:DetectStackSetDrift":             stackSet,
		"cloudformation:ListStackInstances":              stackSet,
		"cloudformation:ListStackSetOperations":          stackSet,
		"cloudformation:ListStackSetOperationResults":    stackSet,
		"cloudformation:StopStackSetOperation":           stackSet,
		"cloudformation:ListStackInstanceResourceDrifts": stackSet,
		"cloudformation:CreateChangeSet":                 stack,
		"cloudformation:CreateStack":                     stack,
		"cloudformation:DeleteChangeSet":                 stack,
		"cloudformation:DeleteStack":                     stack,
		"cloudformation:DescribeChangeSet":               stack,
		"cloudformation:DescribeStackEvents":             stack,
		"cloudformation:DescribeStackResourceDrifts":     stack,
		"cloudformation:DescribeStackResources":          stack,
		"cloudformation:DetectStackDrift":                stack,
		"cloudformation:ExecuteChangeSet":                stack,
		"cloudformation:GetTemplate":                     stack,
		"cloudformation:UpdateStack":                     stack,
		"cloudwatch:DisableAlarmActions":                 alarm,
		"cloudwatch:EnableAlarmActions":                  alarm,
		"ec2:RebootInstances":                            instances,
		"ec2:StartInstances":                             instances,
		"ec2:StopInstances":                              instances,
		"elasticloadbalancing:DeregisterTargets":         targets,
		"elasticloadbalancing:RegisterTargets":           targets,
		"events:DescribeRule":                            rule,
		"events:DisableRule":                             rule,
		"events:EnableRule":                              rule,
		"events:PutEvents":                               {arns("EventBusName", "arn:aws:events:*:*:event-bus/%s")},
		"lambda:GetFunction":                             {arns("FunctionName", functionARN)},
		"lambda:InvokeFunction":                          {arns("FunctionName", functionARN, functionARN+":*")},
		"rds:CopyDBClusterSnapshot":                      {arns("SourceDBClusterSnapshotIdentifier", clusterSnapshotARN), arns("TargetDBClusterSnapshotIdentifier", clusterSnapshotARN)},
		"rds:CopyDBSnapshot":                             {arns("SourceDBSnapshotIdentifier", snapshotARN), arns("TargetDBSnapshotIdentifier", snapshotARN)},
		"rds:CreateDBClusterSnapshot":                    append([]scope{arns("DbClusterIdentifier", "arn:aws:rds:*:*:cluster:%s")}, clusterSnapshot...),
		"rds:CreateDBSnapshot":                           append([]scope{arns("DbInstanceIdentifier", "arn:aws:rds:*:*:db:%s")}, snapshot...),
		"rds:DeleteDBClusterSnapshot":                    clusterSnapshot,
		"rds:DeleteDBSnapshot":                           snapshot,
		"rds:DescribeDBClusterSnapshotAttributes":        clusterSnapshot,
		"rds:DescribeDBSnapshotAttributes":               snapshot,
		"rds:ModifyDBClusterSnapshotAttribute":           clusterSnapshot,
		"rds:ModifyDBSnapshotAttribute":                  snapshot,
		"s3:DeleteObject":                                {arns("Bucket", "arn:aws:s3:::%s/*")},
		"s3:GetObject":                                   {arns("Bucket", "arn:aws:s3:::%s/*")},
		"s3:ListBucket":                                  {arns("Bucket", "arn:aws:s3:::%s")},
		"s3:PutObject":                                   {arns("Bucket", "arn:aws:s3:::%s/*")},
		"sns:Publish":                                    {arns("TopicArn", "arn:aws:sns:*:*:%s")},
		"ssm:GetParameter":                               {arns("Name", parameterARN)},
		"ssm:PutParameter":                               {arns("Name", parameterARN)},
		"sqs:SendMessage":                                {arns("QueueUrl", "arn:aws:sqs:*:*:%s")},
		"states:StartExecution":                          {arns("StateMachineArn", "arn:aws:states:*:*:stateMachine:%s")},
	}
}

// Policy is what a role needs to run a definition that makes these calls: no
// other action, and no other resource where the definition names those. A call
// that is not in the table asks for nothing.
func (t *Table) Policy(uses []Use) Policy {
	narrow := scopes()
	wanted := permissions{}
	for _, u := range uses {
		if u.Role != "" { // what the call itself needs is the role's
			wanted.add("sts:AssumeRole", u.Role)
			continue
		}
		for _, need := range t.permissions(u) {
			for _, resource := range need.use.resources(narrow[need.permission]) {
				wanted.add(need.permission, resource)
			}
		}
	}
	return document(wanted)
}

// permissions are resources by IAM action.
type permissions map[string][]string

func (p permissions) add(permission, resource string) {
	if !slices.Contains(p[permission], resource) {
		p[permission] = append(p[permission], resource)
	}
}

// A need is an IAM action with what it is needed for.
type need struct {
	permission string
	use        Use
}

// permissions are the IAM actions that a use needs: of the call, and of looking at
// the job that it begins. A function that is the Resource itself is put where the
// integration has it.
func (t *Table) permissions(u Use) []need {
	if call, ok := own(u.Resource); ok {
		var needs []need
		for _, permission := range call.permissions {
			needs = append(needs, need{permission, Use{}})
		}
		return needs
	}
	switch i := t.find(u.Resource); {
	case i != nil:
		needs := []need{{i.operation.permission(), u}}
		if i.job != nil {
			needs = append(needs, need{mustOperation(i.job.service, i.job.describe).permission(), Use{}})
		}
		return needs
	case isS3(u.Resource):
		name, _ := parseResource(u.Resource)
		if o := operationsOf("s3")[name.action]; o != nil {
			return []need{{o.permission(), u}}
		}
	case isInvoke(u.Resource):
		return []need{{"lambda:InvokeFunction", u}}
	case isLambdaARN(u.Resource), openPart.FindString(u.Resource) == u.Resource && u.Resource != "" && !strings.Contains(strings.ToLower(u.Resource), "activity"):
		u.Parameters = map[string]any{"FunctionName": u.Resource}
		return []need{{"lambda:InvokeFunction", u}}
	}
	return nil
}

// otherPermissions are operations whose IAM action has another name than theirs.
// AWS's Service Authorization Reference has them.
var otherPermissions = map[string]string{
	"lambda:Invoke":                      "lambda:InvokeFunction",
	"lambda:InvokeAsync":                 "lambda:InvokeFunction",
	"s3:ListObjects":                     "s3:ListBucket",
	"s3:ListObjectsV2":                   "s3:ListBucket",
	"s3:ListObjectVersions":              "s3:ListBucketVersions",
	"s3:ListBuckets":                     "s3:ListAllMyBuckets",
	"s3:ListMultipartUploads":            "s3:ListBucketMultipartUploads",
	"s3:ListParts":                       "s3:ListMultipartUploadParts",
	"s3:HeadBucket":                      "s3:ListBucket",
	"s3:HeadObject":                      "s3:GetObject",
	"s3:CopyObject":                      "s3:PutObject",
	"s3:DeleteObjects":                   "s3:DeleteObject",
	"s3:CreateMultipartUpload":           "s3:PutObject",
	"s3:UploadPart":                      "s3:PutObject",
	"s3:UploadPartCopy":                  "s3:PutObject",
	"s3:CompleteMultipartUpload":         "s3:PutObject",
	"s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
	"s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
	"s3:GetBucketEncryption":             "s3:GetEncryptionConfiguration",
	"s3:PutBucketEncryption":             "s3:PutEncryptionConfiguration",
	"s3:GetBucketReplication":            "s3:GetReplicationConfiguration",
	"s3:PutBucketReplication":            "s3:PutReplicationConfiguration",
	"dynamodb:TransactWriteItems":        "dynamodb:PutItem",
	"dynamodb:TransactGetItems":          "dynamodb:GetItem",
	"dynamodb:ExecuteStatement":          "dynamodb:PartiQLSelect",
	"sqs:SendMessageBatch":               "sqs:SendMessage",
	"sqs:DeleteMessageBatch":             "sqs:DeleteMessage",
	"sqs:ChangeMessageVisibilityBatch":   "sqs:ChangeMessageVisibility",
	"sns:PublishBatch":                   "sns:Publish",
}

// permission is the IAM action of an operation.
func (o *operation) permission() string {
	if other, ok := otherPermissions[o.action.Service+":"+o.Name]; ok {
		return other
	}
	return o.action.Permission()
}

// resources are the ARNs that a call is about.
func (u Use) resources(scopes []scope) []string {
	if scopes == nil {
		return []string{"*"}
	}
	var list []string
	for _, s := range scopes {
		if s.parameter == "" {
			list = append(list, s.patterns...)
			continue
		}
		names := u.constants(s.parameter)
		if names == nil {
			names = []string{"*"}
		}
		for _, name := range names {
			if s.givenAsARN(name) {
				list = append(list, name)
				continue
			}
			list = append(list, s.expand(name)...)
		}
	}
	return list
}

// givenAsARN reports whether a substitution has an ARN for its value, judged by the
// name of the parameter or its own.
func (s scope) givenAsARN(value string) bool {
	name, ok := strings.CutPrefix(value, "${")
	name, closed := strings.CutSuffix(name, "}")
	if !ok || !closed || strings.ContainsAny(name, "{}") {
		return false
	}
	return strings.HasSuffix(s.parameter, "Arn") || strings.HasSuffix(strings.ToLower(name), "arn")
}

// expand makes ARNs of a name. One that is an ARN already stays, with what a
// pattern adds to its end.
func (s scope) expand(name string) []string {
	var list []string
	for _, pattern := range s.patterns {
		if strings.HasPrefix(name, "https://") { // a queue's address ends with its name
			name = name[strings.LastIndex(name, "/")+1:]
		}
		arn := fmt.Sprintf(pattern, strings.TrimPrefix(name, "/"))
		if strings.HasPrefix(name, "arn:") {
			arn = name
			if pattern == functionARN+":*" {
				arn += ":*"
			}
		}
		if !slices.Contains(list, arn) {
			list = append(list, arn)
		}
	}
	return list
}

// document puts the actions with the same resources into one statement.
func document(wanted permissions) Policy {
	statements := map[string]*Statement{}
	for permission, resources := range wanted {
		slices.Sort(resources)
		key := strings.Join(resources, " ")
		s := statements[key]
		if s == nil {
			s = &Statement{Effect: "Allow", Resource: resources}
			statements[key] = s
		}
		s.Action = append(s.Action, permission)
	}
	p := Policy{Version: "2012-10-17", Statement: []Statement{}}
	for _, s := range statements {
		slices.Sort(s.Action)
		p.Statement = append(p.Statement, *s)
	}
	slices.SortFunc(p.Statement, func(a, b Statement) int { return cmp.Compare(a.Action[0], b.Action[0]) })
	return p
}
