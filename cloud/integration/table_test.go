package integration

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/cloud"
)

// What setmend itself does on CloudFormation and Organizations, a definition can
// do too.
func TestEveryActionOfTheCloudPackageIsInTheTable(t *testing.T) {
	permitted := map[string]bool{}
	for _, i := range NewTable().resources {
		permitted[i.operation.permission()] = true
	}
	for _, a := range cloud.Actions() {
		if (a.Service == "cloudformation" || a.Service == "organizations") && !permitted[a.Permission()] {
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

// Every member of every input can be given, and every member of every output can
// be written: no type turns up that the two do not know.
func TestAllInputsAndOutputsAreOfTypesThatHaveAJSONForm(t *testing.T) {
	for resource, i := range NewTable().resources {
		for path, broken := range unsupported(i.operation.in, "", map[reflect.Type]bool{}) {
			t.Errorf("%s: input %s is of type %s", resource, path, broken)
		}
	}
}

func unsupported(t reflect.Type, path string, seen map[reflect.Type]bool) map[string]reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	bad := map[string]reflect.Type{}
	if seen[t] || t == timeType || t == readerType {
		return bad
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Map:
		return unsupported(t.Elem(), path+".*", seen)
	case reflect.Struct:
		for name, i := range members(t) {
			for at, of := range unsupported(t.Field(i).Type, path+"."+name, seen) {
				bad[at] = of
			}
		}
	case reflect.String, reflect.Bool, reflect.Int32, reflect.Int64, reflect.Float32, reflect.Float64, reflect.Uint8:
	default:
		bad[path] = t
	}
	return bad
}

func TestNoTwoMembersOfAnInputHaveTheSameName(t *testing.T) {
	for resource, i := range NewTable().resources {
		count := 0
		for f := range i.operation.in.NumField() {
			if isMember(i.operation.in.Field(f)) {
				count++
			}
		}
		if len(members(i.operation.in)) != count {
			t.Errorf("%s has members that Step Functions' names do not tell apart", resource)
		}
	}
}

func TestOnlyWhatIsThereIsFound(t *testing.T) {
	table := NewTable()
	for resource, want := range map[string]bool{
		"arn:aws:states:::aws-sdk:rds:copyDBSnapshot":                  true,
		"arn:aws:states:::aws-sdk:sns:publish.waitForTaskToken":        true,
		"arn:aws:states:::aws-sdk:rds:copyDbSnapshot":                  false,
		"arn:aws:states:::aws-sdk:rds:CopyDBSnapshot":                  false,
		"arn:aws:states:::sns:publish":                                 true,
		"arn:aws:states:::states:startExecution":                       true,
		"arn:aws:states:::states:startExecution.sync:2":                false,
		"arn:aws:lambda:eu-central-1:100000000000:function:check:live": true,
		"arn:aws:lambda:eu-central-1:100000000000:layer:check":         false,
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
	for _, i := range NewTable().resources {
		operations[i.operation.permission()] = i.operation
	}
	for permission, list := range scopes() {
		o := operations[permission]
		if o == nil {
			t.Errorf("no action of the table needs %s", permission)
			continue
		}
		for _, s := range list {
			if _, ok := members(o.in)[s.parameter]; !ok && s.parameter != "" && !deep(o.in, s.parameter) {
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
func deep(t reflect.Type, name string) bool {
	for f := range t.NumField() {
		if inner := t.Field(f).Type; inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Struct {
			if _, ok := members(inner.Elem())[name]; ok {
				return true
			}
		}
	}
	return false
}
