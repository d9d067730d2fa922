package main

import (
	"strings"
	"testing"

	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

func TestStatusFitsTheTerminal(t *testing.T) {
	counts := plan.Counts{Healthy: 900, Drifted: 3, Orphan: 12, Blocked: 1, NotChecked: 7}
	report := &report.Report{After: counts, StackSets: []report.StackSet{{Name: "log-bucket", Instances: 923, After: counts}}}
	report.Fleet.Instances = 923
	for width, want := range map[int]string{
		0:   "log-bucket 923       900     7           3       12     1       never",
		100: "log-bucket 923       900     7           3       12     1       never",
		60:  "log-bucket 923       never       900 healthy, 7 not checked, 3 drifted, 12 orphan, 1 blocked",
	} {
		var out strings.Builder
		if err := statusTable(&out, report, width); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), want+"\n") {
			t.Errorf("in %d columns:\n%s\nwant the line %q", width, &out, want)
		}
	}
}
