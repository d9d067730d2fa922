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
		"states:StartExecution":                          {arns("StateMachineArn", "arn:aws:states:*:*:stateMachine:%s")},
	}
}

// Policy is what a role needs to run a definition that makes these calls: no
// other action, and no other resource where the definition names those. A call
// that is not in the table asks for nothing.
func (t *Table) Policy(uses []Use) Policy {
	narrow := scopes()
	wanted := map[string][]string{}
	for _, u := range uses {
		permission, u := t.permission(u)
		if permission == "" {
			continue
		}
		for _, resource := range u.resources(narrow[permission]) {
			if !slices.Contains(wanted[permission], resource) {
				wanted[permission] = append(wanted[permission], resource)
			}
		}
	}
	return document(wanted)
}

// permission is the IAM action that a use needs. A function that is the Resource
// itself is put where the integration has it.
func (t *Table) permission(u Use) (string, Use) {
	resource := plain(u.Resource)
	if i, ok := t.resources[resource]; ok {
		return i.operation.permission(), u
	}
	if i, ok := t.resources[sdkPrefix+strings.TrimPrefix(resource, statesPrefix)]; ok && isS3(resource) {
		return i.operation.permission(), u
	}
	switch {
	case resource == lambdaInvoke:
		return "lambda:InvokeFunction", u
	case isLambdaARN(resource):
		u.Parameters = map[string]any{"FunctionName": resource}
		return "lambda:InvokeFunction", u
	}
	return "", u
}

// permission is the IAM action of an operation. Lambda's is called differently.
func (o *operation) permission() string {
	if o.action.Name == "Invoke" {
		return "lambda:InvokeFunction"
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
			list = append(list, s.expand(name)...)
		}
	}
	return list
}

// expand makes ARNs of a name. One that is an ARN already stays, with what a
// pattern adds to its end.
func (s scope) expand(name string) []string {
	var list []string
	for _, pattern := range s.patterns {
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
func document(wanted map[string][]string) Policy {
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
