package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// printReport prints a run's report: the whole of it as JSON or YAML, a summary
// a person reads otherwise.
func (a *app) printReport(report *report.Report) error {
	return a.print(report, func(w io.Writer) error { return summary(w, report) })
}

func summary(w io.Writer, r *report.Report) error {
	took := time.Duration(r.Run.VirtualSeconds * float64(time.Second)).Round(time.Second)
	fmt.Fprintf(w, "%sRun %s: %s, after %s of AWS time\n", markOf(r.Run.Result), r.Run.ID, r.Run.Result, took)
	if cutShort(r) && r.Fleet.StackSets == 0 {
		fmt.Fprintln(w, "It ended before it had read the fleet.")
		return nil
	}
	fmt.Fprintf(w, "%d stack sets, %d instances in %d accounts\n\n", r.Fleet.StackSets, r.Fleet.Instances, accounts(r))
	row(w, "", "BEFORE", "AFTER")
	for _, v := range plan.Verdicts {
		if before, after := r.Before.Of(v), r.After.Of(v); before+after > 0 {
			row(w, inWords(v), before, after)
		}
	}
	fmt.Fprintln(w)
	done(w, r)
	fmt.Fprintf(w, "\nOverrides: %d saved, %d restored, %d lost\n", r.Overrides.Saved, r.Overrides.Restored, r.Overrides.Lost)
	if n := r.Overrides.Kept; n > 0 {
		fmt.Fprintf(w, "Kept for their return: the overrides of %d removed or let go of (`setmend overrides saved`)\n", n)
	}
	fmt.Fprintf(w, "AWS calls: %d, of which %d write; %d throttled\n", r.API.Calls, r.API.Writes, r.API.Throttled)
	attention(w, r)
	return nil
}

// markOf is how a run's end looks.
func markOf(result report.Result) string {
	switch result {
	case report.Healed:
		return markGood
	case report.Failed:
		return markBad
	}
	return markWarn
}

// cutShort tells whether a run did not come to its end.
func cutShort(r *report.Report) bool {
	return r.Run.Result == report.Stopped || r.Run.Result == report.Failed
}

func accounts(r *report.Report) int {
	n := 0
	for _, count := range r.Fleet.Accounts {
		n += count
	}
	return n
}

// done says what was done, by remedy.
func done(w io.Writer, r *report.Report) {
	type tally struct{ actions, cells, failed int }
	tallies := map[string]*tally{}
	var order []string
	for _, action := range r.Actions {
		name := string(cmp.Or(action.Remedy, plan.Remedy("detect drift")))
		if tallies[name] == nil {
			tallies[name] = &tally{}
			order = append(order, name)
		}
		tallies[name].actions++
		tallies[name].cells += action.Cells
		if action.Outcome == "failed" || action.Outcome == "partial" {
			tallies[name].failed++
		}
	}
	if len(order) == 0 {
		fmt.Fprintln(w, "Nothing had to be done.")
		return
	}
	slices.Sort(order)
	row(w, "DONE", "OPERATIONS", "CELLS", "NOT ALL SUCCEEDED")
	for _, name := range order {
		row(w, name, tallies[name].actions, tallies[name].cells, tallies[name].failed)
	}
}

// attention lists what needs a person, grouped by what AWS said.
func attention(w io.Writer, r *report.Report) {
	for _, trip := range r.Guards {
		if trip.InEffect() {
			fmt.Fprintf(w, "\n%sguard %s %s: %s\n  %shint: %s\n", markWarn, trip.Guard, trip.StackSet, oneLine(trip.Reason), markFaint, oneLine(trip.Hint))
		}
	}
	if len(r.Attention) == 0 && cutShort(r) {
		return // nobody knows
	}
	if len(r.Attention) == 0 && slices.ContainsFunc(r.Guards, func(g plan.GuardHit) bool { return g.InEffect() && !g.Waits }) {
		fmt.Fprintf(w, "\n%sA person is asked: see `setmend approvals`.\n", markWarn)
		return
	}
	if len(r.Attention) == 0 {
		fmt.Fprintf(w, "\n%sNothing needs a person.\n", markGood)
		return
	}
	fmt.Fprintf(w, "\n%sNeeds a person: %d\n", markWarn, len(r.Attention))
	groups := map[string][]report.Finding{}
	var order []string
	for _, item := range r.Attention {
		key := string(item.Verdict) + ": " + plan.Normalise(item.Reason)
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], item)
	}
	slices.SortStableFunc(order, func(x, y string) int { return cmp.Compare(len(groups[y]), len(groups[x])) })
	for _, key := range order {
		items := groups[key]
		fmt.Fprintf(w, "  %d × %s\n", len(items), oneLine(items[0].Reason))
		for _, item := range items[:min(3, len(items))] {
			fmt.Fprintf(w, "      %s %s %s\n", item.StackSet, item.Account, item.Region)
		}
		if len(items) > 3 {
			fmt.Fprintf(w, "      and %d more\n", len(items)-3)
		}
		if items[0].Hint != "" {
			fmt.Fprintf(w, "      %shint: %s\n", markFaint, oneLine(items[0].Hint))
		}
	}
}
