package events

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Limits of the default bus (EventBridge quotas).
const (
	maxRules   = 300
	maxTargets = 5
	rulesPage  = 100
)

// Deliverer is what EventBridge asks of SNS.
type Deliverer interface {
	Deliver(topicARN, text string) (ok bool)
}

// EventBridge is the service in every account and region.
type EventBridge struct {
	world  *core.World
	topics Deliverer
	buses  map[place]map[string]*rule
	hooks  map[string]func(event []byte)
	failed int
	wired  bool // subscribed to the world
}

type place struct{ account, region string }

type rule struct {
	at                         place
	arn, name, description     string
	pattern, schedule, roleARN string
	matcher                    pattern
	enabled                    bool
	targets                    []target
	tick                       *core.Timer // of a schedule
}

// New makes the service.
func New(w *core.World, topics Deliverer) *EventBridge {
	return &EventBridge{world: w, topics: topics, buses: map[place]map[string]*rule{}, hooks: map[string]func([]byte){}}
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
	next, err := e.newRule(c, in)
	if err != nil {
		return nil, err
	}
	if old := here[in.Name]; old != nil {
		next.targets = old.targets
		e.world.Cancel(old.tick)
	} else if len(here) >= maxRules {
		return nil, refuse("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
	}
	here[in.Name] = next
	e.listen()
	e.schedule(next)
	return &putRuleOutput{RuleArn: next.arn}, nil
}

func (e *EventBridge) newRule(c *core.Call, in *putRuleInput) (*rule, error) {
	r := &rule{
		at:   place{c.Caller.Account, c.Region},
		arn:  fmt.Sprintf("arn:%s:events:%s:%s:rule/%s", c.Options.Partition, c.Region, c.Caller.Account, in.Name),
		name: in.Name, description: in.Description, pattern: in.EventPattern, schedule: in.ScheduleExpression,
		roleARN: in.RoleArn, enabled: in.State != "DISABLED",
	}
	if in.EventPattern != "" {
		matcher, err := parsePattern(in.EventPattern)
		if err != nil {
			return nil, refuse("InvalidEventPatternException", "Event pattern is not valid. Reason: %v", err)
		}
		r.matcher = matcher
	}
	if in.ScheduleExpression != "" {
		if _, err := rateOf(in.ScheduleExpression); err != nil {
			return nil, refuse("ValidationException", "Parameter ScheduleExpression is not valid: %v.", err)
		}
	}
	return r, nil
}

// listen subscribes to the world once there is a rule for events.
func (e *EventBridge) listen() {
	if e.wired {
		return
	}
	e.wired = true
	e.world.Subscribe(func(event core.Event) { e.publish(event) })
}

// bus finds the rules of the caller's default bus, the only one there is.
func (e *EventBridge) bus(c *core.Call, name string) (map[string]*rule, error) {
	at := place{c.Caller.Account, c.Region}
	arn := fmt.Sprintf("arn:%s:events:%s:%s:event-bus/default", c.Options.Partition, c.Region, c.Caller.Account)
	if name != "" && name != "default" && name != arn {
		return nil, refuse("ResourceNotFoundException", "Event bus %s does not exist.", name)
	}
	if e.buses[at] == nil {
		e.buses[at] = map[string]*rule{}
	}
	return e.buses[at], nil
}

func (e *EventBridge) rule(c *core.Call, bus, name string) (*rule, error) {
	here, err := e.bus(c, bus)
	if err != nil {
		return nil, err
	}
	if here[name] == nil {
		return nil, refuse("ResourceNotFoundException", "Rule %s does not exist on EventBus default.", name)
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
	state := "DISABLED"
	if r.enabled {
		state = "ENABLED"
	}
	return Rule{
		Name: r.name, Arn: r.arn, EventPattern: r.pattern, State: state, Description: r.description,
		ScheduleExpression: r.schedule, RoleArn: r.roleARN, EventBusName: "default",
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
	delete(here, in.Name)
	return &struct{}{}, nil
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
	r.enabled = on
	return &struct{}{}, nil
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

var rate = regexp.MustCompile(`^rate\(([1-9][0-9]{0,4}) (minute|minutes|hour|hours|day|days)\)$`)
