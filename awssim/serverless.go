package awssim

import (
	"fmt"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/events"
	"github.com/setmend/setmend/awssim/internal/functions"
	"github.com/setmend/setmend/awssim/internal/sqs"
	"github.com/setmend/setmend/awssim/internal/states"
)

// The types of functions and state machines.
type (
	// FunctionOptions are how Lambda functions run. The zero value runs none but
	// those that are registered in Go.
	FunctionOptions = functions.Options
	// Functions is Lambda.
	Functions = functions.Functions
	// FunctionHandler is a function in Go.
	FunctionHandler = functions.Handler
	// Invocation is one call of a function.
	Invocation = functions.Invocation

	// Interpreter runs definitions in the States Language for Step Functions.
	Interpreter = states.Interpreter
	// MachineHost is what an interpreter is given for a state machine.
	MachineHost = states.Host
	// MachineRunner runs the executions of a state machine.
	MachineRunner = states.Runner
	// MachineEvent is an event of an execution's history.
	MachineEvent = states.Event
	// MachineOutcome is how an execution ended.
	MachineOutcome = states.Outcome
	// Diagnostic is what is wrong with a definition.
	Diagnostic = states.Diagnostic

	// Queues is SQS.
	Queues = sqs.SQS
)

// Functions is Lambda, for registering functions in Go. It is used with the lock held.
func (a *AWS) Functions() *Functions { return a.data.functions }

// Queues is SQS, for reading what is in queues. It is used with the lock held.
func (a *AWS) Queues() *Queues { return a.data.queues }

// assembleServerless makes Lambda and Step Functions. What ran in the world before
// ends.
func (a *AWS) assembleServerless() {
	d := &a.data
	if d.functions != nil {
		d.functions.Close()
		d.states.Close()
	}
	d.functions = functions.New(a.world, store{a}, a.options.Functions, functions.Neighbours{
		Objects: d.objects, Queues: d.queues, Targets: deliveries{a}, Logs: d.logs, Metrics: d.metrics, Matches: events.Matches,
	})
	d.queues.OnArrival(d.functions.Arrived)
	d.states = states.New(a.world, store{a}, states.Neighbours{
		Interpreter: a.options.StateMachines, Objects: d.objects, Metrics: d.metrics, Transport: a.Transport(),
	})
}

// Close ends the functions and executions that run. The AWS itself needs no closing.
func (a *AWS) Close() {
	a.Lock()
	lambda, machines := a.data.functions, a.data.states
	a.Unlock()
	machines.Close()
	lambda.Close()
}

// watch has services look at what stacks make that works by itself.
func (a *AWS) watch() {
	a.stacks.OnType("AWS::Events::Rule", a.data.bus.Changed)
	a.stacks.OnType("AWS::Lambda::EventSourceMapping", a.data.functions.Changed)
}

// deliveries hands things from service to service.
type deliveries struct{ aws *AWS }

var _ core.Deliverer = deliveries{}

// Deliver hands a payload to the service that the target's ARN names.
func (r deliveries) Deliver(d core.Delivery, done func(error)) {
	done(r.deliver(d))
}

func (r deliveries) deliver(d core.Delivery) error {
	to, ok := core.ParseARN(d.Target)
	if !ok {
		return core.Errorf(400, "ValidationException", "%s is not an ARN", d.Target)
	}
	if err := r.aws.mayDeliver(to, d); err != nil {
		return err
	}
	data := &r.aws.data
	switch to.Service {
	case "lambda":
		return data.functions.InvokeAsync(d.Target, d.Payload)
	case "states":
		return data.states.Start(d)
	case "sqs":
		return data.queues.Deliver(d)
	case "sns":
		return data.topics.Deliver(d)
	case "events":
		return data.bus.Deliver(d)
	case "logs":
		data.logs.Log(to.Account, to.Region, logGroup(to.Resource), "events", string(d.Payload))
		return nil
	}
	return core.Errorf(400, "UnsupportedTargetException", "the embedded AWS delivers to Lambda, Step Functions, SQS, SNS, EventBridge and CloudWatch Logs, and not to %s", d.Target)
}

// logGroup is the name in a log group's resource part.
func logGroup(resource string) string {
	var name string
	if _, err := fmt.Sscanf(resource, "log-group:%s", &name); err != nil {
		return resource
	}
	if n := len(name); n > 2 && name[n-2:] == ":*" {
		return name[:n-2]
	}
	return name
}
