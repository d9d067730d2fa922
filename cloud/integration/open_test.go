package integration

import (
	"strings"
	"testing"
)

// checked are the problems of one call in a definition.
func checked(t *testing.T, resource, parameters string) string {
	t.Helper()
	uses, err := Uses([]byte(`{"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "` + resource + `", "Parameters": ` + parameters + `, "End": true}}}`))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, p := range NewTable().Check(uses, nil) {
		all = append(all, p.Message)
	}
	return strings.Join(all, "; ")
}

func TestSubstitutionsInResourcesAreNotUnknown(t *testing.T) {
	for _, c := range []struct{ resource, parameters, want string }{
		{"${WorkFunction}", `{}`, ""},
		{"arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:${Name}", `{}`, ""},
		{"arn:aws:lambda:eu-west-1:111122223333:function:work-${Stage}:$LATEST", `{}`, ""},
		{"arn:${AWS::Partition}:states:::ecs:runTask.sync", `{"TaskDefinition": "t"}`, ""},
		{"arn:${Partition}:states:::ecs:runTask.sync", `{"TaskDefinitoin": "t"}`, `ecs:runTask has no parameter "TaskDefinitoin"`},
		{"arn:aws:states:${AWS::Region}::sns:publish", `{"TopicArn": "t", "Message": "m"}`, ""},
		{"arn:aws:states:::aws-sdk:${Service}:list", `{}`, ""},
		{"arn:aws:states:::aws-sdk:ec2:${Action}", `{}`, ""},
		{"arn:${P}:states:::ecs:runTsak", `{}`, `nothing is known by the name "arn:${P}:states:::ecs:runTsak"`},
		{"arn:aws:states:::aws-sdk:sqs:receiveMessage", `{"QueueUrl": "${Q}", "MaxNumberOfMessages": "${Most}"}`, ""},
		{"arn:aws:states:::aws-sdk:sqs:receiveMessage", `{"QueueUrl": "${Q}", "MaxNumberOfMessages": "a ${Most}"}`, `The field 'MaxNumberOfMessages' must be a whole number, not "a ${Most}"`},
	} {
		if got := checked(t, c.resource, c.parameters); got != c.want {
			t.Errorf("%s\ngives %q, want %q", c.resource, got, c.want)
		}
	}
}

func TestStepFunctionsOwnCallsAreChecked(t *testing.T) {
	for _, c := range []struct{ resource, parameters, want string }{
		{"arn:aws:states:::http:invoke", `{"ApiEndpoint": "https://a", "Method": "GET", "InvocationConfig": {}}`, ""},
		{"arn:aws:states:::http:invoke.waitForTaskToken", `{}`, `nothing is known by the name "arn:aws:states:::http:invoke.waitForTaskToken"`},
		{"arn:aws:states:::apigateway:invoke", `{"ApiEndpoint": "a", "Method.$": "$.m", "Stage": "s", "AuthType": "IAM_ROLE"}`, ""},
		{"arn:aws:states:::apigateway:invoke.waitForTaskToken", `{"ApiEndpoint": "a", "Method": "POST"}`, ""},
		{"arn:aws:states:::apigateway:invoke", `{"ApiEndpoint": "a"}`, `apigateway:invoke needs the parameter "Method"`},
		{"arn:aws:states:::apigateway:invoke", `{"Endpoint": "a", "Method": "GET"}`, `apigateway:invoke has no parameter "Endpoint"`},
		{"arn:aws:states:::elasticmapreduce:modifyInstanceGroupByName", `{"ClusterId": "c", "InstanceGroupName": "g", "InstanceGroup": {}}`, ""},
	} {
		if got := checked(t, c.resource, c.parameters); got != c.want {
			t.Errorf("%s %s\ngives %q, want %q", c.resource, c.parameters, got, c.want)
		}
	}
}
