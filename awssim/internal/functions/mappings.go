package functions

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/property"
)

// Sizes of batches from SQS (Lambda Developer Guide, "Using Lambda with Amazon SQS").
const (
	defaultBatch = 10
	mostPolled   = 5 // batches at once at first
)

// mapping is an event source mapping of a queue, as its live resource has it.
type mapping struct {
	live                    core.Live
	id, arn, function       string
	source                  string
	batch, window, parallel int
	enabled, partial        bool
	patterns                []string
	running                 int
	waiting                 bool // for its window to close
	result                  string
}

func (f *Functions) takeMapping(l core.Live, known *mapping) *mapping {
	p := l.Properties
	m := &mapping{live: l, id: l.ID, function: property.Text(p["FunctionName"]), source: property.Text(p["EventSourceArn"]), batch: property.Int(p["BatchSize"], defaultBatch),
		window: property.Int(p["MaximumBatchingWindowInSeconds"], 0), enabled: property.Text(p["Enabled"]) != "false", result: "No records processed"}
	m.arn = fmt.Sprintf("arn:%s:lambda:%s:%s:event-source-mapping:%s", f.world.Options.Partition, l.Region, l.Account, m.id)
	m.parallel = property.Int(property.Map(p["ScalingConfig"])["MaximumConcurrency"], 1000)
	m.partial = slices.Contains(property.Texts(p["FunctionResponseTypes"]), "ReportBatchItemFailures")
	for _, filter := range property.Maps(property.Map(p["FilterCriteria"])["Filters"]) {
		m.patterns = append(m.patterns, property.Text(filter["Pattern"]))
	}
	if known != nil {
		known.enabled = false // the record that timers and runs of before hold
		m.result = known.result
	}
	if m.enabled {
		f.world.After(0, func() { f.poll(m) })
	}
	return m
}

// Changed has the mappings of a place looked at, which a stack may have made.
func (f *Functions) Changed(account, region string) {
	f.world.After(0, func() { f.mappings.At(account, region) })
}

// Arrived has the mappings of a queue look for messages.
func (f *Functions) Arrived(queueARN string) {
	a, ok := core.ParseARN(queueARN)
	if !ok {
		return
	}
	here := f.mappings.At(a.Account, a.Region)
	for _, id := range sortedKeys(here) {
		if m := here[id]; m.source == queueARN && m.enabled {
			f.poll(m)
		}
	}
}

// poll calls a mapping's function with what its queue has.
func (f *Functions) poll(m *mapping) {
	r := refer(m.live.Account, m.live.Region, m.function)
	fn := f.find(r)
	if !m.enabled || m.waiting || fn == nil || m.running >= m.parallel {
		return
	}
	if m.window > 0 {
		m.waiting = true
		f.world.After(time.Duration(m.window)*time.Second, func() { m.waiting = false; f.pull(m, fn, r.qualifier) })
		return
	}
	f.pull(m, fn, r.qualifier)
}

func (f *Functions) pull(m *mapping, fn *function, qualifier string) {
	for m.enabled && m.running < m.parallel {
		if err := f.runnable(fn, qualifier); err != nil {
			m.result = "PROBLEM: " + err.Error()
			return
		}
		messages := f.filtered(m, f.with.Queues.Take(m.source, m.batch))
		if len(messages) == 0 {
			return
		}
		m.running++
		err := f.call(fn, qualifier, batchEvent(m, messages), f.world.UUID(), "", func(o outcome) {
			m.running--
			f.settle(m, messages, o)
			f.poll(m)
		})
		if err != nil { // throttled: the messages are seen again after their visibility time-out
			m.running--
			m.result = "PROBLEM: Function call failed"
			return
		}
	}
}

// filtered deletes the messages that no filter wants.
func (f *Functions) filtered(m *mapping, messages []Message) []Message {
	if len(m.patterns) == 0 || f.with.Matches == nil {
		return messages
	}
	return slices.DeleteFunc(messages, func(one Message) bool {
		event, err := json.Marshal(map[string]any{"body": property.Object(one.Body), "messageId": one.ID})
		wanted := err == nil && slices.ContainsFunc(m.patterns, func(p string) bool { return f.with.Matches(p, event) })
		if !wanted {
			f.with.Queues.Remove(m.source, one.Receipt)
		}
		return !wanted
	})
}

// settle deletes the messages that the function has processed.
func (f *Functions) settle(m *mapping, messages []Message, o outcome) {
	if o.failure != "" {
		m.result = "PROBLEM: Function call failed"
		return
	}
	var answer struct {
		BatchItemFailures []struct {
			ItemIdentifier string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	failed := map[string]bool{}
	if m.partial && json.Unmarshal(o.payload, &answer) == nil {
		for _, each := range answer.BatchItemFailures {
			if each.ItemIdentifier == "" { // "an empty string itemIdentifier: a complete failure"
				return
			}
			failed[each.ItemIdentifier] = true
		}
	}
	for _, one := range messages {
		if !failed[one.ID] {
			f.with.Queues.Remove(m.source, one.Receipt)
		}
	}
	m.result = "OK"
}

func batchEvent(m *mapping, messages []Message) []byte {
	type record struct {
		MessageID         string                      `json:"messageId"`
		ReceiptHandle     string                      `json:"receiptHandle"`
		Body              string                      `json:"body"`
		Attributes        map[string]string           `json:"attributes"`
		MessageAttributes map[string]MessageAttribute `json:"messageAttributes"`
		MD5OfBody         string                      `json:"md5OfBody"`
		EventSource       string                      `json:"eventSource"`
		EventSourceARN    string                      `json:"eventSourceARN"`
		Region            string                      `json:"awsRegion"`
	}
	records := []record{}
	for _, one := range messages {
		attributes := one.MessageAttributes
		if attributes == nil {
			attributes = map[string]MessageAttribute{}
		}
		records = append(records, record{one.ID, one.Receipt, one.Body, one.Attributes, attributes, one.MD5, "aws:sqs", m.source, m.live.Region})
	}
	text, err := json.Marshal(map[string]any{"Records": records})
	if err != nil { // texts
		return []byte(`{"Records":[]}`)
	}
	return text
}

type (
	filterShape  struct{ Pattern string }
	filtersShape struct{ Filters []filterShape }
	scalingShape struct {
		MaximumConcurrency *int32 `valid:"min=2,max=1000"`
	}
	mappingInput struct {
		UUID                           string
		EventSourceArn                 string
		FunctionName                   string `valid:"min=1,max=170"`
		Enabled                        *bool
		BatchSize                      *int32 `valid:"min=1,max=10000"`
		MaximumBatchingWindowInSeconds *int32 `valid:"min=0,max=300"`
		FilterCriteria                 *filtersShape
		FunctionResponseTypes          []string `each:"enum=ReportBatchItemFailures"`
		ScalingConfig                  *scalingShape
		Tags                           map[string]string
	}
	mappingShape struct {
		UUID, EventSourceArn, FunctionArn, EventSourceMappingArn string
		BatchSize, MaximumBatchingWindowInSeconds                int32
		FilterCriteria                                           *filtersShape
		LastModified                                             float64
		LastProcessingResult, State, StateTransitionReason       string
		FunctionResponseTypes                                    []string
		ScalingConfig                                            *scalingShape
	}
)

func (f *Functions) mappingShape(m *mapping) *mappingShape {
	r := refer(m.live.Account, m.live.Region, m.function)
	out := &mappingShape{UUID: m.id, EventSourceArn: m.source, FunctionArn: withQualifier(f.arn(r.account, r.region, r.name), r.qualifier), EventSourceMappingArn: m.arn,
		BatchSize: int32(m.batch), MaximumBatchingWindowInSeconds: int32(m.window), LastModified: float64(m.live.Changed.Unix()),
		LastProcessingResult: m.result, State: "Enabled", StateTransitionReason: "USER_INITIATED", FunctionResponseTypes: property.Texts(m.live.Properties["FunctionResponseTypes"])}
	if !m.enabled {
		out.State = "Disabled"
	}
	if m.parallel != 1000 {
		n := int32(m.parallel)
		out.ScalingConfig = &scalingShape{&n}
	}
	if len(m.patterns) > 0 {
		out.FilterCriteria = &filtersShape{}
		for _, p := range m.patterns {
			out.FilterCriteria.Filters = append(out.FilterCriteria.Filters, filterShape{p})
		}
	}
	return out
}

// onto puts what a request gives into a mapping's properties.
func (in *mappingInput) onto(p map[string]any) map[string]any {
	if in.FunctionName != "" {
		p = property.With(p, "FunctionName", in.FunctionName)
	}
	if in.Enabled != nil {
		p = property.With(p, "Enabled", *in.Enabled)
	}
	if in.BatchSize != nil {
		p = property.With(p, "BatchSize", float64(*in.BatchSize))
	}
	if in.MaximumBatchingWindowInSeconds != nil {
		p = property.With(p, "MaximumBatchingWindowInSeconds", float64(*in.MaximumBatchingWindowInSeconds))
	}
	if in.FunctionResponseTypes != nil {
		p = property.With(p, "FunctionResponseTypes", property.List(in.FunctionResponseTypes))
	}
	if in.ScalingConfig != nil {
		config := map[string]any{}
		if n := in.ScalingConfig.MaximumConcurrency; n != nil {
			config["MaximumConcurrency"] = float64(*n)
		}
		p = property.With(p, "ScalingConfig", config)
	}
	if in.FilterCriteria != nil {
		filters := []any{}
		for _, one := range in.FilterCriteria.Filters {
			filters = append(filters, map[string]any{"Pattern": one.Pattern})
		}
		p = property.With(p, "FilterCriteria", map[string]any{"Filters": filters})
	}
	return p
}

func (f *Functions) createMapping(c *core.Call, in *mappingInput) (*mappingShape, error) {
	if in.FunctionName == "" {
		return nil, invalid("1 validation error detected: Value null at 'functionName' failed to satisfy constraint: Member must not be null")
	}
	fn, qualifier, err := f.function(c, in.FunctionName, "")
	switch {
	case err != nil:
		return nil, err
	case !strings.Contains(in.EventSourceArn, ":sqs:"):
		return nil, invalid("Unrecognized event source, must be kinesis, dynamodb stream or sqs. Unsupported source arn: %s (the embedded AWS has SQS alone)", in.EventSourceArn)
	case !f.with.Queues.Exists(in.EventSourceArn):
		return nil, invalid("Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist for this wsdl version.")
	case in.BatchSize != nil && *in.BatchSize > 10 && (in.MaximumBatchingWindowInSeconds == nil || *in.MaximumBatchingWindowInSeconds < 1):
		return nil, invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
	}
	for _, m := range f.mappings.At(fn.account, fn.region) {
		if m.source == in.EventSourceArn && refer(fn.account, fn.region, m.function).name == fn.name {
			return nil, refuse(409, "ResourceConflictException", "An event source mapping with SQS arn (\" %s \") and function (\" %s \") already exists. Please update or delete the existing mapping with UUID %s", in.EventSourceArn, fn.name, m.id)
		}
	}
	p := in.onto(map[string]any{"EventSourceArn": in.EventSourceArn})
	p["FunctionName"] = withQualifier(fn.arn, qualifier)
	m, _, err := f.mappings.Make(fn.account, fn.region, property.With(p, "Tags", property.TagList(in.Tags)))
	if err != nil {
		return nil, err
	}
	out := f.mappingShape(m)
	out.State = "Creating"
	return out, nil
}

func (f *Functions) mapping(c *core.Call, id string) (*mapping, error) {
	for _, m := range f.mappings.At(c.Caller.Account, c.Region) {
		if m.id == id {
			return m, nil
		}
	}
	return nil, notFound("The resource you requested does not exist.")
}

func (f *Functions) getMapping(c *core.Call, in *mappingInput) (*mappingShape, error) {
	m, err := f.mapping(c, in.UUID)
	if err != nil {
		return nil, err
	}
	return f.mappingShape(m), nil
}

func (f *Functions) updateMapping(c *core.Call, in *mappingInput) (*mappingShape, error) {
	m, err := f.mapping(c, in.UUID)
	if err != nil {
		return nil, err
	}
	if m, err = f.mappings.Change(m.live, in.onto(m.live.Properties)); err != nil {
		return nil, err
	}
	out := f.mappingShape(m)
	out.State = "Updating"
	return out, nil
}

func (f *Functions) deleteMapping(c *core.Call, in *mappingInput) (*mappingShape, error) {
	m, err := f.mapping(c, in.UUID)
	if err != nil {
		return nil, err
	}
	out := f.mappingShape(m)
	out.State, m.enabled = "Deleting", false
	return out, f.mappings.Delete(m.live)
}

type listMappingsInput struct {
	EventSourceArn, FunctionName, Marker string
	MaxItems                             *int32 `valid:"min=1,max=10000"`
}

type listMappingsOutput struct {
	EventSourceMappings []mappingShape
	NextMarker          string
}

func (f *Functions) listMappings(c *core.Call, in *listMappingsInput) (*listMappingsOutput, error) {
	known := map[string]*mapping{}
	for id, m := range f.mappings.At(c.Caller.Account, c.Region) {
		r := refer(c.Caller.Account, c.Region, in.FunctionName)
		if (in.EventSourceArn == "" || m.source == in.EventSourceArn) && (in.FunctionName == "" || refer(c.Caller.Account, c.Region, m.function).name == r.name) {
			known[id] = m
		}
	}
	out := &listMappingsOutput{EventSourceMappings: []mappingShape{}}
	var ids []string
	ids, out.NextMarker = property.Page(sortedKeys(known), in.Marker, size(in.MaxItems))
	for _, id := range ids {
		out.EventSourceMappings = append(out.EventSourceMappings, *f.mappingShape(known[id]))
	}
	return out, nil
}
