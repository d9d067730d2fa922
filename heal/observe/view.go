package observe

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan/policy"
)

// View is a run's view of the fleet: what was read, what its commands have changed
// since, and what AWS found out about it. It is kept in the journal.
type View struct {
	Cloud    Cloud // nil: nothing is read
	Journal  record.Journal
	Clock    Clock
	Policy   *policy.Policy
	Log      *slog.Logger
	Home     fleet.Region
	Run      string
	Began    time.Time // the run
	Deadline time.Time // of this call of a stage
	Commands *record.Log
	Cache    *Cache

	doc *record.Document[fleet.Fleet] // nil until it is loaded
}

// Cache holds the decoded view of the last call of a stage for the next one in the
// same process. It is used only while the journal's version is its own.
type Cache struct {
	last atomic.Pointer[record.Document[fleet.Fleet]]
}

// Keep leaves the view to the next call. The caller must have saved it.
func (v *View) Keep() { v.Cache.last.Store(v.doc) }

// Fleet loads the view.
func (v *View) Fleet(ctx context.Context) (*fleet.Fleet, error) {
	if v.doc != nil {
		return &v.doc.Value, nil
	}
	key := record.RunKey(v.Run, "fleet")
	if copied := v.Cache.last.Swap(nil); copied != nil && copied.Key == key {
		_, version, err := v.Journal.Get(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("reading the version of %s: %w", key, err)
		}
		if version == copied.Version {
			v.doc = copied
			return &v.doc.Value, nil
		}
	}
	doc, err := record.Read[fleet.Fleet](ctx, v.Journal, key)
	if err != nil {
		return nil, err
	}
	v.doc = doc
	return &v.doc.Value, nil
}

// Loaded returns the view as it was loaded, nil if it was not.
func (v *View) Loaded() *fleet.Fleet {
	if v.doc == nil {
		return nil
	}
	return &v.doc.Value
}

// save stores the view.
func (v *View) save(ctx context.Context) error { return v.doc.Write(ctx, v.Journal) }

// policy is what holds for a stack set of the loaded view.
func (v *View) policy(set fleet.StackSetName) policy.Set {
	return v.Policy.For(v.doc.Value.StackSets[set].StackSet)
}

// Read reads the fleet for the run and keeps it in the journal. A reading that
// fails or takes too long for one call keeps the stack sets it has read; the next
// call continues with the others, and reports true when all are there.
func (v *View) Read(ctx context.Context) (bool, error) {
	doc, err := record.Read[fleet.Fleet](ctx, v.Journal, record.RunKey(v.Run, "fleet"))
	if err != nil {
		return false, err
	}
	v.doc = doc
	f := &doc.Value
	names, err := beginReading(ctx, v.Cloud, f, v.Home, nil)
	if err != nil {
		return false, fmt.Errorf("observing the fleet: %w", err)
	}
	maps.DeleteFunc(f.StackSets, func(name fleet.StackSetName, _ *fleet.Inventory) bool { return !slices.Contains(names, name) })
	left := slices.DeleteFunc(names, func(name fleet.StackSetName) bool { return f.StackSets[name] != nil })
	for part := range slices.Chunk(left, readers) {
		if err = readSets(ctx, v.Cloud, v.Clock, f, part); err != nil || v.Clock.Now().After(v.Deadline) {
			break
		}
		left = left[len(part):]
	}
	if err == nil && len(left) == 0 {
		err = v.endReading(ctx, f)
	}
	if saved := v.save(ctx); saved != nil {
		return false, saved
	}
	if err != nil {
		return false, fmt.Errorf("observing the fleet: %w", err)
	}
	return len(left) == 0, nil
}

// ReadFirst reads the organization and those of the stack sets that can be read. The
// view is not whole after it.
func (v *View) ReadFirst(ctx context.Context, sets []fleet.StackSetName) error {
	doc, err := record.Read[fleet.Fleet](ctx, v.Journal, record.RunKey(v.Run, "fleet"))
	if err != nil {
		return err
	}
	v.doc = doc
	f := &doc.Value
	if _, err := beginReading(ctx, v.Cloud, f, v.Home, sets); err != nil {
		return err
	}
	for _, set := range sets {
		if f.StackSets[set] != nil {
			continue
		}
		if err := readSets(ctx, v.Cloud, v.Clock, f, []fleet.StackSetName{set}); err != nil {
			if ctx.Err() != nil {
				return err
			}
			v.Log.Warn("reading a stack set of which a restore is pending", "run", v.Run, "stackSet", set, "error", err)
		}
	}
	f.ReadAt = v.Clock.Now()
	return v.save(ctx)
}

// endReading ends the run's reading. Accounts in which a restore is pending must be
// known too: in one that has left, none is any more.
func (v *View) endReading(ctx context.Context, f *fleet.Fleet) error {
	pending, err := record.PendingRestores(ctx, v.Journal, v.Commands)
	if err != nil {
		return err
	}
	var waiting []fleet.AccountID
	for cell := range pending {
		waiting = append(waiting, cell.Account)
	}
	return endReading(ctx, v.Cloud, v.Clock, f, waiting...)
}

// Refresh reads the given stack sets again.
func (v *View) Refresh(ctx context.Context, names []fleet.StackSetName) error {
	if len(names) == 0 {
		return nil
	}
	f, err := v.Fleet(ctx)
	if err != nil {
		return err
	}
	if err := readSets(ctx, v.Cloud, v.Clock, f, names); err != nil {
		return fmt.Errorf("reading changed stack sets again: %w", err)
	}
	return v.save(ctx)
}

// External lists the sets on which an operation runs that is not this run's. The view
// must be loaded.
func (v *View) External() []fleet.StackSetName {
	f := &v.doc.Value
	var names []fleet.StackSetName
	for _, name := range f.Names() {
		for _, operation := range f.StackSets[name].Running {
			if !v.own(operation.ID) {
				names = append(names, name)
				break
			}
		}
	}
	return names
}

// OwnOperations returns the ids of the running operations that this run has started.
func (v *View) OwnOperations() map[string]bool {
	ids := map[string]bool{}
	for _, inventory := range v.doc.Value.StackSets {
		for _, operation := range inventory.Running {
			if v.own(operation.ID) {
				ids[operation.ID] = true
			}
		}
	}
	return ids
}

// own reports whether the operation was started by this run.
func (v *View) own(operation string) bool {
	return command.Owns(v.Run, operation)
}

// externalLimit is how long a run waits for external operations before it continues
// without their stack sets.
const externalLimit = 2 * time.Hour

// LookAtExternal looks whether the external operations have ended, reads the sets
// again on which they have, and reports whether one is still worth waiting for.
func (v *View) LookAtExternal(ctx context.Context) (busy bool, over []fleet.StackSetName, err error) {
	if _, err := v.Fleet(ctx); err != nil {
		return false, nil, err
	}
	waiting := v.External()
	if len(waiting) == 0 {
		return false, nil, nil
	}
	for _, name := range waiting {
		running, err := v.Cloud.Running(ctx, name)
		if err != nil {
			return false, nil, err
		}
		if len(running) == 0 {
			over = append(over, name)
		}
	}
	if err := v.Refresh(ctx, over); err != nil {
		return false, nil, err
	}
	return v.patient() && len(over) < len(waiting), over, nil // else the plan leaves them out and says why
}

// patient reports whether the run still waits for external operations.
func (v *View) patient() bool { return v.Clock.Now().Sub(v.Began) <= externalLimit }

// refreshExisting reads sets again of which some may be gone.
func (v *View) refreshExisting(ctx context.Context, names []fleet.StackSetName) error {
	all, err := v.Cloud.StackSets(ctx)
	if err != nil {
		return err
	}
	there := names[:0:0]
	for _, name := range names {
		if slices.Contains(all, name) {
			there = append(there, name)
		} else {
			delete(v.doc.Value.StackSets, name)
		}
	}
	return v.Refresh(ctx, there)
}

// ExternalInstances counts, since AWS does not say how many instances an external
// operation covers, all instances of the sets that others are working on: for as long
// as the run is patient with them, since such a set can be larger than AWS's whole
// limit.
func (v *View) ExternalInstances() int {
	if v.doc == nil || !v.patient() {
		return 0
	}
	n := 0
	for _, name := range v.External() {
		n += len(v.doc.Value.StackSets[name].Instances)
	}
	return n
}

// ReadAnew reads stack sets again, of which some may be gone, and the organization.
func (v *View) ReadAnew(ctx context.Context, names []fleet.StackSetName) error {
	f, err := v.Fleet(ctx)
	if err != nil {
		return err
	}
	if f.Organization, err = v.Cloud.Organization(ctx); err != nil {
		return err
	}
	if err := v.refreshExisting(ctx, names); err != nil {
		return err
	}
	if err := v.endReading(ctx, f); err != nil {
		return err
	}
	return v.save(ctx)
}
