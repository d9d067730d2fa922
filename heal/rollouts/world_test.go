package rollouts_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/deploy"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/fault"
	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/heal/rollouts"
	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/rollout"
	"github.com/setmend/setmend/template"
)

const (
	management = "111122223333"
	home       = "eu-central-1"
	set        = fleet.StackSetName("topics")
)

const topicTemplate = `
Parameters: {Name: {Type: String, Default: x}}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Name}}
`

// wall is the bubble's time.
type wall struct{}

func (wall) Now() time.Time { return time.Now() }
func (wall) Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// store is the journal as stages and interpreter use it.
type store interface {
	record.Journal
	asl.Store
}

// world is an embedded AWS with a stack set of topics, in virtual time.
type world struct {
	t       *testing.T
	aws     *awssim.AWS
	cloud   *cloud.AWS
	journal store
	policy  *policy.Policy
	ou      string
	regions []string
	n       int
	command func(context.Context, []string, []string) (string, error)
	between func(w *world, r rollouts.Rollout) // after every stored change
}

// scenario runs f in virtual time with n accounts in the regions given.
func scenario(t *testing.T, n int, regions []string, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		aws, err := awssim.New(awssim.Options{Seed: 1, Account: management})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, aws: aws, journal: journal.NewMemory(), policy: policy.Default(), regions: regions, n: n}
		w.organize(n)
		w.cloud = w.connect()
		f(w)
	})
}

func (w *world) connect() *cloud.AWS {
	w.t.Helper()
	aws, err := cloud.New(w.t.Context(), cloud.Config{Transport: w.aws.Transport(), Region: home, Random: rand.NewPCG(1, 1)})
	w.must(err)
	return aws
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) account(i int) string { return fmt.Sprintf("2000000%05d", i+1) }

func (w *world) organize(n int) {
	w.t.Helper()
	func() {
		w.aws.Lock()
		defer w.aws.Unlock()
		o := w.aws.Organization()
		w.must(o.Create(management, "management"))
		o.SetTrustedAccess(cloud.StackSetsPrincipal, true)
		ou, err := o.AddOU(o.Root(), "workloads")
		w.must(err)
		w.ou = ou
		for i := range n {
			w.must(o.AddAccount(awssim.Account{ID: w.account(i), Name: "team-" + w.account(i), Parent: ou}))
		}
	}()
	w.must(w.aws.SeedStackSet(awssim.StackSetSpec{Name: string(set), Template: topicTemplate, Account: management, Region: home,
		PermissionModel: "SERVICE_MANAGED", Targets: map[string][]string{w.ou: w.regions}}))
	for i := range n {
		for _, region := range w.regions {
			w.must(w.aws.SeedInstance(string(set), w.account(i), region, awssim.InstanceSeed{}))
		}
	}
}

// begin plans a rollout of another name for the topics, and stores it.
func (w *world) begin(id, file, name string) (*rollout.Plan, error) {
	w.t.Helper()
	parsed, err := rollout.Parse([]byte(file))
	w.must(err)
	f, err := observe.Fleet(w.t.Context(), w.cloud, wall{}, home, []fleet.StackSetName{set})
	w.must(err)
	text, err := w.cloud.Template(w.t.Context(), set)
	w.must(err)
	present := f.StackSets[set].StackSet
	previous := rollout.Definition{Template: text, TemplateHash: template.Hash(text), Declared: []string{"Name"}, Parameters: present.Parameters}.Named()
	next := previous
	next.Parameters = []fleet.Parameter{{Key: "Name", Value: name}}
	next = next.Named()
	tags := map[fleet.AccountID]map[string]string{}
	p, err := rollout.Make(f, w.policy, parsed, set, tags, next, previous)
	if err != nil {
		return nil, err
	}
	return p, rollouts.Begin(w.t.Context(), w.journal, id, p, time.Now(), next, previous)
}

// engine is the real state machine on the real interpreter.
func (w *world) engine(on rollouts.Cloud, j store, holder string) *asl.Engine {
	w.t.Helper()
	runner, err := rollouts.New(rollouts.Config{Cloud: on, Journal: j, Policy: w.policy, Clock: wall{}, HomeRegion: home, Holder: holder, Command: w.command,
		Progress: func(r rollouts.Rollout) {
			if w.between != nil {
				w.between(w, r)
			}
		}})
	w.must(err)
	tasks := asl.FunctionMap{}
	for name, stage := range runner.Stages() {
		tasks[name] = func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
			output, err := stage(ctx, input)
			var named *fault.Error
			if errors.As(err, &named) && ctx.Err() == nil {
				return nil, &asl.Error{Name: named.Name, Cause: err.Error()}
			}
			return output, err
		}
	}
	return asl.NewEngine(asl.Config{Store: j, Tasks: tasks, Random: rand.NewPCG(1, 2)})
}

// carry runs an execution of the rollout to its end.
func (w *world) carry(id string, execution int) *rollouts.Rollout {
	w.t.Helper()
	machine, err := asl.Parse(deploy.Rollout)
	w.must(err)
	input, err := json.Marshal(map[string]string{"rollout": id})
	w.must(err)
	_, err = w.engine(w.cloud, w.journal, "test").Run(w.t.Context(), fmt.Sprintf("rollout-%s.%d", id, execution), machine, input)
	w.must(err)
	return w.load(id)
}

func (w *world) load(id string) *rollouts.Rollout {
	w.t.Helper()
	r, err := rollouts.Load(w.t.Context(), w.journal, id)
	w.must(err)
	return r
}

// roll begins a rollout and carries it to its end.
func (w *world) roll(file, name string) *rollouts.Rollout {
	w.t.Helper()
	_, err := w.begin("r", file, name)
	w.must(err)
	return w.carry("r", 1)
}

// names are the live names of the topics by account and region, and whether AWS calls
// the instance current.
func (w *world) names() map[string]string {
	w.t.Helper()
	instances, err := w.cloud.Instances(w.t.Context(), set, fleet.InstanceFilter{})
	w.must(err)
	names := map[string]string{}
	for _, i := range instances {
		_, parameters, err := w.cloud.StackTemplate(w.t.Context(), fleet.MemberStack{Target: i.Target, StackID: i.StackID, Role: "OrganizationAccountAccessRole"})
		w.must(err)
		name := parameters[0].Value
		if i.Status != fleet.InstanceCurrent {
			name += " (outdated)"
		}
		names[i.Target.String()] = name
	}
	return names
}

// count counts the instances that have each name.
func (w *world) count() map[string]int {
	w.t.Helper()
	n := map[string]int{}
	for _, name := range w.names() {
		n[name]++
	}
	return n
}

func (w *world) want(r *rollouts.Rollout, result rollouts.Result, names map[string]int) {
	w.t.Helper()
	if r.Result != result {
		w.t.Errorf("it ended as %q (%s), want %q", r.Result, r.Why, result)
	}
	if got := w.count(); fmt.Sprint(got) != fmt.Sprint(names) {
		w.t.Errorf("names: %v, want %v", got, names)
	}
}

// order lists the accounts in the order of the phases of a plan.
func accountsIn(p *rollout.PlannedPhase) []fleet.AccountID {
	var ids []fleet.AccountID
	for _, t := range p.Targets {
		ids = append(ids, t.Account)
	}
	return slices.Compact(ids)
}

func (w *world) denyAccount(id fleet.AccountID) {
	w.t.Helper()
	w.must(w.aws.Apply(awssim.Change{Do: "add-scp", Target: string(id), Action: "sns:*"}))
}

func (w *world) allowAccount(id fleet.AccountID) {
	w.t.Helper()
	w.must(w.aws.Apply(awssim.Change{Do: "remove-scp", Target: string(id), Action: "sns:*"}))
}

func (w *world) driftAccount(id fleet.AccountID) {
	w.t.Helper()
	stack, ok := w.aws.StackOf(string(set), string(id), home)
	if !ok {
		w.t.Fatal("there is no stack")
	}
	w.must(w.aws.SetProperty(stack, "Topic", "/DisplayName", "by hand"))
}

// alarm puts an alarm of an account into alarm, as that account.
func (w *world) alarm(id fleet.AccountID, name string) {
	w.t.Helper()
	client := cloudwatch.New(cloudwatch.Options{Region: home, HTTPClient: &http.Client{Transport: w.aws.Transport()},
		Credentials: credentials.NewStaticCredentialsProvider(string(id), "sim", "")})
	_, err := client.PutMetricAlarm(w.t.Context(), &cloudwatch.PutMetricAlarmInput{AlarmName: &name, Namespace: new("x"), MetricName: new("Errors"), Statistic: "Sum",
		Period: new(int32(60)), EvaluationPeriods: new(int32(1)), Threshold: new(1.0), ComparisonOperator: "GreaterThanThreshold"})
	w.must(err)
	_, err = client.SetAlarmState(w.t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: &name, StateValue: "ALARM", StateReason: new("a test")})
	w.must(err)
}

// answer has a person answer the rollout's first question.
func (w *world) answer(approve bool) {
	w.between = func(w *world, r rollouts.Rollout) {
		list, err := record.Approvals(w.t.Context(), w.journal)
		w.must(err)
		for _, a := range list {
			w.between = nil
			w.must(record.Decide(w.t.Context(), w.journal, a.ID, approve, "kim", time.Now()))
		}
	}
}
