package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Journal is the part of the journal that the outbox needs. Put and Delete name
// the version that was read; if it has moved on, the error has a method Conflict
// that says true, and nothing was written.
type Journal interface {
	Get(ctx context.Context, key string) (value []byte, version int64, err error)
	Put(ctx context.Context, key string, value []byte, version int64) (next int64, err error)
	Delete(ctx context.Context, key string, version int64) error
	Keys(ctx context.Context, prefix string) ([]string, error)
}

// Outbox delivers messages: Enqueue writes them to the journal, Run and Flush
// send what is there. Several processes may do either on one journal.
//
// In the journal a message is one document, and for each channel that is to get
// it there is an entry, which goes through these states:
//
//	waiting → sending → delivered | rejected | expired | outcome unknown
//	   ↑_________|
//
// "Sending" is written before an attempt begins, so that an attempt that ended
// with its process is known for what it is. An entry that has come to its end
// moves under another key, where it stays as the memory that the event was told.
type Outbox struct {
	journal  Journal
	channels []Channel
	log      *slog.Logger
	jitter   func() float64           // 0 to 1
	wake     map[string]chan struct{} // by channel; holds a token if something was enqueued

	mu   sync.Mutex
	last map[string]time.Time // when something was last sent, by channel; guarded by mu
}

// OutboxOptions may be zero.
type OutboxOptions struct {
	Log  *slog.Logger // nil: the default one
	Seed uint64       // of the jitter of retries
}

// NewOutbox makes an outbox of channels on a journal.
func NewOutbox(journal Journal, channels []Channel, options OutboxOptions) *Outbox {
	o := &Outbox{journal: journal, channels: channels, log: options.Log, wake: map[string]chan struct{}{}, last: map[string]time.Time{}}
	for _, c := range channels {
		o.wake[c.Name] = make(chan struct{}, 1)
	}
	if o.log == nil {
		o.log = slog.Default()
	}
	random := rand.New(rand.NewPCG(options.Seed, 0))
	o.jitter = locked(random.Float64)
	return o
}

// Enqueue queues a message for every channel that wants it. It does nothing for
// a channel that has been given this event before. Its only cause of failure is
// the journal.
func (o *Outbox) Enqueue(ctx context.Context, m Message) error {
	if err := o.enqueue(ctx, m); err != nil {
		return fmt.Errorf("queueing notifications of %s: %w", m.Event, err)
	}
	return nil
}

func (o *Outbox) enqueue(ctx context.Context, m Message) error {
	if m.Event == "" {
		return errors.New("the message has no event id")
	}
	var wanting []string
	for _, c := range o.channels {
		if !c.Wants(m) {
			continue
		}
		told, err := o.told(ctx, c.Name, m.Event)
		if err != nil {
			return err
		}
		if !told {
			wanting = append(wanting, c.Name)
		}
	}
	if wanting == nil {
		return nil
	}
	// The message first: an entry must not wait for what is not there.
	err := o.putMessage(ctx, m)
	for _, name := range wanting {
		if err == nil {
			err = o.putEntry(ctx, name, m.Event)
		}
	}
	for _, name := range wanting {
		select {
		case o.wake[name] <- struct{}{}:
		default:
		}
	}
	return err
}

// Status is what became of a message on one channel.
type Status struct {
	Channel  string    `json:"channel"`
	Event    string    `json:"event"`
	State    Outcome   `json:"state"` // Later while it is not at its end
	Queued   time.Time `json:"queued"`
	Attempts int       `json:"attempts"`
	Next     time.Time `json:"next,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
	Error    string    `json:"error,omitempty"`
}

// Statuses lists what waits and what became of the rest, by channel, the oldest
// first.
func (o *Outbox) Statuses(ctx context.Context) ([]Status, error) {
	var list []Status
	for _, prefix := range []string{waitingPrefix, endedPrefix} {
		entries, err := o.entries(ctx, prefix)
		if err != nil {
			return nil, fmt.Errorf("listing notifications: %w", err)
		}
		for _, e := range entries {
			list = append(list, Status{e.channel, e.event, cmp.Or(e.State, Later), e.Queued, e.Attempts, e.Next, e.Ended, e.Error})
		}
	}
	slices.SortStableFunc(list, func(a, b Status) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), a.Queued.Compare(b.Queued), cmp.Compare(a.Event, b.Event))
	})
	return list, nil
}

// locked makes a function safe for concurrent use.
func locked(f func() float64) func() float64 {
	var mu sync.Mutex
	return func() float64 {
		mu.Lock()
		defer mu.Unlock()
		return f()
	}
}
