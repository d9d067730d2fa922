package cloud

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	sfntypes "github.com/aws/aws-sdk-go-v2/service/sfn/types"
)

func (a *AWS) executions() *sfn.Client {
	return sfn.NewFromConfig(a.sdk, func(o *sfn.Options) { o.APIOptions = append(o.APIOptions, a.count) })
}

// StartExecution starts an execution of a state machine under a name. Started is false
// if one of that name has been there before and has ended, or had another input.
func (a *AWS) StartExecution(ctx context.Context, machine, name, input string) (started bool, err error) {
	_, err = call(ctx, a, startExecution.on("execution %s", name), a.executions().StartExecution,
		&sfn.StartExecutionInput{StateMachineArn: aws.String(machine), Name: aws.String(name), Input: aws.String(input)})
	if codeOf(err) == "ExecutionAlreadyExists" {
		return false, nil
	}
	return err == nil, err
}

// RunningExecution returns the name of an execution of the state machine that has not
// ended, "" if there is none.
func (a *AWS) RunningExecution(ctx context.Context, machine string) (string, error) {
	out, err := call(ctx, a, listExecutions.on("%s", machine), a.executions().ListExecutions,
		&sfn.ListExecutionsInput{StateMachineArn: aws.String(machine), StatusFilter: sfntypes.ExecutionStatusRunning, MaxResults: 1})
	if err != nil || len(out.Executions) == 0 {
		return "", err
	}
	return aws.ToString(out.Executions[0].Name), nil
}
