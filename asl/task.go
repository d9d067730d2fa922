package asl

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/value"
)

// lambdaInvoke is the integration that calls a function by name.
const lambdaInvoke = "arn:aws:states:::lambda:invoke"

// task calls a function.
type task struct {
	leaf
	resource      string // without .waitForTaskToken
	invoke        bool   // is lambda:invoke
	callback      bool   // .waitForTaskToken
	timeout       int64  // seconds
	timeoutPath   *jsonpath.Path
	heartbeat     int64 // seconds, 0 is none
	heartbeatPath *jsonpath.Path
	events        *taskEvents
}

// taskEvents are the event types of one way to call.
type taskEvents struct{ scheduled, started, succeeded, failed, timedOut EventType }

var (
	functionEvents = &taskEvents{LambdaFunctionScheduled, LambdaFunctionStarted, LambdaFunctionSucceeded, LambdaFunctionFailed, LambdaFunctionTimedOut}
	serviceEvents  = &taskEvents{TaskScheduled, TaskStarted, TaskSucceeded, TaskFailed, TaskTimedOut}
	activityEvents = &taskEvents{ActivityScheduled, ActivityStarted, ActivitySucceeded, ActivityFailed, ActivityTimedOut}
)

func loadTask(l *loader, s *state, f *fields) {
	w := &task{timeout: maxSeconds}
	s.work = w
	s.transition(f)
	s.inputOutput(f)
	s.flow.parameters = f.template("Parameters")
	s.flow.selector = f.template("ResultSelector")
	s.resultPath(f)
	s.flow.assign = assign(f)
	s.retryAndCatch(f)
	w.times(l, f)
	if _, ok := f.get("Credentials"); ok {
		f.problem("Credentials", "Credentials is not supported: here a task runs with the rights of the process, and would not take on another role")
	}
	resource, ok := f.text("Resource")
	if !ok {
		if !f.has("Resource") {
			l.problem(f.path, "Resource is missing")
		}
		return
	}
	w.bind(resource)
	w.check(l, s, f)
}

func (w *task) times(l *loader, f *fields) {
	f.onlyOne("TimeoutSeconds", "TimeoutSecondsPath")
	f.onlyOne("HeartbeatSeconds", "HeartbeatSecondsPath")
	if n, ok := f.integer("TimeoutSeconds", 1); ok {
		w.timeout = min(n, maxSeconds)
	}
	w.heartbeat, _ = f.integer("HeartbeatSeconds", 1)
	w.timeoutPath = f.reference("TimeoutSecondsPath")
	w.heartbeatPath = f.reference("HeartbeatSecondsPath")
	if w.heartbeat > 0 && w.timeoutPath == nil && w.heartbeat >= w.timeout {
		f.problem("HeartbeatSeconds", "HeartbeatSeconds must be smaller than TimeoutSeconds")
	}
}

// bind works out how a resource is called.
func (w *task) bind(resource string) {
	w.resource, w.callback = strings.CutSuffix(resource, ".waitForTaskToken")
	w.invoke = w.resource == lambdaInvoke
	parts := strings.Split(resource, ":")
	switch {
	case len(parts) < 6 || parts[0] != "arn" || parts[2] == "lambda":
		w.events = functionEvents
	case parts[2] == "states" && parts[5] == "activity":
		w.events = activityEvents
	default:
		w.events = serviceEvents
	}
}

// check looks whether there is something to call.
func (w *task) check(l *loader, s *state, f *fields) {
	found := Resource{Path: f.at("Resource"), State: s.name, ARN: w.resource}
	asked := w.resource
	if w.invoke {
		found.Function = s.flow.parameters.constantText("FunctionName")
		asked = found.Function
		if s.flow.parameters == nil || !s.flow.parameters.has("FunctionName") {
			l.problem(f.path, "Parameters must give a FunctionName")
		}
	}
	if w.callback && w.events != serviceEvents {
		f.problem("Resource", ".waitForTaskToken belongs to service integrations such as %s", lambdaInvoke)
	}
	l.resources = append(l.resources, found)
	if l.known != nil && asked != "" && !l.known(asked) {
		f.problem("Resource", "nothing is known by the name %q", asked)
	}
}

// has tells whether a template is an object with a member called name.
func (t *template) has(name string) bool {
	if t.isObject {
		for _, m := range t.object {
			if m.name == name {
				return true
			}
		}
		return false
	}
	o, ok := t.constant.(*value.Object)
	if ok {
		_, ok = o.Get(name)
	}
	return ok
}

// constantText is the value of a template's member, where that is a string and
// does not depend on any input.
func (t *template) constantText(name string) string {
	if t == nil {
		return ""
	}
	var v any
	if o, ok := t.constant.(*value.Object); ok {
		v, _ = o.Get(name)
	}
	for _, m := range t.object {
		if m.name == name {
			v = m.t.constant
		}
	}
	s, _ := v.(string)
	return s
}

// start schedules an attempt. The function is called once that is durable.
func (w *task) start(r *run, f *frame) {
	rec, fail := w.schedule(r, f)
	if fail != nil {
		r.fail(f, fail)
		return
	}
	r.emit(f, rec)
	r.emit(f, &record{Type: w.events.started, Resource: w.resource})
	r.launch = append(r.launch, f.call)
}

func (w *task) schedule(r *run, f *frame) (*record, *failure) {
	arguments, fail := r.arguments(f)
	if fail != nil {
		return nil, fail
	}
	timeout, fail := w.seconds(r, f, "TimeoutSecondsPath", w.timeout, w.timeoutPath)
	if fail != nil {
		return nil, fail
	}
	heartbeat, fail := w.seconds(r, f, "HeartbeatSecondsPath", w.heartbeat, w.heartbeatPath)
	if fail != nil {
		return nil, fail
	}
	if len(arguments.json()) > r.engine.limits.Payload {
		return nil, &failure{name: ErrorDataLimitExceeded, cause: fmt.Sprintf(causeStateInputTooLarge, f.state.name)}
	}
	now := r.now()
	rec := &record{
		op: opSchedule, Type: w.events.scheduled, Name: f.state.name, Resource: w.resource, data: arguments,
		Token: f.token(r.name), Until: now + int64(seconds(timeout)),
	}
	if heartbeat > 0 {
		rec.Beat = now + int64(seconds(heartbeat))
	}
	return rec, nil
}

// seconds is a number of seconds that is given, or found in the input.
func (w *task) seconds(r *run, f *frame, field string, constant int64, p *jsonpath.Path) (int64, *failure) {
	if p == nil {
		return constant, nil
	}
	in, fail := r.input(f)
	if fail != nil {
		return 0, fail
	}
	e := expression{field: field, path: p}
	v, err := e.eval(r.scope(f, in.v))
	if err != nil {
		return 0, f.runtime("%v", err)
	}
	number, ok := v.(value.Number)
	n, whole := number.Int64()
	if !ok || !whole || n <= 0 {
		return 0, f.runtime("The %s parameter does not reference a positive integer: %s == %s", field, p, plain(v))
	}
	return min(n, maxSeconds), nil
}

// resolve finds the function of a call, and its input.
func (w *task) resolve(tasks Tasks, c *call) (Function, json.RawMessage, error) {
	if !w.invoke {
		fn, ok := tasks.Function(w.resource)
		if !ok {
			return nil, nil, &Error{Name: ErrorTaskFailed, Cause: "There is nothing to call behind the resource " + w.resource}
		}
		return fn, c.arguments.json(), nil
	}
	o, _ := c.arguments.v.(*value.Object)
	if o == nil {
		o = &value.Object{}
	}
	name, _ := o.Get("FunctionName")
	text, _ := name.(string)
	fn, ok := tasks.Function(text)
	if !ok {
		return nil, nil, &Error{Name: "Lambda.ResourceNotFoundException", Cause: "Function not found: " + text}
	}
	payload, ok := o.Get("Payload")
	if !ok {
		return fn, json.RawMessage("{}"), nil
	}
	return fn, value.Encode(payload), nil
}

// wrap is a function's result as the integration answers it.
func (w *task) wrap(result *data) *data {
	if !w.invoke || w.callback {
		return result
	}
	return newData(value.NewObject(
		value.Member{Name: "ExecutedVersion", Value: "$LATEST"},
		value.Member{Name: "Payload", Value: result.v},
		value.Member{Name: "StatusCode", Value: value.Int(200)},
	))
}
