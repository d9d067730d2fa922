package record

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	"github.com/setmend/setmend/report"
)

const historyLog = "history"

// History reads the runs that ended, oldest first.
func History(ctx context.Context, j Journal) iter.Seq2[report.Past, error] {
	return func(yield func(report.Past, error) bool) {
		for text, err := range j.Read(ctx, historyLog, 0) {
			var past report.Past
			if err == nil {
				err = json.Unmarshal(text, &past)
			}
			if !yield(past, err) || err != nil {
				return
			}
		}
	}
}

// AddHistory appends a run to the history, once, and to its report's own.
func AddHistory(ctx context.Context, j Journal, told *report.Report) error {
	if slices.ContainsFunc(told.History, func(p report.HistoryPoint) bool { return p.Run == told.Run.ID }) {
		return nil
	}
	past := told.Past()
	text, err := json.Marshal(past)
	if err != nil {
		return fmt.Errorf("writing the history: %w", err)
	}
	told.AddPast(past)
	return j.Append(ctx, historyLog, 0, text)
}

// LoadReport reads a finished run's report.
func LoadReport(ctx context.Context, j Journal, run string) (*report.Report, error) {
	doc, err := Read[report.Report](ctx, j, RunKey(run, "report"))
	if err != nil {
		return nil, err
	}
	if !doc.Exists() {
		return nil, fmt.Errorf("loading the report of run %s: there is none; the run has not ended, or its id is mistyped (`setmend runs` lists them)", run)
	}
	return &doc.Value, nil
}
