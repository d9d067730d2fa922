package functions

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Payload limits of invocations (Lambda quotas).
const (
	largestPayload = 6 << 20
	largestEvent   = 1 << 20 // asynchronous, since October 2025
	tail           = 4 << 10 // of the log that Invoke returns
)

// Invocation is one call of a function.
type Invocation struct {
	RequestID, FunctionARN, TraceID string
	ClientContext                   string
	Event                           []byte
	Deadline                        time.Time
	// Environment is that of the function, with the credentials of its role.
	Environment map[string]string
}

// outcome is how an invocation ended.
type outcome struct {
	requestID string
	payload   []byte
	failure   string // the value of X-Amz-Function-Error, "" for success
	log       []byte
	version   string
	took      time.Duration
}

// report is what a run brought back, without the lock.
type report struct {
	payload  []byte
	failure  string
	lines    []string
	took     time.Duration
	initTook time.Duration // of a cold start
	memory   int           // MB, 0 if not known
	stream   string
}

type invokeInput struct {
	FunctionName   string `valid:"required,min=1,max=170"`
	Qualifier      string `valid:"min=1,max=128"`
	InvocationType string `valid:"enum=Event|RequestResponse|DryRun"`
	LogType        string `valid:"enum=None|Tail"`
	ClientContext  string
	Payload        string
}

// invoke calls a function. An event is taken in and called later.
func (f *Functions) invoke(c *core.Call, in *invokeInput) (*core.Later, error) {
	fn, qualifier, err := f.function(c, in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	async := in.InvocationType == "Event"
	if err := checkPayload(in.Payload, async); err != nil {
		return nil, err
	}
	later := f.world.Later()
	switch in.InvocationType {
	case "DryRun":
		later.Answer(&core.Payload{Status: http.StatusNoContent}, nil)
		return later, nil
	case "Event":
		if err := f.runnable(fn, qualifier); err != nil {
			return nil, err
		}
		f.enqueue(&queued{fn: fn.arn, qualifier: qualifier, event: []byte(in.Payload), requestID: c.RequestID, at: f.world.Now()})
		later.Answer(&core.Payload{Status: http.StatusAccepted, Header: http.Header{}}, nil)
		return later, nil
	}
	event := []byte(in.Payload)
	if len(event) == 0 {
		event = []byte("{}")
	}
	err = f.call(fn, qualifier, event, c.RequestID, in.ClientContext, func(o outcome) {
		later.Answer(answer(o, in.LogType == "Tail"), nil)
	})
	if err != nil {
		return nil, err
	}
	return later, nil
}

func answer(o outcome, withLog bool) *core.Payload {
	header := http.Header{"Content-Type": {"application/json"}, "X-Amz-Executed-Version": {o.version}, "X-Amzn-Remapped-Content-Length": {"0"}}
	if o.failure != "" {
		header.Set("X-Amz-Function-Error", o.failure)
	}
	if withLog {
		header.Set("X-Amz-Log-Result", base64.StdEncoding.EncodeToString(o.log[max(0, len(o.log)-tail):]))
	}
	return &core.Payload{Status: http.StatusOK, Header: header, Body: o.payload}
}

func checkPayload(payload string, async bool) error {
	limit := largestPayload
	if async {
		limit = largestEvent
	}
	switch {
	case len(payload) > limit:
		return refuse(413, "RequestTooLargeException", "%d byte payload is too large for the %s invocation type (limit %d bytes)", len(payload), invocationType(async), limit)
	case payload != "" && !json.Valid([]byte(payload)):
		return refuse(400, "InvalidRequestContentException", "Could not parse request body into json: Could not parse payload into json: Unexpected character")
	}
	return nil
}

func invocationType(async bool) string {
	if async {
		return "Event"
	}
	return "RequestResponse"
}

// runnable returns why a function cannot run here, nil if it can.
func (f *Functions) runnable(fn *function, qualifier string) error {
	v := f.version(fn, qualifier)
	switch {
	case f.handlers[fn.arn] != nil:
		return nil
	case !f.options.Run:
		return refuse(400, "InvalidRuntimeException", "the embedded AWS does not run functions unless it is told to, and so not %s: start it with `setmend sim --run-functions` (in Go, Options.Functions.Run), or register a Go handler for the function", fn.arn)
	case v.packageType == "Image":
		return refuse(400, "InvalidRuntimeException", "the embedded AWS does not run container images, and so not %s: register a Go handler for the function", fn.arn)
	case v.runtime != "provided.al2023" && v.runtime != "provided.al2":
		return refuse(400, "InvalidRuntimeException", "the embedded AWS does not have the runtime %s of %s: it runs bootstrap of provided.al2023, and Go handlers", v.runtime, fn.arn)
	case v.archive == nil:
		return refuse(400, "InvalidZipFileException", "Lambda could not unzip the deployment package of %s: its object was not in S3 when the function was made", fn.arn)
	}
	return nil
}

// Runnable reports whether the function of an ARN can be called.
func (f *Functions) Runnable(arn string) bool {
	a, ok := core.ParseARN(arn)
	if !ok {
		return false
	}
	if f.Handles(arn) {
		return true
	}
	r := refer(a.Account, a.Region, arn)
	fn := f.find(r)
	return fn != nil && f.version(fn, r.qualifier) != nil && f.runnable(fn, r.qualifier) == nil
}

// throttled returns the error for a function that is called too often at once.
func (f *Functions) throttled(fn *function) error {
	s := f.of(fn.arn)
	reason := ""
	switch {
	case s.reserved != nil && s.running >= *s.reserved:
		reason = "ReservedFunctionConcurrentInvocationLimitExceeded"
	case s.reserved == nil && f.unreserved(fn) <= 0:
		reason = "ConcurrentInvocationLimitExceeded"
	default:
		return nil
	}
	f.metric(fn, "Throttles", "Count", 1)
	e := refuse(http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded.")
	e.Fields["Reason"] = reason
	return e
}

// unreserved is what is free of the account's concurrency that no function has
// reserved.
func (f *Functions) unreserved(fn *function) int {
	free := f.limit()
	for _, other := range f.functions.At(fn.account, fn.region) {
		if s := f.of(other.arn); s.reserved != nil {
			free -= *s.reserved
		} else {
			free -= s.running
		}
	}
	return free
}

// call runs a function now, and calls done, with the lock held, when it has ended.
// It fails where the function cannot run or is throttled; done is not called then.
func (f *Functions) call(fn *function, qualifier string, event []byte, requestID, clientContext string, done func(outcome)) error {
	if err := f.runnable(fn, qualifier); err != nil {
		return err
	}
	if err := f.throttled(fn); err != nil {
		return err
	}
	v := f.version(fn, qualifier)
	number := latest
	if v.number > 0 {
		number = strconv.Itoa(v.number)
	}
	s := f.of(fn.arn)
	s.running++
	f.metric(fn, "Invocations", "Count", 1)
	f.metric(fn, "ConcurrentExecutions", "Count", float64(s.running))
	at := f.world.Now()
	in := Invocation{RequestID: requestID, FunctionARN: withQualifier(fn.arn, qualifier), TraceID: f.traceID(), ClientContext: clientContext, Event: event,
		Environment: f.environment(fn, v, number)}
	handler := f.handlers[fn.arn]
	limit := time.Duration(v.timeout) * time.Second
	var r report
	f.world.Outside(func() {
		in.Deadline = time.Now().Add(limit)
		if handler != nil {
			r = runHandler(handler, in, limit)
		} else {
			r = f.pool.run(fn.arn, v.configuration, in, limit)
		}
	}, func() {
		s.running--
		done(f.record(fn, v, number, in, r, at))
	})
	return nil
}

// record writes an invocation's log and numbers, and makes its outcome.
func (f *Functions) record(fn *function, v *version, number string, in Invocation, r report, at time.Time) outcome {
	ms := float64(r.took) / float64(time.Millisecond)
	billed := int(ms) + 1
	lines := []string{fmt.Sprintf("START RequestId: %s Version: %s", in.RequestID, number)}
	lines = append(lines, r.lines...)
	end := fmt.Sprintf("REPORT RequestId: %s\tDuration: %.2f ms\tBilled Duration: %d ms\tMemory Size: %d MB\tMax Memory Used: %d MB\t", in.RequestID, ms, billed, v.memory, max(r.memory, 1))
	if r.initTook > 0 {
		end += fmt.Sprintf("Init Duration: %.2f ms\t", float64(r.initTook)/float64(time.Millisecond))
	}
	lines = append(lines, "END RequestId: "+in.RequestID, end)
	stream := at.UTC().Format("2006/01/02/") + "[" + number + "]" + cmp.Or(r.stream, strings.ReplaceAll(in.RequestID, "-", ""))
	f.with.Logs.Log(fn.account, fn.region, v.logGroup, stream, lines...)
	f.metric(fn, "Duration", "Milliseconds", ms)
	failed := 0.0
	if r.failure != "" {
		failed = 1
	}
	f.metric(fn, "Errors", "Count", failed)
	return outcome{requestID: in.RequestID, payload: r.payload, failure: r.failure, log: []byte(strings.Join(lines, "\n") + "\n"), version: number, took: r.took}
}

func (f *Functions) metric(fn *function, name, unit string, value float64) {
	f.with.Metrics.Report(fn.account, fn.region, "AWS/Lambda", name, unit, value, [2]string{"FunctionName", fn.name})
}

func (f *Functions) traceID() string {
	h := strings.ReplaceAll(f.world.UUID(), "-", "")
	return fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=0", f.world.Now().Unix(), h[:24], h[8:24])
}

// sessionLasts is how long the credentials of a function's environment are good
// for: longer than any process that has them.
const sessionLasts = 30 * 24 * time.Hour

// environment is what a function sees, by the names that Lambda documents.
func (f *Functions) environment(fn *function, v *version, number string) map[string]string {
	role := v.role[strings.LastIndexByte(v.role, '/')+1:]
	account := fn.account
	if a, ok := core.ParseARN(v.role); ok {
		account = a.Account
	}
	expires := f.world.Now().UTC().Truncate(24 * time.Hour).Add(sessionLasts)
	out := map[string]string{
		"AWS_REGION": fn.region, "AWS_DEFAULT_REGION": fn.region, "AWS_LAMBDA_FUNCTION_NAME": fn.name, "AWS_LAMBDA_FUNCTION_VERSION": number,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(v.memory), "AWS_LAMBDA_LOG_GROUP_NAME": v.logGroup, "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
		"_HANDLER": v.handler, "TZ": ":UTC", "LANG": "en_US.UTF-8",
		"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "function", "AWS_SESSION_TOKEN": f.world.SessionToken(account, role, fn.name, expires),
	}
	if f.options.Endpoint != "" {
		out["AWS_ENDPOINT_URL"] = f.options.Endpoint
	}
	for name, value := range v.environment {
		out[name] = value
	}
	return out
}
