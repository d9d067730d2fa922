package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/cloud/integration"
	"github.com/setmend/setmend/fleet"
)

// workflowTasks are what a definition calls: setmend's stages by their names, and
// all else on an AWS that is connected to when the first one is called. A
// definition that calls nothing needs none.
type workflowTasks struct {
	table   *integration.Table // says what there is; calls nothing
	connect func() (*integration.Bound, error)
	names   []string // of the stages
	stages  func() (asl.FunctionMap, error)
	role    string // that AWS is called with; "" is the connection's own
}

func (a *app) workflowTasks(ctx context.Context) (*workflowTasks, error) {
	names, err := stageNames()
	if err != nil {
		return nil, err
	}
	return &workflowTasks{
		table: integration.NewTable(), names: names,
		connect: sync.OnceValues(func() (*integration.Bound, error) {
			c, err := a.connect(ctx, nil)
			if err != nil {
				return nil, err
			}
			if _, err := c.aws.Caller(ctx); err != nil {
				return nil, err
			}
			return integration.Bind(c.aws), nil
		}),
		stages: sync.OnceValues(func() (asl.FunctionMap, error) { return a.workflowStages(ctx) }),
	}, nil
}

// ready makes sure of an AWS to call, if anything is to be called: a run without
// a region or credentials would fail at its next task, for good. It is better not
// worked on.
func (t *workflowTasks) ready(uses []integration.Use) error {
	if !slices.ContainsFunc(uses, outside) {
		return nil
	}
	if _, err := t.connect(); err != nil {
		return cannotCall(err)
	}
	return nil
}

// cannotCall says what AWS is needed for. Most often nobody has said which one.
func cannotCall(err error) error {
	err = fmt.Errorf("connecting to AWS, which the definition calls: %w", err)
	if fleet.KindOf(err) == fleet.Invalid {
		return &hintedError{err, "give --region (AWS_REGION), and --profile where the credentials are in one; nothing was begun", exitFailed}
	}
	return err
}

// outside tells a use of AWS from item readers and result writers that work on
// this machine.
func outside(u integration.Use) bool {
	bucket, _ := u.Parameters["Bucket"].(string)
	return !strings.HasPrefix(bucket, "file://") && !strings.HasPrefix(bucket, "journal://")
}

// Function implements [asl.Tasks].
func (t *workflowTasks) Function(resource string) (asl.Function, bool) {
	switch {
	case slices.Contains(t.names, resource):
		return t.stage(resource), true
	case t.table.Callable(resource):
		return t.call(resource), true
	}
	return nil, false
}

// As returns the same tasks, with AWS called by the rights of a role.
func (t *workflowTasks) As(role string) (asl.Tasks, error) {
	as := *t
	as.role = role
	return &as, nil
}

func (t *workflowTasks) stage(name string) asl.Function {
	return func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
		stages, err := t.stages()
		if err != nil {
			return nil, err
		}
		return stages[name](ctx, input)
	}
}

func (t *workflowTasks) call(resource string) asl.Function {
	return func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
		aws, err := t.connect()
		if err != nil {
			return nil, err
		}
		call, _ := aws.Lookup(resource)
		ctx = integration.WithAttempt(integration.WithRole(ctx, t.role), asl.TaskToken(ctx))
		output, err := call(ctx, input)
		if failure, ok := errors.AsType[*integration.Error](err); ok {
			return nil, &asl.Error{Name: failure.Name, Cause: failure.Cause}
		}
		return output, err
	}
}

// Get implements [asl.ObjectStore], as the two methods below do: S3, for item
// readers and result writers.
func (t *workflowTasks) Get(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	aws, err := t.connect()
	if err != nil {
		return nil, err
	}
	return aws.Objects().Get(ctx, bucket, key)
}

// Put writes an object.
func (t *workflowTasks) Put(ctx context.Context, bucket, key string, content []byte) error {
	aws, err := t.connect()
	if err != nil {
		return err
	}
	return aws.Objects().Put(ctx, bucket, key, content)
}

// List lists objects.
func (t *workflowTasks) List(ctx context.Context, bucket, prefix string) iter.Seq2[json.RawMessage, error] {
	aws, err := t.connect()
	if err != nil {
		return func(yield func(json.RawMessage, error) bool) { yield(nil, err) }
	}
	return aws.Objects().List(ctx, bucket, prefix)
}
