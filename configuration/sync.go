package configuration

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Stored is a parameter as a store has it.
type Stored struct {
	Parameter
	// Advanced is set for the advanced tier, which it keeps: AWS lets an
	// advanced parameter become standard only by deleting it.
	Advanced bool
}

// Store is where the documents go. Parameter Store has no write of several
// parameters at once.
type Store interface {
	// List returns all parameters below a path that ends in a slash.
	List(ctx context.Context, path string) ([]Stored, error)
	// Put writes one parameter, whether or not it is there.
	Put(ctx context.Context, p Stored) error
	// Delete removes parameters; that one is not there is no error.
	Delete(ctx context.Context, names []string) error
}

// Changes are what Sync would do, or has done.
type Changes struct {
	Write     []Change `json:"write"`  // in the order of writing
	Delete    []string `json:"delete"` // obsolete parameters
	Unchanged int      `json:"unchanged"`
}

// Change is a parameter that is written.
type Change struct {
	Parameter
	Before   string `json:"before,omitempty"` // "" if it is new
	Advanced bool   `json:"advanced,omitempty"`
}

// Empty reports whether there is nothing to do.
func (c *Changes) Empty() bool { return len(c.Write)+len(c.Delete) == 0 }

// Compare returns what has to be done for a store to have the wanted parameters
// and no obsolete ones below the path. It changes nothing.
func Compare(ctx context.Context, store Store, path string, want []Parameter) (*Changes, error) {
	path = strings.TrimSuffix(path, "/") + "/"
	have, err := store.List(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("listing the parameters below %s: %w", path, err)
	}
	stored := map[string]Stored{}
	for _, p := range have {
		stored[p.Name] = p
	}
	c := &Changes{Write: []Change{}, Delete: []string{}}
	for _, p := range want {
		before, there := stored[p.Name]
		delete(stored, p.Name)
		if there && before.Value == p.Value {
			c.Unchanged++
			continue
		}
		c.Write = append(c.Write, Change{p, before.Value, before.Advanced || len(p.Value) > StandardSize})
	}
	for name := range stored {
		if Owned(path, name) {
			c.Delete = append(c.Delete, name)
		}
	}
	slices.Sort(c.Delete)
	// Later parts first, and what names other documents (order, levels) last: a reader
	// that follows a first part finds what it speaks of.
	slices.SortStableFunc(c.Write, func(x, y Change) int { return rank(path, x.Name) - rank(path, y.Name) })
	return c, nil
}

func rank(path, name string) int {
	rest := strings.TrimPrefix(name, path)
	set, isSet := strings.CutPrefix(rest, setsName)
	switch {
	case isSet && strings.Contains(set, "/"):
		return 0
	case isSet:
		return 1
	case strings.Contains(rest, "/"):
		return 2
	}
	return 3
}

// Sync does what Compare says. It stops at the first error; run again, it does the
// rest.
func Sync(ctx context.Context, store Store, path string, want []Parameter) (*Changes, error) {
	changes, err := Compare(ctx, store, path, want)
	if err != nil {
		return nil, err
	}
	for _, change := range changes.Write {
		if err := store.Put(ctx, Stored{change.Parameter, change.Advanced}); err != nil {
			return changes, fmt.Errorf("writing parameter %s: %w", change.Name, err)
		}
	}
	if len(changes.Delete) > 0 {
		if err := store.Delete(ctx, changes.Delete); err != nil {
			return changes, fmt.Errorf("deleting %d obsolete parameters: %w", len(changes.Delete), err)
		}
	}
	return changes, nil
}
