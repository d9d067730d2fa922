package notify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"
)

// PagerDutyConfig is a service of PagerDuty with an Events API v2 integration.
type PagerDutyConfig struct {
	RoutingKey Reference `yaml:"routingKey" json:"routingKey"`
	// Region is us (also if empty) or eu, where the account lives.
	Region string `yaml:"region,omitempty" json:"region,omitempty"`
	// Severity is critical, error (also if empty), warning or info.
	Severity string `yaml:"severity,omitempty" json:"severity,omitempty"`
	// MaxIncidents is how many incidents one run may open, 20 if 0. The cells
	// beyond share one incident.
	MaxIncidents int `yaml:"maxIncidents,omitempty" json:"maxIncidents,omitempty"`
}

const (
	pagerDutyUS = "https://events.pagerduty.com/v2/enqueue"
	pagerDutyEU = "https://events.eu.pagerduty.com/v2/enqueue"

	maxSummary          = 1024 // characters
	defaultMaxIncidents = 20
	// overflowKey is of the incident that stands for all that have none.
	overflowKey = "setmend/more"
)

type pagerDuty struct {
	service
	config PagerDutyConfig
	url    string
}

type pagerDutyEvent struct {
	RoutingKey string            `json:"routing_key,omitempty"` // put in when it is sent
	Action     string            `json:"event_action"`
	DedupKey   string            `json:"dedup_key"`
	Client     string            `json:"client,omitempty"`
	ClientURL  string            `json:"client_url,omitempty"`
	Links      []pagerDutyLink   `json:"links,omitempty"`
	Payload    *pagerDutyPayload `json:"payload,omitempty"`
}

type pagerDutyLink struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

type pagerDutyPayload struct {
	Summary   string            `json:"summary"`
	Source    string            `json:"source"`
	Severity  string            `json:"severity"`
	Timestamp string            `json:"timestamp"`
	Component string            `json:"component,omitempty"`
	Group     string            `json:"group,omitempty"`
	Class     string            `json:"class,omitempty"`
	Details   map[string]string `json:"custom_details,omitempty"`
}

// Parts opens an incident for each cell that needs a person and resolves that of
// each cell that does no longer. Incidents are known by their cell, so opening
// one twice does nothing.
func (p *pagerDuty) Parts(m Message) ([]Part, error) {
	opened, more := first(m.Attention, p.limit())
	var events []pagerDutyEvent
	for _, f := range opened {
		events = append(events, p.trigger(m, f))
	}
	if more > 0 {
		events = append(events, p.event(m, overflowKey, fmt.Sprintf("setmend: %d more cells need a person", more)))
	}
	for _, key := range p.closes(m) {
		events = append(events, pagerDutyEvent{Action: "resolve", DedupKey: key})
	}
	parts := make([]Part, len(events))
	for i, event := range events {
		body, err := json.Marshal(event)
		if err != nil {
			return nil, err
		}
		parts[i] = Part{event.Action + " " + event.DedupKey, "application/json", body}
	}
	return parts, nil
}

func (p *pagerDuty) limit() int { return cmp.Or(p.config.MaxIncidents, defaultMaxIncidents) }

// opens lists the incidents that the message opens.
func (p *pagerDuty) opens(m Message) (keys []string) {
	opened, more := first(m.Attention, p.limit())
	for _, f := range opened {
		keys = append(keys, dedupKey(f))
	}
	if more > 0 {
		keys = append(keys, overflowKey)
	}
	return keys
}

// closes lists the incidents that the message resolves: of those that may be
// open, the ones of resolved cells, and the common one once nothing at all needs
// a person.
func (p *pagerDuty) closes(m Message) (keys []string) {
	mayBeOpen := func(key string) bool { return m.incidents == nil || m.incidents[key] }
	for _, f := range m.Resolved {
		if key := dedupKey(f); mayBeOpen(key) {
			keys = append(keys, key)
		}
	}
	if len(m.Attention)+len(m.Standing) == 0 && m.incidents[overflowKey] {
		keys = append(keys, overflowKey)
	}
	return keys
}

// dedupKey is stack set/account/region: for names that AWS allows at most
// 128+12+16 of the 255 characters. Longer ones are told apart by their hash.
func dedupKey(f Finding) string {
	key := fmt.Sprintf("%s/%s/%s", f.StackSet, f.Account, f.Region)
	if len(key) > 255 {
		key = fmt.Sprintf("setmend/%x", sha256.Sum256([]byte(key)))
	}
	return key
}

func (p *pagerDuty) trigger(m Message, f Finding) pagerDutyEvent {
	event := p.event(m, dedupKey(f), clean(fmt.Sprintf("%s %s: %s", f.Cell, f.Verdict, f.Reason), maxSummary))
	event.Payload.Source = clean(f.Target.String(), 255)
	event.Payload.Component = clean(string(f.StackSet), 255)
	event.Payload.Group = clean(string(f.Account), 255)
	event.Payload.Class = clean(f.Verdict, 255)
	event.Payload.Details = map[string]string{
		"run": clean(m.Run, 255), "reason": clean(f.Reason, 2000), "hint": clean(f.Hint, 2000),
	}
	return event
}

// event opens an incident.
func (p *pagerDuty) event(m Message, key, summary string) pagerDutyEvent {
	event := pagerDutyEvent{Action: "trigger", DedupKey: key, Client: "setmend", ClientURL: safeURL(m.DashboardURL),
		Payload: &pagerDutyPayload{Summary: summary, Source: "setmend", Severity: p.config.Severity, Timestamp: m.Time.UTC().Format(time.RFC3339)}}
	if event.Payload.Severity == "" {
		event.Payload.Severity = "error"
	}
	if log := safeURL(m.LogURL); log != "" {
		event.Links = []pagerDutyLink{{log, "Log"}}
	}
	return event
}

func (p *pagerDuty) Send(ctx context.Context, m Message, part Part) error {
	key, err := p.config.RoutingKey.resolve(ctx, p.resolver)
	if err != nil {
		return err
	}
	var event pagerDutyEvent
	if err := json.Unmarshal(part.Content, &event); err != nil {
		return rejected("", "reading the rendered event: %v", err)
	}
	event.RoutingKey = key.Reveal()
	body, err := json.Marshal(event)
	if err != nil {
		return rejected("", "writing the event: %v", err)
	}
	_, err = p.client.send(ctx, request{method: "POST", url: p.url, body: body,
		header: map[string]string{"Content-Type": "application/json"}, secrets: []Secret{key}})
	return err
}

// Repeatable: PagerDuty knows an incident by its dedup key.
func (p *pagerDuty) Repeatable() bool { return true }
