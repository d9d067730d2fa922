package events_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/internal/sdktest"
)

const lambda = "arn:aws:lambda:eu-central-1:111122223333:function:heal"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func client(t *testing.T) (*awssim.AWS, *eventbridge.Client) {
	t.Helper()
	a := sdktest.New(t)
	return a, eventbridge.NewFromConfig(sdktest.Config(a, sdktest.Management, "eu-central-1"))
}

// rule makes a rule on a pattern with one target.
func rule(t *testing.T, c *eventbridge.Client, pattern string, target types.Target) {
	t.Helper()
	_, err := c.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("rule"), EventPattern: aws.String(pattern)})
	must(t, err)
	target.Id = aws.String("target")
	out, err := c.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("rule"), Targets: []types.Target{target}})
	must(t, err)
	if out.FailedEntryCount != 0 {
		t.Fatalf("the target is refused: %v", out.FailedEntries)
	}
}

// hook collects what is delivered to the Lambda function's ARN.
func hook(a *awssim.AWS) *[]string {
	var got []string
	a.Lock()
	defer a.Unlock()
	a.EventBridge().Hook(lambda, func(event []byte) { got = append(got, string(event)) })
	return &got
}

func send(t *testing.T, c *eventbridge.Client, detail string) *eventbridge.PutEventsOutput {
	t.Helper()
	out, err := c.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		{Source: aws.String("setmend"), DetailType: aws.String("Run Ended"), Detail: aws.String(detail)}}})
	must(t, err)
	return out
}

func TestAnEventReachesTheTargetsOfRulesThatMatch(t *testing.T) {
	a, c := client(t)
	got := hook(a)
	rule(t, c, `{"source":["setmend"],"detail":{"result":["attention"]}}`, types.Target{Arn: aws.String(lambda)})
	send(t, c, `{"result":"healed"}`)
	out := send(t, c, `{"result":"attention"}`)
	a.Advance(time.Second)
	if len(*got) != 1 {
		t.Fatalf("delivered are %d events, want 1", len(*got))
	}
	var event map[string]any
	must(t, json.Unmarshal([]byte((*got)[0]), &event))
	if event["id"] != *out.Entries[0].EventId || event["detail-type"] != "Run Ended" || event["account"] != sdktest.Management || event["region"] != "eu-central-1" {
		t.Errorf("the event is %v", event)
	}
}

func TestWhatHappensInTheWorldReachesTheBusOfItsAccount(t *testing.T) {
	a, c := client(t)
	got := hook(a)
	rule(t, c, `{"source":["aws.ssm"]}`, types.Target{Arn: aws.String(lambda), InputPath: aws.String("$.detail.name")})
	a.Lock()
	must(t, a.Parameters().Put(sdktest.Management, "eu-central-1", "/setmend/config", "{}"))
	must(t, a.Parameters().Put("200000000001", "eu-central-1", "/elsewhere", "{}"))
	a.Unlock()
	a.Advance(time.Second)
	if diff := cmp.Diff([]string{`"/setmend/config"`}, *got); diff != "" {
		t.Errorf("delivered differ (-want +got):\n%s", diff)
	}
}

func TestTopicsAreTargets(t *testing.T) {
	a, c := client(t)
	a.Lock()
	arn := a.Topics().CreateTopic(sdktest.Management, "eu-central-1", "alerts")
	a.Unlock()
	rule(t, c, `{"source":["setmend"]}`, types.Target{Arn: aws.String(arn), InputTransformer: &types.InputTransformer{
		InputPathsMap: map[string]string{"result": "$.detail.result", "first": "$.detail.names[0]"},
		InputTemplate: aws.String(`"<first> of <result> by <aws.events.rule-name>"`)}})
	send(t, c, `{"result":"attention","names":["one","two"]}`)
	a.Advance(time.Second)
	a.Lock()
	defer a.Unlock()
	messages := a.Topics().Messages(arn)
	if len(messages) != 1 || messages[0].Body != `"one of attention by rule"` {
		t.Errorf("messages are %+v", messages)
	}
}

func TestDisabledRulesAndUnreachableTargetsDeliverNothing(t *testing.T) {
	a, c := client(t)
	got := hook(a)
	rule(t, c, `{"source":["setmend"]}`, types.Target{Arn: aws.String(lambda)})
	_, err := c.DisableRule(t.Context(), &eventbridge.DisableRuleInput{Name: aws.String("rule")})
	must(t, err)
	send(t, c, `{}`)
	a.Advance(time.Second)
	if len(*got) != 0 {
		t.Errorf("a disabled rule delivers %v", *got)
	}
	_, err = c.EnableRule(t.Context(), &eventbridge.EnableRuleInput{Name: aws.String("rule")})
	must(t, err)
	rule(t, c, `{"source":["setmend"]}`, types.Target{Arn: aws.String("arn:aws:sqs:eu-central-1:111122223333:queue")})
	send(t, c, `{}`)
	a.Advance(time.Second)
	a.Lock()
	defer a.Unlock()
	if n := a.EventBridge().FailedInvocations(); n != 1 {
		t.Errorf("failed invocations are %d, want 1", n)
	}
}

func TestRatesTick(t *testing.T) {
	a, c := client(t)
	got := hook(a)
	_, err := c.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("nightly"), ScheduleExpression: aws.String("rate(1 day)")})
	must(t, err)
	_, err = c.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String("nightly"), Targets: []types.Target{{Id: aws.String("t"), Arn: aws.String(lambda), Input: aws.String(`{"go":true}`)}}})
	must(t, err)
	a.Advance(72*time.Hour + time.Minute)
	if len(*got) != 3 {
		t.Errorf("in three days it ticked %d times", len(*got))
	}
	for _, bad := range []string{"rate(1 days)", "rate(2 day)", "cron(0 12 * * * *)", "cron(0 12 L * ? *)", "rate(0 minutes)"} {
		_, err := c.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("bad"), ScheduleExpression: aws.String(bad)})
		sdktest.WantCode(t, err, "ValidationException")
	}
}

func TestRulesAndTargetsAreKept(t *testing.T) {
	_, c := client(t)
	rule(t, c, `{"source":["setmend"]}`, types.Target{Arn: aws.String(lambda)})
	_, err := c.DeleteRule(t.Context(), &eventbridge.DeleteRuleInput{Name: aws.String("rule")})
	sdktest.WantCode(t, err, "ValidationException")
	rules, err := c.ListRules(t.Context(), &eventbridge.ListRulesInput{NamePrefix: aws.String("ru")})
	must(t, err)
	names, err := c.ListRuleNamesByTarget(t.Context(), &eventbridge.ListRuleNamesByTargetInput{TargetArn: aws.String(lambda)})
	must(t, err)
	targets, err := c.ListTargetsByRule(t.Context(), &eventbridge.ListTargetsByRuleInput{Rule: aws.String("rule")})
	must(t, err)
	if len(rules.Rules) != 1 || len(names.RuleNames) != 1 || len(targets.Targets) != 1 {
		t.Errorf("%d rules, %d by target, %d targets; want one of each", len(rules.Rules), len(names.RuleNames), len(targets.Targets))
	}
	_, err = c.RemoveTargets(t.Context(), &eventbridge.RemoveTargetsInput{Rule: aws.String("rule"), Ids: []string{"target"}})
	must(t, err)
	_, err = c.DeleteRule(t.Context(), &eventbridge.DeleteRuleInput{Name: aws.String("rule")})
	must(t, err)
	_, err = c.DescribeRule(t.Context(), &eventbridge.DescribeRuleInput{Name: aws.String("rule")})
	sdktest.WantCode(t, err, "ResourceNotFoundException")
}

func TestEventsThatAreRefusedAreRefusedOneByOne(t *testing.T) {
	_, c := client(t)
	out, err := c.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{
		{Source: aws.String("setmend"), DetailType: aws.String("t"), Detail: aws.String("{}")},
		{Source: aws.String("aws.config"), DetailType: aws.String("t"), Detail: aws.String("{}")},
		{Source: aws.String("setmend"), DetailType: aws.String("t"), Detail: aws.String("[")},
	}})
	must(t, err)
	var codes []string
	for _, e := range out.Entries {
		codes = append(codes, aws.ToString(e.ErrorCode))
	}
	if diff := cmp.Diff([]string{"", "NotAuthorizedForSourceException", "MalformedDetail"}, codes); diff != "" || out.FailedEntryCount != 2 {
		t.Errorf("codes differ (-want +got):\n%s", diff)
	}
}

func TestPatterns(t *testing.T) {
	_, c := client(t)
	const event = `{"id":"1","source":"aws.cloudformation","detail-type":"CloudFormation StackSet Operation Status Change","account":"1","time":"2026-11-20T20:00:00Z","region":"eu-central-1",
		"resources":["arn:one","arn:two"],"detail":{"status-details":{"status":"SUCCEEDED"},"count":7,"on":true,"none":null,"ip":"10.0.0.9","items":[{"name":"a"},{"name":"b"}]}}`
	for pattern, want := range map[string]bool{
		`{"source":["aws.cloudformation"]}`:                                       true,
		`{"source":["aws.s3"]}`:                                                   false,
		`{"resources":["arn:two"]}`:                                               true,
		`{"detail":{"status-details":{"status":["FAILED","SUCCEEDED"]}}}`:         true,
		`{"detail":{"status-details":{"status":["FAILED"]}},"source":["x"]}`:      false,
		`{"detail":{"count":[7]}}`:                                                true,
		`{"detail":{"on":[true],"none":[null]}}`:                                  true,
		`{"detail":{"count":[{"numeric":[">",5,"<=",7]}]}}`:                       true,
		`{"detail":{"count":[{"numeric":[">",7]}]}}`:                              false,
		`{"detail-type":[{"prefix":"CloudFormation StackSet"}]}`:                  true,
		`{"detail-type":[{"suffix":"Change"}]}`:                                   true,
		`{"detail-type":[{"wildcard":"Cloud*StackSet*Change"}]}`:                  true,
		`{"detail-type":[{"wildcard":"Cloud*Instance*Change"}]}`:                  false,
		`{"source":[{"equals-ignore-case":"AWS.CloudFormation"}]}`:                true,
		`{"source":[{"prefix":{"equals-ignore-case":"AWS."}}]}`:                   true,
		`{"detail":{"status-details":{"status":[{"anything-but":"SUCCEEDED"}]}}}`: false,
		`{"detail":{"status-details":{"status":[{"anything-but":["X","Y"]}]}}}`:   true,
		`{"source":[{"anything-but":{"prefix":"aws."}}]}`:                         false,
		`{"detail":{"absent":[{"exists":false}]}}`:                                true,
		`{"detail":{"absent":{"deeper":[{"exists":false}]}}}`:                     true,
		`{"detail":{"count":[{"exists":true}]}}`:                                  true,
		`{"detail":{"absent":[{"exists":true}]}}`:                                 false,
		`{"detail":{"ip":[{"cidr":"10.0.0.0/24"}]}}`:                              true,
		`{"detail":{"items":{"name":["b"]}}}`:                                     true,
		`{"$or":[{"source":["x"]},{"region":["eu-central-1"]}]}`:                  true,
		`{"$or":[{"source":["x"]},{"region":["eu-west-1"]}]}`:                     false,
	} {
		out, err := c.TestEventPattern(t.Context(), &eventbridge.TestEventPatternInput{EventPattern: aws.String(pattern), Event: aws.String(event)})
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		if out.Result != want {
			t.Errorf("%s matches: %t, want %t", pattern, out.Result, want)
		}
	}
	for _, pattern := range []string{``, `[]`, `{}`, `{"source":"x"}`, `{"source":[]}`, `{"source":[["x"]]}`, `{"source":[{"like":"x"}]}`,
		`{"detail":{}}`, `{"detail":{"n":[{"numeric":["~",1]}]}}`, `{"source":[{"prefix":"a","suffix":"b"}]}`} {
		_, err := c.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("r"), EventPattern: aws.String(pattern)})
		if pattern == "" {
			sdktest.WantCode(t, err, "ValidationException")
			continue
		}
		sdktest.WantCode(t, err, "InvalidEventPatternException")
	}
}

func TestCronTicksInUTC(t *testing.T) {
	a, c := client(t)
	got := hook(a)
	// Weekdays at half past six; Sunday is 1.
	_, err := c.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("weekdays"), ScheduleExpression: aws.String("cron(30 6 ? * 2-6 *)")})
	must(t, err)
	_, err = c.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: aws.String("past"), ScheduleExpression: aws.String("cron(* * * * ? 2001)")})
	must(t, err)
	for _, name := range []string{"weekdays", "past"} {
		_, err = c.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String(name), Targets: []types.Target{{Id: aws.String("t"), Arn: aws.String(lambda), Input: aws.String(`{"go":true}`)}}})
		must(t, err)
	}
	a.Advance(14*24*time.Hour + time.Minute)
	if len(*got) != 10 {
		t.Errorf("in two weeks it ticked %d times", len(*got))
	}
}
