package heal

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

const historyLog = "history"

// historyLine is a run in the history's log: the point that reports show, and
// one for each stack set.
type historyLine struct {
	HistoryPoint
	Sets map[fleet.StackSetName]StackSetPoint `json:"sets,omitempty"`
}

// history reads the runs that ended, oldest first.
func history(ctx context.Context, j Journal) iter.Seq2[historyLine, error] {
	return func(yield func(historyLine, error) bool) {
		for text, err := range j.Read(ctx, historyLog, 0) {
			var line historyLine
			if err == nil {
				err = json.Unmarshal(text, &line)
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// keepHistory appends the run to the history, once, and to the report's own.
func (r *run) keepHistory(ctx context.Context, report *Report) error {
	if slices.ContainsFunc(report.History, func(p HistoryPoint) bool { return p.Run == r.id() }) {
		return nil
	}
	line := report.line()
	text, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("writing the history: %w", err)
	}
	report.addHistory(line)
	return r.h.Journal.Append(ctx, historyLog, 0, text)
}

// line is the report as one run among others.
func (report *Report) line() historyLine {
	line := historyLine{Sets: map[fleet.StackSetName]StackSetPoint{}}
	line.HistoryPoint = HistoryPoint{Run: report.Run.ID, At: report.Run.Started, Result: report.Run.Result,
		Before: report.Before, After: report.After, Seconds: report.Run.VirtualSeconds, Attention: len(report.Attention)}
	line.Healed, line.HealSeconds = report.healed()
	for _, set := range report.StackSets {
		line.Sets[set.Name] = StackSetPoint{Worst: worst(set.Before), Unhealthy: set.Before.Total() - set.Before.Healthy - set.Before.NotChecked}
	}
	return line
}

// healed counts the cells that were wrong and are not any more, and takes the
// median of how long after the run's beginning each was put right.
func (report *Report) healed() (n int, seconds float64) {
	var times []float64
	for _, c := range report.Cells {
		if len(c.Steps) == 0 || c.Verdict != plan.Healthy || c.Before == plan.Healthy {
			continue
		}
		times = append(times, c.Steps[len(c.Steps)-1].At.Sub(report.Run.Started).Seconds())
	}
	if len(times) == 0 {
		return 0, 0
	}
	slices.Sort(times)
	return len(times), times[len(times)/2]
}

// worst is the last verdict, in the order of reports, that any cell has.
func worst(c plan.Counts) plan.Verdict {
	for _, v := range slices.Backward(plan.Verdicts[:]) {
		if c.Of(v) > 0 {
			return v
		}
	}
	return ""
}

// addHistory adds one run to the report's history and to those of its stack sets.
func (report *Report) addHistory(line historyLine) {
	report.History = append(report.History, line.HistoryPoint)
	for i := range report.StackSets {
		set := &report.StackSets[i]
		set.History = append(set.History, line.Sets[set.Name])
	}
}
