package sqs

import (
	"crypto/md5" //nolint:gosec // what SQS answers with
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/functions"
)

// Limits of messages (SQS quotas).
const (
	largestMessage = 1 << 20 // since August 2025
	mostBatch      = 10
	mostInFlight   = 120_000
	deduplicate    = 5 * time.Minute
	firstSequence  = 849_496_460_467_696_128
)

// message is a message of a queue.
type message struct {
	id, body, md5   string
	attributes      map[string]attribute
	sender          string
	sent, firstSeen time.Time
	visible         time.Time // from when on it can be received
	receives        int
	receipt         string // of the last receive
	group, dedup    string
	sequence        string
	source          string // the queue that it was dead in
}

type accepted struct {
	at           time.Time
	id, sequence string
}

type attribute struct {
	DataType    string `valid:"required"`
	StringValue string
	BinaryValue []byte
}

// receiver is a request that waits for messages.
type receiver struct {
	most  int
	give  func([]*message)
	timer *core.Timer
	hide  time.Duration
}

// inFlight reports whether a message was received and neither deleted nor seen
// again.
func (m *message) inFlight(now time.Time) bool { return m.receives > 0 && m.visible.After(now) }

func (q *queue) count(now time.Time) (visible, hidden, delayed int) {
	q.expire(now)
	for _, m := range q.messages {
		switch {
		case !m.visible.After(now):
			visible++
		case m.receives > 0:
			hidden++
		default:
			delayed++
		}
	}
	return visible, hidden, delayed
}

// expire drops what was kept for the retention period.
func (q *queue) expire(now time.Time) {
	keep := time.Duration(q.retention) * time.Second
	q.messages = slices.DeleteFunc(q.messages, func(m *message) bool { return now.Sub(m.sent) >= keep })
}

type sendInput struct {
	QueueUrl     string `valid:"required"`
	MessageBody  string `valid:"required"`
	DelaySeconds *int32
	sendMembers
}

type sendMembers struct {
	MessageAttributes       map[string]attribute
	MessageSystemAttributes map[string]attribute
	MessageDeduplicationId  string
	MessageGroupId          string
}

type sendOutput struct{ MessageId, MD5OfMessageBody, MD5OfMessageAttributes, SequenceNumber string }

func (s *SQS) sendMessage(c *core.Call, in *sendInput) (*sendOutput, error) {
	q, err := s.queue(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	m, err := s.send(q, in.MessageBody, in.DelaySeconds, in.sendMembers, c.Caller.ARN)
	if err != nil {
		return nil, err
	}
	return &sendOutput{m.id, m.md5, attributesMD5(m.attributes), m.sequence}, nil
}

func size(body string, attributes map[string]attribute) int {
	n := len(body)
	for name, a := range attributes {
		n += len(name) + len(a.DataType) + len(a.StringValue) + len(a.BinaryValue)
	}
	return n
}

func (q *queue) check(body string, delay *int32, in sendMembers) error {
	switch {
	case body == "":
		return refuse("MissingParameter", "The request must contain the parameter MessageBody.")
	case size(body, in.MessageAttributes) > q.largest:
		return refuse("InvalidParameterValue", "One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", q.largest)
	case delay != nil && (*delay < 0 || *delay > 900):
		return refuse("InvalidParameterValue", "Value %d for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.", *delay)
	case len(in.MessageAttributes) > 10:
		return refuse("InvalidParameterValue", "Number of message attributes [%d] exceeds the allowed maximum [10].", len(in.MessageAttributes))
	case q.fifo && in.MessageGroupId == "":
		return refuse("MissingParameter", "The request must contain the parameter MessageGroupId.")
	case q.fifo && in.MessageDeduplicationId == "" && !q.contentBased:
		return refuse("InvalidParameterValue", "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	case q.fifo && delay != nil && *delay > 0:
		return refuse("InvalidParameterValue", "Value %d for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.", *delay)
	}
	return nil
}

// send puts a message into a queue. A repetition in a FIFO queue is answered as the
// first was.
func (s *SQS) send(q *queue, body string, delay *int32, in sendMembers, sender string) (*message, error) {
	if err := q.check(body, delay, in); err != nil {
		return nil, err
	}
	now := s.world.Now()
	m := &message{id: s.world.UUID(), body: body, md5: md5Of(body), attributes: in.MessageAttributes, sender: sender, sent: now, group: in.MessageGroupId, dedup: in.MessageDeduplicationId}
	wait := time.Duration(q.delay) * time.Second
	if delay != nil {
		wait = time.Duration(*delay) * time.Second
	}
	m.visible = now.Add(wait)
	if q.fifo {
		if m.dedup == "" {
			sum := sha256.Sum256([]byte(body))
			m.dedup = hex.EncodeToString(sum[:])
		}
		if old, known := q.accepted[m.dedup]; known && now.Sub(old.at) < deduplicate {
			return &message{id: old.id, md5: m.md5, attributes: m.attributes, sequence: old.sequence}, nil
		}
		q.sequence++
		m.sequence = fmt.Sprintf("%020d", firstSequence+q.sequence)
		q.accepted[m.dedup] = accepted{now, m.id, m.sequence}
	}
	s.report(q, "NumberOfMessagesSent", 1)
	s.put(q, m)
	return m, nil
}

// put takes a message in.
func (s *SQS) put(q *queue, m *message) {
	q.messages = append(q.messages, m)
	s.count(q)
	s.stir(q)
}

// stir delivers visible messages to waiting receivers, and sets the timer for the next
// that becomes visible.
func (s *SQS) stir(q *queue) {
	now := s.world.Now()
	for len(q.waiting) > 0 {
		r := q.waiting[0]
		got := s.receive(q, r.most, r.hide)
		if len(got) == 0 {
			break
		}
		q.waiting = q.waiting[1:]
		s.world.Cancel(r.timer)
		r.give(got)
	}
	if visible, _, _ := q.count(now); visible > 0 {
		arn := q.arn
		s.world.After(0, func() {
			for _, f := range s.arrived {
				f(arn)
			}
		})
	}
	s.world.Cancel(q.alarm)
	var next time.Time
	for _, m := range q.messages {
		if m.visible.After(now) && (next.IsZero() || m.visible.Before(next)) {
			next = m.visible
		}
	}
	if !next.IsZero() {
		q.alarm = s.world.After(next.Sub(now), func() { s.stir(q) })
	}
}

// release answers everyone who waits.
func (q *queue) release(messages []*message) {
	for _, r := range q.waiting {
		r.give(messages)
	}
	q.waiting = nil
}

// receive takes up to n visible messages for a time. What was received too often
// goes to the dead-letter queue instead.
func (s *SQS) receive(q *queue, n int, hide time.Duration) []*message {
	now := s.world.Now()
	q.expire(now)
	busy := map[string]bool{} // FIFO: groups with messages in flight
	for _, m := range q.messages {
		if q.fifo && m.inFlight(now) {
			busy[m.group] = true
		}
	}
	var got, dead []*message
	for _, m := range q.messages {
		if len(got) == n {
			break
		}
		if q.fifo && busy[m.group] {
			continue
		}
		if m.visible.After(now) {
			busy[m.group] = q.fifo
			continue
		}
		if to := s.at(q.deadLetter); to != nil && q.mostReceives > 0 && m.receives >= q.mostReceives {
			dead = append(dead, m)
			continue
		}
		if m.receives++; m.receives == 1 {
			m.firstSeen = now
		}
		m.visible = now.Add(hide)
		m.receipt = base64.StdEncoding.EncodeToString([]byte(m.id + " " + s.world.UUID()))
		got = append(got, m)
	}
	for _, m := range dead {
		s.bury(q, m)
	}
	if len(got) > 0 {
		s.report(q, "NumberOfMessagesReceived", float64(len(got)))
		s.stir(q)
	}
	return got
}

// bury moves a message to the dead-letter queue. It keeps its id and the time that
// it was sent.
func (s *SQS) bury(q *queue, m *message) {
	q.drop(m)
	to := s.at(q.deadLetter)
	moved := *m
	moved.receives, moved.receipt, moved.firstSeen, moved.source, moved.visible = 0, "", time.Time{}, q.arn, s.world.Now()
	s.put(to, &moved)
}

func (q *queue) drop(m *message) {
	q.messages = slices.DeleteFunc(q.messages, func(other *message) bool { return other == m })
}

type receiveInput struct {
	QueueUrl                    string `valid:"required"`
	AttributeNames              []string
	MessageSystemAttributeNames []string
	MessageAttributeNames       []string
	MaxNumberOfMessages         *int32
	VisibilityTimeout           *int32
	WaitTimeSeconds             *int32
	ReceiveRequestAttemptId     string
}

type messageShape struct {
	MessageId, ReceiptHandle, MD5OfBody, Body, MD5OfMessageAttributes string
	Attributes                                                        map[string]string
	MessageAttributes                                                 map[string]attribute
}

type receiveOutput struct{ Messages []messageShape }

// receiveMessage answers with what is there, or waits for it.
func (s *SQS) receiveMessage(c *core.Call, in *receiveInput) (*core.Later, error) {
	q, err := s.queue(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	most, hide, wait := value(in.MaxNumberOfMessages, 1), value(in.VisibilityTimeout, q.visibility), value(in.WaitTimeSeconds, q.wait)
	switch {
	case most < 1 || most > mostBatch:
		return nil, refuse("InvalidParameterValue", "Value %d for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.", most)
	case hide < 0 || hide > 43200:
		return nil, refuse("InvalidParameterValue", "Value %d for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200, if provided.", hide)
	case wait < 0 || wait > 20:
		return nil, refuse("InvalidParameterValue", "Value %d for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.", wait)
	}
	if _, hidden, _ := q.count(c.Now()); hidden >= mostInFlight {
		return nil, refuse("OverLimit", "The maximum number of in flight messages is reached.")
	}
	later := c.Later()
	give := func(got []*message) { later.Answer(in.answer(got), nil) }
	lasts := time.Duration(hide) * time.Second
	if got := s.receive(q, most, lasts); len(got) > 0 || wait == 0 {
		give(got)
		return later, nil
	}
	r := &receiver{most: most, give: give, hide: lasts}
	r.timer = c.After(time.Duration(wait)*time.Second, func() {
		q.waiting = slices.DeleteFunc(q.waiting, func(other *receiver) bool { return other == r })
		give(nil)
	})
	q.waiting = append(q.waiting, r)
	return later, nil
}

func value(n *int32, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return int(*n)
}

func (in *receiveInput) answer(got []*message) *receiveOutput {
	out := &receiveOutput{}
	for _, m := range got {
		one := messageShape{MessageId: m.id, ReceiptHandle: m.receipt, MD5OfBody: m.md5, Body: m.body}
		names := append(slices.Clone(in.AttributeNames), in.MessageSystemAttributeNames...)
		for name, value := range m.system() {
			if slices.Contains(names, "All") || slices.Contains(names, name) {
				if one.Attributes == nil {
					one.Attributes = map[string]string{}
				}
				one.Attributes[name] = value
			}
		}
		for name, value := range m.attributes {
			if slices.ContainsFunc(in.MessageAttributeNames, func(want string) bool {
				prefix, wild := strings.CutSuffix(want, ".*")
				return want == "All" || want == name || wild && strings.HasPrefix(name, prefix+".")
			}) {
				if one.MessageAttributes == nil {
					one.MessageAttributes = map[string]attribute{}
				}
				one.MessageAttributes[name] = value
			}
		}
		one.MD5OfMessageAttributes = attributesMD5(one.MessageAttributes)
		out.Messages = append(out.Messages, one)
	}
	return out
}

// system are a message's own attributes.
func (m *message) system() map[string]string {
	out := map[string]string{
		"SenderId": m.sender, "SentTimestamp": milliseconds(m.sent), "ApproximateReceiveCount": strconv.Itoa(m.receives), "ApproximateFirstReceiveTimestamp": milliseconds(m.firstSeen),
	}
	for name, value := range map[string]string{"MessageGroupId": m.group, "MessageDeduplicationId": m.dedup, "SequenceNumber": m.sequence, "DeadLetterQueueSourceArn": m.source} {
		if value != "" {
			out[name] = value
		}
	}
	return out
}

func milliseconds(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

func md5Of(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// attributesMD5 is the digest of attributes ("Calculating the MD5 message digest for
// message attributes"), "" for none.
func attributesMD5(attributes map[string]attribute) string {
	if len(attributes) == 0 {
		return ""
	}
	var b []byte
	put := func(text []byte) { b = append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...) }
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		a := attributes[name]
		put([]byte(name))
		put([]byte(a.DataType))
		if strings.HasPrefix(a.DataType, "Binary") {
			b = append(b, 2)
			put(a.BinaryValue)
		} else {
			b = append(b, 1)
			put([]byte(a.StringValue))
		}
	}
	return md5Of(string(b))
}

type receiptInput struct {
	QueueUrl          string `valid:"required"`
	ReceiptHandle     string `valid:"required"`
	VisibilityTimeout *int32
}

// held finds the message of a receipt: the last one's, or an earlier one's of the
// same message. It fails for what is no receipt.
func (q *queue) held(receipt string) (*message, error) {
	text, err := base64.StdEncoding.DecodeString(receipt)
	id, _, ok := strings.Cut(string(text), " ")
	if err != nil || !ok {
		return nil, refuse("ReceiptHandleIsInvalid", "The input receipt handle %q is not a valid receipt handle.", receipt)
	}
	for _, m := range q.messages {
		if m.id == id {
			return m, nil
		}
	}
	return nil, nil
}

func (s *SQS) deleteMessage(c *core.Call, in *receiptInput) (*struct{}, error) {
	q, err := s.queue(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return &struct{}{}, s.remove(q, in.ReceiptHandle)
}

// remove deletes a message; one that is gone already is as good. In a FIFO queue
// only the last receipt counts, while it lasts.
func (s *SQS) remove(q *queue, receipt string) error {
	m, err := q.held(receipt)
	if err != nil || m == nil {
		return err
	}
	if q.fifo && (m.receipt != receipt || !m.inFlight(s.world.Now())) {
		return refuse("InvalidParameterValue", "Value %s for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.", receipt)
	}
	q.drop(m)
	s.report(q, "NumberOfMessagesDeleted", 1)
	s.stir(q)
	return nil
}

func (s *SQS) changeVisibility(c *core.Call, in *receiptInput) (*struct{}, error) {
	q, err := s.queue(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return &struct{}{}, s.hide(q, in.ReceiptHandle, in.VisibilityTimeout)
}

func (s *SQS) hide(q *queue, receipt string, seconds *int32) error {
	now := s.world.Now()
	m, err := q.held(receipt)
	switch {
	case err != nil:
		return err
	case seconds == nil || *seconds < 0 || *seconds > 43200:
		return refuse("InvalidParameterValue", "Value for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and 43200.")
	case m == nil || !m.inFlight(now):
		return refuse("InvalidParameterValue", "Value %s for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.", receipt)
	}
	m.visible = now.Add(time.Duration(*seconds) * time.Second)
	s.stir(q)
	return nil
}

func (s *SQS) purge(c *core.Call, in *queueInput) (*struct{}, error) {
	q, err := s.queue(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if c.Now().Sub(q.purged) < time.Minute {
		return nil, core.Errorf(403, "PurgeQueueInProgress", "Only one PurgeQueue operation on %s is allowed every 60 seconds.", q.name)
	}
	q.messages, q.purged = nil, c.Now()
	return &struct{}{}, nil
}

type (
	entry struct {
		Id                string `valid:"required"`
		MessageBody       string
		DelaySeconds      *int32
		ReceiptHandle     string
		VisibilityTimeout *int32
		sendMembers
	}
	batchInput struct {
		QueueUrl string  `valid:"required"`
		Entries  []entry `valid:"required"`
	}
	batchResult struct {
		Id, MessageId, MD5OfMessageBody, MD5OfMessageAttributes, SequenceNumber string
	}
	batchError struct {
		Id, Code, Message string
		SenderFault       bool
	}
	batchOutput struct {
		Successful []batchResult
		Failed     []batchError
	}
)

var entryID = func(id string) bool {
	return len(id) <= 80 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}

// batch does something for each entry; what fails, fails by itself.
func (s *SQS) batch(c *core.Call, in *batchInput, do func(q *queue, e entry) (batchResult, error)) (*batchOutput, error) {
	q, err := s.queue(c, in.QueueUrl)
	if err != nil {
		return nil, err
	}
	seen, total := map[string]bool{}, 0
	for _, e := range in.Entries {
		switch {
		case !entryID(e.Id):
			return nil, refuse("InvalidBatchEntryId", "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
		case seen[e.Id]:
			return nil, refuse("BatchEntryIdsNotDistinct", "Id %s repeated.", e.Id)
		}
		seen[e.Id] = true
		total += size(e.MessageBody, e.MessageAttributes)
	}
	switch {
	case len(in.Entries) == 0:
		return nil, refuse("EmptyBatchRequest", "There should be at least one entry in the request.")
	case len(in.Entries) > mostBatch:
		return nil, refuse("TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent %d.", len(in.Entries))
	case total > largestMessage:
		return nil, refuse("BatchRequestTooLong", "Batch requests cannot be longer than %d bytes. You have sent %d bytes.", largestMessage, total)
	}
	out := &batchOutput{Successful: []batchResult{}, Failed: []batchError{}}
	for _, e := range in.Entries {
		result, err := do(q, e)
		if refused, ok := err.(*core.Error); ok {
			out.Failed = append(out.Failed, batchError{e.Id, refused.Code, refused.Message, true})
			continue
		}
		result.Id = e.Id
		out.Successful = append(out.Successful, result)
	}
	return out, nil
}

func (s *SQS) sendBatch(c *core.Call, in *batchInput) (*batchOutput, error) {
	return s.batch(c, in, func(q *queue, e entry) (batchResult, error) {
		m, err := s.send(q, e.MessageBody, e.DelaySeconds, e.sendMembers, c.Caller.ARN)
		if err != nil {
			return batchResult{}, err
		}
		return batchResult{MessageId: m.id, MD5OfMessageBody: m.md5, MD5OfMessageAttributes: attributesMD5(m.attributes), SequenceNumber: m.sequence}, nil
	})
}

func (s *SQS) deleteBatch(c *core.Call, in *batchInput) (*batchOutput, error) {
	return s.batch(c, in, func(q *queue, e entry) (batchResult, error) { return batchResult{}, s.remove(q, e.ReceiptHandle) })
}

func (s *SQS) changeVisibilityBatch(c *core.Call, in *batchInput) (*batchOutput, error) {
	return s.batch(c, in, func(q *queue, e entry) (batchResult, error) {
		return batchResult{}, s.hide(q, e.ReceiptHandle, e.VisibilityTimeout)
	})
}

// Deliver puts what another service sends into a queue. It fails where there is no
// such queue or the queue refuses the message.
func (s *SQS) Deliver(d core.Delivery) error {
	q := s.at(d.Target)
	if q == nil {
		return missing()
	}
	in := sendMembers{MessageGroupId: d.Group, MessageDeduplicationId: d.Deduplication}
	for name, value := range d.Attributes {
		if in.MessageAttributes == nil {
			in.MessageAttributes = map[string]attribute{}
		}
		in.MessageAttributes[name] = attribute{DataType: "String", StringValue: value}
	}
	_, err := s.send(q, string(d.Payload), nil, in, d.Source)
	return err
}

// Bodies are the bodies of the messages in a queue, in order, for tests and demos.
func (s *SQS) Bodies(arn string) []string {
	var out []string
	if q := s.at(arn); q != nil {
		q.expire(s.world.Now())
		for _, m := range q.messages {
			out = append(out, m.body)
		}
	}
	return out
}

// Exists reports whether there is a queue of the ARN.
func (s *SQS) Exists(arn string) bool { return s.at(arn) != nil }

// Take receives messages for an event source mapping.
func (s *SQS) Take(arn string, n int) []functions.Message {
	q := s.at(arn)
	if q == nil {
		return nil
	}
	var out []functions.Message
	for _, m := range s.receive(q, n, time.Duration(q.visibility)*time.Second) {
		one := functions.Message{ID: m.id, Receipt: m.receipt, Body: m.body, MD5: m.md5, Attributes: m.system()}
		for name, a := range m.attributes {
			if one.MessageAttributes == nil {
				one.MessageAttributes = map[string]functions.MessageAttribute{}
			}
			one.MessageAttributes[name] = functions.MessageAttribute{StringValue: a.StringValue, BinaryValue: a.BinaryValue, DataType: a.DataType}
		}
		out = append(out, one)
	}
	return out
}

// Remove deletes a message that was taken.
func (s *SQS) Remove(arn, receipt string) {
	if q := s.at(arn); q != nil {
		_ = s.remove(q, receipt) // one that came back meanwhile is received again
	}
}

// activeFor is how many minutes a queue without messages is reported on: AWS takes
// one for active for six hours.
const activeFor = 6 * 60

// count reports a queue's numbers now and every minute, while it is active.
func (s *SQS) count(q *queue) {
	q.quiet = 0
	if q.counting {
		return
	}
	q.counting = true
	s.world.KeepMoving()
	s.tick(q)
}

func (s *SQS) tick(q *queue) {
	if s.at(q.arn) != q || q.quiet > activeFor {
		q.counting = false
		return
	}
	now := s.world.Now()
	visible, hidden, delayed := q.count(now)
	if q.quiet++; visible+hidden+delayed > 0 {
		q.quiet = 0
	}
	age := 0.0
	for _, m := range q.messages {
		age = max(age, now.Sub(m.sent).Seconds())
	}
	s.report(q, "ApproximateNumberOfMessagesVisible", float64(visible))
	s.report(q, "ApproximateNumberOfMessagesNotVisible", float64(hidden))
	s.report(q, "ApproximateNumberOfMessagesDelayed", float64(delayed))
	s.report(q, "ApproximateAgeOfOldestMessage", age)
	s.world.After(time.Minute, func() { s.tick(q) })
}

func (s *SQS) report(q *queue, metric string, value float64) {
	unit := "Count"
	if metric == "ApproximateAgeOfOldestMessage" {
		unit = "Seconds"
	}
	s.metrics.Report(q.account, q.region, "AWS/SQS", metric, unit, value, [2]string{"QueueName", q.name})
}
