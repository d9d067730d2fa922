// Package events is Amazon EventBridge: the default event bus of every account and
// region, rules with event patterns or rates, and targets.
//
// What happens in the world reaches the bus through core.World.Subscribe, which is
// done when the first rule is made: without rules no event is even built. An event
// that matches a rule is delivered half a second later to the rule's targets, as
// far as the embedded AWS can call them: SNS topics, and Go functions that were
// hooked to an ARN, which is how a test or a demo stands in for a Lambda function
// or a state machine. Deliveries to any other target are counted as failed, in
// FailedInvocations, and change nothing.
package events
