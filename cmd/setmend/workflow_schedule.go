package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/spf13/cobra"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/deploy/export"
)

// A workflowSchedule is a document of the workflows' journal: a definition that
// `setmend serve` runs again and again.
type workflowSchedule struct {
	Name       string          `json:"name"`
	Definition json.RawMessage `json:"definition"`
	Input      json.RawMessage `json:"input"`
	Cron       string          `json:"cron,omitempty"`
	Timezone   string          `json:"timezone,omitempty"`
	Window     string          `json:"window,omitempty"` // it runs before this maintenance window
	Lead       time.Duration   `json:"lead,omitempty"`   // by this much
	Since      time.Time       `json:"since"`            // when it was made
	// Last is the time that was due last; zero before the first. It is recorded
	// before the run begins, and the run has it in its name: a process that dies in
	// between leaves enough to begin the run that was due.
	Last time.Time `json:"last,omitzero"`
}

const schedulePrefix = "workflow/schedule/"

func scheduleKey(name string) string { return schedulePrefix + name }

// run is the name of the run that is due at a time.
func (s *workflowSchedule) run(due time.Time) string {
	return s.Name + "-" + due.UTC().Format("20060102T150405Z")
}

// words say when the workflow runs.
func (s *workflowSchedule) words() string {
	if s.Window != "" {
		return fmt.Sprintf("%s before %s", s.Lead, s.Window)
	}
	if s.Timezone == "UTC" || s.Timezone == "" {
		return s.Cron
	}
	return s.Cron + " " + s.Timezone
}

// times are those of the cron expression.
func (s *workflowSchedule) times() (cron.Schedule, error) {
	text := s.Cron
	if !strings.HasPrefix(text, "@every") {
		text = "CRON_TZ=" + cmp.Or(s.Timezone, "UTC") + " " + text
	}
	schedule, err := cron.ParseStandard(text)
	if err != nil {
		return nil, fmt.Errorf("reading --cron %q in the time zone %s: %w", s.Cron, cmp.Or(s.Timezone, "UTC"), err)
	}
	return schedule, nil
}

func (a *app) workflowScheduleCommand() *cobra.Command {
	var d deployment
	var onAWS bool
	cmd := &cobra.Command{
		Use: "schedule FILE", Short: "Run a definition again and again, by serve or on AWS", Args: cobra.ExactArgs(1),
		Long: `schedule records a definition and when it runs: by --cron, or --before-window of
a maintenance window of Systems Manager. ` + "`setmend serve`" + ` runs it, never twice at a
time, and goes on with a run that was cut off. What was due while nothing served is
not made up for.

With --aws it is installed as a state machine that EventBridge Scheduler starts, as
` + "`setmend workflow install`" + ` does. Scheduling under a name that is there replaces it.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			d.file = args[0]
			if d.when.none() {
				return &usageError{fmt.Errorf("scheduling %s: nothing says when", d.file), "give --cron EXPRESSION, or --before-window ID"}
			}
			if !onAWS {
				return a.scheduleHere(cmd.Context(), d)
			}
			workflow, err := a.deployed(cmd, d)
			if err != nil {
				return err
			}
			return a.installWorkflow(cmd.Context(), workflow, "")
		},
	}
	d.flags(cmd)
	cmd.Flags().BoolVar(&onAWS, "aws", false, "by EventBridge Scheduler, in a stack")
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask (with --aws)")
	return cmd
}

func (a *app) scheduleHere(ctx context.Context, d deployment) error {
	if err := d.when.check(); err != nil {
		return err
	}
	machine, _, err := a.loadMachine(d.file)
	if err != nil {
		return err
	}
	input, err := a.workflowInput(d.input)
	if err != nil {
		return err
	}
	s := workflowSchedule{Name: cmp.Or(d.name, machineName(d.file)), Definition: machine.Definition(), Input: input,
		Cron: d.when.cron, Window: d.when.window}
	if s.Window != "" {
		s.Lead = d.when.lead
	} else {
		s.Timezone = d.when.timezone
	}
	if s.Since, err = a.worldTime(ctx); err != nil {
		return err
	}
	if err := s.check(); err != nil {
		return err
	}
	j, err := a.workflowJournal(ctx)
	if err != nil {
		return err
	}
	defer j.Close()
	if err := recordSchedule(ctx, j, &s); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "%s is scheduled: %s; `setmend serve` runs it\n", s.Name, s.words())
	return nil
}

// maxScheduleName leaves room for the time in a run's name.
const maxScheduleName = maxRunName - len("-20060102T150405Z")

func (s *workflowSchedule) check() error {
	named := export.Workflow{Name: s.Name}
	if err := named.Check(); err != nil || len(s.Name) > maxScheduleName {
		return &usageError{fmt.Errorf("the name %q is none of a schedule", s.Name), fmt.Sprintf("choose a --name of letters, digits, - and _, at most %d", maxScheduleName)}
	}
	if s.Window != "" {
		if !strings.HasPrefix(s.Window, "mw-") || s.Lead < 0 {
			return &usageError{fmt.Errorf("scheduling %s: %s before %q is no time", s.Name, s.Lead, s.Window), "give the window's id, mw-…, and a --lead such as 2h"}
		}
		return nil
	}
	if _, err := s.times(); err != nil {
		return &usageError{err, `write a cron expression such as "0 6 * * *", or "@every 6h"; a --timezone such as Europe/Berlin`}
	}
	return nil
}

// recordSchedule puts a schedule in the place of one of its name.
func recordSchedule(ctx context.Context, j store, s *workflowSchedule) error {
	_, version, err := j.Get(ctx, scheduleKey(s.Name))
	if err != nil {
		return err
	}
	return put(ctx, j, s, version)
}

func put(ctx context.Context, j store, s *workflowSchedule, version int64) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = j.Put(ctx, scheduleKey(s.Name), text, version)
	return err
}

// readSchedule reads a schedule; nil if there is none.
func readSchedule(ctx context.Context, j store, key string) (*workflowSchedule, int64, error) {
	text, version, err := j.Get(ctx, key)
	if err != nil || text == nil {
		return nil, version, err
	}
	var s workflowSchedule
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, 0, fmt.Errorf("reading the schedule %s: %w", strings.TrimPrefix(key, schedulePrefix), err)
	}
	return &s, version, nil
}

func (a *app) workflowSchedulesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schedules", Short: "List the workflows that serve runs", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			j, err := a.openWorkflows(cmd.Context())
			if err != nil {
				return err
			}
			defer j.Close()
			return a.printSchedules(cmd.Context(), j)
		},
	}
}

// A listedSchedule is one as it is printed.
type listedSchedule struct {
	Name    string     `json:"name"`
	When    string     `json:"when"`
	Since   time.Time  `json:"since"`
	LastRun string     `json:"lastRun,omitempty"`
	Status  asl.Status `json:"status,omitempty"` // of the last run
}

func (a *app) printSchedules(ctx context.Context, j store) error {
	keys, err := j.Keys(ctx, schedulePrefix)
	if err != nil {
		return err
	}
	engine := asl.NewEngine(asl.Config{Store: j})
	list := []listedSchedule{}
	for _, key := range keys {
		s, _, err := readSchedule(ctx, j, key)
		if err != nil {
			return err
		}
		if s == nil {
			continue // deleted meanwhile
		}
		l := listedSchedule{Name: s.Name, When: s.words(), Since: s.Since}
		if !s.Last.IsZero() {
			l.LastRun = s.run(s.Last)
			if run, err := engine.Describe(ctx, l.LastRun); err == nil {
				l.Status = run.Status
			}
		}
		list = append(list, l)
	}
	return a.print(list, func(w io.Writer) error {
		row(w, "SCHEDULE", "WHEN", "SINCE", "LAST RUN", "STATUS")
		for _, l := range list {
			row(w, l.Name, l.When, l.Since.UTC().Format("2006-01-02 15:04:05"), cmp.Or(l.LastRun, "-"), cmp.Or(string(l.Status), "-"))
		}
		return nil
	})
}

func (a *app) workflowUnscheduleCommand() *cobra.Command {
	return &cobra.Command{
		Use: "unschedule NAME", Short: "Run a scheduled workflow no more", Args: cobra.ExactArgs(1),
		Long: `unschedule takes a workflow off serve's list. A run that is under way goes on. What
--aws has installed is deleted with ` + "`setmend workflow uninstall`" + `.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			j, err := a.openWorkflows(cmd.Context())
			if err != nil {
				return err
			}
			defer j.Close()
			s, version, err := readSchedule(cmd.Context(), j, scheduleKey(args[0]))
			if err != nil {
				return err
			}
			if s == nil {
				return &hintedError{fmt.Errorf("there is no schedule %q", args[0]), "`setmend workflow schedules` lists them", exitNotFound}
			}
			return j.Delete(cmd.Context(), scheduleKey(args[0]), version)
		},
	}
}
