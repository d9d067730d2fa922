package heal_test

import (
	"context"
	"testing"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/report"
)

// onClock is the test's virtual time, moved ahead.
type onClock struct{ ahead time.Duration }

func (c onClock) Now() time.Time { return time.Now().Add(c.ahead) }

func (c onClock) Sleep(context.Context, time.Duration) error { return nil }

func TestLatestTellsOfARunUnderWayThatItIsNotOver(t *testing.T) {
	scenario(t, func(w *world) {
		latest := func(ahead time.Duration) *report.Report {
			told, err := heal.Latest(w.t.Context(), w.journal, w.policy, onClock{ahead})
			w.must(err)
			return told
		}
		if told := latest(0); told != nil {
			t.Fatalf("before the first run there is a report: %+v", told.Run)
		}
		var during, later *report.Report
		done := healingWhile(w, func() { during, later = latest(0), latest(24*time.Hour) })
		if during == nil {
			t.Fatal("the run was not looked at while it was under way")
		}
		run := during.Run
		if !run.Ended.IsZero() || run.Result != "" || run.Stage != "Heal" || !run.CutOff.IsZero() {
			t.Errorf("under way it is %+v", run)
		}
		if p := run.Progress; p.Planned != 1 || p.Done != 0 || p.Left <= 0 {
			t.Errorf("under way its progress is %+v, want none of one, and some time left", p)
		}
		if cut := later.Run.CutOff; cut.IsZero() || cut.After(done.Run.Ended.Add(24*time.Hour)) {
			t.Errorf("after its lease it is cut off at %v", cut)
		}
		if over := latest(0).Run; over.Ended.IsZero() || over.Result != report.Healed {
			t.Errorf("at its end it is %+v", over)
		}
	})
}

// healingWhile heals a drifted instance, and calls look between its deletion and
// its creation.
func healingWhile(w *world, look func()) *report.Report {
	accounts := w.accounts(6)
	w.stackSet("queue", accounts, tagged(map[string]string{"selfhealing": "true"}))
	w.drift("queue", accounts[0])
	aws := w.connect()
	c := w.config(aws)
	c.Cloud = &watched{Cloud: aws, afterChange: func(fleet.InstanceChange) { look(); look = func() {} }}
	return w.healWith(c, heal.Options{})
}
