package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/dashboard"
	"github.com/setmend/setmend/deploy"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/fault"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/report"
)

// engineClock is the time of the whole program.
type engineClock interface {
	heal.Clock
	asl.Clock
}

// store is the journal as both the healer and the interpreter use it.
type store interface {
	record.Journal
	asl.Store
}

// embedded is the state machine of a run on the embedded interpreter.
type embedded struct {
	healer  *heal.Healer
	engine  *asl.Engine
	machine *asl.Machine
	tasks   asl.FunctionMap // the stages
	journal store
}

// newEmbedded wires the stages into the interpreter.
func newEmbedded(config heal.Config, journal store, clock engineClock) (*embedded, error) {
	config.Engine = "embedded"
	host, _ := os.Hostname() // only a name in the lease
	config.Holder = fmt.Sprintf("%s:%d", host, os.Getpid())
	healer, tasks, err := newStages(config, journal, clock)
	if err != nil {
		return nil, err
	}
	definition, err := patient(deploy.SelfHeal, clock)
	if err != nil {
		return nil, fmt.Errorf("loading the state machine: %w", err)
	}
	machine, err := asl.Parse(definition)
	if err != nil {
		return nil, fmt.Errorf("loading the state machine: %w", err)
	}
	return &embedded{healer, asl.NewEngine(asl.Config{Store: journal, Tasks: tasks, Clock: clock}), machine, tasks, journal}, nil
}

// newStages makes a healer and its stages by the names of their functions.
func newStages(config heal.Config, journal store, clock engineClock) (*heal.Healer, asl.FunctionMap, error) {
	config.Journal, config.Clock = journal, clock
	healer, err := heal.New(config)
	if err != nil {
		return nil, nil, err
	}
	tasks := asl.FunctionMap{}
	for name, stage := range healer.Stages() {
		tasks[name] = taskOf(stage)
	}
	return healer, tasks, nil
}

// patient returns the definition with time-outs that a stage's own work can keep.
// Where the clock runs faster than the wall, as with an embedded AWS, computing
// takes no less time: time-outs grow by the same factor. At the wall's pace the
// definition stays as it is.
func patient(definition []byte, clock engineClock) ([]byte, error) {
	scaled, ok := clock.(interface{ Speed() float64 })
	if !ok || scaled.Speed() <= 1 {
		return definition, nil
	}
	var machine map[string]any
	if err := json.Unmarshal(definition, &machine); err != nil {
		return nil, err
	}
	states, _ := machine["States"].(map[string]any)
	for _, state := range states {
		fields, _ := state.(map[string]any)
		if seconds, given := fields["TimeoutSeconds"].(float64); given {
			fields["TimeoutSeconds"] = min(int64(seconds*scaled.Speed()), longestTimeout)
		}
	}
	return json.Marshal(machine)
}

// longestTimeout is the most that the States Language allows, in seconds.
const longestTimeout = 99_999_999

// taskOf gives a stage's errors the names that the state machine matches.
func taskOf(stage heal.Stage) asl.Function {
	return func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
		output, err := stage(ctx, input)
		var named *fault.Error
		if errors.As(err, &named) && ctx.Err() == nil {
			return nil, &asl.Error{Name: named.Name, Cause: err.Error()}
		}
		return output, err
	}
}

// run starts a run and follows it to its report.
func (e *embedded) run(ctx context.Context, id string, options heal.Options) (*report.Report, error) {
	input, err := json.Marshal(options)
	if err != nil {
		return nil, err
	}
	outcome, err := e.engine.Run(ctx, id, e.machine, input)
	return e.finish(ctx, id, outcome, err)
}

// resume goes on with a run that was cut off.
func (e *embedded) resume(ctx context.Context, id string) (*report.Report, error) {
	outcome, err := e.engine.Resume(ctx, id)
	return e.finish(ctx, id, outcome, err)
}

func (e *embedded) finish(ctx context.Context, id string, outcome asl.Outcome, err error) (*report.Report, error) {
	if err != nil {
		if ctx.Err() != nil {
			err = errors.Join(err, e.healer.Leave(context.WithoutCancel(ctx), id))
		}
		return nil, fmt.Errorf("run %s: %w", id, err)
	}
	report, err := record.LoadReport(ctx, e.journal, id)
	if outcome.Status == asl.StatusSucceeded || outcome.Status == "" {
		return report, err
	}
	return failedReport(report, outcome)
}

// failedReport returns the report of a run whose execution ended in failure. The result
// of a run that was stopped is kept. A successful result was written before the failure,
// which may be that of publishing or notifying, and becomes failed.
func failedReport(told *report.Report, outcome asl.Outcome) (*report.Report, error) {
	name := cmp.Or(outcome.Error, string(outcome.Status))
	if told == nil {
		return nil, &fault.Error{Name: name, Err: errors.New(cmp.Or(outcome.Cause, "the execution ended without a cause"))}
	}
	if told.Run.Result != report.Failed && told.Run.Result != report.Stopped {
		told.Run.Result = report.Failed
		told.Run.Error = fmt.Sprintf("%s: %s", name, cmp.Or(outcome.Cause, "the execution ended without a cause"))
	}
	return told, nil
}

// publishTo writes the page, the report and the log of decisions into a folder.
// Each file is replaced as a whole, so that nobody reads half of one.
func publishTo(folder string, journal record.Journal) func(context.Context, *report.Report) error {
	return func(ctx context.Context, report *report.Report) error {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		return publications(ctx, journal, report, func(name string, fill func(io.Writer) error) error {
			return replaceFile(filepath.Join(folder, name), func(f *os.File) error { return fill(f) })
		})
	}
}

// Names of what is published after a run.
const (
	pageFile      = "dashboard.html"
	reportFile    = "report.json"
	decisionsFile = "decisions.jsonl"
)

// publications writes what is published of a run.
func publications(ctx context.Context, journal record.Journal, report *report.Report, write func(name string, fill func(io.Writer) error) error) error {
	options, err := pageOptionsOf(ctx, journal, report)
	if err != nil {
		return err
	}
	if err := write(pageFile, func(w io.Writer) error { return dashboard.Page(w, report, options) }); err != nil {
		return err
	}
	if err := write(reportFile, func(w io.Writer) error { return dashboard.JSON(w, report) }); err != nil {
		return err
	}
	return write(decisionsFile, func(w io.Writer) error {
		return dashboard.DecisionsJSONL(w, heal.Decisions(ctx, journal, report.Run.ID))
	})
}

func replaceFile(path string, fill func(*os.File) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // does nothing once it is renamed
	if err := fill(file); err != nil {
		file.Close()
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := file.Chmod(0o644); err != nil {
		file.Close()
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// runID names a run by when it began, and something random for two at once.
func runID(clock heal.Clock, random func() uint64) string {
	return fmt.Sprintf("%s-%04x", clock.Now().UTC().Format("20060102T150405Z"), random()&0xffff)
}
