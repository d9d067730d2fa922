package heal_test

import (
	"math"
	"testing"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
)

// TestAPlanCostsAboutWhatItSays holds a plan's estimate against what then happens,
// where drift is known beforehand and no remedy is followed by a harsher one.
func TestAPlanCostsAboutWhatItSays(t *testing.T) {
	otherworld(t, 40, `{version: 1}`, func(w *ottoWorld) {
		w.detectAll()
		memory, err := record.LoadMemory(t.Context(), w.journal, nil, nil)
		w.must(err)
		said := plan.Assess(w.read(), w.policy, memory, time.Now()).Plan(plan.Options{}).Estimate
		r := w.heal(heal.Options{})
		operations, down := 0, 0
		for _, a := range r.Actions {
			if a.Remedy != plan.RemedyQuarantine {
				operations++
			}
			if a.Remedy == plan.RemedyRedeploy && a.Action == "DELETE" {
				down += a.Cells
			}
		}
		near(t, "operations", said.Operations, operations)
		near(t, "API calls", said.APICalls, r.API.Calls)
		near(t, "seconds", int(said.Duration.Seconds()), int(r.Run.VirtualSeconds))
		near(t, "instances taken down", said.Unavailable, down)
	})
}

// near reports what differs by more than a fifth.
func near(t *testing.T, what string, said, was int) {
	t.Helper()
	if math.Abs(float64(said-was)) > 0.2*float64(was) {
		t.Errorf("%s: the plan says %d, and it was %d", what, said, was)
	} else {
		t.Logf("%s: the plan says %d, and it was %d", what, said, was)
	}
}

// atOnce lets AWS check all instances of a set side by side.
var atOnce = fleet.Preferences{RegionConcurrency: fleet.RegionsParallel, ConcurrencyMode: fleet.SoftFailureTolerance,
	FailureTolerancePercentage: 100, MaxConcurrentPercentage: 100}

// detectAll has AWS detect the drift of every stack set, so that a heal finds
// nothing that its plan did not know.
func (w *ottoWorld) detectAll() {
	w.t.Helper()
	aws := w.connect()
	started := map[fleet.StackSetName]string{}
	for _, name := range w.read().Names() {
		id := "detect-" + string(name)
		switch err := aws.DetectDrift(w.t.Context(), name, id, atOnce); fleet.KindOf(err) {
		case fleet.Conflict: // an external operation runs on it
		default:
			w.must(err)
			started[name] = id
		}
	}
	for name, id := range started {
		for {
			o, err := aws.Operation(w.t.Context(), name, id)
			w.must(err)
			if o.Status.Ended() {
				break
			}
			time.Sleep(time.Minute)
		}
	}
}
