package integration

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/setmend/setmend/cloud"
)

// Prefixes of the resources that are integrations.
const (
	statesPrefix = "arn:aws:states:::"
	sdkPrefix    = statesPrefix + "aws-sdk:"
)

// A Function is a task: JSON in, JSON out. Its error is an [*Error], or the
// context's.
type Function = func(ctx context.Context, input json.RawMessage) (json.RawMessage, error)

// A Table finds what resources stand for. It is immutable.
type Table struct {
	resources map[string]*integration
}

// An integration is one way to call an operation.
type integration struct {
	operation *operation
	naming    naming
	// texts are string parameters that take any JSON, as its text. Only the
	// optimised integrations have such.
	texts []string
}

// NewTable makes the table, without a connection: that comes with [Bind].
func NewTable() *Table { return newTable(aws.Config{}) }

func newTable(sdk aws.Config) *Table {
	t := &Table{resources: map[string]*integration{}}
	for _, s := range services(sdk) {
		for _, o := range s.rows {
			t.resources[sdkPrefix+o.String()] = &integration{operation: o, naming: s.java2()}
		}
	}
	t.optimise("sns:publish", "sns:publish", naming{"SNS", "AmazonSNSException", java1}, "Message")
	t.optimise("states:startExecution", "sfn:startExecution",
		naming{"StepFunctions", "AWSStepFunctionsException", java1}, "Input")
	return t
}

// optimise adds an optimised integration of an operation. They are older than the
// SDK integrations, and name errors as the Java SDK's first version does.
func (t *Table) optimise(name, operation string, n naming, texts ...string) {
	t.resources[statesPrefix+name] = &integration{t.resources[sdkPrefix+operation].operation, n, texts}
}

func java1(shape string) string {
	return strings.TrimSuffix(strings.TrimSuffix(shape, "Fault"), "Exception") + "Exception"
}

// Resources lists the resources in the table, sorted.
func (t *Table) Resources() []string {
	var list []string
	for resource := range t.resources {
		list = append(list, resource)
	}
	slices.Sort(list)
	return list
}

// Known tells whether there is something to call behind a resource: an
// integration of the table, or a Lambda function by its ARN.
func (t *Table) Known(resource string) bool {
	_, ok := t.resources[plain(resource)]
	return ok || isLambdaARN(resource)
}

// Callable tells whether [Bound.Lookup] finds something for a resource.
func (t *Table) Callable(resource string) bool { return t.Known(resource) || isFunctionName(resource) }

// plain is a resource without the suffix that only the engine looks at.
func plain(resource string) string { return strings.TrimSuffix(resource, ".waitForTaskToken") }

// Bound is a table with an AWS to call.
type Bound struct {
	table *Table
	aws   *cloud.AWS
}

// Bind makes a table of an AWS.
func Bind(a *cloud.AWS) *Bound { return &Bound{newTable(a.SDK()), a} }

// Lookup finds what to call behind a resource: an integration of the table, or
// the Lambda function of that ARN or name. Which functions there are only AWS
// knows; one that there is not fails with Lambda.ResourceNotFoundException.
func (b *Bound) Lookup(resource string) (Function, bool) {
	if i, ok := b.table.resources[plain(resource)]; ok {
		return func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
			return i.call(ctx, b.aws, input)
		}, true
	}
	if b.table.Callable(resource) {
		return b.function(resource), true
	}
	return nil, false
}

func (i *integration) call(ctx context.Context, a *cloud.AWS, input json.RawMessage) (json.RawMessage, error) {
	in := reflect.New(i.operation.in)
	if err := i.read(in.Elem(), input); err != nil {
		return nil, &Error{Name: runtimeError, Cause: i.operation.String() + ": " + err.Error(), Err: err}
	}
	out, err := i.operation.send(ctx, a, in.Interface())
	if err != nil {
		return nil, i.naming.explain(ctx, err)
	}
	answer, err := encode(out)
	if err != nil {
		return nil, i.naming.explain(ctx, err)
	}
	return answer, nil
}

// read fills the SDK's input from the task's.
func (i *integration) read(in reflect.Value, input json.RawMessage) error {
	v, err := parse(input)
	if err != nil {
		return err
	}
	object, ok := v.(map[string]any)
	if !ok {
		return errors.New("the parameters must be an object")
	}
	for _, name := range i.texts {
		if text, ok := object[name]; ok && text != nil {
			object[name] = string(blob(text))
		}
	}
	return fillStruct(in, object, "")
}
