package rollouts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/rollout"
)

// Result is how a rollout ended.
type Result string

const (
	Succeeded  Result = "succeeded"
	Stopped    Result = "stopped"     // a person decides: resume, rollback or abort
	RolledBack Result = "rolled-back" // everything has the previous definition
	Aborted    Result = "aborted"     // by a person; what was reached keeps the new definition
)

// Step is what a rollout does next.
type Step string

const (
	StepUpdate   Step = "update"
	StepGate     Step = "gate"
	StepRollback Step = "rollback"
	StepEnd      Step = "end"
)

// Rollout is the durable state of a rollout.
type Rollout struct {
	ID      string       `json:"id"`
	Plan    rollout.Plan `json:"plan"`
	Started time.Time    `json:"started"`
	Ended   time.Time    `json:"ended,omitzero"`

	Step  Step `json:"step"`
	Phase int  `json:"phase"` // of Plan.Phases
	// Try counts how often the phase was taken up: after a stop, and after another run
	// took its commands over.
	Try int `json:"try"`
	// Executions counts the executions of the state machine that it has had.
	Executions int `json:"executions"`
	// Touched is set once the set's definition may have been changed.
	Touched bool `json:"touched,omitempty"`
	// Phases are how far each phase is; as many as Plan.Phases.
	Phases []Progress `json:"phases"`
	// Rollback is how far the rollback is, nil before one.
	Rollback *Progress `json:"rollback,omitempty"`
	BakeEnds time.Time `json:"bakeEnds,omitzero"`
	Result   Result    `json:"result,omitempty"`
	Why      string    `json:"why,omitempty"`
	By       string    `json:"by,omitempty"` // who stopped, resumed, aborted or rolled it back last
}

// Progress is how far a phase is.
type Progress struct {
	Began time.Time `json:"began,omitzero"`
	Ended time.Time `json:"ended,omitzero"`
	// Done, Failed and Cancelled count instances.
	Done      int `json:"done"`
	Failed    int `json:"failed"`
	Cancelled int `json:"cancelled"`
	// Failures are the instances that failed, by AWS's reason.
	Failures map[string][]fleet.Target `json:"failures,omitempty"`
	Gates    []GateResult              `json:"gates,omitempty"`
	Running  string                    `json:"running,omitempty"` // the operation under way
}

// GateResult is what a gate found.
type GateResult struct {
	Gate  string    `json:"gate"`
	OK    bool      `json:"ok"`
	Found string    `json:"found"`
	At    time.Time `json:"at"`
}

// Current is the phase that is under way, nil after the last.
func (r *Rollout) Current() *rollout.PlannedPhase {
	if r.Phase >= len(r.Plan.Phases) {
		return nil
	}
	return &r.Plan.Phases[r.Phase]
}

func (r *Rollout) progress() *Progress { return &r.Phases[r.Phase] }

const prefix = "rollouts/"

func stateKey(id string) string                  { return prefix + id + "/state" }
func definitionKey(id, definition string) string { return prefix + id + "/definition/" + definition }

// Begin stores a rollout that is about to be carried out, with both definitions. It
// fails if the plan is not what was sealed, or if another rollout of the stack set has
// not ended.
func Begin(ctx context.Context, j record.Journal, id string, p *rollout.Plan, now time.Time, definitions ...rollout.Definition) error {
	if !p.Sealed() {
		return errors.New("beginning the rollout: the plan is not what was sealed; plan it anew")
	}
	others, err := List(ctx, j)
	if err != nil {
		return err
	}
	for _, o := range others {
		if o.Plan.StackSet == p.StackSet && (o.Result == "" || o.Result == Stopped) {
			return &Unfinished{o.ID, p.StackSet}
		}
	}
	for _, d := range definitions {
		doc, err := record.Read[rollout.Definition](ctx, j, definitionKey(id, d.Name))
		if err != nil {
			return err
		}
		doc.Value = d
		if err := doc.Write(ctx, j); err != nil {
			return err
		}
	}
	doc, err := record.Read[Rollout](ctx, j, stateKey(id))
	if err != nil {
		return err
	}
	if doc.Exists() {
		return fmt.Errorf("beginning rollout %s: there is one already", id)
	}
	doc.Value = Rollout{ID: id, Plan: *p, Started: now, Step: StepUpdate, Phases: make([]Progress, len(p.Phases)), Executions: 1}
	return doc.Write(ctx, j)
}

// Unfinished is the error for a rollout of a stack set whose last one has not ended.
type Unfinished struct {
	ID       string
	StackSet fleet.StackSetName
}

func (u *Unfinished) Error() string {
	return fmt.Sprintf("beginning the rollout: rollout %s of %s has not ended", u.ID, u.StackSet)
}

// ErrNone is the error for a rollout that is not in the journal.
var ErrNone = errors.New("there is no such rollout in the journal")

// Load reads a rollout.
func Load(ctx context.Context, j record.Journal, id string) (*Rollout, error) {
	doc, err := load(ctx, j, id)
	if err != nil {
		return nil, err
	}
	return &doc.Value, nil
}

func load(ctx context.Context, j record.Journal, id string) (*record.Document[Rollout], error) {
	doc, err := record.Read[Rollout](ctx, j, stateKey(id))
	if err != nil {
		return nil, err
	}
	if !doc.Exists() {
		return nil, fmt.Errorf("reading rollout %s: %w", id, ErrNone)
	}
	return doc, nil
}

// List reads all rollouts, the newest first.
func List(ctx context.Context, j record.Journal) ([]Rollout, error) {
	keys, err := j.Keys(ctx, prefix)
	if err != nil {
		return nil, err
	}
	var list []Rollout
	for _, key := range keys {
		id, rest, _ := cutKey(key)
		if rest != "state" {
			continue
		}
		r, err := Load(ctx, j, id)
		if err != nil {
			return nil, err
		}
		list = append(list, *r)
	}
	sortNewestFirst(list)
	return list, nil
}

// Resume continues the phase of a rollout that stopped: with the instances that do
// not have the new definition, and the gates anew. The caller starts the state machine.
func Resume(ctx context.Context, j record.Journal, id, by string) (*Rollout, error) {
	return change(ctx, j, id, func(r *Rollout) error {
		if r.Result != Stopped {
			return fmt.Errorf("resuming rollout %s: it %s", id, r.state())
		}
		if r.Step == StepEnd {
			r.Step = StepUpdate
		}
		if r.Rollback != nil {
			r.Step = StepRollback
		}
		r.Result, r.Why, r.By, r.Ended = "", "", by, time.Time{}
		r.Try++
		r.Executions++
		if r.Phase < len(r.Phases) {
			r.Phases[r.Phase].Gates, r.BakeEnds = nil, time.Time{}
		}
		return nil
	})
}

// RollBack has a rollout give the previous definition back, from wherever it is. The
// caller starts the state machine, if it does not run.
func RollBack(ctx context.Context, j record.Journal, id, by string) (*Rollout, error) {
	return change(ctx, j, id, func(r *Rollout) error {
		if r.Result == RolledBack || r.Result == "" && r.Rollback != nil {
			return fmt.Errorf("rolling back %s: it %s", id, r.state())
		}
		if !r.Touched {
			return fmt.Errorf("rolling back %s: it has not changed anything", id)
		}
		if r.Result != "" {
			r.Executions++
		}
		r.beginRollback("asked for by " + by)
		r.Result, r.By, r.Ended = "", by, time.Time{}
		return nil
	})
}

// Abort ends a rollout that stopped, for good: what it has reached keeps the new
// definition, the rest the previous one.
func Abort(ctx context.Context, j record.Journal, id, by string, now time.Time) (*Rollout, error) {
	return change(ctx, j, id, func(r *Rollout) error {
		if r.Result == Succeeded || r.Result == RolledBack || r.Result == Aborted {
			return fmt.Errorf("aborting rollout %s: it %s", id, r.state())
		}
		r.Result, r.By, r.Ended = Aborted, by, now
		if r.Step = StepEnd; r.Why == "" {
			r.Why = "aborted by " + by
		}
		return nil
	})
}

func (r *Rollout) beginRollback(why string) {
	r.Step, r.Why = StepRollback, why
	r.Rollback = &Progress{}
	r.Try++
}

func (r *Rollout) state() string {
	if r.Result == "" {
		return "is under way"
	}
	return "has ended: " + string(r.Result)
}

// change changes a rollout's state between two calls of a stage.
func change(ctx context.Context, j record.Journal, id string, f func(*Rollout) error) (*Rollout, error) {
	doc, err := load(ctx, j, id)
	if err != nil {
		return nil, err
	}
	if err := f(&doc.Value); err != nil {
		return nil, err
	}
	if err := doc.Write(ctx, j); err != nil {
		return nil, err
	}
	return &doc.Value, nil
}
