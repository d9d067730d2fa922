package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/otto"
)

// What the embedded AWS may cost at AWS's quota of instances in a set.
const (
	simAccounts  = 10_000
	simInstances = 10 * simAccounts

	creationCPU  = 5   // seconds, in virtual time
	creationHeap = 600 // MB
	pageTime     = 2   // ms, a page of ListStackInstances with a filter
)

var simRegions = []string{
	"us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1",
	"eu-west-2", "eu-central-1", "ap-south-1", "ap-northeast-1", "ap-southeast-2",
}

// simRows measures the embedded AWS itself: a stack set as large as AWS allows,
// created by one operation, and read by page.
func simRows(t *testing.T) []row {
	a, err := awssim.New(awssim.Options{Seed: 1, Clock: standing{}, Unthrottled: true})
	must(t, err)
	unit := crowd(t, a)
	cfn := cloudformation.New(cloudformation.Options{
		Region:      "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider(a.Account(), "secret", ""),
		HTTPClient:  &http.Client{Transport: a.Transport()},
	})
	heap, cpu := heapMB(), cpuTime(t)
	createAll(t, a, cfn, unit)
	cpu = cpuTime(t) - cpu
	heap = heapMB() - heap
	page := filteredPage(t, a, cfn)
	runtime.KeepAlive(a)
	return []row{
		newRow("embedded AWS: creating 100,000 instances, CPU", cpu.Seconds(), "s", creationCPU),
		newRow("embedded AWS: 100,000 instances, heap", heap, "MB", creationHeap),
		newRow("embedded AWS: filtered page of 100,000 instances, CPU", page.Seconds()*1000, "ms", pageTime),
	}
}

// standing is a clock that stands: only Advance lets time pass.
type standing struct{}

func (standing) Now() time.Time { return time.Unix(1.8e9, 0) }

func (standing) AfterFunc(time.Duration, func()) func() bool { return func() bool { return true } }

// crowd makes the accounts in an OU, which it returns.
func crowd(t *testing.T, a *awssim.AWS) string {
	t.Helper()
	must(t, otto.Empty(a))
	a.Lock()
	defer a.Unlock()
	o := a.Organization()
	unit, err := o.AddOU(o.Root(), "workloads")
	must(t, err)
	for i := range simAccounts {
		must(t, o.AddAccount(awssim.Account{ID: fmt.Sprint(200000000000 + i), Name: fmt.Sprintf("account-%d", i), Parent: unit}))
	}
	return unit
}

// createAll deploys a small stack to every account in ten regions.
func createAll(t *testing.T, a *awssim.AWS, cfn *cloudformation.Client, unit string) {
	t.Helper()
	ctx, name := context.Background(), aws.String("net")
	_, err := cfn.CreateStackSet(ctx, &cloudformation.CreateStackSetInput{
		StackSetName: name, PermissionModel: types.PermissionModelsServiceManaged, AutoDeployment: &types.AutoDeployment{Enabled: aws.Bool(false)},
		TemplateBody: aws.String(`{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "alarms"}}}}`),
	})
	must(t, err)
	out, err := cfn.CreateStackInstances(ctx, &cloudformation.CreateStackInstancesInput{
		StackSetName: name, Regions: simRegions, DeploymentTargets: &types.DeploymentTargets{OrganizationalUnitIds: []string{unit}},
		OperationPreferences: &types.StackSetOperationPreferences{
			MaxConcurrentPercentage: aws.Int32(100), FailureTolerancePercentage: aws.Int32(100), RegionConcurrencyType: types.RegionConcurrencyTypeParallel,
		},
	})
	must(t, err)
	for range 1000 {
		a.Advance(10 * time.Second)
		got, err := cfn.DescribeStackSetOperation(ctx, &cloudformation.DescribeStackSetOperationInput{StackSetName: name, OperationId: out.OperationId})
		must(t, err)
		switch got.StackSetOperation.Status {
		case types.StackSetOperationStatusSucceeded:
			return
		case types.StackSetOperationStatusRunning:
		default:
			t.Fatalf("the operation ended %s", got.StackSetOperation.Status)
		}
	}
	t.Fatal("the operation does not end")
}

// filteredPage is the processor time of a page that a filter chooses a hundred of
// the instances for: those that a drift detection found to differ.
func filteredPage(t *testing.T, a *awssim.AWS, cfn *cloudformation.Client) time.Duration {
	t.Helper()
	ctx, name := context.Background(), aws.String("net")
	for i := range 100 {
		must(t, a.Apply(awssim.Change{Do: "delete-resource", StackSet: *name, Account: fmt.Sprint(200000000000 + 100*i), Region: simRegions[i%10], Resource: "Topic"}))
	}
	_, err := cfn.DetectStackSetDrift(ctx, &cloudformation.DetectStackSetDriftInput{
		StackSetName: name, OperationPreferences: &types.StackSetOperationPreferences{
			MaxConcurrentPercentage: aws.Int32(100), FailureTolerancePercentage: aws.Int32(100), RegionConcurrencyType: types.RegionConcurrencyTypeParallel,
		},
	})
	must(t, err)
	a.Advance(24 * time.Hour)
	const times = 2000 // many, so that the collector's part is a fair one
	start := cpuTime(t)
	for range times {
		if n := strings.Count(rawPage(t, a), "<DriftStatus>DRIFTED</DriftStatus>"); n != 100 {
			t.Fatalf("%d of %d instances have drifted, want 100", n, simInstances)
		}
	}
	return (cpuTime(t) - start) / times
}

// rawPage asks for the drifted instances without the SDK, which takes four times
// as long to read the answer as the embedded AWS to write it.
func rawPage(t *testing.T, a *awssim.AWS) string {
	t.Helper()
	body := strings.NewReader("Action=ListStackInstances&Version=2010-05-15&StackSetName=net&Filters.member.1.Name=DRIFT_STATUS&Filters.member.1.Values=DRIFTED")
	r, err := http.NewRequest(http.MethodPost, "https://cloudformation.us-east-1.amazonaws.com/", body)
	must(t, err)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+a.Account()+"/20261120/us-east-1/cloudformation/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := a.Transport().RoundTrip(r)
	must(t, err)
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	return string(text)
}

// cpuTime is the processor time that this process has used.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var use syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &use))
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// heapMB is what is in use after a collection.
func heapMB() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}
