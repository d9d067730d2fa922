package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/heal/record"
)

// scheduledWorkflows runs the workflows that `setmend workflow schedule` has
// recorded. One goroutine looks what is due; each run has one of its own.
type scheduledWorkflows struct {
	clock asl.Clock
	j     store
	tasks *workflowTasks
	log   *slog.Logger
	begun time.Time // what was due before is not made up for

	// Of the goroutine that looks what is due:
	windows map[string]seenWindow
	skipped map[string]time.Time // what was due last while a run was under way

	runs    sync.WaitGroup
	mu      sync.Mutex      // guards working
	working map[string]bool // schedules with a run under way here
}

// A seenWindow is when a maintenance window opens next, as it was said at a time.
type seenWindow struct {
	opens time.Time
	at    time.Time
}

const (
	dueEvery    = 15 * time.Second // how often to look what is due
	windowEvery = 5 * time.Minute  // how often to ask when a window opens
)

func newScheduledWorkflows(c asl.Clock, j store, tasks *workflowTasks, log *slog.Logger) *scheduledWorkflows {
	return &scheduledWorkflows{clock: c, j: j, tasks: tasks, log: log, begun: c.Now(),
		windows: map[string]seenWindow{}, skipped: map[string]time.Time{}, working: map[string]bool{}}
}

// run works until ctx ends; then its runs are interrupted, and the next serve goes
// on with them.
func (w *scheduledWorkflows) run(ctx context.Context) {
	defer w.runs.Wait()
	w.each(ctx, w.goOn)
	for ctx.Err() == nil {
		w.each(ctx, w.begin)
		if !sleepBy(ctx, w.clock, dueEvery) {
			return
		}
	}
}

func sleepBy(ctx context.Context, c asl.Clock, d time.Duration) bool {
	done := make(chan struct{})
	stop := c.AfterFunc(d, func() { close(done) })
	defer stop()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// each calls f for every schedule. A failure with one is logged and does not keep the
// others from running.
func (w *scheduledWorkflows) each(ctx context.Context, f func(context.Context, *workflowSchedule, int64) error) {
	keys, err := w.j.Keys(ctx, schedulePrefix)
	if err != nil && ctx.Err() == nil {
		w.log.Error("reading the schedules of workflows", "error", oneLine(err.Error()))
	}
	for _, key := range keys {
		s, version, err := readSchedule(ctx, w.j, key)
		if err == nil && s != nil {
			err = f(ctx, s, version)
		}
		if err != nil && ctx.Err() == nil {
			w.log.Error("scheduled workflow", "schedule", key[len(schedulePrefix):], "error", oneLine(err.Error()))
		}
	}
}

// goOn takes up the run that an earlier process began, or was about to begin.
func (w *scheduledWorkflows) goOn(ctx context.Context, s *workflowSchedule, _ int64) error {
	if s.Last.IsZero() {
		return nil
	}
	name := s.run(s.Last)
	run, err := w.engine().Describe(ctx, name)
	switch {
	case errors.Is(err, asl.ErrNotFound):
		return w.start(ctx, s, name)
	case err != nil || run.Outcome != nil:
		return err
	}
	w.log.Info("going on with a workflow that was cut off", "run", name)
	w.work(ctx, s, name, func(ctx context.Context, e *asl.Engine) (asl.Outcome, error) { return e.Resume(ctx, name) })
	return nil
}

// begin starts a run if one is due. Its time is recorded first: of two processes
// one records it, and that one starts the run.
func (w *scheduledWorkflows) begin(ctx context.Context, s *workflowSchedule, version int64) error {
	due, err := w.due(ctx, s)
	if err != nil || due.IsZero() || due.After(w.clock.Now()) {
		return err
	}
	if w.isWorking(s.Name) {
		w.skipped[s.Name] = due
		w.log.Warn("a workflow was due while its last run is under way: not started", "schedule", s.Name, "due", due)
		return nil
	}
	s.Last = due
	if err := put(ctx, w.j, s, version); err != nil {
		if record.IsConflict(err) {
			return nil // another process, or another schedule of the name
		}
		return err
	}
	return w.start(ctx, s, s.run(due))
}

func (w *scheduledWorkflows) isWorking(schedule string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.working[schedule]
}

func (w *scheduledWorkflows) start(ctx context.Context, s *workflowSchedule, name string) error {
	machine, err := asl.Parse(s.Definition)
	if err != nil {
		return fmt.Errorf("reading the definition: %w", err)
	}
	w.log.Info("scheduled workflow", "run", name)
	w.work(ctx, s, name, func(ctx context.Context, e *asl.Engine) (asl.Outcome, error) {
		return e.Run(ctx, name, machine, s.Input)
	})
	return nil
}

// work works on a run to its end, in a goroutine.
func (w *scheduledWorkflows) work(ctx context.Context, s *workflowSchedule, name string, f func(context.Context, *asl.Engine) (asl.Outcome, error)) {
	w.mu.Lock()
	w.working[s.Name] = true
	w.mu.Unlock()
	w.runs.Go(func() {
		watched, unwatch := watchStop(ctx, w.j, name)
		outcome, err := f(watched, w.engine())
		unwatch()
		w.mu.Lock()
		delete(w.working, s.Name)
		w.mu.Unlock()
		switch {
		case ctx.Err() != nil && err != nil: // the next serve resumes it
		case err != nil && !stoppedElsewhere(err):
			w.log.Error("scheduled workflow", "run", name, "error", oneLine(err.Error()))
		case err == nil && outcome.Status != asl.StatusSucceeded:
			w.log.Error("scheduled workflow", "run", name, "status", outcome.Status, "error", oneLine(outcome.Error), "cause", oneLine(outcome.Cause))
		default:
			w.log.Info("scheduled workflow", "run", name, "status", outcome.Status)
		}
	})
}

func (w *scheduledWorkflows) engine() *asl.Engine {
	return asl.NewEngine(asl.Config{Store: w.j, Tasks: w.tasks, Objects: w.tasks, Clock: w.clock})
}

// due is the time of the run that comes next, or should have begun already; zero if
// nothing says when.
func (w *scheduledWorkflows) due(ctx context.Context, s *workflowSchedule) (time.Time, error) {
	if s.Window != "" {
		return w.beforeWindow(ctx, s)
	}
	times, err := s.times()
	if err != nil {
		return time.Time{}, err
	}
	after := s.Since
	for _, t := range []time.Time{s.Last, w.begun, w.skipped[s.Name]} {
		if t.After(after) {
			after = t
		}
	}
	return times.Next(after.UTC()), nil
}

// beforeWindow is the lead before the window's next opening; zero if the workflow
// has run for that one, or the window has none.
func (w *scheduledWorkflows) beforeWindow(ctx context.Context, s *workflowSchedule) (time.Time, error) {
	opens, err := w.opens(ctx, s.Window)
	if err != nil || opens.IsZero() {
		return time.Time{}, err
	}
	due := opens.Add(-s.Lead)
	if !due.After(s.Last) || !due.After(w.skipped[s.Name]) {
		return time.Time{}, nil
	}
	return due, nil
}

func (w *scheduledWorkflows) opens(ctx context.Context, id string) (time.Time, error) {
	if seen, ok := w.windows[id]; ok && w.clock.Now().Sub(seen.at) < windowEvery {
		return seen.opens, nil
	}
	window, err := lookUpWindow(ctx, w.tasks, id)
	if err != nil {
		return time.Time{}, err
	}
	seen := seenWindow{at: w.clock.Now()}
	if window.Enabled && window.NextExecutionTime != "" {
		if seen.opens, err = openingTime(window.NextExecutionTime); err != nil {
			return time.Time{}, fmt.Errorf("reading when the maintenance window %s opens: %w", id, err)
		}
	}
	w.windows[id] = seen
	return seen.opens, nil
}

// openingTime reads a time as Systems Manager writes it: ISO 8601, mostly without
// seconds.
func openingTime(text string) (t time.Time, err error) {
	for _, layout := range []string{"2006-01-02T15:04Z07:00", time.RFC3339Nano} {
		if t, err = time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return t, err
}
