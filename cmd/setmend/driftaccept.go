package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/overrides"
	"github.com/setmend/setmend/plan/policy"
	"github.com/setmend/setmend/review"
	"github.com/setmend/setmend/template"
)

// acceptFlags say which drift is accepted, and how.
type acceptFlags struct {
	resource, property string
	accounts           []string
	as, out            string
	dry                bool
}

func (a *app) driftAcceptCommand() *cobra.Command {
	var f acceptFlags
	cmd := &cobra.Command{
		Use:   "accept STACKSET --resource ID [--property /PATH]",
		Short: "Make the live state of a drifted property the wanted one",
		Long: `accept takes the last detection's findings and makes the live state the wanted one:

  --as template  writes the template with the live value, for a preview and a rollout
  --as override  writes the override file that gives the instances the live value,
                 where the template takes it from a parameter (overrides import)
  --as rule      writes an ignoreDrift rule into the policy file: the template stays

Without --as it is the template if all drifted instances have the same value there,
or the override if it comes from a parameter. Nothing is sent to AWS.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.acceptDrift(cmd.Context(), fleet.StackSetName(args[0]), f)
		},
	}
	cmd.Flags().StringVar(&f.resource, "resource", "", "logical `ID` of the resource")
	cmd.Flags().StringVar(&f.property, "property", "", "the property, such as `/MemorySize`")
	cmd.Flags().StringSliceVar(&f.accounts, "account", nil, "only this account (repeatable)")
	cmd.Flags().StringVar(&f.as, "as", "", "template, override or rule")
	cmd.Flags().StringVar(&f.out, "out", "", "`FILE` to write: the template or the overrides; stdout if it is left out")
	cmd.Flags().BoolVar(&f.dry, "dry-run", false, "with --as rule: print the policy file, and do not write it")
	return cmd
}

func (a *app) acceptDrift(ctx context.Context, set fleet.StackSetName, f acceptFlags) error {
	if f.resource == "" {
		return &usageError{errors.New("--resource is missing"), "`setmend drift " + string(set) + " --group-by property` shows what there is"}
	}
	if !slices.Contains([]string{"", "template", "override", "rule"}, f.as) {
		return &usageError{fmt.Errorf("drift cannot be accepted as %q", f.as), "choose template, override or rule"}
	}
	r, d, err := a.readDrift(ctx, []fleet.StackSetName{set}, true)
	if err != nil {
		return err
	}
	defer r.close()
	found := chosen(d.Counts(), f)
	if len(found) == 0 {
		return &hintedError{fmt.Errorf("accepting drift of %s: nothing that counts has drifted in %s%s", set, f.resource, f.property),
			"`setmend drift " + string(set) + "` shows what has", exitNotFound}
	}
	if f.as == "rule" {
		return a.acceptAsRule(r, set, found[0], f)
	}
	if f.property == "" {
		return &usageError{errors.New("--property is missing"), "a resource that is gone can be accepted with --as rule only, or taken out of the template by hand"}
	}
	text, err := r.aws.Template(ctx, set)
	if err != nil {
		return err
	}
	place, err := template.Locate(text, f.resource, f.property)
	if err != nil {
		return &hintedError{err, "change the template by hand, or accept it with --as rule", exitFailed}
	}
	asOverride := f.as == "override" || f.as == "" && place.Parameter != ""
	switch {
	case asOverride && place.Parameter == "":
		return &hintedError{fmt.Errorf("accepting %s%s as an override: the template writes its value out", f.resource, f.property), "use --as template, or make it a parameter first", exitFailed}
	case !asOverride && place.Parameter != "":
		return &hintedError{fmt.Errorf("accepting %s%s in the template: its value is the parameter %s", f.resource, f.property, place.Parameter), "use --as override", exitFailed}
	case asOverride:
		return a.acceptAsOverride(ctx, r, set, place.Parameter, found, f)
	}
	return a.acceptAsTemplate(text, set, found, len(r.fleet.StackSets[set].Instances), f)
}

// chosen are the differences that are to be accepted.
func chosen(list []review.Difference, f acceptFlags) []review.Difference {
	return slices.DeleteFunc(slices.Clone(list), func(d review.Difference) bool {
		other := len(f.accounts) > 0 && !slices.Contains(f.accounts, string(d.Account))
		return other || d.LogicalID != f.resource || f.property != "" && d.Property != f.property
	})
}

// acceptAsTemplate writes the template with the live value. It is every instance's
// template, so all that drifted must have the same value.
func (a *app) acceptAsTemplate(text string, set fleet.StackSetName, found []review.Difference, instances int, f acceptFlags) error {
	for _, d := range found[1:] {
		if d.Actual != found[0].Actual || d.Change != found[0].Change {
			return &hintedError{fmt.Errorf("accepting %s%s in the template of %s: the live values differ, %q in %s and %q in %s", f.resource, f.property, set, found[0].Actual, found[0].Target, d.Actual, d.Target),
				"make it a parameter and give each its own override, or name the accounts with the value wanted everywhere with --account", exitFailed}
		}
	}
	d := found[0]
	patched, err := template.SetProperty(text, d.LogicalID, d.Property, d.Actual)
	if d.Change == "REMOVE" {
		patched, err = template.DropProperty(text, d.LogicalID, d.Property)
	}
	if err != nil {
		return &hintedError{err, "change the template by hand", exitFailed}
	}
	if len(found) < instances {
		fmt.Fprintf(a.stderr, "setmend: %d of %d instances have this value; the template gives it to the others, too\n", len(found), instances)
	}
	if err := a.writeOut(f.out, []byte(patched)); err != nil {
		return err
	}
	if f.out != "" {
		fmt.Fprint(a.stdout, review.LineDiff(text, patched))
		fmt.Fprintf(a.stderr, "`setmend preview %s --template %s` shows what it would change\n", set, f.out)
	}
	return nil
}

// acceptAsOverride writes an override file with each instance's full list: an import
// replaces it.
func (a *app) acceptAsOverride(ctx context.Context, r *reading, set fleet.StackSetName, parameter string, found []review.Difference, f acceptFlags) error {
	var cells []fleet.Cell
	for _, d := range found {
		if d.Change == "REMOVE" {
			return &hintedError{fmt.Errorf("accepting %s%s of %s as an override: it was removed, and a parameter cannot remove a property", f.resource, f.property, d.Cell), "use --as rule", exitFailed}
		}
		cells = append(cells, d.Cell)
	}
	file, err := overrides.Read(ctx, r.aws, r.fleet, cells)
	if err != nil {
		return err
	}
	for _, d := range found {
		file.StackSets[set][d.Account][d.Region][parameter] = d.Actual
	}
	var b bytes.Buffer
	if err := file.Write(&b, f.out); err != nil {
		return err
	}
	if err := a.writeOut(f.out, b.Bytes()); err != nil {
		return err
	}
	if f.out != "" {
		fmt.Fprintf(a.stderr, "%d instances get %s; `setmend overrides diff %s` shows it, `setmend overrides import %s` makes it so\n", len(cells), parameter, f.out, f.out)
	}
	return nil
}

// writeOut writes a file, or stdout if none is named.
func (a *app) writeOut(path string, content []byte) error {
	if path == "" {
		_, err := a.stdout.Write(content)
		return err
	}
	return replaceFile(path, func(w *os.File) error {
		_, err := w.Write(content)
		return err
	})
}

// acceptAsRule writes an ignoreDrift rule into the policy file, once it is sure that
// the file can be read with it.
func (a *app) acceptAsRule(r *reading, set fleet.StackSetName, d review.Difference, f acceptFlags) error {
	path, err := a.policyPath()
	if err != nil {
		return err
	}
	if path == "" {
		path = "setmend.yaml"
	}
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return &hintedError{fmt.Errorf("reading the policy: %w", err), "check --config (SETMEND_CONFIG)", exitConfig}
	}
	sp := r.policy.For(r.fleet.StackSets[set].StackSet)
	rule := policy.DriftRule{ResourceType: d.ResourceType, LogicalID: d.LogicalID, Property: f.property}
	changed, err := policy.AddDriftRule(text, set, sp.IgnoreDrift, rule)
	if err != nil {
		return &hintedError{err, "write the rule by hand", exitConfig}
	}
	if _, err := parseSettings(changed); err != nil {
		return &hintedError{fmt.Errorf("adding the rule to %s: %w", path, err), "write the rule by hand; the file was not changed", exitConfig}
	}
	if len(f.accounts) > 0 {
		fmt.Fprintln(a.stderr, "setmend: a rule holds for all of the stack set's instances, not for the named accounts only")
	}
	fmt.Fprint(a.stdout, review.LineDiff(string(text), string(changed)))
	if f.dry {
		return nil
	}
	if err := replaceFile(path, func(w *os.File) error { _, err := w.Write(changed); return err }); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "%s ignores %s from now on\n", path, strings.TrimSpace(d.LogicalID+" "+f.property))
	return nil
}
