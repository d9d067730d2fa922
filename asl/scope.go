package asl

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/setmend/setmend/asl/internal/value"
)

// token makes the token of an attempt: the same whenever the same execution
// comes to the same attempt of the same state, and no other attempt's. The token
// that a task waits for says where to answer it.
func (f *frame) token(run string) string {
	h := sha256.New()
	for _, part := range []string{run, f.exec.name, f.state.path,
		strconv.Itoa(f.id), strconv.FormatInt(f.enteredID, 10), strconv.Itoa(f.retries())} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	token := tokenEncoding.EncodeToString(h.Sum(nil))
	if f.state != nil && f.state.awaits {
		return addressed(token, run)
	}
	return token
}

// timeFormat is how the context object and histories give a time.
const timeFormat = "2006-01-02T15:04:05.000Z"

func formatTime(nanos int64) string { return time.Unix(0, nanos).UTC().Format(timeFormat) }

// contextObject is $$ for the state that f is in. All of it comes from the log,
// so that it is the same after recovery.
func (r *run) contextObject(f *frame) *value.Object {
	members := []value.Member{
		{Name: "Execution", Value: r.executionContext(f.exec)},
		{Name: "StateMachine", Value: value.NewObject(
			value.Member{Name: "Id", Value: r.engine.machineARN()},
			value.Member{Name: "Name", Value: r.engine.values.StateMachine},
		)},
	}
	if f.state != nil {
		members = append(members, value.Member{Name: "State", Value: f.stateContext()})
	}
	if item, ok := r.mapContext(f); ok {
		members = append(members, value.Member{Name: "Map", Value: item})
	}
	if f.state != nil && f.state.awaits {
		members = append(members, value.Member{Name: "Task", Value: value.NewObject(
			value.Member{Name: "Token", Value: f.token(r.name)},
		)})
	}
	return value.NewObject(members...)
}

func (f *frame) stateContext() *value.Object {
	o := value.NewObject(
		value.Member{Name: "Name", Value: f.state.name},
		value.Member{Name: "EnteredTime", Value: formatTime(f.entered)},
	)
	switch f.state.kind {
	case KindTask, KindParallel, KindMap: // only what can be retried counts retries
		return o.With("RetryCount", value.Int(int64(f.retries())))
	}
	return o
}

func (r *run) executionContext(e *execution) *value.Object {
	return value.NewObject(
		value.Member{Name: "Id", Value: r.engine.executionARN(r.name, e)},
		value.Member{Name: "Input", Value: e.input.v},
		value.Member{Name: "StartTime", Value: formatTime(e.started)},
		value.Member{Name: "Name", Value: e.name},
		value.Member{Name: "RoleArn", Value: r.engine.values.RoleARN},
		value.Member{Name: "RedriveCount", Value: value.Int(0)},
	)
}

// mapContext is $$.Map: the item that the iteration around f is for.
func (r *run) mapContext(f *frame) (*value.Object, bool) {
	at := r.selecting
	if at == nil {
		it := f.iteration()
		if it == nil || it.parent.family == nil || it.parent.family.plan == nil {
			return nil, false
		}
		at = &selection{it.parent.family.plan.items[it.index], it.index}
	}
	return value.NewObject(value.Member{Name: "Item", Value: value.NewObject(
		value.Member{Name: "Index", Value: value.Int(int64(at.index))},
		value.Member{Name: "Value", Value: at.item},
	)}), true
}

func (e *Engine) machineARN() string {
	return fmt.Sprintf("arn:aws:states:%s:%s:stateMachine:%s", e.values.Region, e.values.Account, e.values.StateMachine)
}

func (e *Engine) executionARN(run string, x *execution) string {
	name := x.name
	if x.index > 0 {
		name = run + "/" + x.name
	}
	return fmt.Sprintf("arn:aws:states:%s:%s:execution:%s:%s", e.values.Region, e.values.Account, e.values.StateMachine, name)
}

// scope evaluates for f, with input as $. The scope is valid until the next one
// is asked for.
func (r *run) scope(f *frame, input any) *scope {
	r.sc = scope{r: r, f: f, input: input}
	return &r.sc
}

func (s *scope) Input() any { return s.input }

func (s *scope) Random() *rand.Rand { return s.r.draw() }

func (s *scope) Context() any { return s.r.contextObject(s.f) }

// Now returns the time that $now and $millis give.
func (s *scope) Now() time.Time { return time.Unix(0, s.r.now()) }

// Variable returns the value of a variable; for a query, also that of $states.
func (s *scope) Variable(name string) (any, bool) {
	if name == reservedVariable && s.query != nil {
		return s.states(), true
	}
	return s.f.variable(name)
}

// states is $states, as far as the query looks at it.
func (s *scope) states() *value.Object {
	needs := s.query.e.Needs
	var members []value.Member
	if needs("input") {
		members = append(members, value.Member{Name: "input", Value: s.f.input.v})
	}
	if s.result != nil && needs("result") {
		members = append(members, value.Member{Name: "result", Value: s.result.v})
	}
	if s.caught != nil && needs("errorOutput") {
		members = append(members, value.Member{Name: "errorOutput", Value: s.caught.v})
	}
	if needs("context") {
		members = append(members, value.Member{Name: "context", Value: s.Context()})
	}
	return value.NewObject(members...)
}

// mapRunARN names the run of a distributed Map.
func (r *run) mapRunARN(f *frame) string {
	return fmt.Sprintf("arn:aws:states:%s:%s:mapRun:%s/%s:%s", r.engine.values.Region, r.engine.values.Account,
		r.engine.values.StateMachine, f.state.name, f.token(r.name)[:22])
}

// asking notes which query is being evaluated: $states is for it.
func (s *scope) asking(q *query) { s.query = q }
