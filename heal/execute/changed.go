package execute

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
	"github.com/setmend/setmend/heal/observe"
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

// Pins returns the fingerprints of an action's sets, by which a command notices that
// they were changed.
func Pins(f *fleet.Fleet, a plan.Action) map[fleet.StackSetName]string {
	prints := map[fleet.StackSetName]string{}
	for _, set := range append([]fleet.StackSetName{a.StackSet}, a.Together...) {
		prints[set] = fingerprint(f.StackSets[set].StackSet)
	}
	return prints
}

// UpdateCommand returns a command that sends one request for instances of a stack set,
// pinned to the set as the fleet has it.
func UpdateCommand(f *fleet.Fleet, run, id string, request plan.Request) command.Command {
	action := plan.Action{ID: id, StackSet: request.StackSet, Targets: request.Targets(), Requests: []plan.Request{request}}
	c := command.Command{ID: id, Run: run, Kind: command.Update, Action: action, Pins: Pins(f, action)}
	for _, cell := range action.Cells() {
		c.Cells = append(c.Cells, command.Cell{Cell: cell})
	}
	return c
}

// checks looks again, right before a request, at what the plan rests on.
type checks struct{ *Setting }

// changedSince returns what has changed since the plan that the request rests on, nil
// for nothing. A drift detection rests on nothing.
func (x *checks) changedSince(ctx context.Context, c *command.Command, a *command.Attempt) (*command.ChangedSincePlan, error) {
	if a.Request.Kind == plan.RequestDetect {
		return nil, nil
	}
	name := a.Request.StackSet
	set, err := x.Cloud.StackSet(ctx, name)
	switch {
	case fleet.KindOf(err) == fleet.NotFound:
		return changed("The stack set %s is gone.", name), nil
	case err != nil:
		return nil, fmt.Errorf("looking at the stack set again: %w", err)
	case len(c.Pins) > 0 && fingerprint(set) != c.Pins[name]:
		return changed("The template or the parameters of %s were changed after the plan was made.", name), nil
	case !a.Deletes():
		return nil, nil
	}
	o, err := x.operatedOn(ctx, c, a)
	switch {
	case err != nil:
		return nil, err
	case o != nil:
		return changed("An external operation was made on %s (%s, %s) since the overrides were saved.", name, o.ID, o.Kind), nil
	}
	account, err := x.accountChanged(ctx, c, a)
	if err != nil || account == "" {
		return nil, err
	}
	return changed("The account %s was moved or changed its state after the plan was made.", account), nil
}

func changed(format string, args ...any) *command.ChangedSincePlan {
	return &command.ChangedSincePlan{Reason: fmt.Sprintf(format, args...)}
}

// operatedOn returns an external operation that has begun on the set since the
// overrides of what is to be deleted were read, nil for none: they may be others by
// now, and what was saved would be given back in their place.
func (x *checks) operatedOn(ctx context.Context, c *command.Command, a *command.Attempt) (*fleet.Operation, error) {
	return observe.ExternalSince(ctx, x.Cloud, a.Request.StackSet, c.Run, c.Newest[a.Request.StackSet])
}

// How old a reading of the organization may be that a deletion rests on. Letting
// go of orphans is justified by the organization alone, so theirs is read anew.
const (
	orphanAge   = time.Minute
	redeployAge = 15 * time.Minute
)

// accountChanged returns one of the request's accounts that is not as the plan knew it,
// "" for none.
func (x *checks) accountChanged(ctx context.Context, c *command.Command, a *command.Attempt) (fleet.AccountID, error) {
	age := redeployAge
	if c.Action.Stage == plan.StageCleanup {
		age = orphanAge
	} else if x.now().Sub(x.OrganizationRead) < age {
		return "", nil
	}
	now, err := x.Organization.read(ctx, age)
	if err != nil {
		return "", fmt.Errorf("reading the organization again: %w", err)
	}
	for _, id := range a.Request.Accounts {
		was, member := x.Fleet.Organization.Accounts[id]
		is, still := now.Accounts[id]
		if member != still || was.State != is.State || !slices.Equal(was.OUs, is.OUs) {
			return id, nil
		}
	}
	return "", nil
}

// givenSince reports whether an instance's overrides are what an external operation
// gave it after ours. Automatic deployment gives none, and what it creates in place
// of what is pending does not restore it.
func givenSince(o *fleet.Operation, instance fleet.Instance) bool {
	return o != nil && o.Kind == fleet.OperationUpdate && len(instance.Overrides) > 0
}
