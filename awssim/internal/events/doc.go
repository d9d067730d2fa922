// Package events is Amazon EventBridge: the event buses of every account and region,
// rules with event patterns or schedules, and targets.
//
// What happens in the world reaches the default bus through core.World.Subscribe,
// which is done when the first rule is seen: without rules no event is even built. An
// event that matches a rule is handed half a second later to the rule's targets,
// through core.Deliverer, or to a Go function that was hooked to the target's ARN.
// What cannot be delivered is tried again as the target's retry policy says
// ([Retries], which EventBridge Scheduler shares), then counted as failed and sent to
// the target's dead-letter queue.
package events
