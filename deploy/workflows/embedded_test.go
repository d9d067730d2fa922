package workflows_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/cloud/integration"
	"github.com/setmend/setmend/deploy/workflows"
	"github.com/setmend/setmend/fleet"
)

// Accounts and regions of the tests.
const (
	production = "100000000001"
	recovery   = "100000000002"
	home       = "eu-central-1"
	elsewhere  = "eu-west-1"
)

// tasks are those of an account and region on the embedded AWS, and functions of
// the test.
type tasks struct {
	*integration.Bound
	functions asl.FunctionMap
}

func (b tasks) Function(resource string) (asl.Function, bool) {
	if f, ok := b.functions.Function(resource); ok {
		return f, true
	}
	call, ok := b.Lookup(resource)
	if !ok {
		return nil, false
	}
	return func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
		output, err := call(integration.WithAttempt(ctx, asl.TaskToken(ctx)), input)
		if failure, ok := errors.AsType[*integration.Error](err); ok {
			return nil, &asl.Error{Name: failure.Name, Cause: failure.Cause}
		}
		return output, err
	}, true
}

// a lab is an embedded AWS that is called from accounts.
type lab struct {
	t   *testing.T
	sim *awssim.AWS
}

func newLab(t *testing.T) *lab {
	sim, err := awssim.New(awssim.Options{Seed: 1, Account: production})
	if err != nil {
		t.Fatal(err)
	}
	return &lab{t, sim}
}

func (l *lab) in(account, region string) tasks {
	l.t.Helper()
	aws, err := cloud.New(l.t.Context(), cloud.Config{
		Region: fleet.Region(region), Transport: l.sim.Transport(), Keys: &cloud.Keys{AccessKeyID: account, SecretAccessKey: "secret"},
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return tasks{Bound: integration.Bind(aws), functions: asl.FunctionMap{}}
}

// do makes a call that succeeds.
func (b tasks) do(t *testing.T, action, input string) map[string]any {
	t.Helper()
	call, ok := b.Lookup("arn:aws:states:::aws-sdk:" + action)
	if !ok {
		t.Fatalf("%s is not known", action)
	}
	text, err := call(t.Context(), json.RawMessage(input))
	if err != nil {
		t.Fatalf("%s: %v", action, err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// dig follows members and the items of lists.
func dig(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := v.(map[string]any)
			v = object[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

var errKilled = errors.New("the process was killed")

// A mortal store is there until a write, which it makes or does not make before
// it fails.
type mortal struct {
	asl.Store
	mu     sync.Mutex
	writes int
	last   int // 0: never
	made   bool
}

func (s *mortal) Append(ctx context.Context, log string, epoch int64, entries ...[]byte) error {
	s.mu.Lock()
	s.writes++
	killed := s.writes == s.last
	s.mu.Unlock()
	if killed && !s.made {
		return errKilled
	}
	if err := s.Store.Append(ctx, log, epoch, entries...); err != nil || !killed {
		return err
	}
	return errKilled
}

// run works on a definition until its end, the process being killed at write last,
// and resumed by another.
func run(t *testing.T, b tasks, name, input string, last int, made bool) (outcome asl.Outcome, writes int) {
	t.Helper()
	text, err := workflows.Definitions.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	machine, err := asl.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	store := &mortal{Store: asl.NewMemoryStore(), last: last, made: made}
	outcome, err = asl.NewEngine(asl.Config{Store: store, Tasks: b}).Run(t.Context(), "run", machine, json.RawMessage(input))
	if errors.Is(err, errKilled) {
		time.Sleep(time.Minute) // until the process is restarted
		engine := asl.NewEngine(asl.Config{Store: store, Tasks: b})
		if outcome, err = engine.Resume(t.Context(), "run"); errors.Is(err, asl.ErrNotFound) {
			outcome, err = engine.Run(t.Context(), "run", machine, json.RawMessage(input))
		}
	}
	if err != nil {
		t.Fatalf("killed at write %d: %v", last, err)
	}
	return outcome, store.writes
}

// killedAfterEach runs a scenario without a crash, and then once for each of its
// writes, killed before and after it.
func killedAfterEach(t *testing.T, scenario func(t *testing.T, last int, made bool) (writes int)) {
	t.Helper()
	writes := 0
	synctest.Test(t, func(t *testing.T) { writes = scenario(t, 0, false) })
	if writes < 3 {
		t.Fatalf("only %d writes", writes)
	}
	step := 1
	if testing.Short() {
		step = 5
	}
	for last := 1; last <= writes; last += step {
		for _, made := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) { scenario(t, last, made) })
			if t.Failed() {
				t.Fatalf("killed at write %d (made: %v) of %d", last, made, writes)
			}
		}
	}
	t.Logf("%d writes", writes)
}

// site is instances behind a load balancer, with alarms and rules.
type site struct {
	*lab
	aws       tasks
	group     string
	topic     string
	instances []string
}

func newSite(t *testing.T, count int) *site {
	l := newLab(t)
	s := &site{lab: l, aws: l.in(production, home)}
	out := s.aws.do(t, "ec2:runInstances", fmt.Sprintf(`{"ImageId": "ami-1", "MinCount": %d, "MaxCount": %[1]d}`, count))
	for i := range count {
		s.instances = append(s.instances, dig(out, "Instances", i, "InstanceId").(string))
	}
	s.group = dig(s.aws.do(t, "elasticloadbalancingv2:createTargetGroup", `{"Name": "web", "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1"}`), "TargetGroups", 0, "TargetGroupArn").(string)
	for _, id := range s.instances {
		s.aws.do(t, "elasticloadbalancingv2:registerTargets", `{"TargetGroupArn": "`+s.group+`", "Targets": [{"Id": "`+id+`"}]}`)
	}
	s.topic = s.aws.do(t, "sns:createTopic", `{"Name": "ops"}`)["TopicArn"].(string)
	for _, name := range []string{"web-5xx", "web-latency", "db-cpu"} {
		s.aws.do(t, "cloudwatch:putMetricAlarm", `{"AlarmName": "`+name+`", "MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 60,
			"EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}`)
	}
	s.aws.do(t, "cloudwatch:disableAlarmActions", `{"AlarmNames": ["web-latency"]}`)
	s.aws.do(t, "eventbridge:putRule", `{"Name": "web-scale", "ScheduleExpression": "rate(1 day)"}`)
	time.Sleep(5 * time.Minute)
	return s
}

func (s *site) input(more string) string {
	return fmt.Sprintf(`{"targetGroup": %q, "topic": %q, "alarmPrefix": "web-", "rulePrefix": "web-"%s}`, s.group, s.topic, more)
}

// health is how many targets have a state.
func (s *site) health(t *testing.T) map[string]int {
	count := map[string]int{}
	targets, _ := s.aws.do(t, "elasticloadbalancingv2:describeTargetHealth", `{"TargetGroupArn": "`+s.group+`"}`)["TargetHealthDescriptions"].([]any)
	for _, target := range targets {
		count[dig(target, "TargetHealth", "State").(string)]++
	}
	return count
}

// wantSwitches checks that what was on is on, and what was off is off.
func (s *site) wantSwitches(t *testing.T) {
	t.Helper()
	alarms := s.aws.do(t, "cloudwatch:describeAlarms", `{}`)["MetricAlarms"].([]any)
	for _, a := range alarms {
		name := dig(a, "AlarmName").(string)
		if on := dig(a, "ActionsEnabled") == true; on != (name != "web-latency") {
			t.Errorf("the actions of alarm %s are on: %v", name, on)
		}
	}
	if state := dig(s.aws.do(t, "eventbridge:listRules", `{}`), "Rules", 0, "State"); state != "ENABLED" {
		t.Errorf("the rule is %v", state)
	}
}

func (s *site) published() int {
	s.sim.Lock()
	defer s.sim.Unlock()
	return len(s.sim.Topics().Messages(s.topic))
}

func TestARestartEndsWellHoweverOftenTheProcessIsKilled(t *testing.T) {
	killedAfterEach(t, func(t *testing.T, last int, made bool) int {
		s := newSite(t, 2)
		outcome, writes := run(t, s.aws, "rolling-restart.asl.json", s.input(""), last, made)
		if outcome.Status != asl.StatusSucceeded || strings.Count(string(outcome.Output), `"restarted":true`) != 2 {
			t.Errorf("ended %s %s %s %s", outcome.Status, outcome.Output, outcome.Error, outcome.Cause)
		}
		if h := s.health(t); h["healthy"] != 2 {
			t.Errorf("targets are %v", h)
		}
		s.wantSwitches(t)
		return writes
	})
}

func TestAtMostAsManyInstancesRestAsAskedFor(t *testing.T) {
	for _, atOnce := range []int{1, 2} {
		synctest.Test(t, func(t *testing.T) {
			s := newSite(t, 4)
			ctx, stop := context.WithCancel(t.Context())
			most := 0
			go func() {
				for ctx.Err() == nil {
					if away := 4 - s.health(t)["healthy"]; away > most {
						most = away
					}
					time.Sleep(7 * time.Second)
				}
			}()
			outcome, _ := run(t, s.aws, "rolling-restart.asl.json", s.input(fmt.Sprintf(`, "atOnce": %d`, atOnce)), 0, false)
			stop()
			synctest.Wait()
			if outcome.Status != asl.StatusSucceeded || most != atOnce {
				t.Errorf("with %d at once, %d were away: %s %s", atOnce, most, outcome.Status, outcome.Cause)
			}
			time.Sleep(time.Minute)
		})
	}
}

func TestAnInstanceThatDoesNotComeBackIsDealtWithAsChosen(t *testing.T) {
	for _, c := range []struct {
		choice  string
		status  asl.Status
		health  map[string]int
		message int
	}{
		{"stop", asl.StatusFailed, map[string]int{"healthy": 2, "unhealthy": 1}, 1},
		{"putBack", asl.StatusSucceeded, map[string]int{"healthy": 2, "unhealthy": 1}, 1},
		{"leaveOut", asl.StatusSucceeded, map[string]int{"healthy": 2}, 1},
	} {
		t.Run(c.choice, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, 3)
				s.sim.Lock()
				s.sim.Instances().Break(production, home, s.instances[0])
				s.sim.Unlock()
				outcome, _ := run(t, s.aws, "rolling-restart.asl.json", s.input(`, "onFailure": "`+c.choice+`"`), 0, false)
				time.Sleep(10 * time.Minute)
				if outcome.Status != c.status {
					t.Errorf("ended %s %s %s", outcome.Status, outcome.Error, outcome.Cause)
				}
				if h := s.health(t); h["healthy"] != c.health["healthy"] || h["unhealthy"] != c.health["unhealthy"] {
					t.Errorf("targets are %v, want %v", h, c.health)
				}
				if n := s.published(); n != c.message {
					t.Errorf("%d messages, want %d", n, c.message)
				}
				s.wantSwitches(t)
			})
		})
	}
}

func TestThePatchReportTellsWhatEachInstanceIsMissing(t *testing.T) {
	killedAfterEach(t, func(t *testing.T, last int, made bool) int {
		s := newSite(t, 2)
		input, err := json.Marshal(map[string]any{"instances": s.instances, "topic": s.topic})
		if err != nil {
			t.Fatal(err)
		}
		outcome, writes := run(t, s.aws, "patch-report.asl.json", string(input), last, made)
		if outcome.Status != asl.StatusSucceeded || s.published() < 2 {
			t.Errorf("ended %s %s with %d messages", outcome.Status, outcome.Cause, s.published())
		}
		return writes
	})
}
