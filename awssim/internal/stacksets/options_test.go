package stacksets_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/stacksets"
)

// Each option turns one behaviour over that AWS leaves open; the default is
// tested beside it.
func TestOptionsTurnGuessesOver(t *testing.T) {
	createAgain := func(w *world) string {
		in := &cloudformation.CreateStackSetInput{StackSetName: aws.String("net"), TemplateBody: aws.String("params:"), ClientRequestToken: aws.String("t")}
		_, err := w.cfn().CreateStackSet(ctx, in)
		w.must(err)
		_, err = w.cfn().CreateStackSet(ctx, in)
		return code(err)
	}
	for _, c := range []struct {
		name    string
		option  func(*stacksets.Options)
		observe func(w *world) string
		before  string
		after   string
	}{
		{"RefuseRepeatedCreate", func(o *stacksets.Options) { o.RefuseRepeatedCreate = true }, createAgain, "", "NameAlreadyExistsException"},
		{"DeletedNamesStayTaken", func(o *stacksets.Options) { o.DeletedNamesStayTaken = true }, func(w *world) string {
			w.create("net", "params:")
			w.must(w.deleteSet("net"))
			_, err := w.cfn().CreateStackSet(ctx, &cloudformation.CreateStackSetInput{StackSetName: aws.String("net"), TemplateBody: aws.String("params:")})
			return code(err)
		}, "", "NameAlreadyExistsException"},
		{"DeleteMissingFails", func(o *stacksets.Options) { o.DeleteMissingFails = true }, func(w *world) string {
			return code(w.deleteSet("none"))
		}, "", "StackSetNotFoundException"},
		{"StopFinishedSucceeds", func(o *stacksets.Options) { o.StopFinishedSucceeds = true }, func(w *world) string {
			w.create("net", "params:")
			id := w.deploy("net", accounts(1), []string{home}, nil)
			w.ended("net", id)
			_, err := w.cfn().StopStackSetOperation(ctx, &cloudformation.StopStackSetOperationInput{StackSetName: aws.String("net"), OperationId: &id})
			return code(err)
		}, "InvalidOperationException", ""},
		{"DriftKeepsDetailed", func(o *stacksets.Options) { o.DriftKeepsDetailed = true }, func(w *world) string {
			w.create("net", "params:")
			w.deployed("net", accounts(1), []string{home})
			w.detect("net", nil)
			return string(w.instance("net", account12("1"), home).StackInstanceStatus.DetailedStatus)
		}, "PENDING", "SUCCEEDED"},
		{"SortedRegions", func(o *stacksets.Options) { o.SortedRegions = true }, func(w *world) string {
			w.create("net", "params:")
			w.ended("net", w.deploy("net", accounts(1), []string{"us-west-2", "eu-west-1"}, nil))
			return strings.Fields(w.stacks.calls[0])[2]
		}, "us-west-2", "eu-west-1"},
		{"KeepRemovedOverrides", func(o *stacksets.Options) { o.KeepRemovedOverrides = true }, func(w *world) string {
			w.create("net", "params: A=0")
			w.override("net", []types.Parameter{set("A", "mine")})
			w.update("net", "params:", nil)
			return w.overrides("net")["A"]
		}, "", "mine"},
		{"OmittedParametersStay", func(o *stacksets.Options) { o.OmittedParametersStay = true }, func(w *world) string {
			w.create("net", "params: A=0", func(in *cloudformation.CreateStackSetInput) { in.Parameters = []types.Parameter{set("A", "mine")} })
			w.update("net", "", nil)
			out, err := w.cfn().DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: aws.String("net")})
			w.must(err)
			return *out.StackSet.Parameters[0].ParameterValue
		}, "0", "mine"},
		{"CapabilitiesStay", func(o *stacksets.Options) { o.CapabilitiesStay = true }, func(w *world) string {
			w.create("net", "params: IAM!", func(in *cloudformation.CreateStackSetInput) { in.Capabilities = []types.Capability{"CAPABILITY_IAM"} })
			_, err := w.cfn().UpdateStackSet(ctx, &cloudformation.UpdateStackSetInput{StackSetName: aws.String("net"), UsePreviousTemplate: aws.Bool(true)})
			return code(err)
		}, "InsufficientCapabilitiesException", ""},
		{"InoperableAccepts", func(o *stacksets.Options) { o.InoperableAccepts = true }, func(w *world) string {
			w.create("net", "params:")
			w.Serve(func() {
				w.must(w.sets.SeedInstance("net", account12("1"), home, stacksets.InstanceSeed{Status: "INOPERABLE"}))
			})
			return string(w.ended("net", w.deploy("net", accounts(1), []string{home}, nil)))
		}, "FAILED", "SUCCEEDED"},
		{"DeployResetsDrift", func(o *stacksets.Options) { o.DeployResetsDrift = true }, func(w *world) string {
			w.create("net", "params:")
			w.Serve(func() {
				w.must(w.sets.SeedInstance("net", account12("1"), home, stacksets.InstanceSeed{Drift: "DRIFTED"}))
			})
			w.deployed("net", accounts(1), []string{home})
			return string(w.instance("net", account12("1"), home).DriftStatus)
		}, "DRIFTED", "NOT_CHECKED"},
		{"FailedDetectionIsUnknown", func(o *stacksets.Options) { o.FailedDetectionIsUnknown = true }, func(w *world) string {
			w.create("net", "params:")
			w.Serve(func() {
				w.must(w.sets.SeedInstance("net", account12("1"), home, stacksets.InstanceSeed{Drift: "DRIFTED", Reason: "why it broke"}))
			})
			w.stacks.drifts = func(core.StackInfo) core.StackDrift { return core.StackDrift{Reason: "no"} }
			w.ended("net", w.detect("net", nil))
			i := w.instance("net", account12("1"), home)
			return string(i.DriftStatus) + " " + *i.StatusReason
		}, "DRIFTED no", "UNKNOWN no"},
		{"MaxBusyPerSet", func(o *stacksets.Options) { o.MaxBusyPerSet = 100 }, func(w *world) string {
			w.create("net", "params:")
			w.deployed("net", accounts(150), []string{home})
			return strconv.Itoa(w.stacks.peak)
		}, "150", "100"},
		{"DriftStatusOnOperation", func(o *stacksets.Options) { o.DriftStatusOnOperation = true }, func(w *world) string {
			w.create("net", "params:")
			w.deployed("net", accounts(1), []string{home})
			return string(w.operation("net", w.detect("net", nil)).StackSetDriftDetectionDetails.DriftDetectionStatus)
		}, "", "IN_PROGRESS"},
		{"ParallelStopsAll", func(o *stacksets.Options) { o.ParallelStopsAll = true }, func(w *world) string {
			w.stacks.ends = failingIn("us-east-1")
			w.create("net", "params:")
			id := w.deploy("net", accounts(3), []string{"us-east-1", "eu-west-1"}, &types.StackSetOperationPreferences{RegionConcurrencyType: "PARALLEL"})
			w.ended("net", id)
			return string(rune('0' + w.results("net", id)["SUCCEEDED"]))
		}, "3", "1"},
		{"RefuseWhenBusy", func(o *stacksets.Options) { o.MaxBusy, o.RefuseWhenBusy = 1, true }, func(w *world) string {
			w.create("net", "params:")
			_, err := w.cfn().CreateStackInstances(ctx, &cloudformation.CreateStackInstancesInput{StackSetName: aws.String("net"), Accounts: accounts(2), Regions: []string{home}})
			return code(err)
		}, "", "LimitExceededException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.observe(newWorld(t, stacksets.Options{})); got != c.before {
				t.Errorf("by default: %q, want %q", got, c.before)
			}
			var options stacksets.Options
			c.option(&options)
			if got := c.observe(newWorld(t, options)); got != c.after {
				t.Errorf("turned over: %q, want %q", got, c.after)
			}
		})
	}
}

func (w *world) deleteSet(name string) error {
	_, err := w.cfn().DeleteStackSet(ctx, &cloudformation.DeleteStackSetInput{StackSetName: &name})
	return err
}
