package awssim_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cfntypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

const workerARN = "arn:aws:lambda:eu-central-1:" + sdktest.Management + ":function:worker"

// worker creates a function called worker that is implemented by a Go handler.
func worker(t *testing.T, a *awssim.AWS, handler awssim.FunctionHandler, change func(*lambda.CreateFunctionInput)) *lambda.Client {
	t.Helper()
	c := lambda.NewFromConfig(sdktest.Config(a, sdktest.Management, "eu-central-1"))
	in := &lambda.CreateFunctionInput{FunctionName: aws.String("worker"), Role: aws.String("arn:aws:iam::" + sdktest.Management + ":role/worker"), Runtime: lambdatypes.RuntimeProvidedal2023,
		Handler: aws.String("bootstrap"), Code: &lambdatypes.FunctionCode{ZipFile: archive(t, "#!/bin/sh\n")}}
	if change != nil {
		change(in)
	}
	if _, err := c.CreateFunction(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	a.Lock()
	defer a.Unlock()
	a.Functions().Handle(workerARN, handler)
	return c
}

// archive is a zip with one executable, bootstrap.
func archive(t *testing.T, script string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	header := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	header.SetMode(0o755)
	f, err := w.CreateHeader(header)
	if err == nil {
		_, err = f.Write([]byte(script))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func queue(t *testing.T, c *sqs.Client, name string, attributes map[string]string) string {
	t.Helper()
	out, err := c.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name), Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	return *out.QueueUrl
}

func queueARN(name string) string {
	return "arn:aws:sqs:eu-central-1:" + sdktest.Management + ":" + name
}

func bodies(a *awssim.AWS, name string) []string {
	a.Lock()
	defer a.Unlock()
	return a.Queues().Bodies(queueARN(name))
}

func TestAFunctionIsRefusedUnlessItMayRun(t *testing.T) {
	a := sdktest.New(t)
	c := worker(t, a, nil, nil)
	_, err := c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("worker")})
	sdktest.WantCode(t, err, "InvalidRuntimeException")
	if !strings.Contains(err.Error(), "--run-functions") {
		t.Errorf("the refusal does not say how to run functions: %v", err)
	}
}

func TestAnInvocationAnswersAndAnErrorIsAFunctionError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := sdktest.New(t)
		c := worker(t, a, func(_ context.Context, in awssim.Invocation) ([]byte, error) {
			if string(in.Event) == `"bad"` {
				return nil, errors.New("it is bad")
			}
			return in.Event, nil
		}, nil)
		out, err := c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("worker"), Payload: []byte(`{"a":1}`)})
		if err != nil || string(out.Payload) != `{"a":1}` || out.StatusCode != 200 || out.FunctionError != nil {
			t.Fatalf("the answer is %+v, %v", out, err)
		}
		out, err = c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String(workerARN + ":$LATEST"), Payload: []byte(`"bad"`)})
		if err != nil || aws.ToString(out.FunctionError) != "Unhandled" || !strings.Contains(string(out.Payload), `"errorMessage":"it is bad"`) {
			t.Errorf("a failure is answered with %s, %v", out.Payload, err)
		}
	})
}

func TestAnAsynchronousInvocationIsTriedThreeTimesAndThenDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := sdktest.New(t)
		queues := sqs.NewFromConfig(sdktest.Config(a, sdktest.Management, "eu-central-1"))
		queue(t, queues, "dead", nil)
		var at []time.Duration
		began := time.Now()
		c := worker(t, a, func(context.Context, awssim.Invocation) ([]byte, error) {
			at = append(at, time.Since(began).Truncate(time.Second))
			return nil, errors.New("no")
		}, func(in *lambda.CreateFunctionInput) {
			in.DeadLetterConfig = &lambdatypes.DeadLetterConfig{TargetArn: aws.String(queueARN("dead"))}
		})
		out, err := c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("worker"), InvocationType: lambdatypes.InvocationTypeEvent, Payload: []byte(`{"n":1}`)})
		if err != nil || out.StatusCode != 202 {
			t.Fatalf("an event is answered with %+v, %v", out, err)
		}
		time.Sleep(10 * time.Minute)
		if len(at) != 3 || at[0] != 0 || at[1] != time.Minute || at[2] != 3*time.Minute {
			t.Errorf("it was called after %v, want 0, one minute and two more", at)
		}
		if got := bodies(a, "dead"); len(got) != 1 || got[0] != `{"n":1}` {
			t.Errorf("the dead-letter queue holds %q", got)
		}
	})
}

func TestReservedConcurrencyThrottles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := sdktest.New(t)
		c := worker(t, a, func(ctx context.Context, _ awssim.Invocation) ([]byte, error) {
			time.Sleep(time.Second)
			return nil, ctx.Err()
		}, nil)
		if _, err := c.PutFunctionConcurrency(t.Context(), &lambda.PutFunctionConcurrencyInput{FunctionName: aws.String("worker"), ReservedConcurrentExecutions: aws.Int32(1)}); err != nil {
			t.Fatal(err)
		}
		first := make(chan error, 1)
		go func() {
			_, err := c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("worker")})
			first <- err
		}()
		synctest.Wait()
		_, err := c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("worker")})
		var throttled *lambdatypes.TooManyRequestsException
		if !errors.As(err, &throttled) || throttled.Reason != lambdatypes.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded {
			t.Errorf("the second call at once is answered with %v", err)
		}
		if err := <-first; err != nil {
			t.Errorf("the first call is answered with %v", err)
		}
	})
}

func TestATimeoutEndsTheInvocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := sdktest.New(t)
		c := worker(t, a, func(ctx context.Context, _ awssim.Invocation) ([]byte, error) {
			<-ctx.Done()
			return []byte(`"too late"`), nil
		}, func(in *lambda.CreateFunctionInput) { in.Timeout = aws.Int32(2) })
		began := time.Now()
		out, err := c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("worker")})
		if err != nil || time.Since(began) != 2*time.Second {
			t.Fatalf("it took %v: %v", time.Since(began), err)
		}
		var failure struct{ ErrorType, ErrorMessage string }
		if json.Unmarshal(out.Payload, &failure) != nil || out.FunctionError == nil {
			t.Errorf("it is answered with %s", out.Payload)
		}
	})
}

func TestAQueueCallsItsFunctionAndKeepsWhatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := sdktest.New(t)
		queues := sqs.NewFromConfig(sdktest.Config(a, sdktest.Management, "eu-central-1"))
		queue(t, queues, "dead", nil)
		url := queue(t, queues, "work", map[string]string{"VisibilityTimeout": "30", "RedrivePolicy": `{"deadLetterTargetArn":"` + queueARN("dead") + `","maxReceiveCount":2}`})
		var seen []string
		c := worker(t, a, func(_ context.Context, in awssim.Invocation) ([]byte, error) {
			var event struct {
				Records []struct{ MessageID, Body string }
			}
			if err := json.Unmarshal(in.Event, &event); err != nil {
				return nil, err
			}
			failures := []map[string]string{}
			for _, r := range event.Records {
				if seen = append(seen, r.Body); r.Body == "bad" {
					failures = append(failures, map[string]string{"itemIdentifier": r.MessageID})
				}
			}
			return json.Marshal(map[string]any{"batchItemFailures": failures})
		}, nil)
		_, err := c.CreateEventSourceMapping(t.Context(), &lambda.CreateEventSourceMappingInput{FunctionName: aws.String("worker"), EventSourceArn: aws.String(queueARN("work")),
			FunctionResponseTypes: []lambdatypes.FunctionResponseType{lambdatypes.FunctionResponseTypeReportBatchItemFailures}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = queues.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: []sqstypes.SendMessageBatchRequestEntry{
			{Id: aws.String("1"), MessageBody: aws.String("good")}, {Id: aws.String("2"), MessageBody: aws.String("bad")}}})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		if got := strings.Join(seen, " "); got != "good bad bad" {
			t.Errorf("the function saw %q, want the bad message twice", got)
		}
		if got := bodies(a, "dead"); len(got) != 1 || got[0] != "bad" {
			t.Errorf("the dead-letter queue holds %q", got)
		}
		if got := bodies(a, "work"); len(got) != 0 {
			t.Errorf("the queue still holds %q", got)
		}
	})
}

func TestAReceiverWaitsForAMessageAndFIFODropsRepetitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := sdktest.New(t)
		c := sqs.NewFromConfig(sdktest.Config(a, sdktest.Management, "eu-central-1"))
		url := queue(t, c, "a.fifo", map[string]string{"FifoQueue": "true", "ContentBasedDeduplication": "true"})
		go func() {
			time.Sleep(7 * time.Second)
			for range 2 {
				if _, err := c.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("one"), MessageGroupId: aws.String("g")}); err != nil {
					t.Error(err)
				}
			}
		}()
		began := time.Now()
		out, err := c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20, MaxNumberOfMessages: 10})
		if err != nil || len(out.Messages) != 1 || time.Since(began) != 7*time.Second {
			t.Fatalf("after %v it received %v, %v", time.Since(began), out, err)
		}
		time.Sleep(time.Minute) // seen again, once
		out, err = c.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10})
		if err != nil || len(out.Messages) != 1 {
			t.Errorf("it received %v, %v", out, err)
		}
	})
}

func TestARuleOfAStackFiresOnStackSetsEventsWithoutBeingAskedFor(t *testing.T) {
	a := sdktest.New(t)
	config := sdktest.Config(a, sdktest.Management, "eu-central-1")
	const template = `
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: events}}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [aws.cloudformation], detail-type: [CloudFormation Stack Status Change], detail: {status-details: {status: [CREATE_COMPLETE]}}}
      Targets: [{Id: q, Arn: !GetAtt Queue.Arn}]
  Hourly:
    Type: AWS::Events::Rule
    Properties: {ScheduleExpression: rate(1 hour), Targets: [{Id: q, Arn: !GetAtt Queue.Arn, Input: '"tick"'}]}
`
	c := cloudformation.NewFromConfig(config)
	create := func(name, body string) {
		if _, err := c.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: &name, TemplateBody: &body}); err != nil {
			t.Fatal(err)
		}
		a.Advance(3 * time.Minute)
	}
	create("rules", template)
	create("other", "Resources: {T: {Type: AWS::SNS::Topic}}")
	if got := bodies(a, "events"); len(got) != 1 || !strings.Contains(got[0], "stack/other/") {
		t.Fatalf("the queue holds %q, want the event of one stack", got)
	}
	a.Advance(2 * time.Hour)
	ticks := strings.Count(strings.Join(bodies(a, "events"), " "), "tick")
	if ticks != 2 {
		t.Errorf("in two hours and some minutes the schedule fired %d times", ticks)
	}
}

func TestWhatATargetRefusesIsADeadLetterWithTheReason(t *testing.T) {
	a := sdktest.New(t)
	config := sdktest.Config(a, sdktest.Management, "eu-central-1")
	queues, bus := sqs.NewFromConfig(config), eventbridge.NewFromConfig(config)
	url := queue(t, queues, "dead", nil)
	if _, err := bus.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(`{"source":["me"]}`)}); err != nil {
		t.Fatal(err)
	}
	_, err := bus.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("r"), Targets: []eventtypes.Target{{Id: aws.String("t"), Arn: aws.String(queueARN("absent")),
		DeadLetterConfig: &eventtypes.DeadLetterConfig{Arn: aws.String(queueARN("dead"))}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bus.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []eventtypes.PutEventsRequestEntry{{Source: aws.String("me"), DetailType: aws.String("d"), Detail: aws.String("{}")}}}); err != nil {
		t.Fatal(err)
	}
	a.Advance(time.Second)
	out, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MessageAttributeNames: []string{"All"}})
	if err != nil || len(out.Messages) != 1 || aws.ToString(out.Messages[0].MessageAttributes["ERROR_CODE"].StringValue) != "NO_RESOURCE" {
		t.Errorf("the dead letters are %+v, %v", out.Messages, err)
	}
}

const limited = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:GetQueueUrl","Resource":"*"}]}`

func TestARoleMayOnlyDoWhatItsPoliciesAllowIfPoliciesAreEvaluated(t *testing.T) {
	for _, enforce := range []bool{true, false} {
		a, err := awssim.New(awssim.Options{Seed: 1, Account: sdktest.Management, Unthrottled: true, EnforceIAM: enforce})
		if err != nil {
			t.Fatal(err)
		}
		config := sdktest.Config(a, sdktest.Management, "eu-central-1")
		roles := iam.NewFromConfig(config)
		trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + sdktest.Management + `"},"Action":"sts:AssumeRole"}]}`
		if _, err := roles.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("small"), AssumeRolePolicyDocument: &trust}); err != nil {
			t.Fatal(err)
		}
		if _, err := roles.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: aws.String("small"), PolicyName: aws.String("p"), PolicyDocument: aws.String(limited)}); err != nil {
			t.Fatal(err)
		}
		queue(t, sqs.NewFromConfig(config), "q", nil)
		session, err := sts.NewFromConfig(config).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::" + sdktest.Management + ":role/small"), RoleSessionName: aws.String("me")})
		if err != nil {
			t.Fatal(err)
		}
		config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: *session.Credentials.AccessKeyId, SecretAccessKey: "s", SessionToken: *session.Credentials.SessionToken}, nil
		})
		as := sqs.NewFromConfig(config)
		if _, err := as.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("q")}); err != nil {
			t.Errorf("what the policy allows is refused: %v", err)
		}
		_, err = as.ListQueues(t.Context(), &sqs.ListQueuesInput{})
		if !enforce {
			if err != nil {
				t.Errorf("policies are evaluated without being asked for: %v", err)
			}
			continue
		}
		sdktest.WantCode(t, err, "AccessDeniedException")
		const words = "User: arn:aws:sts::" + sdktest.Management + ":assumed-role/small/me is not authorized to perform: sqs:ListQueues on resource: * because no identity-based policy allows the sqs:ListQueues action"
		if !strings.Contains(err.Error(), words) {
			t.Errorf("the refusal reads %v", err)
		}
	}
}

func TestARoleOfAStackIsIAMs(t *testing.T) {
	a := sdktest.New(t)
	config := sdktest.Config(a, sdktest.Management, "eu-central-1")
	const template = `
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: made, AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]}}}
  Policy: {Type: AWS::IAM::Policy, Properties: {PolicyName: inline, Roles: [!Ref Role], PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}}}
`
	if _, err := cloudformation.NewFromConfig(config).CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("s"), TemplateBody: aws.String(template),
		Capabilities: []cfntypes.Capability{cfntypes.CapabilityCapabilityNamedIam}}); err != nil {
		t.Fatal(err)
	}
	a.Advance(3 * time.Minute)
	c := iam.NewFromConfig(config)
	role, err := c.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("made")})
	if err != nil || *role.Role.Arn != "arn:aws:iam::"+sdktest.Management+":role/made" {
		t.Fatalf("the role is %+v, %v", role, err)
	}
	names, err := c.ListRolePolicies(t.Context(), &iam.ListRolePoliciesInput{RoleName: aws.String("made")})
	if err != nil || len(names.PolicyNames) != 1 || names.PolicyNames[0] != "inline" {
		t.Errorf("its policies are %+v, %v", names, err)
	}
	_, err = c.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: aws.String("made")})
	sdktest.WantCode(t, err, "DeleteConflict")
}

// A function in the shell, which speaks the runtime API with curl.
const shellFunction = `#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while :; do
  event=$(curl -sS -D "$HOME/$$.headers" $api/next) || exit 1
  id=$(tr -d '\r' < "$HOME/$$.headers" | sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p')
  echo "working on $event"
  case $event in *crash*) rm -f "$HOME/$$.headers"; exit 3;; *sleep*) sleep 30;; esac
  curl -sS -o /dev/null $api/$id/response -d "{\"pid\":$$,\"region\":\"$AWS_REGION\",\"name\":\"$AWS_LAMBDA_FUNCTION_NAME\",\"mine\":\"$MINE\"}"
done
`

func TestAFunctionRunsAsAProcessBehindTheRuntimeAPI(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl, in which the function of this test is written, is not there")
	}
	a, err := awssim.New(awssim.Options{Seed: 1, Account: sdktest.Management, Unthrottled: true, Functions: awssim.FunctionOptions{Run: true}})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	c := worker(t, a, nil, func(in *lambda.CreateFunctionInput) {
		in.Code.ZipFile, in.Timeout = archive(t, shellFunction), aws.Int32(20)
		in.Environment = &lambdatypes.Environment{Variables: map[string]string{"MINE": "yes"}}
	})
	call := func(event string) (*lambda.InvokeOutput, map[string]any) {
		out, err := c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: aws.String("worker"), Payload: []byte(event), LogType: lambdatypes.LogTypeTail})
		if err != nil {
			t.Fatal(err)
		}
		var answer map[string]any
		if err := json.Unmarshal(out.Payload, &answer); err != nil {
			t.Fatalf("%s: %v", out.Payload, err)
		}
		return out, answer
	}
	_, first := call(`"one"`)
	_, second := call(`"two"`)
	if first["region"] != "eu-central-1" || first["name"] != "worker" || first["mine"] != "yes" || first["pid"] != second["pid"] {
		t.Errorf("the answers are %v and %v: want one process with the function's environment", first, second)
	}
	out, crash := call(`"crash"`)
	if out.FunctionError == nil || crash["errorType"] != "Runtime.ExitError" || !strings.Contains(crash["errorMessage"].(string), "exit status 3") {
		t.Errorf("a crash is answered with %v", crash)
	}
	if _, again := call(`"three"`); again["pid"] == first["pid"] {
		t.Errorf("the process that crashed served again")
	}
	if _, err := c.UpdateFunctionConfiguration(t.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("worker"), Timeout: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	if _, late := call(`"sleep"`); late["errorType"] != "Sandbox.Timedout" {
		t.Errorf("a time-out is answered with %v", late)
	}
}
