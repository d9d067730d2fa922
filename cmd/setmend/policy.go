package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) policyCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Check a policy file, or print its JSON Schema", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(
		&cobra.Command{
			Use: "schema", Short: "Print the JSON Schema of the policy file, for editors", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				schema, err := settingsSchema()
				if err != nil {
					return err
				}
				return writeIndented(a.stdout, schema)
			},
		},
		&cobra.Command{
			Use: "check", Short: "Read the policy file and say what is wrong with it", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return a.checkPolicy()
			},
		})
	return cmd
}

// checkPolicy says of which file it speaks: one that is not where it is looked for
// is as if nothing had been written.
func (a *app) checkPolicy() error {
	path, err := a.policyPath()
	if err != nil {
		return err
	}
	s, err := a.readSettings()
	if err != nil {
		return err
	}
	if _, err := a.channels(s, nil); err != nil {
		return err
	}
	if path == "" {
		fmt.Fprintln(a.stderr, "there is no setmend.yaml here and --config names none: tags and built-in defaults hold")
		return nil
	}
	fmt.Fprintf(a.stderr, "%s is in order\n", path)
	return nil
}
