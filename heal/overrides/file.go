// Package overrides keeps parameter overrides in files: it reads them from AWS, compares
// a file with what AWS has, and works out the fewest requests after which AWS has what
// the file says. What is sent is sent by the healer, as commands of their own.
package overrides

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

// File is the parameter overrides of stack instances as a file that can be
// kept under version control, in YAML or JSON. An instance that is not in it is
// not spoken of; one with an empty map shall have no overrides.
type File struct {
	Version   int                        `json:"version" yaml:"version"`
	StackSets map[fleet.StackSetName]Set `json:"stackSets" yaml:"stackSets"`
}

// Set is one stack set's overrides by account and region.
type Set map[fleet.AccountID]map[fleet.Region]map[string]string

// masked stands for a NoEcho value that AWS does not tell. In a file it says that
// the value stays as it is.
const masked = "****"

// Parse reads an override file strictly.
func Parse(text []byte) (*File, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text)) // JSON is YAML, too
	decoder.KnownFields(true)
	var f File
	if err := decoder.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("reading overrides: %w", err)
	}
	if f.Version != 1 {
		return nil, fmt.Errorf("reading overrides: version is %d, want 1", f.Version)
	}
	for _, cell := range f.cells() {
		if !cell.Account.Valid() {
			return nil, fmt.Errorf("reading overrides: %q of %s is not an account id; quote it if it begins with 0", cell.Account, cell.StackSet)
		}
	}
	return &f, nil
}

// cells lists the instances the file speaks of, sorted.
func (f *File) cells() []fleet.Cell {
	var cells []fleet.Cell
	for set, accounts := range f.StackSets {
		for account, regions := range accounts {
			for region := range regions {
				cells = append(cells, fleet.Cell{StackSet: set, Target: fleet.Target{Account: account, Region: region}})
			}
		}
	}
	slices.SortFunc(cells, fleet.Cell.Compare)
	return cells
}

// Sets lists the stack sets the file speaks of, sorted.
func (f *File) Sets() []fleet.StackSetName { return fleet.SortedKeys(f.StackSets) }

// Count is the number of instances the file speaks of.
func (f *File) Count() int { return len(f.cells()) }

// Present lists the instances that both the file speaks of and the fleet has.
func (f *File) Present(in *fleet.Fleet) []fleet.Cell {
	present := []fleet.Cell{}
	for _, cell := range f.cells() {
		if inventory := in.StackSets[cell.StackSet]; inventory != nil {
			if _, there := inventory.Instances[cell.Target]; there {
				present = append(present, cell)
			}
		}
	}
	return present
}

func (f *File) of(c fleet.Cell) map[string]string {
	return f.StackSets[c.StackSet][c.Account][c.Region]
}

func (f *File) put(c fleet.Cell, values map[string]string) {
	if f.StackSets[c.StackSet] == nil {
		f.StackSets[c.StackSet] = Set{}
	}
	set := f.StackSets[c.StackSet]
	if set[c.Account] == nil {
		set[c.Account] = map[fleet.Region]map[string]string{}
	}
	set[c.Account][c.Region] = values
}

// Reader reads single stack instances with their overrides.
type Reader interface {
	Instance(ctx context.Context, cell fleet.Cell) (fleet.Instance, error)
}

// readers is how many instances are read side by side.
const readers = 8

// Read reads the overrides of instances from AWS, one call each. Without
// cells it reads all instances of the fleet and leaves out those without any.
func Read(ctx context.Context, cloud Reader, f *fleet.Fleet, cells []fleet.Cell) (*File, error) {
	file := &File{Version: 1, StackSets: map[fleet.StackSetName]Set{}}
	all := cells == nil
	if all {
		for _, name := range f.Names() {
			for _, instance := range f.StackSets[name].List() {
				cells = append(cells, fleet.Cell{StackSet: name, Target: instance.Target})
			}
		}
	}
	var mu sync.Mutex // guards file
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for _, cell := range cells {
		group.Go(func() error {
			instance, err := cloud.Instance(ctx, cell)
			if err != nil {
				return fmt.Errorf("reading the overrides of %s: %w", cell, err)
			}
			if len(instance.Overrides) == 0 && all {
				return nil
			}
			values := map[string]string{}
			for _, p := range instance.Overrides {
				if values[p.Key] = p.Value; p.Masked() || slices.Contains(f.StackSets[cell.StackSet].StackSet.NoEcho, p.Key) {
					values[p.Key] = masked
				}
			}
			mu.Lock()
			defer mu.Unlock()
			file.put(cell, values)
			return nil
		})
	}
	return file, group.Wait()
}

// Change is one parameter of one instance that differs between AWS and a
// file. From or To is nil where there is no override.
type Change struct {
	fleet.Cell
	Parameter string  `json:"parameter"`
	From      *string `json:"from"` // on AWS
	To        *string `json:"to"`   // in the file
}

// Compare lists what would change on AWS for the file to hold, sorted.
func Compare(have, want *File) []Change {
	changes := []Change{}
	for _, cell := range want.cells() {
		is, shall := have.of(cell), want.of(cell)
		names := map[string]bool{}
		for name := range is {
			names[name] = true
		}
		for name := range shall {
			names[name] = true
		}
		for _, name := range fleet.SortedKeys(names) {
			from, there := is[name]
			to, wanted := shall[name]
			if there == wanted && from == to {
				continue
			}
			change := Change{Cell: cell, Parameter: name}
			if there {
				change.From = &from
			}
			if wanted {
				change.To = &to
			}
			changes = append(changes, change)
		}
	}
	return changes
}

// Requests returns the fewest updates after which AWS has what the file
// says. Each carries the full list for its instances, for AWS resets what a list
// leaves out; a masked value is never sent, but kept where it is. It fails where
// the file cannot be applied.
func Requests(f *fleet.Fleet, policy *policy.Policy, have, want *File) ([]plan.Request, error) {
	lists := map[fleet.Cell][]fleet.Parameter{}
	for _, change := range Compare(have, want) {
		if _, seen := lists[change.Cell]; seen {
			continue
		}
		if err := writable(f, have, want, change.Cell); err != nil {
			return nil, err
		}
		lists[change.Cell] = fullList(want.of(change.Cell))
	}
	return plan.Updates(f, policy, lists), nil
}

// writable says why the file cannot be applied to an instance.
func writable(f *fleet.Fleet, have, want *File, cell fleet.Cell) error {
	inventory := f.StackSets[cell.StackSet]
	if inventory == nil {
		return fmt.Errorf("importing overrides: there is no stack set %s", cell.StackSet)
	}
	if _, there := inventory.Instances[cell.Target]; !there {
		return fmt.Errorf("importing overrides: %s has no instance in %s", cell.StackSet, cell.Target)
	}
	for _, name := range fleet.SortedKeys(want.of(cell)) {
		if want.of(cell)[name] != masked {
			continue
		}
		if _, there := have.of(cell)[name]; !there {
			return fmt.Errorf("importing overrides: %s of %s is masked in the file, and AWS has no value to keep; give its true value", name, cell)
		}
	}
	return nil
}

func fullList(values map[string]string) []fleet.Parameter {
	list := []fleet.Parameter{}
	for _, name := range fleet.SortedKeys(values) {
		p := fleet.Parameter{Key: name, Value: values[name]}
		if p.Masked() {
			p = fleet.Parameter{Key: name, UsePrevious: true}
		}
		list = append(list, p)
	}
	return list
}

// Write writes the file, as JSON if the name ends so, else as YAML.
func (f *File) Write(w io.Writer, name string) error {
	if strings.HasSuffix(name, ".json") {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(f)
	}
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(f); err != nil {
		return err
	}
	return encoder.Close()
}
