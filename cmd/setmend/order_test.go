package main

import (
	"strings"
	"testing"

	"github.com/setmend/setmend/awssim"
)

const topicTemplate = `
Parameters: {Name: {Type: String, Default: x}}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Name}}
`

// The announcement's third scenario: App2 depends on App1 on AWS, and it should be
// the other way round.
func TestOrderSyncTurnsADependencyRound(t *testing.T) {
	w := newCommandWorld(t, 2)
	w.stackSet(awssim.StackSetSpec{Name: "app1", Template: topicTemplate, AutoDeploy: true, Tags: map[string]string{"dependson": "app2", "owner": "me"}, Parameters: map[string]string{"Name": "kept"}}, 2)
	w.stackSet(awssim.StackSetSpec{Name: "app2", Template: topicTemplate, AutoDeploy: true, DependsOn: []string{"app1"}}, 2)

	stdout, _ := w.run(exitOK, "order", "--graph", "mermaid")
	if !strings.Contains(stdout, "-.->") {
		t.Errorf("what only AWS knows is not drawn as such:\n%s", stdout)
	}
	w.run(exitOK, "order", "check") // what is declared is right
	w.run(exitChanges, "order", "check", "--synced")
	stdout, _ = w.run(exitChanges, "order", "sync", "--dry-run")
	if want := "1. app2 depends on app1 no more\n2. app1 depends on app2 from now on\n"; stdout != want {
		t.Errorf("the dry run prints\n%s\nwant\n%s", stdout, want)
	}
	_, stderr := w.run(exitUsage, "order", "sync")
	if !strings.Contains(stderr, "no terminal to ask on") {
		t.Errorf("without a terminal: %s", stderr)
	}
	if n := w.calls("cloudformation:UpdateStackSet"); n != 0 {
		t.Fatalf("%d updates were sent without a yes", n)
	}
	w.run(exitOK, "order", "sync", "--yes")
	if n := w.calls("cloudformation:UpdateStackSet"); n != 2 {
		t.Errorf("%d updates were sent, want 2", n)
	}
	w.run(exitOK, "order", "check", "--synced")
	stdout, _ = w.run(exitOK, "status", "-o", "json")
	if !strings.Contains(stdout, `"app1"`) {
		t.Fatal(stdout)
	}
	// Nothing else of the set has changed.
	stdout, _ = w.run(exitOK, "order", "sync", "--yes", "-o", "json")
	if strings.Contains(stdout, "steps") {
		t.Errorf("a second sync has something to do: %s", stdout)
	}
	for _, set := range w.aws.Snapshot().StackSets {
		if set.Name == "app1" && (set.Parameters["Name"] != "kept" || set.Tags["owner"] != "me" || len(set.DependsOn) != 1) {
			t.Errorf("app1 is now %+v", set)
		}
	}
}

func TestOrderCheckFailsForACycleAndANameOfNoStackSet(t *testing.T) {
	w := newCommandWorld(t, 1)
	w.stackSet(awssim.StackSetSpec{Name: "a", Template: topicTemplate, AutoDeploy: true, Tags: map[string]string{"dependson": "b"}}, 1)
	w.stackSet(awssim.StackSetSpec{Name: "b", Template: topicTemplate, AutoDeploy: true, Tags: map[string]string{"dependson": "c:nowhere"}}, 1)
	w.stackSet(awssim.StackSetSpec{Name: "c", Template: topicTemplate, AutoDeploy: true, Tags: map[string]string{"dependson": "a"}}, 1)
	_, stderr := w.run(exitConfig, "order", "check")
	for _, want := range []string{"a → b → c → a", "b depends on nowhere"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("%q is missing from\n%s", want, stderr)
		}
	}
	w.run(exitConfig, "order", "sync", "--yes")
	if n := w.calls("cloudformation:UpdateStackSet"); n != 0 {
		t.Errorf("%d updates were sent for a wrong order", n)
	}
}

func TestOrderSyncNeverFinishesARolloutThatWasHeldBack(t *testing.T) {
	w := newCommandWorld(t, 2)
	w.stackSet(awssim.StackSetSpec{Name: "base", Template: topicTemplate, AutoDeploy: true}, 2)
	w.stackSet(awssim.StackSetSpec{Name: "app", Template: topicTemplate, AutoDeploy: true, Tags: map[string]string{"dependson": "base"}}, 1)
	w.must(w.aws.SeedInstance("app", w.account(1), worldRegion, awssim.InstanceSeed{Status: "OUTDATED", Detailed: "PENDING"}))
	stdout, _ := w.run(exitAttention, "order", "sync", "--yes")
	if !strings.Contains(stdout, "held back: app: 1 of its instances are outdated") {
		t.Error(stdout)
	}
	if n := w.calls("cloudformation:UpdateStackSet"); n != 0 {
		t.Errorf("%d updates were sent", n)
	}
}
