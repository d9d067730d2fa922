package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The outbox's keys in the journal.
const (
	messagePrefix = "notify/message/" // EVENT
	waitingPrefix = "notify/waiting/" // CHANNEL/EVENT
	endedPrefix   = "notify/ended/"   // CHANNEL/EVENT

	// maxEnded is how many ended entries a channel has before the older half of
	// them is dropped.
	maxEnded = 500
	// stray is the age at which a message that nobody waits for is dropped.
	stray = time.Hour
)

// entry is a message's way to one channel.
type entry struct {
	State    Outcome   `json:"state,omitempty"` // empty until it has come to its end
	Queued   time.Time `json:"queued"`
	Attempts int       `json:"attempts"`
	// Sending is when the attempt under way began; zero if there is none.
	Sending time.Time `json:"sending,omitzero"`
	// Next is when to try again, at the earliest.
	Next time.Time `json:"next,omitzero"`
	// Parts is how many parts are done with.
	Parts int       `json:"parts,omitempty"`
	Ended time.Time `json:"ended,omitzero"`
	// Error is the last attempt's, Refused that of a part that was rejected, though
	// others were not. Neither holds a secret.
	Error   string `json:"error,omitempty"`
	Refused string `json:"refused,omitempty"`

	channel, event string
	key            string
	version        int64
}

// queued is a message in the journal.
type queued struct {
	Queued  time.Time `json:"queued"`
	Message Message   `json:"message"`
}

func (o *Outbox) putMessage(ctx context.Context, m Message) error {
	body, err := json.Marshal(queued{time.Now().UTC(), m})
	if err != nil {
		return err
	}
	return o.putNew(ctx, messagePrefix+m.Event, body)
}

// message reads a message; version 0 means that there is none.
func (o *Outbox) message(ctx context.Context, event string) (q queued, version int64, err error) {
	body, version, err := o.journal.Get(ctx, messagePrefix+event)
	if err != nil || version == 0 {
		return queued{}, 0, err
	}
	if err := json.Unmarshal(body, &q); err != nil {
		return queued{}, 0, fmt.Errorf("reading message %s: %w", event, err)
	}
	return q, version, nil
}

// told reports whether an entry of the event has come to its end.
func (o *Outbox) told(ctx context.Context, channel, event string) (bool, error) {
	_, version, err := o.journal.Get(ctx, endedPrefix+channel+"/"+event)
	return version != 0, err
}

// putEntry makes an entry wait, unless there is one.
func (o *Outbox) putEntry(ctx context.Context, channel, event string) error {
	body, err := json.Marshal(entry{Queued: time.Now().UTC()})
	if err != nil {
		return err
	}
	return o.putNew(ctx, waitingPrefix+channel+"/"+event, body)
}

// putNew writes a document unless there is one.
func (o *Outbox) putNew(ctx context.Context, key string, body []byte) error {
	_, err := o.journal.Put(ctx, key, body, 0)
	if isJournalConflict(err) {
		return nil
	}
	return err
}

func isJournalConflict(err error) bool {
	var told interface{ Conflict() bool }
	return errors.As(err, &told) && told.Conflict()
}

// entries reads those under a prefix, the oldest first.
func (o *Outbox) entries(ctx context.Context, prefix string) ([]entry, error) {
	keys, err := o.journal.Keys(ctx, prefix)
	if err != nil {
		return nil, err
	}
	var list []entry
	for _, key := range keys {
		body, version, err := o.journal.Get(ctx, key)
		if err != nil {
			return nil, err
		}
		if version == 0 {
			continue // somebody finished it meanwhile
		}
		e := entry{key: key, version: version}
		e.channel, e.event, _ = strings.Cut(strings.TrimPrefix(strings.TrimPrefix(key, waitingPrefix), endedPrefix), "/")
		if err := json.Unmarshal(body, &e); err != nil {
			return nil, fmt.Errorf("reading %s: %w", key, err)
		}
		list = append(list, e)
	}
	slices.SortStableFunc(list, func(a, b entry) int {
		return cmp.Or(a.Queued.Compare(b.Queued), cmp.Compare(a.event, b.event))
	})
	return list, nil
}

// save writes an entry back; a conflict means that another process is at it.
func (o *Outbox) save(ctx context.Context, e *entry) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	version, err := o.journal.Put(ctx, e.key, body, e.version)
	if err == nil {
		e.version = version
	}
	return err
}

// retire moves an entry that has come to its end, and drops the message if
// nobody waits for it. Done again from the start it does the same: a crash may
// come anywhere.
func (o *Outbox) retire(ctx context.Context, e *entry) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	// The ended entry comes first, so that at every moment one of the two tells an
	// Enqueue of the same event that it was queued before.
	if err := o.putNew(ctx, endedPrefix+e.channel+"/"+e.event, body); err != nil {
		return err
	}
	if err := o.journal.Delete(ctx, e.key, e.version); err != nil {
		return err
	}
	if err := o.dropMessage(ctx, e.event); err != nil {
		return err
	}
	return o.forget(ctx, e.channel)
}

func (o *Outbox) dropMessage(ctx context.Context, event string) error {
	keys, err := o.journal.Keys(ctx, waitingPrefix)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if strings.HasSuffix(key, "/"+event) {
			return nil
		}
	}
	return o.remove(ctx, messagePrefix+event)
}

// sweep drops what nobody else will: the entries of channels that there are no
// more, once they are no news to anybody (another process may have the channel),
// and messages that nobody waits for, because an Enqueue died after it had put
// them there. Young ones may still be on their way.
func (o *Outbox) sweep(ctx context.Context) error {
	waiting, err := o.entries(ctx, waitingPrefix)
	if err != nil {
		return err
	}
	for _, e := range waiting {
		if _, ours := o.wake[e.channel]; ours || time.Since(e.Queued) <= news {
			continue
		}
		if err := o.end(ctx, Channel{Name: e.channel}, &e, Expired); err != nil && !isJournalConflict(err) {
			return err
		}
	}
	return o.sweepMessages(ctx)
}

func (o *Outbox) sweepMessages(ctx context.Context) error {
	keys, err := o.journal.Keys(ctx, messagePrefix)
	if err != nil {
		return err
	}
	for _, key := range keys {
		event := strings.TrimPrefix(key, messagePrefix)
		q, version, err := o.message(ctx, event)
		if err != nil {
			return err
		}
		if version == 0 || time.Since(q.Queued) < stray {
			continue
		}
		if err := o.dropMessage(ctx, event); err != nil {
			return err
		}
	}
	return nil
}

// forget drops the older half of a channel's ended entries if they are many.
func (o *Outbox) forget(ctx context.Context, channel string) error {
	prefix := endedPrefix + channel + "/"
	keys, err := o.journal.Keys(ctx, prefix)
	if err != nil || len(keys) <= maxEnded {
		return err
	}
	ended, err := o.entries(ctx, prefix)
	if err != nil {
		return err
	}
	for _, e := range ended[:len(ended)/2] {
		if err := o.remove(ctx, e.key); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes a document as it is; if somebody else changes or deletes it at
// the same time, so be it.
func (o *Outbox) remove(ctx context.Context, key string) error {
	_, version, err := o.journal.Get(ctx, key)
	if err != nil || version == 0 {
		return err
	}
	if err := o.journal.Delete(ctx, key, version); err != nil && !isJournalConflict(err) {
		return err
	}
	return nil
}
