package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/lambdahandler"
)

// pendingKey is where what events have asked for is gathered until a run starts.
const pendingKey = "events/pending"

// pending is what is to be healed next. Putting the same in twice changes nothing, so
// that events may come twice, and in any order.
type pending struct {
	Whole     bool                 `json:"whole,omitempty"`
	Accounts  []fleet.AccountID    `json:"accounts,omitempty"`
	StackSets []fleet.StackSetName `json:"stackSets,omitempty"`
	Since     time.Time            `json:"since"` // when the first was put in
}

func (p *pending) empty() bool { return !p.Whole && len(p.Accounts)+len(p.StackSets) == 0 }

// add puts another in, and reports whether that changed anything.
func (p *pending) add(o pending, now time.Time) bool {
	before := len(p.Accounts) + len(p.StackSets)
	whole := p.Whole
	p.Whole = p.Whole || o.Whole
	p.Accounts, p.StackSets = union(p.Accounts, o.Accounts), union(p.StackSets, o.StackSets)
	if p.Since.IsZero() {
		p.Since = now.UTC()
	}
	return p.Whole != whole || len(p.Accounts)+len(p.StackSets) != before
}

func union[S ~string](a, b []S) []S {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// runInput is the input of a run that events have started. Accounts and stack sets
// together would narrow each other, so a run for both is a run for everything.
type runInput struct {
	heal.Options
	CheckedSince time.Time `json:"checkedSince,omitzero"`
}

func (p *pending) input() runInput {
	if p.Whole {
		return runInput{}
	}
	in := runInput{CheckedSince: p.Since}
	if len(p.Accounts) == 0 || len(p.StackSets) == 0 {
		in.Accounts, in.StackSets = p.Accounts, p.StackSets
	}
	return in
}

// triggered is an event, or what a schedule sends.
type triggered struct {
	Setmend    string          `json:"setmend"`
	DetailType string          `json:"detail-type"`
	Source     string          `json:"source"`
	Time       time.Time       `json:"time"`
	Resources  []string        `json:"resources"`
	Detail     json.RawMessage `json:"detail"`
}

// What schedules send.
const (
	sentHeal     = "heal"
	sentGathered = "gathered"
	sentMetrics  = "metrics"
)

// handleEvent gathers what an event names. A schedule starts the run for it, so that
// a burst of events makes one run and not one for each.
func (f *functionApp) handleEvent(ctx context.Context, event json.RawMessage) (json.RawMessage, error) {
	var e triggered
	if err := json.Unmarshal(event, &e); err != nil {
		return nil, fmt.Errorf("reading the event: %w", err)
	}
	c, j, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	asked := pending{Whole: e.Setmend == sentHeal}
	if e.Setmend == "" {
		if asked, err = askedBy(e); err != nil {
			return nil, err
		}
	}
	if !asked.empty() {
		if err := gather(ctx, j, asked, c.clock.Now()); err != nil {
			return nil, err
		}
	}
	if e.Setmend == "" {
		return json.Marshal(map[string]any{"gathered": asked})
	}
	started, err := f.startGathered(ctx, c, j)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"started": started})
}

// gather puts what was asked for into the journal. It is durable when it returns.
func gather(ctx context.Context, j store, asked pending, now time.Time) error {
	for {
		p, version, err := readPending(ctx, j)
		if err != nil {
			return err
		}
		if !p.add(asked, now) && version != 0 {
			return nil
		}
		text, err := json.Marshal(p)
		if err != nil {
			return err
		}
		if _, err = j.Put(ctx, pendingKey, text, version); !record.IsConflict(err) {
			return err
		}
	}
}

func readPending(ctx context.Context, j store) (p pending, version int64, err error) {
	text, version, err := j.Get(ctx, pendingKey)
	if err != nil || version == 0 {
		return p, 0, err
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, 0, fmt.Errorf("reading what events have asked for: %w", err)
	}
	return p, version, nil
}

// startGathered starts a run for what was gathered, unless one is under way, and
// returns its name. The name follows from what was gathered: killed after the start,
// the next attempt starts the same run, which is none.
func (f *functionApp) startGathered(ctx context.Context, c *connection, j store) (string, error) {
	machine := f.getenv("SETMEND_STATE_MACHINE")
	p, version, err := readPending(ctx, j)
	if err != nil || p.empty() {
		return "", err
	}
	lambdahandler.At(ctx, "looking for a run under way")
	if running, err := c.aws.RunningExecution(ctx, machine); err != nil || running != "" {
		lambdahandler.Logger(ctx).Info("a run is under way; what was gathered waits", "running", running)
		return "", err
	}
	input, err := json.Marshal(p.input())
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("%s-%04x", p.Since.Format("20060102T150405Z"), version&0xffff)
	lambdahandler.At(ctx, "starting run %s", name)
	started, err := c.aws.StartExecution(ctx, machine, name, string(input))
	if err != nil {
		return "", err
	}
	lambdahandler.Logger(ctx).Info("run started", "run", name, "new", started, "input", string(input))
	// What came in meanwhile stays, with what was started: healing twice costs time only.
	if err := j.Delete(ctx, pendingKey, version); err != nil && !record.IsConflict(err) {
		return "", err
	}
	return name, nil
}

// askedBy is what an event of AWS names. An event that names nothing asks for nothing.
func askedBy(e triggered) (pending, error) {
	var d struct {
		StackSetARN      string `json:"stack-set-arn"`
		EventName        string `json:"eventName"`
		RequestParameter struct {
			AccountID string `json:"accountId"`
		} `json:"requestParameters"`
		ServiceEventDetails json.RawMessage `json:"serviceEventDetails"`
		UserIdentity        struct {
			AccountID string `json:"accountId"`
		} `json:"userIdentity"`
	}
	if err := json.Unmarshal(e.Detail, &d); err != nil {
		return pending{}, fmt.Errorf("reading the detail of a %s event: %w", e.DetailType, err)
	}
	var p pending
	if name := stackSetNamed(d.StackSetARN); name != "" {
		p.StackSets = []fleet.StackSetName{name}
	}
	if e.Source == "aws.organizations" || e.Source == "aws.controltower" {
		p.Accounts = append(p.Accounts, accountsOf(d.EventName, d.RequestParameter.AccountID, d.UserIdentity.AccountID, d.ServiceEventDetails)...)
		if len(p.Accounts) == 0 { // an account has changed, and it is not said which
			p.Whole = true
		}
	}
	return p, nil
}

// stackSetNamed is the name in a stack set's ARN, …:stackset/NAME:ID.
func stackSetNamed(arn string) fleet.StackSetName {
	_, rest, found := strings.Cut(arn, ":stackset/")
	name, _, whole := strings.Cut(rest, ":")
	if !found || !whole {
		return ""
	}
	return fleet.StackSetName(name)
}

// accountsOf are the accounts that an event of Organizations or Control Tower is
// about. An account accepts an invitation, and leaves, by its own call.
func accountsOf(name, requested, caller string, service json.RawMessage) []fleet.AccountID {
	found := map[fleet.AccountID]bool{}
	if id := fleet.AccountID(requested); id.Valid() {
		found[id] = true
	}
	if id := fleet.AccountID(caller); (name == "AcceptHandshake" || name == "LeaveOrganization") && id.Valid() {
		found[id] = true
	}
	var tree any
	if json.Unmarshal(service, &tree) == nil {
		accountIDs(tree, found)
	}
	return fleet.SortedKeys(found)
}

// accountIDs collects the values of fields called accountId.
func accountIDs(tree any, found map[fleet.AccountID]bool) {
	switch node := tree.(type) {
	case map[string]any:
		for name, value := range node {
			if id, ok := value.(string); ok && name == "accountId" && fleet.AccountID(id).Valid() {
				found[fleet.AccountID(id)] = true
				continue
			}
			accountIDs(value, found)
		}
	case []any:
		for _, item := range node {
			accountIDs(item, found)
		}
	}
}

// setAside records a failure of an asynchronous invocation. Lambda tries an event
// twice, under one request id: the second failure is the last, and then what went
// wrong stays in the journal with the event, and a person is notified.
func (f *functionApp) setAside(ctx context.Context, failure lambdahandler.Failure) error {
	c, j, err := f.open(ctx)
	if err != nil {
		return err
	}
	key := "aside/" + failure.Request
	_, version, err := j.Get(ctx, key)
	if err != nil {
		return err
	}
	text, err := json.Marshal(failure)
	if err != nil {
		return err
	}
	if _, err := j.Put(ctx, key, text, version); err != nil && !record.IsConflict(err) {
		return err
	}
	topic := f.getenv("SETMEND_TOPIC")
	if version == 0 || topic == "" {
		return nil
	}
	message := fmt.Sprintf("An event failed twice in the function %s of setmend and was set aside.\n\n%s: %s\n%s\n\nThe event is in the dead-letter queue, and with this diagnosis in the journal under %s.\nWhen the cause is mended, send it again from the queue (StartMessageMoveTask), or wait for the schedule, which heals everything.",
		failure.Function, failure.Type, failure.Message, failure.Where, key)
	return c.aws.Publish(ctx, topic, "setmend set an event aside", message)
}
