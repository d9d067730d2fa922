package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// reading is a fresh look at the fleet with what the journal remembers.
type reading struct {
	*connection
	journal    store
	close      func() error
	fleet      *fleet.Fleet
	memory     plan.Memory
	assessment *plan.Assessment
}

// read observes the fleet and judges it. It changes nothing on AWS.
func (a *app) read(ctx context.Context, accept []string, only []fleet.StackSetName) (*reading, error) {
	shown := newProgress(a.stderr)
	defer shown.clear()
	c, err := a.connect(ctx, shown.called)
	if err != nil {
		return nil, err
	}
	j, err := a.openJournal(ctx, c)
	if err != nil {
		return nil, err
	}
	r := &reading{connection: c, journal: j, close: j.Close}
	if err := r.observe(ctx, accept, only); err != nil {
		j.Close()
		return nil, err
	}
	shown.clear()
	a.warnOfCaller(ctx, c, r.fleet)
	return r, nil
}

// warnOfCaller says that the organization's service-managed stack sets are not seen
// for whom the calls are made as, and that they cannot be operated on while trusted
// access is off. It is silent where it cannot tell.
func (a *app) warnOfCaller(ctx context.Context, c *connection, f *fleet.Fleet) {
	serviceManaged := slices.ContainsFunc(f.Names(), func(name fleet.StackSetName) bool {
		return f.StackSets[name].StackSet.PermissionModel == fleet.ServiceManaged
	})
	if serviceManaged && !f.Organization.TrustedAccess {
		fmt.Fprintf(a.stderr, "setmend: StackSets has no trusted access to the organization: service-managed stack sets can neither be healed nor checked\n  hint: %s\n", plan.Hint(plan.ReasonAccessOff))
	}
	if serviceManaged || asDelegate(a.callAs) || f.Caller.Account == f.Organization.Management {
		return
	}
	admins, err := c.aws.DelegatedAdministrators(ctx)
	if err != nil {
		return // nothing is known of who is a delegate
	}
	if slices.Contains(admins, f.Caller.Account) {
		a.sayUnseen(f.Caller.Account)
		return
	}
	fmt.Fprintf(a.stderr, "setmend: account %s is neither the management account nor a delegated administrator for StackSets: only its own self-managed stack sets are seen\n  hint: use the management account's credentials, or a delegated administrator's with --call-as DELEGATED_ADMIN\n", f.Caller.Account)
}

// warnOfUnseenSets says after a run that saw no service-managed stack set that a
// delegated administrator's calls have to be made as one.
func (a *app) warnOfUnseenSets(ctx context.Context, c *connection, r *report.Report) {
	seen := slices.ContainsFunc(r.StackSets, func(s report.StackSet) bool { return s.PermissionModel == fleet.ServiceManaged })
	if seen || asDelegate(a.callAs) {
		return
	}
	caller, err := c.aws.Caller(ctx)
	if err != nil {
		return // it was known a moment ago; the run's own result stands
	}
	if admins, err := c.aws.DelegatedAdministrators(ctx); err == nil && slices.Contains(admins, caller.Account) {
		a.sayUnseen(caller.Account)
	}
}

// sayUnseen says that calls are made as the wrong caller.
func (a *app) sayUnseen(account fleet.AccountID) {
	fmt.Fprintf(a.stderr, "setmend: account %s is a delegated administrator, and calls are made as SELF: the organization's service-managed stack sets are not seen\n  hint: add --call-as DELEGATED_ADMIN (SETMEND_CALL_AS)\n", account)
}

// asDelegate reports whether calls are made as a delegated administrator.
func asDelegate(callAs string) bool { return strings.EqualFold(callAs, "DELEGATED_ADMIN") }

func (r *reading) observe(ctx context.Context, accept []string, only []fleet.StackSetName) (err error) {
	if r.fleet, err = observe.Fleet(ctx, r.aws, r.clock, r.aws.Region(), only); err != nil {
		return err
	}
	if r.memory, err = record.LoadMemory(ctx, r.journal, accept, nil); err != nil {
		return err
	}
	if err = observe.RecallCauses(ctx, r.aws, r.fleet, &r.memory); err != nil {
		return err
	}
	if err = observe.RecallSaved(ctx, r.aws, r.fleet, r.policy, &r.memory); err != nil {
		return err
	}
	if err = observe.RecallDetections(ctx, r.aws, r.fleet, r.policy, r.clock.Now(), &r.memory); err != nil {
		return err
	}
	if err = observe.RecallDrift(ctx, r.aws, r.fleet, r.policy, r.clock.Now(), &r.memory); err != nil {
		return err
	}
	r.assessment = plan.Assess(r.fleet, r.policy, r.memory, r.clock.Now())
	return nil
}

// define reads the fleet and assesses it without what earlier runs remember.
func (r *reading) define(ctx context.Context) (err error) {
	if r.fleet, err = observe.Fleet(ctx, r.aws, r.clock, r.aws.Region(), nil); err != nil {
		return err
	}
	r.assessment = plan.Assess(r.fleet, r.policy, plan.Memory{}, r.clock.Now())
	return nil
}

// report is the reading as a report without a run.
func (r *reading) report() *report.Report {
	shown := report.New(r.fleet, r.assessment, r.policy)
	shown.Run = report.Run{Engine: "read", Started: r.fleet.ReadAt, Ended: r.clock.Now(), HomeRegion: r.fleet.HomeRegion,
		Result: report.Healed}
	if len(shown.Attention) > 0 {
		shown.Run.Result = report.Attention
	}
	shown.API = apiReport(r.aws)
	return shown
}

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show the health of every stack set (reads only)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := a.read(cmd.Context(), nil, nil)
			if err != nil {
				return err
			}
			defer r.close()
			report := r.report()
			return a.print(report, func(w io.Writer) error { return statusTable(w, report, wrapWidth(a.stdout)) })
		},
	}
}

// statusTable has a column for healthy and for every other verdict that occurs, so
// that it fits most terminals; where it does not, the verdicts are told in words.
// -o json has them all.
func statusTable(w io.Writer, report *report.Report, width int) error {
	verdicts := slices.DeleteFunc(slices.Clone(plan.Verdicts[:]), func(v plan.Verdict) bool {
		return v != plan.Healthy && report.After.Of(v) == 0
	})
	text, err := aligned(wideRows(report, verdicts))
	if err == nil && width > 0 && strings.IndexByte(text, '\n') > width {
		text, err = aligned(narrowRows(report, verdicts))
	}
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, text); err != nil {
		return err
	}
	for _, problem := range report.Problems {
		of := ""
		if problem.StackSet != "" {
			of = string(problem.StackSet) + ": "
		}
		fmt.Fprintf(w, "\n%s%s%s\n  %shint: %s\n", markWarn, of, oneLine(problem.Text), markFaint, oneLine(problem.Hint))
	}
	return nil
}

// aligned puts rows into columns.
func aligned(rows [][]any) (string, error) {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 4, 1, ' ', 0)
	for _, cells := range rows {
		row(table, cells...)
	}
	err := table.Flush()
	return b.String(), err
}

func wideRows(report *report.Report, verdicts []plan.Verdict) [][]any {
	line := func(name string, instances any, of func(plan.Verdict) string, checked string) []any {
		cells := []any{name, instances}
		for _, v := range verdicts {
			cells = append(cells, of(v))
		}
		return append(cells, checked)
	}
	rows := [][]any{line("STACK SET", "INSTANCES", func(v plan.Verdict) string { return strings.ToUpper(inWords(v)) }, "DRIFT CHECK")}
	for _, s := range report.StackSets {
		rows = append(rows, line(string(s.Name), s.Instances, func(v plan.Verdict) string { return dashForNone(s.After.Of(v)) }, age(report.Run.Ended, s.LastDriftCheck)))
	}
	return append(rows, line(allSets(report), report.Fleet.Instances, func(v plan.Verdict) string { return dashForNone(report.After.Of(v)) }, ""))
}

func narrowRows(report *report.Report, verdicts []plan.Verdict) [][]any {
	told := func(counts plan.Counts) string {
		var parts []string
		for _, v := range verdicts {
			if n := counts.Of(v); n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n, inWords(v)))
			}
		}
		return strings.Join(parts, ", ")
	}
	rows := [][]any{{"STACK SET", "INSTANCES", "DRIFT CHECK", "THEY ARE"}}
	for _, s := range report.StackSets {
		rows = append(rows, []any{s.Name, s.Instances, age(report.Run.Ended, s.LastDriftCheck), told(s.After)})
	}
	return append(rows, []any{allSets(report), report.Fleet.Instances, "", told(report.After)})
}

func allSets(report *report.Report) string { return fmt.Sprintf("all %d", len(report.StackSets)) }

// inWords is a verdict as a person writes it.
func inWords(v plan.Verdict) string {
	if v == plan.NotChecked {
		return "not checked"
	}
	return string(v)
}

// dashForNone lets the numbers that matter stand out.
func dashForNone(n int) string {
	if n == 0 {
		return "-"
	}
	return strconv.Itoa(n)
}

// age says how long ago something was, roughly.
func age(now, then time.Time) string {
	if then.IsZero() {
		return "never"
	}
	switch d := now.Sub(then); {
	case d < time.Minute:
		return "just now"
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days ago", int(d.Hours()/24))
	}
}
