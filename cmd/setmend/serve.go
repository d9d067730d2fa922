package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math"
	"math/rand/v2"
	"net"
	"os/user"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/robfig/cron/v3"
	"github.com/spf13/cobra"

	"github.com/setmend/setmend/dashboard"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/notify"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/report"
)

// serveFlags say where to serve, to whom, and when to heal.
type serveFlags struct {
	listen   string
	schedule string
	out      string
	frames   string
}

func (a *app) serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the dashboard live, and heal on a schedule",
		Long: `serve shows the last run (and the one under way) as a live page, with /healthz,
/metrics for Prometheus, and buttons to answer what guards ask.

On any address but loopback it asks for the bearer token in SETMEND_TOKEN; give
several people theirs with NAME=TOKEN,NAME=TOKEN, and answers bear their names. With
--schedule it heals by itself, never two runs at a time: a cron expression
("0 6 * * *"), or an interval ("@every 6h"). Workflows that setmend workflow
schedule has recorded run, too.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), f) },
	}
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:8080", "address to listen on")
	cmd.Flags().StringVar(&f.schedule, "schedule", "", "when to heal: a cron expression, or @every DURATION")
	cmd.Flags().StringVar(&f.out, "out", "", "write dashboard.html, report.json and decisions.jsonl into this folder after each run")
	cmd.Flags().StringVar(&f.frames, "frame-ancestors", "", "who may show the page in a frame, such as https://wiki.example.com")
	return cmd
}

func (a *app) serve(ctx context.Context, f serveFlags) error {
	schedule, err := parseSchedule(f.schedule)
	if err != nil {
		return err
	}
	c, err := a.connect(ctx, nil)
	if err != nil {
		return err
	}
	if schedule != nil {
		checkEveryRun(c.policy, shortestInterval(schedule, c.clock.Now()))
	}
	j, err := a.openJournal(ctx, c)
	if err != nil {
		return err
	}
	defer j.Close()
	log := a.serviceLog()
	server, err := dashboard.NewServer(dashboard.Config{Source: journalSource{j, c}, Approvals: journalApprovals{j, c}, Quarantine: journalQuarantine{j}, Address: f.listen,
		Tokens: parseTokens(a.getenv("SETMEND_TOKEN")), LocalName: localName(), Log: log, FrameAncestors: f.frames, Page: pageOptions()})
	if err != nil {
		return &hintedError{err, "set SETMEND_TOKEN to at least 16 characters, or listen on 127.0.0.1", exitUsage}
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return &hintedError{fmt.Errorf("listening on %s: %w", f.listen, err), "choose another address with --listen", exitUsage}
	}
	fmt.Fprintf(a.stderr, "dashboard: http://%s/ (Ctrl-C ends)\n", listener.Addr())
	workflows, err := a.workflowJournal(ctx)
	if err != nil {
		return err
	}
	defer workflows.Close()
	tasks, err := a.workflowTasks(ctx)
	if err != nil {
		return err
	}
	return a.serveAndHeal(ctx, listener, server, &scheduled{app: a, c: c, j: j, schedule: schedule, out: f.out, log: log, server: server,
		workflows: newScheduledWorkflows(c.clock, workflows, tasks, log)})
}

// serviceLog is the program's own log: serve always keeps one.
func (a *app) serviceLog() *slog.Logger {
	if isTerminal(a.stderr) {
		return slog.New(slog.NewTextHandler(a.stderr, nil))
	}
	return slog.New(slog.NewJSONHandler(a.stderr, nil))
}

// pageOptions are the same wherever a page is made.
func pageOptions() dashboard.Options {
	return dashboard.Options{ConsoleLinks: true, Normalise: plan.Normalise}
}

// pageOptionsOf adds what the journal knows of a report's run: its decisions, and
// what guards ask.
func pageOptionsOf(ctx context.Context, j record.Journal, report *report.Report) (dashboard.Options, error) {
	options := pageOptions()
	for decision, err := range heal.Decisions(ctx, j, report.Run.ID) {
		if err != nil {
			return options, err
		}
		options.Decisions = append(options.Decisions, decision)
	}
	waiting, err := waitingApprovals(ctx, j, report.DataAt)
	options.Approvals = waiting
	return options, err
}

func parseSchedule(text string) (cron.Schedule, error) {
	if text == "" {
		return nil, nil
	}
	schedule, err := cron.ParseStandard(text)
	if err != nil {
		return nil, &usageError{fmt.Errorf("reading --schedule %q: %w", text, err), `write a cron expression such as "0 6 * * *", or "@every 6h"`}
	}
	return schedule, nil
}

// shortestInterval is the least time between two of the schedule's next runs.
func shortestInterval(schedule cron.Schedule, from time.Time) time.Duration {
	const looked = 200 // a week of hourly runs
	shortest := time.Duration(math.MaxInt64)
	last := schedule.Next(from)
	for range looked {
		next := schedule.Next(last)
		if next.IsZero() { // it never comes
			break
		}
		shortest, last = min(shortest, next.Sub(last)), next
	}
	return shortest
}

// checkEveryRun trusts drift checks for half the schedule's interval, where the
// policy names no default of its own and trusts them for longer: so AWS detects
// drift in every run, also after one that took as long as half an interval.
func checkEveryRun(p *policy.Policy, interval time.Duration) {
	age := policy.Duration(interval / 2)
	if p.Defaults.DriftMaxAge == nil && time.Duration(age) < p.For(fleet.StackSet{}).DriftMaxAge {
		p.Defaults.DriftMaxAge = &age
	}
}

// serveAndHeal runs the server, the schedule and the outbox until interrupted.
func (a *app) serveAndHeal(ctx context.Context, listener net.Listener, server *dashboard.Server, s *scheduled) error {
	var background sync.WaitGroup
	outbox := notify.NewOutbox(s.j, s.c.notify, notify.OutboxOptions{Log: s.log})
	ctx, cancel := context.WithCancel(ctx)
	background.Go(func() { outbox.Run(ctx) })
	background.Go(func() { s.workflows.run(ctx) })
	if s.schedule != nil {
		background.Go(func() { s.run(ctx, outbox) })
	}
	err := dashboard.Serve(ctx, listener, server)
	cancel()
	background.Wait()
	return err
}

// scheduled heals on a schedule. The next run is planned when one has ended, and
// the lease keeps other processes' runs apart.
type scheduled struct {
	app      *app
	c        *connection
	j        store
	schedule cron.Schedule
	out      string
	log      *slog.Logger
	server   *dashboard.Server

	workflows *scheduledWorkflows
}

func (s *scheduled) run(ctx context.Context, outbox *notify.Outbox) {
	for {
		next := s.schedule.Next(s.c.clock.Now())
		s.log.Info("next heal", "at", next)
		if err := s.c.clock.Sleep(ctx, next.Sub(s.c.clock.Now())); err != nil {
			return
		}
		if err := s.once(ctx, outbox); err != nil && ctx.Err() == nil {
			s.log.Error("scheduled heal", "error", oneLine(err.Error()))
		}
	}
}

// once heals, first going on with a run that an earlier process left behind.
func (s *scheduled) once(ctx context.Context, outbox *notify.Outbox) error {
	run, err := s.app.embedded(s.c, s.j, newProgress(discard{}), s.out, outbox)
	if err != nil {
		return err
	}
	var report *report.Report
	if left, ok, err := lease.Interrupted(ctx, s.j, s.c.clock.Now()); err != nil {
		return err
	} else if ok {
		s.log.Info("going on with a run that was cut off", "run", left)
		report, err = run.resume(ctx, left)
		if err != nil {
			return err
		}
	} else {
		report, err = run.run(ctx, runID(s.c.clock, rand.Uint64), heal.Options{})
		if err != nil {
			return err
		}
	}
	s.server.Observe(report)
	s.log.Info("healed", "run", report.Run.ID, "result", report.Run.Result, "attention", len(report.Attention))
	return nil
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// journalSource shows what the journal holds.
type journalSource struct {
	j store
	c *connection
}

func (s journalSource) Version(ctx context.Context) (string, error) { return heal.Version(ctx, s.j) }

func (s journalSource) Latest(ctx context.Context) (*report.Report, error) {
	return heal.Latest(ctx, s.j, s.c.policy, s.c.clock)
}

func (s journalSource) Decisions(ctx context.Context, run string) iter.Seq2[report.Decision, error] {
	return heal.Decisions(ctx, s.j, run)
}

// journalApprovals answers what guards ask.
type journalApprovals struct {
	j store
	c *connection
}

func (s journalApprovals) Waiting(ctx context.Context) ([]dashboard.Approval, error) {
	return waitingApprovals(ctx, s.j, s.c.clock.Now())
}

// waitingApprovals are what guards ask, and what was answered and still holds.
func waitingApprovals(ctx context.Context, j record.Journal, now time.Time) ([]dashboard.Approval, error) {
	list, err := record.Approvals(ctx, j)
	if err != nil {
		return nil, err
	}
	waiting := []dashboard.Approval{}
	for _, a := range list {
		if a.Decision != "" && !a.Until.IsZero() && !now.Before(a.Until) {
			continue // the answer holds no more
		}
		waiting = append(waiting, dashboard.Approval{ID: a.ID, StackSet: string(a.StackSet), Reason: a.Reason, Since: a.Asked,
			Of: a.Numbers.Of, All: a.Numbers.All, Decision: string(a.Decision), By: a.By, Note: a.Note, Until: a.Until})
	}
	return waiting, nil
}

func (s journalApprovals) Decide(ctx context.Context, v dashboard.ApprovalVerdict) error {
	var err error
	if v.Undo {
		err = record.Withdraw(ctx, s.j, v.ID)
	} else {
		err = record.DecideWithNote(ctx, s.j, v.ID, v.Approve, v.By, v.Note, s.c.clock.Now())
	}
	if errors.Is(err, record.ErrNotAsked) {
		return errors.Join(dashboard.ErrNotWaiting, err)
	}
	return err
}

// journalQuarantine releases cells.
type journalQuarantine struct{ j store }

func (q journalQuarantine) Release(ctx context.Context, cell fleet.Cell, _ string) error {
	if err := record.Release(ctx, q.j, cell); err != nil {
		return errors.Join(dashboard.ErrNotWaiting, err)
	}
	return nil
}

var tokenName = regexp.MustCompile(`^([A-Za-z][\w.@-]*)=(.{16,})$`)

// parseTokens reads SETMEND_TOKEN: one token, or several with the names of who holds
// them, as NAME=TOKEN,NAME=TOKEN. Decisions are recorded under these names.
func parseTokens(text string) []dashboard.Token {
	var tokens []dashboard.Token
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' }) {
		if m := tokenName.FindStringSubmatch(part); m != nil {
			tokens = append(tokens, dashboard.Token{Name: m[1], Secret: m[2]})
			continue
		}
		tokens = append(tokens, dashboard.Token{Secret: part})
	}
	return tokens
}

// localName returns the name under which answers are recorded where no token is asked
// for: that of the user whose process serves, since it listens on loopback only.
func localName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}
