package notify

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/setmend/setmend/fleet"
)

// incidentPrefix is of the documents that tell which incidents are open.
const incidentPrefix = "notify/incidents/" // CHANNEL

// pager is a service that opens incidents and must close them. Closing one that
// was never opened is harmless, but thousands of cells can get well at once, of
// which only the first ones got an incident; so the outbox keeps note.
type pager interface {
	opens(Message) []string
	closes(Message) []string
}

// noteIncidents tells the message which incidents are open, having noted those
// that it is about to open: an incident must not be forgotten because the
// process died between opening it and noting that. To be repeated as often as
// one likes.
func (o *Outbox) noteIncidents(ctx context.Context, c Channel, m *Message) error {
	p, ok := c.Notifier.(pager)
	if !ok {
		return nil
	}
	var err error
	m.incidents, err = o.changeIncidents(ctx, c, p.opens(*m), nil)
	return err
}

// forgetIncidents notes that the incidents that the message closes are closed.
func (o *Outbox) forgetIncidents(ctx context.Context, c Channel, m *Message) error {
	p, ok := c.Notifier.(pager)
	if !ok {
		return nil
	}
	_, err := o.changeIncidents(ctx, c, nil, p.closes(*m))
	return err
}

func (o *Outbox) changeIncidents(ctx context.Context, c Channel, opened, closed []string) (map[string]bool, error) {
	key := incidentPrefix + c.Name
	content, version, err := o.journal.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	var listed []string
	if version != 0 {
		if err := json.Unmarshal(content, &listed); err != nil {
			return nil, fmt.Errorf("reading %s: %w", key, err)
		}
	}
	open := map[string]bool{}
	for _, incident := range append(listed, opened...) {
		open[incident] = true
	}
	for _, incident := range closed {
		delete(open, incident)
	}
	content, err = json.Marshal(fleet.SortedKeys(open))
	if err == nil && len(opened)+len(closed) > 0 {
		_, err = o.journal.Put(ctx, key, content, version)
	}
	return open, err
}
