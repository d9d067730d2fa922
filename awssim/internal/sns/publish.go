package sns

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/setmend/setmend/awssim/internal/core"
)

// maxMessage is the largest message with its attributes, maxBatch the largest
// batch, kept how many messages of a topic are kept here. Duplicates are told
// for five minutes.
const (
	maxMessage  = 256 << 10
	maxBatch    = 10
	maxSubject  = 100
	kept        = 1000
	deduplicate = 5 * time.Minute
)

type attribute struct {
	DataType    string `valid:"required"`
	StringValue string
	BinaryValue []byte
}

type publishInput struct {
	TopicArn, TargetArn, PhoneNumber       string
	Message                                string
	Subject, MessageStructure              string
	MessageAttributes                      map[string]attribute
	MessageDeduplicationId, MessageGroupId string
}

type publishOutput struct{ MessageId, SequenceNumber string }

func (s *SNS) publish(c *core.Call, in *publishInput) (*publishOutput, error) {
	arn := in.TopicArn
	if arn == "" {
		arn = in.TargetArn
	}
	if arn == "" {
		return nil, invalid("TopicArn or TargetArn Reason: no value for required parameter")
	}
	t, err := s.topic(c, arn)
	if err != nil {
		return nil, err
	}
	if err := checkMessage(t, in); err != nil {
		return nil, err
	}
	m := s.accept(t, Message{
		Subject: in.Subject, Body: in.Message, Attributes: texts(in.MessageAttributes), GroupID: in.MessageGroupId,
	}, in.MessageDeduplicationId)
	return &publishOutput{MessageId: m.ID, SequenceNumber: m.SequenceNumber}, nil
}

func checkMessage(t *topic, in *publishInput) error {
	switch {
	case in.Message == "":
		return invalid("Empty message")
	case size(in) > maxMessage:
		return invalid("Message too long")
	case utf8.RuneCountInString(in.Subject) > maxSubject || strings.ContainsAny(in.Subject, "\r\n"):
		return invalid("Subject")
	case in.MessageStructure == "json" && !hasDefault(in.Message):
		return invalid("Message Structure - No default entry in JSON message body")
	case t.fifo() && in.MessageGroupId == "":
		return invalid("The MessageGroupId parameter is required for FIFO topics")
	case t.fifo() && in.MessageDeduplicationId == "" && t.attributes["ContentBasedDeduplication"] != "true":
		return invalid("The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	}
	return nil
}

// size counts as SNS does: the message, and each attribute's name, type and value.
func size(in *publishInput) int {
	n := len(in.Message)
	for name, a := range in.MessageAttributes {
		n += len(name) + len(a.DataType) + len(a.StringValue) + len(a.BinaryValue)
	}
	return n
}

func hasDefault(message string) bool {
	var parts map[string]any
	if json.Unmarshal([]byte(message), &parts) != nil {
		return false
	}
	_, ok := parts["default"].(string)
	return ok
}

func texts(attributes map[string]attribute) map[string]string {
	out := map[string]string{}
	for name, a := range attributes {
		out[name] = a.StringValue + string(a.BinaryValue)
	}
	return out
}

func (t *topic) fifo() bool { return strings.HasSuffix(t.name, ".fifo") }

// accept takes a message in, or answers the one it repeats.
func (s *SNS) accept(t *topic, m Message, deduplicationID ...string) Message {
	m.ID, m.TopicARN, m.Time = s.world.UUID(), t.arn, s.world.Now()
	if t.fifo() {
		id := m.Body
		if len(deduplicationID) > 0 && deduplicationID[0] != "" {
			id = deduplicationID[0]
		}
		if old, ok := t.accepted[id]; ok && m.Time.Sub(old.Time) < deduplicate {
			return old
		}
		t.sequence++
		m.SequenceNumber = fmt.Sprintf("%020d", 10_000_000_000_000_000+t.sequence)
		t.accepted[id] = m
	}
	t.messages = append(t.messages, m)
	if len(t.messages) > kept {
		t.messages = t.messages[1:]
	}
	s.fanOut(t, m)
	return m
}

type batchEntry struct {
	Id                                     string `valid:"required"`
	Message                                string `valid:"required"`
	Subject, MessageStructure              string
	MessageAttributes                      map[string]attribute
	MessageDeduplicationId, MessageGroupId string
}

type publishBatchInput struct {
	TopicArn                   string       `valid:"required"`
	PublishBatchRequestEntries []batchEntry `valid:"required"`
}

type (
	batchResult struct{ Id, MessageId, SequenceNumber string }
	batchError  struct {
		Id, Code, Message string
		SenderFault       bool
	}
	publishBatchOutput struct {
		Successful []batchResult
		Failed     []batchError
	}
)

func (s *SNS) publishBatch(c *core.Call, in *publishBatchInput) (*publishBatchOutput, error) {
	t, err := s.topic(c, in.TopicArn)
	if err != nil {
		return nil, err
	}
	if err := checkBatch(in.PublishBatchRequestEntries); err != nil {
		return nil, err
	}
	out := &publishBatchOutput{Successful: []batchResult{}, Failed: []batchError{}}
	for _, e := range in.PublishBatchRequestEntries {
		one := e.publishInput(t.arn)
		if err := checkMessage(t, one); err != nil {
			out.Failed = append(out.Failed, batchError{Id: e.Id, Code: "InvalidParameter", Message: err.Error(), SenderFault: true})
			continue
		}
		m := s.accept(t, Message{Subject: e.Subject, Body: e.Message, Attributes: texts(e.MessageAttributes), GroupID: e.MessageGroupId}, e.MessageDeduplicationId)
		out.Successful = append(out.Successful, batchResult{e.Id, m.ID, m.SequenceNumber})
	}
	return out, nil
}

func (e batchEntry) publishInput(arn string) *publishInput {
	return &publishInput{
		TopicArn: arn, Message: e.Message, Subject: e.Subject, MessageStructure: e.MessageStructure,
		MessageAttributes: e.MessageAttributes, MessageDeduplicationId: e.MessageDeduplicationId, MessageGroupId: e.MessageGroupId,
	}
}

func checkBatch(entries []batchEntry) error {
	seen, total := map[string]bool{}, 0
	for _, e := range entries {
		if seen[e.Id] {
			return core.Errorf(http.StatusBadRequest, "BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
		}
		seen[e.Id] = true
		total += size(e.publishInput(""))
	}
	switch {
	case len(entries) == 0:
		return core.Errorf(http.StatusBadRequest, "EmptyBatchRequest", "The batch request doesn't contain any entries.")
	case len(entries) > maxBatch:
		return core.Errorf(http.StatusBadRequest, "TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
	case total > maxMessage:
		return core.Errorf(http.StatusBadRequest, "BatchRequestTooLong", "The length of all the batch messages put together is more than the limit.")
	}
	return nil
}
