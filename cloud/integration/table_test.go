package integration

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/cloud/integration/internal/model"
)

// What setmend itself does, a definition can do too.
func TestEveryActionOfTheCloudPackageIsInTheTable(t *testing.T) {
	permitted := map[string]bool{}
	for _, service := range []string{"cloudformation", "organizations", "sts", "ssm", "sns", "s3", "cloudwatch", "sfn"} {
		for _, o := range operationsOf(service) {
			permitted[o.permission()] = true
		}
	}
	for _, a := range cloud.Actions() {
		if !permitted[a.Permission()] {
			t.Errorf("%s:%s is missing", a.Service, a.Name)
		}
	}
}

func TestTheActionsOfTheKnownWorkflowsAreInTheTable(t *testing.T) {
	table := NewTable()
	for _, name := range []string{
		"rds:copyDBSnapshot", "rds:describeDBSnapshots", "rds:describeDBSnapshotAttributes", "rds:modifyDBSnapshotAttribute",
		"rds:deleteDBSnapshot", "rds:createDBSnapshot", "ssm:describeInstancePatches", "ec2:describeInstances",
		"ec2:rebootInstances", "elasticloadbalancingv2:registerTargets", "elasticloadbalancingv2:deregisterTargets",
		"elasticloadbalancingv2:describeTargetHealth", "cloudwatch:enableAlarmActions", "cloudwatch:disableAlarmActions",
		"cloudwatch:describeAlarms", "eventbridge:enableRule", "eventbridge:disableRule", "eventbridge:listRules",
		"sns:publish", "lambda:invoke", "sfn:startExecution",
	} {
		if !table.Known(sdkPrefix + name) {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestNoTwoMembersOfAStructureHaveTheSameName(t *testing.T) {
	for _, service := range model.Names() {
		for _, s := range model.Load(service).Shapes {
			if s.Kind == model.Structure && len(members(s)) != len(s.Members) {
				t.Errorf("%s: %v has members that Step Functions' names do not tell apart", service, slices.Sorted(maps.Keys(members(s))))
			}
		}
	}
}

func TestNoTwoActionsOfAServiceHaveTheSameName(t *testing.T) {
	for _, service := range model.Names() {
		streams := 0
		for _, o := range model.Load(service).Operations {
			if o.Streams {
				streams++
			}
		}
		if len(operationsOf(service))+streams != len(model.Load(service).Operations) {
			t.Errorf("%s has actions that Step Functions' names do not tell apart", service)
		}
	}
}

func TestTheOptimisedIntegrationsAndTheirJobsAreInTheFacts(t *testing.T) {
	for name, row := range optimisedRows {
		mustOperation(row.service, row.action)
		for pattern, j := range row.jobs {
			o := mustOperation(j.service, j.describe)
			if !isRead(o.Operation) {
				t.Errorf("%s%s looks at its job with %s, which changes something", name, pattern, o)
			}
			if i := NewTable().find(statesPrefix + name + pattern); i == nil || i.job == nil {
				t.Errorf("%s%s is not found", name, pattern)
			}
		}
	}
}

func TestOnlyWhatIsThereIsFound(t *testing.T) {
	table := NewTable()
	for resource, want := range map[string]bool{
		"arn:aws:states:::aws-sdk:rds:copyDBSnapshot":                       true,
		"arn:aws:states:::aws-sdk:sns:publish.waitForTaskToken":             true,
		"arn:aws:states:::aws-sdk:rds:copyDbSnapshot":                       false,
		"arn:aws:states:::aws-sdk:rds:CopyDBSnapshot":                       false,
		"arn:aws:states:::sns:publish":                                      true,
		"arn:aws:states:::states:startExecution":                            true,
		"arn:aws:states:::states:startExecution.sync:2":                     true,
		"arn:aws:states:::states:startExecution.sync":                       true,
		"arn:aws:states:::sqs:sendMessage.sync":                             false,
		"arn:aws:states:::dynamodb:putItem.waitForTaskToken":                false,
		"arn:aws:states:::aws-sdk:ecs:runTask.sync":                         false,
		"arn:aws:states:::http:invoke":                                      true,
		"arn:aws-cn:states:::lambda:invoke":                                 true,
		"arn:aws-us-gov:states:::aws-sdk:ssm:getParameter":                  true,
		"arn:aws-moon:states:::aws-sdk:ssm:getParameter":                    false,
		"arn:aws:states:eu-central-1:100000000000:aws-sdk:ssm:getParameter": true,
		"arn:aws-us-gov:lambda:us-gov-west-1:100000000000:function:check":   true,
		"arn:aws:lambda:eu-central-1:100000000000:function:check:live":      true,
		"arn:aws:lambda:eu-central-1:100000000000:layer:check":              false,
		"check": false,
		"":      false,
	} {
		if got := table.Known(resource); got != want {
			t.Errorf("%q is known: %v, want %v", resource, got, want)
		}
	}
	b := bind(t, &stub{})
	for _, resource := range []string{"", "arn:aws:states:::aws-sdk:rds:copyDbSnapshot", "no function"} {
		if _, ok := b.Lookup(resource); ok {
			t.Errorf("%q is found", resource)
		}
	}
}

const careless = `{"StartAt":"Copy","States":{
 "Copy":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:rds:copyDBSnapshot","End":true,
  "Parameters":{"SourceDBSnapshotIdentifer.$":"$.id","TargetDBSnapshotIdentifier":7,"CopyTags":true,"Tags":[{"Key":"a","Valu.$":"$.v"}],
   "KmsKeyId.$":"$.key"}},
 "All hosts":{"Type":"Map","ItemProcessor":{"StartAt":"Reboot","States":{
  "Reboot":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:ec2:rebotInstances","End":true},
  "Tell":{"Type":"Task","Resource":"arn:aws:states:::sns:publish","Parameters":{"TopicArn":"t","Message":{"any":"thing"}},"End":true},
  "Look":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"not a name"},"End":true}}},"End":true}}}`

func TestWhatAWSWouldRefuseIsFoundBeforehand(t *testing.T) {
	uses, err := Uses([]byte(careless))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range NewTable().Check(uses, nil) {
		got = append(got, p.Path+": "+p.Message)
		if p.Name != "" && len(p.Candidates) == 0 {
			t.Errorf("%s: no candidates for %s", p.Path, p.Name)
		}
	}
	want := []string{
		`$.States['All hosts'].ItemProcessor.States.Look.Parameters.FunctionName: "not a name" is neither the name nor the ARN of a Lambda function`,
		`$.States['All hosts'].ItemProcessor.States.Reboot.Resource: nothing is known by the name "arn:aws:states:::aws-sdk:ec2:rebotInstances"`,
		`$.States.Copy.Parameters['SourceDBSnapshotIdentifer.$']: rds:copyDBSnapshot has no parameter "SourceDBSnapshotIdentifer"`,
		`$.States.Copy.Parameters.Tags[0]['Valu.$']: rds:copyDBSnapshot has no parameter "Valu"`,
		`$.States.Copy.Parameters.TargetDBSnapshotIdentifier: The field 'TargetDBSnapshotIdentifier' must be a string, not 7`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestThePolicyAllowsWhatTheDefinitionCallsAndNothingElse(t *testing.T) {
	definition := `{"States":{
	 "A":{"Resource":"arn:aws:states:::aws-sdk:rds:copyDBSnapshot","Parameters":{"SourceDBSnapshotIdentifier.$":"$.id","TargetDBSnapshotIdentifier":"copy"}},
	 "B":{"Resource":"arn:aws:states:::sns:publish","Parameters":{"TopicArn":"arn:aws:sns:eu-central-1:100000000000:ops"}},
	 "C":{"Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"check"}},
	 "D":{"Resource":"arn:aws:states:::aws-sdk:elasticloadbalancingv2:describeTargetHealth"},
	 "E":{"Resource":"arn:aws:states:::aws-sdk:ec2:describeInstances"},
	 "F":{"Resource":"arn:aws:states:::aws-sdk:cloudwatch:enableAlarmActions","Parameters":{"AlarmNames":["a","b"]}},
	 "G":{"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","Parameters":{"Bucket":"data","Key":"k"}}},
	 "H":{"Resource":"arn:aws:lambda:eu-central-1:100000000000:function:other"}}}`
	uses, err := Uses([]byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(NewTable().Policy(uses))
	if err != nil {
		t.Fatal(err)
	}
	wantJSON(t, value(t, string(got)), `{"Version":"2012-10-17","Statement":[
	 {"Effect":"Allow","Action":["cloudwatch:EnableAlarmActions"],"Resource":["arn:aws:cloudwatch:*:*:alarm:a","arn:aws:cloudwatch:*:*:alarm:b"]},
	 {"Effect":"Allow","Action":["ec2:DescribeInstances","elasticloadbalancing:DescribeTargetHealth"],"Resource":["*"]},
	 {"Effect":"Allow","Action":["lambda:InvokeFunction"],"Resource":["arn:aws:lambda:*:*:function:check","arn:aws:lambda:*:*:function:check:*",
	   "arn:aws:lambda:eu-central-1:100000000000:function:other","arn:aws:lambda:eu-central-1:100000000000:function:other:*"]},
	 {"Effect":"Allow","Action":["rds:CopyDBSnapshot"],"Resource":["arn:aws:rds:*:*:snapshot:*","arn:aws:rds:*:*:snapshot:copy"]},
	 {"Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::data/*"]},
	 {"Effect":"Allow","Action":["sns:Publish"],"Resource":["arn:aws:sns:eu-central-1:100000000000:ops"]}]}`)
}

// A scope that names a parameter which the action does not have would narrow
// nothing.
func TestScopesNameParametersThatTheActionsHave(t *testing.T) {
	operations := map[string]*operation{}
	for _, service := range []string{
		"cloudformation", "cloudwatch", "ec2", "elasticloadbalancingv2", "eventbridge", "lambda", "rds", "s3", "sns", "sqs", "ssm", "sfn",
	} {
		for _, o := range operationsOf(service) {
			if operations[o.permission()] == nil || o.permission() == o.action.Permission() {
				operations[o.permission()] = o
			}
		}
	}
	for permission, list := range scopes() {
		o := operations[permission]
		if o == nil {
			t.Errorf("no action of the table needs %s", permission)
			continue
		}
		for _, s := range list {
			if members(o.Input)[s.parameter] == nil && s.parameter != "" && !deep(o.Input, s.parameter) {
				t.Errorf("%s has no parameter %s", permission, s.parameter)
			}
			for _, pattern := range s.patterns {
				if !strings.HasPrefix(pattern, "arn:aws:"+strings.Split(permission, ":")[0]+":") {
					t.Errorf("%s is narrowed to %s of another service", permission, pattern)
				}
			}
		}
	}
}

// deep finds a parameter one level down, in the entries of a list.
func deep(s *model.Shape, name string) bool {
	return slices.ContainsFunc(s.Members, func(m *model.Member) bool {
		return m.Shape.Kind == model.List && m.Shape.Elem().Shape.Kind == model.Structure && members(m.Shape.Elem().Shape)[name] != nil
	})
}
