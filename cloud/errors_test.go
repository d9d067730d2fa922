package cloud

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/setmend/setmend/fleet"
)

func TestEveryAnswerHasItsKind(t *testing.T) {
	for _, test := range []struct {
		status        int
		code, message string
		want          fleet.ErrorKind
	}{
		{404, "StackSetNotFoundException", "", fleet.NotFound},
		{404, "StackSetNotFound", "", fleet.NotFound},
		{404, "StackInstanceNotFoundException", "", fleet.NotFound},
		{404, "OperationNotFoundException", "", fleet.NotFound},
		{404, "ChangeSetNotFound", "", fleet.NotFound},
		{400, "ValidationError", "Stack with id arn:x does not exist", fleet.NotFound},
		{409, "OperationInProgressException", "", fleet.Conflict},
		{409, "StaleRequestException", "", fleet.Conflict},
		{409, "OperationIdAlreadyExistsException", "", fleet.Duplicate},
		{400, "LimitExceededException", "", fleet.Quota},
		{400, "Throttling", "Rate exceeded", fleet.Throttled},
		{400, "ThrottlingException", "", fleet.Throttled},
		{400, "TooManyRequestsException", "", fleet.Throttled},
		{503, "SlowDown", "", fleet.Throttled},
		{429, "Whatever", "", fleet.Throttled},
		{403, "AccessDenied", "", fleet.Denied},
		{400, "AccessDeniedException", "", fleet.Denied},
		{403, "SomethingForbidden", "", fleet.Denied},
		{403, "ExpiredToken", "", fleet.Expired},
		{400, "ExpiredTokenException", "", fleet.Expired},
		{403, "InvalidClientTokenId", "", fleet.Expired},
		{400, "UnrecognizedClientException", "", fleet.Expired},
		{403, "SignatureDoesNotMatch", "", fleet.Expired},
		{400, "ValidationError", "1 validation error detected", fleet.Invalid},
		{400, "InvalidOperationException", "", fleet.Invalid},
		{400, "SomethingNew", "", fleet.Invalid},
		{500, "InternalFailure", "", fleet.UnknownOutcome},
		{503, "ServiceUnavailable", "", fleet.UnknownOutcome},
	} {
		a, _ := configured(t, Config{Clock: new(leap)}, func(question) answer { return fault(test.status, test.code, test.message) })
		_, err := a.StackSet(t.Context(), "baseline")
		e := wantKind(t, err, test.want)
		if e.Code != test.code || !strings.Contains(e.Message, test.message) {
			t.Errorf("%s: code %q, message %q", test.code, e.Code, e.Message)
		}
		if e.Call != "DescribeStackSet" || !strings.Contains(e.Object, "baseline") {
			t.Errorf("%s: call %q, object %q", test.code, e.Call, e.Object)
		}
	}
}

func TestADenialNamesTheMissingPermission(t *testing.T) {
	for message, want := range map[string]string{
		"User: arn:x is not authorized to perform: cloudformation:DescribeStackSet on resource: y": "perform: cloudformation:DescribeStackSet",
		"Access denied": "needed: cloudformation:DescribeStackSet",
	} {
		a, _ := against(t, func(question) answer { return fault(403, "AccessDenied", message) })
		_, err := a.StackSet(t.Context(), "baseline")
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

// Whether anything was done is decided by whether anything was sent.
func TestABrokenConnectionIsUnreachableOnlyIfNothingWasSent(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want fleet.ErrorKind
	}{
		{"nobody listens", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", errors.New("connection refused"))}, fleet.Unreachable},
		{"no such host", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}, fleet.Unreachable},
		{"the proxy refuses", &net.OpError{Op: "proxyconnect", Err: errors.New("no")}, fleet.Unreachable},
		{"the certificate is not trusted", &tls.CertificateVerificationError{Err: errors.New("unknown authority")}, fleet.Unreachable},
		{"not TLS at the other end", http.ErrSchemeMismatch, fleet.Unreachable},
		{"broken while writing", &net.OpError{Op: "write", Err: errors.New("broken pipe")}, fleet.UnknownOutcome},
		{"broken while reading", &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}, fleet.UnknownOutcome},
		{"closed without an answer", io.EOF, fleet.UnknownOutcome},
		{"no answer in time", context.DeadlineExceeded, fleet.UnknownOutcome},
		{"something else", errors.New("strange"), fleet.UnknownOutcome},
	} {
		a, _ := configured(t, Config{Clock: new(leap)}, func(question) answer { return answer{err: test.err} })
		_, err := a.StackSet(t.Context(), "baseline")
		if kind := fleet.KindOf(err); kind != test.want {
			t.Errorf("%s: %q (%v), want %q", test.name, kind, err, test.want)
		}
		if !errors.Is(err, test.err) {
			t.Errorf("%s: the cause is lost from %v", test.name, err)
		}
	}
}

func TestOverTheNetworkTheKindsAreTheSame(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	cut := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer cut.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for endpoint, want := range map[string]fleet.ErrorKind{
		gone.URL: fleet.Unreachable,
		cut.URL:  fleet.UnknownOutcome,
		strings.Replace(plain.URL, "http:", "https:", 1): fleet.Unreachable,
	} {
		a, err := New(t.Context(), Config{Region: "eu-central-1", EndpointURL: endpoint, Keys: &visitor, Clock: new(leap)})
		if err != nil {
			t.Fatal(err)
		}
		wantKind(t, a.Change(t.Context(), aChange(fleet.OperationCreate)), want)
	}
}

func TestAContextThatEndedBeforeSendingMeansNothingWasDone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	a, s := against(t, accepting)
	err := a.Change(ctx, aChange(fleet.OperationCreate))
	wantKind(t, err, fleet.Unreachable)
	if !errors.Is(err, context.Canceled) || len(s.asked) != 0 {
		t.Errorf("%v, sent %v", err, s.actions())
	}
}

func TestAContextThatEndsWhileAWriteIsOutLeavesItsOutcomeUnknown(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a, _ := against(t, func(question) answer {
		cancel()
		return answer{err: ctx.Err()}
	})
	err := a.Change(ctx, aChange(fleet.OperationCreate))
	wantKind(t, err, fleet.UnknownOutcome)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// The time that a single request may take is not the caller's time.
func TestAReadIsRepeatedWhenItTookTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := true
		a, s := against(t, func(q question) answer {
			if slow {
				slow = false
				time.Sleep(2 * requestTimeout)
				return answer{err: context.DeadlineExceeded}
			}
			return xml(q.Action, "<Summaries/>")
		})
		if _, err := a.StackSets(t.Context()); err != nil || len(s.asked) != 2 {
			t.Errorf("%d calls, %v", len(s.asked), err)
		}
	})
}

func TestAReadIsRepeatedWhenItsAnswerWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lost := 2
		a, s := against(t, func(q question) answer {
			if lost--; lost >= 0 {
				return answer{err: io.ErrUnexpectedEOF}
			}
			return xml(q.Action, "<Summaries/>")
		})
		if _, err := a.StackSets(t.Context()); err != nil || len(s.asked) != 3 {
			t.Errorf("%d calls, %v", len(s.asked), err)
		}
	})
}

// AWS repeats values that break a constraint; a log must not.
func TestErrorsCarryNoOverrideValues(t *testing.T) {
	a, _ := against(t, func(question) answer {
		return fault(400, "ValidationError", "Value 'hunter2-secret' at 'parameterOverrides.1.member.parameterValue' failed")
	})
	change := aChange(fleet.OperationUpdate)
	change.Overrides = []fleet.Parameter{{Key: "Password", Value: "hunter2-secret"}}
	err := a.Change(t.Context(), change)
	wantKind(t, err, fleet.Invalid)
	for e := err; e != nil; e = errors.Unwrap(e) {
		if strings.Contains(e.Error(), "hunter2") {
			t.Errorf("the value is in %v", e)
		}
	}
}

func TestErrorsCarryNoCredentials(t *testing.T) {
	keys := Keys{AccessKeyID: "AKIACANARYCANARY", SecretAccessKey: "canary/secret", SessionToken: "canary-token"}
	for _, bad := range []answer{fault(403, "SignatureDoesNotMatch", "no"), {err: errors.New("broken")}, {status: 200, body: "<"}} {
		a, _ := configured(t, Config{Keys: &keys, Clock: new(leap)}, func(question) answer { return bad })
		_, err := a.StackSets(t.Context())
		for e := err; e != nil; e = errors.Unwrap(e) {
			if strings.Contains(strings.ToLower(e.Error()), "canary") {
				t.Errorf("credentials are in %v", e)
			}
		}
	}
}

func TestMissingCredentialsAreExpiredOnes(t *testing.T) {
	withoutCredentials(t)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	a, err := New(t.Context(), Config{Region: "eu-central-1", Clock: new(leap)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.Caller(t.Context())
	wantKind(t, err, fleet.Expired)
	if a.Stats().Calls != 0 {
		t.Error("a request was counted that was never sent")
	}
	_, err = New(t.Context(), Config{Region: "eu-central-1", Profile: "no-such-profile"})
	wantKind(t, err, fleet.Expired)
}

// Outside EC2 the SDK's last resort, a virtual machine's metadata, is never
// reached. That is a lack of credentials; an identity provider that is not
// reached is a lack of network.
func TestAnUnreachableIssuerOfCredentialsIsNotTakenForAnother(t *testing.T) {
	dial := &net.OpError{Op: "dial", Err: errors.New("no route to host")}
	for issuer, want := range map[string]fleet.ErrorKind{"ec2imds": fleet.Expired, "SSO": fleet.Unreachable} {
		err := &smithy.OperationError{ServiceID: "STS", OperationName: "GetCallerIdentity", Err: fmt.Errorf("get identity: %w",
			&smithy.OperationError{ServiceID: issuer, OperationName: "Get", Err: dial})}
		if got := getCallerIdentity.on("x").explain(t.Context(), err, false); got.Kind != want {
			t.Errorf("%s: %q, want %q", issuer, got.Kind, want)
		}
	}
}

func TestAWrongConfigurationIsRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	for name, config := range map[string]Config{
		"no region":          {},
		"a wrong call-as":    {Region: "eu-central-1", CallAs: "BOSS"},
		"no URL":             {Region: "eu-central-1", EndpointURL: "localhost:4566"},
		"a wrong URL scheme": {Region: "eu-central-1", EndpointURL: "ftp://localhost"},
	} {
		_, err := New(t.Context(), config)
		if fleet.KindOf(err) != fleet.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// leap is a clock whose waits take no time.
type leap struct{ now time.Time }

func (l *leap) Now() time.Time { return l.now }

func (l *leap) Sleep(ctx context.Context, d time.Duration) error {
	l.now = l.now.Add(max(0, d))
	return ctx.Err()
}

// withoutCredentials hides whatever the machine has of AWS's configuration.
func withoutCredentials(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL",
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
}
