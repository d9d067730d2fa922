package asl

import (
	"encoding/json"
	"fmt"

	"github.com/setmend/setmend/asl/internal/value"
)

// task calls a function.
type task struct {
	leaf
	resource  string    // without .waitForTaskToken
	invoke    bool      // is lambda:invoke
	callback  bool      // .waitForTaskToken
	timeout   amount    // seconds
	heartbeat amount    // seconds, 0 is none
	role      *template // RoleArn of Credentials; nil: the engine's own
	events    *taskEvents
}

// taskEvents are the event types of one way to call.
type taskEvents struct{ scheduled, started, succeeded, failed, timedOut EventType }

var (
	functionEvents = &taskEvents{LambdaFunctionScheduled, LambdaFunctionStarted, LambdaFunctionSucceeded, LambdaFunctionFailed, LambdaFunctionTimedOut}
	serviceEvents  = &taskEvents{TaskScheduled, TaskStarted, TaskSucceeded, TaskFailed, TaskTimedOut}
	activityEvents = &taskEvents{ActivityScheduled, ActivityStarted, ActivitySucceeded, ActivityFailed, ActivityTimedOut}
)

func loadTask(l *loader, s *state, f *fields) {
	w := &task{}
	s.work = w
	s.transition(f)
	s.inputOutput(f)
	s.arguments(f)
	s.selector(f)
	s.resultPath(f)
	s.flow.assign = assign(f)
	s.retryAndCatch(f)
	w.times(l, f)
	w.credentials(f)
	resource, ok := f.text("Resource")
	if !ok {
		if !f.has("Resource") {
			l.problem(f.path, "Resource is missing")
		}
		return
	}
	w.bind(l, s, f, resource)
}

func (w *task) times(l *loader, f *fields) {
	w.timeout = f.amount("TimeoutSeconds", 1)
	if !w.timeout.given {
		w.timeout.constant = maxSeconds
	}
	w.heartbeat = f.amount("HeartbeatSeconds", 1)
	if w.heartbeat.constant > 0 && w.timeout.isConstant() && w.heartbeat.constant >= w.timeout.constant {
		f.problem("HeartbeatSeconds", "HeartbeatSeconds must be smaller than TimeoutSeconds")
	}
}

// credentials reads the role that the task takes on.
func (w *task) credentials(f *fields) {
	inner := f.object("Credentials", "credentials")
	if inner == nil {
		return
	}
	defer inner.close()
	name := "RoleArn"
	if !f.l.jsonata && inner.has("RoleArn.$") {
		name = "RoleArn.$"
		inner.onlyOne("RoleArn", name)
	}
	v, ok := inner.get(name)
	if !ok {
		f.l.problem(inner.path, "RoleArn is missing")
		return
	}
	if _, isText := v.(string); !isText {
		inner.problem(name, "%s must be a string, not %s", name, article(value.TypeName(v)))
		return
	}
	w.role = f.l.templateMember(inner.at(name), inner.location("RoleArn"), value.Member{Name: name, Value: v}).t
}

// bind works out how a resource is called, and whether there is something to
// call.
func (w *task) bind(l *loader, s *state, f *fields, text string) {
	r, fault := parseResource(text)
	w.resource, w.callback, s.awaits = r.text, r.callback, r.callback
	w.invoke = r.service == lambdaInvoke
	w.events = []*taskEvents{functionEvents, serviceEvents, activityEvents}[r.kind]
	if fault != "" {
		f.problem("Resource", "%s; %q is not", fault, text)
	}
	found := Resource{Path: f.at("Resource"), State: s.name, ARN: w.resource}
	asked := w.resource
	if w.invoke {
		found.Function = s.flow.parameters.constantText("FunctionName")
		asked = found.Function
		if s.flow.parameters == nil || !s.flow.parameters.has("FunctionName") {
			l.problem(f.path, "%s must give a FunctionName", argumentsName(l))
		}
	}
	l.resources = append(l.resources, found)
	if r.kind == activityResource && !l.closed && (l.known == nil || !l.known(asked)) {
		f.problem("Resource", "activities are not served here: use an integration with .waitForTaskToken, whose token any process can answer")
		return
	}
	if l.known != nil && asked != "" && fault == "" && !hasSubstitution(asked) && !l.known(asked) {
		f.problem("Resource", "nothing is known by the name %q", asked)
	}
}

// has tells whether a template is an object with a member called name.
func (t *template) has(name string) bool {
	if t.query != nil {
		return true // that is known when it is evaluated
	}
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

// resume calls the function again, or awaits the answer again.
func (w *task) resume(r *run, f *frame) {
	if w.callback {
		r.await(f.call)
	}
	r.launch = append(r.launch, f.call)
}

func (w *task) schedule(r *run, f *frame) (*record, *failure) {
	arguments, fail := r.arguments(f)
	if fail != nil {
		return nil, fail
	}
	timeout, fail := w.seconds(r, f, &w.timeout)
	if fail != nil {
		return nil, fail
	}
	heartbeat, fail := w.seconds(r, f, &w.heartbeat)
	if fail != nil {
		return nil, fail
	}
	role, fail := w.assumed(r, f)
	if fail != nil {
		return nil, fail
	}
	if len(arguments.json()) > r.engine.limits.Payload {
		return nil, &failure{name: ErrorDataLimitExceeded, cause: fmt.Sprintf(causeStateInputTooLarge, f.state.name)}
	}
	now := r.now()
	rec := &record{
		op: opSchedule, Type: w.events.scheduled, Name: f.state.name, Resource: w.resource, data: arguments,
		Token: f.token(r.name), Until: now + int64(seconds(timeout)), Role: role,
	}
	if heartbeat > 0 {
		rec.Beat = now + int64(seconds(heartbeat))
	}
	return rec, nil
}

// assumed returns the role that the task takes on, "" for none.
func (w *task) assumed(r *run, f *frame) (string, *failure) {
	if w.role == nil {
		return "", nil
	}
	v, err := w.role.eval(r.scope(f, f.input.v))
	if err != nil {
		return "", f.broken(err)
	}
	role, ok := v.(string)
	if !ok {
		return "", f.runtime("The RoleArn field of Credentials refers to a value that is not a string: %s", plain(v))
	}
	return role, nil
}

// seconds evaluates a timeout or a heartbeat.
func (w *task) seconds(r *run, f *frame, a *amount) (int64, *failure) {
	if a.query != nil {
		n, err := a.evalQuery(r.scope(f, nil))
		if err != nil {
			return 0, f.broken(err)
		}
		if n <= 0 {
			return 0, f.misused(a.field, "The %s field is not a positive integer: %d", a.field, n)
		}
		return min(n, maxSeconds), nil
	}
	if a.path == nil {
		return min(a.constant, maxSeconds), nil
	}
	in, fail := r.input(f)
	if fail != nil {
		return 0, fail
	}
	v, err := a.path.Eval(r.scope(f, in.v))
	if err != nil {
		return 0, f.runtime("The %sPath parameter does not reference an input value: %s", a.field, a.path)
	}
	number, ok := v.(value.Number)
	n, whole := number.Int64()
	if !ok || !whole || n <= 0 {
		return 0, f.runtime("The %sPath parameter does not reference a positive integer: %s == %s", a.field, a.path, plain(v))
	}
	return min(n, maxSeconds), nil
}

// resolve finds the function of a call, and its input.
func (w *task) resolve(tasks Tasks, c *call) (Function, json.RawMessage, error) {
	tasks, err := tasksAs(tasks, c.role)
	if err != nil {
		return nil, nil, err
	}
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
