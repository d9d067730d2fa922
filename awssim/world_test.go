package awssim

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

const managementAccount = "100000000000"

// bubble runs a test in virtual time on a new AWS with 20 accounts.
func bubble(t *testing.T, options Options, f func(t *testing.T, a *AWS, ou string)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		options.Seed = 1
		a, err := New(options)
		if err != nil {
			t.Fatal(err)
		}
		f(t, a, crowd(t, a, 20))
	})
}

// once is a client that does not retry.
func once(a *AWS, account string) *cloudformation.Client {
	return cloudformation.New(cloudformation.Options{
		Region:      "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(account, "secret", ""),
		HTTPClient:  &http.Client{Transport: a.Transport()},
		Retryer:     aws.NopRetryer{},
	})
}

func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return fmt.Sprint(err)
}

func list(cfn *cloudformation.Client) error {
	_, err := cfn.ListStackSets(context.Background(), &cloudformation.ListStackSetsInput{})
	return err
}

func TestRequestRatesAreKeptByActionAccountAndRegion(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, a *AWS, _ string) {
		cfn := once(a, managementAccount)
		for n := range 2 {
			if err := list(cfn); err != nil {
				t.Fatalf("call %d: %v", n+1, err)
			}
		}
		err := list(cfn)
		var api smithy.APIError
		if !errors.As(err, &api) || api.ErrorCode() != "Throttling" || api.ErrorMessage() != "Rate exceeded" {
			t.Errorf("the third call in a second meets %v", err)
		}
		if err := list(once(a, "200000000001")); err != nil {
			t.Errorf("another account meets %v", err)
		}
		if _, err := cfn.DescribeOrganizationsAccess(context.Background(), &cloudformation.DescribeOrganizationsAccessInput{}); err != nil {
			t.Errorf("an action without a documented rate meets %v", err)
		}
		time.Sleep(500 * time.Millisecond)
		if err := list(cfn); err != nil {
			t.Errorf("half a second later: %v", err)
		}
		if got := a.Stats(); got.Throttled != 1 || got.Calls["cloudformation:ListStackSets"] != 5 {
			t.Errorf("counted %+v", got)
		}
	})
}

func TestTheSDKWaitsThrottlingOut(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, a *AWS, _ string) {
		cfn := client(a, managementAccount)
		for n := range 8 {
			if err := list(cfn); err != nil {
				t.Fatalf("call %d: %v", n+1, err)
			}
		}
		if a.Stats().Throttled == 0 {
			t.Error("nothing was throttled")
		}
	})
}

func TestWhoCallsIsTheAccessKeyOrTheSession(t *testing.T) {
	bubble(t, Options{Account: managementAccount}, func(t *testing.T, a *AWS, _ string) {
		identity := func(key, token string) (*sts.GetCallerIdentityOutput, error) {
			return sts.New(sts.Options{
				Region: "us-east-1", HTTPClient: &http.Client{Transport: a.Transport()}, Retryer: aws.NopRetryer{},
				Credentials: credentials.NewStaticCredentialsProvider(key, "secret", token),
			}).GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{})
		}
		for key, want := range map[string]string{"200000000001": "200000000001", "AKIAEXAMPLE": managementAccount} {
			if got, err := identity(key, ""); err != nil || *got.Account != want {
				t.Errorf("key %s is %v, %v", key, got, err)
			}
		}
		a.Lock()
		token := a.world.SessionToken("200000000002", "setmend-member", "heal", a.world.Now().Add(time.Hour))
		a.Unlock()
		got, err := identity("200000000002", token)
		if err != nil || *got.Arn != "arn:aws:sts::200000000002:assumed-role/setmend-member/heal" {
			t.Errorf("the session is %v, %v", got, err)
		}
		time.Sleep(time.Hour)
		if _, err := identity("200000000002", token); codeOf(err) != "ExpiredToken" {
			t.Errorf("an hour later: %v", err)
		}
	})
}

func TestUnsignedAndUnknownRequestsAreRefusedAsByAWS(t *testing.T) {
	a, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	const signature = "AWS4-HMAC-SHA256 Credential=k/20261120/us-east-1/cloudformation/aws4_request, SignedHeaders=host, Signature=0"
	for _, c := range []struct {
		body, auth, want string
		status           int
	}{
		{"Action=ListStackSets&Version=2010-05-15", "", "<Code>MissingAuthenticationToken</Code>", 403},
		{"Action=Explode&Version=2010-05-15", signature, "<Code>InvalidAction</Code><Message>Could not find operation Explode for version 2010-05-15</Message>", 400},
		{"Version=2010-05-15", signature, "<Code>MissingAction</Code>", 400},
		{"Action=%zz", signature, "<Code>MalformedInput</Code>", 400},
		{"Action=DescribeStackSet&StackSetName.member.1=x", signature, "<Code>MalformedInput</Code>", 400},
	} {
		r := httptest.NewRequest("POST", "https://cloudformation.us-east-1.amazonaws.com/", strings.NewReader(c.body))
		r.Header.Set("Authorization", c.auth)
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || w.Header().Get("X-Amzn-Requestid") == "" {
			t.Errorf("%s is answered %d %s", c.body, w.Code, w.Body)
		}
	}
}

func create(cfn *cloudformation.Client, name string) error {
	_, err := cfn.CreateStackSet(context.Background(), &cloudformation.CreateStackSetInput{StackSetName: &name, TemplateBody: aws.String(topicTemplate)})
	return err
}

// exists reports whether a set is there, past all faults.
func exists(a *AWS, name string) bool {
	for _, set := range a.Snapshot().StackSets {
		if set.Name == name {
			return true
		}
	}
	return false
}

func TestFaultsFailLoseAndDelayCalls(t *testing.T) {
	for _, c := range []struct {
		do      string
		code    string
		applied bool
		took    time.Duration
	}{
		{"fail", "InternalFailure", false, 0},
		{"fail-applied", "InternalFailure", true, 0},
		{"throttle", "Throttling", false, 0},
		{"lose", "lost", true, 0},
		{"slow", "<nil>", true, 20 * time.Second},
		{"hold", "<nil>", true, 20 * time.Second},
	} {
		t.Run(c.do, func(t *testing.T) {
			bubble(t, Options{}, func(t *testing.T, a *AWS, _ string) {
				err := a.Inject(FaultPlan{Faults: []Fault{{
					Call: "cloudformation:CreateStackSet", Match: map[string]string{"StackSetName": "second"}, Nth: 1, Do: c.do, Delay: 20 * time.Second,
				}}})
				if err != nil {
					t.Fatal(err)
				}
				if err := create(once(a, managementAccount), "first"); err != nil {
					t.Errorf("a call that no rule matches: %v", err)
				}
				start := time.Now()
				err = create(once(a, managementAccount), "second")
				code := codeOf(err)
				if errors.Is(err, ErrLost) {
					code = "lost"
				}
				if code != c.code || exists(a, "second") != c.applied || time.Since(start) != c.took {
					t.Errorf("answered %s after %s, applied: %v", code, time.Since(start), exists(a, "second"))
				}
				if got := a.Faults()[0]; got.Matched != 1 || got.Fired != 1 {
					t.Errorf("counted %+v", got)
				}
			})
		})
	}
}

func TestAHeldCallIsAppliedEvenIfItsClientGaveUp(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, a *AWS, _ string) {
		if err := a.Inject(FaultPlan{Faults: []Fault{{Call: "*:CreateStackSet", Do: "hold", Delay: time.Minute}}}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_, err := once(a, managementAccount).CreateStackSet(ctx, &cloudformation.CreateStackSetInput{StackSetName: aws.String("net"), TemplateBody: aws.String(topicTemplate)})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("the client met %v", err)
		}
		if exists(a, "net") {
			t.Error("the call was applied before its time")
		}
		time.Sleep(time.Minute)
		if !exists(a, "net") {
			t.Error("the call was not applied")
		}
	})
}

func TestFaultsEmptyAndShortenPagesWithoutLosingAnything(t *testing.T) {
	for _, do := range []string{"empty-page", "cut-page"} {
		bubble(t, Options{Unthrottled: true}, func(t *testing.T, a *AWS, _ string) {
			for n := range 7 {
				if err := create(client(a, managementAccount), fmt.Sprintf("s%d", n)); err != nil {
					t.Fatal(err)
				}
			}
			if err := a.Inject(FaultPlan{Faults: []Fault{{Call: "cloudformation:ListStackSets", Nth: 2, Times: 2, Do: do}}}); err != nil {
				t.Fatal(err)
			}
			var sizes []int
			pages := cloudformation.NewListStackSetsPaginator(client(a, managementAccount), &cloudformation.ListStackSetsInput{MaxResults: aws.Int32(4)})
			for pages.HasMorePages() {
				page, err := pages.NextPage(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				sizes = append(sizes, len(page.Summaries))
			}
			want := map[string][]int{"empty-page": {4, 0, 0, 3}, "cut-page": {4, 2, 1}}[do]
			if diff := cmp.Diff(want, sizes); diff != "" {
				t.Errorf("%s: %s", do, diff)
			}
		})
	}
}

func TestStaleListsShowWhatWas(t *testing.T) {
	bubble(t, Options{Unthrottled: true}, func(t *testing.T, a *AWS, _ string) {
		if err := a.Inject(FaultPlan{Faults: []Fault{{Call: "cloudformation:ListStackSets", Do: "stale", Delay: 30 * time.Second}}}); err != nil {
			t.Fatal(err)
		}
		count := func() int {
			out, err := client(a, managementAccount).ListStackSets(context.Background(), &cloudformation.ListStackSetsInput{})
			if err != nil {
				t.Fatal(err)
			}
			return len(out.Summaries)
		}
		before := count()
		if err := create(client(a, managementAccount), "net"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Second)
		stale := count()
		time.Sleep(20 * time.Second)
		if before != 0 || stale != 0 || count() != 1 {
			t.Errorf("%d before, %d after 20 s, %d after 40 s", before, stale, count())
		}
	})
}

func TestChangesHappenOnTime(t *testing.T) {
	bubble(t, Options{Unthrottled: true}, func(t *testing.T, a *AWS, ou string) {
		fill(t, a, ou, time.Sleep)
		plan, err := ParseFaults([]byte(`
changes:
  - {at: 1m, do: suspend, account: "200000000001"}
  - {at: 2m, every: 10m, do: drift, stackSet: net, account: "200000000003", region: eu-west-1, resource: Topic, property: /DisplayName, value: changed by hand}
`))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Inject(plan); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Minute)
		if got := driftedInstances(t, a); len(got) != 1 || got[0] != "200000000003 eu-west-1" {
			t.Errorf("drifted: %v", got)
		}
		skipped := filtered(t, a, types.StackInstanceFilterNameDetailedStatus, "SKIPPED_SUSPENDED_ACCOUNT")
		if len(skipped) != 10 {
			t.Errorf("%d instances skipped, want those of the suspended account in ten regions", len(skipped))
		}
	})
}

// driftedInstances detects drift and lists what has drifted.
func driftedInstances(t *testing.T, a *AWS) []string {
	t.Helper()
	ctx, cfn := context.Background(), client(a, managementAccount)
	out, err := cfn.DetectStackSetDrift(ctx, &cloudformation.DetectStackSetDriftInput{StackSetName: aws.String("net"), OperationPreferences: &types.StackSetOperationPreferences{
		MaxConcurrentPercentage: aws.Int32(100), FailureTolerancePercentage: aws.Int32(100), RegionConcurrencyType: types.RegionConcurrencyTypeParallel,
	}})
	if err != nil {
		t.Fatal(err)
	}
	for {
		time.Sleep(10 * time.Second)
		o, err := cfn.DescribeStackSetOperation(ctx, &cloudformation.DescribeStackSetOperationInput{StackSetName: aws.String("net"), OperationId: out.OperationId})
		if err != nil {
			t.Fatal(err)
		}
		if o.StackSetOperation.EndTimestamp != nil {
			return filtered(t, a, types.StackInstanceFilterNameDriftStatus, "DRIFTED")
		}
	}
}

func filtered(t *testing.T, a *AWS, name types.StackInstanceFilterName, value string) []string {
	t.Helper()
	var out []string
	pages := cloudformation.NewListStackInstancesPaginator(client(a, managementAccount), &cloudformation.ListStackInstancesInput{
		StackSetName: aws.String("net"), Filters: []types.StackInstanceFilter{{Name: name, Values: &value}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range page.Summaries {
			out = append(out, *i.Account+" "+*i.Region)
		}
	}
	return out
}

// post calls the control endpoint from an address and decodes its answer.
func post(t *testing.T, a *AWS, from, method, name, body string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(method, "http://localhost:4599/_sim/"+name, strings.NewReader(body))
	r.RemoteAddr = from
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	out := map[string]any{}
	if w.Code == http.StatusOK {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			t.Fatalf("%s %s answers %s", method, name, w.Body)
		}
	}
	return w.Code, out
}

func TestTheControlEndpointIsForItsOwnMachine(t *testing.T) {
	a, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]int{"127.0.0.1:5000": 200, "[::1]:5000": 200, "10.0.0.9:5000": 403} {
		if got, _ := post(t, a, from, "GET", "", ""); got != want {
			t.Errorf("a request from %s is answered %d", from, got)
		}
	}
	for _, change := range []func(r *http.Request){
		func(r *http.Request) { r.Header.Set("Origin", "http://evil.example.com") },
		func(r *http.Request) { r.Host = "evil.example.com" }, // a name that leads here
	} {
		r := httptest.NewRequest("POST", "http://localhost:4599/_sim/reset", nil)
		r.RemoteAddr = "127.0.0.1:5000"
		change(r)
		w := httptest.NewRecorder()
		if a.ServeHTTP(w, r); w.Code != http.StatusForbidden {
			t.Errorf("a web page's request is answered %d", w.Code)
		}
	}
}

func TestTheControlEndpointControls(t *testing.T) {
	const here = "127.0.0.1:5000"
	bubble(t, Options{Unthrottled: true}, func(t *testing.T, a *AWS, ou string) {
		fill(t, a, ou, time.Sleep)
		for _, c := range []struct {
			method, name, body string
			want               int
		}{
			{"POST", "advance", `{"by": "1h"}`, 200},
			{"POST", "advance", `{"by": "soon"}`, 400},
			{"POST", "faults", `{"faults": [{"call": "*:ListStackSets", "do": "throttle"}]}`, 200},
			{"POST", "faults", `{"faults": [{"call": "nonsense", "do": "throttle"}]}`, 400},
			{"POST", "drift", `{"stackSet": "net", "account": "200000000000", "region": "us-east-1", "resource": "Topic", "property": "/DisplayName", "value": "x"}`, 200},
			{"POST", "drift", `{"stackSet": "net", "account": "200000000001", "region": "us-east-1", "resource": "Topic"}`, 200},
			{"POST", "drift", `{"stackSet": "net", "account": "999999999999", "region": "us-east-1", "resource": "Topic"}`, 400},
			{"POST", "change", `{"do": "lose-role", "account": "200000000000", "role": "admin"}`, 200},
			{"POST", "explode", ``, 404},
		} {
			if got, _ := post(t, a, here, c.method, c.name, c.body); got != c.want {
				t.Errorf("%s %s %s is answered %d", c.method, c.name, c.body, got)
			}
		}
		if err := list(once(a, managementAccount)); codeOf(err) != "Throttling" {
			t.Errorf("with the fault in force: %v", err)
		}
		if got := driftedInstances(t, a); len(got) != 2 {
			t.Errorf("drifted: %v", got)
		}
		if now := a.Now(); now.Sub(time.Now()) != time.Hour {
			t.Errorf("the world is at %s", now)
		}
	})
}

func TestASnapshotLoadedIsTheSameWorld(t *testing.T) {
	bubble(t, Options{Unthrottled: true}, func(t *testing.T, a *AWS, ou string) {
		fill(t, a, ou, time.Sleep)
		a.Lock()
		a.Access().AddSCP(SCP{Target: ou, Action: "config:*"})
		a.Access().RemoveRole("200000000003", "setmend-member")
		if err := a.Organization().Suspend("200000000004"); err != nil {
			t.Fatal(err)
		}
		a.Unlock()
		first, err := json.Marshal(a.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		other, err := New(Options{Seed: 99})
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequest("POST", "http://localhost/_sim/load", bytes.NewReader(first))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := other.Transport().RoundTrip(r)
		if err != nil || answer.StatusCode != http.StatusOK {
			text, _ := io.ReadAll(answer.Body)
			t.Fatalf("loading: %v, %s", err, text)
		}
		second, err := json.Marshal(other.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(first), string(second)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestResetMakesEverythingAsItWas(t *testing.T) {
	bubble(t, Options{Fill: func(a *AWS) error {
		return a.SeedStackSet(StackSetSpec{Name: "seeded", Template: topicTemplate})
	}}, func(t *testing.T, a *AWS, _ string) {
		heard := 0
		a.Subscribe(func(Event) { heard++ })
		if err := create(client(a, managementAccount), "extra"); err != nil {
			t.Fatal(err)
		}
		a.Advance(time.Hour)
		if err := a.Reset(); err != nil {
			t.Fatal(err)
		}
		if !exists(a, "seeded") || exists(a, "extra") || len(a.Snapshot().StackSets) != 1 {
			t.Error("the sets are not those of the start")
		}
		if !a.Now().Equal(time.Now()) || a.Stats().Total() != 0 {
			t.Errorf("the world is at %s after %d calls", a.Now(), a.Stats().Total())
		}
		if err := a.SeedInstance("seeded", "200000000000", "us-east-1", InstanceSeed{}); err != nil {
			t.Fatal(err)
		}
		if _, err := client(a, "111122223333").DetectStackSetDrift(context.Background(), &cloudformation.DetectStackSetDriftInput{StackSetName: aws.String("seeded")}); err != nil {
			t.Fatal(err)
		}
		if heard == 0 {
			t.Error("the subscriber was forgotten")
		}
	})
}

func TestWritesTellWhoDidWhat(t *testing.T) {
	bubble(t, Options{}, func(t *testing.T, a *AWS, _ string) {
		if err := create(client(a, managementAccount), "net"); err != nil {
			t.Fatal(err)
		}
		if err := create(once(a, managementAccount), "net"); codeOf(err) != "NameAlreadyExistsException" {
			t.Fatal(err)
		}
		writes := a.Writes()
		if len(writes) != 2 || a.Stats().Writes != 1 {
			t.Fatalf("%d calls, %d of them done", len(writes), a.Stats().Writes)
		}
		first := writes[0]
		if first.Action != "CreateStackSet" || first.Params["StackSetName"] != "net" || first.Caller.Account != managementAccount || first.Code != "" {
			t.Errorf("the first is %+v", first)
		}
		if writes[1].Code != "NameAlreadyExistsException" {
			t.Errorf("the second is %+v", writes[1])
		}
	})
}
