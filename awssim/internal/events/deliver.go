package events

import (
	"encoding/json"
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
	if _, err := e.bus(c, entry.EventBusName); err != nil { // AWS drops events for a bus that does not exist
		return putEventsResult{EventId: c.UUID()}
	}
	at := c.Now()
	if entry.Time != nil {
		at = *entry.Time
	}
	id := e.publish(core.Event{
		Source: entry.Source, DetailType: entry.DetailType, Account: c.Caller.Account, Region: c.Region,
		Time: at, Resources: entry.Resources, Detail: detail,
	})
	return putEventsResult{EventId: id}
}

// publish puts an event on its account's bus and answers its id.
func (e *EventBridge) publish(event core.Event) string {
	id := e.world.UUID()
	rules := e.known(place{event.Account, event.Region})
	if len(rules) == 0 {
		return id
	}
	text, tree := envelope(id, event)
	for _, name := range sortedKeys(rules) {
		if r := rules[name]; r.enabled && r.matcher != nil && r.matcher.matches(tree) {
			e.send(r, text, tree)
		}
	}
	return id
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
	for _, t := range r.targets {
		input := t.input(r, text, tree)
		e.world.After(latency, func() { e.deliver(t.Arn, input) })
	}
}

func (e *EventBridge) deliver(arn string, input []byte) {
	if f := e.hooks[arn]; f != nil {
		f(input)
		return
	}
	if strings.Contains(arn, ":sns:") && e.topics.Deliver(arn, string(input)) {
		return
	}
	e.failed++
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

// known are the rules of a place that the service has been asked of: an event must
// not make it look through the stacks of every place.
func (e *EventBridge) known(at place) map[string]*rule {
	if !e.live.Seen(at.account, at.region) {
		return nil
	}
	return e.rules(at)
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
