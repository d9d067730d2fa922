package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/overrides"
)

// overrideTargets say of which instances overrides are set.
type overrideTargets struct {
	accounts, ous, regions, unset []string
	all                           bool
}

func (a *app) overridesSetCommand() *cobra.Command {
	var t overrideTargets
	cmd := &cobra.Command{
		Use:   "set STACKSET [KEY=VALUE...]",
		Short: "Change overrides of one instance or many: show, ask, and make them so",
		Long: `set changes the named overrides of the chosen instances, and leaves all their others:
of those in the accounts, OUs (with everything below) and regions given, or of --all.
It shows what would change and asks. --unset KEY takes an override away.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.setOverrides(cmd.Context(), fleet.StackSetName(args[0]), args[1:], t)
		},
	}
	cmd.Flags().StringSliceVar(&t.accounts, "account", nil, "in this account (repeatable)")
	cmd.Flags().StringSliceVar(&t.ous, "ou", nil, "in the accounts below this OU (repeatable)")
	cmd.Flags().StringSliceVar(&t.regions, "in", nil, "in this region only (repeatable)")
	cmd.Flags().StringSliceVar(&t.unset, "unset", nil, "take the override of this parameter away (repeatable)")
	cmd.Flags().BoolVar(&t.all, "all", false, "of all instances")
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask")
	return cmd
}

func (a *app) setOverrides(ctx context.Context, set fleet.StackSetName, pairs []string, t overrideTargets) error {
	values, err := overrideValues(pairs, t.unset)
	if err != nil {
		return err
	}
	if !t.all && len(t.accounts)+len(t.ous) == 0 {
		return &usageError{errors.New("no instance is chosen"), "give --account, --ou or --all"}
	}
	r, err := a.read(ctx, nil, []fleet.StackSetName{set})
	if err != nil {
		return err
	}
	defer r.close()
	declared := r.fleet.StackSets[set].StackSet.Template.Parameters
	for _, key := range fleet.SortedKeys(values) {
		if !slices.Contains(declared, key) {
			return &usageError{fmt.Errorf("the template of %s has no parameter %s", set, key), meant(key, declared)}
		}
	}
	cells, err := chosenCells(r.fleet, set, t)
	if err != nil {
		return err
	}
	have, err := overrides.Read(ctx, r.aws, r.fleet, cells)
	if err != nil {
		return err
	}
	return a.applyOverrides(ctx, &overrideReading{r, changedFile(have, set, values), have})
}

// overrideValues reads KEY=VALUE pairs; nil takes an override away.
func overrideValues(pairs, unset []string) (map[string]*string, error) {
	values := map[string]*string{}
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, &usageError{fmt.Errorf("%q sets nothing", pair), "as in SessionHours=4"}
		}
		values[key] = &value
	}
	for _, key := range unset {
		if values[key] != nil {
			return nil, &usageError{fmt.Errorf("%s is both set and unset", key), "choose one"}
		}
		values[key] = nil
	}
	if len(values) == 0 {
		return nil, &usageError{errors.New("nothing is to be set"), "give KEY=VALUE or --unset KEY"}
	}
	return values, nil
}

// chosenCells lists the set's instances that are chosen, and fails if a name chooses
// none.
func chosenCells(f *fleet.Fleet, set fleet.StackSetName, t overrideTargets) ([]fleet.Cell, error) {
	cells, used := []fleet.Cell{}, map[string]bool{}
	for _, i := range f.StackSets[set].List() {
		chosen := t.all
		if slices.Contains(t.accounts, string(i.Account)) {
			chosen, used[string(i.Account)] = true, true
		}
		for _, ou := range t.ous {
			if f.Organization.Accounts[i.Account].In(fleet.OUID(ou)) {
				chosen, used[ou] = true, true
			}
		}
		if chosen && (len(t.regions) == 0 || slices.Contains(t.regions, string(i.Region))) {
			used[string(i.Region)] = true
			cells = append(cells, fleet.Cell{StackSet: set, Target: i.Target})
		}
	}
	for _, name := range slices.Concat(t.accounts, t.ous, t.regions) {
		if !used[name] {
			return nil, &hintedError{fmt.Errorf("%s has no instance in %s", set, name), "`setmend status` and `setmend overrides export` show what there is; nothing was changed", exitNotFound}
		}
	}
	return cells, nil
}

// changedFile is the file with other values in every instance.
func changedFile(have *overrides.File, set fleet.StackSetName, values map[string]*string) *overrides.File {
	want := &overrides.File{Version: 1, StackSets: map[fleet.StackSetName]overrides.Set{set: {}}}
	for account, regions := range have.StackSets[set] {
		want.StackSets[set][account] = map[fleet.Region]map[string]string{}
		for region, old := range regions {
			next := map[string]string{}
			for key, value := range old {
				next[key] = value
			}
			for key, value := range values {
				if delete(next, key); value != nil {
					next[key] = *value
				}
			}
			want.StackSets[set][account][region] = next
		}
	}
	return want
}
