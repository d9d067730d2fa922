package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/notify"
	"github.com/setmend/setmend/plan"
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
the self-healing state machine. Drift detection runs as part of it, so more may
be found than the plan shows; the guards hold for that too.

Every step is in the journal. A heal that is killed goes on with
` + "`setmend runs resume`" + `.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.heal(cmd.Context(), f) },
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

func (a *app) heal(ctx context.Context, f healFlags) error {
	options, err := f.options()
	if err != nil {
		return err
	}
	options.Accept = f.accept
	if !a.yes {
		if err := a.confirm(ctx, options); err != nil {
			return err
		}
	}
	shown := newProgress(a.stderr)
	c, err := a.connect(ctx, shown.called)
	if err != nil {
		return err
	}
	j, err := a.openJournal(ctx, c)
	if err != nil {
		return err
	}
	defer j.Close()
	outbox := notify.NewOutbox(j, c.notify, notify.OutboxOptions{Log: a.logger()})
	run, err := a.embedded(c, j, shown, f.out, outbox)
	if err != nil {
		return err
	}
	report, err := run.run(ctx, runID(c.clock, rand.Uint64), options)
	shown.end()
	a.flush(ctx, outbox)
	if err != nil {
		return err
	}
	return a.conclude(report, f.detailed)
}

// embedded makes the engine for a connection.
func (a *app) embedded(c *connection, j store, shown *progress, out string, outbox *notify.Outbox) (*embedded, error) {
	config := heal.Config{Cloud: c.aws, KillSwitch: a.killSwitch(c.aws), Policy: c.policy, HomeRegion: c.aws.Region(), Log: a.logger(),
		API: func() heal.APIReport { return apiReport(c.aws) }, Progress: shown.show, Notify: tell(j, outbox, "", out)}
	if out != "" {
		config.Publish = publishTo(out, j)
	}
	return newEmbedded(config, j, c.clock)
}

// confirm shows the plan and asks. Without a terminal nobody can answer.
func (a *app) confirm(ctx context.Context, options heal.Options) error {
	if !isTerminal(a.stdin) {
		return &usageError{errors.New("heal has to ask, and there is no terminal to ask on"), "look at `setmend plan`, then use --yes"}
	}
	r, err := a.read(ctx, options.Accept, nil)
	if err != nil {
		return err
	}
	defer r.close()
	p := r.assessment.Plan(plan.Options{Scope: options.Scope()})
	if err := p.Text(wrapping(a.stderr, wrapWidth(a.stderr)), plan.TextOptions{}); err != nil {
		return err
	}
	fmt.Fprint(a.stderr, "\nHeal this? Only yes is taken for yes: ")
	answer, err := bufio.NewReader(a.stdin).ReadString('\n')
	if err != nil || strings.TrimSpace(answer) != "yes" {
		return &hintedError{errors.New("not healed: you did not say yes"), "nothing was changed", exitFailed}
	}
	return nil
}

// conclude prints the report and chooses the exit code.
func (a *app) conclude(report *heal.Report, detailed bool) error {
	if err := a.printReport(report); err != nil {
		return err
	}
	switch report.Run.Result {
	case heal.ResultFailed:
		return &hintedError{fmt.Errorf("the run failed: %s", report.Run.Error), "mend the cause and heal again: what this run still owes is in the journal, and the next one pays it", exitFailed}
	case heal.ResultStopped:
		return &hintedError{fmt.Errorf("the run was stopped: %s", report.Run.Error), "heal again when the reason is gone: what this run still owes is in the journal, and the next one pays it", exitBusy}
	}
	if detailed && report.Run.Result == heal.ResultAttention {
		return exitCode(exitAttention)
	}
	return nil
}
