package heal

import (
	"context"
	"errors"
	"fmt"

	"github.com/setmend/setmend/plan"
)

// Given is what a run was given to carry out. Without it, a run goes as far as the
// policy's escalation allows.
type Given struct {
	Plan *plan.Plan `json:"plan"`
	// Exact runs carry out the plan in one pass and nothing else. Others plan for
	// themselves, and may do what lies within the plan: to each of its cells at most
	// the furthest remedy that it names.
	Exact bool `json:"exact,omitempty"`
}

// Give gives a run that has not begun the plan to carry out. It fails if the plan is
// not what was sealed, or if the run was given another.
func Give(ctx context.Context, j Journal, run string, g Given) error {
	if g.Plan == nil || !g.Plan.Sealed() {
		return fmt.Errorf("giving run %s a plan: it is not what was sealed; make a new one with `setmend plan --out FILE`", run)
	}
	doc, err := read[Given](ctx, j, runKey(run, "given"))
	if err != nil {
		return err
	}
	if doc.exists() && doc.Value.Plan.Hash != g.Plan.Hash {
		return fmt.Errorf("giving run %s a plan: it has another", run)
	}
	doc.Value = g
	return doc.write(ctx, j)
}

// given loads what the run was given, nil if nothing.
func (r *run) given(ctx context.Context) (*Given, error) {
	doc, err := read[Given](ctx, r.h.Journal, runKey(r.id(), "given"))
	if err != nil || !doc.exists() {
		return nil, err
	}
	if !doc.Value.Plan.Sealed() {
		return nil, errors.New("reading the plan that the run was given: it is not what was sealed; nothing is done")
	}
	return &doc.Value, nil
}

// within returns the part of a plan that the run may carry out in the nth pass of
// the stage. What lies beyond is kept as a new plan.
func (r *run) within(ctx context.Context, p *plan.Plan, stage plan.Stage, n int) (*plan.Plan, error) {
	g, err := r.given(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case g == nil:
		within, beyond := plan.AllowedBy(r.h.Policy).Split(p)
		return within, r.keepBeyond(ctx, beyond)
	case !g.Exact:
		within, beyond := plan.ShownBy(g.Plan).Split(p)
		return within, r.keepBeyond(ctx, beyond)
	case n > 1:
		return p.Select(stage, func(plan.Action) bool { return false }), r.keepBeyond(ctx, p)
	}
	if _, beyond := plan.ShownBy(g.Plan).Split(p); stage == plan.StageHeal {
		if err := r.keepBeyond(ctx, beyond); err != nil {
			return nil, err
		}
	}
	return g.Plan.Select(stage, func(a plan.Action) bool {
		return a.Stage == stage || stage == plan.StageHeal && a.Stage == plan.StageVerify
	}), nil
}

// keepBeyond keeps what the run found and may not do, as the plan of another run.
func (r *run) keepBeyond(ctx context.Context, beyond *plan.Plan) error {
	doc, err := read[plan.Plan](ctx, r.h.Journal, runKey(r.id(), "beyond"))
	if err != nil || !doc.exists() && !beyond.Writes() {
		return err
	}
	doc.Value = *beyond
	return doc.write(ctx, r.h.Journal)
}

// Beyond returns the plan of what a run found and was not allowed to do, nil if it
// found nothing of the kind.
func Beyond(ctx context.Context, j Journal, run string) (*plan.Plan, error) {
	doc, err := read[plan.Plan](ctx, j, runKey(run, "beyond"))
	if err != nil || !doc.exists() || !doc.Value.Writes() {
		return nil, err
	}
	return &doc.Value, nil
}
