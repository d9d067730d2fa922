package heal

import (
	"context"
	"errors"
	"time"

	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/execute"
	"github.com/setmend/setmend/heal/fault"
	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
)

// run is an open run: its record and what a call of a stage works with.
type run struct {
	h        *Healer
	rec      *record.Document[record.Run]
	request  Request
	deadline time.Time
	fence    *lease.Fence
	log      *record.Log
	pace     *execute.Pacing
	view     *observe.View
	restores *execute.Restores // of this call
}

// open loads (or begins) the run and makes sure that this healer may act.
func (h *Healer) open(ctx context.Context, stage string, request Request) (*run, error) {
	if request.Run == "" {
		return nil, errors.New("opening a run: its id is missing from the input")
	}
	now := h.Clock.Now()
	rec, err := record.Read[record.Run](ctx, h.Journal, record.RunKey(request.Run, "run"))
	if err != nil {
		return nil, err
	}
	if !rec.Exists() {
		rec.Value = record.Run{ID: request.Run, Engine: h.Engine, Started: now, Options: request.Input}
	}
	if rec.Value.Passes == nil {
		rec.Value.Passes = map[plan.Stage]int{}
	}
	if request.Failure == nil {
		if err := lease.CheckStop(ctx, h.Journal, request.Run); err != nil { // before the lease: a run that may not begin takes none
			return nil, err
		}
	}
	r := &run{h: h, rec: rec, request: request, deadline: now.Add(h.Budget)}
	if err := r.takeLease(ctx); err != nil {
		return nil, err
	}
	if err := r.openLog(ctx); err != nil {
		return nil, err
	}
	r.view = &observe.View{Cloud: h.Cloud, Journal: h.Journal, Clock: h.Clock, Policy: h.Policy, Log: h.Log, Home: h.HomeRegion,
		Run: r.id(), Began: rec.Value.Started, Deadline: r.deadline, Commands: r.log, Cache: h.views}
	r.restores = &execute.Restores{Setting: r.setting(), Epoch: r.epoch()}
	if epoch := r.epoch(); rec.Value.Stage != stage || !rec.Exists() || rec.Value.Epoch != epoch {
		rec.Value.Stage, rec.Value.Epoch = stage, epoch
		if err := r.save(ctx); err != nil {
			return nil, err
		}
		r.progress(0, 0, 0)
	}
	return r, nil
}

// takeLease takes the run's lease. A run that failed for having lost it continues
// without: it can report what failed, and change nothing.
func (r *run) takeLease(ctx context.Context) error {
	taken, err := r.h.leases.Acquire(ctx, r.id(), r.rec.Value.Epoch)
	if err != nil && (r.request.Failure == nil || !fault.Is(err, fault.LeaseLost)) {
		return err
	}
	if err != nil {
		taken = nil
	}
	r.fence = r.h.fence(r.id(), taken)
	return nil
}

// openLog loads the run's commands: the copy that the call before has left, if the
// log is this process's still.
func (r *run) openLog(ctx context.Context) (err error) {
	if r.fence.Lease == nil {
		r.pace = execute.NewPacing()
		r.log, err = record.ReadLog(ctx, r.h.Journal, r.id())
		return err
	}
	if kept := r.h.kept.Swap(nil); kept != nil && kept.log.Run() == r.id() {
		current, err := kept.log.Current(ctx)
		if err != nil {
			return err
		}
		if current {
			r.log, r.pace = kept.log, kept.pace
			r.log.Continue(r.epoch())
			return nil
		}
	}
	r.pace = execute.NewPacing()
	r.log, err = record.OpenLog(ctx, r.h.Journal, r.h.Clock, r.id(), r.epoch())
	return err
}

// epoch is the run's own, known when it first has the lease.
func (r *run) epoch() int64 {
	if r.fence.Lease == nil {
		return r.rec.Value.Epoch
	}
	return r.fence.Lease.Epoch()
}

// save writes the run's record.
func (r *run) save(ctx context.Context) error {
	r.countCalls()
	return r.rec.Write(ctx, r.h.Journal)
}

// countCalls adds the calls made since the last time to the run's own.
func (r *run) countCalls() { r.rec.Value.API = r.rec.Value.API.Plus(r.h.calls.since()) }

func (r *run) now() time.Time { return r.h.Clock.Now() }

func (r *run) id() string { return r.rec.Value.ID }

// setting is what the run's commands are carried out with. The fleet is set where
// some are.
func (r *run) setting() execute.Setting {
	return execute.Setting{Run: r.id(), Cloud: r.h.Cloud, Journal: r.h.Journal, Clock: r.h.Clock, Log: r.h.Log, Policy: r.h.Policy,
		Commands: r.log, Fence: r.fence, Organization: r.h.organization, OrganizationRead: r.rec.Value.OrganizationRead}
}

// progress reports how far the run is.
func (r *run) progress(done, all, running int) {
	if r.h.Progress == nil {
		return
	}
	healed, planned := counted(r.log.Commands())
	r.h.Progress(Progress{Run: r.id(), Stage: r.rec.Value.Stage, At: r.now(), Sets: done, AllSets: all,
		Healed: healed, Planned: planned, Running: running})
}

// counted returns how many cells the commands have put right, and how many they are
// for.
func counted(commands []*command.Command) (healed, planned int) {
	for _, c := range commands {
		if c.Kind == command.Quarantine || c.Kind == command.Detect {
			continue
		}
		planned += len(c.Cells)
		for i := range c.Cells {
			if c.Cells[i].State == command.Healed {
				healed++
			}
		}
	}
	return healed, planned
}
