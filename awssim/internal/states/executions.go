package states

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

const running = "RUNNING"

// Limits of executions (Step Functions quotas).
const (
	largestInput = 256 << 10
	remembered   = 90 * 24 * time.Hour // an execution's name and history
	sessionLasts = 366 * 24 * time.Hour
)

// execution is an execution and its history so far.
type execution struct {
	arn, name, machine, machineName, role, kind string
	account, region                             string
	definition, revision                        string
	status                                      string
	input                                       string
	output, errorName, cause                    string
	started, ended                              time.Time
	events                                      []Event
	ending                                      []func()
}

type startInput struct {
	StateMachineArn string  `wire:"stateMachineArn" valid:"required,min=1,max=256"`
	Name            string  `wire:"name" valid:"min=1,max=80"`
	Input           *string `wire:"input"`
	TraceHeader     string  `wire:"traceHeader"`
}

type startOutput struct {
	ExecutionArn string    `wire:"executionArn"`
	StartDate    time.Time `wire:"startDate"`
}

// startExecution begins an execution. The same name with the same input is the same
// execution, as long as it runs.
func (s *States) startExecution(c *core.Call, in *startInput) (*startOutput, error) {
	x, err := s.start(c, in)
	if err != nil {
		return nil, err
	}
	return &startOutput{x.arn, x.started}, nil
}

func (s *States) start(c *core.Call, in *startInput) (*execution, error) {
	m, err := s.machine(c, in.StateMachineArn)
	if err != nil {
		return nil, err
	}
	input := "{}"
	if in.Input != nil {
		input = *in.Input
	}
	return s.begin(m, in.Name, input)
}

// Start begins an execution for another service. It fails where there is no such
// state machine, or the input is none.
func (s *States) Start(d core.Delivery) error {
	call := &core.Call{World: s.world, Caller: core.Principal{Account: d.Account}, Region: d.Region}
	if a, ok := core.ParseARN(d.Target); ok {
		call.Caller.Account = a.Account
	}
	m, err := s.machine(call, d.Target)
	if err != nil {
		return err
	}
	_, err = s.begin(m, d.Name, string(d.Payload))
	return err
}

func (s *States) begin(m *machine, name, input string) (*execution, error) {
	if s.with.Interpreter == nil {
		return nil, refuse("InvalidDefinition", "the embedded AWS was given no interpreter of the States Language, and so does not run %s: `setmend sim` has one; in Go, set Options.StateMachines", m.arn)
	}
	switch {
	case name == "":
		name = s.world.UUID()
	case !machineName.MatchString(name):
		return nil, refuse("InvalidName", "Invalid Name: '%s'", name)
	}
	switch {
	case !json.Valid([]byte(input)):
		return nil, refuse("InvalidExecutionInput", "Invalid State Machine Execution Input: 'com.fasterxml.jackson.core.JsonParseException: the input is not JSON'")
	case len(input) > largestInput:
		return nil, refuse("InvalidExecutionInput", "The input exceeds the maximum number of bytes service limit (%d).", largestInput)
	}
	arn := strings.Replace(m.arn, ":stateMachine:", ":execution:", 1) + ":" + name
	if old := s.executions[arn]; old != nil {
		if old.status == running && old.input == input {
			return old, nil
		}
		return nil, refuse("ExecutionAlreadyExists", "Execution Already Exists: '%s'", arn)
	}
	x := &execution{arn: arn, name: name, machine: m.arn, machineName: m.name, role: m.role, kind: m.kind, account: m.live.Account, region: m.live.Region,
		definition: m.definition, revision: m.revision, status: running, input: input, started: s.world.Now()}
	s.executions[arn] = x
	s.order = append(s.order, x)
	s.changed(x)
	s.metric(x, "ExecutionsStarted", "Count", 1)
	s.run(x)
	return x, nil
}

// run has the interpreter run an execution.
func (s *States) run(x *execution) {
	s.world.KeepMoving()
	runner, stirred := s.runner(x)
	ctx := s.ctx
	stirred()
	go func() {
		outcome, err := runner.Run(ctx, x.name, x.definition, []byte(x.input))
		if ctx.Err() != nil {
			return // the world has ended
		}
		if err != nil {
			outcome = Outcome{Status: "FAILED", Error: "States.Runtime", Cause: err.Error()}
		}
		s.world.Serve(func() { s.finish(x, outcome) })
	}()
}

func (s *States) finish(x *execution, o Outcome) {
	if x.status != running || s.ctx.Err() != nil {
		return
	}
	x.status, x.output, x.errorName, x.cause, x.ended = o.Status, string(o.Output), o.Error, o.Cause, s.world.Now()
	metrics := map[string]string{"SUCCEEDED": "ExecutionsSucceeded", "FAILED": "ExecutionsFailed", "TIMED_OUT": "ExecutionsTimedOut", "ABORTED": "ExecutionsAborted"}
	for _, status := range []string{"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"} {
		value := 0.0
		if status == o.Status {
			value = 1
		}
		s.metric(x, metrics[status], "Count", value)
	}
	s.metric(x, "ExecutionTime", "Milliseconds", float64(x.ended.Sub(x.started).Milliseconds()))
	s.changed(x)
	for _, f := range x.ending {
		f()
	}
	x.ending = nil
}

func (s *States) metric(x *execution, name, unit string, value float64) {
	s.with.Metrics.Report(x.account, x.region, "AWS/States", name, unit, value, [2]string{"StateMachineArn", x.machine})
}

// changed publishes an execution's status.
func (s *States) changed(x *execution) {
	if !s.world.Listening() || x.kind == "EXPRESS" {
		return
	}
	detail := map[string]any{"executionArn": x.arn, "stateMachineArn": x.machine, "name": x.name, "status": x.status, "startDate": x.started.UnixMilli(), "stopDate": nil,
		"input": x.input, "output": nil, "inputDetails": map[string]any{"included": true}, "outputDetails": nil, "error": nil, "cause": nil}
	if !x.ended.IsZero() {
		detail["stopDate"] = x.ended.UnixMilli()
	}
	if x.status == "SUCCEEDED" {
		detail["output"], detail["outputDetails"] = x.output, map[string]any{"included": true}
	}
	if x.errorName != "" || x.cause != "" {
		detail["error"], detail["cause"] = x.errorName, x.cause
	}
	s.world.Publish(core.Event{Source: "aws.states", DetailType: "Step Functions Execution Status Change", Account: x.account, Region: x.region, Resources: []string{x.arn}, Detail: detail})
}

// happened records an event of an execution.
func (s *States) happened(machineARN, name string, e Event) {
	arn := strings.Replace(machineARN, ":stateMachine:", ":execution:", 1) + ":" + name
	s.world.Serve(func() {
		if x := s.executions[arn]; x != nil && x.status == running {
			x.events = append(x.events, e)
		}
	})
}

type executionInput struct {
	ExecutionArn string `wire:"executionArn" valid:"required,min=1,max=256"`
	IncludedData string `wire:"includedData"`
}

type executionShape struct {
	ExecutionArn    string    `wire:"executionArn"`
	StateMachineArn string    `wire:"stateMachineArn"`
	Name            string    `wire:"name"`
	Status          string    `wire:"status"`
	StartDate       time.Time `wire:"startDate"`
	StopDate        time.Time `wire:"stopDate"`
	Input           string    `wire:"input"`
	InputDetails    *included `wire:"inputDetails"`
	Output          string    `wire:"output"`
	OutputDetails   *included `wire:"outputDetails"`
	Error           string    `wire:"error"`
	Cause           string    `wire:"cause"`
	RedriveCount    int32     `wire:"redriveCount"`
	RedriveStatus   string    `wire:"redriveStatus"`
}

type included struct {
	Included bool `wire:"included"`
}

func (s *States) execution(c *core.Call, arn string) (*execution, error) {
	if a, ok := core.ParseARN(arn); !ok || !strings.HasPrefix(a.Resource, "execution:") {
		return nil, refuse("InvalidArn", "Invalid Arn: '%s'", arn)
	}
	x := s.executions[arn]
	if x == nil || x.account != c.Caller.Account || !x.ended.IsZero() && c.Now().Sub(x.ended) > remembered {
		return nil, refuse("ExecutionDoesNotExist", "Execution Does Not Exist: '%s'", arn)
	}
	return x, nil
}

func (s *States) describeExecution(c *core.Call, in *executionInput) (*executionShape, error) {
	x, err := s.execution(c, in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	out := &executionShape{ExecutionArn: x.arn, StateMachineArn: x.machine, Name: x.name, Status: x.status, StartDate: x.started, StopDate: x.ended, Input: x.input,
		InputDetails: &included{true}, Output: x.output, Error: x.errorName, Cause: x.cause, RedriveStatus: "NOT_REDRIVABLE"}
	if x.status == "SUCCEEDED" {
		out.OutputDetails = &included{true}
	}
	return out, nil
}

type forExecution struct {
	StateMachineArn string    `wire:"stateMachineArn"`
	Name            string    `wire:"name"`
	Definition      string    `wire:"definition"`
	RoleArn         string    `wire:"roleArn"`
	UpdateDate      time.Time `wire:"updateDate"`
	RevisionID      string    `wire:"revisionId"`
}

func (s *States) describeForExecution(c *core.Call, in *executionInput) (*forExecution, error) {
	x, err := s.execution(c, in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	return &forExecution{x.machine, x.machineName, x.definition, x.role, x.started, x.revision}, nil
}

type listExecutionsInput struct {
	StateMachineArn string `wire:"stateMachineArn" valid:"min=1,max=256"`
	StatusFilter    string `wire:"statusFilter" valid:"enum=RUNNING|SUCCEEDED|FAILED|TIMED_OUT|ABORTED|PENDING_REDRIVE"`
	MaxResults      *int32 `wire:"maxResults" valid:"min=0,max=1000"`
	NextToken       string `wire:"nextToken"`
}

type executionItem struct {
	ExecutionArn    string    `wire:"executionArn"`
	StateMachineArn string    `wire:"stateMachineArn"`
	Name            string    `wire:"name"`
	Status          string    `wire:"status"`
	StartDate       time.Time `wire:"startDate"`
	StopDate        time.Time `wire:"stopDate"`
}

type listExecutionsOutput struct {
	Executions []executionItem `wire:"executions"`
	NextToken  string          `wire:"nextToken"`
}

// listExecutions lists the newest first. The token is how many were listed.
func (s *States) listExecutions(c *core.Call, in *listExecutionsInput) (*listExecutionsOutput, error) {
	m, err := s.machine(c, in.StateMachineArn)
	if err != nil {
		return nil, err
	}
	at, err := offset(in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &listExecutionsOutput{Executions: []executionItem{}}
	seen := 0
	for _, x := range slices.Backward(s.order) {
		if x.machine != m.arn || in.StatusFilter != "" && x.status != in.StatusFilter {
			continue
		}
		if seen++; seen <= at {
			continue
		}
		if len(out.Executions) == pageSize(in.MaxResults) {
			out.NextToken = strconv.Itoa(seen - 1)
			break
		}
		out.Executions = append(out.Executions, executionItem{x.arn, x.machine, x.name, x.status, x.started, x.ended})
	}
	return out, nil
}

func offset(token string) (int, error) {
	if token == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(token)
	if err != nil || n < 0 {
		return 0, refuse("InvalidToken", "Invalid Token: '%s'", token)
	}
	return n, nil
}

type stopInput struct {
	ExecutionArn string `wire:"executionArn" valid:"required,min=1,max=256"`
	Error        string `wire:"error" valid:"max=256"`
	Cause        string `wire:"cause" valid:"max=32768"`
}

type stopOutput struct {
	StopDate time.Time `wire:"stopDate"`
}

// stopExecution aborts an execution. Of one that is over it answers when that was.
func (s *States) stopExecution(c *core.Call, in *stopInput) (*core.Later, error) {
	x, err := s.execution(c, in.ExecutionArn)
	if err != nil {
		return nil, err
	}
	later := s.world.Later()
	if x.status != running {
		later.Answer(&stopOutput{x.ended}, nil)
		return later, nil
	}
	x.ending = append(x.ending, func() { later.Answer(&stopOutput{x.ended}, nil) })
	s.abort(x, in.Error, in.Cause)
	return later, nil
}

func (s *States) abort(x *execution, errorName, cause string) {
	runner, stirred := s.runner(x)
	stirred()
	s.world.Outside(func() {
		for range mostStops {
			// One that was just started may not be known to the runner yet.
			if runner.Stop(s.ctx, x.name, errorName, cause) == nil || !s.pause(quiet) {
				return
			}
		}
	}, func() {})
}

// mostStops is how often an execution is tried to be stopped.
const mostStops = 40

type answerInput struct {
	TaskToken string `wire:"taskToken" valid:"required,min=1,max=2048"`
	Output    string `wire:"output"`
	Error     string `wire:"error" valid:"max=256"`
	Cause     string `wire:"cause" valid:"max=32768"`
}

func (s *States) sendSuccess(_ *core.Call, in *answerInput) (*core.Later, error) {
	if !json.Valid([]byte(in.Output)) {
		return nil, refuse("InvalidOutput", "Invalid Output: 'the output is not JSON'")
	}
	return s.answerTask(func(ctx context.Context, r Runner) (bool, error) {
		return r.SendTaskSuccess(ctx, in.TaskToken, []byte(in.Output))
	}), nil
}

func (s *States) sendFailure(_ *core.Call, in *answerInput) (*core.Later, error) {
	return s.answerTask(func(ctx context.Context, r Runner) (bool, error) {
		return r.SendTaskFailure(ctx, in.TaskToken, in.Error, in.Cause)
	}), nil
}

func (s *States) sendHeartbeat(_ *core.Call, in *answerInput) (*core.Later, error) {
	return s.answerTask(func(ctx context.Context, r Runner) (bool, error) { return r.SendTaskHeartbeat(ctx, in.TaskToken) }), nil
}

// answerTask sends an answer to the runner that knows its token.
func (s *States) answerTask(send func(context.Context, Runner) (bool, error)) *core.Later {
	later := s.world.Later()
	var all []Runner
	for _, key := range sortedKeys(s.runners) {
		all = append(all, s.runners[key])
	}
	var known bool
	var err error
	s.world.Outside(func() {
		for _, r := range all {
			if known, err = send(s.ctx, r); known {
				return
			}
		}
	}, func() {
		switch {
		case !known:
			later.Answer(nil, refuse("InvalidToken", "Invalid Token: 'Invalid token'"))
		case err != nil:
			later.Answer(nil, taskError(err))
		default:
			later.Answer(&struct{}{}, nil)
		}
	})
	return later
}

// taskError words the refusal of an answer. Its text begins with the code where the
// interpreter has AWS's.
func taskError(err error) *core.Error {
	text := err.Error()
	for _, code := range []string{"TaskTimedOut", "TaskDoesNotExist", "InvalidOutput"} {
		if strings.Contains(text, code) {
			return refuse(code, "%s", text)
		}
	}
	return refuse("TaskTimedOut", "Task Timed Out: '%s'", text)
}

type syncOutput struct {
	executionShape
	BillingDetails map[string]any `wire:"billingDetails"`
}

// startSync runs an express execution to its end.
func (s *States) startSync(c *core.Call, in *startInput) (*core.Later, error) {
	m, err := s.machine(c, in.StateMachineArn)
	if err != nil {
		return nil, err
	}
	if m.kind != "EXPRESS" {
		return nil, refuse("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine")
	}
	x, err := s.start(c, in)
	if err != nil {
		return nil, err
	}
	later := s.world.Later()
	x.ending = append(x.ending, func() {
		out, err := s.describeExecution(c, &executionInput{ExecutionArn: x.arn})
		if err != nil {
			later.Answer(nil, err)
			return
		}
		later.Answer(&syncOutput{*out, map[string]any{"billedDurationInMilliseconds": x.ended.Sub(x.started).Milliseconds(), "billedMemoryUsedInMB": 64}}, nil)
	})
	return later, nil
}

var _ http.RoundTripper = transport{}
