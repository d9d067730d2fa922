package core

import "strings"

// Delivery is something that one service hands to another: an event to a target, a
// message to a subscriber, a failed event to a dead-letter queue.
type Delivery struct {
	Target  string // ARN
	Payload []byte
	// Account and Region are those of the sender; Source is its service principal,
	// such as events.amazonaws.com, SourceARN what sends, such as a rule, and Role the
	// role that it acts as, "" where the target's own policy has to allow it.
	Account, Region         string
	Source, SourceARN, Role string
	Subject                 string            // for topics
	Attributes              map[string]string // for queues and topics
	// Group and Deduplication are for FIFO queues and topics, Name for executions.
	Group, Deduplication, Name string
}

// Deliverer hands things from service to service.
type Deliverer interface {
	// Deliver calls done, at once or later, when the target has taken the payload in,
	// or with an *Error why it has not.
	Deliver(d Delivery, done func(error))
}

// Reporter takes the numbers that services report of themselves, such as those of
// AWS/Lambda, by dimensions.
type Reporter interface {
	Report(account, region, namespace, metric, unit string, value float64, dimensions ...[2]string)
}

// Logger takes lines of log into a log group, which is made if it is not there.
type Logger interface {
	Log(account, region, group, stream string, lines ...string)
}

// ARN is an ARN taken apart.
type ARN struct{ Partition, Service, Region, Account, Resource string }

// ParseARN takes an ARN apart; ok is false for what is none.
func ParseARN(text string) (a ARN, ok bool) {
	parts := strings.SplitN(text, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return ARN{}, false
	}
	return ARN{parts[1], parts[2], parts[3], parts[4], parts[5]}, true
}
