package bench

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/otto"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/deploy"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/fault"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// What the obvious way would cost, which the rows are held against: one instance
// at a time (AWS's default concurrency) at about 37 s each, one operation a cell,
// and one DescribeStackInstance for every instance to learn its overrides.
const secondsPerInstance = 37

// healRows heals the demonstration's fleet in virtual time, once reverting in
// place and once redeploying.
func healRows(t *testing.T) []row {
	var rows []row
	for _, way := range []struct{ name, policy string }{
		{"reverting", `{version: 1, stackSets: [{match: "*", memberRole: OrganizationAccountAccessRole}]}`},
		{"redeploying", `{version: 1}`},
	} {
		r := healOtto(t, way.policy)
		wrong := float64(r.Before.Missing + r.Before.Orphan + r.Before.Failed + r.Before.Inoperable + r.Before.Drifted + r.Before.Outdated)
		operations := 0
		for _, action := range r.Actions {
			if action.Action != "QUARANTINE" {
				operations++
			}
		}
		rows = append(rows,
			newRow("otto, "+way.name+": virtual time to healed", r.Run.VirtualSeconds, "s", wrong*secondsPerInstance),
			newRow("otto, "+way.name+": operations and change sets", float64(operations), "operations", wrong),
			newRow("otto, "+way.name+": API calls", float64(r.API.Calls), "calls", float64(r.Fleet.Instances)),
			newRow("otto, "+way.name+": calls that change something", float64(r.API.Writes), "calls", wrong),
		)
	}
	return rows
}

func healOtto(t *testing.T, policyText string) (told *report.Report) {
	synctest.Test(t, func(t *testing.T) {
		aws, err := awssim.New(awssim.Options{Seed: 1})
		must(t, err)
		_, err = otto.Fill(aws, otto.Options{Seed: 1})
		must(t, err)
		policy, err := policy.Parse([]byte(policyText))
		must(t, err)
		client, err := cloud.New(t.Context(), cloud.Config{Transport: aws.Transport(), Region: otto.HomeRegion, Random: rand.NewPCG(1, 1)})
		must(t, err)
		j := journal.NewMemory()
		healer, err := heal.New(heal.Config{Cloud: client, Journal: j, Policy: policy, HomeRegion: otto.HomeRegion, Engine: "embedded",
			API: func() report.API {
				s := client.Stats()
				return report.API{Calls: s.Calls, Writes: s.Writes, Throttled: s.Throttled, ByAction: s.ByAction}
			}})
		must(t, err)
		tasks := asl.FunctionMap{}
		for name, stage := range healer.Stages() {
			tasks[name] = func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
				output, err := stage(ctx, input)
				var named *fault.Error
				if errors.As(err, &named) {
					return nil, &asl.Error{Name: named.Name, Cause: err.Error()}
				}
				return output, err
			}
		}
		machine, err := asl.Parse(deploy.SelfHeal)
		must(t, err)
		engine := asl.NewEngine(asl.Config{Store: j, Tasks: tasks, Random: rand.NewPCG(1, 2)})
		_, err = engine.Run(t.Context(), "bench", machine, []byte("{}"))
		must(t, err)
		told, err = record.LoadReport(t.Context(), j, "bench")
		must(t, err)
	})
	return told
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
