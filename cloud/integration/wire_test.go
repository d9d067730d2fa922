package integration

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const snapshots = `<DescribeDBSnapshotsResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><DescribeDBSnapshotsResult>
<DBSnapshots><DBSnapshot><DBSnapshotIdentifier>dr-1</DBSnapshotIdentifier><DBInstanceIdentifier>orders</DBInstanceIdentifier>
<SnapshotCreateTime>2026-01-15T06:00:00.123Z</SnapshotCreateTime><Status>available</Status><Encrypted>false</Encrypted>
<AllocatedStorage>20</AllocatedStorage></DBSnapshot></DBSnapshots></DescribeDBSnapshotsResult>
<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></DescribeDBSnapshotsResponse>`

func TestAnswersHaveStepFunctionsNamesAndValues(t *testing.T) {
	aws := &stub{status: 200, body: snapshots}
	got := bind(t, aws).call(t, "rds:describeDBSnapshots", `{"DbInstanceIdentifier":"orders","MaxRecords":20,"Marker":null,"IncludeShared":true}`)
	wantJSON(t, got, `{"DbSnapshots":[{"DbSnapshotIdentifier":"dr-1","DbInstanceIdentifier":"orders",
		"SnapshotCreateTime":"2026-01-15T06:00:00.123Z","Status":"available","Encrypted":false,"AllocatedStorage":20}]}`)
	form := aws.asked[0].Form
	if form.Get("DBInstanceIdentifier") != "orders" || form.Get("MaxRecords") != "20" || form.Get("IncludeShared") != "true" || form.Has("Marker") {
		t.Errorf("asked %v", form)
	}
}

func TestEmptyListsAreThereAndWhatAWSDidNotSendIsNot(t *testing.T) {
	aws := &stub{status: 200, body: strings.Replace(snapshots, snapshots[strings.Index(snapshots, "<DBSnapshots>"):strings.Index(snapshots, "</DescribeDBSnapshotsResult>")], "<DBSnapshots/>", 1)}
	wantJSON(t, bind(t, aws).call(t, "rds:describeDBSnapshots", `{}`), `{"DbSnapshots":[]}`)
}

func TestErrorsHaveTheJavaSDKsNames(t *testing.T) {
	fault := func(code string) string {
		return `<ErrorResponse><Error><Type>Sender</Type><Code>` + code + `</Code><Message>it is so</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`
	}
	for _, c := range []struct {
		resource, input, code, want string
	}{
		{"rds:copyDBSnapshot", `{"SourceDBSnapshotIdentifier":"a","TargetDBSnapshotIdentifier":"b"}`, "DBSnapshotAlreadyExists", "Rds.DbSnapshotAlreadyExistsException"},
		{"rds:deleteDBSnapshot", `{"DbSnapshotIdentifier":"a"}`, "DBSnapshotNotFound", "Rds.DbSnapshotNotFoundException"},
		{"rds:deleteDBSnapshot", `{"DbSnapshotIdentifier":"a"}`, "ValidationError", "Rds.RdsException"},
		{"elasticloadbalancingv2:registerTargets", `{"TargetGroupArn":"g","Targets":[{"Id":"i-1"}]}`, "TargetGroupNotFound", "ElasticLoadBalancingV2.TargetGroupNotFoundException"},
	} {
		name, cause := bind(t, &stub{status: 400, body: fault(c.code)}).refused(t, c.resource, c.input)
		if name != c.want {
			t.Errorf("%s of %s is named %s, want %s", c.code, c.resource, name, c.want)
		}
		if !strings.HasPrefix(cause, "it is so (Service: ") || !strings.Contains(cause, "Status Code: 400, Request ID: r-1") {
			t.Errorf("cause %q", cause)
		}
	}
}

// EC2's model has no errors: each is named after the service.
func TestAnErrorOfEC2IsNamedAfterTheService(t *testing.T) {
	aws := &stub{status: 400, body: `<Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>no i-1</Message></Error></Errors><RequestID>r-1</RequestID></Response>`}
	name, _ := bind(t, aws).refused(t, "ec2:rebootInstances", `{"InstanceIds":["i-1"]}`)
	if name != "Ec2.Ec2Exception" {
		t.Errorf("named %s", name)
	}
	if form := aws.asked[0].Form; form.Get("InstanceId.1") != "i-1" {
		t.Errorf("asked %v", form)
	}
}

func TestInstancesAreDescribedWithFilters(t *testing.T) {
	aws := &stub{status: 200, body: `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><reservationSet><item><instancesSet><item>
		<instanceId>i-1</instanceId><instanceState><code>16</code><name>running</name></instanceState><launchTime>2026-01-15T06:00:00Z</launchTime></item></instancesSet></item></reservationSet></DescribeInstancesResponse>`}
	got := bind(t, aws).call(t, "ec2:describeInstances", `{"Filters":[{"Name":"tag:tier","Values":["web"]}]}`)
	wantJSON(t, got, `{"Reservations":[{"Instances":[{"InstanceId":"i-1","LaunchTime":"2026-01-15T06:00:00Z","State":{"Code":16,"Name":"running"}}]}]}`)
	if form := aws.asked[0].Form; form.Get("Filter.1.Name") != "tag:tier" || form.Get("Filter.1.Value.1") != "web" {
		t.Errorf("asked %v", form)
	}
}

func TestTargetsHaveTheirHealth(t *testing.T) {
	aws := &stub{status: 200, body: `<DescribeTargetHealthResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><DescribeTargetHealthResult><TargetHealthDescriptions>
		<member><Target><Id>i-1</Id><Port>80</Port></Target><TargetHealth><State>healthy</State></TargetHealth></member></TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>`}
	got := bind(t, aws).call(t, "elasticloadbalancingv2:describeTargetHealth", `{"TargetGroupArn":"g"}`)
	wantJSON(t, got, `{"TargetHealthDescriptions":[{"Target":{"Id":"i-1","Port":80},"TargetHealth":{"State":"healthy"}}]}`)
}

func TestLambdaIsInvokedWithAnObjectAndAnswersText(t *testing.T) {
	aws := &stub{status: 200, header: http.Header{"X-Amz-Executed-Version": {"7"}}, body: `{"ok":true}`}
	got := bind(t, aws).call(t, "lambda:invoke", `{"FunctionName":"check","Payload":{"host":"a<b","n":1.50}}`)
	wantJSON(t, got, `{"ExecutedVersion":"7","StatusCode":200,"Payload":"{\"ok\":true}"}`)
	if aws.asked[0].Body != `{"host":"a<b","n":1.50}` || aws.asked[0].Path != "/2015-03-31/functions/check/invocations" {
		t.Errorf("asked %+v", aws.asked[0])
	}
}

func TestAFunctionGetsTheInputAndAnswersItsPayload(t *testing.T) {
	aws := &stub{status: 200, body: `{"ok":true}`}
	for _, resource := range []string{"check", "check:live", "arn:aws:lambda:eu-central-1:100000000000:function:check"} {
		b := bind(t, aws)
		f, ok := b.Lookup(resource)
		if !ok {
			t.Fatalf("%s is not found", resource)
		}
		out, err := f(t.Context(), json.RawMessage(`{"a":1}`))
		if err != nil || string(out) != `{"ok":true}` || aws.asked[len(aws.asked)-1].Body != `{"a":1}` {
			t.Errorf("%s answers %s, %v", resource, out, err)
		}
	}
}

func TestAFunctionsOwnErrorIsNamedByItsType(t *testing.T) {
	header := http.Header{"X-Amz-Function-Error": {"Unhandled"}}
	for body, want := range map[string]string{
		`{"errorType":"InstanceNotYetStartedException","errorMessage":"not yet"}`: "InstanceNotYetStartedException",
		`out of memory`: "Lambda.Unknown",
	} {
		name, cause := bind(t, &stub{status: 200, header: header, body: body}).refused(t, "check", `{}`)
		if name != want || cause != body {
			t.Errorf("%s is %s with cause %s, want %s", body, name, cause, want)
		}
	}
}

func TestLambdasErrorsHaveTheOptimisedIntegrationsNames(t *testing.T) {
	aws := &stub{status: 404, header: http.Header{"X-Amzn-Errortype": {"ResourceNotFoundException"}}, body: `{"Message":"no such function"}`}
	if name, _ := bind(t, aws).refused(t, "check", `{}`); name != "Lambda.ResourceNotFoundException" {
		t.Errorf("named %s", name)
	}
}

func TestAnExecutionIsStartedWithAnObjectAsInput(t *testing.T) {
	aws := &stub{status: 200, header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, body: `{"executionArn":"e","startDate":1768456800.5}`}
	b := bind(t, aws)
	got := b.call(t, "arn:aws:states:::states:startExecution", `{"StateMachineArn":"m","Name":"n","Input":{"a":[1]}}`)
	wantJSON(t, got, `{"ExecutionArn":"e","StartDate":"2026-01-15T06:00:00.500Z"}`)
	var sent map[string]string
	if err := json.Unmarshal([]byte(aws.asked[0].Body), &sent); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"stateMachineArn": "m", "name": "n", "input": `{"a":[1]}`}, sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
	aws.status, aws.body = 400, `{"__type":"com.amazonaws#ExecutionAlreadyExists","message":"again"}`
	if name, _ := b.refused(t, "arn:aws:states:::states:startExecution", `{"StateMachineArn":"m"}`); name != "StepFunctions.ExecutionAlreadyExistsException" {
		t.Errorf("named %s", name)
	}
}

func TestAlarmActionsAreSwitched(t *testing.T) {
	aws := &stub{status: 200, header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "Smithy-Protocol": {"rpc-v2-cbor"}}, body: "\xa0"}
	for _, action := range []string{"enableAlarmActions", "disableAlarmActions"} {
		wantJSON(t, bind(t, aws).call(t, "cloudwatch:"+action, `{"AlarmNames":["web-5xx"]}`), `{}`)
	}
}

func TestPatchesOfAnInstanceAreListed(t *testing.T) {
	aws := &stub{status: 200, header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		body: `{"Patches":[{"Title":"kernel","KBId":"k.1","State":"Missing","Severity":"Critical","Classification":"Security","InstalledTime":0}]}`}
	got := bind(t, aws).call(t, "ssm:describeInstancePatches", `{"InstanceId":"i-1","Filters":[{"Key":"State","Values":["Missing"]}]}`)
	wantJSON(t, got, `{"Patches":[{"Title":"kernel","KbId":"k.1","State":"Missing","Severity":"Critical","Classification":"Security","InstalledTime":"1970-01-01T00:00:00Z"}]}`)
}

func TestUnknownAndMissingAndUnfitParametersAreRefusedWithoutAsking(t *testing.T) {
	for input, want := range map[string]string{
		`{"DBSnapshotIdentifier":"a"}`:             "The field 'DBSnapshotIdentifier' is not supported by Step Functions",
		`{"DbSnapshotIdentifier":7}`:               "must be a string, not 7",
		`{"MaxRecords":"20"}`:                      `must be a whole number, not "20"`,
		`{"MaxRecords":99999999999}`:               "must be a whole number",
		`{"Filters":{}}`:                           "must be an array",
		`{"Filters":[{"Name":"a","Value":["b"]}]}`: "The field 'Value' is not supported",
		`{"Filters":[{"Values":["b"]}]}`:           "is required but was missing",
		`[]`:                                       "must be an object",
		`{"IncludePublic":"yes"}`:                  "must be a boolean",
	} {
		aws := &stub{status: 200, body: snapshots}
		name, cause := bind(t, aws).refused(t, "rds:describeDBSnapshots", input)
		if name != "States.Runtime" || !strings.Contains(cause, want) {
			t.Errorf("%s: %s: %s, want %s", input, name, cause, want)
		}
		if len(aws.asked) != 0 {
			t.Errorf("%s was sent", input)
		}
	}
}

func TestWithoutAnAnswerItIsAClientException(t *testing.T) {
	aws := &stub{err: errors.New("connection reset")}
	name, _ := bind(t, aws).refused(t, "ec2:rebootInstances", `{"InstanceIds":["i-1"]}`)
	if name != "Ec2.SdkClientException" {
		t.Errorf("named %s", name)
	}
	if len(aws.asked) != 1 {
		t.Errorf("a reboot whose outcome is unknown was sent %d times", len(aws.asked))
	}
}

func TestACallThatIsGivenUpEndsWithTheContextsError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := bind(t, &stub{status: 200, body: snapshots}).try(t, ctx, "rds:describeDBSnapshots", `{}`)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
