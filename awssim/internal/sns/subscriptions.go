package sns

import (
	"maps"
	"slices"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Subscription is the structure of that name in the API.
type Subscription struct{ SubscriptionArn, Owner, Protocol, Endpoint, TopicArn string }

type subscribeInput struct {
	TopicArn              string `valid:"required"`
	Protocol              string `valid:"required,enum=http|https|email|email-json|sms|sqs|application|lambda|firehose"`
	Endpoint              string
	ReturnSubscriptionArn bool
	Attributes            map[string]string
}

type subscribeOutput struct{ SubscriptionArn string }

// subscribe keeps the subscription; the same endpoint again is the same one.
func (s *SNS) subscribe(c *core.Call, in *subscribeInput) (*subscribeOutput, error) {
	t, err := s.topic(c, in.TopicArn)
	if err != nil {
		return nil, err
	}
	for _, old := range t.subscriptions {
		if old.Protocol == in.Protocol && old.Endpoint == in.Endpoint {
			return &subscribeOutput{SubscriptionArn: old.SubscriptionArn}, nil
		}
	}
	made := Subscription{
		SubscriptionArn: t.arn + ":" + c.UUID(), Owner: c.Caller.Account,
		Protocol: in.Protocol, Endpoint: in.Endpoint, TopicArn: t.arn,
	}
	t.subscriptions = append(t.subscriptions, made)
	return &subscribeOutput{SubscriptionArn: made.SubscriptionArn}, nil
}

type subscriptionInput struct {
	SubscriptionArn string `valid:"required"`
}

func (s *SNS) unsubscribe(_ *core.Call, in *subscriptionInput) (*struct{}, error) {
	for _, t := range s.topics {
		t.subscriptions = slices.DeleteFunc(t.subscriptions, func(x Subscription) bool { return x.SubscriptionArn == in.SubscriptionArn })
	}
	return &struct{}{}, nil
}

type listSubscriptionsInput struct {
	TopicArn  string `valid:"required"`
	NextToken string
}

type listSubscriptionsOutput struct {
	Subscriptions []Subscription
	NextToken     string
}

// listSubscriptionsByTopic goes on after the subscription that the token names.
func (s *SNS) listSubscriptionsByTopic(c *core.Call, in *listSubscriptionsInput) (*listSubscriptionsOutput, error) {
	t, err := s.topic(c, in.TopicArn)
	if err != nil {
		return nil, err
	}
	rest := t.subscriptions
	if in.NextToken != "" {
		at := slices.IndexFunc(rest, func(x Subscription) bool { return x.SubscriptionArn == in.NextToken })
		if at < 0 {
			return nil, invalid("NextToken")
		}
		rest = rest[at+1:]
	}
	out := &listSubscriptionsOutput{Subscriptions: append([]Subscription{}, rest[:min(len(rest), topicsPage)]...)}
	if len(rest) > topicsPage {
		out.NextToken = rest[topicsPage-1].SubscriptionArn
	}
	return out, nil
}

type resourceInput struct {
	ResourceArn string `valid:"required"`
}

type tagsOutput struct{ Tags []tag }

func (s *SNS) listTags(c *core.Call, in *resourceInput) (*tagsOutput, error) {
	t, err := s.topic(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &tagsOutput{Tags: []tag{}}
	for _, key := range slices.Sorted(maps.Keys(t.tags)) {
		out.Tags = append(out.Tags, tag{key, t.tags[key]})
	}
	return out, nil
}

type tagInput struct {
	ResourceArn string `valid:"required"`
	Tags        []tag  `valid:"required"`
}

func (s *SNS) tagResource(c *core.Call, in *tagInput) (*struct{}, error) {
	t, err := s.topic(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	for _, tag := range in.Tags {
		t.tags[tag.Key] = tag.Value
	}
	return &struct{}{}, nil
}

type untagInput struct {
	ResourceArn string   `valid:"required"`
	TagKeys     []string `valid:"required"`
}

func (s *SNS) untagResource(c *core.Call, in *untagInput) (*struct{}, error) {
	t, err := s.topic(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	for _, key := range in.TagKeys {
		delete(t.tags, key)
	}
	return &struct{}{}, nil
}
