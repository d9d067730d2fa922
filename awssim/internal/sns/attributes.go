package sns

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// policy is a live topic policy: a document for some topics.
type policy struct {
	topics   []string
	document string
}

func takePolicy(l core.Live, _ *policy) *policy {
	p := &policy{document: property.JSON(l.Properties["PolicyDocument"])}
	list, _ := l.Properties["Topics"].([]any)
	for _, one := range list {
		p.topics = append(p.topics, property.Text(one))
	}
	return p
}

// settable reports whether a topic has an attribute of the name that can be set.
func settable(name string) bool {
	switch name {
	case "Policy", "DisplayName", "DeliveryPolicy", "KmsMasterKeyId", "FifoTopic", "ContentBasedDeduplication", "SignatureVersion", "TracingConfig", "ArchivePolicy", "FifoThroughputScope":
		return true
	}
	return strings.HasSuffix(name, "SuccessFeedbackRoleArn") || strings.HasSuffix(name, "FailureFeedbackRoleArn") || strings.HasSuffix(name, "SuccessFeedbackSampleRate")
}

// defaultDelivery is the delivery policy of a topic that names none.
const defaultDelivery = `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`

// defaultPolicy lets the owner use the topic.
func (t *topic) defaultPolicy() string {
	return fmt.Sprintf(`{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":%q,"Condition":{"StringEquals":{"AWS:SourceOwner":%q}}}]}`, t.arn, t.owner)
}

type attributesOutput struct{ Attributes map[string]string }

func (s *SNS) getTopicAttributes(c *core.Call, in *topicInput) (*attributesOutput, error) {
	t, err := s.topic(c, in.TopicArn)
	if err != nil {
		return nil, err
	}
	out := t.all()
	confirmed, pending := 0, 0
	for _, sub := range s.subscriptionsOf(t) {
		if sub.pending {
			pending++
		} else {
			confirmed++
		}
	}
	fill := func(name, value string) {
		if out[name] == "" {
			out[name] = value
		}
	}
	fill("Policy", s.policyOf(t))
	fill("DisplayName", "")
	fill("EffectiveDeliveryPolicy", cmp.Or(out["DeliveryPolicy"], defaultDelivery))
	out["TopicArn"], out["Owner"] = t.arn, t.owner
	out["SubscriptionsConfirmed"], out["SubscriptionsPending"], out["SubscriptionsDeleted"] = fmt.Sprint(confirmed), fmt.Sprint(pending), "0"
	return &attributesOutput{Attributes: out}, nil
}

// Policy is the policy that a topic was given, "" for one that has the default.
func (s *SNS) Policy(arn string) string {
	t, _ := s.find(arn)
	if t == nil {
		return ""
	}
	if own := t.own["Policy"]; own != "" {
		return own
	}
	if p := s.policyOf(t); p != t.defaultPolicy() {
		return p
	}
	return ""
}

// policyOf is the policy of a topic policy resource, or the default.
func (s *SNS) policyOf(t *topic) string {
	for _, id := range sortedKeys(s.policies.At(t.owner, t.region)) {
		if p := s.policies.At(t.owner, t.region)[id]; slices.Contains(p.topics, t.arn) {
			return p.document
		}
	}
	return t.defaultPolicy()
}

type setAttributesInput struct {
	TopicArn       string `valid:"required"`
	AttributeName  string `valid:"required"`
	AttributeValue string
}

func (s *SNS) setTopicAttributes(c *core.Call, in *setAttributesInput) (*struct{}, error) {
	t, err := s.topic(c, in.TopicArn)
	if err != nil {
		return nil, err
	}
	if !settable(in.AttributeName) || in.AttributeName == "FifoTopic" {
		return nil, invalid("AttributeName")
	}
	_, l := s.find(t.arn)
	properties, isProperty := topicProperties(l.Properties, in.AttributeName, in.AttributeValue)
	if !isProperty {
		if delete(t.own, in.AttributeName); in.AttributeValue != "" {
			t.own[in.AttributeName] = in.AttributeValue
		}
		return &struct{}{}, nil
	}
	_, err = s.topics.Change(l, properties)
	return &struct{}{}, err
}

type resourceInput struct {
	ResourceArn string `valid:"required"`
}

type tagsOutput struct{ Tags []tag }

func (s *SNS) listTags(c *core.Call, in *resourceInput) (*tagsOutput, error) {
	t, err := s.tagged(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &tagsOutput{Tags: []tag{}}
	for _, key := range sortedKeys(t.tags) {
		out.Tags = append(out.Tags, tag{key, t.tags[key]})
	}
	return out, nil
}

// tagged finds the topic of a tagging call, which words its absence differently.
func (s *SNS) tagged(c *core.Call, arn string) (*topic, error) {
	t, err := s.topic(c, arn)
	if refused, ok := err.(*core.Error); ok && refused.Code == "NotFound" {
		return nil, core.Errorf(404, "ResourceNotFound", "Resource does not exist")
	}
	return t, err
}

type tagInput struct {
	ResourceArn string `valid:"required"`
	Tags        []tag  `valid:"required"`
}

func (s *SNS) tagResource(c *core.Call, in *tagInput) (*struct{}, error) {
	t, err := s.tagged(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	for _, one := range in.Tags {
		t.tags[one.Key] = one.Value
	}
	return &struct{}{}, s.writeTags(t)
}

type untagInput struct {
	ResourceArn string   `valid:"required"`
	TagKeys     []string `valid:"required"`
}

func (s *SNS) untagResource(c *core.Call, in *untagInput) (*struct{}, error) {
	t, err := s.tagged(c, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	for _, key := range in.TagKeys {
		delete(t.tags, key)
	}
	return &struct{}{}, s.writeTags(t)
}

// writeTags makes a topic's tags the live ones.
func (s *SNS) writeTags(t *topic) error {
	_, l := s.find(t.arn)
	properties := clone(l.Properties)
	if properties["Tags"] = property.TagList(t.tags); len(t.tags) == 0 {
		delete(properties, "Tags")
	}
	_, err := s.topics.Change(l, properties)
	return err
}
