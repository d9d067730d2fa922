package sqs

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// The resource types behind the service.
const (
	queueType  = "AWS::SQS::Queue"
	policyType = "AWS::SQS::QueuePolicy"
)

// SQS is the service in every account and region.
type SQS struct {
	world    *core.World
	queues   *core.Mirror[queue]
	policies *core.Mirror[policy]
	deleted  map[string]time.Time // by ARN: a name is free again after a minute
	metrics  core.Reporter
	arrived  []func(queueARN string)
}

// queue is a queue: its settings, as its live resource has them, and its messages.
type queue struct {
	live                                        core.Live
	account, region, name, url, arn             string
	visibility, delay, retention, wait, largest int
	fifo, contentBased, sse                     bool
	deadLetter                                  string // ARN
	mostReceives                                int
	own                                         map[string]string // attributes that are no properties
	messages                                    []*message        // in order of sending
	sequence                                    int64
	accepted                                    map[string]accepted // FIFO: by deduplication id
	waiting                                     []*receiver
	alarm                                       *core.Timer // when the next message becomes visible
	counting                                    bool
	quiet                                       int // minutes without messages
	purged                                      time.Time
}

type policy struct {
	queues   []string
	document string
}

func takePolicy(l core.Live, _ *policy) *policy {
	return &policy{property.Texts(l.Properties["Queues"]), property.JSON(l.Properties["PolicyDocument"])}
}

// New makes the service as a view on live queues.
func New(w *core.World, store core.LiveStore, metrics core.Reporter) *SQS {
	s := &SQS{world: w, metrics: metrics, deleted: map[string]time.Time{}}
	s.queues = core.NewMirror(store, queueType, s.take)
	s.policies = core.NewMirror(store, policyType, takePolicy)
	return s
}

// OnArrival has f called, with the lock held, when messages of a queue can be
// received.
func (s *SQS) OnArrival(f func(queueARN string)) { s.arrived = append(s.arrived, f) }

// Service is the API.
func (s *SQS) Service() core.Service {
	return core.Service{
		Name:         "sqs",
		Protocols:    []core.Protocol{core.JSON10},
		TargetPrefix: "AmazonSQS",
		InvalidCode:  "InvalidParameterValue",
		Actions: map[string]core.Action{
			"CreateQueue":                  core.Write(core.Do(s.createQueue)),
			"DeleteQueue":                  core.Write(core.Do(s.deleteQueue)),
			"GetQueueUrl":                  core.Do(s.getQueueURL),
			"ListQueues":                   core.Do(s.listQueues),
			"ListDeadLetterSourceQueues":   core.Do(s.listSources),
			"GetQueueAttributes":           core.Do(s.getAttributes),
			"SetQueueAttributes":           core.Write(core.Do(s.setAttributes)),
			"PurgeQueue":                   core.Write(core.Do(s.purge)),
			"SendMessage":                  core.Write(core.Do(s.sendMessage)),
			"SendMessageBatch":             core.Write(core.Do(s.sendBatch)),
			"ReceiveMessage":               core.Write(core.Await(s.receiveMessage)),
			"DeleteMessage":                core.Write(core.Do(s.deleteMessage)),
			"DeleteMessageBatch":           core.Write(core.Do(s.deleteBatch)),
			"ChangeMessageVisibility":      core.Write(core.Do(s.changeVisibility)),
			"ChangeMessageVisibilityBatch": core.Write(core.Do(s.changeVisibilityBatch)),
			"ListQueueTags":                core.Do(s.listTags),
			"TagQueue":                     core.Write(core.Do(s.tagQueue)),
			"UntagQueue":                   core.Write(core.Do(s.untagQueue)),
		},
	}
}

// take makes a queue of a live resource, or brings it up to date.
func (s *SQS) take(l core.Live, known *queue) *queue {
	q := known
	if q == nil {
		q = &queue{account: l.Account, region: l.Region, url: l.ID, name: l.ID[strings.LastIndexByte(l.ID, '/')+1:], own: map[string]string{}, accepted: map[string]accepted{}}
		q.arn = fmt.Sprintf("arn:%s:sqs:%s:%s:%s", s.world.Options.Partition, l.Region, l.Account, q.name)
	}
	p := l.Properties
	q.live = l
	q.visibility, q.delay, q.retention = property.Int(p["VisibilityTimeout"], 30), property.Int(p["DelaySeconds"], 0), property.Int(p["MessageRetentionPeriod"], 345600)
	q.wait, q.largest = property.Int(p["ReceiveMessageWaitTimeSeconds"], 0), property.Int(p["MaximumMessageSize"], largestMessage)
	q.fifo, q.contentBased = property.Bool(p["FifoQueue"]), property.Bool(p["ContentBasedDeduplication"])
	q.sse = property.Text(p["SqsManagedSseEnabled"]) != "false" && p["KmsMasterKeyId"] == nil
	redrive := property.Map(property.Object(property.JSON(p["RedrivePolicy"])))
	q.deadLetter, q.mostReceives = property.Text(redrive["deadLetterTargetArn"]), property.Int(redrive["maxReceiveCount"], 0)
	return q
}

// attributeKinds are the attributes that can be set, with how they are properties.
var attributeKinds = map[string]string{
	"DelaySeconds": "number", "MaximumMessageSize": "number", "MessageRetentionPeriod": "number", "ReceiveMessageWaitTimeSeconds": "number", "VisibilityTimeout": "number",
	"KmsDataKeyReusePeriodSeconds": "number", "RedrivePolicy": "object", "RedriveAllowPolicy": "object", "FifoQueue": "flag", "ContentBasedDeduplication": "flag",
	"SqsManagedSseEnabled": "flag", "DeduplicationScope": "text", "FifoThroughputLimit": "text", "KmsMasterKeyId": "text", "Policy": "own",
}

// bounds of the attributes that are numbers.
var bounds = map[string][2]int{
	"DelaySeconds": {0, 900}, "MaximumMessageSize": {1024, largestMessage}, "MessageRetentionPeriod": {60, 1209600}, "ReceiveMessageWaitTimeSeconds": {0, 20},
	"VisibilityTimeout": {0, 43200}, "KmsDataKeyReusePeriodSeconds": {60, 86400},
}

// set puts an attribute into a queue's properties.
func (s *SQS) set(p map[string]any, name, value string) (map[string]any, error) {
	switch attributeKinds[name] {
	case "number":
		n, err := strconv.Atoi(value)
		if b := bounds[name]; err != nil || n < b[0] || n > b[1] {
			return nil, refuse("InvalidAttributeValue", "Invalid value for the parameter %s.", name)
		}
		return property.With(p, name, float64(n)), nil
	case "flag":
		if value != "true" && value != "false" {
			return nil, refuse("InvalidAttributeValue", "Invalid value for the parameter %s.", name)
		}
		return property.With(p, name, value == "true"), nil
	case "object":
		if value == "" {
			return property.With(p, name, nil), nil
		}
		object, isObject := property.Object(value).(map[string]any)
		if !isObject || name == "RedrivePolicy" && !s.redrivable(object) {
			return nil, refuse("InvalidParameterValue", "Value %s for parameter %s is invalid. Reason: Redrive policy is not a valid JSON map.", value, name)
		}
		return property.With(p, name, object), nil
	case "text":
		return property.With(p, name, value), nil
	case "own":
		if _, isObject := property.Object(value).(map[string]any); value != "" && !isObject {
			return nil, refuse("InvalidAttributeValue", "Invalid value for the parameter Policy.")
		}
		return p, nil
	}
	return nil, refuse("InvalidAttributeName", "Unknown Attribute %s.", name)
}

func (s *SQS) redrivable(redrive map[string]any) bool {
	n := property.Int(redrive["maxReceiveCount"], 0)
	return s.at(property.Text(redrive["deadLetterTargetArn"])) != nil && n >= 1 && n <= 1000
}

// at finds a queue by ARN, nil if there is none.
func (s *SQS) at(arn string) *queue {
	a, ok := core.ParseARN(arn)
	if !ok || a.Service != "sqs" {
		return nil
	}
	return s.named(a.Account, a.Region, a.Resource)
}

func (s *SQS) named(account, region, name string) *queue {
	for _, q := range s.queues.At(account, region) {
		if q.name == name {
			return q
		}
	}
	return nil
}

// queue finds the queue of a URL.
func (s *SQS) queue(c *core.Call, url string) (*queue, error) {
	parts := strings.Split(strings.TrimRight(url, "/"), "/")
	if len(parts) < 2 {
		return nil, refuse("InvalidAddress", "The address %s is not valid for this endpoint.", url)
	}
	account, name := parts[len(parts)-2], parts[len(parts)-1]
	if len(account) != 12 { // a name alone, as AWS takes it of the owner
		account = c.Caller.Account
	}
	if q := s.named(account, c.Region, name); q != nil {
		return q, nil
	}
	return nil, missing()
}

func missing() *core.Error {
	return refuse("QueueDoesNotExist", "The specified queue does not exist.")
}

func refuse(code, format string, args ...any) *core.Error {
	return core.Errorf(http.StatusBadRequest, code, format, args...)
}

type createQueueInput struct {
	QueueName  string `valid:"required"`
	Attributes map[string]string
	Tags       map[string]string `wire:"tags"`
}

type urlOutput struct{ QueueUrl string }

var queueName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$|^[A-Za-z0-9_-]{1,75}\.fifo$`)

// reuse is how long the name of a deleted queue is taken.
const reuse = time.Minute

// createQueue is idempotent: the same name with the same attributes is the same
// queue.
func (s *SQS) createQueue(c *core.Call, in *createQueueInput) (*urlOutput, error) {
	fifo := strings.HasSuffix(in.QueueName, ".fifo")
	if !queueName.MatchString(in.QueueName) {
		return nil, refuse("InvalidParameterValue", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	if fifo != (in.Attributes["FifoQueue"] == "true") {
		return nil, refuse("InvalidParameterValue", "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length")
	}
	if q := s.named(c.Caller.Account, c.Region, in.QueueName); q != nil {
		now := s.attributes(q)
		for name, value := range in.Attributes {
			if now[name] != value {
				return nil, refuse("QueueNameExists", "A queue already exists with the same name and a different value for attribute %s", name)
			}
		}
		return &urlOutput{q.url}, nil
	}
	arn := fmt.Sprintf("arn:%s:sqs:%s:%s:%s", c.Options.Partition, c.Region, c.Caller.Account, in.QueueName)
	if at, was := s.deleted[arn]; was && c.Now().Sub(at) < reuse {
		return nil, refuse("QueueDeletedRecently", "You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	}
	p := map[string]any{"QueueName": in.QueueName}
	for _, name := range slices.Sorted(maps.Keys(in.Attributes)) {
		var err error
		if p, err = s.set(p, name, in.Attributes[name]); err != nil {
			return nil, err
		}
	}
	q, _, err := s.queues.Make(c.Caller.Account, c.Region, property.With(p, "Tags", property.TagList(in.Tags)))
	if exists := (*core.ExistsError)(nil); errors.As(err, &exists) {
		return nil, refuse("QueueNameExists", "A queue already exists with the same name and a different value for attribute")
	}
	if err != nil {
		return nil, err
	}
	if value := in.Attributes["Policy"]; value != "" {
		q.own["Policy"] = value
	}
	return &urlOutput{q.url}, nil
}

type queueInput struct {
	QueueUrl string `valid:"required"`
}

func (s *SQS) deleteQueue(c *core.Call, in *queueInput) (*struct{}, error) {
	q, err := s.queue(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	s.deleted[q.arn] = c.Now()
	c.Cancel(q.alarm)
	q.release(nil)
	return &struct{}{}, s.queues.Delete(q.live)
}

type getURLInput struct {
	QueueName              string `valid:"required"`
	QueueOwnerAWSAccountId string
}

func (s *SQS) getQueueURL(c *core.Call, in *getURLInput) (*urlOutput, error) {
	account := c.Caller.Account
	if in.QueueOwnerAWSAccountId != "" {
		account = in.QueueOwnerAWSAccountId
	}
	q := s.named(account, c.Region, in.QueueName)
	if q == nil {
		return nil, missing()
	}
	return &urlOutput{q.url}, nil
}

type listQueuesInput struct {
	QueueNamePrefix, NextToken string
	MaxResults                 *int32 `valid:"min=1,max=1000"`
}

type listQueuesOutput struct {
	QueueUrls []string
	NextToken string
}

func (s *SQS) listQueues(c *core.Call, in *listQueuesInput) (*listQueuesOutput, error) {
	var urls []string
	for _, q := range s.queues.At(c.Caller.Account, c.Region) {
		if strings.HasPrefix(q.name, in.QueueNamePrefix) {
			urls = append(urls, q.url)
		}
	}
	return pageOf(urls, in.NextToken, in.MaxResults), nil
}

func pageOf(urls []string, token string, most *int32) *listQueuesOutput {
	slices.Sort(urls)
	size := 1000
	if most != nil {
		size = int(*most)
	}
	out := &listQueuesOutput{}
	out.QueueUrls, out.NextToken = property.Page(urls, token, size)
	return out
}

type sourcesInput struct {
	QueueUrl   string `valid:"required"`
	NextToken  string
	MaxResults *int32 `valid:"min=1,max=1000"`
}

type sourcesOutput struct {
	QueueUrls []string `wire:"queueUrls"`
	NextToken string
}

func (s *SQS) listSources(c *core.Call, in *sourcesInput) (*sourcesOutput, error) {
	q, err := s.queue(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	urls := []string{}
	for _, other := range s.queues.At(q.account, q.region) {
		if other.deadLetter == q.arn {
			urls = append(urls, other.url)
		}
	}
	page := pageOf(urls, in.NextToken, in.MaxResults)
	return &sourcesOutput{page.QueueUrls, page.NextToken}, nil
}

// Policy is a queue's policy as a document, "" if it has none.
func (s *SQS) Policy(arn string) string {
	q := s.at(arn)
	if q == nil {
		return ""
	}
	if own := q.own["Policy"]; own != "" {
		return own
	}
	here := s.policies.At(q.account, q.region)
	for _, id := range slices.Sorted(maps.Keys(here)) {
		if slices.Contains(here[id].queues, q.url) {
			return here[id].document
		}
	}
	return ""
}

// attributes are all that a queue has.
func (s *SQS) attributes(q *queue) map[string]string {
	visible, hidden, delayed := q.count(s.world.Now())
	out := map[string]string{
		"QueueArn": q.arn, "VisibilityTimeout": strconv.Itoa(q.visibility), "DelaySeconds": strconv.Itoa(q.delay), "MessageRetentionPeriod": strconv.Itoa(q.retention),
		"ReceiveMessageWaitTimeSeconds": strconv.Itoa(q.wait), "MaximumMessageSize": strconv.Itoa(q.largest), "ApproximateNumberOfMessages": strconv.Itoa(visible),
		"ApproximateNumberOfMessagesNotVisible": strconv.Itoa(hidden), "ApproximateNumberOfMessagesDelayed": strconv.Itoa(delayed),
		"CreatedTimestamp": strconv.FormatInt(q.live.Made.Unix(), 10), "LastModifiedTimestamp": strconv.FormatInt(q.live.Changed.Unix(), 10),
		"SqsManagedSseEnabled": strconv.FormatBool(q.sse),
	}
	for _, name := range []string{"RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "DeduplicationScope", "FifoThroughputLimit"} {
		if v := q.live.Properties[name]; v != nil {
			out[name] = property.Text(v)
		}
	}
	if q.fifo {
		out["FifoQueue"], out["ContentBasedDeduplication"] = "true", strconv.FormatBool(q.contentBased)
	}
	if p := s.Policy(q.arn); p != "" {
		out["Policy"] = p
	}
	return out
}

type getAttributesInput struct {
	QueueUrl       string `valid:"required"`
	AttributeNames []string
}

type attributesOutput struct{ Attributes map[string]string }

func (s *SQS) getAttributes(c *core.Call, in *getAttributesInput) (*attributesOutput, error) {
	q, err := s.queue(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	all := s.attributes(q)
	if slices.Contains(in.AttributeNames, "All") {
		return &attributesOutput{all}, nil
	}
	out := map[string]string{}
	for _, name := range in.AttributeNames {
		value, has := all[name]
		if _, known := attributeKinds[name]; !known && !has {
			return nil, refuse("InvalidAttributeName", "Unknown Attribute %s.", name)
		}
		if has {
			out[name] = value
		}
	}
	return &attributesOutput{out}, nil
}

type setAttributesInput struct {
	QueueUrl   string            `valid:"required"`
	Attributes map[string]string `valid:"required"`
}

func (s *SQS) setAttributes(c *core.Call, in *setAttributesInput) (*struct{}, error) {
	q, err := s.queue(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	p := q.live.Properties
	for _, name := range slices.Sorted(maps.Keys(in.Attributes)) {
		if name == "FifoQueue" && (in.Attributes[name] == "true") != q.fifo {
			return nil, refuse("InvalidAttributeName", "You can specify the FifoQueue attribute only when you create a queue.")
		}
		if p, err = s.set(p, name, in.Attributes[name]); err != nil {
			return nil, err
		}
	}
	if value, given := in.Attributes["Policy"]; given {
		if delete(q.own, "Policy"); value != "" {
			q.own["Policy"] = value
		}
	}
	_, err = s.queues.Change(q.live, p)
	return &struct{}{}, err
}

type tagsOutput struct{ Tags map[string]string }

func (s *SQS) listTags(c *core.Call, in *queueInput) (*tagsOutput, error) {
	q, err := s.queue(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return &tagsOutput{property.Tags(q.live.Properties["Tags"])}, nil
}

type tagInput struct {
	QueueUrl string            `valid:"required"`
	Tags     map[string]string `valid:"required"`
}

func (s *SQS) tagQueue(c *core.Call, in *tagInput) (*struct{}, error) {
	q, err := s.queue(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	tags := property.Tags(q.live.Properties["Tags"])
	maps.Copy(tags, in.Tags)
	_, err = s.queues.Change(q.live, property.With(q.live.Properties, "Tags", property.TagList(tags)))
	return &struct{}{}, err
}

type untagInput struct {
	QueueUrl string   `valid:"required"`
	TagKeys  []string `valid:"required"`
}

func (s *SQS) untagQueue(c *core.Call, in *untagInput) (*struct{}, error) {
	q, err := s.queue(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	tags := property.Tags(q.live.Properties["Tags"])
	for _, key := range in.TagKeys {
		delete(tags, key)
	}
	_, err = s.queues.Change(q.live, property.With(q.live.Properties, "Tags", property.TagList(tags)))
	return &struct{}{}, err
}
