package heal

import (
	"context"
	"fmt"
	"strconv"

	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// Version names the state that [Latest] would show: it changes whenever the
// newest run has come a step further.
func Version(ctx context.Context, j Journal) (string, error) {
	runs, err := Runs(ctx, j)
	if err != nil || len(runs) == 0 {
		return "", err
	}
	newest := runs[0]
	if newest.Result != "" {
		return newest.ID + " " + string(newest.Result), nil
	}
	_, version, err := j.Get(ctx, runKey(newest.ID, "run"))
	if err != nil {
		return "", err
	}
	steps := 0
	for _, err := range j.Read(ctx, eventsLog(newest.ID), 0) {
		if err != nil {
			return "", err
		}
		steps++
	}
	return fmt.Sprintf("%s %s %d", newest.ID, strconv.FormatInt(version, 10), steps), nil
}

// Latest is the newest run's report: the final one if it has ended, else what is
// known of it so far. It is nil before the first run. AWS is not asked.
func Latest(ctx context.Context, j Journal, policy *policy.Policy, clock Clock) (*report.Report, error) {
	runs, err := Runs(ctx, j)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	if runs[0].Result != "" {
		return LoadReport(ctx, j, runs[0].ID)
	}
	rec, err := read[RunRecord](ctx, j, runKey(runs[0].ID, "run"))
	if err != nil {
		return nil, err
	}
	log, err := readLog(ctx, j, runs[0].ID)
	if err != nil {
		return nil, err
	}
	r := &run{log: log, h: &Healer{Config: Config{Journal: j, Policy: policy, Clock: clock}}, rec: rec}
	told, err := r.report(ctx)
	if err != nil {
		return nil, err
	}
	told.Run.Stage, told.Run.Result = rec.Value.Stage, ""
	return told, nil
}
