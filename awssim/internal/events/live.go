package events

import (
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// ruleType is the resource type of rules.
const ruleType = "AWS::Events::Rule"

// takeRule makes a rule of a live resource, or brings it up to date.
func (e *EventBridge) takeRule(l core.Live, known *rule) *rule {
	p := l.Properties
	r := &rule{at: place{l.Account, l.Region}, live: l, name: nameOf(l), description: property.Text(p["Description"]), schedule: property.Text(p["ScheduleExpression"]),
		roleARN: property.Text(p["RoleArn"]), enabled: property.Text(p["State"]) != "DISABLED", bus: property.Text(p["EventBusName"]), state: property.Text(p["State"]), tags: map[string]string{}}
	r.arn = fmt.Sprintf("arn:%s:events:%s:%s:rule/%s", e.world.Options.Partition, l.Region, l.Account, r.name)
	if !r.standard() {
		r.arn = fmt.Sprintf("arn:%s:events:%s:%s:rule/%s/%s", e.world.Options.Partition, l.Region, l.Account, r.bus[strings.LastIndexByte(r.bus, '/')+1:], r.name)
	}
	if document, set := p["EventPattern"]; set {
		r.document, r.pattern = document, property.JSON(document)
		if known != nil && reflect.DeepEqual(known.document, document) {
			r.pattern = known.pattern // as it was written
		}
		r.matcher, _ = parsePattern(r.pattern) // a pattern that is none matches nothing
	}
	list, _ := p["Targets"].([]any)
	for _, one := range list {
		if m, ok := one.(map[string]any); ok {
			r.targets = append(r.targets, targetOf(m))
		}
	}
	tags, _ := p["Tags"].([]any)
	for _, one := range tags {
		if m, ok := one.(map[string]any); ok {
			r.tags[property.Text(m["Key"])] = property.Text(m["Value"])
		}
	}
	if known != nil {
		e.world.Cancel(known.tick)
	}
	e.schedule(r)
	e.listen()
	return r
}

// nameOf is a rule's name: of one on another bus the physical id has the bus in it.
func nameOf(l core.Live) string {
	if name := property.Text(l.Properties["Name"]); name != "" {
		return name
	}
	return l.ID[strings.LastIndexByte(l.ID, '|')+1:]
}

// standard reports whether the rule is on the default bus.
func (r *rule) standard() bool {
	return r.bus == "" || r.bus == "default" || strings.HasSuffix(r.bus, "event-bus/default")
}

// rules are those of a bus of a place, by name.
func (e *EventBridge) rules(at place, bus string) map[string]*rule {
	delete(e.dirty, at)
	return onBus(e.live.At(at.account, at.region), bus)
}

func onBus(all map[string]*rule, bus string) map[string]*rule {
	out := map[string]*rule{}
	for _, r := range all {
		if busName(r.bus) == bus {
			out[r.name] = r
		}
	}
	return out
}

// there reports whether a rule is as it was taken: not changed or deleted since.
func (e *EventBridge) there(r *rule) bool {
	now, _ := e.live.Get(r.at.account, r.at.region, r.live.Identifier)
	return now == r
}

// targetOf is a target as the API has it. Settings of target services are kept in
// the live resource only.
func targetOf(m map[string]any) target {
	t := target{Id: property.Text(m["Id"]), Arn: property.Text(m["Arn"]), RoleArn: property.Text(m["RoleArn"]), Input: property.Text(m["Input"]), InputPath: property.Text(m["InputPath"])}
	if x, ok := m["RetryPolicy"].(map[string]any); ok {
		t.RetryPolicy = &retryPolicy{property.Int32(x["MaximumRetryAttempts"]), property.Int32(x["MaximumEventAgeInSeconds"])}
	}
	if x, ok := m["DeadLetterConfig"].(map[string]any); ok {
		t.DeadLetterConfig = &deadLetter{property.Text(x["Arn"])}
	}
	if x, ok := m["SqsParameters"].(map[string]any); ok {
		t.SqsParameters = &sqsParameters{property.Text(x["MessageGroupId"])}
	}
	if x, ok := m["InputTransformer"].(map[string]any); ok {
		t.InputTransformer = &transformer{InputTemplate: property.Text(x["InputTemplate"]), InputPathsMap: map[string]string{}}
		paths, _ := x["InputPathsMap"].(map[string]any)
		for k, v := range paths {
			t.InputTransformer.InputPathsMap[k] = property.Text(v)
		}
	}
	return t
}

// property is a target as the live resource has it.
func (t *target) property() map[string]any {
	out := map[string]any{"Id": t.Id, "Arn": t.Arn}
	for name, value := range map[string]string{"RoleArn": t.RoleArn, "Input": t.Input, "InputPath": t.InputPath} {
		if value != "" {
			out[name] = value
		}
	}
	if x := t.RetryPolicy; x != nil {
		policy := map[string]any{}
		if x.MaximumRetryAttempts != nil {
			policy["MaximumRetryAttempts"] = float64(*x.MaximumRetryAttempts)
		}
		if x.MaximumEventAgeInSeconds != nil {
			policy["MaximumEventAgeInSeconds"] = float64(*x.MaximumEventAgeInSeconds)
		}
		out["RetryPolicy"] = policy
	}
	if x := t.DeadLetterConfig; x != nil && x.Arn != "" {
		out["DeadLetterConfig"] = map[string]any{"Arn": x.Arn}
	}
	if x := t.SqsParameters; x != nil && x.MessageGroupId != "" {
		out["SqsParameters"] = map[string]any{"MessageGroupId": x.MessageGroupId}
	}
	if x := t.InputTransformer; x != nil {
		one := map[string]any{"InputTemplate": x.InputTemplate}
		if len(x.InputPathsMap) > 0 {
			paths := map[string]any{}
			for k, v := range x.InputPathsMap {
				paths[k] = v
			}
			one["InputPathsMap"] = paths
		}
		out["InputTransformer"] = one
	}
	return out
}

// writeTargets makes a rule's targets the live ones.
func (e *EventBridge) writeTargets(r *rule, targets []target) error {
	known := map[string]any{}
	list, _ := r.live.Properties["Targets"].([]any)
	for _, one := range list {
		if m, ok := one.(map[string]any); ok {
			known[property.Text(m["Id"])] = one
		}
	}
	next := []any{}
	for i := range targets {
		if old := known[targets[i].Id]; old != nil && reflect.DeepEqual(targetOf(old.(map[string]any)), targets[i]) {
			next = append(next, old)
			continue
		}
		next = append(next, targets[i].property())
	}
	return e.set(r, "Targets", next, len(next) > 0)
}

// set sets a property of a rule, or takes it away.
func (e *EventBridge) set(r *rule, property string, value any, keep bool) error {
	properties := maps.Clone(r.live.Properties)
	if properties[property] = value; !keep {
		delete(properties, property)
	}
	_, err := e.live.Change(r.live, properties)
	return err
}

type tag struct {
	Key   string `valid:"required,min=1,max=128"`
	Value string `valid:"max=256"`
}

type resourceInput struct {
	ResourceARN string `valid:"required,min=1,max=1600"`
}

type tagsOutput struct{ Tags []tag }

// tagged finds the rule that an ARN names.
func (e *EventBridge) tagged(c *core.Call, arn string) (*rule, error) {
	for _, r := range e.live.At(c.Caller.Account, c.Region) {
		if r.arn == arn {
			return r, nil
		}
	}
	return nil, refuse("ResourceNotFoundException", "Rule %s does not exist on EventBus default.", arn[strings.LastIndexByte(arn, '/')+1:])
}

func (e *EventBridge) listTags(c *core.Call, in *resourceInput) (*tagsOutput, error) {
	r, err := e.tagged(c, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	out := &tagsOutput{Tags: []tag{}}
	for _, key := range sortedKeys(r.tags) {
		out.Tags = append(out.Tags, tag{key, r.tags[key]})
	}
	return out, nil
}

type tagInput struct {
	ResourceARN string `valid:"required,min=1,max=1600"`
	Tags        []tag  `valid:"required"`
}

func (e *EventBridge) tagResource(c *core.Call, in *tagInput) (*struct{}, error) {
	r, err := e.tagged(c, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	tags := maps.Clone(r.tags)
	for _, t := range in.Tags {
		tags[t.Key] = t.Value
	}
	return &struct{}{}, e.set(r, "Tags", property.TagList(tags), len(tags) > 0)
}

type untagInput struct {
	ResourceARN string   `valid:"required,min=1,max=1600"`
	TagKeys     []string `valid:"required"`
}

func (e *EventBridge) untagResource(c *core.Call, in *untagInput) (*struct{}, error) {
	r, err := e.tagged(c, in.ResourceARN)
	if err != nil {
		return nil, err
	}
	tags := maps.Clone(r.tags)
	for _, key := range in.TagKeys {
		delete(tags, key)
	}
	return &struct{}{}, e.set(r, "Tags", property.TagList(tags), len(tags) > 0)
}
