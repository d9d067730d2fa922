package awssim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/setmend/setmend/clock"
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
		cfn := cloudformation.New(client(a, managementAccount).Options(), func(o *cloudformation.Options) {
			// The SDK's own backoff is random and as short as nothing.
			o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { o.Backoff = everySecond{} })
		})
		for n := range 8 {
			if err := list(cfn); err != nil {
				t.Fatalf("call %d: %v", n+1, err)
			}
		}
		if got := a.Stats().Throttled; got != 3 { // two of the eight a second
			t.Errorf("%d calls were throttled, want 3", got)
		}
	})
}

// everySecond is a backoff of a second.
type everySecond struct{}

func (everySecond) BackoffDelay(int, error) (time.Duration, error) { return time.Second, nil }

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

// TestSessionsLastByTheClockOfTheirBearer has an hour of the world pass in six seconds:
// a client that renews its credentials by the wall's clock must not meet ExpiredToken.
func TestSessionsLastByTheClockOfTheirBearer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, err := New(Options{Account: managementAccount, Clock: clock.Scaled(600, time.Now())})
		if err != nil {
			t.Fatal(err)
		}
		calls := func(key, token string) *sts.Client {
			return sts.New(sts.Options{Region: "us-east-1", HTTPClient: &http.Client{Transport: a.Transport()}, Retryer: aws.NopRetryer{},
				Credentials: credentials.NewStaticCredentialsProvider(key, "secret", token)})
		}
		role, session := "arn:aws:iam::"+managementAccount+":role/OrganizationAccountAccessRole", "deploy"
		out, err := calls(managementAccount, "").AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: &session, DurationSeconds: aws.Int32(900)})
		if err != nil {
			t.Fatal(err)
		}
		if left := time.Until(*out.Credentials.Expiration); left < 14*time.Minute || left > 15*time.Minute {
			t.Errorf("its bearer is shown %v", left)
		}
		bearer := calls(*out.Credentials.AccessKeyId, *out.Credentials.SessionToken)
		for _, test := range []struct {
			pass time.Duration
			want string
		}{{10 * time.Minute, "<nil>"}, {6 * time.Minute, "ExpiredToken"}} {
			time.Sleep(test.pass)
			if _, err := bearer.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); codeOf(err) != test.want {
				t.Errorf("after another %v: %v", test.pass, err)
			}
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
		{"Action=Explode&Version=2010-05-15", signature, "<Code>InvalidAction</Code><Message>Could not find operation Explode for version 2010-05-15: the embedded AWS does not serve cloudformation:Explode</Message>", 400},
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
