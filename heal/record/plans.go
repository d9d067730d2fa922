package record

import (
	"context"
	"fmt"
	"strconv"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// Pass is one sealed plan of a stage and the commands that carry it out. A stage
// plans again when all commands of its pass have ended, until a plan has nothing to
// do.
type Pass struct {
	Stage plan.Stage `json:"stage"`
	N     int        `json:"n"`
	Plan  *plan.Plan `json:"plan"`
	// Commands are the ids of the commands, in the plan's order.
	Commands []string `json:"commands"`
	Ended    bool     `json:"ended"`
	// Waiting are sets left out because an external operation runs on them.
	Waiting []fleet.StackSetName `json:"waiting,omitempty"`
	// Applied is set once what the commands changed is in the run's view of the fleet.
	Applied bool `json:"applied,omitempty"`
	// Again is set if commands were stopped, so that the stage has to plan anew.
	Again bool `json:"again,omitempty"`
}

// PassKey is the key of the nth pass of a stage.
func PassKey(run string, stage plan.Stage, n int) string {
	return RunKey(run, "passes/"+string(stage)+"-"+strconv.Itoa(n))
}

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
	doc, err := Read[Given](ctx, j, RunKey(run, "given"))
	if err != nil {
		return err
	}
	if doc.Exists() && doc.Value.Plan.Hash != g.Plan.Hash {
		return fmt.Errorf("giving run %s a plan: it has another", run)
	}
	doc.Value = g
	return doc.Write(ctx, j)
}

// Beyond returns the plan of what a run found and was not allowed to do, nil if it
// found nothing of the kind.
func Beyond(ctx context.Context, j Journal, run string) (*plan.Plan, error) {
	doc, err := Read[plan.Plan](ctx, j, RunKey(run, "beyond"))
	if err != nil || !doc.Exists() || !doc.Value.Writes() {
		return nil, err
	}
	return &doc.Value, nil
}
