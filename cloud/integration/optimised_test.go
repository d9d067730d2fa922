package integration

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
)

// A script answers one request after another; the last answer stays.
type script struct {
	answers []string
	bodies  []string
	targets []string
	keys    []string
	urls    []string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	s.bodies = append(s.bodies, string(body))
	s.targets = append(s.targets, r.Header.Get("X-Amz-Target"))
	s.urls = append(s.urls, r.URL.String())
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	key, _, _ := strings.Cut(credential, "/")
	s.keys = append(s.keys, key)
	answer := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Request: r, Body: io.NopCloser(strings.NewReader(answer))}, nil
}

func TestASyncTaskWaitsForItsJobAndAnswersIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		aws := &script{answers: []string{`{"JobRunId":"jr-1"}`, `{"JobRun":{"JobRunState":"RUNNING"}}`, `{"JobRun":{"Id":"jr-1","JobRunState":"SUCCEEDED"}}`}}
		got := bind(t, aws).call(t, "arn:aws:states:::glue:startJobRun.sync", `{"JobName":"nightly"}`)
		wantJSON(t, got, `{"Id":"jr-1","JobRunState":"SUCCEEDED"}`)
		if want := `{"JobName": "nightly", "RunId": "jr-1"}`; aws.bodies[2] != want {
			t.Errorf("asked with %s, want %s", aws.bodies[2], want)
		}
	})
}

func TestASyncTaskFailsWithItsJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for resource, c := range map[string]struct {
			input   string
			answers []string
			name    string
			cause   string
		}{
			"glue:startJobRun.sync": {`{"JobName":"n"}`, []string{`{"JobRunId":"j"}`, `{"JobRun":{"JobRunState":"FAILED","ErrorMessage":"no disk"}}`}, "States.TaskFailed", "no disk"},
			"ecs:runTask.sync": {`{"TaskDefinition":"t"}`, []string{`{"tasks":[{"taskArn":"a","clusterArn":"c"}],"failures":[]}`,
				`{"tasks":[{"lastStatus":"STOPPED","containers":[{"exitCode":3}]}]}`}, "States.TaskFailed", `"ExitCode":3`},
			"batch:submitJob.sync":         {`{"JobName":"n","JobQueue":"q","JobDefinition":"d"}`, []string{`{"jobId":"j"}`, `{"jobs":[{"jobId":"j","status":"FAILED"}]}`}, "States.TaskFailed", `"JobId":"j"`},
			"states:startExecution.sync:2": {`{"StateMachineArn":"m"}`, []string{`{"executionArn":"e"}`, `{"executionArn":"e","status":"ABORTED"}`}, "States.TaskFailed", "ABORTED"},
		} {
			name, cause := bind(t, &script{answers: c.answers}).refused(t, statesPrefix+resource, c.input)
			if name != c.name || !strings.Contains(cause, c.cause) {
				t.Errorf("%s fails with %s: %s", resource, name, cause)
			}
		}
	})
}

func TestAnExecutionsOutputIsTextWithSyncAndJSONWithSync2(t *testing.T) {
	for pattern, want := range map[string]string{".sync": `"{\"a\":1}"`, ".sync:2": `{"a":1}`} {
		synctest.Test(t, func(t *testing.T) {
			aws := &script{answers: []string{`{"executionArn":"e"}`, `{"executionArn":"e","status":"SUCCEEDED","output":"{\"a\":1}"}`}}
			got := bind(t, aws).call(t, statesPrefix+"states:startExecution"+pattern, `{"StateMachineArn":"m","Input":{"x":1}}`)
			wantJSON(t, got.(map[string]any)["Output"], want)
		})
	}
}

func TestAStepOfAClusterHasStepFunctionsOwnShape(t *testing.T) {
	aws := &script{answers: []string{`{"StepIds":["s-1"]}`}}
	got := bind(t, aws).call(t, "arn:aws:states:::elasticmapreduce:addStep", `{"ClusterId":"j-1","Step":{"Name":"n","HadoopJarStep":{"Jar":"x.jar"}}}`)
	wantJSON(t, got, `{"StepId":"s-1"}`)
	if want := `{"JobFlowId": "j-1", "Steps": [{"Name": "n", "HadoopJarStep": {"Jar": "x.jar"}}]}`; aws.bodies[0] != want {
		t.Errorf("sent %s", aws.bodies[0])
	}
}

// Called again after a crash, an attempt's request is the same.
func TestAnAttemptHasOneIdempotencyToken(t *testing.T) {
	aws := &script{answers: []string{`{"QueryExecutionId":"q"}`}}
	b := bind(t, aws)
	for _, attempt := range []string{"a", "a", "b", ""} {
		call, _ := b.Lookup(sdkPrefix + "athena:startQueryExecution")
		if _, err := call(WithAttempt(t.Context(), attempt), json.RawMessage(`{"QueryString":"select 1"}`)); err != nil {
			t.Fatal(err)
		}
	}
	if b := aws.bodies; b[0] != b[1] || b[1] == b[2] || b[2] == b[3] || !strings.Contains(b[0], "ClientRequestToken") {
		t.Errorf("sent %v", b)
	}
}

func TestARoleIsTakenOnOnceAndItsKeysAreUsed(t *testing.T) {
	session := `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`
	aws := &script{answers: []string{session, `{"Parameter":{"Name":"n"}}`}}
	b := bind(t, aws)
	call, _ := b.Lookup(sdkPrefix + "ssm:getParameter")
	for range 2 {
		if _, err := call(WithRole(t.Context(), "arn:aws:iam::100000000002:role/r"), json.RawMessage(`{"Name":"n"}`)); err != nil {
			t.Fatal(err)
		}
	}
	if len(aws.keys) != 3 || aws.keys[0] == "ROLE" || aws.keys[1] != "ROLE" || aws.keys[2] != "ROLE" {
		t.Errorf("signed with %v", aws.keys)
	}
	if !strings.Contains(aws.bodies[0], "RoleArn=arn%3Aaws%3Aiam%3A%3A100000000002%3Arole%2Fr") {
		t.Errorf("asked %s", aws.bodies[0])
	}
}

func TestACopyFromAnotherRegionHasAnAddressThere(t *testing.T) {
	aws := &script{answers: []string{`<CopyDBSnapshotResponse><CopyDBSnapshotResult/></CopyDBSnapshotResponse>`}}
	bind(t, aws).call(t, "rds:copyDBSnapshot", `{"SourceDBSnapshotIdentifier":"arn:s","TargetDBSnapshotIdentifier":"t","SourceRegion":"us-west-2"}`)
	form, err := url.ParseQuery(aws.bodies[0])
	if err != nil {
		t.Fatal(err)
	}
	signed, err := url.Parse(form.Get("PreSignedUrl"))
	if err != nil || form.Has("SourceRegion") {
		t.Fatalf("sent %v, %v", form, err)
	}
	q := signed.Query()
	if signed.Host != "rds.us-west-2.amazonaws.com" || q.Get("Action") != "CopyDBSnapshot" || q.Get("DestinationRegion") != region ||
		!strings.Contains(q.Get("X-Amz-Credential"), "/us-west-2/rds/") || q.Get("X-Amz-Signature") == "" {
		t.Errorf("the address is %s", signed)
	}
}

func TestAnAnswerThatNoStateHoldsIsRefused(t *testing.T) {
	aws := &script{answers: []string{`{"Parameter":{"Value":"` + strings.Repeat("x", maxResult) + `"}}`}}
	if name, _ := bind(t, aws).refused(t, "ssm:getParameter", `{"Name":"n"}`); name != "States.DataLimitExceeded" {
		t.Errorf("named %s", name)
	}
}

func TestOtherPartitionsHaveEndpointsOfTheirOwn(t *testing.T) {
	for _, c := range []struct{ service, region, host string }{
		{"ssm", "cn-north-1", "ssm.cn-north-1.amazonaws.com.cn"},
		{"ec2", "us-gov-west-1", "ec2.us-gov-west-1.amazonaws.com"},
		{"iam", "eu-central-1", "iam.amazonaws.com"},
		{"iam", "cn-north-1", "iam.cn-north-1.amazonaws.com.cn"},
	} {
		o := operationsOf(c.service)
		for _, any := range o {
			b := bind(t, &script{answers: []string{""}})
			found, _, err := b.caller.target(any.Operation, emptyInput, c.region)
			if err != nil || found.url.Host != c.host {
				t.Errorf("%s in %s is at %v, %v", c.service, c.region, found.url, err)
			}
			break
		}
	}
}

func TestWhatIsSignedOtherwiseIsRefusedByName(t *testing.T) {
	name, cause := bind(t, &script{answers: []string{""}}).refused(t, "codecatalyst:listSpaces", `{}`)
	if name != "States.Runtime" || !strings.Contains(cause, "only signature version 4") {
		t.Errorf("%s: %s", name, cause)
	}
}
