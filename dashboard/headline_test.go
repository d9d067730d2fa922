package dashboard

import (
	"testing"

	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

func TestHeadline(t *testing.T) {
	ended := func(result report.Result) report.Run {
		return report.Run{ID: "r", Started: madeAt, Ended: madeAt, Result: result}
	}
	people := func(n int) []report.Finding { return make([]report.Finding, n) }
	cases := []struct {
		name   string
		report report.Report
		want   Headline
	}{
		{"all is well", report.Report{Run: ended(report.Healed), After: plan.Counts{Healthy: 16012}}, Headline{ToneGood, "All 16,012 instances are healthy.", ""}},
		{"nothing is known to be wrong", report.Report{Run: ended(report.Healed), After: plan.Counts{Healthy: 5, NotChecked: 1}},
			Headline{ToneUnsure, "Nothing is known to be wrong, but 1 has not been checked for drift.", ""}},
		{"a person is needed", report.Report{Run: ended(report.Attention), After: plan.Counts{Healthy: 15, Failed: 1}, Attention: people(1)},
			Headline{ToneAttention, "1 instance needs a person; the other 15 are healthy.", ""}},
		{"a person is needed, and some are not checked", report.Report{Run: ended(report.Attention), After: plan.Counts{Healthy: 15, NotChecked: 3, Failed: 2}, Attention: people(2)},
			Headline{ToneAttention, "2 instances need a person; 15 are healthy, 3 are not checked.", ""}},
		{"more is wrong than needs a person", report.Report{Run: ended(report.Attention), After: plan.Counts{Healthy: 15, Failed: 2, Drifted: 3}, Attention: people(2)},
			Headline{ToneAttention, "2 instances need a person; 3 more are wrong or held back.", ""}},
		{"a reading found something", report.Report{Run: ended(""), After: plan.Counts{Healthy: 15, Drifted: 1}},
			Headline{ToneAttention, "1 of 16 instances is wrong; none needs a person.", ""}},
		{"guards stopped work", report.Report{Run: ended(report.Attention), After: plan.Counts{Healthy: 15, Drifted: 9}, Attention: people(9), Guards: []plan.GuardHit{{}, {}, {Accepted: true}}},
			Headline{ToneAttention, "9 instances need a person; the other 15 are healthy.", "2 guards held some of the work back."}},
		{"under way", report.Report{Run: report.Run{Started: madeAt, Stage: "Heal"}, Before: plan.Counts{Drifted: 960}, After: plan.Counts{Drifted: 640}},
			Headline{ToneBusy, "A run is under way: 960 instances wrong at its start, 640 now.", "Stage Heal."}},
		{"the run failed", report.Report{Run: report.Run{Started: madeAt, Ended: madeAt, Result: report.Failed, Error: "reading the organization: access denied"}},
			Headline{ToneBad, "The last run failed; what follows is the state it last saw.", "reading the organization: access denied"}},
		{"the run was stopped", report.Report{Run: ended(report.Stopped), After: plan.Counts{Drifted: 2}}, Headline{ToneAttention, "The last run was stopped before its end; 2 are wrong.", ""}},
		{"an empty fleet", report.Report{Run: ended(report.Healed)}, Headline{ToneUnsure, "There is no instance to look after.", ""}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := Headlines(&c.report); got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}
