package functions

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Waits of asynchronous invocation: after the first and the second function error a
// minute and two; after a throttle from a second on, doubling up to five minutes.
// (Lambda Developer Guide, "How Lambda handles errors and retries with asynchronous
// invocation".)
const (
	firstRetry    = time.Minute
	firstThrottle = time.Second
	mostThrottle  = 5 * time.Minute
)

// queued is an event that a function is to be called with.
type queued struct {
	fn, qualifier string // the function's ARN
	event         []byte
	requestID     string
	at            time.Time
	attempts      int // that ended
	throttles     int
}

// InvokeAsync takes an event in for a function, as services do. It fails where there
// is no such function or it cannot run.
func (f *Functions) InvokeAsync(arn string, event []byte) error {
	a, ok := core.ParseARN(arn)
	if !ok {
		return invalid("%s is not the ARN of a function", arn)
	}
	r := refer(a.Account, a.Region, arn)
	fn := f.find(r)
	switch {
	case fn == nil && f.Handles(arn):
		return f.callHandler(arn, event)
	case fn == nil || f.version(fn, r.qualifier) == nil:
		return notFound("Function not found: " + arn)
	}
	if err := f.runnable(fn, r.qualifier); err != nil {
		return err
	}
	f.enqueue(&queued{fn: fn.arn, qualifier: r.qualifier, event: event, requestID: f.world.UUID(), at: f.world.Now()})
	return nil
}

// callHandler calls the Go function of an ARN that no resource has, once.
func (f *Functions) callHandler(arn string, event []byte) error {
	h := f.handlers[unqualified(arn)]
	in := Invocation{RequestID: f.world.UUID(), FunctionARN: arn, Event: event}
	limit := maxTimeout * time.Second
	f.world.Outside(func() {
		in.Deadline = time.Now().Add(limit)
		runHandler(h, in, limit)
	}, func() {})
	return nil
}

// enqueue has an event called as soon as that goes.
func (f *Functions) enqueue(q *queued) {
	f.world.KeepMoving()
	f.world.After(0, func() { f.attempt(q) })
}

// attempt calls the function of an event, and sees to what comes after.
func (f *Functions) attempt(q *queued) {
	a, _ := core.ParseARN(q.fn)
	fn := f.find(refer(a.Account, a.Region, q.fn))
	if fn == nil || f.version(fn, q.qualifier) == nil {
		return // deleted meanwhile: its events go with it
	}
	retries, age := defaultRetries, defaultAge
	if c := f.configOf(fn, q.qualifier); c != nil {
		retries, age = c.retries, c.age
	}
	over := f.world.Now().Sub(q.at) > time.Duration(age)*time.Second
	if over {
		f.giveUp(fn, q, outcome{}, "EventAgeExceeded")
		return
	}
	err := f.call(fn, q.qualifier, q.event, q.requestID, "", func(o outcome) {
		q.attempts++
		switch {
		case o.failure == "":
			f.succeed(fn, q, o)
		case q.attempts > retries:
			f.giveUp(fn, q, o, "RetriesExhausted")
		default:
			f.world.After(firstRetry*time.Duration(q.attempts), func() { f.attempt(q) })
		}
	})
	if err == nil {
		return
	}
	if n := f.of(fn.arn).reserved; n != nil && *n == 0 { // "sends all new events to the dead-letter queue", without retries
		f.giveUp(fn, q, outcome{}, "RetriesExhausted")
		return
	}
	wait := min(firstThrottle<<min(q.throttles, 16), mostThrottle)
	q.throttles++
	f.world.After(wait, func() { f.attempt(q) })
}

// giveUp sends an event that was not processed where the function wants it.
func (f *Functions) giveUp(fn *function, q *queued, o outcome, condition string) {
	v := f.version(fn, q.qualifier)
	f.metric(fn, "AsyncEventsDropped", "Count", 1)
	if c := f.configOf(fn, q.qualifier); c != nil && c.onFailure != "" {
		f.destine(fn, q, o, condition, c.onFailure)
	}
	if v.deadLetter == "" {
		return
	}
	attributes := map[string]string{"RequestID": q.requestID, "ErrorCode": "200", "ErrorMessage": errorMessage(o.payload)}
	if condition == "EventAgeExceeded" || o.payload == nil {
		attributes["ErrorCode"], attributes["ErrorMessage"] = "429", "Rate Exceeded."
	}
	f.with.Targets.Deliver(core.Delivery{Target: v.deadLetter, Payload: q.event, Account: fn.account, Region: fn.region, Source: "lambda.amazonaws.com", SourceARN: fn.arn,
		Role: v.role, Attributes: attributes}, func(err error) {
		if err != nil {
			f.metric(fn, "DeadLetterErrors", "Count", 1)
		}
	})
}

func errorMessage(payload []byte) string {
	var e struct{ ErrorMessage string }
	if json.Unmarshal(payload, &e) != nil {
		return ""
	}
	return e.ErrorMessage
}

func (f *Functions) succeed(fn *function, q *queued, o outcome) {
	if c := f.configOf(fn, q.qualifier); c != nil && c.onSuccess != "" {
		f.destine(fn, q, o, "Success", c.onSuccess)
	}
}

// destine sends the record of an asynchronous invocation to a destination.
func (f *Functions) destine(fn *function, q *queued, o outcome, condition, to string) {
	record := map[string]any{
		"version": "1.0", "timestamp": f.world.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		"requestContext": map[string]any{"requestId": q.requestID, "functionArn": fn.arn + ":" + cmp.Or(q.qualifier, latest), "condition": condition, "approximateInvokeCount": q.attempts},
		"requestPayload": raw(q.event),
	}
	if o.payload != nil || o.failure != "" {
		context := map[string]any{"statusCode": 200, "executedVersion": o.version}
		if o.failure != "" {
			context["functionError"] = o.failure
		}
		record["responseContext"], record["responsePayload"] = context, raw(o.payload)
	}
	text, err := json.Marshal(record)
	if err != nil { // a function's answer that is no JSON
		return
	}
	f.with.Targets.Deliver(core.Delivery{Target: to, Payload: text, Account: fn.account, Region: fn.region, Source: "lambda.amazonaws.com", SourceARN: fn.arn,
		Role: f.version(fn, q.qualifier).role, Name: "Lambda Function Invocation Result - " + condition}, func(err error) {
		if err != nil {
			f.metric(fn, "DestinationDeliveryFailures", "Count", 1)
		}
	})
}

// raw is a JSON text as it is, null for none.
func raw(text []byte) json.RawMessage {
	if !json.Valid(text) {
		return json.RawMessage("null")
	}
	return text
}
