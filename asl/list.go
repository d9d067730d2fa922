package asl

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// A Summary says where an execution stands.
type Summary struct {
	Name    string    `json:"name"`
	Status  Status    `json:"status"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
	State   string    `json:"state,omitempty"` // the one entered last
	Error   string    `json:"error,omitempty"`
}

// List tells of all executions in the store, in the order of their names. One
// that is RUNNING may be running here or elsewhere, or have been cut off.
func (e *Engine) List(ctx context.Context) ([]Summary, error) {
	logs, err := e.store.Logs(ctx, logPrefix)
	if err != nil {
		return nil, fmt.Errorf("listing executions: %w", err)
	}
	list := []Summary{}
	for _, log := range logs {
		s, err := e.summary(ctx, strings.TrimPrefix(log, logPrefix))
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func (e *Engine) summary(ctx context.Context, name string) (Summary, error) {
	s := Summary{Name: name, Status: StatusRunning}
	events, err := e.History(ctx, name)
	if err != nil {
		return s, err
	}
	for _, event := range events {
		switch event.Type {
		case ExecutionStarted:
			s.Started = event.Time
		case ExecutionSucceeded, ExecutionFailed, ExecutionTimedOut, ExecutionAborted:
			s.Status, s.Ended, s.Error = statusOf(event.Type), event.Time, event.Error
		default:
			if strings.HasSuffix(string(event.Type), "StateEntered") {
				s.State = event.Name
			}
		}
	}
	return s, nil
}

// Machine is the definition that an execution was started with.
func (e *Engine) Machine(ctx context.Context, name string) (*Machine, error) {
	for entry, err := range e.store.Read(ctx, logPrefix+name, 0) {
		if err != nil {
			return nil, fmt.Errorf("reading the log of execution %s: %w", name, err)
		}
		rec, err := parseRecord(entry)
		if err != nil {
			return nil, err
		}
		return Parse(rec.Text)
	}
	return nil, fmt.Errorf("reading the log of execution %s: %w", name, ErrNotFound)
}
