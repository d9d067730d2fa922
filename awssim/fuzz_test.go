package awssim

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// small is a world with a little of everything.
func small(tb testing.TB) *AWS {
	tb.Helper()
	a, err := New(Options{Seed: 1, Account: managementAccount, Clock: standing{}, Unthrottled: true})
	if err != nil {
		tb.Fatal(err)
	}
	crowd(tb, a, 3)
	if err := a.SeedStackSet(StackSetSpec{Name: "net", Template: topicTemplate}); err != nil {
		tb.Fatal(err)
	}
	if err := a.SeedInstance("net", "200000000001", "us-east-1", InstanceSeed{}); err != nil {
		tb.Fatal(err)
	}
	return a
}

// FuzzRequests sends any bytes to any service: the answer is AWS-shaped, never
// AWS's own failure, and a refused request changes nothing.
func FuzzRequests(f *testing.F) {
	for _, seed := range []struct{ service, target, path, body string }{
		{"cloudformation", "", "/", "Action=CreateStackInstances&Version=2010-05-15&StackSetName=net&Accounts.member.1=200000000002&Regions.member.1=us-east-1&ParameterOverrides="},
		{"cloudformation", "", "/", "Action=UpdateStackSet&StackSetName=net&TemplateBody=%7B%7D&OperationPreferences.MaxConcurrentCount=1"},
		{"cloudformation", "", "/", "Action=CreateStack&StackName=a&TemplateBody=%7B%22Resources%22%3A%7B%7D%7D"},
		{"cloudformation", "", "/", "Action=ListStackInstances&StackSetName=net&NextToken=aW5zdGFuY2Vz&Filters.member.1.Name=DRIFT_STATUS&Filters.member.1.Values=DRIFTED"},
		{"organizations", "AWSOrganizationsV20161128.ListAccounts", "/", `{"MaxResults":20,"NextToken":"x"}`},
		{"ssm", "AmazonSSM.PutParameter", "/", `{"Name":"/a","Value":"b","Type":"String"}`},
		{"cloudcontrolapi", "CloudApiService.UpdateResource", "/", `{"TypeName":"AWS::SNS::Topic","Identifier":"x","PatchDocument":"[]"}`},
		{"events", "AWSEvents.PutEvents", "/", `{"Entries":[]}`},
		{"monitoring", "", "/service/GraniteServiceVersion20100801/operation/PutMetricData", "\xa1\x69Namespace\x61a"},
		{"sts", "", "/", "Action=AssumeRole&RoleArn=arn:aws:iam::200000000001:role/x&RoleSessionName=y"},
		{"sns", "", "/", "Action=Publish&TopicArn=x&Message=y"},
		{"s3", "", "/bucket/key?list-type=2", "<xml/>"},
	} {
		f.Add(seed.service, "POST", seed.target, seed.path, []byte(seed.body))
	}
	a := small(f)
	f.Fuzz(func(t *testing.T, service, method, target, path string, body []byte) {
		r, ok := request(service, method, target, path, body)
		if !ok {
			return
		}
		before := written(t, a)
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != http.StatusNotImplemented { // S3 has that for what it lacks
			t.Fatalf("%s %s %s %q is answered %d %s", service, method, target, body, w.Code, w.Body)
		}
		if after := written(t, a); w.Code >= 400 && before != after {
			t.Errorf("%s %s %s %q is refused with %s, and changed the world", service, method, target, body, w.Body)
		}
		a.Advance(time.Minute)
	})
}

// request makes a request of a fuzzer's pieces; ok is false for what no HTTP
// server would hand on.
func request(service, method, target, path string, body []byte) (r *http.Request, ok bool) {
	u, err := url.ParseRequestURI("/" + strings.TrimPrefix(path, "/"))
	if err != nil || strings.HasPrefix(u.Path, controlPath) || strings.ContainsAny(service, "/, \t\r\n") {
		return nil, false
	}
	r, err = http.NewRequest(method, u.String(), strings.NewReader(string(body)))
	if err != nil {
		return nil, false
	}
	r.Host = service + ".us-east-1.amazonaws.com"
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+managementAccount+"/20261120/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	if target != "" {
		r.Header.Set("X-Amz-Target", target)
	}
	if service == "monitoring" {
		r.Header.Set("Smithy-Protocol", "rpc-v2-cbor")
	}
	return r, true
}

func written(t *testing.T, a *AWS) string {
	t.Helper()
	text, err := json.Marshal(a.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
