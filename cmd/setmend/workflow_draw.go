package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/cloud/integration"
)

func (a *app) workflowGraphCommand() *cobra.Command {
	var svg bool
	cmd := &cobra.Command{
		Use: "graph FILE", Short: "Draw a definition, for Mermaid or as SVG", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			machine, _, err := a.loadMachine(args[0])
			if err != nil {
				return err
			}
			diagram := asl.Graph(machine)
			text := diagram.Mermaid()
			if svg {
				text = diagram.SVG()
			}
			_, err = io.WriteString(a.stdout, text)
			return err
		},
	}
	cmd.Flags().BoolVar(&svg, "svg", false, "SVG instead of Mermaid's text")
	return cmd
}

func (a *app) workflowPolicyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "policy FILE", Short: "Print the IAM policy that a definition needs", Args: cobra.ExactArgs(1),
		Long: `policy prints the permissions for what the definition calls, and no others. Where
the definition names a resource, the policy does too.`,
		RunE: func(_ *cobra.Command, args []string) error {
			_, uses, err := a.loadMachine(args[0])
			if err != nil {
				return err
			}
			policy := integration.NewTable().Policy(uses)
			if len(policy.Statement) == 0 {
				fmt.Fprintf(a.stderr, "%s calls nothing in AWS: it needs no policy, and IAM takes none without a statement\n", oneLine(args[0]))
			}
			return a.print(policy, func(w io.Writer) error {
				encoder := json.NewEncoder(w)
				encoder.SetIndent("", "  ")
				return encoder.Encode(policy)
			})
		},
	}
}
