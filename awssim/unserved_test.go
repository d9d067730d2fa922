package awssim

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// asked answers a signed request to a service, in the protocol that the headers and
// the body make it.
func asked(a *AWS, service, method, path, body string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+managementAccount+"/20261120/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w.Result()
}

const formType = "application/x-www-form-urlencoded; charset=utf-8"

// Clients of services that are not here read an error in their own protocol, which
// names the service and the action.
func TestServicesThatAreNotServedAreNamedInTheProtocolOfTheClient(t *testing.T) {
	a := small(t)
	for _, c := range []struct {
		name, service, method, path, body string
		headers                           []string
		contentType                       string
		want                              []string
	}{
		{"query", "autoscaling", "POST", "/", "Action=DescribeTags&Version=2011-01-01", []string{"Content-Type", formType},
			"text/xml", []string{`<ErrorResponse xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">`, "<Code>InvalidAction</Code>", "autoscaling:DescribeTags", "<RequestId>"}},
		{"query by GET", "autoscaling", "GET", "/?Action=DescribeTags&Version=2011-01-01", "", nil,
			"text/xml", []string{"<Code>InvalidAction</Code>", "autoscaling:DescribeTags"}},
		{"ec2", "ec2", "POST", "/", "Action=DescribeVpcs&Version=2016-11-15", []string{"Content-Type", formType},
			"text/xml", []string{"<Response><Errors><Error><Code>InvalidAction</Code>", "ec2:DescribeVpcs", "<RequestID>"}},
		{"json 1.0", "dynamodb", "POST", "/", "{}", []string{"X-Amz-Target", "DynamoDB_20120810.ListTables", "Content-Type", "application/x-amz-json-1.0"},
			"application/x-amz-json-1.0", []string{`"__type":"UnknownOperationException"`, "dynamodb:ListTables"}},
		{"json 1.1", "kms", "POST", "/", "{}", []string{"X-Amz-Target", "TrentService.ListKeys", "Content-Type", "application/x-amz-json-1.1"},
			"application/x-amz-json-1.1", []string{`"__type":"UnknownOperationException"`, "kms:ListKeys"}},
		{"rest-json", "eks", "GET", "/clusters", "", nil,
			"application/json", []string{`"UnknownOperationException"`, "eks:GET /clusters"}},
		{"rest-xml", "route53", "GET", "/2013-04-01/hostedzone", "", nil,
			"text/xml", []string{"<ErrorResponse", "<Code>UnknownOperationException</Code>", "route53:GET /2013-04-01/hostedzone"}},
		{"cbor", "someservice", "POST", "/service/Some/operation/ListThings", "\xa0", []string{"Smithy-Protocol", "rpc-v2-cbor"},
			"application/cbor", []string{"UnknownOperationException", "someservice:ListThings"}},
	} {
		got := asked(a, c.service, c.method, c.path, c.body, c.headers...)
		body, err := io.ReadAll(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got.StatusCode != http.StatusBadRequest || got.Header.Get("Content-Type") != c.contentType {
			t.Errorf("%s: %d %s", c.name, got.StatusCode, got.Header.Get("Content-Type"))
		}
		for _, part := range c.want {
			if !strings.Contains(string(body), part) {
				t.Errorf("%s: the answer lacks %q:\n%s", c.name, part, body)
			}
		}
	}
	if got := asked(a, "eks", "GET", "/clusters", ""); got.Header.Get("X-Amzn-Errortype") != "UnknownOperationException" {
		t.Errorf("rest-json without its error type: %v", got.Header)
	}
}

// An action that a service of AWS has and the embedded one lacks is named too.
func TestActionsThatAreNotServedAreNamed(t *testing.T) {
	a := small(t)
	for _, c := range []struct{ service, body, target, want string }{
		{"cloudformation", "Action=ListResourceScans&Version=2010-05-15", "", "cloudformation:ListResourceScans"},
		{"ssm", "{}", "AmazonSSM.ListDocuments", "ssm:ListDocuments"},
	} {
		contentType := formType
		if c.target != "" {
			contentType = "application/x-amz-json-1.1"
		}
		got := asked(a, c.service, "POST", "/", c.body, "Content-Type", contentType, "X-Amz-Target", c.target)
		body, err := io.ReadAll(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), c.want) {
			t.Errorf("%s: %d %s", c.want, got.StatusCode, body)
		}
	}
}

// A text that is given and empty is a value: it is held against the model's lengths
// and patterns, where a member that is left out is not.
func TestEmptyTextsAreValues(t *testing.T) {
	a := small(t)
	for _, c := range []struct {
		name, service, body, target string
		want                        []string
	}{
		{"CloudFormation", "cloudformation", "Action=CreateStack&Version=2010-05-15&StackName=&TemplateBody=%7B%7D", "",
			[]string{"<Code>ValidationError</Code>", "Value &#39;&#39; at &#39;stackName&#39; failed to satisfy constraint: Member must"}},
		{"an optional member", "cloudformation", "Action=CreateStackSet&Version=2010-05-15&StackSetName=a&Description=&TemplateBody=x", "",
			[]string{"<Code>ValidationError</Code>", "at &#39;description&#39; failed to satisfy constraint: Member must have length greater than or equal to 1"}},
		{"SSM", "ssm", `{"Name":"/a","Value":"","Type":"String"}`, "AmazonSSM.PutParameter",
			[]string{`"ValidationException"`, "Value '' at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1"}},
		{"Organizations", "organizations", `{"ParentId":"r-1111","Name":""}`, "AWSOrganizationsV20161128.CreateOrganizationalUnit",
			[]string{`"InvalidInputException"`, `"Reason":"MIN_LENGTH_EXCEEDED"`}},
		{"Organizations, left out", "organizations", `{"ParentId":"r-1111"}`, "AWSOrganizationsV20161128.CreateOrganizationalUnit",
			[]string{`"InvalidInputException"`, `"Reason":"INPUT_REQUIRED"`}},
	} {
		contentType := formType
		if c.target != "" {
			contentType = "application/x-amz-json-1.1"
		}
		got := asked(a, c.service, "POST", "/", c.body, "Content-Type", contentType, "X-Amz-Target", c.target)
		body, err := io.ReadAll(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range c.want {
			if !strings.Contains(string(body), part) {
				t.Errorf("%s: the answer lacks %q:\n%s", c.name, part, body)
			}
		}
	}
}

// CloudWatch's model has other codes for the Query protocol.
func TestQueryErrorsCarryTheModelsCode(t *testing.T) {
	a := small(t)
	got := asked(a, "monitoring", "POST", "/", "Action=PutMetricData&Version=2010-08-01&Namespace=", "Content-Type", formType)
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), "<Code>InvalidParameterValue</Code>") {
		t.Errorf("by Query: %s", body)
	}
	got = asked(a, "monitoring", "POST", "/", `{"Namespace":""}`, "Content-Type", "application/x-amz-json-1.0", "X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData")
	if body, err = io.ReadAll(got.Body); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), `"InvalidParameterValueException"`) || got.Header.Get("X-Amzn-Query-Error") != "InvalidParameterValue;Sender" {
		t.Errorf("by JSON: %s %v", body, got.Header)
	}
}
