package notify

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// pace is the least time between two messages to one channel: Slack and Teams
	// take one a second.
	pace = time.Second
	// attemptLimit bounds an attempt at all parts of a message.
	attemptLimit = 2 * time.Minute
	// presumedDead is the age of an attempt after which its process is taken for
	// dead: far more than an attempt can last.
	presumedDead = 10 * time.Minute
	// firstRetry doubles from one retry to the next up to lastRetry.
	firstRetry = 5 * time.Second
	lastRetry  = 30 * time.Minute
	// news is how long a message is worth delivering.
	news = 72 * time.Hour
	// glance is how often Run looks for what other processes enqueued.
	glance = 30 * time.Second
)

// Run delivers until the context ends; an attempt under way is seen through.
// Failures of the journal are logged and tried again: there is nobody to return
// them to.
func (o *Outbox) Run(ctx context.Context) {
	var wait sync.WaitGroup
	for _, c := range o.channels {
		wait.Go(func() {
			for ctx.Err() == nil {
				due, err := o.deliverTo(ctx, c)
				if err != nil && ctx.Err() == nil {
					o.log.Error("delivering notifications", "error", err)
				}
				pause := glance
				if err == nil && !due.IsZero() {
					pause = min(pause, time.Until(due))
				}
				o.sleep(ctx, c, pause)
			}
		})
	}
	for ctx.Err() == nil {
		if err := o.sweep(ctx); err != nil && ctx.Err() == nil {
			o.log.Error("sweeping notifications", "error", err)
		}
		select {
		case <-time.After(stray):
		case <-ctx.Done():
		}
	}
	wait.Wait()
}

// Flush delivers until nothing waits any more or the context ends, and returns
// how many entries still wait: those are delivered by whoever runs next. An
// attempt under way as the context ends is seen through, at most 2 minutes more.
func (o *Outbox) Flush(ctx context.Context) (waiting int, err error) {
	errs := make([]error, len(o.channels))
	var wait sync.WaitGroup
	for i, c := range o.channels {
		wait.Go(func() { errs[i] = o.flush(ctx, c) })
	}
	wait.Wait()
	err = errors.Join(append(errs, o.sweep(ctx))...)
	if ctx.Err() != nil {
		err = nil // running out of time is not a failure
	}
	keys, listErr := o.journal.Keys(context.WithoutCancel(ctx), waitingPrefix)
	return len(keys), errors.Join(err, listErr)
}

func (o *Outbox) flush(ctx context.Context, c Channel) error {
	for {
		due, err := o.deliverTo(ctx, c)
		if err != nil || due.IsZero() || ctx.Err() != nil {
			return err
		}
		o.sleep(ctx, c, time.Until(due))
	}
}

// sleep waits for the time, the context, or something enqueued.
func (o *Outbox) sleep(ctx context.Context, c Channel, wait time.Duration) {
	timer := time.NewTimer(max(wait, 0))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-o.wake[c.Name]:
	}
}

// deliverTo goes on with a channel's oldest entry. The others wait for it: what
// closes an incident must not overtake what opens it. It returns when there will
// be something to do, zero if there is nothing left. Each channel has a goroutine
// of its own, so that none waits for another's hanging server.
func (o *Outbox) deliverTo(ctx context.Context, c Channel) (due time.Time, err error) {
	if next := o.nextSend(c); time.Now().Before(next) {
		return next, nil
	}
	entries, err := o.entries(ctx, waitingPrefix+c.Name+"/")
	if err != nil {
		return time.Time{}, fmt.Errorf("listing notifications to %s: %w", c.Name, err)
	}
	if len(entries) == 0 {
		return time.Time{}, nil
	}
	e := entries[0]
	due, err = o.advance(ctx, c, &e)
	switch {
	case isJournalConflict(err): // another process is at it
		return time.Now().Add(pace), nil
	case err != nil:
		return time.Time{}, fmt.Errorf("delivering %s to %s: %w", e.event, c.Name, err)
	case due.IsZero() && len(entries) > 1:
		return o.nextSend(c), nil
	}
	return due, nil
}

// nextSend is when the channel may be sent something again.
func (o *Outbox) nextSend(c Channel) time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last[c.Name].Add(pace)
}

func (o *Outbox) sent(c Channel) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last[c.Name] = time.Now()
}

// advance does what can be done about an entry now. It returns when there is
// more to do about it; zero means that the entry is at its end.
func (o *Outbox) advance(ctx context.Context, c Channel, e *entry) (due time.Time, err error) {
	now := time.Now()
	switch {
	case e.State != "":
		return time.Time{}, o.retire(ctx, e) // a crash came between
	case !e.Sending.IsZero() && now.Sub(e.Sending) < presumedDead:
		return e.Sending.Add(presumedDead), nil
	case !e.Sending.IsZero():
		return o.settle(ctx, c, e, &DeliveryError{Outcome: Unknown, What: "the process ended during the attempt"})
	case now.Before(e.Next):
		return e.Next, nil
	case now.Sub(e.Queued) > news:
		return time.Time{}, o.end(ctx, c, e, Expired)
	}
	if e.Attempts == 0 {
		// An Enqueue that looked just before the event came to its end has brought
		// the entry back.
		told, err := o.told(ctx, e.channel, e.event)
		if err != nil {
			return time.Time{}, err
		}
		if told {
			return time.Time{}, o.retire(ctx, e)
		}
	}
	q, version, err := o.message(ctx, e.event)
	if err != nil {
		return time.Time{}, err
	}
	if version == 0 {
		e.Error = "the message is missing in the journal"
		return time.Time{}, o.end(ctx, c, e, Rejected)
	}
	m := &q.Message
	if err := o.noteIncidents(ctx, c, m); err != nil {
		return time.Time{}, err
	}
	e.Sending = now.UTC()
	e.Attempts++
	if err := o.save(ctx, e); err != nil {
		return time.Time{}, err
	}
	// The end of the context must not make an unknown outcome of a known one.
	patient := context.WithoutCancel(ctx)
	attempt, cancel := context.WithTimeout(patient, attemptLimit)
	defer cancel()
	failure := o.attempt(attempt, ctx, c, m, e)
	o.sent(c)
	if failure == nil {
		failure = o.forgetIncidents(patient, c, m)
	}
	return o.settle(patient, c, e, failure)
}

// attempt sends the parts that are not done with, and stops early if stop ends.
// A part that is rejected does not keep the others back.
func (o *Outbox) attempt(ctx, stop context.Context, c Channel, m *Message, e *entry) error {
	parts, err := c.Parts(*m)
	if err != nil {
		return rejected("", "rendering the message: %v", err)
	}
	for ; e.Parts < len(parts); e.Parts++ {
		if stop.Err() != nil {
			return stop.Err()
		}
		err := c.Send(ctx, *m, parts[e.Parts])
		if outcome, _ := outcomeOf(err); outcome != Delivered && outcome != Rejected {
			return err
		}
		if err != nil && e.Refused == "" {
			e.Refused = clean(parts[e.Parts].Name+": "+err.Error(), 500)
		}
	}
	if e.Refused != "" {
		return rejected("", "%s", e.Refused)
	}
	return nil
}

// settle records what came of an attempt.
func (o *Outbox) settle(ctx context.Context, c Channel, e *entry, failure error) (due time.Time, err error) {
	outcome, after := outcomeOf(failure)
	e.Sending = time.Time{}
	e.Error = ""
	if failure != nil {
		e.Error = clean(failure.Error(), 500)
	}
	if outcome == Unknown && c.Repeatable() {
		outcome = Later
	}
	if outcome != Later {
		return time.Time{}, o.end(ctx, c, e, outcome)
	}
	e.Next = time.Now().Add(max(after, o.backoff(e.Attempts))).UTC()
	o.log.Warn("notification not delivered yet", "channel", c.Name, "event", e.event, "attempt", e.Attempts, "next", e.Next, "error", e.Error)
	return e.Next, o.save(ctx, e)
}

// backoff doubles with each attempt; half of it is random, so that channels that
// failed together do not come back together.
func (o *Outbox) backoff(attempts int) time.Duration {
	wait := lastRetry
	if attempts < 16 {
		wait = min(firstRetry<<max(attempts-1, 0), lastRetry)
	}
	return wait/2 + time.Duration(o.jitter()*float64(wait/2))
}

// end brings an entry to its end.
func (o *Outbox) end(ctx context.Context, c Channel, e *entry, outcome Outcome) error {
	e.State, e.Ended, e.Next, e.Sending = outcome, time.Now().UTC(), time.Time{}, time.Time{}
	if err := o.save(ctx, e); err != nil {
		return err
	}
	if outcome == Delivered {
		o.log.Info("notification delivered", "channel", c.Name, "event", e.event, "attempts", e.Attempts)
	} else {
		o.log.Error("notification given up", "channel", c.Name, "event", e.event, "attempts", e.Attempts, "outcome", string(outcome), "error", e.Error)
	}
	return o.retire(ctx, e)
}
