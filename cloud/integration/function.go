package integration

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/setmend/setmend/cloud"
)

var functionName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9$_-]{1,128})?$`)

// isFunctionName tells what may be the name of a Lambda function, perhaps with a
// version or alias.
func isFunctionName(s string) bool { return functionName.MatchString(s) }

func isLambdaARN(s string) bool {
	parts := strings.Split(s, ":")
	return len(parts) >= 7 && parts[0] == "arn" && parts[2] == "lambda" && parts[5] == "function" && parts[6] != ""
}

// function calls a Lambda function with the task's input and gives what it
// answers.
func (b *Bound) function(name string) Function {
	invoke := pace("lambda", "Invoke", true, false)
	return func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
		client := patientLambda(b.aws.SDK())
		out, err := cloud.Send(ctx, b.aws, invoke, "function "+name, client.Invoke,
			&lambda.InvokeInput{FunctionName: aws.String(name), Payload: input})
		if err != nil {
			return nil, naming{"Lambda", "AWSLambdaException", java1}.explain(ctx, err)
		}
		if out.FunctionError != nil {
			return nil, thrown(out.Payload)
		}
		if len(out.Payload) == 0 {
			return json.RawMessage("null"), nil
		}
		return out.Payload, nil
	}
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
