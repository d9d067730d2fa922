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
