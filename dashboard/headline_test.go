package dashboard

import (
	"slices"
	"testing"
	"time"

	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

func TestHeadline(t *testing.T) {
	ended := func(result report.Result) report.Run {
		return report.Run{ID: "r", Started: madeAt, Ended: madeAt, Result: result}
	}
	people := func(n int) []report.Finding { return slices.Repeat([]report.Finding{{Verdict: plan.Failed}}, n) }
	cases := []struct {
		name   string
		report report.Report
		want   Headline
	}{
		{"all is well", report.Report{Run: ended(report.Healed), After: plan.Counts{Healthy: 16012}}, Headline{ToneGood, "All 16,012 instances are healthy.", "", nil}},
		{"nothing is known to be wrong", report.Report{Run: ended(report.Healed), After: plan.Counts{Healthy: 5, NotChecked: 1}},
			Headline{ToneUnsure, "Nothing is known to be wrong, but 1 has not been checked for drift.", "", nil}},
		{"a person is needed", report.Report{Run: ended(report.Attention), After: plan.Counts{Healthy: 15, Failed: 1}, Attention: people(1)},
			Headline{ToneAttention, "1 instance needs a person; the other 15 are healthy.", "", nil}},
		{"a person is needed, and some are not checked", report.Report{Run: ended(report.Attention), After: plan.Counts{Healthy: 15, NotChecked: 3, Failed: 2}, Attention: people(2)},
			Headline{ToneAttention, "2 instances need a person; 15 are healthy, 3 are not checked.", "", nil}},
		{"more is wrong than needs a person", report.Report{Run: ended(report.Attention), After: plan.Counts{Healthy: 15, Failed: 2, Drifted: 3}, Attention: people(2)},
			Headline{ToneAttention, "2 instances need a person; 3 more are wrong or held back.", "", nil}},
		{"a reading found something", report.Report{Run: ended(""), After: plan.Counts{Healthy: 15, Drifted: 1}},
			Headline{ToneAttention, "1 of 16 instances is wrong; none needs a person.", "", nil}},
		{"guards stopped work", report.Report{Run: ended(report.Attention), After: plan.Counts{Healthy: 15, Drifted: 9}, Attention: people(9), Guards: []plan.GuardHit{{}, {}, {Accepted: true}}},
			Headline{ToneAttention, "9 instances need a person; the other 15 are healthy.", "2 guards held some of the work back.", nil}},
		{"under way", report.Report{Run: report.Run{ID: "r", Started: madeAt, Stage: "Heal", Progress: report.Progress{Done: 98, Planned: 233, Left: 2410}}, DataAt: madeAt, Before: plan.Counts{Drifted: 960}, After: plan.Counts{Drifted: 640}},
			Headline{ToneBusy, "Healing: 98 of 233 done, about 40 min left.", "960 were wrong when it began, 640 are wrong now.", nil}},
		{"nothing was ever read", report.Report{}, Headline{ToneUnsure, "Welcome. Nothing has been read here yet.", "The page shows the fleet as soon as a first run has read it; setmend plan only reads, heal asks before it changes anything.", nil}},
		{"the first reading", report.Report{Run: report.Run{ID: "r", Started: madeAt, Stage: "InitCleanup"}}, Headline{ToneBusy, "Reading the fleet for the first time.", "The page fills as soon as it is read.", nil}},
		{"a later reading, over what was left before", report.Report{Run: report.Run{ID: "r", Started: madeAt, Stage: "InitCleanup"}, DataAt: madeAt.Add(-time.Hour), Before: plan.Counts{Drifted: 3}, After: plan.Counts{Drifted: 3}},
			Headline{ToneBusy, "Reading the fleet; what is shown is of 2026-11-20 05:42 UTC.", "3 are wrong.", nil}},
		{"looking for drift", report.Report{Run: report.Run{ID: "r", Started: madeAt, Stage: "DriftStatus", Progress: report.Progress{Done: 5, Planned: 24, Left: 5400}}, DataAt: madeAt, Before: plan.Counts{Missing: 1}, After: plan.Counts{Missing: 1}},
			Headline{ToneBusy, "Checking for drift: 5 of 24 stack sets done, about 1 h 30 min left.", "1 is wrong.", nil}},
		{"deploying, time not known", report.Report{Run: report.Run{ID: "r", Started: madeAt, Stage: "MandatoryDeployment", Progress: report.Progress{Done: 1, Planned: 2}}, DataAt: madeAt},
			Headline{ToneBusy, "Deploying: 1 of 2 done.", "0 are wrong.", nil}},
		{"about to clean up", report.Report{Run: report.Run{ID: "r", Started: madeAt, Stage: "InitCleanup"}, DataAt: madeAt}, Headline{ToneBusy, "Cleaning up: preparing it.", "0 are wrong.", nil}},
		{"ending", report.Report{Run: report.Run{ID: "r", Started: madeAt, Stage: "PublishStatus"}, DataAt: madeAt}, Headline{ToneBusy, "The run is ending; its report is being written.", "0 are wrong.", nil}},
		{"cut off", report.Report{Run: report.Run{ID: "r", Started: madeAt, CutOff: madeAt, Stage: "Heal", Progress: report.Progress{Done: 98, Planned: 233}}, DataAt: madeAt, After: plan.Counts{Drifted: 2}},
			Headline{ToneAttention, "A run was cut off in the healing, at 2026-11-20 06:42 UTC, with 98 of 233 done.", "2 are wrong. Operations that AWS had accepted go on without it; nothing is lost.", nil}},
		{"what is rightly absent is not wrong", report.Report{Run: ended(report.Healed), After: plan.Counts{Healthy: 4, Blocked: 1},
			Cells: []report.Cell{{Before: plan.Blocked, Assessed: plan.Assessed{Verdict: plan.Blocked, Desire: plan.MustNot}}}}, Headline{ToneGood, "All 4 instances are healthy.", "", nil}},
		{"a person is needed where nothing is wrong", report.Report{Run: ended(report.Attention), After: plan.Counts{Healthy: 4, NotChecked: 1}, Attention: []report.Finding{{Verdict: plan.NotChecked}}},
			Headline{ToneAttention, "1 instance needs a person; 4 are healthy, 1 is not checked.", "", nil}},
		{"the run failed", report.Report{Run: report.Run{ID: "r", Started: madeAt, Ended: madeAt, Result: report.Failed, Error: "reading the organization: access denied"}},
			Headline{ToneBad, "The last run failed; what follows is the state it last saw.", "reading the organization: access denied", nil}},
		{"the run was stopped", report.Report{Run: ended(report.Stopped), After: plan.Counts{Drifted: 2}}, Headline{ToneAttention, "The last run was stopped before its end; 2 are wrong.", "", nil}},
		{"an empty fleet", report.Report{Run: ended(report.Healed)}, Headline{ToneUnsure, "There is no instance to look after.", "", nil}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := Headlines(&c.report); got.Tone != c.want.Tone || got.Text != c.want.Text || got.Detail != c.want.Detail {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestTimeLeftIsRoundedAsAnEstimateDeserves(t *testing.T) {
	for seconds, want := range map[float64]string{0: "", -5: "", 20: "about a minute", 89: "about a minute", 150: "about 3 min", 2400: "about 40 min",
		3600: "about 1 h", 5400: "about 1 h 30 min", 40_000: "about 11 h"} {
		if got := leftText(seconds); got != want {
			t.Errorf("%v s: %q, want %q", seconds, got, want)
		}
	}
}
