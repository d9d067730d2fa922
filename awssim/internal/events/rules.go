package events

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// Limits of the default bus (EventBridge quotas).
const (
	maxRules   = 300
	maxTargets = 5
	rulesPage  = 100
)

// EventBridge is the service in every account and region.
type EventBridge struct {
	world   *core.World
	targets core.Deliverer
	metrics core.Reporter
	live    *core.Mirror[rule] // a view on the live rules
	buses   *core.Mirror[bus]
	allowed *core.Mirror[permission]
	dirty   map[place]bool // rules may have changed since they were last looked at
	hooks   map[string]func(event []byte)
	failed  int
	wired   bool // subscribed to the world
}

type place struct{ account, region string }

type rule struct {
	at                         place
	live                       core.Live
	bus, state                 string
	document                   any // the pattern as a property
	tags                       map[string]string
	arn, name, description     string
	pattern, schedule, roleARN string
	matcher                    pattern
	enabled                    bool
	targets                    []target
	tick                       *core.Timer // of a schedule
}

// New returns the service as a view on the live rules. The rules of a place take effect
// with the first request for that place, or with [EventBridge.Changed].
func New(w *core.World, targets core.Deliverer, metrics core.Reporter, store core.LiveStore) *EventBridge {
	e := &EventBridge{world: w, targets: targets, metrics: metrics, hooks: map[string]func([]byte){}, dirty: map[place]bool{}}
	e.live = core.NewMirror(store, ruleType, e.takeRule)
	e.buses = core.NewMirror(store, busType, takeBus)
	e.allowed = core.NewMirror(store, busPolicyType, takePermission)
	return e
}

// Changed has the service look at the rules of a place, which a stack may have made,
// changed or deleted.
func (e *EventBridge) Changed(account, region string) {
	at := place{account, region}
	e.dirty[at] = true
	e.world.After(0, func() { e.refresh(at) })
}

func (e *EventBridge) refresh(at place) {
	if e.dirty[at] {
		delete(e.dirty, at)
		e.live.At(at.account, at.region)
	}
}

// Hook has f called, with the world's lock held, with each event that is delivered
// to a target with that ARN.
func (e *EventBridge) Hook(targetARN string, f func(event []byte)) { e.hooks[targetARN] = f }

// FailedInvocations counts deliveries to targets that cannot be called.
func (e *EventBridge) FailedInvocations() int { return e.failed }

// Service is the API.
func (e *EventBridge) Service() core.Service {
	return core.Service{
		Name:         "events",
		Protocols:    []core.Protocol{core.JSON11},
		TargetPrefix: "AWSEvents",
		Actions: map[string]core.Action{
			"PutRule":               core.Write(core.Do(e.putRule)),
			"DescribeRule":          core.Do(e.describeRule),
			"ListRules":             core.Do(e.listRules),
			"DeleteRule":            core.Write(core.Do(e.deleteRule)),
			"EnableRule":            core.Write(core.Do(e.enableRule)),
			"DisableRule":           core.Write(core.Do(e.disableRule)),
			"PutTargets":            core.Write(core.Do(e.putTargets)),
			"RemoveTargets":         core.Write(core.Do(e.removeTargets)),
			"ListTargetsByRule":     core.Do(e.listTargetsByRule),
			"ListRuleNamesByTarget": core.Do(e.listRuleNamesByTarget),
			"PutEvents":             core.Write(core.Do(e.putEvents)),
			"TestEventPattern":      core.Do(e.testEventPattern),
			"ListTagsForResource":   core.Do(e.listTags),
			"TagResource":           core.Write(core.Do(e.tagResource)),
			"UntagResource":         core.Write(core.Do(e.untagResource)),
			"CreateEventBus":        core.Write(core.Do(e.createBus)),
			"DescribeEventBus":      core.Do(e.describeBus),
			"ListEventBuses":        core.Do(e.listBuses),
			"DeleteEventBus":        core.Write(core.Do(e.deleteBus)),
			"PutPermission":         core.Write(core.Do(e.putPermission)),
			"RemovePermission":      core.Write(core.Do(e.removePermission)),
		},
	}
}

type putRuleInput struct {
	Name               string `valid:"required,min=1,max=64,pattern=[.\\-_A-Za-z0-9]+"`
	ScheduleExpression string `valid:"max=256"`
	EventPattern       string `valid:"max=4096"`
	State              string `valid:"enum=ENABLED|DISABLED|ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"`
	Description        string `valid:"max=512"`
	RoleArn            string `valid:"max=1600"`
	EventBusName       string
	Tags               []tag
}

type putRuleOutput struct{ RuleArn string }

func (e *EventBridge) putRule(c *core.Call, in *putRuleInput) (*putRuleOutput, error) {
	here, err := e.bus(c, in.EventBusName)
	if err != nil {
		return nil, err
	}
	if in.EventPattern == "" && in.ScheduleExpression == "" {
		return nil, refuse("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified.")
	}
	properties, err := in.properties()
	if err != nil {
		return nil, err
	}
	if name := busName(in.EventBusName); name != standardBus {
		if in.ScheduleExpression != "" {
			return nil, refuse("ValidationException", "ScheduleExpression is supported only on the default event bus.")
		}
		properties["EventBusName"] = name
	}
	old := here[in.Name]
	if old == nil && len(here) >= maxRules {
		return nil, refuse("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
	}
	r := (*rule)(nil)
	if old == nil {
		r, _, err = e.live.Make(c.Caller.Account, c.Region, properties)
	} else {
		for _, kept := range []string{"Targets", "Tags"} { // PutRule changes neither of a rule that is there
			if delete(properties, kept); old.live.Properties[kept] != nil {
				properties[kept] = old.live.Properties[kept]
			}
		}
		r, err = e.live.Change(old.live, properties)
	}
	if err != nil {
		return nil, err
	}
	r.pattern = in.EventPattern
	return &putRuleOutput{RuleArn: r.arn}, nil
}

// properties are what the rule is as a live resource.
func (in *putRuleInput) properties() (map[string]any, error) {
	out := map[string]any{"Name": in.Name}
	for name, value := range map[string]string{"ScheduleExpression": in.ScheduleExpression, "State": in.State, "Description": in.Description, "RoleArn": in.RoleArn} {
		if value != "" {
			out[name] = value
		}
	}
	if in.State == "" {
		out["State"] = "ENABLED"
	}
	if in.EventPattern != "" {
		if _, err := parsePattern(in.EventPattern); err != nil {
			return nil, refuse("InvalidEventPatternException", "Event pattern is not valid. Reason: %v", err)
		}
		var document any
		if err := json.Unmarshal([]byte(in.EventPattern), &document); err != nil {
			return nil, refuse("InvalidEventPatternException", "Event pattern is not valid. Reason: %v", err)
		}
		out["EventPattern"] = document
	}
	if in.ScheduleExpression != "" {
		if _, err := timetableOf(in.ScheduleExpression); err != nil {
			return nil, refuse("ValidationException", "Parameter ScheduleExpression is not valid: %v.", err)
		}
	}
	if len(in.Tags) > 0 {
		tags := map[string]string{}
		for _, t := range in.Tags {
			tags[t.Key] = t.Value
		}
		out["Tags"] = property.TagList(tags)
	}
	return out, nil
}

// listen subscribes to the world once there is a rule for events.
func (e *EventBridge) listen() {
	if e.wired {
		return
	}
	e.wired = true
	e.world.Subscribe(func(event core.Event) {
		e.publish(busRef{place{event.Account, event.Region}, standardBus, ""}, event)
	})
}

// bus finds the rules of one of the caller's buses.
func (e *EventBridge) bus(c *core.Call, name string) (map[string]*rule, error) {
	at := place{c.Caller.Account, c.Region}
	if b, _, err := e.busAt(c, name); err != nil {
		return nil, err
	} else if b.account != at.account || b.region != at.region {
		return nil, refuse("ResourceNotFoundException", "Event bus %s does not exist.", busName(name))
	}
	return e.rules(at, busName(name)), nil
}

func (e *EventBridge) rule(c *core.Call, bus, name string) (*rule, error) {
	here, err := e.bus(c, bus)
	if err != nil {
		return nil, err
	}
	if here[name] == nil {
		return nil, refuse("ResourceNotFoundException", "Rule %s does not exist on EventBus %s.", name, busName(bus))
	}
	return here[name], nil
}

type ruleInput struct {
	Name         string `valid:"required,min=1,max=64"`
	EventBusName string
	Force        bool
}

// Rule is the structure of that name in the API.
type Rule struct {
	Name, Arn, EventPattern, State, Description string
	ScheduleExpression, RoleArn, EventBusName   string
}

func (r *rule) shape() Rule {
	state := cmp.Or(r.state, "ENABLED")
	return Rule{
		Name: r.name, Arn: r.arn, EventPattern: r.pattern, State: state, Description: r.description,
		ScheduleExpression: r.schedule, RoleArn: r.roleARN, EventBusName: busName(r.bus),
	}
}

func (e *EventBridge) describeRule(c *core.Call, in *ruleInput) (*Rule, error) {
	r, err := e.rule(c, in.EventBusName, in.Name)
	if err != nil {
		return nil, err
	}
	shape := r.shape()
	return &shape, nil
}

type listRulesInput struct {
	NamePrefix, EventBusName string
	NextToken                string
	Limit                    *int32 `valid:"min=1,max=100"`
}

type listRulesOutput struct {
	Rules     []Rule
	NextToken string
}

// listRules goes on after the name that the token is.
func (e *EventBridge) listRules(c *core.Call, in *listRulesInput) (*listRulesOutput, error) {
	here, err := e.bus(c, in.EventBusName)
	if err != nil {
		return nil, err
	}
	names := slices.DeleteFunc(sortedKeys(here), func(name string) bool { return !strings.HasPrefix(name, in.NamePrefix) })
	names, next := pageAfter(names, in.NextToken, in.Limit)
	out := &listRulesOutput{Rules: []Rule{}, NextToken: next}
	for _, name := range names {
		out.Rules = append(out.Rules, here[name].shape())
	}
	return out, nil
}

// deleteRule succeeds for a rule that is not there.
func (e *EventBridge) deleteRule(c *core.Call, in *ruleInput) (*struct{}, error) {
	here, err := e.bus(c, in.EventBusName)
	if err != nil {
		return nil, err
	}
	r := here[in.Name]
	if r == nil {
		return &struct{}{}, nil
	}
	if len(r.targets) > 0 {
		return nil, refuse("ValidationException", "Rule can't be deleted since it has targets.")
	}
	e.world.Cancel(r.tick)
	return &struct{}{}, e.live.Delete(r.live)
}

func (e *EventBridge) enableRule(c *core.Call, in *ruleInput) (*struct{}, error) {
	return e.enable(c, in, true)
}

func (e *EventBridge) disableRule(c *core.Call, in *ruleInput) (*struct{}, error) {
	return e.enable(c, in, false)
}

func (e *EventBridge) enable(c *core.Call, in *ruleInput, on bool) (*struct{}, error) {
	r, err := e.rule(c, in.EventBusName, in.Name)
	if err != nil {
		return nil, err
	}
	state := "DISABLED"
	if on {
		state = "ENABLED"
	}
	return &struct{}{}, e.set(r, "State", state, true)
}

type testEventPatternInput struct {
	EventPattern string `valid:"required"`
	Event        string `valid:"required"`
}

type testEventPatternOutput struct{ Result bool }

func (e *EventBridge) testEventPattern(_ *core.Call, in *testEventPatternInput) (*testEventPatternOutput, error) {
	p, err := parsePattern(in.EventPattern)
	if err != nil {
		return nil, refuse("InvalidEventPatternException", "Event pattern is not valid. Reason: %v", err)
	}
	var event map[string]any
	if err := json.Unmarshal([]byte(in.Event), &event); err != nil {
		return nil, refuse("ValidationException", "Parameter Event is not valid.")
	}
	return &testEventPatternOutput{Result: p.matches(event)}, nil
}

// pageAfter cuts a page of names that follow the token.
func pageAfter(names []string, token string, limit *int32) ([]string, string) {
	start, found := slices.BinarySearch(names, token)
	if found && token != "" {
		start++
	}
	names = names[start:]
	size := rulesPage
	if limit != nil {
		size = int(*limit)
	}
	if len(names) <= size {
		return names, ""
	}
	return names[:size], names[size-1]
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func refuse(code, format string, args ...any) *core.Error {
	return core.Errorf(http.StatusBadRequest, code, format, args...)
}

var rate = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^rate\(([1-9][0-9]{0,4}) (minute|minutes|hour|hours|day|days)\)$`)
})
