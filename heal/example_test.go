package heal_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/clock"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/deploy"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/journal"
)

// A healer is the handlers of a state machine. Here the embedded interpreter calls
// them, in time that runs faster than the wall's, against the embedded AWS, in which
// one account lacks its instance of a mandatory stack set.
func ExampleNew() {
	ctx := context.Background()
	now := clock.Scaled(1000, time.Now())
	client, err := cloud.New(ctx, cloud.Config{Transport: oneMissing(now).Transport(), Region: home, Clock: now, Random: rand.NewPCG(1, 1)})
	if err != nil {
		panic(err)
	}
	j := journal.NewMemory()
	healer, err := heal.New(heal.Config{Cloud: client, Journal: j, Clock: now, HomeRegion: home})
	if err != nil {
		panic(err)
	}
	tasks := asl.FunctionMap{}
	for name, stage := range healer.Stages() {
		tasks[name] = asl.Function(stage)
	}
	machine, err := asl.Parse(deploy.SelfHeal)
	if err != nil {
		panic(err)
	}
	engine := asl.NewEngine(asl.Config{Store: j, Tasks: tasks, Clock: now, Random: rand.NewPCG(1, 2)})
	if _, err := engine.Run(ctx, "run-1", machine, []byte(`{}`)); err != nil {
		panic(err)
	}
	report, err := record.LoadReport(ctx, j, "run-1")
	if err != nil {
		panic(err)
	}
	fmt.Println(report.Run.Result, "missing before:", report.Before.Missing, "healthy after:", report.After.Healthy)
	for _, action := range report.Actions {
		fmt.Println(action.Action, action.StackSet, action.Accounts, action.Outcome)
	}
	// Output:
	// healed missing before: 1 healthy after: 2
	// CREATE baseline [200000000002] succeeded
	// DETECT_DRIFT baseline [] succeeded
}

// oneMissing is an embedded AWS with two accounts, of which one has an instance of the
// stack set baseline and the other should.
func oneMissing(now *clock.Clock) *awssim.AWS {
	aws, err := awssim.New(awssim.Options{Seed: 1, Account: management, Clock: now})
	if err != nil {
		panic(err)
	}
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	aws.Lock()
	o := aws.Organization()
	must(o.Create(management, "management"))
	o.SetTrustedAccess(cloud.StackSetsPrincipal, true)
	ou, err := o.AddOU(o.Root(), "workloads")
	must(err)
	for _, id := range []string{"200000000001", "200000000002"} {
		must(o.AddAccount(awssim.Account{ID: id, Name: "team-" + id, Parent: ou}))
	}
	aws.Unlock()
	must(aws.SeedStackSet(awssim.StackSetSpec{Name: "baseline", Template: queueTemplate, Account: management, Region: home,
		PermissionModel: "SERVICE_MANAGED", Targets: map[string][]string{ou: {home}},
		Tags: map[string]string{"mandatory": "true", "selfhealing": "true", "region": home}}))
	must(aws.SeedInstance("baseline", "200000000001", home, awssim.InstanceSeed{}))
	return aws
}
