package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
)

// narrowing limits a plan or a heal to part of the fleet.
type narrowing struct {
	stackSets []string
	accounts  []string
	targets   []string
}

func (n *narrowing) flags(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&n.stackSets, "stackset", nil, "only this stack set (repeatable)")
	cmd.Flags().StringSliceVar(&n.accounts, "account", nil, "only this account (repeatable)")
	cmd.Flags().StringSliceVar(&n.targets, "target", nil, "only this ACCOUNT/REGION (repeatable)")
}

// none reports whether nothing is narrowed.
func (n *narrowing) none() bool { return len(n.stackSets)+len(n.accounts)+len(n.targets) == 0 }

// narrowingOf is a scope as flags.
func narrowingOf(s plan.Scope) narrowing {
	var n narrowing
	for _, name := range s.StackSets {
		n.stackSets = append(n.stackSets, string(name))
	}
	for _, id := range s.Accounts {
		n.accounts = append(n.accounts, string(id))
	}
	for _, target := range s.Targets {
		n.targets = append(n.targets, target.String())
	}
	return n
}

func (n *narrowing) options() (heal.Options, error) {
	var o heal.Options
	for _, name := range n.stackSets {
		o.StackSets = append(o.StackSets, fleet.StackSetName(name))
	}
	for _, id := range n.accounts {
		if !fleet.AccountID(id).Valid() {
			return o, &usageError{fmt.Errorf("account %q is not a 12-digit account id", id), "as in --account 111122223333"}
		}
		o.Accounts = append(o.Accounts, fleet.AccountID(id))
	}
	for _, text := range n.targets {
		target, err := fleet.ParseTarget(text)
		if err != nil {
			return o, &usageError{err, "as in --target 111122223333/eu-central-1"}
		}
		o.Targets = append(o.Targets, target)
	}
	return o, nil
}

// knownSets refuses names of stack sets that are not in the fleet.
func knownSets(f *fleet.Fleet, names []fleet.StackSetName) error {
	for _, name := range names {
		if f.StackSets[name] == nil {
			return &hintedError{fmt.Errorf("stack set %s is not in this account and region", name), "`setmend status` lists the stack sets; check --region, --profile and --call-as", exitNotFound}
		}
	}
	return nil
}

func (a *app) planCommand() *cobra.Command {
	var n narrowing
	var out string
	var accept []string
	var detailed, all bool
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what heal would do, and why (reads only)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := a.makePlan(cmd.Context(), n, accept)
			if err != nil {
				return err
			}
			if out != "" {
				if err := savePlan(out, p); err != nil {
					return err
				}
			}
			if err := a.print(p, func(w io.Writer) error { return p.Text(w, plan.TextOptions{All: all}) }); err != nil {
				return err
			}
			if detailed && len(p.Actions) > 0 {
				return exitCode(exitChanges)
			}
			return nil
		},
	}
	n.flags(cmd)
	cmd.Flags().StringVar(&out, "out", "", "save the plan to this file, for apply")
	cmd.Flags().StringSliceVar(&accept, "accept", nil, "plan as if this guard had been accepted")
	cmd.Flags().BoolVar(&all, "all", false, "list every target instead of the first few")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 2 if anything would be done, a drift detection included")
	return cmd
}

func (a *app) makePlan(ctx context.Context, n narrowing, accept []string) (*plan.Plan, error) {
	options, err := n.options()
	if err != nil {
		return nil, err
	}
	if err := checkAccept(accept, nil); err != nil {
		return nil, err
	}
	r, err := a.read(ctx, accept, nil)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := checkAccept(accept, fleet.SortedKeys(r.fleet.StackSets)); err != nil {
		return nil, err
	}
	if err := knownSets(r.fleet, options.StackSets); err != nil {
		return nil, err
	}
	return r.assessment.Plan(plan.Options{Scope: options.Scope()}), nil
}

func savePlan(path string, p *plan.Plan) error {
	return replaceFile(path, func(f *os.File) error {
		encoder := json.NewEncoder(f)
		encoder.SetIndent("", "  ")
		return encoder.Encode(p)
	})
}

func (a *app) applyCommand() *cobra.Command {
	var f healFlags
	cmd := &cobra.Command{
		Use:   "apply FILE",
		Short: "Do what a saved plan says, and nothing else, if the fleet is still as it was",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			saved, err := a.unchanged(cmd.Context(), args[0], &f)
			if err != nil {
				return err
			}
			return a.heal(cmd.Context(), f, &record.Given{Plan: saved, Exact: true})
		},
	}
	a.registerHeal(cmd, &f)
	return cmd
}

// unchanged plans anew, in the saved plan's scope where no other is given, and
// fails if the saved plan is not what comes out.
func (a *app) unchanged(ctx context.Context, path string, f *healFlags) (*plan.Plan, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &hintedError{fmt.Errorf("reading the plan: %w", err), "save one with `setmend plan --out FILE`", exitNotFound}
	}
	saved, err := plan.Decode(text)
	if err != nil {
		return nil, &hintedError{fmt.Errorf("reading the plan %s: %w", path, err), "save a new one with `setmend plan --out FILE`", exitConfig}
	}
	if f.narrowing.none() {
		f.narrowing = narrowingOf(saved.Scope)
	}
	current, err := a.makePlan(ctx, f.narrowing, f.accept)
	if err != nil {
		return nil, err
	}
	if current.Hash == saved.Hash {
		return saved, nil
	}
	fmt.Fprintln(a.stderr, "The fleet has moved away from the saved plan:")
	for _, line := range plan.Compare(saved, current) {
		fmt.Fprintf(a.stderr, "  %s\n", oneLine(line))
	}
	return nil, &hintedError{fmt.Errorf("applying %s: the plan no longer fits the fleet; nothing was changed", path), "look at the differences above, then save a new plan", exitFailed}
}
