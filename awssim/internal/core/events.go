package core

import "time"

// Event is what AWS would put on an account's default event bus.
type Event struct {
	Source     string // "aws.cloudformation"
	DetailType string
	Account    string
	Region     string
	Time       time.Time
	Resources  []string
	Detail     map[string]any
}

// Publish hands the event to every subscriber, in order of subscription, at once.
func (w *World) Publish(e Event) {
	if e.Time.IsZero() {
		e.Time = w.now
	}
	for _, f := range w.subs {
		f(e)
	}
}

// Subscribe has f called for every event from now on, with the lock held. From
// then on a timer of the world's clock drives the queue even without requests.
func (w *World) Subscribe(f func(Event)) { w.subs = append(w.subs, f) }

// Listening reports whether anybody subscribed; building events is skipped if not.
func (w *World) Listening() bool { return len(w.subs) > 0 }
