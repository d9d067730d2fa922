package main

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/cloud/integration"
)

// workflowTasks are the tasks of a definition, on an AWS that is connected to
// when the first one is called: a definition that calls nothing needs none.
type workflowTasks struct {
	known   *integration.Bound // says what there is; calls nothing
	connect func() (*integration.Bound, error)
}

func (a *app) workflowTasks(ctx context.Context) *workflowTasks {
	table := integration.NewTable()
	return &workflowTasks{table.Bind(nil), sync.OnceValues(func() (*integration.Bound, error) {
		c, err := a.connect(ctx, nil)
		if err != nil {
			return nil, err
		}
		if _, err := c.aws.Caller(ctx); err != nil {
			return nil, err
		}
		return table.Bind(c.aws), nil
	})}
}

// ready makes sure of an AWS to call, if anything is to be called: a run without
// a region or credentials would fail at its next task, for good. It is better not
// worked on.
func (t *workflowTasks) ready(uses []integration.Use) error {
	if len(uses) == 0 {
		return nil
	}
	_, err := t.connect()
	return err
}

// Function implements [asl.Tasks].
func (t *workflowTasks) Function(resource string) (asl.Function, bool) {
	if _, ok := t.known.Lookup(resource); !ok {
		return nil, false
	}
	return func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
		aws, err := t.connect()
		if err != nil {
			return nil, err
		}
		call, _ := aws.Lookup(resource)
		output, err := call(ctx, input)
		if failure, ok := errors.AsType[*integration.Error](err); ok {
			return nil, &asl.Error{Name: failure.Name, Cause: failure.Cause}
		}
		return output, err
	}, true
}
