package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/notify"
)

func (a *app) runsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "runs",
		Short: "List heals, and resume or stop one",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withJournal(cmd.Context(), func(j store) error {
				runs, err := record.Runs(cmd.Context(), j)
				if err != nil {
					return err
				}
				return a.print(runs, func(w io.Writer) error {
					row(w, "RUN", "STARTED", "STAGE", "RESULT")
					for _, run := range runs {
						row(w, run.ID, run.Started.UTC().Format("2006-01-02 15:04:05"), run.Stage, resultOf(run))
					}
					return nil
				})
			})
		},
	}
	cmd.AddCommand(a.runsShowCommand(), a.runsResumeCommand(), a.runsStopCommand())
	return cmd
}

func resultOf(run record.Run) string {
	if run.Result == "" {
		return "under way, or cut off"
	}
	return string(run.Result)
}

func (a *app) runsShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show RUN", Short: "Print a run's report", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withJournal(cmd.Context(), func(j store) error {
				report, err := record.LoadReport(cmd.Context(), j, args[0])
				if err != nil {
					return &hintedError{err, "`setmend runs` lists the runs", exitNotFound}
				}
				return a.printReport(report)
			})
		},
	}
}

func (a *app) runsResumeCommand() *cobra.Command {
	var out string
	var detailed bool
	cmd := &cobra.Command{
		Use: "resume RUN", Short: "Go on with a heal that was cut off", Args: cobra.ExactArgs(1),
		Long: `resume goes on where the run was, and does what it still owes. A run that is over is
not begun again, and one that was stopped for good is refused: resume lifts no stop.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.resume(cmd.Context(), args[0], out, detailed)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "write dashboard.html, report.json and decisions.jsonl into this folder")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 3 if something needs a person")
	return cmd
}

func (a *app) resume(ctx context.Context, id, out string, detailed bool) error {
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
	if err := mayResume(ctx, j, id, c.clock.Now()); err != nil {
		return err
	}
	outbox := notify.NewOutbox(j, c.notify, notify.OutboxOptions{Log: a.logger()})
	run, err := a.embedded(c, j, shown, out, outbox)
	if err != nil {
		return err
	}
	report, err := run.resume(ctx, id)
	shown.end()
	a.flush(ctx, outbox)
	if err != nil {
		return err
	}
	return a.conclude(report, detailed)
}

// mayResume refuses to resume a run that is not there, is over, or is held by a stop.
func mayResume(ctx context.Context, j store, id string, now time.Time) error {
	run, err := record.FindRun(ctx, j, id)
	if err != nil {
		return &hintedError{err, "`setmend runs` lists the runs", exitNotFound}
	}
	holds, err := lease.Holds(ctx, j, id, now)
	if err != nil {
		return err
	}
	if run.Result != "" && !holds { // else it was killed before it notified and released its lease
		return &hintedError{fmt.Errorf("resuming run %s: it is over, and ended as %s", id, run.Result),
			"`setmend runs show " + id + "` prints its report; `setmend heal` begins anew, and first gives back what that run still owes", exitBusy}
	}
	stop, err := lease.Stopped(ctx, j, id)
	switch {
	case err != nil:
		return err
	case stop != nil && stop.Run == id:
		return &hintedError{fmt.Errorf("resuming run %s: it was stopped for good: %s", id, oneLine(stop.Why)),
			"`setmend heal` begins anew, and first gives back what that run still owes; to go on with this one, lift its stop first: `setmend runs stop " + id + " --lift`", exitBusy}
	case stop != nil:
		return &hintedError{fmt.Errorf("resuming run %s: all heals are stopped: %s", id, oneLine(stop.Why)),
			"when the reason is gone, `setmend runs stop all --lift`, then resume it", exitBusy}
	}
	return nil
}

func (a *app) runsStopCommand() *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use: "stop RUN|all", Short: "Stop a heal before its next call that changes AWS",
		Long: `stop sets the kill switch. A heal looks at it before every call that changes AWS.
Operations that AWS has accepted go on to their end; what they owe is in the
journal, and the next heal gives it back. The stop of a run is for good: it ends as
stopped, and ` + "`setmend runs resume`" + ` refuses it; --lift takes the stop back as long as
the run has not ended. "all" stops every heal until ` + "`setmend runs stop all --lift`" + `.`,
		Args: cobra.ExactArgs(1),
	}
	lift := cmd.Flags().Bool("lift", false, "take the switch back")
	cmd.Flags().StringVar(&why, "why", "by hand", "what to say as the reason")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return a.withJournal(cmd.Context(), func(j store) error {
			return a.stopRun(cmd.Context(), j, args[0], why, *lift)
		})
	}
	return cmd
}

// stopRun stops a run or all, or lifts that, and says what follows from it.
func (a *app) stopRun(ctx context.Context, j store, id, why string, lift bool) error {
	over := ""
	if id != "all" {
		run, err := record.FindRun(ctx, j, id)
		if err != nil {
			return &hintedError{err, "`setmend runs` lists the runs", exitNotFound}
		}
		if run.Result != "" {
			over = fmt.Sprintf("run %s is over all the same (%s): `setmend heal` begins anew", id, run.Result)
		}
	}
	if !lift {
		if over != "" {
			return &hintedError{fmt.Errorf("stopping run %s: it is over already", id), "`setmend runs stop all` stops every heal to come", exitNotFound}
		}
		return lease.Stop(ctx, j, id, why)
	}
	stop, err := lease.Stopped(ctx, j, id)
	if err != nil {
		return err
	}
	if stop == nil || stop.Run != id {
		fmt.Fprintf(a.stderr, "setmend: there was no stop of %s to lift\n", id)
	}
	if err := lease.Unstop(ctx, j, id); err != nil {
		return err
	}
	if over != "" {
		fmt.Fprintln(a.stderr, "setmend:", over)
	} else if stop != nil && stop.Run == id && id != "all" {
		fmt.Fprintf(a.stderr, "setmend: lifted; `setmend runs resume %s` goes on with it\n", id)
	}
	return nil
}

// withJournal opens the journal for a command that needs no AWS. Only where no
// file is named does AWS have to tell the account that the journal belongs to.
func (a *app) withJournal(ctx context.Context, f func(store) error) error {
	if a.journal != "" {
		j, err := a.openNamedJournal(ctx)
		if err != nil {
			return err
		}
		defer j.Close()
		return f(j)
	}
	_, j, err := a.connectJournal(ctx)
	if err != nil {
		return err
	}
	defer j.Close()
	return f(j)
}

func (a *app) approvalsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "approvals", Aliases: []string{"approval"}, Short: "List what guards ask, and answer", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withJournal(cmd.Context(), func(j store) error {
				list, err := record.Approvals(cmd.Context(), j)
				if err != nil {
					return err
				}
				return a.print(list, func(w io.Writer) error {
					row(w, "ID", "ASKED", "ANSWER", "REASON")
					for _, item := range list {
						row(w, item.ID, item.Asked.UTC().Format("2006-01-02 15:04"), item.Decision, item.Reason)
					}
					return nil
				})
			})
		},
	}
	list := *cmd
	list.Use, list.Aliases, list.Short = "list", nil, "List what guards ask"
	cmd.AddCommand(&list, a.decideCommand("approve", true), a.decideCommand("deny", false))
	return cmd
}

func (a *app) decideCommand(name string, approve bool) *cobra.Command {
	return &cobra.Command{
		Use: name + " ID", Short: "Answer a guard's question", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			now, err := a.worldTime(cmd.Context())
			if err != nil {
				return err
			}
			return a.withJournal(cmd.Context(), func(j store) error {
				if err := record.Decide(cmd.Context(), j, args[0], approve, a.getenv("USER"), now); err != nil {
					return &hintedError{err, "`setmend approvals list` shows the ids", exitNotFound}
				}
				return nil
			})
		},
	}
}

func (a *app) quarantineCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "quarantine", Short: "List the cells that were given up, and release one", Args: cobra.NoArgs}
	list := &cobra.Command{
		Use: "list", Short: "List the cells in quarantine", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withJournal(cmd.Context(), func(j store) error {
				cells, err := record.Quarantine(cmd.Context(), j)
				if err != nil {
					return err
				}
				return a.print(cells, func(w io.Writer) error {
					row(w, "STACK SET", "ACCOUNT", "REGION", "SINCE", "REASON")
					for _, c := range cells {
						row(w, c.StackSet, c.Account, c.Region, c.Since.UTC().Format("2006-01-02 15:04"), c.Reason)
					}
					return nil
				})
			})
		},
	}
	release := &cobra.Command{
		Use: "release STACKSET ACCOUNT REGION", Short: "Let the next heal try the cell again", Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			cell, err := cellOf(args)
			if err != nil {
				return err
			}
			return a.withJournal(cmd.Context(), func(j store) error {
				if err := record.Release(cmd.Context(), j, cell); err != nil {
					return &hintedError{err, "`setmend quarantine list` shows the cells", exitNotFound}
				}
				fmt.Fprintf(a.stderr, "released %s; the next heal will try it again\n", cell)
				return nil
			})
		},
	}
	cmd.AddCommand(list, release)
	cmd.RunE = list.RunE
	return cmd
}
