package asl

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// An Event is one event of an execution's history, with the type and the place
// that it has in Step Functions.
type Event struct {
	ID         int64           `json:"id"` // from 1
	PreviousID int64           `json:"previousEventId"`
	Type       EventType       `json:"type"`
	Time       time.Time       `json:"timestamp"`
	Name       string          `json:"name,omitempty"`       // of the state
	Input      json.RawMessage `json:"input,omitempty"`      // of a state or execution that begins
	Output     json.RawMessage `json:"output,omitempty"`     // of a state, task or execution that ends
	Parameters json.RawMessage `json:"parameters,omitempty"` // of a task that is scheduled
	Variables  json.RawMessage `json:"assignedVariables,omitempty"`
	Error      string          `json:"error,omitempty"`
	Cause      string          `json:"cause,omitempty"`
	Resource   string          `json:"resource,omitempty"`
	Index      *int            `json:"index,omitempty"`    // of an iteration
	Length     *int            `json:"length,omitempty"`   // of a Map's items
	Location   string          `json:"location,omitempty"` // of a field whose query failed
	Role       string          `json:"roleArn,omitempty"`  // that a task takes on
}

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

// event is the record as the history shows it.
func (rec *record) event() Event {
	ev := Event{
		ID: rec.ID, PreviousID: rec.Previous, Type: rec.Type, Time: time.Unix(0, rec.At).UTC(),
		Name: rec.Name, Error: rec.Error, Cause: rec.Cause, Resource: rec.Resource, Variables: rec.Vars,
		Location: rec.Location, Role: rec.Role,
	}
	switch rec.operation() {
	case opBegin, opEnter:
		ev.Input = rec.Text
	case opSchedule:
		ev.Parameters = rec.Text
	case opBranches, opIterate: // what they hold besides is for recovery
	default:
		ev.Output = rec.Text
	}
	switch rec.Type {
	case MapIterationStarted, MapIterationSucceeded, MapIterationFailed, MapIterationAborted:
		ev.Index = &rec.Index
	case MapStateStarted:
		ev.Length = &rec.Length
	}
	return ev
}
