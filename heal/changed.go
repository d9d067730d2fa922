package heal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/plan"
)

// What a plan rests on may change between planning and acting: a stack set is
// updated, an account is moved or reinstated. Commands therefore pin the sets they
// were planned for, and look again right before every request. What has changed
// stops the command, and the stage reads and plans anew.

// fingerprint identifies what an operation on a set's instances would deploy.
// The id is part of it: a set deleted and made again under its name is another.
func fingerprint(set fleet.StackSet) string {
	parameters := slices.Clone(set.Parameters)
	slices.SortFunc(parameters, func(a, b fleet.Parameter) int { return strings.Compare(a.Key, b.Key) })
	b, _ := json.Marshal([]any{set.ID, set.TemplateHash, parameters}) // strings only: cannot fail
	digest := sha256.Sum256(b)
	return hex.EncodeToString(digest[:8])
}

// pins are the fingerprints of an action's sets.
func pins(f *fleet.Fleet, a plan.Action) map[fleet.StackSetName]string {
	pins := map[fleet.StackSetName]string{}
	for _, set := range append([]fleet.StackSetName{a.StackSet}, a.Together...) {
		pins[set] = fingerprint(f.StackSets[set].StackSet)
	}
	return pins
}

// changedSince returns what has changed since the plan that the request rests on,
// "" for nothing. A drift detection rests on nothing.
func (x *executor) changedSince(ctx context.Context, c *command.Command, a *command.Attempt) (string, error) {
	if a.Request.Kind == plan.RequestDetect {
		return "", nil
	}
	name := a.Request.StackSet
	set, err := x.h.Cloud.StackSet(ctx, name)
	switch {
	case fleet.KindOf(err) == fleet.NotFound:
		return fmt.Sprintf("The stack set %s is gone.", name), nil
	case err != nil:
		return "", fmt.Errorf("looking at the stack set again: %w", err)
	case len(c.Pins) > 0 && fingerprint(set) != c.Pins[name]:
		return fmt.Sprintf("The template or the parameters of %s were changed after the plan was made.", name), nil
	case !a.Deletes():
		return "", nil
	}
	if why, err := x.operatedOn(ctx, c, a); err != nil || why != "" {
		return why, err
	}
	return x.accountsMoved(ctx, c, a)
}

// operatedOn returns whether an external operation has begun on the set since the
// overrides of what is to be deleted were read: they may be others by now, and what
// was saved would be given back in their place.
func (x *executor) operatedOn(ctx context.Context, c *command.Command, a *command.Attempt) (string, error) {
	o, err := externalSince(ctx, x.h.Cloud, a.Request.StackSet, c.Run, c.Newest[a.Request.StackSet])
	if err != nil || o == nil {
		return "", err
	}
	return fmt.Sprintf("An external operation was made on %s (%s, %s) since the overrides were saved.", a.Request.StackSet, o.ID, o.Kind), nil
}

// externalSince returns an operation on a set after the given one, by its id and not
// by any clock, that was not the given run's and may have changed overrides; nil for
// none. If AWS's newest do not reach back to the given one, all of them count.
func externalSince(ctx context.Context, cloud Reader, set fleet.StackSetName, run, last string) (*fleet.Operation, error) {
	newest, err := cloud.Recent(ctx, set, recentOperations)
	if err != nil {
		return nil, fmt.Errorf("looking for external operations: %w", err)
	}
	for i := range newest {
		o := &newest[i]
		if o.ID == last {
			return nil, nil
		}
		if !strings.HasPrefix(o.ID, command.OperationPrefix(run)) && o.Kind != fleet.OperationDetectDrift {
			return o, nil
		}
	}
	return nil, nil
}

// How old a reading of the organization may be that a deletion rests on. Letting
// go of orphans is justified by the organization alone, so theirs is read anew.
const (
	orphanAge   = time.Minute
	redeployAge = 15 * time.Minute
)

// accountsMoved compares the request's accounts with the organization as it is now.
func (x *executor) accountsMoved(ctx context.Context, c *command.Command, a *command.Attempt) (string, error) {
	f := &x.inv.Value
	age := redeployAge
	if c.Action.Stage == plan.StageCleanup {
		age = orphanAge
	} else if x.now().Sub(x.rec.Value.OrganizationRead) < age {
		return "", nil
	}
	now, err := x.h.organization.read(ctx, x.h, age)
	if err != nil {
		return "", fmt.Errorf("reading the organization again: %w", err)
	}
	for _, id := range a.Request.Accounts {
		was, member := f.Organization.Accounts[id]
		is, still := now.Accounts[id]
		if member != still || was.State != is.State || !slices.Equal(was.OUs, is.OUs) {
			return fmt.Sprintf("The account %s was moved or changed its state after the plan was made.", id), nil
		}
	}
	return "", nil
}

// organizationCache is the last reading of the organization, with its age. Commands
// that need it at the same time share one reading.
type organizationCache struct {
	// free holds a token while nobody reads; whoever has it owns what follows. A
	// channel and not a mutex, since a reading can take minutes, and whoever waits
	// for it must hear of a cancellation.
	free chan struct{}
	at   time.Time
	last fleet.Organization
}

func (c *organizationCache) read(ctx context.Context, h *Healer, age time.Duration) (fleet.Organization, error) {
	select {
	case <-c.free:
	case <-ctx.Done():
		return fleet.Organization{}, ctx.Err()
	}
	defer func() { c.free <- struct{}{} }()
	now := h.Clock.Now()
	if !c.at.IsZero() && now.Sub(c.at) < age {
		return c.last, nil
	}
	organization, err := h.Cloud.Organization(ctx)
	if err != nil {
		return fleet.Organization{}, err
	}
	c.at, c.last = now, organization
	return organization, nil
}

// afterStopping reads anew what the stopped commands rested on, and reports whether
// there were any.
func (r *run) afterStopping(ctx context.Context, commands []*command.Command) (bool, error) {
	var names []fleet.StackSetName
	for _, c := range commands {
		if c.Stopped == "" {
			continue
		}
		r.keepGuards([]plan.GuardHit{{Guard: plan.GuardChangedMeanwhile, StackSet: c.Action.StackSet, Waits: true,
			Reason: c.Stopped, Hint: "Nothing needs to be done: it is planned anew."}})
		names = append(names, c.Sets()...)
	}
	if len(names) == 0 {
		return false, nil
	}
	f, err := r.inventory(ctx)
	if err != nil {
		return false, err
	}
	r.rec.Value.OrganizationRead = r.now()
	if f.Organization, err = r.h.Cloud.Organization(ctx); err != nil {
		return false, err
	}
	slices.Sort(names)
	if err := r.refreshExisting(ctx, slices.Compact(names)); err != nil {
		return false, err
	}
	if err := r.endReading(ctx, f); err != nil {
		return false, err
	}
	return true, r.saveInventory(ctx)
}

// refreshExisting reads sets again of which some may be gone.
func (r *run) refreshExisting(ctx context.Context, names []fleet.StackSetName) error {
	all, err := r.h.Cloud.StackSets(ctx)
	if err != nil {
		return err
	}
	there := names[:0:0]
	for _, name := range names {
		if slices.Contains(all, name) {
			there = append(there, name)
		} else {
			delete(r.inv.Value.StackSets, name)
		}
	}
	return r.refresh(ctx, there)
}
