package sns

import (
	"slices"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// The resource types behind the service.
const (
	topicType        = "AWS::SNS::Topic"
	subscriptionType = "AWS::SNS::Subscription"
	policyType       = "AWS::SNS::TopicPolicy"
)

// scalar and structured are the attributes of a topic that are properties of its
// resource, under the same names. Others are kept beside it.
var (
	scalar     = []string{"DisplayName", "KmsMasterKeyId", "SignatureVersion", "TracingConfig", "FifoThroughputScope"}
	flags      = []string{"FifoTopic", "ContentBasedDeduplication"}
	structured = []string{"ArchivePolicy", "DeliveryPolicy"}
)

// takeTopic makes a topic of a live resource, or brings it up to date.
func (s *SNS) takeTopic(l core.Live, known *topic) *topic {
	t := known
	if t == nil {
		t = &topic{arn: l.Identifier, owner: l.Account, region: l.Region, own: map[string]string{}, accepted: map[string]Message{}}
		t.name = t.arn[strings.LastIndexByte(t.arn, ':')+1:]
	}
	t.attributes = map[string]string{}
	for _, name := range append(append([]string{}, scalar...), flags...) {
		if v, ok := l.Properties[name]; ok {
			t.attributes[name] = property.Text(v)
		}
	}
	for _, name := range structured {
		if v, ok := l.Properties[name]; ok {
			t.attributes[name] = property.JSON(v)
		}
	}
	t.tags = property.Tags(l.Properties["Tags"])
	t.inline = nil
	list, _ := l.Properties["Subscription"].([]any)
	for _, one := range list {
		m, _ := one.(map[string]any)
		t.inline = append(t.inline, [2]string{property.Text(m["Protocol"]), property.Text(m["Endpoint"])})
	}
	return t
}

// topicProperties are a topic's properties with an attribute set.
func topicProperties(was map[string]any, attribute, value string) (map[string]any, bool) {
	out := clone(was)
	switch {
	case slices.Contains(scalar, attribute):
		if delete(out, attribute); value != "" {
			out[attribute] = value
		}
	case slices.Contains(flags, attribute):
		out[attribute] = value == "true"
	case slices.Contains(structured, attribute):
		delete(out, attribute)
		if value != "" {
			out[attribute] = property.Object(value)
		}
	default:
		return nil, false
	}
	return out, true
}

func clone(m map[string]any) map[string]any {
	out := make(map[string]any, len(m)+1)
	for k, v := range m {
		out[k] = v
	}
	return out
}

// placeOf reads account and region out of a topic's ARN.
func placeOf(arn string) (account, region string, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return "", "", false
	}
	return parts[4], parts[3], true
}

// find finds a topic and its resource by ARN, in whatever place.
func (s *SNS) find(arn string) (*topic, core.Live) {
	account, region, ok := placeOf(arn)
	if !ok {
		return nil, core.Live{}
	}
	return s.topics.Get(account, region, arn)
}
