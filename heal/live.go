package heal

import (
	"context"
	"fmt"
	"strconv"

	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// Version names the state that [Latest] would show: it changes whenever the
// newest run has come a step further.
func Version(ctx context.Context, j record.Journal) (string, error) {
	runs, err := record.Runs(ctx, j)
	if err != nil || len(runs) == 0 {
		return "", err
	}
	newest := runs[0]
	if newest.Result != "" {
		return newest.ID + " " + string(newest.Result), nil
	}
	_, version, err := j.Get(ctx, record.RunKey(newest.ID, "run"))
	if err != nil {
		return "", err
	}
	steps := 0
	for _, err := range j.Read(ctx, record.EventsLog(newest.ID), 0) {
		if err != nil {
			return "", err
		}
		steps++
	}
	return fmt.Sprintf("%s %s %d", newest.ID, strconv.FormatInt(version, 10), steps), nil
}

// Latest is the newest run's report: the final one if it has ended, else what is
// known of it so far. It is nil before the first run. AWS is not asked.
func Latest(ctx context.Context, j record.Journal, policy *policy.Policy, clock Clock) (*report.Report, error) {
	runs, err := record.Runs(ctx, j)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	if runs[0].Result != "" {
		return record.LoadReport(ctx, j, runs[0].ID)
	}
	head := &runs[0]
	log, err := record.ReadLog(ctx, j, head.ID)
	if err != nil {
		return nil, err
	}
	view := &observe.View{Journal: j, Clock: clock, Policy: policy, Run: head.ID, Began: head.Started, Commands: log, Cache: &observe.Cache{}}
	told, _, err := (&reporting{planner: &planner{journal: j, clock: clock, policy: policy, log: log, view: view, run: head}}).report(ctx)
	if err != nil {
		return nil, err
	}
	told.API = head.API.Plus(report.API{})
	told.Run.Stage, told.Run.Result = head.Stage, ""
	return told, nil
}
