package integration

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
)

// gatewayStub is the transport of requests to endpoints that are not AWS's: it answers
// in an API's place.
type gatewayStub struct {
	status  int
	body    string
	request *http.Request
	sent    string
}

func (g *gatewayStub) RoundTrip(r *http.Request) (*http.Response, error) {
	g.request = r
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		g.sent = string(body)
	}
	return &http.Response{StatusCode: g.status, Status: "200 OK", Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(g.body))}, nil
}

func (g *gatewayStub) serve(t *testing.T) {
	before := transport
	transport = g
	t.Cleanup(func() { transport = before })
}

func TestAnAPIOfAPIGatewayIsCalled(t *testing.T) {
	g := &gatewayStub{status: 200, body: `{"a": [1]}`}
	g.serve(t)
	call, ok := bind(t, g).Lookup(statesPrefix + "apigateway:invoke")
	if !ok {
		t.Fatal("it is not known")
	}
	answer, err := call(t.Context(), json.RawMessage(`{"ApiEndpoint": "id.execute-api.us-west-2.amazonaws.com", "Method": "POST", "Stage": "prod",
		"Path": "/pets/1", "QueryParameters": {"q": ["a b", "c"]}, "Headers": {"X-Kind": ["cat"]}, "RequestBody": {"n": 1}, "AuthType": "IAM_ROLE"}`))
	if err != nil {
		t.Fatal(err)
	}
	var out struct {
		ResponseBody struct{ A []int }
		StatusCode   int
		StatusText   string
	}
	if err := json.Unmarshal(answer, &out); err != nil || out.StatusCode != 200 || out.StatusText != "OK" || len(out.ResponseBody.A) != 1 {
		t.Errorf("answers %s, %v", answer, err)
	}
	if got := g.request.Method + " " + g.request.URL.String(); got != "POST https://id.execute-api.us-west-2.amazonaws.com/prod/pets/1?q=a%20b&q=c" {
		t.Errorf("sent %s", got)
	}
	if g.sent != `{"n": 1}` || g.request.Header.Get("X-Kind") != "cat" {
		t.Errorf("sent %s with %v", g.sent, g.request.Header)
	}
	if signature := g.request.Header.Get("Authorization"); !strings.Contains(signature, "/us-west-2/execute-api/aws4_request") {
		t.Errorf("signed %q", signature)
	}
}

func TestWhatAnAPIRefusesIsAnErrorByItsStatus(t *testing.T) {
	g := &gatewayStub{status: 403, body: `{"message": "Forbidden"}`}
	g.serve(t)
	call, _ := bind(t, g).Lookup(statesPrefix + "apigateway:invoke")
	_, err := call(t.Context(), json.RawMessage(`{"ApiEndpoint": "id.execute-api.us-west-2.amazonaws.com", "Method": "GET"}`))
	failure, ok := errors.AsType[*Error](err)
	if !ok || failure.Name != "ApiGateway.403" || !strings.Contains(failure.Cause, "Forbidden") {
		t.Errorf("gives %v", err)
	}
	if signature := g.request.Header.Get("Authorization"); signature != "" {
		t.Errorf("a call without authorization was signed: %s", signature)
	}
	for _, wrong := range []string{
		`{"ApiEndpoint": "id.example/other", "Method": "GET"}`, `{"ApiEndpoint": "user@host", "Method": "GET"}`, `{"Method": "GET"}`,
		`{"ApiEndpoint": "id.example", "Method": "GET", "AuthType": "BASIC"}`,
	} {
		g.request = nil
		if _, err := call(t.Context(), json.RawMessage(wrong)); err == nil || g.request != nil {
			t.Errorf("%s is sent: %v", wrong, err)
		}
	}
}

func TestAPartOfAClusterIsChangedByItsName(t *testing.T) {
	// The name is on the second page.
	s := &script{answers: []string{
		`{"InstanceFleets": [{"Id": "if-1", "Name": "other"}], "Marker": "m"}`, `{"InstanceFleets": [{"Id": "if-2", "Name": "core"}]}`, `{}`,
	}}
	call, _ := bind(t, s).Lookup(statesPrefix + "elasticmapreduce:modifyInstanceFleetByName")
	if _, err := call(t.Context(), json.RawMessage(`{"ClusterId": "j-1", "InstanceFleetName": "core", "InstanceFleet": {"TargetOnDemandCapacity": 8}}`)); err != nil {
		t.Fatal(err)
	}
	if len(s.bodies) != 3 || !strings.Contains(s.bodies[1], `"Marker": "m"`) || s.bodies[2] != `{"ClusterId": "j-1", "InstanceFleet": {"InstanceFleetId": "if-2", "TargetOnDemandCapacity": 8}}` {
		t.Errorf("sent %q", s.bodies)
	}
	s = &script{answers: []string{`{"InstanceFleets": []}`}}
	call, _ = bind(t, s).Lookup(statesPrefix + "elasticmapreduce:modifyInstanceFleetByName")
	_, err := call(t.Context(), json.RawMessage(`{"ClusterId": "j-1", "InstanceFleetName": "core", "InstanceFleet": {}}`))
	if failure, ok := errors.AsType[*Error](err); !ok || failure.Name != "ElasticMapReduce.InvalidRequestException" {
		t.Errorf("without such a fleet: %v", err)
	}
}
