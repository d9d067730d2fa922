package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/notify"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// healFlags narrow a heal and answer its questions beforehand.
type healFlags struct {
	narrowing
	accept   []string
	out      string
	detailed bool
}

func (a *app) healCommand() *cobra.Command {
	var f healFlags
	cmd := &cobra.Command{
		Use:   "heal",
		Short: "Plan, ask, heal, verify and report",
		Long: `heal reads the fleet, shows its plan and asks; with your yes (or --yes) it runs
the self-healing state machine. Where drift is unknown, AWS detects it first, so
that the plan shows all. What is found beyond it becomes a plan of its own.

Every step is in the journal. A heal that is killed goes on with
` + "`setmend runs resume`" + `.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.heal(cmd.Context(), f, nil) },
	}
	a.registerHeal(cmd, &f)
	return cmd
}

// registerHeal adds the flags of whatever heals.
func (a *app) registerHeal(cmd *cobra.Command, f *healFlags) {
	f.flags(cmd)
	cmd.Flags().StringSliceVar(&f.accept, "accept", nil, "let a guard pass, such as organization-shrank or mass-drift:STACKSET")
	cmd.Flags().StringVar(&f.out, "out", "", "write dashboard.html, report.json and decisions.jsonl into this folder")
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&f.detailed, "detailed-exitcode", false, "exit 3 if something needs a person")
}

// heal asks, unless it was told not to, and heals: as far as the plan that it was
// given or has shown goes, else as far as the policy allows.
func (a *app) heal(ctx context.Context, f healFlags, given *record.Given) error {
	options, err := f.options()
	if err != nil {
		return err
	}
	options.Accept = f.accept
	if err := checkAccept(f.accept, nil); err != nil {
		return err
	}
	if !a.yes {
		if given, err = a.confirm(ctx, f, options, given); err != nil || given == nil {
			return err
		}
	}
	report, beyond, err := a.runOnce(ctx, f, options, given)
	if err != nil {
		return err
	}
	if err := a.conclude(report, f.detailed); err != nil || beyond == nil {
		return err
	}
	fmt.Fprintln(a.stderr, "\nFound beyond what was allowed, and not done:")
	if err := beyond.Text(wrapping(a.stderr, wrapWidth(a.stderr)), plan.TextOptions{}); err != nil {
		return err
	}
	return exitCode(exitAttention)
}

// runOnce makes one run, and returns its report and the plan of what it found and
// was not allowed to do, nil if nothing.
func (a *app) runOnce(ctx context.Context, f healFlags, options heal.Options, given *record.Given) (*report.Report, *plan.Plan, error) {
	shown := newProgress(a.stderr)
	c, err := a.connect(ctx, shown.called)
	if err != nil {
		return nil, nil, err
	}
	if slices.ContainsFunc(f.accept, func(answer string) bool { return strings.Contains(answer, ":") }) {
		sets, err := c.aws.StackSets(ctx)
		if err != nil {
			return nil, nil, err
		}
		if err := checkAccept(f.accept, sets); err != nil {
			return nil, nil, err
		}
	}
	j, err := a.openJournal(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	defer j.Close()
	outbox := notify.NewOutbox(j, c.notify, notify.OutboxOptions{Log: a.logger()})
	run, err := a.embedded(c, j, shown, f.out, outbox)
	if err != nil {
		return nil, nil, err
	}
	id := runID(c.clock, rand.Uint64)
	if given != nil {
		if err := record.Give(ctx, j, id, *given); err != nil {
			return nil, nil, err
		}
		if given.Plan.Stage == plan.StageDetect {
			run.healer.Notify = nil // people hear of the heal after it
		}
	}
	report, err := run.run(ctx, id, options)
	shown.end()
	a.flush(ctx, outbox)
	if err != nil {
		return nil, nil, err
	}
	a.warnOfUnseenSets(ctx, c, report)
	beyond, err := record.Beyond(ctx, j, id)
	return report, beyond, err
}

// published says on the terminal what could not be published, and where it is all the
// same: the heal is done.
func (a *app) published(out string, publish func(context.Context, *report.Report) error) func(context.Context, *report.Report) error {
	return func(ctx context.Context, told *report.Report) error {
		err := publish(ctx, told)
		if err != nil {
			fmt.Fprintf(a.stderr, "setmend: the heal is over; its files in %s could not be written: %s\n  hint: free space there or choose another folder; `setmend dashboard --out FILE` makes the page from the journal, `setmend runs show %s -o json` prints the report\n",
				out, oneLine(err.Error()), told.Run.ID)
		}
		return err
	}
}

// healConfig is what every healer on a connection works with.
func (a *app) healConfig(c *connection) heal.Config {
	return heal.Config{Cloud: c.aws, KillSwitch: a.killSwitch(c.aws), Shared: a.sharedLease(c.aws), Policy: c.policy, HomeRegion: c.aws.Region(), Log: a.logger(),
		API: func() report.API { return apiReport(c.aws) }}
}

// embedded makes the engine for a connection.
func (a *app) embedded(c *connection, j store, shown *progress, out string, outbox *notify.Outbox) (*embedded, error) {
	config := a.healConfig(c)
	config.Progress, config.Notify = shown.show, tell(j, outbox, a.links(out))
	if out != "" {
		config.Publish = a.published(out, publishTo(out, j))
	}
	return newEmbedded(config, j, c.clock)
}

// confirm shows the plan and asks, and returns what was agreed to. A heal that was
// given no plan has AWS detect drift first, where that is due: only then does the
// plan show all. If there is nothing to do, it returns nil. Without a terminal it does not ask.
func (a *app) confirm(ctx context.Context, f healFlags, options heal.Options, given *record.Given) (*record.Given, error) {
	if !isTerminal(a.stdin) {
		return nil, &usageError{errors.New("heal has to ask, and there is no terminal to ask on"), "look at `setmend plan`, then use --yes"}
	}
	if given == nil {
		p, err := a.makePlan(ctx, f.narrowing, f.accept)
		if err != nil {
			return nil, err
		}
		if detections := p.OfStage(plan.StageDetect); detections.Writes() {
			fmt.Fprintf(a.stderr, "AWS detects the drift of %d instances first; this changes nothing.\n", instancesOf(detections))
			if _, _, err := a.runOnce(ctx, f, options, &record.Given{Plan: detections, Exact: true}); err != nil {
				return nil, err
			}
			if p, err = a.makePlan(ctx, f.narrowing, f.accept); err != nil {
				return nil, err
			}
		}
		given = &record.Given{Plan: p}
	}
	if err := given.Plan.Text(wrapping(a.stderr, wrapWidth(a.stderr)), plan.TextOptions{}); err != nil {
		return nil, err
	}
	if !given.Plan.Writes() {
		return nil, nil
	}
	fmt.Fprint(a.stderr, "\nHeal this? Only yes is taken for yes: ")
	answer, err := bufio.NewReader(a.stdin).ReadString('\n')
	if err != nil || strings.TrimSpace(answer) != "yes" {
		return nil, &hintedError{errors.New("not healed: you did not say yes"), "nothing was changed", exitFailed}
	}
	return given, nil
}

// instancesOf counts the instances that a plan's drift detections look at.
func instancesOf(p *plan.Plan) int {
	n := 0
	for _, action := range p.Actions {
		for _, request := range action.Requests {
			n += request.Instances
		}
	}
	return n
}

// conclude prints the report and chooses the exit code.
func (a *app) conclude(r *report.Report, detailed bool) error {
	if err := a.printReport(r); err != nil {
		return err
	}
	switch r.Run.Result {
	case report.Failed:
		return &hintedError{fmt.Errorf("the run failed: %s", r.Run.Error), "mend the cause and heal again: what this run still owes is in the journal, and the next one pays it", exitFailed}
	case report.Stopped:
		return &hintedError{fmt.Errorf("the run was stopped: %s", r.Run.Error), "heal again when the reason is gone: what this run still owes is in the journal, and the next one pays it", exitBusy}
	}
	if detailed && r.Run.Result == report.Attention {
		return exitCode(exitAttention)
	}
	return nil
}
