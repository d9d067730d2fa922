package heal

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
)

// readers is how many stack sets are read side by side. Each API action has its
// own rate limit, so reading several sets keeps several limits busy at once.
const readers = 8

// Observe reads the organization and every stack set with its instances (those
// named by only, if any). Whatever cannot be read completely is an error.
func Observe(ctx context.Context, cloud Reader, clock Clock, home fleet.Region, only []fleet.StackSetName) (*fleet.Fleet, error) {
	f := &fleet.Fleet{}
	names, err := beginReading(ctx, cloud, f, home, only)
	if err != nil {
		return nil, err
	}
	if err := readSets(ctx, cloud, clock, f, names); err != nil {
		return nil, err
	}
	return f, endReading(ctx, cloud, clock, f)
}

// beginReading reads who calls, the organization, and which stack sets there are.
func beginReading(ctx context.Context, cloud Reader, f *fleet.Fleet, home fleet.Region, only []fleet.StackSetName) (names []fleet.StackSetName, err error) {
	if f.Caller, err = cloud.Caller(ctx); err != nil {
		return nil, err
	}
	if f.Organization, err = cloud.Organization(ctx); err != nil {
		return nil, err
	}
	f.HomeRegion = home
	if f.StackSets == nil {
		f.StackSets = map[fleet.StackSetName]*fleet.Inventory{}
	}
	if len(only) > 0 {
		return only, nil
	}
	return cloud.StackSets(ctx)
}

// endReading finds out which accounts have left, and dates the reading. Accounts
// that hold no instance are asked for if they are named.
func endReading(ctx context.Context, cloud Reader, clock Clock, f *fleet.Fleet, named ...fleet.AccountID) (err error) {
	if f.Departed, err = departed(ctx, cloud, f, named); err != nil {
		return err
	}
	f.ReadAt = clock.Now()
	return nil
}

// readSets reads stack sets into the fleet, replacing what it had of them.
func readSets(ctx context.Context, cloud Reader, clock Clock, f *fleet.Fleet, names []fleet.StackSetName) error {
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readers)
	for _, name := range names {
		group.Go(func() error {
			inventory, err := readSet(ctx, cloud, clock, name)
			if err != nil {
				return fmt.Errorf("reading stack set %s: %w", name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			f.StackSets[name] = inventory
			return nil
		})
	}
	return group.Wait()
}

func readSet(ctx context.Context, cloud Reader, clock Clock, name fleet.StackSetName) (*fleet.Inventory, error) {
	// Operations first: one that ends between the two reads is then still listed
	// as running, which only makes the healer wait.
	running, err := cloud.Running(ctx, name)
	if err != nil {
		return nil, err
	}
	set, err := cloud.StackSet(ctx, name)
	if err != nil {
		return nil, err
	}
	instances, err := cloud.Instances(ctx, name, fleet.InstanceFilter{})
	if err != nil {
		return nil, err
	}
	inventory := &fleet.Inventory{StackSet: set, Running: running, ReadAt: clock.Now()}
	inventory.SetInstances(instances)
	if slices.ContainsFunc(instances, outdated) || slices.ContainsFunc(instances, broken) {
		if inventory.Recent, err = cloud.Recent(ctx, name, rolloutOperations); err != nil {
			return nil, err
		}
		if inventory.Detections, err = detections(ctx, cloud, name, instances, inventory.Recent); err != nil {
			return nil, err
		}
	}
	return inventory, nil
}

// rolloutOperations is how many of a set's newest operations are read to find out
// what left instances outdated.
const rolloutOperations = 50

// outdated reports whether an instance has a stack and not its set's present version.
func outdated(i fleet.Instance) bool {
	return i.Status == fleet.InstanceOutdated && i.StackID != ""
}

// departed tells which accounts hold instances but are not in the organization.
// One reading can be cut short on AWS's side without saying so, hence two
// readings that agree and a question for each account.
func departed(ctx context.Context, cloud Reader, f *fleet.Fleet, named []fleet.AccountID) (map[fleet.AccountID]bool, error) {
	absent := absentAccounts(f)
	for _, id := range named {
		if _, member := f.Organization.Accounts[id]; !member {
			absent[id] = true
		}
	}
	if len(absent) == 0 {
		return nil, nil
	}
	second, err := cloud.Organization(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the organization again, since %d accounts with instances are not in it: %w", len(absent), err)
	}
	gone := map[fleet.AccountID]bool{}
	for _, id := range fleet.SortedKeys(absent) {
		if _, back := second.Accounts[id]; back {
			continue
		}
		switch _, err := cloud.DescribeAccount(ctx, id); {
		case fleet.KindOf(err) == fleet.NotFound:
			gone[id] = true
		case err != nil:
			return nil, err
		}
	}
	return gone, nil
}

func absentAccounts(f *fleet.Fleet) map[fleet.AccountID]bool {
	absent := map[fleet.AccountID]bool{}
	for _, inventory := range f.StackSets {
		for target := range inventory.Instances {
			if _, member := f.Organization.Accounts[target.Account]; !member {
				absent[target.Account] = true
			}
		}
	}
	return absent
}

// observe reads the fleet for the run and keeps it in the journal. A reading that
// fails or takes too long for one call keeps the stack sets it has read; the next
// call goes on with the others, and reports true when all are there.
func (r *run) observe(ctx context.Context) (bool, error) {
	inv, err := read[fleet.Fleet](ctx, r.h.Journal, runKey(r.id(), "fleet"))
	if err != nil {
		return false, err
	}
	r.inv = inv
	f := &inv.Value
	r.rec.Value.OrganizationRead = r.now()
	names, err := beginReading(ctx, r.h.Cloud, f, r.h.HomeRegion, nil)
	if err != nil {
		return false, fmt.Errorf("observing the fleet: %w", err)
	}
	maps.DeleteFunc(f.StackSets, func(name fleet.StackSetName, _ *fleet.Inventory) bool { return !slices.Contains(names, name) })
	left := slices.DeleteFunc(names, func(name fleet.StackSetName) bool { return f.StackSets[name] != nil })
	for part := range slices.Chunk(left, readers) {
		if err = readSets(ctx, r.h.Cloud, r.h.Clock, f, part); err != nil || r.now().After(r.deadline) {
			break
		}
		left = left[len(part):]
	}
	if err == nil && len(left) == 0 {
		err = r.endReading(ctx, f)
	}
	if saved := r.saveInventory(ctx); saved != nil {
		return false, saved
	}
	if err != nil {
		return false, fmt.Errorf("observing the fleet: %w", err)
	}
	return len(left) == 0, nil
}

// endReading ends the run's reading. Accounts in which a restore is pending must be
// known too: in one that has left, none is any more.
func (r *run) endReading(ctx context.Context, f *fleet.Fleet) error {
	pending, err := pendingRestores(ctx, r.h.Journal, r.log)
	if err != nil {
		return err
	}
	var waiting []fleet.AccountID
	for cell := range pending {
		waiting = append(waiting, cell.Account)
	}
	return endReading(ctx, r.h.Cloud, r.h.Clock, f, waiting...)
}

// refresh reads the given stack sets again.
func (r *run) refresh(ctx context.Context, names []fleet.StackSetName) error {
	if len(names) == 0 {
		return nil
	}
	f, err := r.inventory(ctx)
	if err != nil {
		return err
	}
	if err := readSets(ctx, r.h.Cloud, r.h.Clock, f, names); err != nil {
		return fmt.Errorf("reading changed stack sets again: %w", err)
	}
	return r.saveInventory(ctx)
}

// external lists the sets on which an operation runs that is not this run's.
func (r *run) external(f *fleet.Fleet) []fleet.StackSetName {
	var names []fleet.StackSetName
	for _, name := range f.Names() {
		for _, operation := range f.StackSets[name].Running {
			if !r.own(operation.ID) {
				names = append(names, name)
				break
			}
		}
	}
	return names
}

// ownOperations are the running operations that this run has started.
func (r *run) ownOperations(f *fleet.Fleet) map[string]bool {
	ids := map[string]bool{}
	for _, inventory := range f.StackSets {
		for _, operation := range inventory.Running {
			if r.own(operation.ID) {
				ids[operation.ID] = true
			}
		}
	}
	return ids
}

// own reports whether the operation was started by this run.
func (r *run) own(operation string) bool {
	return strings.HasPrefix(operation, command.OperationPrefix(r.id()))
}

// externalPoll is how often a set with an external operation is looked at.
const externalPoll = 30 * time.Second
