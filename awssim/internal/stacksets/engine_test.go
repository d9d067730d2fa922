package stacksets_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/stacksets"
)

// waves scripts stacks that fail by wave: of the n-th wave of creations that
// start together, the first fails[n] fail; of later waves, all.
func (w *world) waves(fails ...int) *[]int {
	var sizes []int
	var at time.Time
	w.stacks.ends = func(string, core.StackSpec) core.StackResult {
		if !w.Now().Equal(at) {
			at = w.Now()
			sizes = append(sizes, 0)
		}
		wave := len(sizes) - 1
		sizes[wave]++
		if wave < len(fails) && sizes[wave] > fails[wave] {
			return core.StackResult{OK: true}
		}
		return core.StackResult{Reason: "ResourceLogicalId:Topic, ResourceType:AWS::SNS::Topic, ResourceStatusReason:no."}
	}
	return &sizes
}

// The comparison of the two modes in AWS's user guide: 1,000 stacks, failure
// tolerance 100, maximum concurrency 250.
func TestStrictAndSoftToleranceDeployAsInTheUserGuide(t *testing.T) {
	for _, c := range []struct {
		mode      types.ConcurrencyMode
		fails     []int
		waves     []int
		succeeded int
	}{
		{types.ConcurrencyModeStrictFailureTolerance, []int{20, 20, 20, 20, 20}, []int{101, 81, 61, 41, 21, 1}, 205},
		{types.ConcurrencyModeSoftFailureTolerance, []int{50, 50}, []int{250, 250, 250}, 400},
	} {
		t.Run(string(c.mode), func(t *testing.T) {
			w := newWorld(t, stacksets.Options{})
			sizes := w.waves(c.fails...)
			w.create("net", "params:")
			id := w.deploy("net", accounts(1000), []string{home}, &types.StackSetOperationPreferences{
				FailureToleranceCount: aws.Int32(100), MaxConcurrentCount: aws.Int32(250), ConcurrencyMode: c.mode,
			})
			if status := w.ended("net", id); status != types.StackSetOperationStatusFailed {
				t.Errorf("the operation ended %s", status)
			}
			if diff := cmp.Diff(c.waves, *sizes); diff != "" {
				t.Error("waves:", diff)
			}
			if got := w.results("net", id)[types.StackSetOperationResultStatusSucceeded]; got != c.succeeded {
				t.Errorf("%d succeeded, want %d", got, c.succeeded)
			}
		})
	}
}

// From the reference of ConcurrencyMode: tolerance 5 and maximum 10 give 6 at
// once; the sixth failure ends it.
func TestStrictToleranceNeverLetsFailuresOvershoot(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	sizes := w.waves(1, 2, 3)
	w.create("net", "params:")
	id := w.deploy("net", accounts(100), []string{home}, &types.StackSetOperationPreferences{
		FailureToleranceCount: aws.Int32(5), MaxConcurrentCount: aws.Int32(10),
	})
	w.ended("net", id)
	if diff := cmp.Diff([]int{6, 5, 3}, *sizes); diff != "" {
		t.Error(diff)
	}
	if got := w.operation("net", id).StatusDetails; *got.FailedStackInstancesCount != 6 {
		t.Errorf("%d failures", *got.FailedStackInstancesCount)
	}
}

func TestToleranceAndConcurrencyRoundDown(t *testing.T) {
	for _, c := range []struct {
		name      string
		accounts  int
		prefs     types.StackSetOperationPreferences
		fail      int
		status    types.StackSetOperationStatus
		attempted int
		peak      int
	}{
		{"25 % of 10 tolerates 2", 10, types.StackSetOperationPreferences{FailureTolerancePercentage: aws.Int32(25)}, 2, "SUCCEEDED", 10, 1},
		{"25 % of 10 does not tolerate 3", 10, types.StackSetOperationPreferences{FailureTolerancePercentage: aws.Int32(25)}, 3, "FAILED", 3, 1},
		{"9 % of 10 tolerates none", 10, types.StackSetOperationPreferences{FailureTolerancePercentage: aws.Int32(9)}, 1, "FAILED", 1, 1},
		{"25 % of 10 is 2 at once", 10, types.StackSetOperationPreferences{MaxConcurrentPercentage: aws.Int32(25), FailureToleranceCount: aws.Int32(10)}, 0, "SUCCEEDED", 10, 2},
		{"1 % of 10 is 1 at once", 10, types.StackSetOperationPreferences{MaxConcurrentPercentage: aws.Int32(1), FailureToleranceCount: aws.Int32(10)}, 0, "SUCCEEDED", 10, 1},
		{"100 % with no tolerance is 1 at once", 10, types.StackSetOperationPreferences{MaxConcurrentPercentage: aws.Int32(100)}, 0, "SUCCEEDED", 10, 1},
		{"softly 100 % with no tolerance is all at once", 10, types.StackSetOperationPreferences{MaxConcurrentPercentage: aws.Int32(100), ConcurrencyMode: "SOFT_FAILURE_TOLERANCE"}, 1, "FAILED", 10, 10},
		{"softly 25 % of 10 is 2 at once", 10, types.StackSetOperationPreferences{MaxConcurrentPercentage: aws.Int32(25), FailureTolerancePercentage: aws.Int32(25), ConcurrencyMode: "SOFT_FAILURE_TOLERANCE"}, 0, "SUCCEEDED", 10, 2},
		{"strictly 25 % of 10 with 25 % tolerated is 2 at once", 10, types.StackSetOperationPreferences{MaxConcurrentPercentage: aws.Int32(25), FailureTolerancePercentage: aws.Int32(25)}, 0, "SUCCEEDED", 10, 2},
		{"strictly 50 % of 10 with 25 % tolerated is 3 at once", 10, types.StackSetOperationPreferences{MaxConcurrentPercentage: aws.Int32(50), FailureTolerancePercentage: aws.Int32(25)}, 0, "SUCCEEDED", 10, 3},
		{"softly 50 % of 10 is 5 at once", 10, types.StackSetOperationPreferences{MaxConcurrentPercentage: aws.Int32(50), ConcurrencyMode: "SOFT_FAILURE_TOLERANCE"}, 0, "SUCCEEDED", 10, 5},
		{"softly 9 % of 10 tolerates none", 10, types.StackSetOperationPreferences{FailureTolerancePercentage: aws.Int32(9), MaxConcurrentCount: aws.Int32(2), ConcurrencyMode: "SOFT_FAILURE_TOLERANCE"}, 1, "FAILED", 2, 2},
		{"nothing said is 1 at once", 3, types.StackSetOperationPreferences{}, 0, "SUCCEEDED", 3, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, stacksets.Options{})
			failing := c.fail
			w.stacks.ends = func(string, core.StackSpec) core.StackResult {
				failing--
				return core.StackResult{OK: failing < 0}
			}
			w.create("net", "params:")
			id := w.deploy("net", accounts(c.accounts), []string{home}, &c.prefs)
			if got := w.ended("net", id); got != c.status {
				t.Errorf("ended %s, want %s", got, c.status)
			}
			if got := len(w.stacks.calls); got != c.attempted {
				t.Errorf("%d attempted, want %d", got, c.attempted)
			}
			if w.stacks.peak != c.peak {
				t.Errorf("%d at once, want %d", w.stacks.peak, c.peak)
			}
		})
	}
}

func TestAFailedRegionCancelsItsRestAndLaterRegions(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.stacks.ends = func(_ string, spec core.StackSpec) core.StackResult {
		return core.StackResult{OK: spec.Region == "eu-west-1" || spec.Account != account12("2")}
	}
	w.create("net", "params:")
	id := w.deploy("net", accounts(3), []string{"us-west-2", "eu-west-1", "us-east-1"}, &types.StackSetOperationPreferences{
		RegionOrder: []string{"eu-west-1", "us-east-1", "us-west-2"},
	})
	if status := w.ended("net", id); status != types.StackSetOperationStatusFailed {
		t.Errorf("ended %s", status)
	}
	want := []string{
		"1 eu-west-1 CURRENT/SUCCEEDED", "1 us-east-1 CURRENT/SUCCEEDED", "1 us-west-2 OUTDATED/CANCELLED",
		"2 eu-west-1 CURRENT/SUCCEEDED", "2 us-east-1 OUTDATED/FAILED", "2 us-west-2 OUTDATED/CANCELLED",
		"3 eu-west-1 CURRENT/SUCCEEDED", "3 us-east-1 OUTDATED/CANCELLED", "3 us-west-2 OUTDATED/CANCELLED",
	}
	if diff := cmp.Diff(want, w.instances("net")); diff != "" {
		t.Error(diff)
	}
	if got := *w.instance("net", account12("3"), "us-west-2").StatusReason; got != "Cancelled since failure tolerance has exceeded" {
		t.Errorf("reason %q", got)
	}
}

func TestParallelRegionsRunTogetherAndFailApart(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.stacks.ends = func(_ string, spec core.StackSpec) core.StackResult {
		return core.StackResult{OK: spec.Region != "us-east-1"}
	}
	w.create("net", "params:")
	id := w.deploy("net", accounts(3), []string{"us-east-1", "eu-west-1"}, &types.StackSetOperationPreferences{RegionConcurrencyType: "PARALLEL"})
	if status := w.ended("net", id); status != types.StackSetOperationStatusFailed {
		t.Errorf("ended %s", status)
	}
	if w.stacks.peak != 2 {
		t.Errorf("%d at once, want one a region", w.stacks.peak)
	}
	want := map[types.StackSetOperationResultStatus]int{"SUCCEEDED": 3, "FAILED": 1, "CANCELLED": 2}
	if diff := cmp.Diff(want, w.results("net", id)); diff != "" {
		t.Error(diff)
	}
}

func TestRegionsFollowOneAnother(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params:")
	w.ended("net", w.deploy("net", accounts(2), []string{"us-west-2", "eu-west-1"}, &types.StackSetOperationPreferences{
		MaxConcurrentCount: aws.Int32(5), FailureToleranceCount: aws.Int32(5),
	}))
	want := []string{"us-west-2", "us-west-2", "eu-west-1", "eu-west-1"}
	var got []string
	for _, call := range w.stacks.calls {
		got = append(got, strings.Fields(call)[2])
	}
	if !slices.Equal(want, got) {
		t.Errorf("regions in order %v", got)
	}
}

func TestAnOperationLivesThroughItsStates(t *testing.T) {
	w := newWorld(t, stacksets.Options{})
	w.create("net", "params:")
	id := w.deploy("net", accounts(2), []string{home}, nil)
	if got := w.operation("net", id); got.Status != "RUNNING" || got.Action != "CREATE" || got.EndTimestamp != nil || got.OperationPreferences == nil {
		t.Errorf("accepted as %+v", got)
	}
	if got := w.instances("net"); !slices.Equal(got, []string{"1 us-east-1 OUTDATED/PENDING", "2 us-east-1 OUTDATED/PENDING"}) {
		t.Errorf("accepted instances %v", got)
	}
	if got := w.instance("net", account12("1"), home); *got.StatusReason != "User Initiated" || *got.LastOperationId != id || *got.OrganizationalUnitId != "" || got.StackId != nil {
		t.Errorf("accepted instance %+v", got)
	}
	w.wait(15 * time.Second)
	if got := w.instances("net"); !slices.Equal(got, []string{"1 us-east-1 OUTDATED/RUNNING", "2 us-east-1 OUTDATED/PENDING"}) {
		t.Errorf("dispatched instances %v", got)
	}
	w.wait(25 * time.Second)
	if got := w.instances("net"); !slices.Equal(got, []string{"1 us-east-1 CURRENT/SUCCEEDED", "2 us-east-1 OUTDATED/RUNNING"}) {
		t.Errorf("half done instances %v", got)
	}
	if status := w.ended("net", id); status != types.StackSetOperationStatusSucceeded {
		t.Errorf("ended %s", status)
	}
	got := w.instance("net", account12("2"), home)
	if !strings.Contains(*got.StackId, ":stack/StackSet-net-") || got.StatusReason != nil || got.DriftStatus != "NOT_CHECKED" {
		t.Errorf("done instance %+v", got)
	}
}

func TestStoppingCancelsTheUnstartedAndLetsTheRestEnd(t *testing.T) {
	w := newWorld(t, stacksets.Options{StopReason: "halt"})
	w.create("net", "params:")
	id := w.deploy("net", accounts(5), []string{home}, &types.StackSetOperationPreferences{
		MaxConcurrentCount: aws.Int32(2), FailureToleranceCount: aws.Int32(2),
	})
	w.wait(12 * time.Second)
	_, err := w.cfn().StopStackSetOperation(context.Background(), &cloudformation.StopStackSetOperationInput{StackSetName: aws.String("net"), OperationId: &id})
	w.must(err)
	if status := w.operation("net", id).Status; status != types.StackSetOperationStatusStopping {
		t.Errorf("is %s after the stop", status)
	}
	want := map[types.StackSetOperationResultStatus]int{"RUNNING": 2, "CANCELLED": 3}
	if diff := cmp.Diff(want, w.results("net", id)); diff != "" {
		t.Error(diff)
	}
	if status := w.ended("net", id); status != types.StackSetOperationStatusStopped {
		t.Errorf("ended %s", status)
	}
	if got := w.instance("net", account12("5"), home); got.Status != "OUTDATED" || *got.StatusReason != "halt" {
		t.Errorf("cancelled instance %+v", got)
	}
	_, err = w.cfn().StopStackSetOperation(context.Background(), &cloudformation.StopStackSetOperationInput{StackSetName: aws.String("net"), OperationId: &id})
	if code(err) != "InvalidOperationException" {
		t.Errorf("stopping what has stopped: %v", err)
	}
}

func TestInstancesAtOnceAreLimitedOverAllSetsOfAHome(t *testing.T) {
	w := newWorld(t, stacksets.Options{MaxBusy: 4})
	var ids []string
	for _, name := range []string{"a", "b"} {
		w.create(name, "params:")
		ids = append(ids, w.deploy(name, accounts(6), []string{home}, all))
	}
	for n, name := range []string{"a", "b"} {
		if status := w.ended(name, ids[n]); status != types.StackSetOperationStatusSucceeded {
			t.Errorf("%s ended %s", name, status)
		}
	}
	if w.stacks.peak != 4 {
		t.Errorf("%d at once, want 4", w.stacks.peak)
	}
}

// failingIn scripts stacks that fail in one region.
func failingIn(region string) func(string, core.StackSpec) core.StackResult {
	return func(_ string, spec core.StackSpec) core.StackResult {
		return core.StackResult{OK: spec.Region != region}
	}
}
