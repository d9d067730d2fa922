package execute

import (
	"context"
	"fmt"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/heal/observe"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
)

// verifier compares what was created with what was saved.
type verifier struct {
	*Setting
	restores *Restores
}

// verify reads what was created and compares it with what was saved. Cells without
// overrides of their own have nothing to lose and cost no call.
func (x *verifier) verify(ctx context.Context, c *command.Command) error {
	pending, err := record.PendingRestores(ctx, x.Journal, x.Commands)
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
	if err := x.record(ctx, c.ID, facts); err != nil {
		return err
	}
	return x.restores.resolve(ctx, back, "It is there again with its overrides.")
}

// compare says what became of a cell that was created again.
func (x *verifier) compare(ctx context.Context, c *command.Command, r command.Restore, touched touchedLists) (command.Outcome, error) {
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
	instance, err := x.Cloud.Instance(ctx, r.Cell)
	if err != nil {
		return command.Outcome{}, fmt.Errorf("reading the overrides of %s after its creation: %w", r.Cell, err)
	}
	if record.SameOverrides(instance.Overrides, r.Overrides) {
		return command.Outcome{Cell: r.Cell, State: command.Healed, Restored: true}, nil
	}
	// An external operation after that may have changed it: then what is there counts.
	o, err := observe.ExternalSince(ctx, x.Cloud, r.StackSet, x.Run, creation)
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
func (x *verifier) stackOf(ctx context.Context, cell fleet.Cell, creation string, touched touchedLists) (stack, reason string, err error) {
	list, err := touched.by(ctx, x.Cloud, cell.StackSet, creation)
	if err != nil {
		return "", "", err
	}
	instance, listed := list[cell.Target]
	if !listed { // the list lags behind, or a later operation has touched it
		if instance, err = x.Cloud.Instance(ctx, cell); err != nil && fleet.KindOf(err) != fleet.NotFound {
			return "", "", fmt.Errorf("reading %s after its creation: %w", cell, err)
		}
	}
	return instance.StackID, instance.Reason, nil
}

// touchedLists are the instances that operations were the last to touch, by the
// operations' ids: all cells of a request ask for one list.
type touchedLists map[string]map[fleet.Target]fleet.Instance

func (l touchedLists) by(ctx context.Context, cloud observe.Reader, set fleet.StackSetName, operation string) (map[fleet.Target]fleet.Instance, error) {
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
