package asl

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// A Description is what is known of an execution.
type Description struct {
	Name    string          `json:"name"`
	Status  Status          `json:"status"` // RUNNING also of one that nobody works on
	State   string          `json:"state,omitempty"`
	Started time.Time       `json:"started"`
	Stopped time.Time       `json:"stopped,omitzero"` // zero while it runs
	Input   json.RawMessage `json:"input"`
	Outcome *Outcome        `json:"outcome,omitempty"` // nil while it runs
	Hash    string          `json:"hash"`              // of its definition; see Engine.Definition
}

// List names the executions in the store, sorted.
func (e *Engine) List(ctx context.Context) ([]string, error) {
	logs, err := e.store.Logs(ctx, logPrefix)
	if err != nil {
		return nil, fmt.Errorf("listing the executions: %w", err)
	}
	for i, log := range logs {
		logs[i] = strings.TrimPrefix(log, logPrefix)
	}
	return logs, nil
}

// Describe tells of an execution, running or not. It takes nothing over.
func (e *Engine) Describe(ctx context.Context, name string) (Description, error) {
	d := Description{Name: name, Status: StatusRunning}
	for entry, err := range e.store.Read(ctx, logPrefix+name, 0) {
		if err != nil {
			return Description{}, fmt.Errorf("reading the log of execution %s: %w", name, err)
		}
		records, err := parseRecords(entry)
		if err != nil {
			return Description{}, fmt.Errorf("reading the log of execution %s: %w", name, err)
		}
		for _, rec := range records {
			d.note(rec)
		}
	}
	if d.Hash == "" {
		return Description{}, fmt.Errorf("reading the log of execution %s: %w", name, ErrNotFound)
	}
	return d, nil
}

// note takes in one record.
func (d *Description) note(rec *record) {
	if rec.Type == recordDefinition {
		d.Hash = rec.Hash
		return
	}
	if rec.Exec > 0 {
		return
	}
	switch rec.operation() {
	case opBegin:
		d.Started, d.Input = time.Unix(0, rec.At).UTC(), rec.Text
	case opEnter:
		if rec.Frame == 0 { // of the main line
			d.State = rec.Name
		}
	case opEnd:
		d.Stopped, d.Status, d.State = time.Unix(0, rec.At).UTC(), statusOf(rec.Type), ""
		d.Outcome = &Outcome{Status: d.Status, Output: rec.Text, Error: rec.Error, Cause: rec.Cause}
	}
}
