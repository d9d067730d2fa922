package stacksets_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/stacksets"
)

// counts are the interesting numbers of drift details.
type counts struct {
	Status                                     types.StackSetDriftStatus
	Total, Drifted, InSync, InProgress, Failed int32
}

func countsOf(d *types.StackSetDriftDetectionDetails) counts {
	return counts{d.DriftStatus, *d.TotalStackInstancesCount, *d.DriftedStackInstancesCount, *d.InSyncStackInstancesCount, *d.InProgressStackInstancesCount, *d.FailedStackInstancesCount}
}

// drifty scripts stacks of which the accounts' stacks have drifted.
func (w *world) drifty(accounts ...string) {
	w.stacks.drifts = func(stack core.StackInfo) core.StackDrift {
		for _, account := range accounts {
			if stack.Account == account12(account) {
				return core.StackDrift{OK: true, Status: "DRIFTED", Resources: []core.ResourceDrift{
					{LogicalID: "Topic", PhysicalID: "arn:topic", Type: "AWS::SNS::Topic", Status: "MODIFIED",
						Differences: []core.PropertyDifference{{Path: "/DisplayName", Expected: "a", Actual: "b", Type: "NOT_EQUAL"}}},
					{LogicalID: "Queue", Type: "AWS::SQS::Queue", Status: "IN_SYNC"},
				}}
			}
		}
		return core.StackDrift{OK: true, Status: "IN_SYNC"}
	}
}

func (w *world) detect(name string, prefs *types.StackSetOperationPreferences) string {
	w.Helper()
	out, err := w.cfn().DetectStackSetDrift(ctx, &cloudformation.DetectStackSetDriftInput{StackSetName: &name, OperationPreferences: prefs})
	w.must(err)
	return *out.OperationId
}

func TestDriftDetectionCountsWhileItRuns(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.drifty("1")
	w.create("net", "params:")
	w.deployed("net", accounts(3), []string{home})
	id := w.detect("net", nil)
	if diff := cmp.Diff(counts{"NOT_CHECKED", 3, 0, 0, 3, 0}, countsOf(w.operation("net", id).StackSetDriftDetectionDetails)); diff != "" {
		t.Error("at the start:", diff)
	}
	w.wait(45 * time.Second)
	if diff := cmp.Diff(counts{"DRIFTED", 3, 1, 0, 2, 0}, countsOf(w.operation("net", id).StackSetDriftDetectionDetails)); diff != "" {
		t.Error("after one instance:", diff)
	}
	before, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: aws.String("net")})
	w.must(err)
	if before.StackSet.StackSetDriftDetectionDetails.DriftStatus != "NOT_CHECKED" {
		t.Error("the set tells of a detection that has not ended")
	}
	w.ended("net", id)
	after, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: aws.String("net")})
	w.must(err)
	details := after.StackSet.StackSetDriftDetectionDetails
	if diff := cmp.Diff(counts{"DRIFTED", 3, 1, 2, 0, 0}, countsOf(details)); diff != "" {
		t.Error("at the end:", diff)
	}
	last := *w.instance("net", account12("3"), home).LastDriftCheckTimestamp
	if details.DriftDetectionStatus != "COMPLETED" || !details.LastDriftCheckTimestamp.Before(last) {
		t.Errorf("%s at %s, the last instance at %s", details.DriftDetectionStatus, details.LastDriftCheckTimestamp, last)
	}
}

func TestDriftDetectionLeavesStatusAlone(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.drifty("1")
	w.create("net", "params:")
	w.deployed("net", accounts(2), []string{home})
	id := w.detect("net", nil)
	w.ended("net", id)
	got := w.instance("net", account12("1"), home)
	if got.Status != "CURRENT" || got.StackInstanceStatus.DetailedStatus != "SUCCEEDED" || got.DriftStatus != "DRIFTED" || *got.LastOperationId != id {
		t.Errorf("the instance is %s/%s %s by %s", got.Status, got.StackInstanceStatus.DetailedStatus, got.DriftStatus, *got.LastOperationId)
	}
	drifted := w.instances("net", types.StackInstanceFilter{Name: "DRIFT_STATUS", Values: aws.String("DRIFTED")})
	if diff := cmp.Diff([]string{"1 us-east-1 CURRENT/SUCCEEDED"}, drifted); diff != "" {
		t.Error(diff)
	}
}

func TestResourceDriftsAreOfTheLatestDetection(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.drifty("1")
	w.create("net", "params:")
	w.deployed("net", accounts(2), []string{home})
	first := w.detect("net", nil)
	list := func(id string, statuses ...types.StackResourceDriftStatus) ([]types.StackInstanceResourceDriftsSummary, error) {
		out, err := w.cfn().ListStackInstanceResourceDrifts(ctx, &cloudformation.ListStackInstanceResourceDriftsInput{
			StackSetName: aws.String("net"), StackInstanceAccount: aws.String(account12("1")), StackInstanceRegion: aws.String(home),
			OperationId: &id, StackInstanceResourceDriftStatuses: statuses,
		})
		if err != nil {
			return nil, err
		}
		return out.Summaries, nil
	}
	if got, err := list(first); err != nil || len(got) != 0 {
		t.Errorf("before the instance was checked: %v, %v", got, err)
	}
	w.ended("net", first)
	got, err := list(first, types.StackResourceDriftStatusModified)
	w.must(err)
	if len(got) != 1 || *got[0].LogicalResourceId != "Topic" || *got[0].PropertyDifferences[0].PropertyPath != "/DisplayName" || got[0].Timestamp == nil {
		t.Errorf("got %+v", got)
	}
	if got, err := list(first); err != nil || len(got) != 2 {
		t.Errorf("without a filter: %v, %v", got, err)
	}
	if _, err := list("none"); code(err) != "OperationNotFoundException" {
		t.Errorf("an unknown operation: %v", err)
	}
	second := w.detect("net", nil)
	w.ended("net", second)
	if got, err := list(first); err != nil || len(got) != 0 {
		t.Errorf("of an earlier detection: %v, %v", got, err)
	}
}

func TestDetectionEndsAsItsFailuresSay(t *testing.T) {
	for _, c := range []struct {
		tolerance int32
		operation types.StackSetOperationStatus
		want      types.StackSetDriftDetectionStatus
	}{
		{0, "FAILED", "FAILED"},
		{1, "SUCCEEDED", "PARTIAL_SUCCESS"},
	} {
		w := newWorld(t, stacksets.Options{})
		w.create("net", "params:")
		w.deployed("net", accounts(2), []string{home})
		w.stacks.drifts = func(stack core.StackInfo) core.StackDrift {
			return core.StackDrift{OK: stack.Account != account12("1"), Status: "IN_SYNC", Reason: "no"}
		}
		id := w.detect("net", &types.StackSetOperationPreferences{FailureToleranceCount: &c.tolerance})
		if got := w.ended("net", id); got != c.operation {
			t.Errorf("tolerance %d: ended %s", c.tolerance, got)
		}
		out, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: aws.String("net")})
		w.must(err)
		if got := out.StackSet.StackSetDriftDetectionDetails.DriftDetectionStatus; got != c.want {
			t.Errorf("tolerance %d: %s, want %s", c.tolerance, got, c.want)
		}
		if got := w.instance("net", account12("1"), home); got.DriftStatus != "NOT_CHECKED" || got.StackInstanceStatus.DetailedStatus != "FAILED" {
			t.Errorf("the instance that failed is %s, %s", got.DriftStatus, got.StackInstanceStatus.DetailedStatus)
		}
	}
}
