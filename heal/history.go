package heal

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	"github.com/setmend/setmend/report"
)

const historyLog = "history"

// history reads the runs that ended, oldest first.
func history(ctx context.Context, j Journal) iter.Seq2[report.Past, error] {
	return func(yield func(report.Past, error) bool) {
		for text, err := range j.Read(ctx, historyLog, 0) {
			var line report.Past
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
func (r *run) keepHistory(ctx context.Context, told *report.Report) error {
	if slices.ContainsFunc(told.History, func(p report.HistoryPoint) bool { return p.Run == r.id() }) {
		return nil
	}
	past := told.Past()
	text, err := json.Marshal(past)
	if err != nil {
		return fmt.Errorf("writing the history: %w", err)
	}
	told.AddPast(past)
	return r.h.Journal.Append(ctx, historyLog, 0, text)
}
