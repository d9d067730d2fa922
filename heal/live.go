package heal

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/plan"
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
	newest := runs[0]
	if newest.Result != "" {
		return LoadReport(ctx, j, newest.ID)
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
	told, err := r.soFar(ctx, runs[1:])
	if err != nil {
		return nil, err
	}
	return told, r.underWay(ctx, &told.Run)
}

// soFar is the report of a run under way. Until it has read the fleet there is nothing
// of its own to show: it then is what the run before it left, of the time of that.
func (r *run) soFar(ctx context.Context, earlier []RunRecord) (*report.Report, error) {
	told, err := r.report(ctx)
	if err != nil || !told.DataAt.IsZero() {
		return told, err
	}
	for _, before := range earlier {
		if before.Result == "" {
			continue
		}
		last, err := LoadReport(ctx, r.h.Journal, before.ID)
		if err != nil {
			return nil, err
		}
		if last.DataAt.IsZero() {
			continue
		}
		last.Run, last.Actions, last.API = told.Run, told.Actions, told.API
		return last, nil
	}
	return told, nil
}

// underWay fills in how far the run is, and whether a process still carries it out.
func (r *run) underWay(ctx context.Context, told *report.Run) error {
	told.Stage, told.Result, told.Ended = r.rec.Value.Stage, "", time.Time{}
	var err error
	if told.Progress, err = r.howFar(ctx); err != nil {
		return err
	}
	hold, err := read[Lease](ctx, r.h.Journal, "lease")
	if err != nil {
		return err
	}
	if hold.Value.Run != r.id() || !r.now().Before(hold.Value.Expires) {
		told.CutOff = r.rec.Value.Started
		if hold.Value.Run == r.id() {
			told.CutOff = hold.Value.Expires
		}
	}
	return nil
}

// planStages says which plan each stage of the run carries out.
var planStages = map[string]plan.Stage{
	"InitCleanup": plan.StageCleanup, "MandatoryDeployment": plan.StageDeploy,
	"DetectDrift": plan.StageDetect, "DriftStatus": plan.StageDetect,
	"SearchInstancesToHeal": plan.StageHeal, "Heal": plan.StageHeal,
}

// howFar counts what has ended of what the run's stage is for. The time left is the
// share of the newest plan's estimate that has not ended.
func (r *run) howFar(ctx context.Context) (report.Progress, error) {
	v := r.rec.Value
	stage := planStages[v.Stage]
	detects := stage == plan.StageDetect
	var p report.Progress
	for _, c := range r.log.commands() {
		switch {
		case c.Kind == command.Quarantine || (c.Kind == command.Detect) != detects:
		case detects:
			p.Planned++
			if c.Done() {
				p.Done++
			}
		default:
			p.Planned += len(c.Cells)
			for i := range c.Cells {
				if c.Done() || c.Cells[i].State == command.Healed {
					p.Done++
				}
			}
		}
	}
	if n := v.Passes[stage]; n > 0 && p.Planned > 0 {
		pass, err := read[Pass](ctx, r.h.Journal, passKey(v.ID, stage, n))
		if err != nil || !pass.exists() || pass.Value.Plan == nil {
			return p, err
		}
		p.Left = pass.Value.Plan.Estimate.Duration.Seconds() * float64(p.Planned-p.Done) / float64(p.Planned)
	}
	return p, nil
}
