package sns

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// Subscription is the structure of that name in the API.
type Subscription struct{ SubscriptionArn, Owner, Protocol, Endpoint, TopicArn string }

// subscription is one subscription, as a resource or in a topic's declaration.
type subscription struct {
	Subscription
	attributes map[string]string
	pending    bool
	live       liveSubscription
}

// liveSubscription is the resource of a subscription, none for one in a topic's
// declaration.
type liveSubscription struct{ core.Live }

func (l liveSubscription) zero() bool { return l.Identifier == "" }

// subscriptionAttributes are the attributes that are properties of the resource;
// those that end in Policy are objects there.
var subscriptionAttributes = []string{"DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy", "ReplayPolicy", "SubscriptionRoleArn"}

// takeSubscription makes a subscription of a live resource.
func (s *SNS) takeSubscription(l core.Live, known *subscription) *subscription {
	sub := &subscription{attributes: map[string]string{}, live: liveSubscription{l}}
	sub.Subscription = Subscription{l.ID, l.Account, property.Text(l.Properties["Protocol"]), property.Text(l.Properties["Endpoint"]), property.Text(l.Properties["TopicArn"])}
	for _, name := range subscriptionAttributes {
		if v, ok := l.Properties[name]; ok {
			sub.attributes[name] = property.JSON(v)
		}
	}
	sub.pending = needsConfirmation(sub.Protocol)
	if known != nil {
		sub.pending = known.pending
	}
	return sub
}

// needsConfirmation reports whether the endpoint has to confirm: AWS sends it a
// token and waits.
func needsConfirmation(protocol string) bool {
	return slices.Contains([]string{"http", "https", "email", "email-json"}, protocol)
}

// ConfirmationToken is what SNS would send to an endpoint that has to confirm its
// subscription: ConfirmSubscription takes it.
func (s *SNS) ConfirmationToken(subscriptionARN string) string {
	h := sha256.Sum256([]byte("confirm " + subscriptionARN))
	return hex.EncodeToString(h[:]) + hex.EncodeToString(h[:8])
}

// subscriptionsOf lists a topic's subscriptions by ARN: those that are resources
// and those in its declaration.
func (s *SNS) subscriptionsOf(t *topic) []*subscription {
	var out []*subscription
	for _, id := range sortedKeys(s.subscriptions.At(t.owner, t.region)) {
		if sub := s.subscriptions.At(t.owner, t.region)[id]; sub.TopicArn == t.arn {
			out = append(out, sub)
		}
	}
	for _, one := range t.inline {
		h := sha256.Sum256([]byte(t.arn + " " + one[0] + " " + one[1]))
		arn := fmt.Sprintf("%s:%x-%x-4%x-a%x-%x", t.arn, h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
		out = append(out, &subscription{Subscription: Subscription{arn, t.owner, one[0], one[1], t.arn}, attributes: map[string]string{}, pending: needsConfirmation(one[0])})
	}
	slices.SortFunc(out, func(a, b *subscription) int { return strings.Compare(a.SubscriptionArn, b.SubscriptionArn) })
	return out
}

// pendingARN replaces the ARN of a subscription that is not confirmed.
const pendingARN = "PendingConfirmation"

func (sub *subscription) shown() Subscription {
	out := sub.Subscription
	if sub.pending {
		out.SubscriptionArn = pendingARN
	}
	return out
}

type subscribeInput struct {
	TopicArn              string `valid:"required"`
	Protocol              string `valid:"required,enum=http|https|email|email-json|sms|sqs|application|lambda|firehose"`
	Endpoint              string
	ReturnSubscriptionArn bool
	Attributes            map[string]string
}

type subscribeOutput struct{ SubscriptionArn string }

// subscribe makes the subscription; the same endpoint again is the same one. Of one
// that has to be confirmed the ARN is answered only if asked for.
func (s *SNS) subscribe(c *core.Call, in *subscribeInput) (*subscribeOutput, error) {
	t, err := s.topic(c, in.TopicArn)
	if err != nil {
		return nil, err
	}
	if in.Endpoint == "" && in.Protocol != "firehose" {
		return nil, invalid("Endpoint Reason: Endpoint is required")
	}
	properties := map[string]any{"TopicArn": t.arn, "Protocol": in.Protocol, "Endpoint": in.Endpoint}
	for _, name := range sortedKeys(in.Attributes) {
		if err := setSubscription(properties, name, in.Attributes[name]); err != nil {
			return nil, err
		}
	}
	for _, old := range s.subscriptionsOf(t) {
		if old.Protocol == in.Protocol && old.Endpoint == in.Endpoint {
			return old.answer(in), old.sameAs(in)
		}
	}
	sub, _, err := s.subscriptions.Make(t.owner, t.region, properties)
	if err != nil {
		return nil, err
	}
	return sub.answer(in), nil
}

func (sub *subscription) answer(in *subscribeInput) *subscribeOutput {
	if sub.pending && !in.ReturnSubscriptionArn {
		return &subscribeOutput{SubscriptionArn: "pending confirmation"}
	}
	return &subscribeOutput{SubscriptionArn: sub.SubscriptionArn}
}

func (sub *subscription) sameAs(in *subscribeInput) error {
	for name, value := range in.Attributes {
		if have := sub.attributes[name]; have != value && property.JSON(property.Object(value)) != have {
			return invalid("Attributes Reason: Subscription already exists with different attributes")
		}
	}
	return nil
}

// setSubscription sets an attribute among a subscription's properties.
func setSubscription(properties map[string]any, name, value string) error {
	switch {
	case !slices.Contains(subscriptionAttributes, name):
		return invalid("AttributeName")
	case value == "":
		delete(properties, name)
	case name == "RawMessageDelivery":
		if value != "true" && value != "false" {
			return invalid("Attribute Value: Invalid value [" + value + "]. Must be true or false.")
		}
		properties[name] = value == "true"
	case strings.HasSuffix(name, "Policy"):
		if _, isObject := property.Object(value).(map[string]any); !isObject {
			return invalid(name + ": failed to parse JSON.")
		}
		properties[name] = property.Object(value)
	default:
		properties[name] = value
	}
	return nil
}

type confirmInput struct {
	TopicArn                  string `valid:"required"`
	Token                     string `valid:"required"`
	AuthenticateOnUnsubscribe string
}

func (s *SNS) confirmSubscription(c *core.Call, in *confirmInput) (*subscribeOutput, error) {
	t, err := s.topic(c, in.TopicArn)
	if err != nil {
		return nil, err
	}
	for _, sub := range s.subscriptionsOf(t) {
		if s.ConfirmationToken(sub.SubscriptionArn) == in.Token {
			sub.pending = false
			return &subscribeOutput{sub.SubscriptionArn}, nil
		}
	}
	return nil, invalid("Token")
}

type subscriptionInput struct {
	SubscriptionArn string `valid:"required"`
}

// subscriptionAt finds one of the caller's subscriptions.
func (s *SNS) subscriptionAt(c *core.Call, arn string) (*subscription, error) {
	at := strings.LastIndexByte(arn, ':')
	if !strings.HasPrefix(arn, "arn:") || strings.Count(arn, ":") < 6 {
		return nil, invalid("SubscriptionArn Reason: An ARN must have at least 6 elements, not 1")
	}
	if t, _ := s.find(arn[:at]); t != nil && t.owner == c.Caller.Account {
		for _, sub := range s.subscriptionsOf(t) {
			if sub.SubscriptionArn == arn {
				return sub, nil
			}
		}
	}
	return nil, core.Errorf(http.StatusNotFound, "NotFound", "Subscription does not exist")
}

func (s *SNS) unsubscribe(c *core.Call, in *subscriptionInput) (*struct{}, error) {
	sub, err := s.subscriptionAt(c, in.SubscriptionArn)
	if refused, ok := err.(*core.Error); ok && refused.Code == "NotFound" {
		return &struct{}{}, nil
	}
	if err != nil {
		return nil, err
	}
	if sub.live.zero() {
		return nil, invalid("SubscriptionArn Reason: the subscription is part of its topic's declaration")
	}
	return &struct{}{}, s.subscriptions.Delete(sub.live.Live)
}

// getSubscriptionAttributes answers what was set and what SNS itself tells.
func (s *SNS) getSubscriptionAttributes(c *core.Call, in *subscriptionInput) (*attributesOutput, error) {
	sub, err := s.subscriptionAt(c, in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	out := map[string]string{
		"SubscriptionArn": sub.SubscriptionArn, "TopicArn": sub.TopicArn, "Owner": sub.Owner, "Protocol": sub.Protocol, "Endpoint": sub.Endpoint,
		"RawMessageDelivery": "false", "PendingConfirmation": fmt.Sprint(sub.pending), "ConfirmationWasAuthenticated": fmt.Sprint(!needsConfirmation(sub.Protocol)),
		"SubscriptionPrincipal": fmt.Sprintf("arn:%s:iam::%s:user/operator", s.world.Options.Partition, sub.Owner),
	}
	for name, value := range sub.attributes {
		out[name] = value
	}
	if out["FilterPolicy"] != "" && out["FilterPolicyScope"] == "" {
		out["FilterPolicyScope"] = "MessageAttributes"
	}
	return &attributesOutput{Attributes: out}, nil
}

type setSubscriptionInput struct {
	SubscriptionArn string `valid:"required"`
	AttributeName   string `valid:"required"`
	AttributeValue  string
}

func (s *SNS) setSubscriptionAttributes(c *core.Call, in *setSubscriptionInput) (*struct{}, error) {
	sub, err := s.subscriptionAt(c, in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	if sub.live.zero() {
		return nil, invalid("SubscriptionArn Reason: the subscription is part of its topic's declaration")
	}
	properties := clone(sub.live.Properties)
	if err := setSubscription(properties, in.AttributeName, in.AttributeValue); err != nil {
		return nil, err
	}
	_, err = s.subscriptions.Change(sub.live.Live, properties)
	return &struct{}{}, err
}

type listSubscriptionsInput struct {
	TopicArn  string `valid:"required"`
	NextToken string
}

type listSubscriptionsOutput struct {
	Subscriptions []Subscription
	NextToken     string
}

func (s *SNS) listSubscriptionsByTopic(c *core.Call, in *listSubscriptionsInput) (*listSubscriptionsOutput, error) {
	t, err := s.topic(c, in.TopicArn)
	if err != nil {
		return nil, err
	}
	return subscriptionsPage(s.subscriptionsOf(t), in.NextToken)
}

// listSubscriptions lists those of all the caller's topics.
func (s *SNS) listSubscriptions(c *core.Call, in *listInput) (*listSubscriptionsOutput, error) {
	var all []*subscription
	for _, arn := range sortedKeys(s.topics.At(c.Caller.Account, c.Region)) {
		all = append(all, s.subscriptionsOf(s.topics.At(c.Caller.Account, c.Region)[arn])...)
	}
	return subscriptionsPage(all, in.NextToken)
}

// subscriptionsPage returns the page after the subscription that the token names.
func subscriptionsPage(rest []*subscription, token string) (*listSubscriptionsOutput, error) {
	if token != "" {
		at := slices.IndexFunc(rest, func(x *subscription) bool { return x.SubscriptionArn == token })
		if at < 0 {
			return nil, invalid("NextToken")
		}
		rest = rest[at+1:]
	}
	out := &listSubscriptionsOutput{Subscriptions: []Subscription{}}
	for _, sub := range rest[:min(len(rest), topicsPage)] {
		out.Subscriptions = append(out.Subscriptions, sub.shown())
	}
	if len(rest) > topicsPage {
		out.NextToken = rest[topicsPage-1].SubscriptionArn
	}
	return out, nil
}
