package sns

import (
	"encoding/json"
	"strings"

	"github.com/setmend/setmend/awssim/internal/core"
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
			t.attributes[name] = textOf(v)
		}
	}
	for _, name := range structured {
		if v, ok := l.Properties[name]; ok {
			t.attributes[name] = jsonOf(v)
		}
	}
	t.tags = tagsOf(l.Properties["Tags"])
	t.inline = nil
	list, _ := l.Properties["Subscription"].([]any)
	for _, one := range list {
		m, _ := one.(map[string]any)
		t.inline = append(t.inline, [2]string{textOf(m["Protocol"]), textOf(m["Endpoint"])})
	}
	return t
}

// topicProperties are a topic's properties with an attribute set.
func topicProperties(was map[string]any, attribute, value string) (map[string]any, bool) {
	out := clone(was)
	switch {
	case contains(scalar, attribute):
		if delete(out, attribute); value != "" {
			out[attribute] = value
		}
	case contains(flags, attribute):
		out[attribute] = value == "true"
	case contains(structured, attribute):
		delete(out, attribute)
		if value != "" {
			out[attribute] = objectOf(value)
		}
	default:
		return nil, false
	}
	return out, true
}

func contains(list []string, one string) bool {
	for _, v := range list {
		if v == one {
			return true
		}
	}
	return false
}

func clone(m map[string]any) map[string]any {
	out := make(map[string]any, len(m)+1)
	for k, v := range m {
		out[k] = v
	}
	return out
}

func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return ""
	}
	return jsonOf(v)
}

func jsonOf(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	text, err := json.Marshal(v)
	if err != nil { // properties come out of JSON
		return ""
	}
	return string(text)
}

// objectOf returns the decoded value of a JSON text, and any other text unchanged.
func objectOf(text string) any {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	return v
}

func tagsOf(v any) map[string]string {
	out := map[string]string{}
	list, _ := v.([]any)
	for _, one := range list {
		if m, ok := one.(map[string]any); ok {
			out[textOf(m["Key"])] = textOf(m["Value"])
		}
	}
	return out
}

// tagList is the Tags property of tags, in order of the keys.
func tagList(tags map[string]string) []any {
	out := []any{}
	for _, key := range sortedKeys(tags) {
		out = append(out, map[string]any{"Key": key, "Value": tags[key]})
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
