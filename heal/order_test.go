package heal_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

const exporter = `
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {MessageRetentionPeriod: 345600}}
Outputs:
  Name: {Value: !GetAtt Queue.QueueName, Export: {Name: base-queue}}
`

const importer = `
Parameters:
  Owner: {Type: String, Default: platform}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      MessageRetentionPeriod: 345600
      Tags: [{Key: source, Value: !ImportValue base-queue}, {Key: owner, Value: !Ref Owner}]
`

// exporting seeds two sets of which one imports from the other.
func (w *world) exporting(accounts []string, change ...func(*awssim.StackSetSpec)) {
	w.stackSet("base", accounts, func(s *awssim.StackSetSpec) { s.Template = exporter })
	w.stackSet("app", accounts[1:], append([]func(*awssim.StackSetSpec){func(s *awssim.StackSetSpec) {
		s.Template = importer
		s.Tags["dependson"] = "base"
	}}, change...)...)
	w.instance("app", accounts[0], awssim.InstanceSeed{Overrides: map[string]string{"Owner": "payments"}})
}

// sequence lists the instance changes that AWS accepted, as "action set".
func (w *world) sequence() []string {
	var list []string
	for _, c := range w.aws.Writes() {
		if strings.HasSuffix(c.Action, "StackInstances") && c.Code == "" {
			list = append(list, c.Action+" "+c.Params["StackSetName"])
		}
	}
	return list
}

func TestAnExporterIsRedeployedTogetherWithWhatImportsFromIt(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.exporting(accounts)
		w.drift("base", accounts[0])
		r := w.heal(heal.Options{})
		want := []string{"DeleteStackInstances app", "DeleteStackInstances base", "CreateStackInstances base", "CreateStackInstances app"}
		if diff := cmp.Diff(want, w.sequence()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		for _, call := range w.calls("DeleteStackInstances") {
			if got := call.Params["DeploymentTargets.Accounts"]; got != accounts[0] {
				t.Errorf("deleted in %s, want %s alone", got, accounts[0])
			}
		}
		if diff := cmp.Diff(map[string]string{"Owner": "payments"}, w.overrides("app", accounts[0])); diff != "" {
			t.Errorf("the importer's overrides (-before +after):\n%s", diff)
		}
		if r.Run.Result != report.Healed || r.After.Healthy != 12 {
			t.Errorf("%s, %+v %+v", r.Run.Result, r.After, r.Attention)
		}
	})
}

func TestAnExporterStaysWhereWhatImportsFromItMustStay(t *testing.T) {
	scenario(t, func(w *world) {
		w.setPolicy(`{version: 1, stackSets: [{match: app, protected: true}]}`)
		accounts := w.accounts(6)
		w.exporting(accounts)
		w.drift("base", accounts[0])
		r := w.heal(heal.Options{})
		w.untouched()
		if got := cell(t, r, "base", accounts[0]); !got.Attention || !strings.Contains(got.Reason, "app") {
			t.Errorf("%s: %s", got.Verdict, got.Reason)
		}
	})
}

func TestAnExportThatAnUnnamedStackUsesIsKeptAndAPersonIsTold(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.exporting(accounts, tagged(map[string]string{}))
		w.drift("base", accounts[0])
		stack, _ := w.aws.StackOf("base", accounts[0], home)
		r := w.heal(heal.Options{})
		got := cell(t, r, "base", accounts[0])
		if !w.aws.StackExists(stack) || got.Class != plan.ReasonExportInUse || !got.Attention {
			t.Errorf("exists %t, %s, class %s: %s", w.aws.StackExists(stack), got.Verdict, got.Class, got.Reason)
		}
	})
}

func TestMissingInstancesAreCreatedAlongTheirDependencies(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("base", accounts[1:], func(s *awssim.StackSetSpec) { s.Template = exporter })
		w.stackSet("app", accounts[1:], func(s *awssim.StackSetSpec) { s.Template = importer; s.Tags["dependson"] = "base" })
		r := w.heal(heal.Options{})
		if diff := cmp.Diff([]string{"CreateStackInstances base", "CreateStackInstances app"}, w.sequence()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if r.After.Healthy != 12 {
			t.Errorf("%+v", r.After)
		}
	})
}

func TestOrphansAreRemovedAgainstTheirDependencies(t *testing.T) {
	scenario(t, func(w *world) {
		w.setPolicy("{version: 1, accounts: {moved: remove}}")
		accounts := w.accounts(25)
		w.exporting(accounts)
		w.locked(func() error { return w.aws.Organization().Move(accounts[0], w.aws.Organization().Root()) })
		w.heal(heal.Options{})
		if diff := cmp.Diff([]string{"DeleteStackInstances app", "DeleteStackInstances base"}, w.sequence()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// TestSetsThatCollideAreNeverOperatedOnAtOneTargetAtOneTime heals two sets that
// antidependson keeps apart, of which each lacks instances, and looks for a time
// at which operations on both had a target in common.
func TestSetsThatCollideAreNeverOperatedOnAtOneTargetAtOneTime(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(12)
		self := map[string]string{"selfhealing": "true", "antidependson": "right"}
		w.stackSet("left", accounts[:6], tagged(self))
		w.stackSet("right", accounts[6:], tagged(map[string]string{"selfhealing": "true"}))
		for _, a := range accounts[:3] {
			w.drift("left", a)
		}
		for _, a := range accounts[6:9] {
			w.drift("right", a)
		}
		w.setPolicy(`{version: 1, stackSets: [{match: "*", massDrift: 100%}]}`)
		r := w.heal(heal.Options{})
		if r.After.Healthy != 12 {
			t.Errorf("%+v", r.After)
		}
		w.apart("left", "right")
	})
}

// apart checks that operations on two sets never had an account in common.
func (w *world) apart(one, other string) {
	w.t.Helper()
	type span struct {
		set, accounts string
		from, to      time.Time
	}
	var spans []span
	for _, action := range []string{"CreateStackInstances", "UpdateStackInstances", "DeleteStackInstances"} {
		for _, c := range w.calls(action) {
			operation, err := w.connect().Operation(w.t.Context(), fleet.StackSetName(c.Params["StackSetName"]), c.Params["OperationId"])
			w.must(err)
			spans = append(spans, span{c.Params["StackSetName"], c.Params["DeploymentTargets.Accounts"], c.Time, operation.Ended})
		}
	}
	for _, a := range spans {
		for _, b := range spans {
			if a.set != one || b.set != other || !a.from.Before(b.to) || !b.from.Before(a.to) {
				continue
			}
			for _, account := range strings.Split(a.accounts, ",") {
				if strings.Contains(b.accounts, account) {
					w.t.Errorf("%s and %s were operated on in %s at one time", one, other, account)
				}
			}
		}
	}
}

// TestNeverMoreThanMaxUnavailableIsTakenDownAtOneTime follows a redeployment call
// by call: an instance counts from its deletion's call to its creation's end.
func TestNeverMoreThanMaxUnavailableIsTakenDownAtOneTime(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.IntRange(5, 24).Draw(rt, "instances")
		sick := rapid.IntRange(1, size).Draw(rt, "drifted")
		limit := rapid.IntRange(1, 6).Draw(rt, "maxUnavailable")
		scenario(t, func(w *world) {
			w.setPolicy(fmt.Sprintf(`{version: 1, stackSets: [{match: "*", massDrift: 100%%, maxUnavailable: %d}]}`, limit))
			accounts := w.accounts(size)
			w.stackSet("queue", accounts)
			for _, a := range accounts[:sick] {
				w.drift("queue", a)
			}
			down := map[fleet.Target]bool{}
			watch := &watched{beforeChange: func(c fleet.InstanceChange) {
				if c.Kind != fleet.OperationDelete {
					return
				}
				for _, target := range c.Targets() {
					down[target] = true
				}
				if len(down) > limit {
					rt.Errorf("%d of %d instances are down, the limit is %d", len(down), size, limit)
				}
			}}
			aws := w.connect()
			watch.Cloud = aws
			config := w.config(aws)
			config.Cloud = &comesBack{watch, down}
			if r := w.healWith(config, heal.Options{}); r.After.Healthy != size {
				rt.Errorf("after %+v", r.After)
			}
		})
	})
}

// comesBack notes what a creation has brought back.
type comesBack struct {
	*watched
	down map[fleet.Target]bool
}

func (c *comesBack) Operation(ctx context.Context, name fleet.StackSetName, id string) (fleet.Operation, error) {
	operation, err := c.watched.Operation(ctx, name, id)
	if err != nil || operation.Kind != fleet.OperationCreate || !operation.Status.Ended() {
		return operation, err
	}
	for target := range c.down {
		instance, err := c.Cloud.Instance(ctx, fleet.Cell{StackSet: name, Target: target})
		if err == nil && instance.Status == fleet.InstanceCurrent {
			delete(c.down, target)
		}
	}
	return operation, err
}
