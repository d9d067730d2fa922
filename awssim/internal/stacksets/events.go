package stacksets

import "github.com/setmend/setmend/awssim/internal/core"

// operationEvent publishes an operation's status to the home's event bus.
func (s *Service) operationEvent(o *operation) {
	if !s.world.Listening() {
		return
	}
	s.world.Publish(core.Event{
		Source:     "aws.cloudformation",
		DetailType: "CloudFormation StackSet Operation Status Change",
		Account:    o.set.account,
		Region:     o.set.region,
		Resources:  []string{o.set.arn()},
		Detail: map[string]any{
			"stack-set-arn":          o.set.arn(),
			"stack-set-operation-id": o.id,
			"status-details":         map[string]any{"status": o.status},
		},
	})
}

// instanceEvent publishes an instance's statuses. The event names the instance by
// its stack only, so there is none while there is no stack.
func (s *Service) instanceEvent(o *operation, i *instance) {
	if !s.world.Listening() || i.stackID == "" {
		return
	}
	s.world.Publish(core.Event{
		Source:     "aws.cloudformation",
		DetailType: "CloudFormation StackSet StackInstance Status Change",
		Account:    o.set.account,
		Region:     o.set.region,
		Resources:  []string{o.set.arn()},
		Detail: map[string]any{
			"stack-set-arn": o.set.arn(),
			"stack-id":      i.stackID,
			"action":        o.action,
			"status-details": map[string]any{
				"status":          i.status,
				"status-reason":   i.reason,
				"detailed-status": i.detailed,
			},
		},
	})
}
