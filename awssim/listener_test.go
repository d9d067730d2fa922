package awssim

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// served is a client of an AWS behind a listener.
func served(t *testing.T, a *AWS) *cloudformation.Client {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	return cloudformation.New(cloudformation.Options{
		Region:       "us-east-1",
		BaseEndpoint: &server.URL,
		Credentials:  credentials.NewStaticCredentialsProvider(managementAccount, "secret", ""),
		Retryer:      aws.NopRetryer{},
	})
}

func TestALostAnswerBreaksTheConnection(t *testing.T) {
	a, err := New(Options{Account: managementAccount})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Inject(FaultPlan{Faults: []Fault{{Call: "cloudformation:CreateStackSet", Do: "lose"}}}); err != nil {
		t.Fatal(err)
	}
	err = create(served(t, a), "net")
	if err == nil || !exists(a, "net") {
		t.Errorf("the client met %v, applied: %v", err, exists(a, "net"))
	}
}

func TestManyClientsCallAtOnce(t *testing.T) {
	a, err := New(Options{Account: managementAccount, Unthrottled: true})
	if err != nil {
		t.Fatal(err)
	}
	cfn := served(t, a)
	var all sync.WaitGroup
	problems := make(chan error, 100)
	for n := range 8 {
		all.Go(func() {
			name := fmt.Sprintf("net-%d", n)
			problems <- create(cfn, name)
			_, err := cfn.CreateStackInstances(context.Background(), &cloudformation.CreateStackInstancesInput{
				StackSetName: &name, Accounts: []string{first, second}, Regions: []string{"us-east-1"},
			})
			problems <- err
			problems <- list(cfn)
			a.Stats()
			a.Advance(0)
		})
	}
	all.Wait()
	close(problems)
	for err := range problems {
		if err != nil {
			t.Error(err)
		}
	}
	if got := a.Stats(); got.Calls["cloudformation:CreateStackInstances"] != 8 || got.Writes != 16 {
		t.Errorf("counted %+v", got)
	}
}

func TestServiceNamesInHostsLeadToServices(t *testing.T) {
	a, err := New(Options{Account: managementAccount})
	if err != nil {
		t.Fatal(err)
	}
	for host, target := range map[string]string{
		"cloudformation.eu-west-1.amazonaws.com":                "",
		"localhost:4599":                                        "AWSOrganizationsV20161128.ListRoots",
		"organizations.us-east-1.amazonaws.com":                 "",
		"cloudcontrolapi.us-east-1.amazonaws.com":               "",
		"setmend-journal.s3.eu-central-1.amazonaws.com":         "",
		"something-else-altogether.example.com":                 "",
		"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.0": "",
	} {
		r := httptest.NewRequest("POST", "http://"+host+"/", nil)
		r.Header.Set("X-Amz-Target", target)
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Code == http.StatusOK || w.Code >= 500 && w.Code != http.StatusNotImplemented {
			t.Errorf("an unsigned request to %s is answered %d %s", host, w.Code, w.Body)
		}
	}
}

// The Date of an answer is the wall's: SDKs take a Date that is minutes off for clock
// skew, and every error for its effect.
func TestTheWorldsTimeHasAHeaderOfItsOwn(t *testing.T) {
	a, err := New(Options{Clock: standing{}, Account: managementAccount})
	if err != nil {
		t.Fatal(err)
	}
	a.Advance(1000 * time.Hour)
	for name, cfn := range map[string]*cloudformation.Client{"in process": once(a, managementAccount), "over a listener": served(t, a)} {
		out, err := cfn.ListStackSets(context.Background(), &cloudformation.ListStackSetsInput{})
		if err != nil {
			t.Fatal(err)
		}
		raw := awsmiddleware.GetRawResponse(out.ResultMetadata).(*smithyhttp.Response)
		if at, err := time.Parse(time.RFC3339Nano, raw.Header.Get("X-Setmend-Time")); err != nil || !at.Equal(a.Now()) {
			t.Errorf("%s the world's time is %s (%v), want %s", name, at, err, a.Now())
		}
		if at, ok := awsmiddleware.GetServerTime(out.ResultMetadata); ok && time.Since(at).Abs() > time.Minute {
			t.Errorf("%s the answer is dated %s", name, at)
		}
	}
}
