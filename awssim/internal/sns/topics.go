package sns

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// SNS is the service in every account and region: a view on the live topics and
// subscriptions.
type SNS struct {
	world         *core.World
	store         core.LiveStore
	topics        *core.Mirror[topic]        // by ARN
	subscriptions *core.Mirror[subscription] // by ARN
	policies      *core.Mirror[policy]
	targets       core.Deliverer // of subscriptions; nil: none
}

// topic is what there is to know of a topic beside its live properties.
type topic struct {
	arn, name, owner, region string
	attributes               map[string]string // those that are properties
	own                      map[string]string // those that are not
	tags                     map[string]string
	inline                   [][2]string // protocol and endpoint of subscriptions in its declaration
	messages                 []Message
	sequence                 int64
	accepted                 map[string]Message // FIFO: by deduplication id
}

// Message is a published message.
type Message struct {
	ID, TopicARN, Subject, Body string
	Attributes                  map[string]string
	GroupID                     string
	SequenceNumber              string
	Time                        time.Time
}

// New makes the service as a view on live resources.
func New(w *core.World, store core.LiveStore) *SNS {
	s := &SNS{world: w, store: store}
	s.topics = core.NewMirror(store, topicType, s.takeTopic)
	s.subscriptions = core.NewMirror(store, subscriptionType, s.takeSubscription)
	s.policies = core.NewMirror(store, policyType, takePolicy)
	return s
}

// SetTargets has messages delivered to the queues and functions that subscribed.
func (s *SNS) SetTargets(targets core.Deliverer) { s.targets = targets }

// Service is the API.
func (s *SNS) Service() core.Service {
	return core.Service{
		Name:        "sns",
		Protocols:   []core.Protocol{core.Query},
		Version:     "2010-03-31",
		Namespace:   "http://sns.amazonaws.com/doc/2010-03-31/",
		InvalidCode: "InvalidParameter",
		Actions: map[string]core.Action{
			"CreateTopic":               core.Write(core.Do(s.createTopic)),
			"DeleteTopic":               core.Write(core.Do(s.deleteTopic)),
			"ListTopics":                core.Do(s.listTopics),
			"GetTopicAttributes":        core.Do(s.getTopicAttributes),
			"SetTopicAttributes":        core.Write(core.Do(s.setTopicAttributes)),
			"Subscribe":                 core.Write(core.Do(s.subscribe)),
			"ConfirmSubscription":       core.Write(core.Do(s.confirmSubscription)),
			"Unsubscribe":               core.Write(core.Do(s.unsubscribe)),
			"ListSubscriptions":         core.Do(s.listSubscriptions),
			"ListSubscriptionsByTopic":  core.Do(s.listSubscriptionsByTopic),
			"GetSubscriptionAttributes": core.Do(s.getSubscriptionAttributes),
			"SetSubscriptionAttributes": core.Write(core.Do(s.setSubscriptionAttributes)),
			"Publish":                   core.Write(core.Do(s.publish)),
			"PublishBatch":              core.Write(core.Do(s.publishBatch)),
			"ListTagsForResource":       core.Do(s.listTags),
			"TagResource":               core.Write(core.Do(s.tagResource)),
			"UntagResource":             core.Write(core.Do(s.untagResource)),
		},
	}
}

// Messages are what was published to a topic, oldest first.
func (s *SNS) Messages(topicARN string) []Message {
	if t, _ := s.find(topicARN); t != nil {
		return slices.Clone(t.messages)
	}
	return nil
}

// CreateTopic makes a topic and returns its ARN, for filling a world. A topic that
// is there stays as it is.
func (s *SNS) CreateTopic(account, region, name string) string {
	arn := s.arn(account, region, name)
	if t, _ := s.find(arn); t == nil {
		if _, _, err := s.topics.Make(account, region, map[string]any{"TopicName": name}); err != nil {
			return "" // a name that is taken is a topic that is there
		}
	}
	return arn
}

func (s *SNS) arn(account, region, name string) string {
	return fmt.Sprintf("arn:%s:sns:%s:%s:%s", s.world.Options.Partition, region, account, name)
}

// Deliver publishes what another service sends. It fails where there is no such
// topic.
func (s *SNS) Deliver(d core.Delivery) error {
	t, _ := s.find(d.Target)
	if t == nil {
		return core.Errorf(http.StatusNotFound, "NotFound", "Topic does not exist")
	}
	s.accept(t, Message{Subject: d.Subject, Body: string(d.Payload), Attributes: d.Attributes, GroupID: d.Group}, d.Deduplication)
	return nil
}

type tag struct {
	Key   string `valid:"required,min=1,max=128"`
	Value string `valid:"max=256"`
}

type createTopicInput struct {
	Name                 string `valid:"required"`
	Attributes           map[string]string
	Tags                 []tag
	DataProtectionPolicy string
}

type topicOutput struct{ TopicArn string }

var topicName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$|^[A-Za-z0-9_-]{1,251}\.fifo$`)
})

// createTopic is idempotent: the same name with the same attributes and tags is the
// same topic. With others it is refused.
func (s *SNS) createTopic(c *core.Call, in *createTopicInput) (*topicOutput, error) {
	fifo := strings.HasSuffix(in.Name, ".fifo")
	if !topicName().MatchString(in.Name) || fifo != (in.Attributes["FifoTopic"] == "true") {
		return nil, invalid("Topic Name")
	}
	arn := s.arn(c.Caller.Account, c.Region, in.Name)
	if t, _ := s.find(arn); t != nil {
		return &topicOutput{TopicArn: arn}, t.sameAs(in)
	}
	properties, own, err := in.properties()
	if err != nil {
		return nil, err
	}
	t, _, err := s.topics.Make(c.Caller.Account, c.Region, properties)
	var exists *core.ExistsError
	if errors.As(err, &exists) {
		return nil, invalid("Topic Name Reason: the name is taken by a resource that is being made")
	}
	if err != nil {
		return nil, err
	}
	t.own = own
	return &topicOutput{TopicArn: t.arn}, nil
}

// properties are what the topic will be as a live resource, and the attributes
// that are none of its properties.
func (in *createTopicInput) properties() (properties map[string]any, own map[string]string, err error) {
	properties, own = map[string]any{"TopicName": in.Name}, map[string]string{}
	for _, name := range sortedKeys(in.Attributes) {
		if !settable(name) {
			return nil, nil, invalid("Attributes Reason: Unknown attribute " + name)
		}
		if next, ok := topicProperties(properties, name, in.Attributes[name]); ok {
			properties = next
		} else {
			own[name] = in.Attributes[name]
		}
	}
	if len(in.Tags) > 0 {
		tags := map[string]string{}
		for _, one := range in.Tags {
			tags[one.Key] = one.Value
		}
		properties["Tags"] = property.TagList(tags)
	}
	return properties, own, nil
}

// sameAs refuses a second creation of a topic with other attributes or tags.
func (t *topic) sameAs(in *createTopicInput) error {
	now := t.all()
	for name, value := range in.Attributes {
		if now[name] != value && !(value == "" || value == "false" && now[name] == "") {
			return invalid("Attributes Reason: Topic already exists with different attributes")
		}
	}
	if in.Tags == nil {
		return nil
	}
	tags := map[string]string{}
	for _, one := range in.Tags {
		tags[one.Key] = one.Value
	}
	if !maps.Equal(tags, t.tags) {
		return invalid("Tags Reason: Topic already exists with different tags")
	}
	return nil
}

// all are the topic's attributes as they were set.
func (t *topic) all() map[string]string {
	out := maps.Clone(t.own)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, t.attributes)
	return out
}

type topicInput struct {
	TopicArn string `valid:"required"`
}

// deleteTopic succeeds for a topic that is not there.
func (s *SNS) deleteTopic(c *core.Call, in *topicInput) (*struct{}, error) {
	t, l := s.find(in.TopicArn)
	if t == nil {
		return &struct{}{}, nil
	}
	if t.owner != c.Caller.Account {
		return nil, denied(c, "SNS:DeleteTopic", in.TopicArn)
	}
	for _, sub := range s.subscriptionsOf(t) {
		if !sub.live.zero() {
			if err := s.subscriptions.Delete(sub.live.Live); err != nil {
				return nil, err
			}
		}
	}
	return &struct{}{}, s.topics.Delete(l)
}

type listInput struct{ NextToken string }

type topicEntry struct{ TopicArn string }

type listTopicsOutput struct {
	Topics    []topicEntry
	NextToken string
}

// topicsPage is SNS's page of topics and of subscriptions.
const topicsPage = 100

// listTopics goes on after the ARN that the token is.
func (s *SNS) listTopics(c *core.Call, in *listInput) (*listTopicsOutput, error) {
	out := &listTopicsOutput{Topics: []topicEntry{}}
	for _, arn := range sortedKeys(s.topics.At(c.Caller.Account, c.Region)) {
		if arn <= in.NextToken {
			continue
		}
		if len(out.Topics) == topicsPage {
			out.NextToken = out.Topics[topicsPage-1].TopicArn
			break
		}
		out.Topics = append(out.Topics, topicEntry{arn})
	}
	return out, nil
}

// topic finds a topic that the caller may use: the owner's own. Topics of other
// accounts need a policy, which the embedded AWS does not read.
func (s *SNS) topic(c *core.Call, arn string) (*topic, error) {
	if !strings.HasPrefix(arn, "arn:") || strings.Count(arn, ":") < 5 {
		return nil, invalid("TopicArn")
	}
	switch t, _ := s.find(arn); {
	case t == nil:
		return nil, core.Errorf(http.StatusNotFound, "NotFound", "Topic does not exist")
	case t.owner != c.Caller.Account:
		return nil, denied(c, "SNS:"+c.Action, arn)
	default:
		return t, nil
	}
}

func invalid(what string) *core.Error {
	return core.Errorf(http.StatusBadRequest, "InvalidParameter", "Invalid parameter: %s", what)
}

func denied(c *core.Call, action, arn string) *core.Error {
	return core.Errorf(http.StatusForbidden, "AuthorizationError",
		"User: %s is not authorized to perform: %s on resource: %s", c.Caller.ARN, action, arn)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
