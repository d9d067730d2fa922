package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/record"
)

// cellOf reads STACKSET ACCOUNT REGION.
func cellOf(args []string) (fleet.Cell, error) {
	target, err := fleet.ParseTarget(args[1] + "/" + args[2])
	if err != nil {
		return fleet.Cell{}, &usageError{err, "as in guard-baseline 111122223333 eu-central-1"}
	}
	return fleet.Cell{StackSet: fleet.StackSetName(args[0]), Target: target}, nil
}

func (a *app) overridesCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "overrides", Short: "Show the parameter overrides that heals have saved, and keep overrides as files", Args: cobra.NoArgs}
	saved := &cobra.Command{
		Use: "saved", Short: "List every saved copy, with its checksum verified", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withJournal(cmd.Context(), func(j store) error {
				list, err := record.SavedOverrides(cmd.Context(), j)
				if err != nil {
					return err
				}
				return a.print(list, func(w io.Writer) error {
					row(w, "STACK SET", "ACCOUNT", "REGION", "SAVED", "RUN", "PARAMETER", "VALUE")
					for _, s := range list {
						for _, c := range s.Cells {
							for _, p := range c.Overrides {
								row(w, s.StackSet, c.Account, c.Region, s.At.UTC().Format("2006-01-02 15:04"), s.Run, p.Key, p.Value)
							}
						}
					}
					return nil
				})
			})
		},
	}
	cmd.AddCommand(saved)
	cmd.AddCommand(a.overrideFileCommands()...)
	cmd.RunE = saved.RunE
	return cmd
}
