package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/configuration"
	"github.com/setmend/setmend/fleet"
)

const (
	defaultPath  = "/setmend"
	tierStandard = "standard"
	tierAdvanced = "advanced"
)

// path is where the documents lie.
func (p parameterStore) path() string {
	if p.Path == "" {
		return defaultPath
	}
	return "/" + strings.Trim(p.Path, "/")
}

// limit is the size of a parameter in the tier, in bytes.
func (p parameterStore) limit() (int, error) {
	switch p.Tier {
	case "", tierStandard:
		return configuration.StandardSize, nil
	case tierAdvanced:
		return configuration.AdvancedSize, nil
	}
	return 0, fmt.Errorf("parameterStore: tier %q is not known; choose standard or advanced", p.Tier)
}

// configFlags say where the documents go: the policy file's section, or flags.
type configFlags struct {
	path, tier, out string
}

func (f *configFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.path, "path", "", "where the parameters lie (the policy's parameterStore.path; "+defaultPath+")")
	cmd.Flags().StringVar(&f.tier, "tier", "", "standard (4 KB a parameter) or advanced (8 KB, paid for) (the policy's parameterStore.tier)")
	cmd.Flags().StringVar(&f.out, "out", "", "a folder of files instead of Parameter Store")
}

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "config", Short: "Compile tags and policy for other systems, into Parameter Store or files", Args: cobra.NoArgs,
		Long: `config compiles what tags and policy say of the stack sets into small JSON documents,
which an account-vending pipeline or a script can read:

  /setmend/order            every mandatory stack set, dependencies first, collisions apart
  /setmend/levels           the same in levels that can be deployed at one time
  /setmend/stacksets/NAME   what holds for one stack set: where, after what, never with what

A document that would exceed a parameter's size is split: NAME/2 is its second part.
docs/configuration.md describes every field.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.configShowCommand(), a.configDiffCommand(), a.configSyncCommand(), a.configOrderCommand(), a.configSchemaCommand())
	return cmd
}

func (a *app) configShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Print what would be written (reads only)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			compiled, _, close, err := a.compile(cmd.Context())
			if err != nil {
				return err
			}
			defer close()
			return a.print(compiled, func(w io.Writer) error { return compiledTable(w, compiled) })
		},
	}
}

func compiledTable(w io.Writer, c *configuration.Compiled) error {
	row(w, "LEVEL", "STACK SET", "REGIONS", "AFTER", "NEVER WITH")
	byName := map[fleet.StackSetName]configuration.StackSet{}
	for _, set := range c.StackSets {
		byName[set.StackSet] = set
	}
	for _, e := range c.Order.StackSets {
		set := byName[e.StackSet]
		regions := words(e.Regions)
		if e.Differs {
			regions += " (differs)"
		}
		row(w, e.Level, e.StackSet, regions, words(set.After), words(set.Apart))
	}
	for _, l := range c.Order.LeftOut {
		row(w, "-", l.StackSet, "left out: "+l.Reason)
	}
	return nil
}

// words joins names, - for none.
func words[S ~string](list []S) string {
	if len(list) == 0 {
		return "-"
	}
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = string(s)
	}
	return strings.Join(texts, " ")
}

func (a *app) configDiffCommand() *cobra.Command {
	var f configFlags
	var detailed bool
	cmd := &cobra.Command{
		Use: "diff", Short: "Show which parameters sync would write and delete (reads only)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			changes, err := a.withDocuments(cmd.Context(), f, configuration.Compare)
			if err != nil {
				return err
			}
			if err := a.printChanges(changes, "would write", "would delete"); err != nil {
				return err
			}
			if detailed && !changes.Empty() {
				return exitCode(exitChanges)
			}
			return nil
		},
	}
	f.register(cmd)
	cmd.Flags().BoolVar(&detailed, "detailed-exitcode", false, "exit 2 if anything differs")
	return cmd
}

func (a *app) configSyncCommand() *cobra.Command {
	var f configFlags
	cmd := &cobra.Command{
		Use: "sync", Short: "Write what changed into Parameter Store, and delete what is obsolete", Args: cobra.NoArgs,
		Long: `sync writes the parameters whose contents changed, and deletes those that no stack
set stands behind any more. Other parameters below the path are left alone. Later
parts of a document are written before its first one, and deletions come last, so that
a reader never finds a document that speaks of parts that are not there.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			changes, err := a.withDocuments(cmd.Context(), f, configuration.Sync)
			if err != nil {
				return err
			}
			return a.printChanges(changes, "written", "deleted")
		},
	}
	f.register(cmd)
	return cmd
}

func (a *app) printChanges(c *configuration.Changes, wrote, deleted string) error {
	return a.print(c, func(w io.Writer) error {
		for _, change := range c.Write {
			what := "changed"
			if change.Before == "" {
				what = "new"
			}
			row(w, wrote, change.Name, fmt.Sprintf("%d bytes, %s", len(change.Value), what))
		}
		for _, name := range c.Delete {
			row(w, deleted, name)
		}
		row(w, fmt.Sprintf("%d parameters are as they should be", c.Unchanged))
		return nil
	})
}

func (a *app) configOrderCommand() *cobra.Command {
	var account string
	cmd := &cobra.Command{
		Use: "order --account ID", Short: "Print what an account must have, in the order of deployment (reads only)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !fleet.AccountID(account).Valid() {
				return &usageError{fmt.Errorf("account %q is not a 12-digit account id", account), "as in --account 111122223333"}
			}
			compiled, r, close, err := a.compile(cmd.Context())
			if err != nil {
				return err
			}
			defer close()
			steps, err := orderOf(compiled, r.fleet, fleet.AccountID(account))
			if err != nil {
				return err
			}
			return a.print(steps, func(w io.Writer) error {
				row(w, "LEVEL", "STACK SET", "REGIONS")
				for _, s := range steps {
					row(w, s.Level, s.StackSet, words(s.Regions))
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&account, "account", "", "12-digit `ID` of an account of the organization")
	return cmd
}

// orderStep is one deployment into an account.
type orderStep struct {
	Level    int                `json:"level"`
	StackSet fleet.StackSetName `json:"stackSet"`
	Regions  []fleet.Region     `json:"regions"`
}

// orderOf returns what an account must have, in order.
func orderOf(c *configuration.Compiled, f *fleet.Fleet, id fleet.AccountID) ([]orderStep, error) {
	account, member := f.Organization.Accounts[id]
	if !member {
		return nil, &hintedError{fmt.Errorf("account %s is not in the organization", id), "a new account is listed when it has joined; `aws organizations list-accounts` shows all", exitNotFound}
	}
	sets := map[fleet.StackSetName]*configuration.StackSet{}
	for i := range c.StackSets {
		sets[c.StackSets[i].StackSet] = &c.StackSets[i]
	}
	steps := []orderStep{}
	for _, e := range c.Order.StackSets {
		if regions := sets[e.StackSet].Regions(account, id == f.Organization.Management); len(regions) > 0 {
			steps = append(steps, orderStep{e.Level, e.StackSet, regions})
		}
	}
	return steps, nil
}

func (a *app) configSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of the documents", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := a.stdout.Write(configuration.Schema())
			return err
		},
	}
}

// compile reads the fleet and compiles it. close releases the journal.
func (a *app) compile(ctx context.Context) (*configuration.Compiled, *reading, func() error, error) {
	r, err := a.readDefinitions(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	return configuration.Compile(r.fleet, r.assessment), r, r.close, nil
}

// readDefinitions reads the organization and the stack sets, without a journal: what
// must be deployed where does not depend on what was done before.
func (a *app) readDefinitions(ctx context.Context) (*reading, error) {
	c, err := a.connect(ctx, nil)
	if err != nil {
		return nil, err
	}
	r := &reading{connection: c, close: func() error { return nil }}
	return r, r.define(ctx)
}

// withDocuments compiles, and compares or syncs the documents with their store.
func (a *app) withDocuments(ctx context.Context, f configFlags, do func(context.Context, configuration.Store, string, []configuration.Parameter) (*configuration.Changes, error)) (*configuration.Changes, error) {
	s, err := a.readSettings()
	if err != nil {
		return nil, err
	}
	if f.path != "" {
		s.parameterStore.Path = f.path
	}
	if f.tier != "" {
		s.parameterStore.Tier = f.tier
	}
	limit, err := s.parameterStore.limit()
	if err != nil {
		return nil, &usageError{err, "as in --tier standard"}
	}
	compiled, r, close, err := a.compile(ctx)
	if err != nil {
		return nil, err
	}
	defer close()
	path := s.parameterStore.path()
	parameters, err := compiled.Parameters(path, limit)
	if err != nil {
		return nil, &hintedError{err, "choose --tier advanced, or make the stack set's rules shorter: OUs instead of accounts", exitFailed}
	}
	var store configuration.Store = ssmParameters{r.aws}
	if f.out != "" {
		store = files{f.out}
	}
	return do(ctx, store, path, parameters)
}

// ssmParameters is Parameter Store as a place for documents.
type ssmParameters struct{ aws *cloud.AWS }

func (p ssmParameters) List(ctx context.Context, path string) ([]configuration.Stored, error) {
	list, err := p.aws.Parameters(ctx, path, true)
	stored := make([]configuration.Stored, len(list))
	for i, item := range list {
		stored[i] = configuration.Stored{Parameter: configuration.Parameter{Name: item.Name, Value: item.Value}, Advanced: item.Advanced}
	}
	return stored, err
}

func (p ssmParameters) Put(ctx context.Context, s configuration.Stored) error {
	return p.aws.PutParameter(ctx, cloud.StoredParameter{Name: s.Name, Value: s.Value, Advanced: s.Advanced})
}

func (p ssmParameters) Delete(ctx context.Context, names []string) error {
	return p.aws.DeleteParameters(ctx, names)
}

// files is a folder with a file for each parameter.
type files struct{ folder string }

// file is where a parameter lies. A document's later parts lie beside its first.
func (f files) file(name string) string {
	return filepath.Join(f.folder, filepath.FromSlash(strings.Trim(name, "/"))+".json")
}

func (f files) List(_ context.Context, path string) ([]configuration.Stored, error) {
	var list []configuration.Stored
	err := filepath.WalkDir(filepath.Join(f.folder, filepath.FromSlash(path)), func(file string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && (entry.IsDir() || filepath.Ext(file) != ".json") {
			return nil
		}
		if err != nil {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(f.folder, file)
		if err != nil {
			return err
		}
		name := "/" + strings.TrimSuffix(filepath.ToSlash(relative), ".json")
		list = append(list, configuration.Stored{Parameter: configuration.Parameter{Name: name, Value: strings.TrimSuffix(string(text), "\n")}})
		return nil
	})
	slices.SortFunc(list, func(x, y configuration.Stored) int { return strings.Compare(x.Name, y.Name) })
	return list, err
}

func (f files) Put(_ context.Context, s configuration.Stored) error {
	file := f.file(s.Name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return replaceFile(file, func(w *os.File) error {
		_, err := w.WriteString(s.Value + "\n")
		return err
	})
}

func (f files) Delete(_ context.Context, names []string) error {
	for _, name := range names {
		if err := os.Remove(f.file(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
