package sdktest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/core"
)

// FuzzActions sends any bytes to every action of a service that speaks JSON or
// Query, and wants an AWS-shaped answer that is no fault of the server's.
func FuzzActions(f *testing.F, service core.Service, prepare func(*awssim.AWS) error) {
	actions := slices.Sorted(maps.Keys(service.Actions))
	for i := range actions {
		f.Add(i, `{}`)
		f.Add(i, `{"Name":"x","MaxResults":1,"NextToken":"LQ","AccountId":"200000000001"}`)
		f.Add(i, "Name=x&TopicArn=arn:aws:sns:eu-central-1:111122223333:x&Attributes.entry.1.key=a")
	}
	f.Fuzz(func(t *testing.T, action int, body string) {
		a := New(t)
		if err := prepare(a); err != nil {
			t.Fatal(err)
		}
		name := actions[uint(action)%uint(len(actions))]
		answer, err := a.Transport().RoundTrip(request(t, service, name, body))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		if answer.StatusCode >= 500 {
			t.Errorf("%s of %q is answered with %d: %s", name, body, answer.StatusCode, text)
		}
	})
}

func request(t *testing.T, service core.Service, action, body string) *http.Request {
	t.Helper()
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {service.TargetPrefix + "." + action}}
	if p := service.Protocols[0]; p == core.Query || p == core.EC2 {
		header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		body = fmt.Sprintf("Action=%s&Version=%s&%s", action, service.Version, body)
	}
	r, err := http.NewRequest(http.MethodPost, "https://"+service.Name+".eu-central-1.amazonaws.com/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+Management+"/20261120/eu-central-1/"+service.Name+"/aws4_request, SignedHeaders=host, Signature=x")
	r.Header = header
	return r
}

// Send makes a request of a service whose SDK client no test builds, in the
// service's first protocol: a form, or JSON. It answers the status and the body.
func Send(t testing.TB, a *awssim.AWS, service core.Service, account, region, action, body string) (status int, answer string) {
	t.Helper()
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {service.TargetPrefix + "." + action}}
	if p := service.Protocols[0]; p == core.Query || p == core.EC2 {
		header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		body = fmt.Sprintf("Action=%s&Version=%s&%s", action, service.Version, body)
	}
	header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+account+"/20261120/"+region+"/"+service.Name+"/aws4_request, SignedHeaders=host, Signature=x")
	r, err := http.NewRequest(http.MethodPost, "https://"+service.Name+"."+region+".amazonaws.com/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	response, err := a.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
