package stacks

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim/internal/core"
)

func TestAnUntouchedStackIsInSync(t *testing.T) {
	l := newLab(t)
	d := l.drift(l.mustCreate("app", queue))
	if !d.OK || d.Status != "IN_SYNC" || len(d.Resources) != 1 {
		t.Errorf("%+v", d)
	}
	if d.Resources[0].LogicalID != "Queue" {
		t.Error("types without drift support do not appear")
	}
}

func TestDriftNamesEveryDifference(t *testing.T) {
	l := newLab(t)
	id := l.mustCreate("app", queue)
	l.must(l.engine.SetProperty(id, "Queue", "/RedrivePolicy/maxReceiveCount", 3))
	l.must(l.engine.SetProperty(id, "Queue", "/Tags/-", map[string]any{"Key": "b", "Value": "2"}))
	l.must(l.engine.RemoveProperty(id, "Queue", "/DelaySeconds"))       // it is read as its default then
	l.must(l.engine.SetProperty(id, "Queue", "/VisibilityTimeout", 99)) // not in the template: no drift
	d := l.drift(id)
	want := []core.PropertyDifference{
		{Path: "/DelaySeconds", Expected: "5", Actual: "0", Type: "NOT_EQUAL"},
		{Path: "/RedrivePolicy/maxReceiveCount", Expected: "10", Actual: "3", Type: "NOT_EQUAL"},
		{Path: "/Tags/1", Expected: "null", Actual: `{"Key":"b","Value":"2"}`, Type: "ADD"},
	}
	if d.Status != "DRIFTED" || len(d.Resources) != 1 {
		t.Fatalf("%+v", d)
	}
	if diff := cmp.Diff(want, d.Resources[0].Differences); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(d.Resources[0].Actual, "VisibilityTimeout") || !strings.Contains(d.Resources[0].Expected, `"DelaySeconds":5`) {
		t.Errorf("expected %s, actual %s", d.Resources[0].Expected, d.Resources[0].Actual)
	}
}

func TestADeletedResourceHasNoActualProperties(t *testing.T) {
	l := newLab(t)
	id := l.mustCreate("app", queue)
	l.must(l.engine.DeleteResource(id, "Queue"))
	d := l.drift(id)
	if d.Resources[0].Status != "DELETED" || d.Resources[0].Actual != "" || d.Resources[0].Expected == "" {
		t.Errorf("%+v", d.Resources[0])
	}
}

func TestPuttingTheValueBackEndsTheDrift(t *testing.T) {
	l := newLab(t)
	id := l.mustCreate("app", queue)
	l.must(l.engine.SetProperty(id, "Queue", "/DelaySeconds", 9))
	l.must(l.engine.SetProperty(id, "Queue", "/DelaySeconds", "5"))
	if d := l.drift(id); d.Status != "IN_SYNC" {
		t.Errorf("%+v", d)
	}
	if len(l.engine.stacks[id].more.touched) != 0 {
		t.Error("an undone change is still stored")
	}
}

func TestAnUpdateOfOtherPropertiesKeepsTheDrift(t *testing.T) {
	l := newLab(t)
	id := l.mustCreate("app", queue)
	l.must(l.engine.SetProperty(id, "Queue", "/DelaySeconds", 9))
	text := strings.Replace(queue, "maxReceiveCount: 10", "maxReceiveCount: 11", 1)
	if r := l.update(id, text); !r.OK {
		t.Fatal(r.Reason)
	}
	d := l.drift(id)
	if d.Status != "DRIFTED" || len(d.Resources[0].Differences) != 1 || d.Resources[0].Differences[0].Path != "/DelaySeconds" {
		t.Errorf("%+v", d)
	}
	if r := l.update(id, strings.Replace(text, "DelaySeconds: 5", "DelaySeconds: 6", 1)); !r.OK {
		t.Fatal(r.Reason)
	}
	if d := l.drift(id); d.Status != "IN_SYNC" {
		t.Errorf("%+v", d)
	}
}

func TestAnUpdateWithTheSameTemplateDoesNotRevertDrift(t *testing.T) {
	l := newLab(t)
	id := l.mustCreate("app", queue)
	l.must(l.engine.SetProperty(id, "Queue", "/DelaySeconds", 9))
	if r := l.update(id, queue); !r.NoChange {
		t.Errorf("%+v", r)
	}
	if d := l.drift(id); d.Status != "DRIFTED" {
		t.Errorf("%+v", d)
	}
}

func TestDetectionFailsWhereReadingIsDenied(t *testing.T) {
	l := newLab(t)
	id := l.mustCreate("app", queue)
	l.world.Access.AddSCP(core.SCP{Target: account, Action: "sqs:Get*"})
	if d := l.drift(id); d.OK || d.Reason != "Failed to detect drift on resource [Queue]" {
		t.Errorf("%+v", d)
	}
}

func TestDetectionNeedsAStableStack(t *testing.T) {
	l := newLab(t)
	id := l.mustCreate("app", queue)
	l.must(l.engine.Obstruct(id, "Queue", "no"))
	l.delete(id)
	if d := l.drift(id); d.OK || !strings.Contains(d.Reason, "DELETE_FAILED") {
		t.Errorf("%+v", d)
	}
}

func TestOnlyOneDetectionRunsOnAStack(t *testing.T) {
	l := newLab(t)
	id := l.mustCreate("app", queue)
	call := &core.Call{World: l.world, Caller: core.Principal{Account: account}, Region: region}
	in := &detectInput{StackName: id}
	if _, err := l.engine.detectStackDrift(call, in); err != nil {
		t.Fatal(err)
	}
	if _, err := l.engine.detectStackDrift(call, in); err == nil || !strings.Contains(err.Error(), "already in progress") {
		t.Error(err)
	}
	l.world.Advance(1e11)
	if _, err := l.engine.detectStackDrift(call, in); err != nil {
		t.Error(err)
	}
}

func TestADetectionOfSomeResourcesTellsOfThoseOnly(t *testing.T) {
	l := newLab(t)
	id := l.mustCreate("app", "Resources: {A: {Type: AWS::SNS::Topic, Properties: {DisplayName: x}}, B: {Type: AWS::SNS::Topic, Properties: {DisplayName: x}}}")
	l.must(l.engine.SetProperty(id, "A", "/DisplayName", "y"))
	l.engine.runDrift(l.engine.stacks[id], actor{}, []string{"B"})
	l.world.Advance(1e11)
	got := l.engine.lastDrift(l.engine.stacks[id])
	if len(got) != 1 || got[0].drift.LogicalID != "B" || got[0].drift.Status != "IN_SYNC" {
		t.Errorf("%+v", got)
	}
}
