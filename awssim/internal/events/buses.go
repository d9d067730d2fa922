package events

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// The resource types behind buses.
const (
	busType       = "AWS::Events::EventBus"
	busPolicyType = "AWS::Events::EventBusPolicy"
	standardBus   = "default"
)

// bus is a custom event bus as its live resource has it.
type bus struct {
	live        core.Live
	name        string
	description string
	policy      string
}

func takeBus(l core.Live, _ *bus) *bus {
	return &bus{l, property.Text(l.Properties["Name"]), property.Text(l.Properties["Description"]), property.JSON(l.Properties["Policy"])}
}

// permission is a statement of a bus's policy, as its live resource has it.
type permission struct {
	live                        core.Live
	bus, sid, principal, action string
	statement                   map[string]any
}

func takePermission(l core.Live, _ *permission) *permission {
	p := l.Properties
	return &permission{l, busName(property.Text(p["EventBusName"])), property.Text(p["StatementId"]), property.Text(p["Principal"]), property.Text(p["Action"]), property.Map(p["Statement"])}
}

// busRef is a bus of an account and region.
type busRef struct {
	place
	name, arn string
}

// busName is the name of a bus that a name or ARN names, "default" for none.
func busName(text string) string {
	if text == "" {
		return standardBus
	}
	return text[strings.LastIndexByte(text, '/')+1:]
}

func (e *EventBridge) busNamed(at place, name string) *bus {
	b, _ := e.buses.Get(at.account, at.region, name)
	return b
}

// busAt finds a bus by name or ARN, in any account, with its policy.
func (e *EventBridge) busAt(c *core.Call, text string) (busRef, busPolicy, error) {
	to := busRef{place{c.Caller.Account, c.Region}, busName(text), ""}
	if a, ok := core.ParseARN(text); ok {
		to.place = place{a.Account, a.Region}
	}
	to.arn = fmt.Sprintf("arn:%s:events:%s:%s:event-bus/%s", c.Options.Partition, to.region, to.account, to.name)
	if to.name != standardBus && e.busNamed(to.place, to.name) == nil {
		return to, nil, refuse("ResourceNotFoundException", "Event bus %s does not exist.", to.name)
	}
	return to, e.policyOf(to), nil
}

// busPolicy are the statements that allow others to put events on a bus.
type busPolicy []map[string]any

func (e *EventBridge) policyOf(to busRef) busPolicy {
	var out busPolicy
	if b := e.busNamed(to.place, to.name); b != nil && b.policy != "" {
		var document struct{ Statement []map[string]any }
		if json.Unmarshal([]byte(b.policy), &document) == nil {
			out = document.Statement
		}
	}
	here := e.allowed.At(to.account, to.region)
	for _, id := range sortedKeys(here) {
		if p := here[id]; p.bus == to.name {
			out = append(out, e.statementOf(p, to.arn))
		}
	}
	return out
}

func (e *EventBridge) statementOf(p *permission, arn string) map[string]any {
	if p.statement != nil {
		return p.statement
	}
	var principal any = "*"
	if p.principal != "*" {
		principal = map[string]any{"AWS": fmt.Sprintf("arn:%s:iam::%s:root", e.world.Options.Partition, p.principal)}
	}
	out := map[string]any{"Sid": p.sid, "Effect": "Allow", "Principal": principal, "Action": cmp.Or(p.action, "events:PutEvents"), "Resource": arn}
	if condition := property.Map(p.live.Properties["Condition"]); condition != nil {
		out["Condition"] = map[string]any{property.Text(condition["Type"]): map[string]any{property.Text(condition["Key"]): property.Text(condition["Value"])}}
	}
	return out
}

// admits reports whether an account is named by a statement, or everyone is.
func (p busPolicy) admits(account string) bool {
	for _, s := range p {
		if s["Effect"] != "Allow" {
			continue
		}
		if text := property.JSON(s["Principal"]); text == "*" || strings.Contains(text, account) || strings.Contains(text, `"*"`) {
			return true
		}
	}
	return false
}

func (p busPolicy) text() string {
	if len(p) == 0 {
		return ""
	}
	return property.JSON(map[string]any{"Version": "2012-10-17", "Statement": anyOf(p)})
}

func anyOf(list []map[string]any) []any {
	out := make([]any, len(list))
	for i := range list {
		out[i] = list[i]
	}
	return out
}

type busInput struct {
	Name, EventSourceName, Description, KmsKeyIdentifier string
	Tags                                                 []tag
	DeadLetterConfig                                     *deadLetter
}

type busOutput struct {
	EventBusArn, Name, Arn, Description, Policy string
	CreationTime, LastModifiedTime              time.Time
}

func (e *EventBridge) createBus(c *core.Call, in *busInput) (*busOutput, error) {
	if in.Name == "" || in.Name == standardBus || strings.ContainsAny(in.Name, "/ ") || len(in.Name) > 256 {
		return nil, refuse("ValidationException", "EventBus name starting with 'aws.' or named 'default' is not valid, nor is %q.", in.Name)
	}
	if e.busNamed(place{c.Caller.Account, c.Region}, in.Name) != nil {
		return nil, refuse("ResourceAlreadyExistsException", "Event bus %s already exists.", in.Name)
	}
	p := property.With(map[string]any{"Name": in.Name}, "Description", in.Description)
	tags := map[string]string{}
	for _, t := range in.Tags {
		tags[t.Key] = t.Value
	}
	_, _, err := e.buses.Make(c.Caller.Account, c.Region, property.With(p, "Tags", property.TagList(tags)))
	if exists := (*core.ExistsError)(nil); errors.As(err, &exists) {
		return nil, refuse("ResourceAlreadyExistsException", "Event bus %s already exists.", in.Name)
	}
	if err != nil {
		return nil, err
	}
	to, _, err := e.busAt(c, in.Name)
	return &busOutput{EventBusArn: to.arn, Description: in.Description}, err
}

func (e *EventBridge) describeBus(c *core.Call, in *busInput) (*busOutput, error) {
	to, policy, err := e.busAt(c, in.Name)
	if err != nil {
		return nil, err
	}
	out := &busOutput{Name: to.name, Arn: to.arn, Policy: policy.text()}
	if b := e.busNamed(to.place, to.name); b != nil {
		out.Description, out.CreationTime, out.LastModifiedTime = b.description, b.live.Made, b.live.Changed
	}
	return out, nil
}

type listBusesInput struct {
	NamePrefix, NextToken string
	Limit                 *int32 `valid:"min=1,max=100"`
}

type listBusesOutput struct {
	EventBuses []busOutput
	NextToken  string
}

func (e *EventBridge) listBuses(c *core.Call, in *listBusesInput) (*listBusesOutput, error) {
	names := []string{}
	for _, name := range append(sortedKeys(e.buses.At(c.Caller.Account, c.Region)), standardBus) {
		if strings.HasPrefix(name, in.NamePrefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	out := &listBusesOutput{EventBuses: []busOutput{}}
	names, out.NextToken = pageAfter(names, in.NextToken, in.Limit)
	for _, name := range names {
		one, err := e.describeBus(c, &busInput{Name: name})
		if err != nil {
			return nil, err
		}
		out.EventBuses = append(out.EventBuses, *one)
	}
	return out, nil
}

// deleteBus succeeds for a bus that is not there.
func (e *EventBridge) deleteBus(c *core.Call, in *busInput) (*struct{}, error) {
	if in.Name == standardBus {
		return nil, refuse("ValidationException", "Cannot delete event bus default.")
	}
	here := place{c.Caller.Account, c.Region}
	b, l := e.buses.Get(here.account, here.region, in.Name)
	if b == nil {
		return &struct{}{}, nil
	}
	if len(e.rules(here, in.Name)) > 0 {
		return nil, refuse("ValidationException", "EventBus can't be deleted since it has rules.")
	}
	return &struct{}{}, e.buses.Delete(l)
}

type permissionInput struct {
	EventBusName, Action, Principal, StatementId, Policy string
	Condition                                            *struct{ Type, Key, Value string }
	RemoveAllPermissions                                 bool
}

func (e *EventBridge) putPermission(c *core.Call, in *permissionInput) (*struct{}, error) {
	to, _, err := e.busAt(c, in.EventBusName)
	if err != nil {
		return nil, err
	}
	if in.Policy != "" {
		return &struct{}{}, e.replacePolicy(to, in.Policy)
	}
	if in.StatementId == "" || in.Principal == "" || in.Action == "" {
		return nil, refuse("ValidationException", "Action, Principal and StatementId, or Policy, are required.")
	}
	p := map[string]any{"EventBusName": to.name, "StatementId": in.StatementId, "Principal": in.Principal, "Action": in.Action}
	if in.Condition != nil {
		p["Condition"] = map[string]any{"Type": in.Condition.Type, "Key": in.Condition.Key, "Value": in.Condition.Value}
	}
	for _, old := range e.allowed.At(to.account, to.region) {
		if old.bus == to.name && old.sid == in.StatementId {
			_, err := e.allowed.Change(old.live, p)
			return &struct{}{}, err
		}
	}
	_, _, err = e.allowed.Make(to.account, to.region, p)
	return &struct{}{}, err
}

// replacePolicy makes a document the policy of a bus.
func (e *EventBridge) replacePolicy(to busRef, text string) error {
	var document struct{ Statement []map[string]any }
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return refuse("ValidationException", "Policy is not a valid policy document: %v", err)
	}
	if err := e.dropPermissions(to, ""); err != nil {
		return err
	}
	for i, s := range document.Statement {
		sid := cmp.Or(property.Text(s["Sid"]), fmt.Sprintf("statement%d", i+1))
		if _, _, err := e.allowed.Make(to.account, to.region, map[string]any{"EventBusName": to.name, "StatementId": sid, "Statement": s}); err != nil {
			return err
		}
	}
	return nil
}

// dropPermissions deletes a statement, or all for "".
func (e *EventBridge) dropPermissions(to busRef, sid string) error {
	here := e.allowed.At(to.account, to.region)
	for _, id := range sortedKeys(here) {
		if p := here[id]; p.bus == to.name && (sid == "" || p.sid == sid) {
			if err := e.allowed.Delete(p.live); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *EventBridge) removePermission(c *core.Call, in *permissionInput) (*struct{}, error) {
	to, policy, err := e.busAt(c, in.EventBusName)
	switch {
	case err != nil:
		return nil, err
	case in.RemoveAllPermissions:
		return &struct{}{}, e.dropPermissions(to, "")
	case len(policy) == 0 || in.StatementId == "":
		return nil, refuse("ResourceNotFoundException", "EventBus does not have a policy.")
	}
	return &struct{}{}, e.dropPermissions(to, in.StatementId)
}
