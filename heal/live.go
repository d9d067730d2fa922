package heal

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
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
	told.Run.Stage, told.Run.Result, told.Run.Ended = head.Stage, "", time.Time{}
	if told.Run.Progress, err = howFar(ctx, j, head, log.Commands()); err != nil {
		return nil, err
	}
	if told.Run.CutOff, err = cutOff(ctx, j, head, clock.Now()); err != nil {
		return nil, err
	}
	if told.DataAt.IsZero() {
		return overEarlier(ctx, j, told, runs[1:])
	}
	return told, nil
}

// overEarlier is the report of a run that has not read the fleet yet: of the fleet it
// shows what the run before it left, of the time of that.
func overEarlier(ctx context.Context, j record.Journal, told *report.Report, earlier []record.Run) (*report.Report, error) {
	for _, before := range earlier {
		if before.Result == "" {
			continue
		}
		last, err := record.LoadReport(ctx, j, before.ID)
		if err != nil {
			return nil, err
		}
		if !last.DataAt.IsZero() {
			last.Run, last.Actions, last.API = told.Run, told.Actions, told.API
			return last, nil
		}
	}
	return told, nil
}

// cutOff returns when the run's lease ended, zero if a process holds it still.
func cutOff(ctx context.Context, j record.Journal, head *record.Run, now time.Time) (time.Time, error) {
	state, err := lease.Read(ctx, j)
	if err != nil || state.Run == head.ID && state.Held(now) {
		return time.Time{}, err
	}
	if state.Run == head.ID {
		return state.Expires, nil
	}
	return head.Started, nil // another has taken its lease since: when is not known
}

// planStages says which plan each stage of the run carries out.
var planStages = map[string]plan.Stage{
	"InitCleanup": plan.StageCleanup, "MandatoryDeployment": plan.StageDeploy,
	"DetectDrift": plan.StageDetect, "DriftStatus": plan.StageDetect,
	"SearchInstancesToHeal": plan.StageHeal, "Heal": plan.StageHeal,
}

// howFar counts what has ended of what the run's stage is for. The time left is the
// share of the newest plan's estimate that has not ended.
func howFar(ctx context.Context, j record.Journal, head *record.Run, commands []*command.Command) (report.Progress, error) {
	stage := planStages[head.Stage]
	p := endedOf(commands, stage == plan.StageDetect)
	if n := head.Passes[stage]; n > 0 && p.Planned > 0 {
		pass, err := record.Read[record.Pass](ctx, j, record.PassKey(head.ID, stage, n))
		if err != nil || !pass.Exists() || pass.Value.Plan == nil {
			return p, err
		}
		p.Left = pass.Value.Plan.Estimate.Duration.Seconds() * float64(p.Planned-p.Done) / float64(p.Planned)
	}
	return p, nil
}

// endedOf counts stack sets whose drift is looked for, or cells that something is done to.
func endedOf(commands []*command.Command, detects bool) (p report.Progress) {
	for _, c := range commands {
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
	return p
}
