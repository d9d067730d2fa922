package stacks

import (
	"slices"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/resource"
)

type eventShape struct {
	StackId, EventId, StackName            string
	LogicalResourceId, ResourceType        string
	PhysicalResourceId                     *string // "" at first, never absent
	Timestamp                              time.Time
	ResourceStatus, ResourceStatusReason   string
	ResourceProperties, ClientRequestToken string
}

type describeEventsInput struct {
	StackName string `valid:"required"`
	NextToken string `valid:"min=1,max=1024"`
}

type describeEventsOutput struct {
	StackEvents []*eventShape
	NextToken   string
}

// describeStackEvents lists events newest first.
func (e *Engine) describeStackEvents(c *core.Call, in *describeEventsInput) (*describeEventsOutput, error) {
	s, err := e.existing(c, in.StackName)
	if err != nil {
		return nil, err
	}
	all := e.events(s)
	slices.Reverse(all)
	some, next, err := page(all, in.NextToken, pageSize)
	out := &describeEventsOutput{StackEvents: []*eventShape{}, NextToken: next}
	for _, ev := range some {
		out.StackEvents = append(out.StackEvents, &eventShape{
			StackId: s.id, EventId: ev.id, StackName: s.name, LogicalResourceId: ev.logicalID, PhysicalResourceId: &ev.physicalID,
			ResourceType: ev.typ, Timestamp: ev.at, ResourceStatus: ev.status, ResourceStatusReason: ev.reason,
			ResourceProperties: e.propertiesAt(s, ev), ClientRequestToken: ev.token,
		})
	}
	return out, err
}

// propertiesAt is the ResourceProperties of a resource's event: what the template
// of the time sets, with NoEcho values hidden.
func (e *Engine) propertiesAt(s *stack, ev event) string {
	if ev.as == nil || ev.ofStack(s) {
		return ""
	}
	v := e.masked(s, ev.as.deployment)
	v.generations, v.ahead = ev.as.generations, ev.as.ahead
	r, ok := v.active(ev.logicalID)
	if !ok || r.Type != ev.typ {
		return ""
	}
	p, err := v.expected(r)
	if err != nil {
		return ""
	}
	return resource.JSON(p)
}

// masked shows a deployment with the values of NoEcho parameters hidden.
func (e *Engine) masked(s *stack, d *deployment) *view {
	hidden := map[string]string{}
	for _, p := range d.template.Parameters {
		hidden[p.Key] = d.values[p.Key]
		if p.NoEcho {
			hidden[p.Key] = noEcho
		}
	}
	return e.look(s, &deployment{template: d.template, given: d.given, values: hidden, tags: d.tags}, nil)
}
