package heal_test

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/report"
)

// Ways in which AWS may be unwell while a fleet is healed, for hours.
const (
	halfThrottled = `
- {call: "*:*", chance: 0.5, do: throttle}
`
	fifthFails = `
- {call: "*:*", chance: 0.1, do: fail}
- {call: "*:*", chance: 0.05, do: fail, code: ServiceUnavailable, status: 503}
- {call: "*:*", chance: 0.05, do: fail-applied}
- {call: "*:*", chance: 0.05, do: lose}
`
)

// A whole heal survives hours of trouble: it ends, with everything put right that
// can be, nothing down, and every override kept.
func TestAWholeHealSurvivesHoursOfTrouble(t *testing.T) {
	for name, test := range map[string]struct {
		policy, faults string
		inPlace        bool
		accounts       int
	}{
		"redeploying while half of all calls are throttled":            {`{version: 1}`, halfThrottled, false, 40},
		"redeploying while a fifth fails and answers are lost":         {`{version: 1}`, fifthFails, false, 40},
		"reverting in place while calls are throttled, fail, are lost": {inPlace, halfThrottled + fifthFails, true, 20},
	} {
		t.Run(name, func(t *testing.T) {
			if testing.Short() {
				test.accounts = 20 // for the race detector, which looks at every access
			}
			otherworld(t, test.accounts, test.policy, func(w *ottoWorld) {
				w.faults("faults:\n" + test.faults)
				began := time.Now()
				r := w.heal(heal.Options{})
				t.Logf("%s after %v; calls %v", r.Run.Result, time.Since(began), r.API)
				w.aws.ClearFaults()
				w.checkSurvived(r, test.inPlace)
			})
		})
	}
}

// away is the way to an AWS that cannot be reached for a while.
type away struct {
	http.RoundTripper
	gone atomic.Bool
}

func (a *away) RoundTrip(r *http.Request) (*http.Response, error) {
	if a.gone.Load() {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	return a.RoundTripper.RoundTrip(r)
}

// AWS is away for two hours, from the moment at which stacks have been deleted and are
// not back. The same run restores them and ends.
func TestAWholeHealSurvivesTwoHoursWithoutAWS(t *testing.T) {
	otherworld(t, 40, `{version: 1}`, func(w *ottoWorld) {
		way := &away{RoundTripper: w.aws.Transport()}
		aws, err := cloud.New(w.t.Context(), cloud.Config{Transport: way, Region: home, Random: rand.NewPCG(1, 1)})
		w.must(err)
		config := w.config(aws)
		var once sync.Once
		config.Cloud = &watched{Cloud: aws, afterChange: func(change fleet.InstanceChange) {
			if change.Kind == fleet.OperationDelete && !change.RetainStacks {
				once.Do(func() {
					way.gone.Store(true)
					time.AfterFunc(2*time.Hour, func() { way.gone.Store(false) })
				})
			}
		}}
		r := w.healWith(config, heal.Options{})
		if r.Run.VirtualSeconds < 7200 {
			t.Fatalf("the run took %v s: AWS was not away", r.Run.VirtualSeconds)
		}
		w.checkSurvived(r, false)
	})
}

// checkSurvived checks that all is as after a heal on a good day.
func (w *ottoWorld) checkSurvived(r *report.Report, inPlace bool) {
	w.t.Helper()
	if r.Run.Result != report.Attention { // otto has what only a person can do
		w.t.Fatalf("the run ended as %s: %s", r.Run.Result, r.Run.Error)
	}
	for _, deviation := range w.truth.Check(w.aws, inPlace) {
		w.t.Error(deviation)
	}
	w.checkEnds(r, inPlace)
	w.checkOverrides()
	memory, err := record.LoadMemory(w.t.Context(), w.journal, nil, nil)
	w.must(err)
	if len(memory.PendingRestores) > 0 {
		w.t.Errorf("%d pending restores", len(memory.PendingRestores))
	}
	if r.Overrides.Lost != 0 || r.Overrides.Saved != r.Overrides.Restored {
		w.t.Errorf("overrides: %+v", r.Overrides)
	}
}

// What an earlier run has deleted comes back first: it waits neither for other stack
// sets, which cannot be read for an hour, nor for orphans.
func TestWhatIsOwedComesBackBeforeTheRestOfTheFleetIsRead(t *testing.T) {
	scenario(t, func(w *world) {
		_, account, own := stopping(w, func(*heal.Config) {}, once(func() { w.must(lease.Stop(w.t.Context(), w.journal, "run-1", "a test")) }))
		w.stackSet("another", nil, tagged(map[string]string{"selfhealing": "true"}))
		w.faults(`faults: [{call: "cloudformation:*", match: {StackSetName: another}, do: fail}]`)
		back := false
		time.AfterFunc(45*time.Minute, func() {
			_, back = w.aws.StackOf("queue", account, home)
			w.aws.ClearFaults()
		})
		r := w.heal(heal.Options{})
		if !back {
			t.Error("it was not back when the other stack set could be read again")
		}
		if diff := cmp.Diff(own, w.overrides("queue", account)); diff != "" || r.Run.Result != report.Healed || r.After.Healthy != 6 {
			t.Errorf("%s, %+v, overrides (-before +after):\n%s", r.Run.Result, r.After, diff)
		}
		memory, err := record.LoadMemory(w.t.Context(), w.journal, nil, nil)
		if w.must(err); len(memory.PendingRestores) > 0 {
			t.Errorf("still pending: %v", memory.PendingRestores)
		}
	})
}
