package asl

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/value"
)

// The way of data through a state of JSONPath is InputPath, Parameters, the state's
// work, ResultSelector, ResultPath, OutputPath; through one of JSONata Arguments,
// the work, Assign and Output. What cannot be evaluated on the way fails the
// execution with States.Runtime, or the state with States.QueryEvaluationError.

// input is the state's input after InputPath.
func (r *run) input(f *frame) (*data, *failure) {
	return r.wholePath(f, f.input, f.state.flow.input, f.state.flow.noInput)
}

// wholePath is d after an InputPath or OutputPath; null makes it {}. Nothing can
// be selected from a null payload ("attempting to apply InputPath or OutputPath
// on a null JSON payload", the developer guide on States.Runtime).
func (r *run) wholePath(f *frame, d *data, p *jsonpath.Path, null bool) (*data, *failure) {
	switch {
	case null:
		return emptyObject, nil
	case p == nil:
		return d, nil
	}
	if root, _ := p.Root(); root == jsonpath.Input && d.v == nil {
		return nil, f.runtime(causeNullInput)
	}
	v, err := p.Eval(r.scope(f, d.v))
	if err != nil {
		return nil, r.invalidPath(f, p, err)
	}
	return newData(v), nil
}

func (r *run) invalidPath(f *frame, p *jsonpath.Path, err error) *failure {
	if missing, ok := errors.AsType[*jsonpath.NotFoundError](err); ok {
		return f.runtime("Invalid path '%s' : %s", p, missing.Detail)
	}
	return f.runtime("Invalid path '%s' : %v", p, err)
}

// runtime is a failure of the state that f is in, in the words of AWS.
func (f *frame) runtime(format string, args ...any) *failure {
	return runtimeFailure(causeWithinState, f.state.name, f.enteredID, fmt.Sprintf(format, args...))
}

// arguments is the input of the state's work: InputPath, then Parameters.
func (r *run) arguments(f *frame) (*data, *failure) {
	in, fail := r.input(f)
	if fail != nil {
		return nil, fail
	}
	return r.template(f, f.state.flow.parameters, in)
}

// template fills in a payload template; without one, in is the result.
func (r *run) template(f *frame, t *template, in *data) (*data, *failure) {
	if t == nil {
		return in, nil
	}
	v, err := t.eval(r.scope(f, in.v))
	if err != nil {
		return nil, f.broken(err)
	}
	return newData(v), nil
}

// broken is the failure of the state that f is in, because an expression could
// not be evaluated: States.Runtime for JSONPath, States.QueryEvaluationError for
// JSONata.
func (f *frame) broken(err error) *failure {
	if q, ok := errors.AsType[*queryError](err); ok {
		fail := f.misused(q.location, "%s", q.cause)
		fail.early = true
		return fail
	}
	return f.runtime("%v", err)
}

// misused is the failure of the state that f is in, because the result of a query
// is of no use to the field at location. Unlike States.Runtime, Retry and Catch
// see it.
func (f *frame) misused(location, format string, args ...any) *failure {
	fail := f.runtime(format, args...)
	fail.name, fail.fatal, fail.location = ErrorQueryEvaluation, false, location
	return fail
}

// number evaluates an amount.
func (r *run) number(f *frame, in *data, a *amount) (int64, *failure) {
	if a.query != nil {
		n, err := a.evalQuery(r.scope(f, nil))
		if err != nil {
			return 0, f.broken(err)
		}
		return n, nil
	}
	if a.path == nil {
		return a.constant, nil
	}
	v, err := a.path.Eval(r.scope(f, in.v))
	if err != nil {
		return 0, r.invalidPath(f, a.path, err)
	}
	n, ok := integerOf(v)
	if !ok {
		return 0, f.runtime("The %sPath field refers to value \"%s\" which is not a valid integer: %s", a.field, plain(v), a.path)
	}
	return n, nil
}

// plain is a value within a message: a string without its quotes.
func plain(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return string(value.Encode(v))
}

// finish brings the result of the state's work to its output, and leaves the
// state.
func (r *run) finish(f *frame, result *data) {
	if f.state.jsonata {
		s := r.scope(f, nil)
		s.result = result
		if fail := r.conclude(f, s, result, f.state.flow.assign, f.state.flow.outputs, f.state.next); fail != nil {
			r.fail(f, fail)
		}
		return
	}
	result, fail := r.template(f, f.state.flow.selector, result)
	if fail == nil {
		fail = r.finishInto(f, result, f.state.flow.result, f.state.flow.noResult)
	}
	if fail != nil {
		r.fail(f, fail)
	}
}

// conclude ends a state of JSONata with its Output, or with the given default where
// it has none.
func (r *run) conclude(f *frame, s *scope, output *data, assign, outputs *template, next *state) *failure {
	assigned, fail := r.assigned(f, assign, s)
	if fail != nil {
		return fail
	}
	if outputs != nil {
		v, err := outputs.eval(s)
		if err != nil {
			return f.broken(err)
		}
		output = newData(v)
	}
	return r.leave(f, output, assigned, next)
}

// finishInto places the result in the state's input, as ResultPath has it.
func (r *run) finishInto(f *frame, result *data, place *jsonpath.Path, discard bool) *failure {
	assigned, fail := r.assigned(f, f.state.flow.assign, r.scope(f, result.v))
	if fail != nil {
		return fail
	}
	output, fail := r.placed(f, result, place, discard)
	if fail == nil {
		output, fail = r.wholePath(f, output, f.state.flow.output, f.state.flow.noOutput)
	}
	if fail == nil {
		fail = r.leave(f, output, assigned, f.state.next)
	}
	return fail
}

// placed is the state's input with the result at its place. What AWS reports
// where there is no such place has a name of its own, and no word of the state
// around the cause; so, unlike States.Runtime, a Catch may see it.
func (r *run) placed(f *frame, result *data, place *jsonpath.Path, discard bool) (*data, *failure) {
	switch {
	case discard:
		return f.input, nil
	case place == nil:
		return result, nil
	}
	v, err := place.Put(f.input.v, result.v)
	if err != nil {
		return nil, &failure{name: ErrorReferencePath, cause: err.Error()}
	}
	return newData(v), nil
}

// assigned evaluates Assign. All of it sees the variables from before.
func (r *run) assigned(f *frame, t *template, s *scope) (*value.Object, *failure) {
	if t == nil {
		return nil, nil
	}
	v, err := t.eval(s)
	if err != nil {
		return nil, f.broken(err)
	}
	o, _ := v.(*value.Object)
	return o, r.checkVariableSizes(f, o)
}

func (r *run) checkVariableSizes(f *frame, o *value.Object) *failure {
	limits, total := r.engine.limits, 0
	for _, m := range o.Members() {
		size := len(value.Encode(m.Value))
		total += size
		if size > limits.Variable {
			return f.runtime("The size of the variable '%s' exceeds the limit of %d bytes", m.Name, limits.Variable)
		}
	}
	if total > limits.Assign {
		return f.runtime("The size of the variables in Assign exceeds the limit of %d bytes", limits.Assign)
	}
	if f.exec.variables+total > limits.Variables && r.variables(f)+total > limits.Variables {
		return f.runtime("The size of all variables exceeds the limit of %d bytes", limits.Variables)
	}
	f.exec.variables += total
	return nil
}

// variables sums up what all variables of the execution of f take, in bytes.
func (r *run) variables(f *frame) int {
	total := 0
	seen := map[*frame]bool{}
	var add func(at *frame)
	add = func(at *frame) {
		if seen[at] {
			return
		}
		seen[at] = true
		for _, v := range at.vars {
			total += len(value.Encode(v))
		}
		if at.family != nil {
			for _, child := range at.family.running {
				add(child)
			}
		}
	}
	add(f.exec.root)
	f.exec.variables = total
	return total
}

// leave ends the state with its output, and goes on to next, or ends the frame.
func (r *run) leave(f *frame, output *data, assigned *value.Object, next *state) *failure {
	if len(output.json()) > r.engine.limits.Payload {
		return &failure{name: ErrorDataLimitExceeded, cause: fmt.Sprintf(causeResultTooLarge, f.state.name)}
	}
	r.exit(f, output, assigned, next)
	return nil
}

// exit is leave for an output whose size is known to be right.
func (r *run) exit(f *frame, output *data, assigned *value.Object, next *state) {
	s := f.state
	rec := &record{op: opExit, Type: s.exited, Name: s.name, data: output, vars: assigned}
	if assigned != nil && assigned.Len() > 0 {
		rec.Vars = value.Encode(assigned)
	}
	if next != nil {
		rec.Next = next.name
	}
	r.emit(f, rec)
	if next != nil {
		r.enqueue(f)
		return
	}
	r.complete(f)
}

// complete goes on with what f was a part of.
func (r *run) complete(f *frame) {
	if f == f.exec.root {
		r.endExecution(f, &record{Type: ExecutionSucceeded, data: f.output})
		return
	}
	f.parent.state.work.(parent).childDone(r, f.parent, f)
}

// endExecution ends the execution of f: with it the run, or one child of a
// distributed Map.
func (r *run) endExecution(f *frame, rec *record) {
	rec.op = opEnd
	root := f.exec.root
	rec.Previous = f.previous
	r.drop(root)
	r.emit(root, rec)
	if outer := root.parent; outer != nil {
		outer.state.work.(parent).childDone(r, outer, root)
	}
}

// fail deals with the failure of the state that f is in, when the family of f,
// if it had one, has been dealt with: retry, catch, or fail what f is a part of.
func (r *run) fail(f *frame, fail *failure) {
	r.tellEvaluation(f, fail)
	if fail.fatal {
		r.failExecution(f, fail)
		return
	}
	if i := f.retrier(fail); i >= 0 {
		r.retryLater(f, i)
		return
	}
	r.failForGood(f, fail)
}

// tellEvaluation reports a query that could not be evaluated to the listener, once.
func (r *run) tellEvaluation(f *frame, fail *failure) {
	if fail.location == "" {
		return
	}
	rec := &record{Type: EvaluationFailed, Name: f.state.name, Location: fail.location, Error: fail.name, Cause: fail.cause}
	if fail.early {
		if rec.Previous = f.before; rec.Previous == 0 {
			rec.Previous = noEvent
		}
	}
	r.emit(f, rec)
	fail.location = ""
}

// failForGood is fail without retry. Recorded on AWS: a Map says that it has
// failed even where it has not begun, because a query of its could not be
// evaluated.
func (r *run) failForGood(f *frame, fail *failure) {
	if f.family != nil || fail.name == ErrorQueryEvaluation && f.state.kind == KindMap {
		r.emit(f, &record{op: opDisband, Type: EventType(f.state.kind + "StateFailed"), Error: fail.name, Cause: fail.cause})
	}
	for _, c := range f.state.catch {
		if matches(c.errors, fail) {
			r.catch(f, c, fail)
			return
		}
	}
	r.failFrame(f, fail)
}

// catch continues with the state that a catcher names. OutputPath is not applied.
func (r *run) catch(f *frame, c *catcher, fail *failure) {
	caught := newData(value.NewObject(
		value.Member{Name: "Error", Value: fail.name},
		value.Member{Name: "Cause", Value: fail.cause},
	))
	s := r.scope(f, caught.v)
	s.caught = caught
	if f.state.jsonata {
		if fail := r.conclude(f, s, caught, c.assign, c.outputs, c.next); fail != nil {
			r.failFrame(f, fail)
		}
		return
	}
	assigned, runtime := r.assigned(f, c.assign, s)
	if runtime == nil {
		var output *data
		output, runtime = r.placed(f, caught, c.result, c.noResult)
		if runtime == nil {
			runtime = r.leave(f, output, assigned, c.next)
		}
	}
	if runtime != nil {
		r.failFrame(f, runtime)
	}
}

// failFrame fails what f is a part of.
func (r *run) failFrame(f *frame, fail *failure) {
	r.tellEvaluation(f, fail)
	if fail.fatal || f == f.exec.root {
		r.failExecution(f, fail)
		return
	}
	if f.state.kind == KindTask { // recorded on AWS, of the task whose failure ends a branch or an iteration
		r.emit(f, &record{Type: EventType(KindTask + "StateAborted"), Name: f.state.name})
	}
	f.parent.state.work.(parent).childFailed(r, f.parent, f, fail)
}

func (r *run) failExecution(f *frame, fail *failure) {
	r.endExecution(f, &record{Type: ExecutionFailed, Error: fail.name, Cause: fail.cause})
}

// matches reports whether names, an ErrorEquals, cover a failure.
func matches(names []string, fail *failure) bool {
	for _, name := range names {
		switch {
		case name == fail.name:
			return true
		case name == errorAll:
			return fail.name != ErrorDataLimitExceeded || fail.answered
		case name == ErrorTaskFailed && fail.name != ErrorTimeout:
			return true
		case name == ErrorHeartbeatTimeout && fail.heartbeat:
			return true
		}
	}
	return false
}

// retrier finds the retrier that applies to a failure: the first that matches,
// if it has attempts left.
func (f *frame) retrier(fail *failure) int {
	for i, t := range f.state.retry {
		if !matches(t.errors, fail) {
			continue
		}
		used := 0
		if f.attempts != nil {
			used = f.attempts[i]
		}
		if used < t.attempts {
			return i
		}
		return -1
	}
	return -1
}

// delay is the time before the retry after n earlier ones.
func (t *retrier) delay(n int, random func(int64) int64) time.Duration {
	d := float64(t.interval) * math.Pow(t.rate, float64(n))
	if t.longest > 0 {
		d = min(d, float64(t.longest))
	}
	delay := time.Duration(min(d, float64(maxSeconds)*float64(time.Second)))
	if t.jitter && delay > 0 {
		delay = time.Duration(random(int64(delay) + 1))
	}
	return delay
}

// retryLater starts the state's work again after the retrier's delay. The
// deadline and so the jitter are in the log.
func (r *run) retryLater(f *frame, i int) {
	n := 0
	if f.attempts != nil {
		n = f.attempts[i]
	}
	delay := f.state.retry[i].delay(n, r.draw().Int64N)
	r.emit(f, &record{op: opRetry, Type: recordRetrying, Index: i, Until: r.now() + int64(delay)})
	r.armRetry(f)
}

func (r *run) armRetry(f *frame) {
	r.sleep(f, f.until, func() { f.state.work.start(r, f) })
}

func (r *run) resume(f *frame) {
	if f.amidStep() {
		r.damage = fmt.Errorf("resuming execution %s: the log ends amid a step of frame %d", r.name, f.id)
		return
	}
	switch f.phase {
	case phaseNext, phaseEntered:
		r.enqueue(f)
	case phaseRetrying:
		r.armRetry(f)
	default:
		f.state.work.(resumer).resume(r, f)
	}
}

// amidStep reports whether f is in a state that occurs only within a step. A log
// written in whole batches never ends in one.
func (f *frame) amidStep() bool {
	switch f.phase {
	case phaseCalling:
		return f.call == nil
	case phaseFamily:
		return f.family == nil
	}
	return f.phase == phaseDone
}
