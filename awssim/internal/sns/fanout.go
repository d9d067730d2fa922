package sns

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/events"
	"github.com/setmend/setmend/awssim/internal/property"
)

// delay is how long a message takes from a topic to its subscribers.
const delay = 50 * time.Millisecond

// fanOut delivers a message to the queues and functions that have subscribed. Other
// protocols lead out of AWS; their messages are kept with the topic.
func (s *SNS) fanOut(t *topic, m Message) {
	if s.targets == nil {
		return
	}
	for _, sub := range s.subscriptionsOf(t) {
		if sub.pending || sub.Protocol != "sqs" && sub.Protocol != "lambda" || !wanted(sub, m) {
			continue
		}
		s.world.KeepMoving()
		s.world.After(delay, func() { s.hand(t, sub, m) })
	}
}

// wanted holds a message against a subscription's filter policy, which has the
// syntax of event patterns.
func wanted(sub *subscription, m Message) bool {
	policy := sub.attributes["FilterPolicy"]
	if policy == "" {
		return true
	}
	if sub.attributes["FilterPolicyScope"] == "MessageBody" {
		return events.Matches(policy, []byte(m.Body))
	}
	attributes, err := json.Marshal(m.Attributes)
	return err == nil && events.Matches(policy, attributes)
}

func (s *SNS) hand(t *topic, sub *subscription, m Message) {
	d := core.Delivery{Target: sub.Endpoint, Account: t.owner, Region: t.region, Source: "sns.amazonaws.com", SourceARN: t.arn, Group: m.GroupID}
	if t.fifo() {
		d.Deduplication = m.ID
	}
	switch {
	case sub.Protocol == "lambda":
		d.Payload = s.lambdaEvent(sub, m)
	case sub.attributes["RawMessageDelivery"] == "true":
		d.Payload, d.Attributes = []byte(m.Body), m.Attributes
	default:
		d.Payload = marshal(s.envelope(sub, m))
	}
	s.targets.Deliver(d, func(err error) {
		if err != nil {
			s.deadLetter(t, sub, d.Payload)
		}
	})
}

// deadLetter sends what could not be delivered to the subscription's dead-letter
// queue.
func (s *SNS) deadLetter(t *topic, sub *subscription, payload []byte) {
	redrive, _ := property.Object(sub.attributes["RedrivePolicy"]).(map[string]any)
	if to := property.Text(redrive["deadLetterTargetArn"]); to != "" {
		s.targets.Deliver(core.Delivery{Target: to, Payload: payload, Account: t.owner, Region: t.region, Source: "sns.amazonaws.com", SourceARN: t.arn}, func(error) {})
	}
}

// envelope is a message as a subscriber sees it.
func (s *SNS) envelope(sub *subscription, m Message) map[string]any {
	out := map[string]any{
		"Type": "Notification", "MessageId": m.ID, "TopicArn": m.TopicARN, "Message": m.Body, "Timestamp": m.Time.UTC().Format("2006-01-02T15:04:05.000Z"),
		"SignatureVersion": "1", "Signature": "EXAMPLE", "SigningCertURL": "https://sns." + sub.region() + ".amazonaws.com/SimpleNotificationService.pem",
		"UnsubscribeURL": "https://sns." + sub.region() + ".amazonaws.com/?Action=Unsubscribe&SubscriptionArn=" + sub.SubscriptionArn,
	}
	if m.Subject != "" {
		out["Subject"] = m.Subject
	}
	attributes := map[string]any{}
	for name, value := range m.Attributes {
		attributes[name] = map[string]any{"Type": "String", "Value": value}
	}
	if len(attributes) > 0 {
		out["MessageAttributes"] = attributes
	}
	return out
}

func (sub *subscription) region() string {
	if _, region, ok := placeOf(sub.TopicArn); ok {
		return region
	}
	return ""
}

// lambdaEvent is the event that a function gets. Its names differ from those of the
// envelope in a few letters.
func (s *SNS) lambdaEvent(sub *subscription, m Message) []byte {
	e := s.envelope(sub, m)
	e["SigningCertUrl"], e["UnsubscribeUrl"] = e["SigningCertURL"], e["UnsubscribeURL"]
	delete(e, "SigningCertURL")
	delete(e, "UnsubscribeURL")
	if e["Subject"] == nil {
		e["Subject"] = nil
	}
	if e["MessageAttributes"] == nil {
		e["MessageAttributes"] = map[string]any{}
	}
	return marshal(map[string]any{"Records": []any{map[string]any{"EventSource": "aws:sns", "EventVersion": "1.0", "EventSubscriptionArn": sub.SubscriptionArn, "Sns": e}}})
}

func marshal(v any) []byte {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil { // made of texts
		return nil
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}
