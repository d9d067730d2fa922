package states

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

type historyInput struct {
	ExecutionArn         string `wire:"executionArn" valid:"required,min=1,max=256"`
	MaxResults           *int32 `wire:"maxResults" valid:"min=0,max=1000"`
	ReverseOrder         bool   `wire:"reverseOrder"`
	NextToken            string `wire:"nextToken"`
	IncludeExecutionData *bool  `wire:"includeExecutionData"`
}

type historyOutput struct {
	Events    []map[string]any `wire:"events"`
	NextToken string           `wire:"nextToken"`
}

// history answers a page of an execution's events. The token is how many came
// before.
func (s *States) history(c *core.Call, in *historyInput) (*historyOutput, error) {
	x, err := s.execution(c, in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	at, err := offset(in.NextToken)
	if err != nil {
		return nil, err
	}
	events := slices.Clone(x.events)
	if in.ReverseOrder {
		slices.Reverse(events)
	}
	out := &historyOutput{Events: []map[string]any{}}
	events = events[min(at, len(events)):]
	for i := range events {
		if i == pageSize(in.MaxResults) {
			out.NextToken = strconv.Itoa(at + i)
			break
		}
		out.Events = append(out.Events, x.shape(&events[i], in.IncludeExecutionData == nil || *in.IncludeExecutionData))
	}
	return out, nil
}

// integration takes the resource of a service integration apart.
var integration = regexp.MustCompile(`^arn:aws[a-z-]*:states:[a-z0-9-]*:[0-9]*:(.+):([^:]+(?::2)?)$`)

// shape is an event as the API has it, with the details of its type.
func (x *execution) shape(e *Event, withData bool) map[string]any {
	out := map[string]any{"timestamp": e.Time, "type": e.Type, "id": e.ID, "previousEventId": e.PreviousID}
	data := func(text []byte) string {
		if !withData {
			return ""
		}
		return string(text)
	}
	details := map[string]any{}
	put := func(name, value string) {
		if value != "" {
			details[name] = value
		}
	}
	kind := e.Type
	switch {
	case strings.HasSuffix(kind, "StateEntered"):
		kind = "StateEntered"
		put("name", e.Name)
		put("input", data(e.Input))
	case strings.HasSuffix(kind, "StateExited"):
		kind = "StateExited"
		put("name", e.Name)
		put("output", data(e.Output))
	case kind == "ExecutionStarted":
		put("input", data(e.Input))
		put("roleArn", x.role)
	case strings.HasPrefix(kind, "Task"):
		resource := e.Resource
		if parts := integration.FindStringSubmatch(resource); parts != nil {
			put("resourceType", parts[1])
			resource = parts[2]
		}
		put("resource", resource)
		if kind == "TaskScheduled" {
			put("region", x.region)
			put("parameters", data(first2(e.Parameters, e.Input)))
		}
		put("output", data(e.Output))
	case strings.HasPrefix(kind, "MapIteration"):
		put("name", e.Name)
		if e.Index != nil {
			details["index"] = *e.Index
		}
	case kind == "MapStateStarted" && e.Length != nil:
		details["length"] = *e.Length
	default:
		put("resource", e.Resource)
		put("input", data(first2(e.Parameters, e.Input)))
		put("output", data(e.Output))
		put("location", e.Location)
	}
	put("error", e.Error)
	put("cause", e.Cause)
	if len(details) > 0 {
		out[strings.ToLower(kind[:1])+kind[1:]+"EventDetails"] = details
	}
	return out
}

func first2(a, b []byte) []byte {
	if len(a) > 0 {
		return a
	}
	return b
}
