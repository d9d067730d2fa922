package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/overrides"
)

// overrideFileCommands keep overrides as files.
func (a *app) overrideFileCommands() []*cobra.Command {
	var sets []string
	export := &cobra.Command{
		Use: "export FILE", Short: "Write the overrides of all instances into a file (YAML, or JSON by its name)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.exportOverrides(cmd.Context(), args[0], sets) },
	}
	export.Flags().StringSliceVar(&sets, "stackset", nil, "only this stack set (repeatable)")
	var detailed bool
	diff := &cobra.Command{
		Use: "diff FILE", Short: "Show where AWS and the file differ (reads only)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.diffOverrides(cmd.Context(), args[0], detailed)
		},
	}
	diff.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 2 if they differ")
	imports := &cobra.Command{
		Use: "import FILE", Short: "Show what would change, ask, and give the instances the file's overrides", Args: cobra.ExactArgs(1),
		Long: `import compares the file with AWS and, with your yes (or --yes), updates the
instances that differ, each with its full list of overrides. Instances that are
not in the file stay as they are. A masked value (****) stays as it is on AWS.`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.importOverrides(cmd.Context(), args[0]) },
	}
	imports.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	return []*cobra.Command{export, imports, diff, a.overridesSetCommand()}
}

func (a *app) exportOverrides(ctx context.Context, path string, names []string) error {
	r, err := a.read(ctx, nil, setNames(names))
	if err != nil {
		return err
	}
	defer r.close()
	file, err := overrides.Read(ctx, r.aws, r.fleet, nil)
	if err != nil {
		return err
	}
	if err := replaceFile(path, func(w *os.File) error { return file.Write(w, path) }); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "wrote the overrides of %d instances to %s\n", file.Count(), path)
	return nil
}

func setNames(names []string) []fleet.StackSetName {
	var list []fleet.StackSetName
	for _, name := range names {
		list = append(list, fleet.StackSetName(name))
	}
	return list
}

// overrideReading is a file beside what AWS has.
type overrideReading struct {
	*reading
	want, have *overrides.File
}

func (a *app) readOverrideFile(ctx context.Context, path string) (*overrideReading, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &hintedError{fmt.Errorf("reading overrides: %w", err), "write one with `setmend overrides export FILE`", exitNotFound}
	}
	want, err := overrides.Parse(text)
	if err != nil {
		return nil, &hintedError{fmt.Errorf("%s: %w", path, err), "`setmend overrides export FILE` writes one of the right form", exitConfig}
	}
	if len(want.Sets()) == 0 {
		return nil, &hintedError{fmt.Errorf("%s names no stack set", path), "`setmend overrides export FILE` writes one that does", exitConfig}
	}
	r, err := a.read(ctx, nil, want.Sets())
	if err != nil {
		return nil, err
	}
	have, err := overrides.Read(ctx, r.aws, r.fleet, want.Present(r.fleet))
	if err != nil {
		r.close()
		return nil, err
	}
	return &overrideReading{r, want, have}, nil
}

func (a *app) diffOverrides(ctx context.Context, path string, detailed bool) error {
	r, err := a.readOverrideFile(ctx, path)
	if err != nil {
		return err
	}
	defer r.close()
	changes := overrides.Compare(r.have, r.want)
	if err := a.print(changes, func(w io.Writer) error { return overrideTable(w, changes) }); err != nil {
		return err
	}
	if detailed && len(changes) > 0 {
		return exitCode(exitChanges)
	}
	return nil
}

func overrideTable(w io.Writer, changes []overrides.Change) error {
	if len(changes) == 0 {
		fmt.Fprintln(w, "AWS has what the file says.")
		return nil
	}
	row(w, "STACK SET", "ACCOUNT", "REGION", "PARAMETER", "ON AWS", "IN THE FILE")
	for _, c := range changes {
		row(w, c.StackSet, c.Account, c.Region, c.Parameter, valueOr(c.From, "(none)"), valueOr(c.To, "(none)"))
	}
	return nil
}

func valueOr(value *string, none string) string {
	if value == nil {
		return none
	}
	return *value
}

func (a *app) importOverrides(ctx context.Context, path string) error {
	r, err := a.readOverrideFile(ctx, path)
	if err != nil {
		return err
	}
	defer r.close()
	return a.applyOverrides(ctx, r)
}

// applyOverrides shows what would change, asks, and gives the instances what is wanted.
func (a *app) applyOverrides(ctx context.Context, r *overrideReading) error {
	calls, err := overrides.Requests(r.fleet, r.policy, r.have, r.want)
	if err != nil {
		return &hintedError{err, "`setmend overrides diff FILE` shows the differences; nothing was changed", exitConfig}
	}
	if err := overrideTable(a.stderr, overrides.Compare(r.have, r.want)); err != nil || len(calls) == 0 {
		return err
	}
	if err := a.agree(fmt.Sprintf("Make these changes with %d calls", len(calls))); err != nil {
		return err
	}
	healer, err := heal.New(heal.Config{Cloud: r.aws, Journal: r.journal, Policy: r.policy, Clock: r.clock, Log: a.logger(),
		HomeRegion: r.aws.Region(), KillSwitch: a.killSwitch(r.aws), Shared: a.sharedLease(r.aws), Holder: "setmend overrides import"})
	if err != nil {
		return err
	}
	outcomes, err := healer.ImportOverrides(ctx, "overrides-"+runID(r.clock, rand.Uint64), r.fleet, calls)
	if err != nil {
		return err
	}
	return a.concludeImport(ctx, r, outcomes)
}

// agree asks for a yes, unless it was given beforehand.
func (a *app) agree(question string) error {
	if a.yes {
		return nil
	}
	if !isTerminal(a.stdin) {
		return &usageError{fmt.Errorf("import has to ask, and there is no terminal to ask on"), "look at `setmend overrides diff FILE`, then use --yes"}
	}
	fmt.Fprintf(a.stderr, "\n%s? Only yes is taken for yes: ", question)
	answer, err := bufio.NewReader(a.stdin).ReadString('\n')
	if err != nil || strings.TrimSpace(answer) != "yes" {
		return &hintedError{fmt.Errorf("not imported: you did not say yes"), "nothing was changed", exitFailed}
	}
	return nil
}

// concludeImport tells what each call did, and reads back whether AWS now has
// what the file says.
func (a *app) concludeImport(ctx context.Context, r *overrideReading, outcomes []heal.OverrideOutcome) error {
	err := a.print(outcomes, func(w io.Writer) error {
		row(w, "STACK SET", "INSTANCES", "OUTCOME", "OPERATION")
		for _, o := range outcomes {
			row(w, o.Change.StackSet, len(o.Change.Targets()), o.Status, o.Change.OperationID)
			for _, failed := range o.Failed {
				row(w, "", failed.Target, failed.Status, failed.Reason)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	have, err := overrides.Read(ctx, r.aws, r.fleet, r.want.Present(r.fleet))
	if err != nil {
		return err
	}
	if left := overrides.Compare(have, r.want); len(left) > 0 {
		return &hintedError{fmt.Errorf("%d overrides are still not what the file says", len(left)), "`setmend overrides diff FILE` shows which, and the outcomes above say why", exitFailed}
	}
	return nil
}
