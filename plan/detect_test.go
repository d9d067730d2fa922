package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// TestDetections states of which stack sets the drift is detected, and when.
func TestDetections(t *testing.T) {
	never := func(i *fleet.Instance) { i.Drift, i.LastDriftCheck = fleet.DriftNotChecked, time.Time{} }
	old := func(i *fleet.Instance) { i.LastDriftCheck = noon.Add(-21 * time.Hour) }
	checked := func(age time.Duration) func(*fleet.Inventory) {
		return func(s *fleet.Inventory) { s.StackSet.Drift.LastCheck = noon.Add(-age) }
	}
	nothing := func(*fleet.Inventory) {}
	tests := []struct {
		promise  string
		tags     []string
		state    func(*fleet.Instance)
		set      func(*fleet.Inventory)
		detected time.Duration // that long ago, 0 for not known
		policy   string
		want     []Stage
	}{
		{promise: "an instance that was never checked", state: never, set: nothing, want: []Stage{StageDetect}},
		{promise: "an instance that was checked too long ago", state: old, set: checked(21 * time.Hour), want: []Stage{StageDetect}},
		{promise: "not one that was checked lately", state: func(*fleet.Instance) {}, set: checked(time.Hour)},
		{promise: "not one that AWS could not check when it checked its set lately", state: old, set: checked(time.Hour)},
		{promise: "not what a late detection came to, whether it could check it or not", state: never, set: nothing, detected: time.Hour},
		{promise: "what a detection came to too long ago", state: never, set: nothing, detected: 21 * time.Hour, want: []Stage{StageDetect}},
		{promise: "not where healing is off", state: never, set: nothing, policy: "defaults: {healing: \"off\"}"},
		{promise: "not while another operation runs on the set", state: never, set: func(s *fleet.Inventory) {
			s.Running = []fleet.Operation{{ID: "op-1", Kind: fleet.OperationUpdate, Status: fleet.OperationRunning}}
		}},
		{promise: "driftMaxAge moves what is too long", state: old, set: checked(21 * time.Hour), policy: "defaults: {driftMaxAge: 2d}"},
		{promise: "what is healed, afterwards", tags: []string{"selfhealing=true"}, state: drifted, set: checked(time.Hour), want: []Stage{StageVerify}},
		{promise: "what drifted and was checked too long ago, before anything else", tags: []string{"selfhealing=true"},
			state: func(i *fleet.Instance) { drifted(i); old(i) }, set: checked(21 * time.Hour), want: []Stage{StageDetect}},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			f := newFleet(1)
			set := addSet(f, "logs", test.tags...)
			deployed(set, at(1, frankfurt), test.state)
			test.set(set)
			var m Memory
			if test.detected > 0 {
				m.Detected = map[fleet.StackSetName]time.Time{"logs": noon.Add(-test.detected)}
			}
			_, p := decide(f, policyText(t, test.policy), m)
			var got []Stage
			for _, a := range p.Actions {
				if a.Remedy == RemedyDetect {
					got = append(got, a.Stage)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("detections in stages %v, want %v", got, test.want)
			}
			if slices.Contains(got, StageDetect) && len(healing(p)) > 0 {
				t.Errorf("acts on what is to be checked first: %v", order(p))
			}
		})
	}
}

func TestOfAFleetThatWasNeverCheckedAPlanSaysSo(t *testing.T) {
	f := newFleet(3)
	fill(addSet(f, "logs", "selfhealing=true"), 3, func(i *fleet.Instance) { i.Drift, i.LastDriftCheck = fleet.DriftNotChecked, time.Time{} })
	_, p := decide(f, policy.Default(), Memory{})
	var text strings.Builder
	if err := p.Text(&text, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"detect drift of 3 instances", "For 3 cells drift is unknown"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("printed\n%s\nwithout %q", text.String(), want)
		}
	}
	if !p.Writes() || p.Unchecked != 3 {
		t.Errorf("writes %t, %d unchecked", p.Writes(), p.Unchecked)
	}
}

func TestOnlyWhatTheSetsOwnTimesDoNotTellIsInDoubt(t *testing.T) {
	f := newFleet(1)
	never := func(i *fleet.Instance) { i.Drift, i.LastDriftCheck = fleet.DriftNotChecked, time.Time{} }
	for name, last := range map[fleet.StackSetName]time.Time{"never": {}, "new-instance": noon.Add(-time.Hour), "long-ago": noon.Add(-48 * time.Hour)} {
		set := addSet(f, name)
		set.StackSet.Drift.LastCheck = last
		deployed(set, at(1, frankfurt), never)
	}
	deployed(addSet(f, "fresh"), at(1, frankfurt))
	if got := InDoubt(f, policy.Default(), noon); !slices.Equal(got, []fleet.StackSetName{"never", "new-instance"}) {
		t.Errorf("in doubt: %v", got)
	}
}
