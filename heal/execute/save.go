package execute

import (
	"context"
	"fmt"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
)

// saver makes overrides durable before they are deleted.
type saver struct{ *Setting }

// save reads every cell that is about to be deleted or detached, checks once more
// whether it still needs that, and saves its overrides durably.
func (x *saver) save(ctx context.Context, c *command.Command, cells []fleet.Cell) error {
	if _, err := x.Fence.Lease.Check(ctx); err != nil {
		return err // what follows is written for a deletion that must not come
	}
	facts := command.Saved{Newest: map[fleet.StackSetName]string{}}
	for _, set := range c.Sets() {
		newest, err := x.newest(ctx, set)
		if err != nil {
			return fmt.Errorf("looking for the newest operation: %w", err)
		}
		facts.Newest[set] = newest
	}
	copies := map[fleet.Cell]record.SavedCell{}
	ended := map[fleet.Cell]command.Outcome{}
	for _, cell := range cells {
		instance, err := x.Cloud.Instance(ctx, cell)
		if fleet.KindOf(err) == fleet.NotFound {
			ended[cell] = command.Outcome{Cell: cell, State: command.Skipped, Reason: "the instance is gone already"}
			continue
		}
		if err != nil {
			return fmt.Errorf("reading the overrides of %s: %w", cell, err)
		}
		if outcome, unwanted := x.unwanted(c, cell, instance); unwanted {
			ended[cell] = outcome
			continue
		}
		copies[cell] = record.SavedCell{Target: cell.Target, StackID: instance.StackID, Overrides: orEmpty(instance.Overrides)}
	}
	keepTogether(c, copies, ended)
	for _, cell := range cells {
		if outcome, ok := ended[cell]; ok {
			facts.Outcomes = append(facts.Outcomes, outcome)
		} else {
			facts.Copies = append(facts.Copies, command.Copy{Cell: cell, Overrides: copies[cell].Overrides})
		}
	}
	if err := x.saveCopies(ctx, c, facts.Copies, copies); err != nil {
		return err
	}
	return x.record(ctx, c.ID, facts)
}

// saveCopies writes a document for each of the command's sets.
func (x *saver) saveCopies(ctx context.Context, c *command.Command, order []command.Copy, copies map[fleet.Cell]record.SavedCell) error {
	for _, set := range c.Sets() {
		saved := record.Saved{StackSet: set, Run: x.Run, Command: c.ID, Kind: c.Kind, At: x.now(), Reason: c.Action.Reason, Detached: c.Kind == command.Detach}
		if inventory := x.Fleet.StackSets[set]; inventory != nil {
			saved.StackSetID, saved.TemplateHash = inventory.StackSet.ID, inventory.StackSet.TemplateHash
		}
		for _, one := range order {
			if one.StackSet == set {
				saved.Cells = append(saved.Cells, copies[one.Cell])
			}
		}
		if len(saved.Cells) == 0 {
			continue
		}
		if err := record.SaveOverrides(ctx, x.Journal, saved); err != nil {
			return err
		}
	}
	return nil
}

// newest is the id of the newest operation on a set, "" if there is none.
func (x *saver) newest(ctx context.Context, set fleet.StackSetName) (string, error) {
	operations, err := x.Cloud.Recent(ctx, set, 1)
	if err != nil || len(operations) == 0 {
		return "", err
	}
	return operations[0].ID, nil
}

// unwanted looks at the instance right before its deletion: drift may have gone
// since the plan was made, and an override that AWS masks cannot be given back, so
// an instance with one is never deleted to be created again.
func (x *saver) unwanted(c *command.Command, cell fleet.Cell, now fleet.Instance) (command.Outcome, bool) {
	if c.Kind != command.Redeploy {
		return command.Outcome{}, false
	}
	if c.Find(cell).Verdict == plan.Drifted && now.Drift == fleet.DriftInSync {
		return command.Outcome{Cell: cell, State: command.Skipped, Reason: "the drift has gone since it was planned"}, true
	}
	masked := slices.IndexFunc(now.Overrides, func(p fleet.Parameter) bool { return x.masked(cell.StackSet, p) })
	if masked < 0 {
		return command.Outcome{}, false
	}
	return command.Outcome{Cell: cell, State: command.Failed, Class: plan.ReasonMaskedOverride,
		Reason: fmt.Sprintf("The override of parameter %s is NoEcho: AWS does not tell its value, so deleting the instance would lose it.", now.Overrides[masked].Key)}, true
}

// masked reports whether an override's value cannot be read: the parameter is
// NoEcho, or the value is AWS's mask.
func (x *saver) masked(set fleet.StackSetName, p fleet.Parameter) bool {
	inventory := x.Fleet.StackSets[set]
	return p.Masked() || inventory != nil && slices.Contains(inventory.StackSet.NoEcho, p.Key)
}

// keepTogether gives up on a target as a whole if one of the sets that have to
// go together there cannot go.
func keepTogether(c *command.Command, copies map[fleet.Cell]record.SavedCell, ended map[fleet.Cell]command.Outcome) {
	if len(c.Action.Together) == 0 {
		return
	}
	stuck := map[fleet.Target]fleet.StackSetName{}
	for _, d := range c.Cells {
		if o, ok := ended[d.Cell]; ok && o.State == command.Failed {
			stuck[d.Target] = d.StackSet
		}
	}
	for cell := range copies {
		if cause, ok := stuck[cell.Target]; ok {
			ended[cell] = command.Outcome{Cell: cell, State: command.Failed, Class: plan.ReasonExportInUse,
				Reason: fmt.Sprintf("%s cannot be redeployed here, and both have to go together.", cause)}
		}
	}
}

// saveAgain reads overrides a last time when AWS has accepted their deletion. An
// external operation may have come between saving and deleting: with managed
// execution, the deletion then waits in the queue while that operation gives the
// instances other overrides. From the acceptance on they cannot change before they
// are deleted, so that what is read now is what is deleted. Without such an
// operation in the list of operations nothing is read.
func (x *saver) saveAgain(ctx context.Context, c *command.Command, a *command.Attempt) error {
	if !a.Deletes() {
		return nil
	}
	o, err := (&checks{x.Setting}).operatedOn(ctx, c, a)
	if err != nil || o == nil {
		return err
	}
	key := record.OverridesKey(a.Request.StackSet, x.Run, c.ID)
	doc, err := record.Read[record.Saved](ctx, x.Journal, key)
	if err != nil {
		return err
	}
	var changed []command.Copy
	for i := range doc.Value.Cells {
		saved := &doc.Value.Cells[i]
		cell := fleet.Cell{StackSet: a.Request.StackSet, Target: saved.Target}
		if known := c.Find(cell); known == nil || known.State != command.Pending {
			continue
		}
		instance, err := x.Cloud.Instance(ctx, cell)
		if fleet.KindOf(err) == fleet.NotFound {
			continue // deleted by now
		}
		if err != nil {
			return fmt.Errorf("reading the overrides of %s again: %w", cell, err)
		}
		if !record.SameOverrides(instance.Overrides, saved.Overrides) {
			saved.Overrides = orEmpty(instance.Overrides)
			changed = append(changed, command.Copy{Cell: cell, Overrides: instance.Overrides})
		}
	}
	if len(changed) == 0 {
		return nil
	}
	doc.Value.Seal()
	if err := doc.Write(ctx, x.Journal); err != nil {
		return err
	}
	return x.record(ctx, c.ID, command.SavedAgain{Copies: changed})
}

// orEmpty returns a list that is not nil: nil means that it was not read.
func orEmpty(list []fleet.Parameter) []fleet.Parameter {
	if list == nil {
		return []fleet.Parameter{}
	}
	return list
}
