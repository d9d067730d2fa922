package events

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// latency is how long an event takes from the bus to its targets: AWS speaks of
// about half a second.
const latency = 500 * time.Millisecond

// maxEvent is the size of one PutEvents request, maxEntries its length.
const (
	maxEvent   = 1 << 20
	maxEntries = 10
)

type eventEntry struct {
	Time                       *time.Time
	Source, DetailType, Detail string
	Resources                  []string
	EventBusName, TraceHeader  string
}

type putEventsInput struct {
	Entries []eventEntry `valid:"required,min=1,max=10"`
}

type putEventsResult struct{ EventId, ErrorCode, ErrorMessage string }

type putEventsOutput struct {
	FailedEntryCount int32
	Entries          []putEventsResult
}

// putEvents fails entry by entry, but for the size of the whole.
func (e *EventBridge) putEvents(c *core.Call, in *putEventsInput) (*putEventsOutput, error) {
	total := 0
	for _, entry := range in.Entries {
		total += len(entry.Detail) + len(entry.Source) + len(entry.DetailType) + len(strings.Join(entry.Resources, ""))
	}
	if total > maxEvent {
		return nil, refuse("ValidationException", "Total size of the entries in the request is over the limit.")
	}
	out := &putEventsOutput{Entries: []putEventsResult{}}
	for _, entry := range in.Entries {
		result := e.put(c, entry)
		if result.ErrorCode != "" {
			out.FailedEntryCount++
		}
		out.Entries = append(out.Entries, result)
	}
	return out, nil
}

func (e *EventBridge) put(c *core.Call, entry eventEntry) putEventsResult {
	var detail map[string]any
	switch {
	case entry.Source == "" || entry.DetailType == "" || entry.Detail == "":
		return putEventsResult{ErrorCode: "InvalidArgument", ErrorMessage: "Parameter Source, DetailType and Detail are required."}
	case strings.HasPrefix(entry.Source, "aws."):
		return putEventsResult{ErrorCode: "NotAuthorizedForSourceException", ErrorMessage: "Not authorized for the source."}
	case json.Unmarshal([]byte(entry.Detail), &detail) != nil:
		return putEventsResult{ErrorCode: "MalformedDetail", ErrorMessage: "Detail is malformed."}
	}
	to, policy, err := e.busAt(c, entry.EventBusName)
	if err != nil { // AWS drops events for a bus that does not exist
		return putEventsResult{EventId: c.UUID()}
	}
	if to.account != c.Caller.Account && !policy.admits(c.Caller.Account) {
		return putEventsResult{ErrorCode: "AccessDeniedException", ErrorMessage: fmt.Sprintf("User: %s is not authorized to perform: events:PutEvents on resource: %s because no resource-based policy allows the events:PutEvents action", c.Caller.ARN, to.arn)}
	}
	at := c.Now()
	if entry.Time != nil {
		at = *entry.Time
	}
	id := e.publish(to, core.Event{
		Source: entry.Source, DetailType: entry.DetailType, Account: c.Caller.Account, Region: c.Region,
		Time: at, Resources: entry.Resources, Detail: detail,
	})
	return putEventsResult{EventId: id}
}

// publish puts an event on a bus and answers its id.
func (e *EventBridge) publish(to busRef, event core.Event) string {
	id := e.world.UUID()
	rules := e.known(to)
	if len(rules) == 0 {
		return id
	}
	text, tree := envelope(id, event)
	e.match(rules, text, tree)
	return id
}

func (e *EventBridge) match(rules map[string]*rule, text []byte, tree map[string]any) {
	for _, name := range sortedKeys(rules) {
		if r := rules[name]; r.enabled && r.matcher != nil && r.matcher.matches(tree) {
			e.metric(r, "MatchedEvents")
			e.send(r, text, tree)
		}
	}
}

func (e *EventBridge) metric(r *rule, name string) {
	if e.metrics != nil {
		e.metrics.Report(r.at.account, r.at.region, "AWS/Events", name, "Count", 1, [2]string{"RuleName", r.name})
	}
}

// envelope is the event as targets see it, as text and as a tree.
func envelope(id string, event core.Event) ([]byte, map[string]any) {
	resources := event.Resources
	if resources == nil {
		resources = []string{}
	}
	detail := event.Detail
	if detail == nil {
		detail = map[string]any{}
	}
	text, err := json.Marshal(struct {
		Version    string         `json:"version"`
		ID         string         `json:"id"`
		DetailType string         `json:"detail-type"`
		Source     string         `json:"source"`
		Account    string         `json:"account"`
		Time       string         `json:"time"`
		Region     string         `json:"region"`
		Resources  []string       `json:"resources"`
		Detail     map[string]any `json:"detail"`
	}{"0", id, event.DetailType, event.Source, event.Account, event.Time.UTC().Format(time.RFC3339), event.Region, resources, detail})
	if err != nil { // a detail that JSON cannot express was made by this program
		text = []byte("{}")
	}
	var tree map[string]any
	if json.Unmarshal(text, &tree) != nil {
		tree = map[string]any{}
	}
	return text, tree
}

func (e *EventBridge) send(r *rule, text []byte, tree map[string]any) {
	e.metric(r, "TriggeredRules")
	e.world.KeepMoving()
	for _, t := range r.targets {
		d := &delivering{rule: r, target: t, input: t.input(r, text, tree), event: text, at: e.world.Now()}
		e.world.After(latency, func() { e.deliver(d) })
	}
}

// delivering is an event on its way to a target.
type delivering struct {
	rule         *rule
	target       target
	input, event []byte
	at           time.Time
}

// deliver hands an event to its target. What cannot be delivered goes to the target's
// dead-letter queue.
func (e *EventBridge) deliver(d *delivering) {
	arn := d.target.Arn
	e.metric(d.rule, "Invocations")
	if f := e.hooks[arn]; f != nil {
		f(d.input)
		return
	}
	if e.targets == nil {
		e.failed++
		return
	}
	send := core.Delivery{Target: arn, Payload: d.input, Account: d.rule.at.account, Region: d.rule.at.region, Source: "events.amazonaws.com", SourceARN: d.rule.arn, Role: d.target.RoleArn}
	if d.target.SqsParameters != nil {
		send.Group = d.target.SqsParameters.MessageGroupId
	}
	policy := Retries{}
	if p := d.target.RetryPolicy; p != nil {
		policy = RetriesOf(p.MaximumRetryAttempts, p.MaximumEventAgeInSeconds)
	}
	policy.Send(e.world, e.targets, send, d.at, func(f Failure) { e.giveUp(d, f) })
}

// giveUp counts a failed invocation, and keeps the event where the target says.
func (e *EventBridge) giveUp(d *delivering, f Failure) {
	e.failed++
	e.metric(d.rule, "FailedInvocations")
	if d.target.DeadLetterConfig == nil || d.target.DeadLetterConfig.Arn == "" {
		return
	}
	attributes := f.Attributes()
	attributes["RULE_ARN"], attributes["TARGET_ARN"] = d.rule.arn, d.target.Arn
	e.targets.Deliver(core.Delivery{Target: d.target.DeadLetterConfig.Arn, Payload: d.event, Account: d.rule.at.account, Region: d.rule.at.region,
		Source: "events.amazonaws.com", SourceARN: d.rule.arn, Attributes: attributes}, func(err error) {
		name := "InvocationsSentToDlq"
		if err != nil {
			name = "InvocationsFailedToBeSentToDlq"
		}
		e.metric(d.rule, name)
	})
}

// Deliver puts an event that another bus's rule sends on a bus. It fails where there
// is no such bus.
func (e *EventBridge) Deliver(d core.Delivery) error {
	a, ok := core.ParseARN(d.Target)
	name := strings.TrimPrefix(a.Resource, "event-bus/")
	to := busRef{place{a.Account, a.Region}, name, d.Target}
	if !ok || name != standardBus && e.busNamed(to.place, name) == nil {
		return core.Errorf(http.StatusNotFound, "ResourceNotFoundException", "Event bus %s does not exist.", name)
	}
	var tree map[string]any
	if json.Unmarshal(d.Payload, &tree) != nil || tree["source"] == nil { // what is no event, such as a Lambda destination's record
		e.publish(to, core.Event{Source: "lambda", DetailType: d.Name, Account: d.Account, Region: a.Region, Time: e.world.Now(), Resources: []string{d.SourceARN}, Detail: tree})
		return nil
	}
	e.match(e.known(to), d.Payload, tree)
	return nil
}

// input is what the target gets: the event, a part of it, a constant, or a
// template filled from it.
func (t target) input(r *rule, text []byte, tree map[string]any) []byte {
	switch {
	case t.Input != "":
		return []byte(t.Input)
	case t.InputPath != "":
		return []byte(jsonText(lookup(tree, t.InputPath)))
	case t.InputTransformer != nil:
		return []byte(t.InputTransformer.fill(r, text, tree))
	}
	return text
}

var placeholder = regexp.MustCompile(`<([A-Za-z0-9_.-]+)>`)

func (x *transformer) fill(r *rule, text []byte, tree map[string]any) string {
	return placeholder.ReplaceAllStringFunc(x.InputTemplate, func(found string) string {
		name := strings.Trim(found, "<>")
		switch path, ok := x.InputPathsMap[name]; {
		case ok:
			value := lookup(tree, path)
			if s, isText := value.(string); isText {
				return s
			}
			return jsonText(value)
		case name == "aws.events.rule-arn":
			return r.arn
		case name == "aws.events.rule-name":
			return r.name
		case name == "aws.events.event.json" || name == "aws.events.event":
			return string(text)
		}
		return found
	})
}

// lookup follows a path such as $.detail.status-details.status.
func lookup(tree map[string]any, path string) any {
	var at any = tree
	for step := range strings.SplitSeq(strings.TrimPrefix(strings.TrimPrefix(path, "$"), "."), ".") {
		if step == "" {
			continue
		}
		name, index, _ := strings.Cut(strings.TrimSuffix(step, "]"), "[")
		if object, ok := at.(map[string]any); ok {
			at = object[name]
		} else {
			return nil
		}
		if index != "" {
			at = item(at, index)
		}
	}
	return at
}

func item(list any, index string) any {
	items, ok := list.([]any)
	n, err := strconv.Atoi(index)
	if !ok || err != nil || n < 0 || n >= len(items) {
		return nil
	}
	return items[n]
}

func jsonText(value any) string {
	text, err := json.Marshal(value)
	if err != nil { // values come out of JSON
		return "null"
	}
	return string(text)
}

// known returns the rules of a bus in a place that a request or [EventBridge.Changed]
// has named before: an event must not make it look through the stacks of every place.
func (e *EventBridge) known(to busRef) map[string]*rule {
	e.refresh(to.place)
	return onBus(e.live.Last(to.account, to.region), to.name)
}

// schedule has a rule with a schedule run.
func (e *EventBridge) schedule(r *rule) {
	next, err := timetableOf(r.schedule)
	if r.schedule == "" || err != nil {
		return
	}
	at := next(e.world.Now())
	if at.IsZero() {
		return
	}
	e.world.KeepMoving()
	r.tick = e.world.After(at.Sub(e.world.Now()), func() {
		if !e.there(r) {
			return
		}
		e.schedule(r)
		if !r.enabled {
			return
		}
		text, tree := envelope(e.world.UUID(), core.Event{
			Source: "aws.events", DetailType: "Scheduled Event", Account: r.at.account, Region: r.at.region,
			Time: e.world.Now(), Resources: []string{r.arn},
		})
		e.send(r, text, tree)
	})
}
