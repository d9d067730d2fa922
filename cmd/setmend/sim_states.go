package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/cloud/integration"
	"github.com/setmend/setmend/fleet"
)

// statesLanguage is the interpreter that the embedded AWS's Step Functions run on:
// asl, with tasks that call the embedded AWS as the state machine's role.
type statesLanguage struct{}

var _ awssim.Interpreter = statesLanguage{}

// Validate returns what asl finds wrong with a definition, and the resources that no
// task implements.
func (statesLanguage) Validate(definition string) []awssim.Diagnostic {
	table := integration.NewTable()
	var out []awssim.Diagnostic
	for _, p := range asl.Validate([]byte(definition), table.Callable) {
		out = append(out, awssim.Diagnostic{Severity: "ERROR", Code: "SCHEMA_VALIDATION_FAILED", Message: p.Message, Location: p.Path})
	}
	return out
}

// Open makes an engine for a state machine. Its store is in memory, as the embedded
// AWS is.
func (statesLanguage) Open(h awssim.MachineHost) awssim.MachineRunner {
	r := &machineRunner{host: h, connect: sync.OnceValues(func() (*integration.Bound, error) { return connectAs(h) })}
	tasks := &machineTasks{table: integration.NewTable(), connect: r.connect}
	r.engine = asl.NewEngine(asl.Config{
		Tasks: tasks, Objects: &workflowTasks{connect: r.connect}, Clock: hostClock{h}, Listener: hostListener{h},
		Context: asl.ContextValues{StateMachine: h.StateMachine, Region: h.Region, Account: h.Account, RoleARN: h.Role},
	})
	return r
}

// connectAs connects to the embedded AWS with the keys of the role.
func connectAs(h awssim.MachineHost) (*integration.Bound, error) {
	aws, err := cloud.New(context.Background(), cloud.Config{
		Region: fleet.Region(h.Region), Transport: h.Transport, Clock: hostClock{h},
		Keys: &cloud.Keys{AccessKeyID: h.AccessKey, SecretAccessKey: h.SecretAccessKey, SessionToken: h.SessionToken},
	})
	if err != nil {
		return nil, err
	}
	return integration.Bind(aws), nil
}

// hostClock is the world's time, for the interpreter and for the calls of tasks.
type hostClock struct{ host awssim.MachineHost }

var (
	_ asl.Clock   = hostClock{}
	_ cloud.Clock = hostClock{}
)

// Now is the world's time.
func (c hostClock) Now() time.Time { return c.host.Now() }

// AfterFunc calls f once d has passed in the world.
func (c hostClock) AfterFunc(d time.Duration, f func()) (stop func() bool) {
	return c.host.AfterFunc(d, f)
}

// Sleep waits in the world's time, or returns the context's error.
func (c hostClock) Sleep(ctx context.Context, d time.Duration) error {
	over := make(chan struct{})
	stop := c.host.AfterFunc(d, func() { close(over) })
	select {
	case <-over:
		return nil
	case <-ctx.Done():
		stop()
		return ctx.Err()
	}
}

// hostListener hands events on to the embedded AWS's history.
type hostListener struct{ host awssim.MachineHost }

// Happened implements [asl.Listener].
func (l hostListener) Happened(execution string, e asl.Event) {
	l.host.Happened(execution, awssim.MachineEvent{
		ID: e.ID, PreviousID: e.PreviousID, Type: string(e.Type), Time: e.Time, Name: e.Name, Input: e.Input, Output: e.Output, Parameters: e.Parameters,
		Error: e.Error, Cause: e.Cause, Resource: e.Resource, Role: e.Role, Location: e.Location, Index: e.Index, Length: e.Length,
	})
}

// machineTasks are what a definition calls: functions and services of the embedded
// AWS.
type machineTasks struct {
	table   *integration.Table
	connect func() (*integration.Bound, error)
	role    string // of a Task's Credentials; "" is the state machine's own
}

// Function implements [asl.Tasks].
func (t *machineTasks) Function(resource string) (asl.Function, bool) {
	if !t.table.Callable(resource) {
		return nil, false
	}
	return (&workflowTasks{connect: t.connect, role: t.role}).call(resource), true
}

// As returns the same tasks, called by the rights of a role.
func (t *machineTasks) As(role string) (asl.Tasks, error) {
	as := *t
	as.role = role
	return &as, nil
}

// machineRunner runs the executions of one state machine.
type machineRunner struct {
	host    awssim.MachineHost
	connect func() (*integration.Bound, error)
	engine  *asl.Engine

	mu     sync.Mutex
	parsed map[string]*asl.Machine // guarded by mu; by definition
}

// Run implements [awssim.MachineRunner].
func (r *machineRunner) Run(ctx context.Context, execution, definition string, input []byte) (awssim.MachineOutcome, error) {
	machine, err := r.machine(definition)
	if err != nil {
		return awssim.MachineOutcome{}, err
	}
	outcome, err := r.engine.Run(ctx, execution, machine, input)
	if err != nil {
		return awssim.MachineOutcome{}, fmt.Errorf("running execution %s of state machine %s: %w", execution, r.host.StateMachine, err)
	}
	return awssim.MachineOutcome{Status: string(outcome.Status), Output: outcome.Output, Error: outcome.Error, Cause: outcome.Cause}, nil
}

// mostParsed bounds how many definitions of a state machine are kept compiled.
const mostParsed = 16

// machine compiles a definition once.
func (r *machineRunner) machine(definition string) (*asl.Machine, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.parsed[definition]; m != nil {
		return m, nil
	}
	m, err := asl.Parse([]byte(definition))
	if err != nil {
		return nil, err
	}
	if r.parsed == nil || len(r.parsed) >= mostParsed {
		r.parsed = map[string]*asl.Machine{}
	}
	r.parsed[definition] = m
	return m, nil
}

// Stop implements [awssim.MachineRunner].
func (r *machineRunner) Stop(ctx context.Context, execution, errorName, cause string) error {
	return r.engine.Stop(ctx, execution, errorName, cause)
}

// SendTaskSuccess implements [awssim.MachineRunner].
func (r *machineRunner) SendTaskSuccess(ctx context.Context, token string, output []byte) (bool, error) {
	return knownTask(r.engine.SendTaskSuccess(ctx, token, json.RawMessage(output)))
}

// SendTaskFailure implements [awssim.MachineRunner].
func (r *machineRunner) SendTaskFailure(ctx context.Context, token, errorName, cause string) (bool, error) {
	return knownTask(r.engine.SendTaskFailure(ctx, token, errorName, cause))
}

// SendTaskHeartbeat implements [awssim.MachineRunner].
func (r *machineRunner) SendTaskHeartbeat(ctx context.Context, token string) (bool, error) {
	return knownTask(r.engine.SendTaskHeartbeat(ctx, token))
}

// knownTask reports whether a token belongs to a task of this state machine. It fails
// for a refusal.
func knownTask(err error) (bool, error) {
	if refused, ok := errors.AsType[*asl.AnswerError](err); ok && (refused.Name == asl.AnswerNoTask || refused.Name == "InvalidToken") {
		return false, nil
	}
	return true, err
}
