package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/order"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

func (a *app) orderCommand() *cobra.Command {
	var drawing string
	cmd := &cobra.Command{
		Use:   "order",
		Short: "Show which stack sets come before which, as levels or as a drawing (reads only)",
		Long: `order shows the stack sets by level: each stands after all that it depends on, by
its dependson tag, by the policy, or by AutoDeployment.DependsOn on AWS. Cycles are
named whole; names of no stack set and contradictions are listed.

order check is for CI: it fails if anything is wrong. order sync makes AWS's
AutoDeployment.DependsOn what tags and policy declare.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := a.read(cmd.Context(), nil, nil)
			if err != nil {
				return err
			}
			defer r.close()
			return a.printOrder(order.Read(r.fleet, r.policy), drawing)
		},
	}
	cmd.Flags().StringVar(&drawing, "graph", "", "draw it as `FORM`: mermaid, dot or svg")
	cmd.AddCommand(a.orderCheckCommand(), a.orderSyncCommand())
	return cmd
}

func (a *app) printOrder(g order.Graph, drawing string) error {
	switch drawing {
	case "":
		return a.print(g, func(w io.Writer) error { return orderTable(w, g) })
	case "mermaid":
		return g.Mermaid(a.stdout)
	case "dot":
		return g.DOT(a.stdout)
	case "svg":
		return g.SVG(a.stdout)
	}
	return &usageError{fmt.Errorf("a graph cannot be drawn as %q", drawing), "choose mermaid, dot or svg"}
}

func orderTable(w io.Writer, g order.Graph) error {
	row(w, "LEVEL", "STACK SET", "COMES AFTER", "NEVER WITH")
	for i, level := range g.Levels {
		for _, set := range level {
			row(w, i+1, set, edgesOf(g, set), conflictsOf(g, set))
		}
	}
	return problemLines(w, g)
}

// edgesOf lists what a set depends on; what only AWS knows of is marked.
func edgesOf(g order.Graph, set fleet.StackSetName) string {
	var words []string
	for _, e := range g.Edges {
		switch {
		case e.From != set:
		case !e.Declared:
			words = append(words, string(e.To)+" (on AWS only)")
		default:
			words = append(words, string(e.To))
		}
	}
	return dash(strings.Join(words, ", "))
}

func conflictsOf(g order.Graph, set fleet.StackSetName) string {
	var words []string
	for _, c := range g.Conflicts {
		switch set {
		case c.A:
			words = append(words, string(c.B))
		case c.B:
			words = append(words, string(c.A))
		}
	}
	return dash(strings.Join(words, ", "))
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func problemLines(w io.Writer, g order.Graph) error {
	for _, p := range g.Problems {
		mark := markWarn
		if p.Stops {
			mark = markBad
		}
		fmt.Fprintf(w, "\n%s%s\n  %shint: %s\n", mark, oneLine(p.Text), markFaint, oneLine(p.Hint))
	}
	return nil
}

func (a *app) orderCheckCommand() *cobra.Command {
	var synced bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Fail if the order cannot be kept: for CI (reads only)",
		Long: `check exits with 0 if the order of the stack sets can be kept, and with 78 if it
cannot: dependencies form a cycle, name no stack set, or contradict each other. With
--synced it exits with 2 if AWS's AutoDeployment.DependsOn is not what is declared.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := a.read(cmd.Context(), nil, nil)
			if err != nil {
				return err
			}
			defer r.close()
			return a.checkOrder(r, synced)
		},
	}
	cmd.Flags().BoolVar(&synced, "synced", false, "exit 2 if AWS does not have the declared order")
	return cmd
}

// checkOrder judges what is declared: a dependency that only AWS has, and that
// contradicts it, is for order sync to take away.
func (a *app) checkOrder(r *reading, synced bool) error {
	declared := plan.OrderOf(r.fleet, r.policy, true)
	g := order.Graph{Levels: declared.Levels, Problems: declared.Problems}
	if g.Wrong() {
		if err := problemLines(a.stderr, g); err != nil {
			return err
		}
		return &hintedError{fmt.Errorf("checking the order: %s", g.Problems[slices.IndexFunc(g.Problems, func(p policy.Problem) bool { return p.Stops })].Text), "correct what is listed above", exitConfig}
	}
	s, err := order.Synchronize(r.fleet, r.policy)
	if err != nil {
		return &hintedError{err, "declare fewer dependencies: those of what a stack set depends on are implied", exitConfig}
	}
	if n := len(s.Steps) + len(s.Held); synced && n > 0 {
		if err := a.printSync(s); err != nil {
			return err
		}
		return exitCode(exitChanges)
	}
	fmt.Fprintf(a.stdout, "The order can be kept: %d stack sets in %d levels.\n", len(r.fleet.StackSets), len(g.Levels))
	return nil
}

func (a *app) orderSyncCommand() *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Make AWS's AutoDeployment.DependsOn what tags and policy declare",
		Long: `sync compares what is declared with what AWS has, shows the updates in the order in
which they are sent, and asks. No update passes through a cycle, also where a
direction is turned round, or over AWS's limits (10 dependencies of a stack set, 100
of an account). A dependency on a stack set of another region stays.

AWS updates a stack set's instances with it: nothing changes in those that are
current, and a set with outdated ones is held back.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.syncOrder(cmd.Context(), dry) },
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "show the updates, and send none; exit 2 if there are any")
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	return cmd
}

func (a *app) syncOrder(ctx context.Context, dry bool) error {
	r, err := a.read(ctx, nil, nil)
	if err != nil {
		return err
	}
	defer r.close()
	s, err := order.Synchronize(r.fleet, r.policy)
	var wrong *order.Wrong
	if errors.As(err, &wrong) {
		return &hintedError{err, wrong.Problem.Hint, exitConfig}
	}
	if err != nil {
		return &hintedError{err, "declare fewer dependencies: those of what a stack set depends on are implied", exitConfig}
	}
	if err := a.printSync(s); err != nil {
		return err
	}
	switch {
	case dry && len(s.Steps) > 0:
		return exitCode(exitChanges)
	case len(s.Steps) > 0 && !dry:
		if err := a.consent("order sync", "`setmend order sync --dry-run`", fmt.Sprintf("Make these %d updates", len(s.Steps))); err != nil {
			return err
		}
		if err := a.writeOrder(ctx, r, s); err != nil {
			return err
		}
	}
	if len(s.Held) > 0 {
		return exitCode(exitAttention)
	}
	return nil
}

func (a *app) printSync(s *order.Sync) error {
	return a.print(s, func(w io.Writer) error {
		if len(s.Steps)+len(s.Held) == 0 {
			fmt.Fprintf(w, "AWS has the declared order: %d dependencies.\n", s.Dependencies)
		}
		for i, step := range s.Steps {
			fmt.Fprintf(w, "%d. %s\n", i+1, oneLine(step.Text()))
		}
		for _, h := range s.Held {
			fmt.Fprintf(w, "%sheld back: %s: %s\n  %shint: %s\n", markWarn, h.StackSet, h.Reason, markFaint, h.Hint)
		}
		for _, e := range s.Implied {
			fmt.Fprintf(w, "%sleft out: %s depends on %s: others imply it, and the limit would be exceeded\n", markFaint, e.From, e.To)
		}
		for _, e := range s.Beyond {
			fmt.Fprintf(w, "%snot for AWS: %s depends on %s: AWS orders automatic deployments only\n", markFaint, e.From, e.To)
		}
		return nil
	})
}

// writeOrder sends the updates, each after the one before has ended: AWS checks each
// against what it has at that moment.
func (a *app) writeOrder(ctx context.Context, r *reading, s *order.Sync) error {
	run := "order-" + runID(r.clock, rand.Uint64)
	var changes []fleet.SetChange
	for i, step := range s.Steps {
		changes = append(changes, fleet.SetChange{OperationID: fmt.Sprintf("%s%s-%d", fleet.OwnOperation, run, i+1), StackSet: step.StackSet,
			DependsOn: step.ARNs, Preferences: r.policy.For(r.fleet.StackSets[step.StackSet].StackSet).Preferences})
	}
	healer, err := a.healerOf(r, "setmend order sync")
	if err != nil {
		return err
	}
	err = healer.UpdateSets(ctx, run, changes, func(n int, o fleet.Operation) {
		fmt.Fprintf(a.stderr, "%d of %d: %s: %s\n", n+1, len(changes), oneLine(s.Steps[n].Text()), o.Status)
	})
	if err != nil {
		return &hintedError{fmt.Errorf("writing the order: %w", err), "run order sync again: it goes on from what AWS has then", exitFailed}
	}
	return nil
}

// healerOf makes a healer for a command that changes something by itself.
func (a *app) healerOf(r *reading, holder string) (*heal.Healer, error) {
	return heal.New(heal.Config{Cloud: r.aws, Journal: r.journal, Policy: r.policy, Clock: r.clock, Log: a.logger(),
		HomeRegion: r.aws.Region(), KillSwitch: a.killSwitch(r.aws), Shared: a.sharedLease(r.aws), Holder: holder})
}
