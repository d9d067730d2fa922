package sns

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// SNS is the service in every account and region.
type SNS struct {
	world  *core.World
	topics map[string]*topic // by ARN
}

type topic struct {
	arn, name, owner string
	attributes       map[string]string
	tags             map[string]string
	subscriptions    []Subscription
	messages         []Message
	sequence         int64
	accepted         map[string]Message // FIFO: by deduplication id
}

// Message is a published message.
type Message struct {
	ID, TopicARN, Subject, Body string
	Attributes                  map[string]string
	GroupID                     string
	SequenceNumber              string
	Time                        time.Time
}

// New makes the service.
func New(w *core.World) *SNS { return &SNS{world: w, topics: map[string]*topic{}} }

// Service is the API.
func (s *SNS) Service() core.Service {
	return core.Service{
		Name:        "sns",
		Protocols:   []core.Protocol{core.Query},
		Version:     "2010-03-31",
		Namespace:   "http://sns.amazonaws.com/doc/2010-03-31/",
		InvalidCode: "InvalidParameter",
		Actions: map[string]core.Action{
			"CreateTopic":              core.Write(core.Do(s.createTopic)),
			"DeleteTopic":              core.Write(core.Do(s.deleteTopic)),
			"ListTopics":               core.Do(s.listTopics),
			"GetTopicAttributes":       core.Do(s.getTopicAttributes),
			"SetTopicAttributes":       core.Write(core.Do(s.setTopicAttributes)),
			"Subscribe":                core.Write(core.Do(s.subscribe)),
			"Unsubscribe":              core.Write(core.Do(s.unsubscribe)),
			"ListSubscriptionsByTopic": core.Do(s.listSubscriptionsByTopic),
			"Publish":                  core.Write(core.Do(s.publish)),
			"PublishBatch":             core.Write(core.Do(s.publishBatch)),
			"ListTagsForResource":      core.Do(s.listTags),
			"TagResource":              core.Write(core.Do(s.tagResource)),
			"UntagResource":            core.Write(core.Do(s.untagResource)),
		},
	}
}

// Messages are what was published to a topic, oldest first.
func (s *SNS) Messages(topicARN string) []Message {
	if t := s.topics[topicARN]; t != nil {
		return slices.Clone(t.messages)
	}
	return nil
}

// CreateTopic makes a topic and answers its ARN, for filling a world.
func (s *SNS) CreateTopic(account, region, name string) string {
	return s.ensure(account, region, name).arn
}

// Deliver publishes a text as a service such as EventBridge does; ok is false
// where there is no such topic.
func (s *SNS) Deliver(topicARN, text string) (ok bool) {
	t := s.topics[topicARN]
	if t == nil {
		return false
	}
	s.accept(t, Message{Body: text})
	return true
}

func (s *SNS) ensure(account, region, name string) *topic {
	arn := fmt.Sprintf("arn:%s:sns:%s:%s:%s", s.world.Options.Partition, region, account, name)
	if s.topics[arn] == nil {
		s.topics[arn] = &topic{
			arn: arn, name: name, owner: account,
			attributes: map[string]string{}, tags: map[string]string{}, accepted: map[string]Message{},
		}
	}
	return s.topics[arn]
}

type tag struct {
	Key   string `valid:"required,min=1,max=128"`
	Value string `valid:"max=256"`
}

type createTopicInput struct {
	Name       string `valid:"required"`
	Attributes map[string]string
	Tags       []tag
}

type topicOutput struct{ TopicArn string }

var topicName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$|^[A-Za-z0-9_-]{1,251}\.fifo$`)

// createTopic is idempotent: the same name again answers the same topic.
func (s *SNS) createTopic(c *core.Call, in *createTopicInput) (*topicOutput, error) {
	fifo := strings.HasSuffix(in.Name, ".fifo")
	if !topicName.MatchString(in.Name) || fifo != (in.Attributes["FifoTopic"] == "true") {
		return nil, invalid("Topic Name")
	}
	t := s.ensure(c.Caller.Account, c.Region, in.Name)
	maps.Copy(t.attributes, in.Attributes)
	for _, tag := range in.Tags {
		t.tags[tag.Key] = tag.Value
	}
	return &topicOutput{TopicArn: t.arn}, nil
}

type topicInput struct {
	TopicArn string `valid:"required"`
}

// deleteTopic succeeds for a topic that is not there.
func (s *SNS) deleteTopic(c *core.Call, in *topicInput) (*struct{}, error) {
	if t := s.topics[in.TopicArn]; t != nil && t.owner != c.Caller.Account {
		return nil, denied(c, "SNS:DeleteTopic", in.TopicArn)
	}
	delete(s.topics, in.TopicArn)
	return &struct{}{}, nil
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
	for _, arn := range slices.Sorted(maps.Keys(s.topics)) {
		if !s.topics[arn].at(c) || arn <= in.NextToken {
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

func (t *topic) at(c *core.Call) bool {
	return t.owner == c.Caller.Account && strings.Contains(t.arn, ":sns:"+c.Region+":")
}

type attributesOutput struct{ Attributes map[string]string }

func (s *SNS) getTopicAttributes(c *core.Call, in *topicInput) (*attributesOutput, error) {
	t, err := s.topic(c, in.TopicArn)
	if err != nil {
		return nil, err
	}
	out := maps.Clone(t.attributes)
	out["TopicArn"] = t.arn
	out["Owner"] = t.owner
	out["SubscriptionsConfirmed"] = fmt.Sprint(len(t.subscriptions))
	out["SubscriptionsPending"] = "0"
	out["SubscriptionsDeleted"] = "0"
	return &attributesOutput{Attributes: out}, nil
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
	t.attributes[in.AttributeName] = in.AttributeValue
	return &struct{}{}, nil
}

// topic finds a topic that the caller may use: the owner's own. Topics of other
// accounts need a policy, which the embedded AWS does not read.
func (s *SNS) topic(c *core.Call, arn string) (*topic, error) {
	switch t := s.topics[arn]; {
	case !strings.HasPrefix(arn, "arn:") || strings.Count(arn, ":") < 5:
		return nil, invalid("TopicArn")
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
