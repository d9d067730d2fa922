package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/review"
)

// driftFlags say what of the drift is wanted.
type driftFlags struct {
	maxAge   time.Duration
	last     bool
	by       string
	all      bool
	detailed bool
}

func (a *app) driftCommand() *cobra.Command {
	var f driftFlags
	cmd := &cobra.Command{
		Use:   "drift [STACKSET]",
		Short: "Have AWS detect drift where that is due, and show it by set, account, resource and property",
		Long: `drift shows what differs from the templates, property by property. Where AWS's last
detection is older than the policy's driftMaxAge (or --max-age), it detects anew and
waits; that changes nothing. What the policy's ignoreDrift covers, and what AWS is
known to report wrongly, does not count: --all shows it with the reason.

--group-by property finds the one change made by hand in 200 accounts.
drift accept makes the live state the wanted one; drift revert plans the heal that
puts the template's state back.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.drift(cmd.Context(), args, f, cmd.Flags().Changed("max-age"))
		},
	}
	a.driftFlags(cmd, &f)
	cmd.Flags().StringVar(&f.by, "group-by", "", "put it together by `WHAT`: property, account, region, resource or set")
	cmd.Flags().BoolVar(&f.all, "all", false, "show what is ignored, too, with the reason")
	cmd.Flags().BoolVar(&f.detailed, "detailed-exitcode", false, "exit 2 if anything has drifted that counts")
	cmd.AddCommand(a.driftAcceptCommand(), a.driftRevertCommand())
	return cmd
}

func (a *app) driftFlags(cmd *cobra.Command, f *driftFlags) {
	cmd.Flags().DurationVar(&f.maxAge, "max-age", 0, "detect anew what was checked longer ago than this; by default the policy's driftMaxAge")
	cmd.Flags().BoolVar(&f.last, "last", false, "show the last detection's findings, and detect nothing")
}

// drift detects what is due, and shows what was found.
func (a *app) drift(ctx context.Context, sets []string, f driftFlags, aged bool) error {
	if f.by != "" && !slices.Contains(review.Groupings, review.Grouping(f.by)) {
		return &usageError{fmt.Errorf("drift cannot be grouped by %q", f.by), "choose property, account, region, resource or set"}
	}
	if aged {
		if f.maxAge <= 0 {
			return &usageError{fmt.Errorf("--max-age %s is not positive", f.maxAge), "as in --max-age 1h; --last takes a result of any age"}
		}
		a.maxAge = &f.maxAge
	}
	r, d, err := a.readDrift(ctx, setNames(sets), f.last)
	if err != nil {
		return err
	}
	defer r.close()
	if err := a.showDrift(d, f); err != nil {
		return err
	}
	if f.detailed && d.Any() {
		return exitCode(exitChanges)
	}
	return nil
}

// readDrift detects what is due unless the last findings are wanted, and reads the
// details.
func (a *app) readDrift(ctx context.Context, sets []fleet.StackSetName, last bool) (*reading, *review.Drift, error) {
	r, err := a.read(ctx, nil, sets)
	if err != nil {
		return nil, nil, err
	}
	if err := knownSets(r.fleet, sets); err != nil {
		return nil, nil, orClose(r, err)
	}
	if !last {
		if r, err = a.detect(ctx, r, sets); err != nil {
			return nil, nil, err
		}
	}
	names := sets
	if len(names) == 0 {
		names = r.fleet.Names()
	}
	d, err := review.ReadDrift(ctx, r.aws, r.fleet, r.policy, names, a.cellProgress("reading what has drifted"))
	if err != nil {
		return nil, nil, orClose(r, err)
	}
	return r, d, nil
}

// orClose closes a reading that is of no use, and returns the error.
func orClose(r *reading, err error) error {
	r.close()
	return err
}

// detect has AWS detect the drift that is due, as a run of its own, and reads the
// fleet again. It closes the reading that it was given.
func (a *app) detect(ctx context.Context, r *reading, sets []fleet.StackSetName) (*reading, error) {
	p := r.assessment.Plan(plan.Options{Scope: plan.Scope{StackSets: sets}}).OfStage(plan.StageDetect)
	if !p.Writes() {
		return r, nil
	}
	r.close()
	fmt.Fprintf(a.stderr, "AWS detects the drift of %d instances; this changes nothing.\n", instancesOf(p))
	var f healFlags
	for _, name := range sets {
		f.stackSets = append(f.stackSets, string(name))
	}
	options, err := f.options()
	if err != nil {
		return nil, err
	}
	if _, _, err := a.runOnce(ctx, f, options, &record.Given{Plan: p, Exact: true}); err != nil {
		return nil, err
	}
	return a.read(ctx, nil, sets)
}

// cellProgress shows how many cells have been read, where a person can see it.
func (a *app) cellProgress(what string) func(done, all int) {
	shown := newProgress(a.stderr)
	return func(done, all int) {
		if !shown.terminal || all < 20 {
			return
		}
		if shown.over(fmt.Sprintf("%s: %d of %d instances", what, done, all)); done == all {
			shown.clear()
		}
	}
}

// driftShown is what drift prints as JSON or YAML.
type driftShown struct {
	*review.Drift
	Groups []review.Group `json:"groups,omitempty"`
}

func (a *app) showDrift(d *review.Drift, f driftFlags) error {
	list := d.Counts()
	if f.all {
		list = d.Differences
	}
	shown := driftShown{Drift: d}
	if f.by != "" {
		groups, err := review.GroupBy(list, review.Grouping(f.by))
		if err != nil {
			return err
		}
		shown.Groups = groups
	}
	return a.print(shown, func(w io.Writer) error {
		driftSummary(w, d, f)
		if f.by != "" {
			driftGroups(w, shown.Groups)
		} else {
			driftList(w, list)
		}
		for _, cell := range fleet.SortedKeys(d.Unread) {
			fmt.Fprintf(w, "\n%s%s has drifted, and its details cannot be read: %s\n", markWarn, cell, oneLine(d.Unread[cell]))
		}
		return nil
	})
}

func driftSummary(w io.Writer, d *review.Drift, f driftFlags) {
	row(w, "STACK SET", "INSTANCES", "DRIFTED", "IGNORED", "IN SYNC", "NOT CHECKED")
	for _, s := range d.Sets {
		row(w, s.StackSet, s.Instances, dashForNone(s.Drifted), dashForNone(s.Ignored), dashForNone(s.InSync), dashForNone(s.Unchecked))
	}
	ignored := len(d.Differences) - len(d.Counts())
	if ignored > 0 && !f.all {
		fmt.Fprintf(w, "\n%d differences are ignored; --all shows them with the reason.\n", ignored)
	}
	unseen := map[string][]string{}
	for _, s := range d.Sets {
		for resource, what := range s.Unseen {
			line := resource + ": " + oneLine(what)
			unseen[line] = append(unseen[line], string(s.StackSet))
		}
	}
	if len(unseen) > 0 {
		fmt.Fprintln(w, "\nAWS cannot see of")
	}
	for _, line := range fleet.SortedKeys(unseen) {
		fmt.Fprintf(w, "  %s%s (%s)\n", markFaint, line, strings.Join(unseen[line], ", "))
	}
}

func driftList(w io.Writer, list []review.Difference) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(w)
	row(w, "STACK SET", "ACCOUNT", "REGION", "WHAT DIFFERS", "")
	for _, d := range list {
		why := ""
		if d.Ignored != "" {
			why = "ignored: " + d.Ignored
		}
		row(w, d.StackSet, d.Account, d.Region, cut(oneLine(d.Text()), longestDifference), why)
	}
}

// longestDifference is how much of a difference a line of the table shows; -o json
// has it whole.
const longestDifference = 160

func driftGroups(w io.Writer, groups []review.Group) {
	if len(groups) == 0 {
		return
	}
	fmt.Fprintln(w)
	row(w, "INSTANCES", "ACCOUNTS", "WHAT", "WHERE")
	for _, g := range groups {
		row(w, len(g.Cells), g.Accounts, cut(oneLine(g.Name), longestDifference), someCells(g.Cells))
	}
}

// someCells names the first few cells.
func someCells(cells []fleet.Cell) string {
	var words []string
	for _, c := range cells[:min(len(cells), 3)] {
		words = append(words, c.Target.String())
	}
	if more := len(cells) - len(words); more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(words, ", ")
}

func (a *app) driftRevertCommand() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "revert STACKSET",
		Short: "Plan the heal that puts the drifted instances of a stack set back (reads only)",
		Long: `revert shows the plan that would heal the drifted instances of the stack set, and
with --out saves it; ` + "`setmend apply FILE`" + ` carries it out, and nothing else.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.planRevert(cmd.Context(), args[0], out) },
	}
	cmd.Flags().StringVar(&out, "out", "", "save the plan to this file, for apply")
	return cmd
}

func (a *app) planRevert(ctx context.Context, set, out string) error {
	names := setNames([]string{set})
	r, d, err := a.readDrift(ctx, names, false)
	if err != nil {
		return err
	}
	defer r.close()
	scope := plan.Scope{StackSets: names}
	for _, c := range d.Counts() {
		if !slices.Contains(scope.Targets, c.Target) {
			scope.Targets = append(scope.Targets, c.Target)
		}
	}
	if len(scope.Targets) == 0 {
		fmt.Fprintf(a.stdout, "Nothing has drifted in %s that counts.\n", set)
		return nil
	}
	// The other stack sets bear on what may be done to this one.
	all, err := a.read(ctx, nil, nil)
	if err != nil {
		return err
	}
	defer all.close()
	p := all.assessment.Plan(plan.Options{Scope: scope})
	if out != "" {
		if err := savePlan(out, p); err != nil {
			return err
		}
	}
	if err := a.print(p, func(w io.Writer) error { return p.Text(w, plan.TextOptions{}) }); err != nil {
		return err
	}
	if p.Writes() && out != "" {
		fmt.Fprintf(a.stderr, "`setmend apply %s` carries it out.\n", out)
	}
	return nil
}
