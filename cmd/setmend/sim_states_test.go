package main

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/setmend/setmend/awssim"
)

// A definition that waits, and calls another service as the state machine's role.
const waitsAndPublishes = `{"StartAt":"Wait","States":{"Wait":{"Type":"Wait","Seconds":3600,"Next":"List"},
"List":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:sts:getCallerIdentity","ResultSelector":{"arn.$":"$.Arn"},"End":true}}}`

func TestTheEmbeddedStepFunctionsRunsADefinition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, err := awssim.New(awssim.Options{Seed: 1, Unthrottled: true, StateMachines: statesLanguage{}})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		c := sfn.NewFromConfig(aws.Config{Region: "eu-central-1", HTTPClient: &http.Client{Transport: a.Transport()},
			Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return aws.Credentials{AccessKeyID: "sim", SecretAccessKey: "sim"}, nil
			})})
		ctx := t.Context()
		if _, err := c.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{Name: aws.String("bad"), RoleArn: aws.String("arn:aws:iam::111122223333:role/r"), Definition: aws.String(`{"StartAt":"A","States":{}}`)}); err == nil {
			t.Error("a definition that is none is taken")
		}
		made, err := c.CreateStateMachine(ctx, &sfn.CreateStateMachineInput{Name: aws.String("m"), RoleArn: aws.String("arn:aws:iam::111122223333:role/r"), Definition: aws.String(waitsAndPublishes)})
		if err != nil {
			t.Fatal(err)
		}
		started, err := c.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: made.StateMachineArn, Name: aws.String("one")})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour - time.Minute)
		seen, err := c.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: started.ExecutionArn})
		if err != nil || seen.Status != types.ExecutionStatusRunning {
			t.Fatalf("before its wait is over the execution is %+v, %v", seen, err)
		}
		time.Sleep(2 * time.Minute)
		seen, err = c.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: started.ExecutionArn})
		if err != nil || seen.Status != types.ExecutionStatusSucceeded || aws.ToString(seen.Output) != `{"arn":"arn:aws:sts::111122223333:assumed-role/r/execution"}` {
			t.Errorf("the execution is %s with %s (%s: %s), %v", seen.Status, aws.ToString(seen.Output), aws.ToString(seen.Error), aws.ToString(seen.Cause), err)
		}
		history, err := c.GetExecutionHistory(ctx, &sfn.GetExecutionHistoryInput{ExecutionArn: started.ExecutionArn})
		if err != nil || len(history.Events) == 0 || history.Events[0].ExecutionStartedEventDetails == nil || history.Events[len(history.Events)-1].Type != types.HistoryEventTypeExecutionSucceeded {
			t.Errorf("the history is %+v, %v", history, err)
		}
		second, err := c.StartExecution(ctx, &sfn.StartExecutionInput{StateMachineArn: made.StateMachineArn, Name: aws.String("two")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.StopExecution(ctx, &sfn.StopExecutionInput{ExecutionArn: second.ExecutionArn, Cause: aws.String("enough")}); err != nil {
			t.Fatal(err)
		}
		seen, err = c.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: second.ExecutionArn})
		if err != nil || seen.Status != types.ExecutionStatusAborted || aws.ToString(seen.Cause) != "enough" {
			t.Errorf("a stopped execution is %+v, %v", seen, err)
		}
	})
}
