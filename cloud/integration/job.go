package integration

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/setmend/setmend/cloud/integration/internal/wire"
)

// A job is what .sync waits for: begun by one operation, described by another.
type job struct {
	service, describe string
	// ask makes the parameters of the description, of the call and its answer. Nil
	// says that nothing was begun.
	ask func(in, out *wire.Struct) *wire.Object
	// state is the job's status in a description, with what the task answers.
	state           func(description *wire.Struct) (status string, result answer)
	succeeded, over []string // statuses; over are those of failures
	gone            bool     // the end is that there is nothing to describe
	fails           func(description *wire.Struct) bool
}

// How often a job is looked at: soon at first, as Step Functions does with events
// where a service has them, and then as often as it polls those that have none.
const (
	firstLook = 2 * time.Second
	lastLook  = 30 * time.Second
)

// wait looks at a job until it is over. A failed job is States.TaskFailed with its
// description as the cause.
func (b *Bound) wait(ctx context.Context, i *integration, in, out *wire.Struct) (json.RawMessage, error) {
	j := i.job
	ask := j.ask(in, out)
	if ask == nil {
		return nil, &Error{Name: i.naming.prefix + ".Unknown", Cause: string(compact(out))}
	}
	look := &integration{operation: mustOperation(j.service, j.describe), naming: i.naming}
	value, err := filler{}.structure(look.operation.Input, ask, "")
	if err != nil {
		return nil, &Error{Name: runtimeError, Cause: look.operation.String() + ": " + err.Error(), Err: err}
	}
	for pause := firstLook; ; pause = min(lastLook, pause*3/2) {
		if err := sleep(ctx, pause); err != nil {
			return nil, err
		}
		description, err := b.send(ctx, look, value.(*wire.Struct))
		switch {
		case err != nil && j.gone && isGone(err):
			return finish(objectOf("Status", "DELETED"))
		case err != nil && passes(err):
			continue
		case err != nil:
			return nil, err
		}
		status, result := j.state(description)
		failed := has(j.over, status) || has(j.succeeded, status) && j.fails != nil && j.fails(description)
		switch {
		case failed:
			return nil, &Error{Name: "States.TaskFailed", Cause: string(compact(result))}
		case has(j.succeeded, status):
			return finish(result)
		}
	}
}

// passes tells an error of looking at a job that says nothing about the job.
func passes(err error) bool {
	e, ok := err.(*Error)
	return ok && (strings.HasSuffix(e.Name, ".SdkClientException") || strings.Contains(e.Name, "Throttl") || strings.Contains(e.Name, "TooManyRequests"))
}

func isGone(err error) bool {
	e, ok := err.(*Error)
	return ok && strings.Contains(e.Name, "NotFound")
}

func has(list []string, status string) bool {
	for _, s := range list {
		if s == status {
			return true
		}
	}
	return false
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// dig follows members of structures, and the first item of lists.
func dig(v any, path ...string) any {
	for _, name := range path {
		if list, ok := v.([]any); ok {
			v = first(list)
		}
		s, ok := v.(*wire.Struct)
		if !ok {
			return nil
		}
		v = s.Get(name)
	}
	if list, ok := v.([]any); ok {
		return first(list)
	}
	return v
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// within takes the status from a member and answers that object, in an object
// under its name if name is not "".
func within(path []string, status, name string) func(*wire.Struct) (string, answer) {
	return func(d *wire.Struct) (string, answer) {
		inner := dig(d, path...)
		if inner == nil {
			return "", d
		}
		s, _ := inner.(*wire.Struct)
		state := text(dig(s, strings.Split(status, ".")...))
		if name == "" {
			return state, s
		}
		return state, objectOf(name, s)
	}
}

// whole takes the status from a member of the description, which is the answer.
func whole(status ...string) func(*wire.Struct) (string, answer) {
	return func(d *wire.Struct) (string, answer) { return text(dig(d, status...)), d }
}

// of asks with members of the call's answer, or of its parameters.
func of(pairs ...string) func(in, out *wire.Struct) *wire.Object {
	return func(in, out *wire.Struct) *wire.Object {
		o := &wire.Object{}
		for i := 0; i+1 < len(pairs); i += 2 {
			path, list := strings.CutSuffix(pairs[i+1], "[]")
			value := dig(out, strings.Split(path, ".")...)
			if value == nil {
				value = dig(in, strings.Split(path, ".")...)
			}
			if value == nil {
				return nil
			}
			if list {
				value = []any{value}
			}
			o.Set(pairs[i], value)
		}
		return o
	}
}
