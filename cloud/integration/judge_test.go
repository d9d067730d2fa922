package integration

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/cloud/integration/internal/model"
	"github.com/setmend/setmend/cloud/integration/internal/wire"
)

// A recorded request is what botocore sends for parameters, as testdata/requests.py
// prints it.
type recorded struct {
	Service, Operation string
	Parameters         json.RawMessage
	Method, URL        string
	Headers            map[string]string
	Body               string
}

// judged are services of every protocol, and those with rules of their own.
var judged = strings.Fields(`
	s3 s3control route53 cloudfront
	ec2
	autoscaling cloudformation elb elbv2 elasticache iam neptune docdb rds redshift ses sns sts elasticbeanstalk
	athena batch cloudtrail cloudwatch codebuild cognito-identity cognito-idp config dynamodb ecr ecs emr events glue kinesis kms logs
	organizations route53domains sagemaker secretsmanager servicediscovery sqs ssm stepfunctions swf wafv2
	apigateway apigatewayv2 amp appconfig backup bedrock-runtime dlm efs eks glacier guardduty iot iot-data lambda lexv2-runtime mediaconvert
	mq pinpoint quicksight resource-groups scheduler securityhub xray`)

// liveInputs is how many requests are compared where botocore is there.
const liveInputs = 2400

// Where python3 and botocore are, requests of parameters generated now are compared;
// where they are not, or in short tests, those that were recorded.
func TestRequestsAreThoseOfBotocoreByteForByte(t *testing.T) {
	t.Run("recorded", func(t *testing.T) {
		file, err := os.Open("testdata/requests.jsonl.gz")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		z, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		compareAll(t, z, 600)
	})
	t.Run("live", func(t *testing.T) {
		if testing.Short() {
			t.Skip("botocore is not run in short tests; the recorded requests stand in")
		}
		version, err := exec.Command("python3", "-c", "import botocore; print(botocore.__version__)").Output()
		if err != nil {
			t.Skip("python3 with botocore is not installed; the recorded requests stand in")
		}
		services, count := judged, liveInputs
		if os.Getenv("SETMEND_JUDGE") == "all" {
			services, count = []string{"all"}, 10
		}
		out, err := exec.Command("python3", append([]string{"testdata/requests.py", "1", fmt.Sprint(count)}, services...)...).Output()
		if err != nil {
			t.Fatalf("running botocore %s: %v", version, err)
		}
		compareAll(t, bytes.NewReader(out), 2000)
	})
}

func compareAll(t *testing.T, lines io.Reader, least int) {
	t.Helper()
	count, protocols := 0, map[string]int{}
	s := bufio.NewScanner(lines)
	s.Buffer(nil, 64<<20)
	synctest.Test(t, func(t *testing.T) {
		sent := &capture{}
		aws, err := cloud.New(t.Context(), cloud.Config{Region: region, Transport: sent, Keys: &cloud.Keys{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}})
		if err != nil {
			t.Fatal(err)
		}
		b := Bind(aws)
		failed := 0
		for s.Scan() {
			var want recorded
			if err := json.Unmarshal(s.Bytes(), &want); err != nil {
				t.Fatal(err)
			}
			service := model.Load(model.ResourceName(want.Service))
			if service == nil || service.Operations[want.Operation] == nil {
				continue // botocore is newer, or older, than the facts
			}
			if diff := compareOne(t, b, sent, service.Operations[want.Operation], want); diff != "" {
				t.Errorf("%s %s %s\n%s", want.Service, want.Operation, want.Parameters, diff)
				if failed++; failed > 60 {
					t.Fatal("and more")
				}
			}
			count++
			protocols[service.Protocol]++
		}
	})
	if count < least || len(protocols) < 5 {
		t.Errorf("only %d requests were compared: %v", count, protocols)
	}
	t.Logf("%d requests compared: %v", count, protocols)
}

// capture keeps the last request and answers nothing.
type capture struct {
	request *http.Request
	body    []byte
}

func (c *capture) RoundTrip(r *http.Request) (*http.Response, error) {
	c.request, c.body = r, nil
	if r.Body != nil {
		c.body, _ = io.ReadAll(r.Body)
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

func compareOne(t *testing.T, b *Bound, sent *capture, o *model.Operation, want recorded) string {
	given, err := wire.Decode(want.Parameters)
	if err != nil {
		t.Fatal(err)
	}
	if o.Input != nil {
		given = stepFunctions(o.Input, given)
	}
	call, ok := b.Lookup(sdkPrefix + o.Service.Name + ":" + lowerFirst(o.Name))
	if !ok {
		return "it is not in the table"
	}
	sent.request = nil
	_, err = call(t.Context(), compact(given))
	if sent.request == nil {
		return fmt.Sprintf("nothing was sent: %v", err)
	}
	body, err := base64.StdEncoding.DecodeString(want.Body)
	if err != nil {
		t.Fatal(err)
	}
	want.URL = strings.TrimSuffix(want.URL, "?") // of an empty list
	headers, scope := theirs(want.Headers)
	gotHeaders, gotScope := ours(sent.request.Header)
	return cmp.Diff([]any{want.Method, want.URL, headers, scope, string(body)},
		[]any{sent.request.Method, sent.request.URL.String(), gotHeaders, gotScope, string(sent.body)})
}

// stepFunctions gives parameters the names that Step Functions has for them.
func stepFunctions(s *model.Shape, v any) any {
	switch v := v.(type) {
	case *wire.Object:
		if s.Document {
			return v
		}
		out := &wire.Object{}
		for _, e := range v.Entries {
			if s.Kind == model.Map {
				out.Entries = append(out.Entries, wire.Entry{Key: e.Key, Value: stepFunctions(s.Elem().Shape, e.Value)})
				continue
			}
			out.Entries = append(out.Entries, wire.Entry{Key: memberName(e.Key), Value: stepFunctions(s.Member(e.Key).Shape, e.Value)})
		}
		return out
	case []any:
		if s.Document {
			return v
		}
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = stepFunctions(s.Elem().Shape, item)
		}
		return out
	}
	return v
}

// beside are headers that say nothing about the call, or that HTTP itself sets.
var beside = []string{
	"user-agent", "x-amz-user-agent", "authorization", "x-amz-date", "date", "amz-sdk-invocation-id", "amz-sdk-request", "content-length", "expect",
	"accept-encoding", "x-amz-security-token",
}

func theirs(h map[string]string) (map[string]string, string) {
	out := maps.Clone(h)
	for _, name := range beside {
		delete(out, name)
	}
	return out, scopeOf(h["authorization"])
}

func ours(h http.Header) (map[string]string, string) {
	out := map[string]string{}
	for name, values := range h {
		if name = strings.ToLower(name); !slices.Contains(beside, name) {
			out[name] = strings.Join(values, ",")
		}
	}
	return out, scopeOf(h.Get("Authorization"))
}

// scopeOf is the region and the service of a signature.
func scopeOf(authorization string) string {
	_, rest, _ := strings.Cut(authorization, "Credential=")
	credential, _, _ := strings.Cut(rest, ",")
	parts := strings.Split(credential, "/")
	if len(parts) < 5 {
		return ""
	}
	return parts[2] + "/" + parts[3]
}
