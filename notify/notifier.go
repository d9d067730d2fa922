package notify

import (
	"context"
	"time"
)

// Part is one thing that is sent. A message has one, or several where a service
// takes them one by one.
type Part struct {
	Name    string `json:"name"`
	Type    string `json:"type"` // media type
	Content []byte `json:"content"`
}

// Notifier is a service that messages go to.
type Notifier interface {
	// Parts renders a message. It depends on nothing but the message, and its
	// result holds no secret.
	Parts(m Message) ([]Part, error)
	// Send makes one attempt at one part. A [DeliveryError] says what became of it.
	Send(ctx context.Context, m Message, part Part) error
	// Repeatable reports whether the service recognises a part that it has got
	// before, so that it may be sent again after an unknown outcome.
	Repeatable() bool
}

// Preview renders a message as it would be sent.
func Preview(n Notifier, m Message) ([]Part, error) { return n.Parts(m) }

// Try sends a sample at once, without an outbox, and closes the incident that it
// may have opened.
func Try(ctx context.Context, c Channel, now time.Time) error {
	m := Sample(now)
	err := sendAll(ctx, c, m)
	if _, pages := c.Notifier.(*pagerDuty); pages && err == nil {
		m.Resolved, m.Attention = m.Attention, nil
		err = sendAll(ctx, c, m)
	}
	return err
}

func sendAll(ctx context.Context, c Channel, m Message) error {
	parts, err := c.Parts(m)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := c.Send(ctx, m, part); err != nil {
			return err
		}
	}
	return nil
}
