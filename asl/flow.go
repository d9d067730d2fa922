package asl

import (
	"errors"
	"fmt"

	"github.com/setmend/setmend/asl/internal/jsonpath"
	"github.com/setmend/setmend/asl/internal/value"
)

// The way of data through a state is InputPath, Parameters, the state's work,
// ResultSelector, ResultPath, OutputPath. Whatever cannot be evaluated on the
// way fails the execution with States.Runtime.

// scope evaluates for f, with input as $. The scope is valid until the next one
// is asked for.
func (r *run) scope(f *frame, input any) *scope {
	r.sc = scope{r: r, f: f, input: input}
	return &r.sc
}

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

// conclude leaves a state of JSONata: with Output, or what stands for it where
// that is not given.
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

// A parent is the worker of a state that has a family.
type parent interface {
	worker
	// spread begins as many members of the family of f as may begin.
	spread(r *run, f *frame)
	// resume takes the family up after recovery.
	resume(r *run, f *frame)
	// childDone goes on with f after one of its family has come to its end, in
	// success or, for a child execution, in failure.
	childDone(r *run, f, child *frame)
	// childFailed goes on with f after a branch or iteration has failed.
	childFailed(r *run, f, child *frame, fail *failure)
}
