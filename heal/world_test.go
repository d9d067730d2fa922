package heal_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/deploy"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/fault"
	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

const (
	management = "111122223333"
	home       = "eu-central-1"
)

// world is an embedded AWS with an organization, and a healer that works on it
// through the real AWS SDK, driven by the real state machine, in virtual time.
type world struct {
	t       *testing.T
	aws     *awssim.AWS
	journal store
	policy  *policy.Policy
	ou      string
	runs    int
}

// store is what both the healer and the interpreter need.
type store interface {
	record.Journal
	asl.Store
}

// scenario runs f in a bubble of virtual time with a fresh world.
func scenario(t *testing.T, f func(w *world)) {
	t.Helper()
	scenarioWith(t, awssim.StackSetOptions{}, f)
}

// scenarioWith is scenario on an AWS of which something undocumented is chosen.
func scenarioWith(t *testing.T, options awssim.StackSetOptions, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		aws, err := awssim.New(awssim.Options{Seed: 1, Account: management, StackSets: options})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, aws: aws, journal: journal.NewMemory(), policy: lossy(policy.Default())}
		w.organize()
		f(w)
	})
}

// organize makes an organization with one OU.
func (w *world) organize() {
	w.aws.Lock()
	defer w.aws.Unlock()
	o := w.aws.Organization()
	w.must(o.Create(management, "management"))
	o.SetTrustedAccess(cloud.StackSetsPrincipal, true)
	ou, err := o.AddOU(o.Root(), "workloads")
	w.must(err)
	w.ou = ou
}

// accounts adds n active accounts to the OU and returns their ids.
func (w *world) accounts(n int) []string {
	w.aws.Lock()
	defer w.aws.Unlock()
	var ids []string
	for i := range n {
		id := fmt.Sprintf("2000000000%02d", i+1)
		w.must(w.aws.Organization().AddAccount(awssim.Account{ID: id, Name: "team-" + id, Parent: w.ou}))
		ids = append(ids, id)
	}
	return ids
}

// setPolicy replaces the policy.
func (w *world) setPolicy(yaml string) {
	w.t.Helper()
	policy, err := policy.Parse([]byte(yaml))
	w.must(err)
	w.policy = lossy(policy)
}

// lossy lets a policy redeploy the tests' queues, whose messages count as data,
// unless it says something of that itself.
func lossy(p *policy.Policy) *policy.Policy {
	if p.Defaults.DataLoss == nil {
		allow := policy.AllowDataLoss
		p.Defaults.DataLoss = &allow
	}
	return p
}

// queueTemplate is a small real template: a queue that can drift.
const queueTemplate = `
Parameters:
  Retention: {Type: Number, Default: 345600}
  Owner: {Type: String, Default: platform}
  Key: {Type: String, Default: none, NoEcho: true}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      MessageRetentionPeriod: !Ref Retention
      Tags: [{Key: owner, Value: !Ref Owner}]
`

// stackSet seeds a self-healing, mandatory stack set with instances in every
// given account and in the home region, all healthy.
func (w *world) stackSet(name string, accounts []string, change ...func(*awssim.StackSetSpec)) {
	w.t.Helper()
	spec := awssim.StackSetSpec{Name: name, Template: queueTemplate, Account: management, Region: home,
		PermissionModel: "SERVICE_MANAGED", Targets: map[string][]string{w.ou: {home}},
		Tags: map[string]string{"mandatory": "true", "selfhealing": "true", "region": home}}
	for _, c := range change {
		c(&spec)
	}
	w.must(w.aws.SeedStackSet(spec))
	for _, account := range accounts {
		w.instance(name, account, awssim.InstanceSeed{})
	}
}

// instance seeds one instance in the home region.
func (w *world) instance(set, account string, seed awssim.InstanceSeed) {
	w.t.Helper()
	w.must(w.aws.SeedInstance(set, account, home, seed))
}

// drift changes the queue of an instance by hand.
func (w *world) drift(set, account string) {
	w.t.Helper()
	id, ok := w.aws.StackOf(set, account, home)
	if !ok {
		w.t.Fatalf("%s has no stack in %s", set, account)
	}
	w.must(w.aws.SetProperty(id, "Queue", "/MessageRetentionPeriod", 60))
}

// connect makes a client of the world as the management account.
func (w *world) connect() *cloud.AWS {
	w.t.Helper()
	aws, err := cloud.New(w.t.Context(), cloud.Config{Transport: w.aws.Transport(), Region: home, Random: rand.NewPCG(1, 1)})
	w.must(err)
	return aws
}

// healer makes a healer, with its Cloud replaced if the test wants to watch or
// disturb its calls.
func (w *world) config(aws *cloud.AWS) heal.Config {
	return heal.Config{Cloud: aws, Journal: w.journal, Policy: w.policy, HomeRegion: home, Engine: "embedded", Holder: "test",
		API: func() report.API {
			s := aws.Stats()
			return report.API{Calls: s.Calls, Writes: s.Writes, Throttled: s.Throttled, ByAction: s.ByAction}
		}}
}

// engine is the real state machine on the real interpreter.
func (w *world) engine(config heal.Config) *asl.Engine { return w.engineOn(config, w.journal) }

func (w *world) engineOn(config heal.Config, j store) *asl.Engine {
	w.t.Helper()
	healer, err := heal.New(config)
	w.must(err)
	tasks := asl.FunctionMap{}
	for name, stage := range healer.Stages() {
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

// heal runs a heal to its end and returns its report.
func (w *world) heal(options heal.Options) *report.Report {
	w.t.Helper()
	return w.healWith(w.config(w.connect()), options)
}

func (w *world) healWith(config heal.Config, options heal.Options) *report.Report {
	w.t.Helper()
	w.runs++
	id := fmt.Sprintf("run-%d", w.runs)
	machine, err := asl.Parse(deploy.SelfHeal)
	w.must(err)
	input, err := json.Marshal(options)
	w.must(err)
	outcome, err := w.engine(config).Run(w.t.Context(), id, machine, input)
	w.must(err)
	report, err := record.LoadReport(w.t.Context(), w.journal, id)
	if err != nil {
		w.t.Fatalf("%v; the run ended as %s: %s %s", err, outcome.Status, outcome.Error, outcome.Cause)
	}
	return report
}

// read observes the fleet anew, with a client of its own.
func (w *world) read() *fleet.Fleet {
	w.t.Helper()
	f, err := observe.Fleet(w.t.Context(), w.connect(), realClock{}, home, nil)
	w.must(err)
	return f
}

// overrides reads one instance's overrides from AWS.
func (w *world) overrides(set, account string) map[string]string {
	w.t.Helper()
	instance, err := w.connect().Instance(w.t.Context(), fleet.Cell{StackSet: fleet.StackSetName(set), Target: target(account)})
	w.must(err)
	values := map[string]string{}
	for _, p := range instance.Overrides {
		values[p.Key] = p.Value
	}
	return values
}

func target(account string) fleet.Target {
	return fleet.Target{Account: fleet.AccountID(account), Region: home}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }
func (realClock) Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// remedies lists what was tried on a cell, in order.
func remedies(r *report.Report, set, account string) []plan.Remedy {
	var list []plan.Remedy
	for _, c := range r.Cells {
		if c.StackSet == fleet.StackSetName(set) && c.Account == fleet.AccountID(account) {
			for _, step := range c.Steps {
				list = append(list, step.Remedy)
			}
		}
	}
	return list
}
