package stacks

import (
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Events on the account's default bus, as AWS documents them.

// publishStatus tells of a stack's new status.
func (e *Engine) publishStatus(s *stack) {
	if !e.world.Listening() {
		return
	}
	status := map[string]any{"status": s.status, "status-reason": s.reason}
	e.publish(s.place, "CloudFormation Stack Status Change", s.id, e.world.Now(), map[string]any{
		"stack-id": s.id, "status-details": status, "client-request-token": s.token(),
	})
}

// announce has an operation's steps on resources told as they happen.
func (e *Engine) announce(s *stack, op *operation, steps []step, from, to time.Time) {
	if !e.world.Listening() {
		return
	}
	w := e.writer(s, op)
	if steps == nil {
		steps = createSteps(w.view)
	}
	w.steps(steps, from, to)
	for _, ev := range w.out {
		e.at(s, op, ev.at.Sub(e.world.Now()), func() { e.publishResource(s, ev) })
	}
}

// publishResource tells of what was done to a resource.
func (e *Engine) publishResource(s *stack, ev event) {
	e.publish(s.place, "CloudFormation Resource Status Change", s.id, ev.at, map[string]any{
		"stack-id": s.id, "logical-resource-id": ev.logicalID, "physical-resource-id": ev.physicalID,
		"resource-type":        ev.typ,
		"status-details":       map[string]any{"status": ev.status, "status-reason": ev.reason},
		"client-request-token": ev.token,
	})
}

// publishDrift tells of a drift detection's start or end. While it runs the
// count is -1.
func (e *Engine) publishDrift(run *driftRun, s *stack) {
	if !e.world.Listening() {
		return
	}
	status, drift, count := "DETECTION_IN_PROGRESS", "UNKNOWN", int32(-1)
	if run.done {
		status, drift, count = run.detection(), run.outcome.Status, run.drifted
	}
	e.publish(s.place, "CloudFormation Drift Detection Status Change", s.id, e.world.Now(), map[string]any{
		"stack-id": s.id, "stack-drift-detection-id": run.id,
		"status-details":          map[string]any{"stack-drift-status": drift, "detection-status": status},
		"drift-detection-details": map[string]any{"drifted-stack-resource-count": count},
		"client-request-token":    "",
	})
}

// detection is the DetectionStatus of a run.
func (r *driftRun) detection() string {
	switch {
	case !r.done:
		return "DETECTION_IN_PROGRESS"
	case r.outcome.OK:
		return "DETECTION_COMPLETE"
	}
	return "DETECTION_FAILED"
}

func (e *Engine) publish(p place, detailType, id string, at time.Time, detail map[string]any) {
	e.world.Publish(core.Event{
		Source: "aws.cloudformation", DetailType: detailType, Account: p.account, Region: p.region,
		Time: at, Resources: []string{id}, Detail: detail,
	})
}

// token is the client request token of the last operation.
func (s *stack) token() string {
	if len(s.history) == 0 {
		return ""
	}
	return s.history[len(s.history)-1].token
}
