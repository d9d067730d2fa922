package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/clock"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/rollouts"
)

// client is AWS as seen from beside the commands.
func (w *commandWorld) client() *cloud.AWS {
	w.t.Helper()
	aws, err := cloud.New(w.t.Context(), cloud.Config{Transport: w.aws.Transport(), Region: worldRegion, Clock: clock.Scaled(worldSpeed, simStart)})
	w.must(err)
	return aws
}

// state is how a set's instances are: how many are CURRENT, and how many are not.
func (w *commandWorld) state(set string) (current, other int) {
	w.t.Helper()
	instances, err := w.client().Instances(w.t.Context(), fleet.StackSetName(set), fleet.InstanceFilter{})
	w.must(err)
	for _, i := range instances {
		if i.Status == fleet.InstanceCurrent {
			current++
		} else {
			other++
		}
	}
	return current, other
}

func rolloutOf(t *testing.T, stdout string) rollouts.Rollout {
	t.Helper()
	var r rollouts.Rollout
	// The plan is printed first.
	decoder := json.NewDecoder(strings.NewReader(stdout))
	for decoder.More() {
		r = rollouts.Rollout{}
		if err := decoder.Decode(&r); err != nil {
			t.Fatalf("%v\n%s", err, stdout)
		}
	}
	return r
}

func TestAPhasedRolloutReachesAll(t *testing.T) {
	w := newCommandWorld(t, 10)
	w.stackSet(awssim.StackSetSpec{Name: "topics", Template: topicTemplate}, 10)
	stdout, _ := w.run(exitOK, "rollout", "topics", "--parameter", "Name=new", "--dry-run")
	for _, want := range []string{"1. pilot: 1 instances in 1 accounts", "2. early adopters: 3 instances", "3. the rest: 6 instances", "Name x → new"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing from\n%s", want, stdout)
		}
	}
	if n := w.calls("cloudformation:UpdateStackSet"); n != 0 {
		t.Fatalf("a dry run sent %d updates", n)
	}
	stdout, _ = w.run(exitOK, "rollout", "topics", "--parameter", "Name=new", "--yes", "-o", "json")
	if r := rolloutOf(t, stdout); r.Result != rollouts.Succeeded || r.Phases[2].Done != 6 {
		t.Errorf("%+v", r)
	}
	if current, other := w.state("topics"); current != 10 || other != 0 {
		t.Errorf("%d current, %d not", current, other)
	}
}

func TestOverridesSetChangesTheNamedOnesOnly(t *testing.T) {
	w := newCommandWorld(t, 3)
	text := strings.Replace(topicTemplate, "Parameters: {", "Parameters: {Other: {Type: String, Default: y}, ", 1)
	w.stackSet(awssim.StackSetSpec{Name: "topics", Template: text}, 2)
	w.must(w.aws.SeedInstance("topics", w.account(2), worldRegion, awssim.InstanceSeed{Overrides: map[string]string{"Other": "mine"}}))
	w.run(exitUsage, "overrides", "set", "topics", "Name=new")
	w.run(exitUsage, "overrides", "set", "topics", "--all")
	w.run(exitUsage, "overrides", "set", "topics", "Nam=new", "--all")
	w.run(exitNotFound, "overrides", "set", "topics", "Name=new", "--account", "999999999999")
	w.run(exitUsage, "overrides", "set", "topics", "Name=new", "--ou", w.ou) // it has to ask
	if n := w.calls("cloudformation:UpdateStackInstances"); n != 0 {
		t.Fatalf("%d updates without a yes", n)
	}
	w.run(exitOK, "overrides", "set", "topics", "Name=new", "--ou", w.ou, "--yes")
	w.run(exitOK, "overrides", "set", "topics", "--unset", "Name", "--account", w.account(0), "--yes")
	for i, want := range []string{"", "new", "new"} {
		instance, err := w.client().Instance(t.Context(), fleet.Cell{StackSet: "topics", Target: fleet.Target{Account: fleet.AccountID(w.account(i)), Region: worldRegion}})
		w.must(err)
		got := map[string]string{}
		for _, p := range instance.Overrides {
			got[p.Key] = p.Value
		}
		if got["Name"] != want || i == 2 && got["Other"] != "mine" {
			t.Errorf("account %d has %v", i, got)
		}
	}
}

func TestAStoppedRolloutIsShownResumedAndLeftAloneByHealing(t *testing.T) {
	w := newCommandWorld(t, 10)
	w.file("setmend.yaml", "version: 1\nstackSets:\n  - {match: topics, healing: redeploy, dataLoss: allow}\n")
	w.stackSet(awssim.StackSetSpec{Name: "topics", Template: topicTemplate, Tags: map[string]string{"selfhealing": "true"}}, 10)
	file := w.file("rollout.yaml", "version: 1\nphases:\n  - {name: pilot, accounts: ['"+w.account(3)+"'], gates: [{command: ['false']}]}\n  - {rest: true}\n")
	_, stderr := w.run(exitAttention, "rollout", "topics", "--parameter", "Name=new", "--file", file, "--yes")
	if !strings.Contains(stderr, `the gate of phase "pilot" did not pass`) {
		t.Error(stderr)
	}
	id := strings.TrimSpace(strings.SplitN(strings.SplitN(stderr, "rollout ", 2)[1], " begins", 2)[0])
	stdout, _ := w.run(exitOK, "rollout", "status", id)
	if !strings.Contains(stdout, "1. pilot") || !strings.Contains(stdout, "exits with 0: false") {
		t.Error(stdout)
	}
	w.run(exitBusy, "rollout", "topics", "--parameter", "Name=newer", "--yes")
	// Healing does not widen it.
	w.run(exitOK, "heal", "--yes")
	if current, other := w.state("topics"); current != 1 || other != 9 {
		t.Errorf("after a heal: %d current, %d not", current, other)
	}
	w.run(exitNotFound, "rollout", "resume", "nothing")
	_, stderr = w.run(exitFailed, "rollout", "rollback", id, "--yes")
	if !strings.Contains(stderr, "was rolled back") {
		t.Error(stderr)
	}
	if current, other := w.state("topics"); current != 10 || other != 0 {
		t.Errorf("after the rollback: %d current, %d not", current, other)
	}
	w.run(exitFailed, "rollout", "resume", id)
	w.run(exitFailed, "rollout", "abort", id)
}

func TestBadRolloutFilesAreRefusedWithTheLineBeforeAnythingRuns(t *testing.T) {
	w := newCommandWorld(t, 3)
	w.stackSet(awssim.StackSetSpec{Name: "topics", Template: topicTemplate}, 3)
	for text, want := range map[string]string{
		"version: 1\nphases:\n  - percentage: 200\n":                     "line 3: percentage 200",
		"version: 1\nphases:\n  - ous: [ou-none-00000000]\n":             "line 3: the OU ou-none-00000000",
		"version: 1\nphases:\n  - percentage: 50\n":                      "is in no phase",
		"version: 1\nstrategy: balanced\ngates:\n  - alarms: [Errors]\n": "line 4: the gate of phase",
	} {
		_, stderr := w.run(exitConfig, "rollout", "topics", "--parameter", "Name=new", "--file", w.file("rollout.yaml", text), "--yes")
		if !strings.Contains(stderr, want) {
			t.Errorf("%q: %s", text, stderr)
		}
	}
	w.run(exitUsage, "rollout", "topics")
	w.run(exitUsage, "rollout", "topics", "--parameter", "Name=new", "--strategy", "fast")
	w.run(exitConfig, "rollout", "topics", "--parameter", "Name=x", "--yes") // it has it
	w.run(exitNotFound, "rollout", "topics", "--parameter", "Name=new", "--file", w.folder+"/none.yaml")
	if n := w.calls("cloudformation:UpdateStackSet"); n != 0 {
		t.Errorf("%d updates were sent", n)
	}
}
