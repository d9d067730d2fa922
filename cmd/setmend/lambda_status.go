package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/setmend/setmend/configuration"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/lambdahandler"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// newest is how many of a stack set's operations count in its success rate.
const newest = 5

// handleStatus emits metrics: of operations often, of all instances less often.
func (f *functionApp) handleStatus(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
	var e triggered
	if err := json.Unmarshal(event, &e); err != nil {
		return nil, fmt.Errorf("reading the event: %w", err)
	}
	c, _, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	if e.Setmend == sentMetrics {
		return f.operations(ctx, c)
	}
	return f.instances(ctx, c)
}

// operations emits how the newest operations of each stack set went.
func (f *functionApp) operations(ctx context.Context, c *connection) (json.RawMessage, error) {
	names, err := c.aws.StackSets(ctx)
	if err != nil {
		return nil, err
	}
	now := c.clock.Now()
	for _, name := range names {
		lambdahandler.At(ctx, "reading the operations of stack set %s", name)
		list, err := c.aws.Recent(ctx, name, newest)
		if fleet.KindOf(err) == fleet.NotFound { // deleted since it was listed
			continue
		}
		if err != nil {
			return nil, err
		}
		set := string(name)
		lambdahandler.Metric(ctx, "SuccessRate", successRate(list), "Percent", "StackSetName", set)
		lambdahandler.Metric(ctx, "RetriedOperations", float64(retried(list)), "Count", "StackSetName", set)
		for kind, n := range begun(list, now.Add(-metricsPeriod)) {
			lambdahandler.Metric(ctx, "Operations", float64(n), "Count", "StackSetName", set)
			lambdahandler.Metric(ctx, "OperationsByKind", float64(n), "Count", "StackSetName", set, "Kind", string(kind))
		}
		for _, o := range list {
			if !o.Ended.IsZero() && o.Ended.After(now.Add(-metricsPeriod)) {
				lambdahandler.Metric(ctx, "OperationDuration", o.Ended.Sub(o.Created).Seconds(), "Seconds", "StackSetName", set)
			}
		}
	}
	return json.Marshal(map[string]int{"stackSets": len(names)})
}

// metricsPeriod is how often operations are read.
const metricsPeriod = 5 * time.Minute

// successRate is how many of a stack set's newest operations have succeeded, in per
// cent: those under way have not, and without any it is 100.
func successRate(list []fleet.Operation) float64 {
	if len(list) == 0 {
		return 100
	}
	succeeded := 0
	for _, o := range list {
		if o.Status == fleet.OperationSucceeded {
			succeeded++
		}
	}
	return 100 * float64(succeeded) / float64(len(list))
}

// retried counts operations that follow a failed one of their kind; list is newest
// first.
func retried(list []fleet.Operation) int {
	n := 0
	for i := range len(list) - 1 {
		if before := list[i+1]; before.Kind == list[i].Kind && before.Status == fleet.OperationFailed {
			n++
		}
	}
	return n
}

// begun counts the operations since a time, by kind.
func begun(list []fleet.Operation, since time.Time) map[fleet.OperationKind]int {
	counts := map[fleet.OperationKind]int{}
	for _, o := range list {
		if o.Created.After(since) {
			counts[o.Kind]++
		}
	}
	return counts
}

// instances emits how many instances are failed and drifted, and how near the quota
// of instances in operation is.
func (f *functionApp) instances(ctx context.Context, c *connection) (json.RawMessage, error) {
	lambdahandler.At(ctx, "reading the fleet")
	r := &reading{connection: c}
	if err := r.define(ctx); err != nil {
		return nil, err
	}
	told := report.New(r.fleet, r.assessment, r.policy)
	busy := 0
	for _, inventory := range r.fleet.StackSets {
		for _, instance := range inventory.Instances {
			if instance.Detailed == fleet.DetailedPending || instance.Detailed == fleet.DetailedRunning {
				busy++
			}
		}
	}
	lambdahandler.Metric(ctx, "QuotaUse", 100*float64(busy)/float64(max(c.policy.Limits.RunningInstances, 1)), "Percent")
	for _, set := range told.StackSets {
		lambdahandler.Metric(ctx, "FailedInstances", float64(set.After.Of(plan.Failed)+set.After.Of(plan.Inoperable)), "Count", "StackSetName", string(set.Name))
		lambdahandler.Metric(ctx, "DriftedInstances", float64(set.After.Of(plan.Drifted)), "Count", "StackSetName", string(set.Name))
	}
	return json.Marshal(map[string]int{"stackSets": len(told.StackSets), "instances": told.Fleet.Instances})
}

// handleConfig compiles tags and policy into Parameter Store. Several at a time, or
// one again, come to the same documents.
func (f *functionApp) handleConfig(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
	c, _, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	s, err := f.readSettings()
	if err != nil {
		return nil, err
	}
	limit, err := s.parameterStore.limit()
	if err != nil {
		return nil, err
	}
	lambdahandler.At(ctx, "reading the stack sets")
	r := &reading{connection: c}
	if err := r.define(ctx); err != nil {
		return nil, err
	}
	path := s.parameterStore.path()
	parameters, err := configuration.Compile(r.fleet, r.assessment).Parameters(path, limit)
	if err != nil {
		return nil, err
	}
	lambdahandler.At(ctx, "writing the parameters below %s", path)
	changes, err := configuration.Sync(ctx, ssmParameters{c.aws}, path, parameters)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]int{"written": len(changes.Write), "deleted": len(changes.Delete), "unchanged": changes.Unchanged})
}
