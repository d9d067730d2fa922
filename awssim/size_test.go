package awssim

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
)

// client is the SDK's CloudFormation client with a way to the AWS.
func client(a *AWS, account string) *cloudformation.Client {
	return cloudformation.New(cloudformation.Options{
		Region:      "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(account, "secret", ""),
		HTTPClient:  &http.Client{Transport: a.Transport()},
	})
}

// topicTemplate is about as small as deployed templates are.
const topicTemplate = `{
  "Parameters": {"Name": {"Type": "String", "Default": "alarms"}},
  "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "Name"}, "DisplayName": "alarms"}}}
}`

// crowd makes an organization of n accounts in OUs of 500 below one OU, and
// returns that OU.
func crowd(tb testing.TB, a *AWS, n int) string {
	tb.Helper()
	a.Lock()
	defer a.Unlock()
	must := func(err error) {
		if err != nil {
			tb.Fatal(err)
		}
	}
	o := a.Organization()
	must(o.Create("100000000000", "Management"))
	top, err := o.AddOU(o.Root(), "workloads")
	must(err)
	parent := ""
	for i := range n {
		if i%500 == 0 {
			parent, err = o.AddOU(top, fmt.Sprintf("unit-%d", i/500))
			must(err)
		}
		must(o.AddAccount(Account{ID: fmt.Sprintf("%012d", 200000000000+i), Name: fmt.Sprintf("account-%d", i), Parent: parent}))
	}
	return top
}

var tenRegions = []string{
	"us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1",
	"eu-west-2", "eu-central-1", "ap-south-1", "ap-northeast-1", "ap-southeast-2",
}

// fill creates a service-managed set with an instance in every account and ten
// regions, through the API and in virtual time.
func fill(tb testing.TB, a *AWS, ou string, pass func(time.Duration)) {
	tb.Helper()
	ctx, cfn := context.Background(), client(a, "100000000000")
	must := func(err error) {
		if err != nil {
			tb.Fatal(err)
		}
	}
	_, err := cfn.ActivateOrganizationsAccess(ctx, &cloudformation.ActivateOrganizationsAccessInput{})
	must(err)
	_, err = cfn.CreateStackSet(ctx, &cloudformation.CreateStackSetInput{
		StackSetName: aws.String("net"), TemplateBody: aws.String(topicTemplate), PermissionModel: types.PermissionModelsServiceManaged,
		AutoDeployment: &types.AutoDeployment{Enabled: aws.Bool(false)},
	})
	must(err)
	out, err := cfn.CreateStackInstances(ctx, &cloudformation.CreateStackInstancesInput{
		StackSetName: aws.String("net"), Regions: tenRegions,
		DeploymentTargets: &types.DeploymentTargets{OrganizationalUnitIds: []string{ou}},
		OperationPreferences: &types.StackSetOperationPreferences{
			MaxConcurrentPercentage: aws.Int32(100), FailureTolerancePercentage: aws.Int32(100), RegionConcurrencyType: types.RegionConcurrencyTypeParallel,
		},
	})
	must(err)
	for {
		pass(10 * time.Second)
		o, err := cfn.DescribeStackSetOperation(ctx, &cloudformation.DescribeStackSetOperationInput{StackSetName: aws.String("net"), OperationId: out.OperationId})
		must(err)
		switch o.StackSetOperation.Status {
		case types.StackSetOperationStatusRunning:
			continue
		case types.StackSetOperationStatusSucceeded:
			return
		}
		tb.Fatalf("the operation ended %s", o.StackSetOperation.Status)
	}
}

// BenchmarkCreate100000Instances deploys one small stack to 10,000 accounts in
// ten regions; MB is what the world then takes.
func BenchmarkCreate100000Instances(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		a, err := New(Options{Seed: 1, Clock: standing{}})
		if err != nil {
			b.Fatal(err)
		}
		ou := crowd(b, a, 10_000)
		before := heap()
		b.StartTimer()
		fill(b, a, ou, a.Advance)
		b.StopTimer()
		if n := count(b, a, nil); n != 1000 {
			b.Fatalf("the first ten pages hold %d instances", n)
		}
		b.ReportMetric(float64(heap()-before)/(1<<20), "MB")
		runtime.KeepAlive(a)
		b.StartTimer()
	}
}

// standing is a clock that stands: only Advance lets time pass.
type standing struct{}

func (standing) Now() time.Time { return time.Unix(1.8e9, 0) }

func (standing) AfterFunc(time.Duration, func()) func() bool { return func() bool { return true } }

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestADayInVirtualTimeNeedsNoSockets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, err := New(Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		fill(t, a, crowd(t, a, 20), time.Sleep)
	})
}

// count reads up to ten pages of the set's instances and counts them.
func count(tb testing.TB, a *AWS, filters []types.StackInstanceFilter) int {
	tb.Helper()
	n, in := 0, &cloudformation.ListStackInstancesInput{StackSetName: aws.String("net"), Filters: filters}
	for range 10 {
		a.Advance(time.Second) // so that the rate of two requests a second holds nobody up
		page, err := client(a, "100000000000").ListStackInstances(context.Background(), in)
		if err != nil {
			tb.Fatal(err)
		}
		n += len(page.Summaries)
		if in.NextToken = page.NextToken; in.NextToken == nil {
			break
		}
	}
	return n
}

// BenchmarkPageWithFilter asks for a page of the drifted instances, of which
// there are a hundred among 100,000, through the whole way from request to
// answer but without the SDK.
func BenchmarkPageWithFilter(b *testing.B) {
	a, err := New(Options{Seed: 1, Clock: standing{}, Unthrottled: true})
	if err != nil {
		b.Fatal(err)
	}
	crowd(b, a, 10_000)
	if err := a.SeedStackSet(StackSetSpec{Name: "net", Template: topicTemplate, PermissionModel: "SERVICE_MANAGED"}); err != nil {
		b.Fatal(err)
	}
	n := 0
	for i := range 10_000 {
		for _, region := range tenRegions {
			seed := InstanceSeed{}
			if n++; n%1000 == 0 {
				seed.Drift = "DRIFTED"
			}
			if err := a.SeedInstance("net", fmt.Sprintf("%012d", 200000000000+i), region, seed); err != nil {
				b.Fatal(err)
			}
		}
	}
	transport := a.Transport()
	for b.Loop() {
		body := strings.NewReader("Action=ListStackInstances&Version=2010-05-15&StackSetName=net&Filters.member.1.Name=DRIFT_STATUS&Filters.member.1.Values=DRIFTED")
		r, err := http.NewRequest("POST", "https://cloudformation.us-east-1.amazonaws.com/", body)
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=100000000000/20261120/us-east-1/cloudformation/aws4_request, SignedHeaders=host, Signature=0")
		answer, err := transport.RoundTrip(r)
		if err != nil || answer.StatusCode != 200 {
			b.Fatal(err, answer)
		}
	}
}
