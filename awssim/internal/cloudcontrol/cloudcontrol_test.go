package cloudcontrol_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudcontrol"
	cct "github.com/aws/aws-sdk-go-v2/service/cloudcontrol/types"

	"github.com/setmend/setmend/awssim"
	internal "github.com/setmend/setmend/awssim/internal/cloudcontrol"
	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

const region = "eu-central-1"

// client is a real SDK client with a world behind it.
type client struct {
	*testing.T
	*cloudcontrol.Client
	aws *awssim.AWS
}

func newClient(t *testing.T) *client {
	a := sdktest.New(t)
	return &client{t, cloudcontrol.NewFromConfig(sdktest.Config(a, sdktest.Management, region)), a}
}

func (c *client) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// seed makes a stack and answers its id.
func (c *client) seed(text string) string {
	c.Helper()
	c.aws.Lock()
	defer c.aws.Unlock()
	id, err := c.aws.Stacks().Seed(core.StackSpec{Account: sdktest.Management, Region: region, Name: "app", Template: text})
	c.must(err)
	return id
}

// drift is the stack's drift status, detected.
func (c *client) drift(id string) (status string) {
	c.Helper()
	c.aws.Lock()
	c.aws.Stacks().DetectDrift(id, func(d core.StackDrift) { status = d.Status })
	c.aws.Unlock()
	c.aws.Advance(time.Minute)
	return status
}

// get reads a resource's properties.
func (c *client) get(typ, identifier string) map[string]any {
	c.Helper()
	out, err := c.GetResource(c.Context(), &cloudcontrol.GetResourceInput{TypeName: &typ, Identifier: &identifier})
	c.must(err)
	var properties map[string]any
	c.must(json.Unmarshal([]byte(*out.ResourceDescription.Properties), &properties))
	return properties
}

// patch changes a resource and waits for the outcome.
func (c *client) patch(typ, identifier, document string) *cct.ProgressEvent {
	c.Helper()
	out, err := c.UpdateResource(c.Context(), &cloudcontrol.UpdateResourceInput{TypeName: &typ, Identifier: &identifier, PatchDocument: &document})
	c.must(err)
	return c.outcome(out.ProgressEvent)
}

func (c *client) outcome(e *cct.ProgressEvent) *cct.ProgressEvent {
	c.Helper()
	if e.OperationStatus != cct.OperationStatusInProgress {
		c.Errorf("the request is %s at once", e.OperationStatus)
	}
	c.aws.Advance(10 * time.Second)
	out, err := c.GetResourceRequestStatus(c.Context(), &cloudcontrol.GetResourceRequestStatusInput{RequestToken: e.RequestToken})
	c.must(err)
	return out.ProgressEvent
}

const (
	topic  = "AWS::SNS::Topic"
	bucket = "AWS::S3::Bucket"
	text   = "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: t, DisplayName: one, Tags: [{Key: a, Value: '1'}]}}, B: {Type: AWS::S3::Bucket, Properties: {BucketName: bkt}}}"
	arn    = "arn:aws:sns:eu-central-1:111122223333:t"
)

func TestAHandMadeChangeIsDriftOfTheStack(t *testing.T) {
	c := newClient(t)
	id := c.seed(text)
	if got := c.drift(id); got != "IN_SYNC" {
		t.Fatalf("before: %s", got)
	}
	done := c.patch(topic, arn, `[{"op":"replace","path":"/DisplayName","value":"two"},{"op":"add","path":"/Tags/-","value":{"Key":"b","Value":"2"}}]`)
	if done.OperationStatus != cct.OperationStatusSuccess || !strings.Contains(*done.ResourceModel, `"two"`) {
		t.Fatalf("%+v", done)
	}
	if got := c.get(topic, arn); got["DisplayName"] != "two" || got["TopicArn"] != arn || len(got["Tags"].([]any)) != 2 {
		t.Errorf("%v", got)
	}
	if got := c.drift(id); got != "DRIFTED" {
		t.Errorf("after: %s", got)
	}
	c.patch(topic, arn, `[{"op":"replace","path":"/DisplayName","value":"one"},{"op":"remove","path":"/Tags/1"}]`)
	if got := c.drift(id); got != "IN_SYNC" {
		t.Errorf("put back: %s", got)
	}
}

func TestDeletingIsDriftToo(t *testing.T) {
	c := newClient(t)
	id := c.seed(text)
	out, err := c.DeleteResource(t.Context(), &cloudcontrol.DeleteResourceInput{TypeName: aws.String(topic), Identifier: aws.String(arn)})
	c.must(err)
	if done := c.outcome(out.ProgressEvent); done.OperationStatus != cct.OperationStatusSuccess {
		t.Errorf("%+v", done)
	}
	_, err = c.GetResource(t.Context(), &cloudcontrol.GetResourceInput{TypeName: aws.String(topic), Identifier: aws.String(arn)})
	sdktest.WantCode(t, err, "ResourceNotFoundException")
	if got := c.drift(id); got != "DRIFTED" {
		t.Errorf("%s", got)
	}
}

func TestResourcesAreListedByType(t *testing.T) {
	c := newClient(t)
	c.seed(text)
	out, err := c.ListResources(t.Context(), &cloudcontrol.ListResourcesInput{TypeName: aws.String(bucket)})
	c.must(err)
	if len(out.ResourceDescriptions) != 1 || *out.ResourceDescriptions[0].Identifier != "bkt" {
		t.Errorf("%+v", out.ResourceDescriptions)
	}
}

func TestWhatCannotBeUpdatedIsRefused(t *testing.T) {
	c := newClient(t)
	c.seed(text)
	tests := []struct{ patch, code string }{
		{`[{"op":"replace","path":"/TopicName","value":"x"}]`, "NotUpdatableException"},
		{`[{"op":"replace","path":"/TopicArn","value":"x"}]`, "NotUpdatableException"},
		{`[{"op":"replace","path":"/Nothing","value":"x"}]`, "InvalidRequestException"},
		{`[{"op":"test","path":"/DisplayName","value":"x"}]`, "InvalidRequestException"},
		{`[{"op":"dance","path":"/DisplayName"}]`, "InvalidRequestException"},
		{`[{"op":"remove","path":""}]`, "InvalidRequestException"},
		{`{}`, "InvalidRequestException"},
		{`[`, "InvalidRequestException"},
		{strings.Repeat("[", 200) + strings.Repeat("]", 200), "InvalidRequestException"},
		{"[" + strings.Repeat(`{"op":"copy","from":"","path":"/x"},`, 200) + `{"op":"copy","from":"","path":"/x"}]`, "InvalidRequestException"},
	}
	for _, test := range tests {
		_, err := c.UpdateResource(t.Context(), &cloudcontrol.UpdateResourceInput{TypeName: aws.String(topic), Identifier: aws.String(arn), PatchDocument: &test.patch})
		sdktest.WantCode(t, err, test.code)
	}
}

func TestADeniedChangeFailsAndChangesNothing(t *testing.T) {
	c := newClient(t)
	id := c.seed(text)
	c.aws.Lock()
	c.aws.Access().AddSCP(core.SCP{Target: sdktest.Management, Action: "sns:Set*"})
	c.aws.Unlock()
	done := c.patch(topic, arn, `[{"op":"replace","path":"/DisplayName","value":"two"}]`)
	if done.OperationStatus != cct.OperationStatusFailed || done.ErrorCode != cct.HandlerErrorCodeAccessDenied || !strings.Contains(*done.StatusMessage, "explicit deny in a service control policy") {
		t.Errorf("%+v", done)
	}
	if got := c.drift(id); got != "IN_SYNC" {
		t.Errorf("%s", got)
	}
}

func TestOneResourceTakesOneRequestAtATime(t *testing.T) {
	c := newClient(t)
	c.seed(text)
	in := &cloudcontrol.UpdateResourceInput{TypeName: aws.String(topic), Identifier: aws.String(arn), ClientToken: aws.String("one"),
		PatchDocument: aws.String(`[{"op":"replace","path":"/DisplayName","value":"two"}]`)}
	first, err := c.UpdateResource(t.Context(), in)
	c.must(err)
	again, err := c.UpdateResource(t.Context(), in)
	c.must(err)
	if *first.ProgressEvent.RequestToken != *again.ProgressEvent.RequestToken {
		t.Error("a repeated request is a second one")
	}
	in.ClientToken = aws.String("two")
	_, err = c.UpdateResource(t.Context(), in)
	sdktest.WantCode(t, err, "ConcurrentOperationException")
	in.ClientToken, in.PatchDocument = aws.String("one"), aws.String(`[{"op":"replace","path":"/DisplayName","value":"three"}]`)
	_, err = c.UpdateResource(t.Context(), in)
	sdktest.WantCode(t, err, "ClientTokenConflictException")
	list, err := c.ListResourceRequests(t.Context(), &cloudcontrol.ListResourceRequestsInput{
		ResourceRequestStatusFilter: &cct.ResourceRequestStatusFilter{OperationStatuses: []cct.OperationStatus{cct.OperationStatusInProgress}}})
	c.must(err)
	if len(list.ResourceRequestStatusSummaries) != 1 {
		t.Errorf("%d requests run", len(list.ResourceRequestStatusSummaries))
	}
	c.aws.Advance(8 * 24 * time.Hour)
	_, err = c.GetResourceRequestStatus(t.Context(), &cloudcontrol.GetResourceRequestStatusInput{RequestToken: first.ProgressEvent.RequestToken})
	sdktest.WantCode(t, err, "RequestTokenNotFoundException")
}

func TestACancelledRequestChangesNothing(t *testing.T) {
	c := newClient(t)
	id := c.seed(text)
	out, err := c.DeleteResource(t.Context(), &cloudcontrol.DeleteResourceInput{TypeName: aws.String(topic), Identifier: aws.String(arn)})
	c.must(err)
	_, err = c.CancelResourceRequest(t.Context(), &cloudcontrol.CancelResourceRequestInput{RequestToken: out.ProgressEvent.RequestToken})
	c.must(err)
	c.aws.Advance(time.Minute)
	if got := c.drift(id); got != "IN_SYNC" {
		t.Errorf("%s", got)
	}
}

func TestAResourceCanBeMadeWithoutAStack(t *testing.T) {
	c := newClient(t)
	make := func() *cct.ProgressEvent {
		out, err := c.CreateResource(t.Context(), &cloudcontrol.CreateResourceInput{TypeName: aws.String(bucket), DesiredState: aws.String(`{"BucketName":"mine"}`)})
		c.must(err)
		return c.outcome(out.ProgressEvent)
	}
	if done := make(); done.OperationStatus != cct.OperationStatusSuccess || *done.Identifier != "mine" {
		t.Errorf("%+v", done)
	}
	if done := make(); done.ErrorCode != cct.HandlerErrorCodeAlreadyExists {
		t.Errorf("%+v", done)
	}
	if done := c.patch(bucket, "mine", `[{"op":"add","path":"/VersioningConfiguration","value":{"Status":"Enabled"}}]`); done.OperationStatus != cct.OperationStatusSuccess {
		t.Errorf("%+v", done)
	}
	if got := c.get(bucket, "mine"); got["VersioningConfiguration"] == nil {
		t.Errorf("%v", got)
	}
	out, err := c.DeleteResource(t.Context(), &cloudcontrol.DeleteResourceInput{TypeName: aws.String(bucket), Identifier: aws.String("mine")})
	c.must(err)
	c.outcome(out.ProgressEvent)
	if done := make(); done.OperationStatus != cct.OperationStatusSuccess {
		t.Errorf("the name is not free: %+v", done)
	}
}

func TestUnknownTypesAreRefused(t *testing.T) {
	c := newClient(t)
	_, err := c.GetResource(t.Context(), &cloudcontrol.GetResourceInput{TypeName: aws.String("Custom::Something::Else"), Identifier: aws.String("x")})
	sdktest.WantCode(t, err, "TypeNotFoundException")
	_, err = c.GetResource(t.Context(), &cloudcontrol.GetResourceInput{TypeName: aws.String("AWS::IAM::Policy"), Identifier: aws.String("x")})
	sdktest.WantCode(t, err, "UnsupportedActionException")
}

// FuzzActions: any JSON sent to any action gets AWS's answer.
func FuzzActions(f *testing.F) {
	service := internal.New(core.NewWorld(core.Options{}), nil).Service()
	for i := range len(service.Actions) {
		f.Add(i, `{"TypeName":"AWS::SNS::Topic","Identifier":"`+arn+`","PatchDocument":"[{\"op\":\"add\",\"path\":\"/Tags/-\",\"value\":{}}]","DesiredState":"{}","RequestToken":"x"}`)
	}
	sdktest.FuzzActions(f, service, func(a *awssim.AWS) error {
		a.Lock()
		defer a.Unlock()
		_, err := a.Stacks().Seed(core.StackSpec{Account: sdktest.Management, Region: region, Name: "app", Template: text})
		return err
	})
}
