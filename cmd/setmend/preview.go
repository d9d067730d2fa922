package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/review"
	"github.com/setmend/setmend/template"
)

// proposalFlags say what a stack set is to be updated with.
type proposalFlags struct {
	template     string
	parameters   []string
	capabilities []string
}

func (p *proposalFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.template, "template", "", "the new template's `FILE`; without it the template stays")
	cmd.Flags().StringArrayVar(&p.parameters, "parameter", nil, "a parameter's new value, `KEY=VALUE` (repeatable)")
	cmd.Flags().StringSliceVar(&p.capabilities, "capability", nil, "acknowledge a `CAPABILITY` beside those that the set has (repeatable)")
}

func (p *proposalFlags) none() bool { return p.template == "" && len(p.parameters) == 0 }

func (a *app) previewCommand() *cobra.Command {
	var p proposalFlags
	var samples int
	var detailed bool
	cmd := &cobra.Command{
		Use:   "preview STACKSET",
		Short: "Show what an update of a stack set would change where, before it is done",
		Long: `preview shows what an update would change, in how many instances. It makes change sets
in a few member stacks: one for each version of the template, set of overrides, class
of region and kind of drift, so that every instance is like one of them; and deletes
them again. None is executed. Where something was changed by hand, the template so
far, the live value and the proposed one are compared.

The policy's memberRole says as whom to act in the member accounts. Without one, the
templates are compared, with what the last drift detection found, and setmend says so.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.preview(cmd.Context(), fleet.StackSetName(args[0]), p, samples, detailed)
		},
	}
	p.register(cmd)
	cmd.Flags().IntVar(&samples, "samples", 40, "make change sets in `N` member stacks at most, those that stand for most first")
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 2 if anything would change, 3 if it would overwrite, replace or fail")
	return cmd
}

// previewed is what preview prints as JSON or YAML.
type previewed struct {
	StackSet  fleet.StackSetName `json:"stackSet"`
	Instances int                `json:"instances"`
	Unchanged int                `json:"unchanged"`
	Effects   []review.Effect    `json:"effects,omitempty"`
	// Compared says why templates were compared instead of change sets made.
	Compared string `json:"compared,omitempty"`
	// Unseen counts instances that no sample represents.
	Unseen   int              `json:"unseen,omitempty"`
	Variants []review.Variant `json:"variants,omitempty"`
}

func (a *app) preview(ctx context.Context, set fleet.StackSetName, f proposalFlags, samples int, detailed bool) error {
	if f.none() {
		return &usageError{errors.New("nothing is proposed"), "give --template FILE or --parameter KEY=VALUE"}
	}
	r, d, err := a.readDrift(ctx, []fleet.StackSetName{set}, true)
	if err != nil {
		return err
	}
	defer r.close()
	p, err := a.proposal(ctx, r, set, f)
	if err != nil {
		return err
	}
	shown, err := a.makePreview(ctx, r, d, p, samples)
	if err != nil {
		return err
	}
	if err := a.print(shown, func(w io.Writer) error { return previewTable(w, shown) }); err != nil || !detailed {
		return err
	}
	switch {
	case len(shown.Effects) == 0:
		return nil
	case shown.Effects[0].Severity >= review.Overwrite:
		return exitCode(exitAttention)
	}
	return exitCode(exitChanges)
}

// proposal reads the template's file and the parameters, and checks them against each
// other.
func (a *app) proposal(ctx context.Context, r *reading, set fleet.StackSetName, f proposalFlags) (review.Proposal, error) {
	p := review.Proposal{StackSet: set, Capabilities: f.capabilities}
	var err error
	if p.Present, err = r.aws.Template(ctx, set); err != nil {
		return p, err
	}
	p.Template = p.Present
	if f.template != "" {
		text, err := os.ReadFile(f.template)
		if err != nil {
			return p, &hintedError{fmt.Errorf("reading the template: %w", err), "check --template", exitNotFound}
		}
		p.Template = string(text)
	}
	facts := template.Read(p.Template)
	if p.Declared = facts.Parameters; facts.Opaque && len(facts.Types) == 0 {
		return p, &hintedError{fmt.Errorf("reading the template %s: it is no template", f.template), "it must be YAML or JSON with Resources", exitConfig}
	}
	for _, text := range f.parameters {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return p, &usageError{fmt.Errorf("parameter %q has no value", text), "as in --parameter Memory=512"}
		}
		if !slices.Contains(p.Declared, key) {
			return p, &usageError{fmt.Errorf("the template has no parameter %s", key), meant(key, p.Declared)}
		}
		p.Parameters = append(p.Parameters, fleet.Parameter{Key: key, Value: value})
	}
	return p, nil
}

func (a *app) makePreview(ctx context.Context, r *reading, d *review.Drift, p review.Proposal, samples int) (*previewed, error) {
	inventory := r.fleet.StackSets[p.StackSet]
	overrides, err := a.overridesOf(ctx, r, inventory, p)
	if err != nil {
		return nil, err
	}
	variants := review.Variants(inventory, overrides, d.Counts(), review.LooksAtRegion(p.Present) || review.LooksAtRegion(p.Template))
	shown := &previewed{StackSet: p.StackSet}
	for _, v := range variants {
		shown.Instances += len(v.Cells)
	}
	role := r.policy.For(inventory.StackSet).MemberRole
	if role == "" {
		shown.Compared = "the policy names no memberRole for it"
		shown.Variants = a.compareTemplates(r, p, variants, shown)
	} else {
		if len(variants) > samples {
			for _, v := range variants[samples:] {
				shown.Unseen += len(v.Cells)
			}
			variants = variants[:samples]
		}
		if err := a.sampleVariants(ctx, r, p, inventory.StackSet, role, variants); err != nil {
			return nil, err
		}
		shown.Variants = variants
	}
	shown.Effects, shown.Unchanged = review.Aggregate(shown.Variants), review.Unchanged(shown.Variants)
	return shown, nil
}

// sampleVariants makes the change sets, after those that an earlier preview left.
func (a *app) sampleVariants(ctx context.Context, r *reading, p review.Proposal, set fleet.StackSet, role string, variants []review.Variant) error {
	left, err := review.CleanUp(ctx, r.aws, r.journal)
	if err != nil {
		return err
	}
	if left > 0 {
		fmt.Fprintf(a.stderr, "deleted the change sets that %d interrupted previews had left\n", left)
	}
	return review.Preview(ctx, r.aws, r.journal, runID(r.clock, rand.Uint64), p, set, role, variants, a.cellProgress("making change sets"))
}

// compareTemplates puts a comparison of the templates in the place of change sets.
func (a *app) compareTemplates(r *reading, p review.Proposal, variants []review.Variant, shown *previewed) []review.Variant {
	set := r.fleet.StackSets[p.StackSet].StackSet
	for i := range variants {
		v := &variants[i]
		was := review.Proposal{Declared: template.Read(p.Present).Parameters}
		changes, ok := template.Compare(p.Present, p.Template, was.Effective(set, v.Overrides), p.Effective(set, v.Overrides))
		v.Compared = true
		if v.Standard.Changes = changes; !ok {
			v.Failed = "a template cannot be compared: macros write parts of it"
		}
	}
	return variants
}

// overrideReaders is how many instances' overrides are read side by side.
const overrideReaders = 4

// overridesOf reads each instance's overrides, one call each, where the template has
// parameters that could be overridden.
func (a *app) overridesOf(ctx context.Context, r *reading, inventory *fleet.Inventory, p review.Proposal) (map[fleet.Target][]fleet.Parameter, error) {
	if len(p.Declared) == 0 && len(inventory.StackSet.Template.Parameters) == 0 {
		return nil, nil
	}
	progress := a.cellProgress("reading overrides")
	overrides := map[fleet.Target][]fleet.Parameter{}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(overrideReaders)
	for _, i := range inventory.List() {
		group.Go(func() error {
			instance, err := r.aws.Instance(ctx, fleet.Cell{StackSet: inventory.StackSet.Name, Target: i.Target})
			if err != nil {
				return fmt.Errorf("reading the overrides of %s: %w", i.Target, err)
			}
			mu.Lock()
			defer mu.Unlock()
			overrides[i.Target] = instance.Overrides
			progress(len(overrides), len(inventory.Instances))
			return nil
		})
	}
	return overrides, group.Wait()
}

func previewTable(w io.Writer, p *previewed) error {
	if p.Compared != "" {
		fmt.Fprintf(w, "%sNo change set was made: %s. The templates were compared, with what the last drift detection found; which change replaces a resource, and whether AWS would refuse one, is not known so.\n\n", markWarn, p.Compared)
	}
	accounts := map[fleet.AccountID]bool{}
	for _, v := range p.Variants {
		for _, c := range v.Cells {
			accounts[c.Account] = true
		}
	}
	if len(p.Effects) == 0 {
		fmt.Fprintf(w, "Nothing would change in the %d instances of %s.\n", p.Instances, p.StackSet)
	}
	for _, e := range p.Effects {
		mark := ""
		switch {
		case e.Severity >= review.Replace:
			mark = markBad
		case e.Severity >= review.Notice:
			mark = markWarn
		}
		fmt.Fprintf(w, "%sin %d of %d accounts (%d instances): %s\n", mark, e.Accounts, len(accounts), len(e.Cells), oneLine(e.Text))
		if len(e.Cells) <= 3 && e.Severity > review.Plain {
			fmt.Fprintf(w, "    %s%s\n", markFaint, someCells(e.Cells))
		}
	}
	if p.Unchanged > 0 && len(p.Effects) > 0 {
		fmt.Fprintf(w, "in %d instances nothing would change\n", p.Unchanged)
	}
	if p.Unseen > 0 {
		fmt.Fprintf(w, "%s%d instances are unlike all that were looked at; --samples N looks at more\n", markWarn, p.Unseen)
	}
	return nil
}
