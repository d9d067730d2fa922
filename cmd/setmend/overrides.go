package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
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
				list, err := heal.SavedOverrides(cmd.Context(), j)
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

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Version string `json:"version"`
				Go      string `json:"go"`
			}{"devel", runtime.Version()}
			if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
				v.Version = info.Main.Version
			}
			return a.print(v, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "setmend %s (%s)\n", v.Version, v.Go)
				return err
			})
		},
	}
}
