package asl

import (
	"time"

	"github.com/setmend/setmend/asl/internal/value"
)

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
	if t, ok := f.work().(*task); ok && t.callback {
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

func (f *frame) work() worker {
	if f.state == nil {
		return nil
	}
	return f.state.work
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
