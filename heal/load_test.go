package heal_test

import (
	"testing"
	"time"

	"github.com/setmend/setmend/heal"
)

// inTrouble are the ways in which AWS may be unwell while a fleet is healed, for
// hours.
var inTrouble = map[string]string{
	"half of all calls are throttled": `faults: [{call: "*:*", chance: 0.5, do: throttle}]`,
	"a fifth of all calls fails, and some answers are lost": `faults:
  - {call: "*:*", chance: 0.1, do: fail}
  - {call: "*:*", chance: 0.05, do: fail, code: ServiceUnavailable, status: 503}
  - {call: "*:*", chance: 0.05, do: fail-applied}
  - {call: "*:*", chance: 0.05, do: lose}
`,
}

// A whole heal survives hours of trouble: it ends, with everything put right that
// can be, nothing down, and every override kept.
func TestAWholeHealSurvivesHoursOfTrouble(t *testing.T) {
	for _, policy := range []struct {
		name, text string
		inPlace    bool
	}{{"redeploying", `{version: 1}`, false}, {"reverting in place", inPlace, true}} {
		for name, faults := range inTrouble {
			t.Run(policy.name+" while "+name, func(t *testing.T) {
				otherworld(t, 40, policy.text, func(w *ottoWorld) {
					w.faults(faults)
					began := time.Now()
					r := w.heal(heal.Options{})
					t.Logf("%s after %v: %s; %+v; calls %v", r.Run.Result, time.Since(began), r.Run.Error, r.After, r.API)
					w.aws.ClearFaults()
					if r.Run.Result != heal.ResultAttention {
						t.Fatalf("the run ended as %s: %s", r.Run.Result, r.Run.Error)
					}
					w.checkSurvived(r, policy.inPlace)
				})
			})
		}
	}
}

// checkSurvived checks that all is as after a heal on a good day.
func (w *ottoWorld) checkSurvived(r *heal.Report, inPlace bool) {
	w.t.Helper()
	for _, deviation := range w.truth.Check(w.aws, inPlace) {
		w.t.Error(deviation)
	}
	w.checkEnds(r, inPlace)
	w.checkOverrides()
	memory, err := heal.LoadMemory(w.t.Context(), w.journal, nil)
	w.must(err)
	if len(memory.PendingRestores) > 0 {
		w.t.Errorf("%d pending restores", len(memory.PendingRestores))
	}
	if r.Overrides.Lost != 0 || r.Overrides.Saved != r.Overrides.Restored {
		w.t.Errorf("overrides: %+v", r.Overrides)
	}
}
