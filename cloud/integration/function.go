package integration

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"sync"

	"github.com/setmend/setmend/cloud/integration/internal/model"
	"github.com/setmend/setmend/cloud/integration/internal/wire"
)

var functionName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9$_-]{1,128})?$`) })

// isFunctionName tells what may be the name of a Lambda function, perhaps with a
// version or alias.
func isFunctionName(s string) bool { return functionName().MatchString(s) }

// isLambdaARN tells a function's ARN, in any partition.
func isLambdaARN(s string) bool {
	parts := strings.Split(filled(s), ":")
	return len(parts) >= 7 && parts[0] == "arn" && model.IsPartition(parts[1]) && parts[2] == "lambda" && parts[5] == "function" && parts[6] != ""
}

// lambdaNaming is how errors of Lambda itself are named.
var lambdaNaming = naming{"Lambda", "AWSLambdaException", java1}

// function calls a Lambda function with the task's input and gives what it
// answers.
func (b *Bound) function(name string) Function {
	return func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
		o := mustOperation("lambda", "invoke")
		in := &wire.Struct{}
		in.Set(o.Input.Member("FunctionName"), name)
		in.Set(o.Input.Member("Payload"), []byte(input))
		out, err := b.invoked(ctx, o, name, in)
		if err != nil {
			return nil, err
		}
		payload, _ := out.Get("Payload").([]byte)
		if len(payload) == 0 {
			return json.RawMessage("null"), nil
		}
		return payload, nil
	}
}

func (b *Bound) invoked(ctx context.Context, o *operation, name string, in *wire.Struct) (*wire.Struct, error) {
	out, err := b.caller.call(ctx, o, "function "+name, in)
	if err != nil {
		return nil, lambdaNaming.explain(ctx, err)
	}
	if out.Get("FunctionError") != nil {
		payload, _ := out.Get("Payload").([]byte)
		return nil, thrown(payload)
	}
	return out, nil
}

// invoke is the optimised lambda:invoke. Unlike the SDK integration it fails when
// the function does, and answers its payload as JSON.
func (b *Bound) invoke(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
	o := mustOperation("lambda", "invoke")
	i := &integration{operation: o, naming: lambdaNaming, alias: true}
	in, err := i.read(input)
	if err != nil {
		return nil, &Error{Name: runtimeError, Cause: "lambda:invoke: " + err.Error(), Err: err}
	}
	name, _ := in.Get("FunctionName").(string)
	out, err := b.invoked(ctx, o, name, in)
	if err != nil {
		return nil, err
	}
	result := &wire.Object{}
	for _, f := range out.Fields {
		value := f.Value
		if payload, ok := value.([]byte); ok && f.Member.Name == "Payload" {
			if value, err = wire.Decode(payload); err != nil {
				value = string(payload)
			}
		}
		result.Set(memberName(f.Member.Name), value)
	}
	return finish(result)
}

// thrown is the error that a Lambda function ended with: named by its type, with
// all that Lambda says of it as the cause.
func thrown(payload []byte) error {
	var e struct{ ErrorType string }
	if err := json.Unmarshal(payload, &e); err != nil || e.ErrorType == "" {
		return &Error{Name: "Lambda.Unknown", Cause: string(payload)}
	}
	return &Error{Name: e.ErrorType, Cause: string(payload)}
}
