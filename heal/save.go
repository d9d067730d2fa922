package heal

import (
	"context"
	"fmt"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/plan"
)

// save reads every cell that is about to be deleted or detached, checks once more
// whether it still needs that, and saves its overrides durably.
func (x *executor) save(ctx context.Context, c *command.Command, cells []fleet.Cell) error {
	if _, err := x.fence.lease.check(ctx); err != nil {
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
	copies := map[fleet.Cell]SavedCell{}
	ended := map[fleet.Cell]command.Outcome{}
	for _, cell := range cells {
		instance, err := x.h.Cloud.Instance(ctx, cell)
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
		copies[cell] = SavedCell{Target: cell.Target, StackID: instance.StackID, Overrides: orEmpty(instance.Overrides)}
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
	return x.log.record(ctx, c.ID, facts)
}

// saveCopies writes a document for each of the command's sets.
func (x *executor) saveCopies(ctx context.Context, c *command.Command, order []command.Copy, copies map[fleet.Cell]SavedCell) error {
	for _, set := range c.Sets() {
		saved := Saved{StackSet: set, Run: x.id(), Command: c.ID, Kind: c.Kind, At: x.now(), Reason: c.Action.Reason, Detached: c.Kind == command.Detach}
		if inventory := x.inv.Value.StackSets[set]; inventory != nil {
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
		if err := saveOverrides(ctx, x.h.Journal, saved); err != nil {
			return err
		}
	}
	return nil
}

// newest is the id of the newest operation on a set, "" if there is none.
func (x *executor) newest(ctx context.Context, set fleet.StackSetName) (string, error) {
	operations, err := x.h.Cloud.Recent(ctx, set, 1)
	if err != nil || len(operations) == 0 {
		return "", err
	}
	return operations[0].ID, nil
}

// unwanted looks at the instance right before its deletion: drift may have gone
// since the plan was made, and an override that AWS masks cannot be given back, so
// an instance with one is never deleted to be created again.
func (x *executor) unwanted(c *command.Command, cell fleet.Cell, now fleet.Instance) (command.Outcome, bool) {
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
// NoEcho, or the value is AWS's stand-in for one.
func (x *executor) masked(set fleet.StackSetName, p fleet.Parameter) bool {
	inventory := x.inv.Value.StackSets[set]
	return p.Masked() || inventory != nil && slices.Contains(inventory.StackSet.NoEcho, p.Key)
}

// keepTogether gives up on a target as a whole if one of the sets that have to
// go together there cannot go.
func keepTogether(c *command.Command, copies map[fleet.Cell]SavedCell, ended map[fleet.Cell]command.Outcome) {
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
func (x *executor) saveAgain(ctx context.Context, c *command.Command, a *command.Attempt) error {
	if !a.Deletes() {
		return nil
	}
	why, err := x.operatedOn(ctx, c, a)
	if err != nil || why == "" {
		return err
	}
	key := overridesKey(a.Request.StackSet, x.id(), c.ID)
	doc, err := read[Saved](ctx, x.h.Journal, key)
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
		instance, err := x.h.Cloud.Instance(ctx, cell)
		if fleet.KindOf(err) == fleet.NotFound {
			continue // deleted by now
		}
		if err != nil {
			return fmt.Errorf("reading the overrides of %s again: %w", cell, err)
		}
		if !sameOverrides(instance.Overrides, saved.Overrides) {
			saved.Overrides = orEmpty(instance.Overrides)
			changed = append(changed, command.Copy{Cell: cell, Overrides: instance.Overrides})
		}
	}
	if len(changed) == 0 {
		return nil
	}
	doc.Value.Sum = sum(doc.Value.Cells)
	if err := doc.write(ctx, x.h.Journal); err != nil {
		return err
	}
	return x.log.record(ctx, c.ID, command.SavedAgain{Copies: changed})
}

// verify reads what was created and compares it with what was saved. Cells without
// overrides of their own have nothing to lose and cost no call.
func (x *executor) verify(ctx context.Context, c *command.Command) error {
	pending, err := pendingRestores(ctx, x.h.Journal, x.log)
	if err != nil {
		return err
	}
	facts, touched := command.Verified{}, touchedLists{}
	var back []fleet.Cell
	for i := range c.Cells {
		d := &c.Cells[i]
		restore, waits := pending[d.Cell]
		if !waits {
			restore = command.Restore{Cell: d.Cell, Overrides: givenTo(c, d.Cell)}
		}
		if d.State != command.Healed || !waits && len(restore.Overrides) == 0 {
			continue
		}
		outcome, err := x.compare(ctx, c, restore, touched)
		if err != nil {
			return err
		}
		facts.Outcomes = append(facts.Outcomes, outcome)
		if waits && outcome.State == command.Healed {
			back = append(back, d.Cell)
		}
	}
	if err := x.log.record(ctx, c.ID, facts); err != nil {
		return err
	}
	return x.resolve(ctx, back, "It is there again with its overrides.")
}

// compare says what became of a cell that was created again.
func (x *executor) compare(ctx context.Context, c *command.Command, r command.Restore, touched touchedLists) (command.Outcome, error) {
	creation := creationOf(c, r.Cell)
	stack, reason, err := x.stackOf(ctx, r.Cell, creation, touched)
	if err != nil {
		return command.Outcome{}, err
	}
	if stack == "" {
		return failed(r.Cell, "AWS called the creation a success and made no stack: "+reason), nil
	}
	if len(r.Overrides) == 0 {
		return command.Outcome{Cell: r.Cell, State: command.Healed}, nil
	}
	instance, err := x.h.Cloud.Instance(ctx, r.Cell)
	if err != nil {
		return command.Outcome{}, fmt.Errorf("reading the overrides of %s after its creation: %w", r.Cell, err)
	}
	if sameOverrides(instance.Overrides, r.Overrides) {
		return command.Outcome{Cell: r.Cell, State: command.Healed, Restored: true}, nil
	}
	// An external operation after that may have changed it: then what is there counts.
	o, err := externalSince(ctx, x.h.Cloud, r.StackSet, x.id(), creation)
	if err != nil {
		return command.Outcome{}, err
	}
	if givenSince(o, instance) {
		return command.Outcome{Cell: r.Cell, State: command.Healed}, nil
	}
	return command.Outcome{Cell: r.Cell, State: command.Failed, Class: plan.ReasonUnknown, Lost: true,
		Reason: "The overrides differ from those saved before the deletion; the saved ones are in the journal."}, nil
}

// stackOf makes sure that what was created has a stack. AWS counts accounts that
// are suspended, which it skips, among those that succeeded.
func (x *executor) stackOf(ctx context.Context, cell fleet.Cell, creation string, touched touchedLists) (stack, reason string, err error) {
	list, err := touched.by(ctx, x.h.Cloud, cell.StackSet, creation)
	if err != nil {
		return "", "", err
	}
	instance, listed := list[cell.Target]
	if !listed { // the list lags behind, or a later operation has touched it
		if instance, err = x.h.Cloud.Instance(ctx, cell); err != nil && fleet.KindOf(err) != fleet.NotFound {
			return "", "", fmt.Errorf("reading %s after its creation: %w", cell, err)
		}
	}
	return instance.StackID, instance.Reason, nil
}

// touchedLists are the instances that operations were the last to touch, by the
// operations' ids: all cells of a request ask for one list.
type touchedLists map[string]map[fleet.Target]fleet.Instance

func (l touchedLists) by(ctx context.Context, cloud Reader, set fleet.StackSetName, operation string) (map[fleet.Target]fleet.Instance, error) {
	if list, known := l[operation]; known {
		return list, nil
	}
	instances, err := cloud.Instances(ctx, set, fleet.InstanceFilter{Operation: operation})
	if err != nil {
		return nil, fmt.Errorf("reading what operation %s touched: %w", operation, err)
	}
	l[operation] = map[fleet.Target]fleet.Instance{}
	for _, instance := range instances {
		l[operation][instance.Target] = instance
	}
	return l[operation], nil
}

// creationOf is the id of the command's last operation that was to create the cell.
func creationOf(c *command.Command, cell fleet.Cell) string {
	id := ""
	for i := range c.Attempts {
		a := &c.Attempts[i]
		if !a.Deletes() && a.Request.StackSet == cell.StackSet && slices.Contains(a.Request.Targets(), cell.Target) {
			id = a.Operation
		}
	}
	return id
}

// givenSince reports whether an instance's overrides are what an external operation
// gave it after ours. Automatic deployment gives none, and what it creates in place
// of what is pending does not restore it.
func givenSince(o *fleet.Operation, instance fleet.Instance) bool {
	return o != nil && o.Kind == fleet.OperationUpdate && len(instance.Overrides) > 0
}
