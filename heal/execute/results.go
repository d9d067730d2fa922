package execute

import (
	"context"
	"fmt"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
)

// results finds out what ended requests did to each of their cells.
type results struct{ *Setting }

// read gives every cell of an ended request its outcome. SUCCEEDED says only
// that the failure tolerance held, so unless nothing failed the results are read.
func (x *results) read(ctx context.Context, c *command.Command, n int) error {
	a := &c.Attempts[n]
	if a.Request.Kind == plan.RequestDetect {
		return x.record(ctx, c.ID, command.ResultsRead{Attempt: n})
	}
	clean := a.Status == fleet.OperationSucceeded && a.Failed == 0
	certain := clean && !uncertain(c, a)
	listed := map[fleet.Target]fleet.Result{}
	if !certain {
		results, err := x.Cloud.Results(ctx, a.Request.StackSet, a.Operation)
		if err != nil {
			return err
		}
		for _, result := range results {
			listed[result.Target] = result
		}
	}
	facts := command.ResultsRead{Attempt: n}
	for _, target := range a.Request.Targets() {
		cell := fleet.Cell{StackSet: a.Request.StackSet, Target: target}
		result, known := listed[target]
		outcome := outcomeOf(cell, a, result, certain, known)
		if clean && !certain && !known {
			there, err := x.stillThere(ctx, cell)
			if err != nil {
				return err
			}
			if outcome = (command.Outcome{Cell: cell, State: command.Healed}); there {
				outcome = failed(cell, "AWS ended operation "+a.Operation+" without coming to this target: its OUs do not lead there any more")
			}
		}
		if c.Kind == command.Redeploy && a.Deletes() && outcome.State == command.Failed {
			var err error
			if outcome.Kept, err = x.kept(ctx, c, cell); err != nil {
				return err
			}
		}
		facts.Outcomes = append(facts.Outcomes, outcome)
	}
	return x.record(ctx, c.ID, facts)
}

// outcomeOf is what AWS's result says of a cell.
func outcomeOf(cell fleet.Cell, a *command.Attempt, result fleet.Result, certain, known bool) command.Outcome {
	switch {
	case certain || known && result.Status == "SUCCEEDED":
		return command.Outcome{Cell: cell, State: command.Healed}
	case known:
		return failed(cell, result.Reason)
	}
	return failed(cell, "AWS lists no result for this target of operation "+a.Operation+" ("+string(a.Status)+")")
}

// failed is the outcome of a cell that failed for AWS's reason.
func failed(cell fleet.Cell, reason string) command.Outcome {
	return command.Outcome{Cell: cell, State: command.Failed, Class: plan.Classify(reason), Reason: reason}
}

// uncertain reports whether a request that succeeded may have passed over targets.
// An orphan's account is looked for in OUs that it may have left; AWS does not say
// whether it finds the instance there, and finds nothing amiss in finding none.
func uncertain(c *command.Command, a *command.Attempt) bool {
	return len(a.Request.OUs) > 0 && (c.Kind == command.Detach || c.Kind == command.Remove)
}

// stillThere reports whether an instance is there in spite of its deletion. The
// list of results lags behind, so that it alone does not say.
func (x *results) stillThere(ctx context.Context, cell fleet.Cell) (bool, error) {
	_, err := x.Cloud.Instance(ctx, cell)
	if fleet.KindOf(err) == fleet.NotFound {
		return false, nil
	}
	return err == nil, err
}

// kept reports whether AWS has an instance still whose deletion has failed, with
// the overrides that were saved of it.
func (x *results) kept(ctx context.Context, c *command.Command, cell fleet.Cell) (bool, error) {
	instance, err := x.Cloud.Instance(ctx, cell)
	if fleet.KindOf(err) == fleet.NotFound {
		return false, nil // it may have been us
	}
	if err != nil {
		return false, fmt.Errorf("reading %s, whose deletion failed: %w", cell, err)
	}
	d := c.Find(cell)
	return d != nil && record.SameOverrides(instance.Overrides, d.Saved), nil
}
