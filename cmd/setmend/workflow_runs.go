package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/asl"
)

func (a *app) workflowListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the runs of workflows", Args: cobra.NoArgs,
		Long: `list shows every run in the journal. RUNNING is also a run that was cut off:
whether a process works on it cannot be seen from here.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withWorkflows(cmd.Context(), func(e *asl.Engine) error {
				names, err := e.List(cmd.Context())
				if err != nil {
					return err
				}
				runs := make([]asl.Description, len(names))
				for i, name := range names {
					if runs[i], err = e.Describe(cmd.Context(), name); err != nil {
						return err
					}
				}
				return a.print(runs, func(w io.Writer) error { return workflowRows(w, runs) })
			})
		},
	}
}

// placeOf is what an event is about: a state, or one of a Map's items by its
// index.
func placeOf(event asl.Event) string {
	if event.Index == nil {
		return event.Name
	}
	return fmt.Sprintf("%s[%d]", event.Name, *event.Index)
}

func workflowRows(w io.Writer, runs []asl.Description) error {
	row(w, "RUN", "STARTED", "STATUS", "STATE", "ERROR")
	for _, run := range runs {
		failure := ""
		if run.Outcome != nil {
			failure = run.Outcome.Error
		}
		row(w, run.Name, run.Started.UTC().Format("2006-01-02 15:04:05"), run.Status, run.State, failure)
	}
	return nil
}

func (a *app) workflowHistoryCommand() *cobra.Command {
	return &cobra.Command{
		Use: "history RUN", Short: "List what happened in a run, as Step Functions does", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withWorkflows(cmd.Context(), func(e *asl.Engine) error {
				events, err := e.History(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				return a.print(events, func(w io.Writer) error {
					row(w, "ID", "PREVIOUS", "TIME", "TYPE", "NAME", "ERROR")
					for _, ev := range events {
						row(w, ev.ID, ev.PreviousID, ev.Time.UTC().Format("15:04:05.000"), ev.Type, placeOf(ev), ev.Error)
					}
					return nil
				})
			})
		},
	}
}
