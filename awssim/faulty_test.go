package awssim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"
)

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

func TestFaultsReachS3Too(t *testing.T) {
	for do, want := range map[string]struct {
		status int
		stored bool
	}{
		"fail":         {500, false},
		"throttle":     {503, false},
		"fail-applied": {500, true},
	} {
		a, err := New(Options{Account: managementAccount})
		if err != nil {
			t.Fatal(err)
		}
		a.Lock()
		if err := a.Objects().CreateBucket(managementAccount, "us-east-1", "bucket"); err != nil {
			t.Fatal(err)
		}
		a.Unlock()
		if err := a.Inject(FaultPlan{Faults: []Fault{{Call: "s3:PUT", Match: map[string]string{"Path": "/bucket/*"}, Do: do}}}); err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequest("PUT", "http://s3.us-east-1.amazonaws.com/bucket/key", strings.NewReader("text"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+managementAccount+"/20261120/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
		answer, err := a.Transport().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		a.Lock()
		_, err = a.Objects().Read("bucket", "key")
		a.Unlock()
		if answer.StatusCode != want.status || (err == nil) != want.stored {
			t.Errorf("%s: answered %d, stored: %v", do, answer.StatusCode, err == nil)
		}
	}
}
