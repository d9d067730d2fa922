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
	"github.com/setmend/setmend/plan"
)

// What a plan rests on may change between planning and acting: somebody updates
// the stack set, an account is moved or reinstated. Works therefore pin the sets
// they were planned for, and look again right before every call. What has changed
// makes the work stand down: it does no more, and the stage reads and plans anew.

// fingerprint identifies what an operation on a set's instances would deploy.
// The id is part of it: a set deleted and made again under its name is another.
func fingerprint(set fleet.StackSet) string {
	parameters := slices.Clone(set.Parameters)
	slices.SortFunc(parameters, func(a, b fleet.Parameter) int { return strings.Compare(a.Key, b.Key) })
	b, _ := json.Marshal([]any{set.ID, set.TemplateHash, parameters}) // strings only: cannot fail
	digest := sha256.Sum256(b)
	return hex.EncodeToString(digest[:8])
}

// pin notes the sets as they were when the work was planned.
func (w *Work) pin(f *fleet.Fleet) {
	w.Pins = map[fleet.StackSetName]string{}
	for _, set := range w.sets() {
		w.Pins[set] = fingerprint(f.StackSets[set].StackSet)
	}
}

// moved says what has changed since the plan that the call rests on, "" for
// nothing.
func (r *run) moved(ctx context.Context, w *Work, call *Call) (string, error) {
	name := call.Change.StackSet
	set, err := r.h.Cloud.StackSet(ctx, name)
	switch {
	case fleet.KindOf(err) == fleet.NotFound:
		return fmt.Sprintf("The stack set %s is gone.", name), nil
	case err != nil:
		return "", fmt.Errorf("looking at the stack set again: %w", err)
	case fingerprint(set) != w.Pins[name]:
		return fmt.Sprintf("The template or the parameters of %s were changed after the plan was made.", name), nil
	case call.Change.Kind != fleet.OperationDelete:
		return "", nil
	}
	if why, err := r.operatedOn(ctx, w, call); err != nil || why != "" {
		return why, err
	}
	return r.accountsMoved(ctx, w, call)
}

// operatedOn says whether somebody has operated on the set since the overrides of
// what is to be deleted were read: they may be others by now, and what was saved
// would be given back in their place.
func (r *run) operatedOn(ctx context.Context, w *Work, call *Call) (string, error) {
	saved, err := read[Saved](ctx, r.h.Journal, overridesKey(call.Change.StackSet, r.id(), w.Key))
	if err != nil || !saved.exists() {
		return "", err // what is only let go of keeps its stack, and is not saved
	}
	o, err := r.foreignSince(ctx, call.Change.StackSet, r.id(), saved.Value.Newest)
	if err != nil || o == nil {
		return "", err
	}
	return fmt.Sprintf("Somebody has operated on %s (%s, %s) since the overrides were saved.", call.Change.StackSet, o.ID, o.Kind), nil
}

// foreignSince is an operation on a set after the given one, by its id and not by
// any clock, that was not the given run's and may have changed overrides; nil for
// none. If AWS's newest do not reach back to the given one, all of them count.
func (r *run) foreignSince(ctx context.Context, set fleet.StackSetName, run, last string) (*fleet.Operation, error) {
	newest, err := r.h.Cloud.Recent(ctx, set, recentOperations)
	if err != nil {
		return nil, fmt.Errorf("looking for others' operations: %w", err)
	}
	for i := range newest {
		o := &newest[i]
		if o.ID == last {
			return nil, nil
		}
		if !strings.HasPrefix(o.ID, operationPrefix(run)) && o.Kind != fleet.OperationDetectDrift {
			return o, nil
		}
	}
	return nil, nil
}

// newest is the id of the newest operation on a set, "" if there is none.
func (r *run) newest(ctx context.Context, set fleet.StackSetName) (string, error) {
	operations, err := r.h.Cloud.Recent(ctx, set, 1)
	if err != nil || len(operations) == 0 {
		return "", err
	}
	return operations[0].ID, nil
}

// How old a reading of the organization may be that a deletion rests on. Letting
// go of orphans is justified by the organization alone, so theirs is read anew.
const (
	orphanAge   = time.Minute
	redeployAge = 15 * time.Minute
)

// accountsMoved compares the call's accounts with the organization as it is now.
func (r *run) accountsMoved(ctx context.Context, w *Work, call *Call) (string, error) {
	f, err := r.inventory(ctx)
	if err != nil {
		return "", err
	}
	age := redeployAge
	if w.Action.Stage == plan.StageCleanup {
		age = orphanAge
	} else if r.now().Sub(r.rec.Value.OrganizationRead) < age {
		return "", nil
	}
	now, err := r.h.organization.read(ctx, r.h, age)
	if err != nil {
		return "", fmt.Errorf("reading the organization again: %w", err)
	}
	for _, id := range call.Change.Accounts {
		was, member := f.Organization.Accounts[id]
		is, still := now.Accounts[id]
		if member != still || was.State != is.State || !slices.Equal(was.OUs, is.OUs) {
			return fmt.Sprintf("The account %s was moved or changed its state after the plan was made.", id), nil
		}
	}
	return "", nil
}

// organizationCache is the last reading of the organization, with its age. Works
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

// standDown ends a work's calls that were not made. Cells not begun are skipped;
// cells already deleted are owed, and created again by the next plan.
func (r *run) standDown(ctx context.Context, w *document[Work], why string) error {
	v := &w.Value
	v.StoodDown = why
	for i := range v.Calls {
		if call := &v.Calls[i]; call.State == callPlanned || call.State == callIntended {
			call.State, call.Reason, call.Ended = callRefused, why, r.now()
		}
	}
	for i := range v.Cells {
		switch c := &v.Cells[i]; c.State {
		case cellPending:
			c.State, c.Reason = cellSkipped, why
		case cellDeleted:
			if v.Phase == phaseCreate {
				c.State, c.Reason = cellOwed, why+" It is created again by the next plan."
			}
		}
	}
	return w.write(ctx, r.h.Journal)
}

// afterStandingDown reads anew what the works that stood down rested on, and
// reports whether there were any.
func (r *run) afterStandingDown(ctx context.Context, works []*document[Work]) (bool, error) {
	var names []fleet.StackSetName
	for _, w := range works {
		if w.Value.StoodDown == "" {
			continue
		}
		trip := plan.GuardHit{Guard: plan.GuardChangedMeanwhile, StackSet: w.Value.Action.StackSet, Waits: true,
			Reason: w.Value.StoodDown, Hint: "Nothing needs to be done: it is planned anew."}
		r.keepTrips([]plan.GuardHit{trip})
		if err := r.decide(ctx, Decision{StackSet: trip.StackSet, Reason: trip.Reason, Action: "guard", Outcome: guardOutcome(trip)}); err != nil {
			return false, err
		}
		names = append(names, w.Value.sets()...)
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
