package asl

import (
	"context"
	"fmt"
)

// History lists the events of an execution so far, in order. It may be running,
// here or elsewhere.
func (e *Engine) History(ctx context.Context, name string) ([]Event, error) {
	var events []Event
	found := false
	for entry, err := range e.store.Read(ctx, logPrefix+name, 0) {
		if err != nil {
			return nil, fmt.Errorf("reading the log of execution %s: %w", name, err)
		}
		found = true
		records, err := parseRecords(entry)
		if err != nil {
			return nil, fmt.Errorf("reading the log of execution %s: %w", name, err)
		}
		for _, rec := range records {
			if rec.Exec == 0 && !rec.Type.private() {
				events = append(events, rec.event())
			}
		}
	}
	if !found {
		return nil, fmt.Errorf("reading the log of execution %s: %w", name, ErrNotFound)
	}
	return events, nil
}
