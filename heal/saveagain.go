package heal

import (
	"context"
	"fmt"

	"github.com/setmend/setmend/fleet"
)

// saveAgain reads overrides a last time when AWS has accepted their deletion. An
// operation of somebody else's may have come between saving and deleting: with
// managed execution, the deletion then waits in the queue while that operation
// gives the instances other overrides. From the acceptance on nobody can change
// them before they are deleted, so that what is read now is what there was.
// Without such an operation nothing is read: the list of operations tells.
func (r *run) saveAgain(ctx context.Context, w *Work, call *Call) error {
	if call.Change.Kind != fleet.OperationDelete {
		return nil
	}
	why, err := r.operatedOn(ctx, w, call)
	if err != nil || why == "" {
		return err
	}
	doc, err := read[Saved](ctx, r.h.Journal, overridesKey(call.Change.StackSet, r.id(), w.Key))
	if err != nil {
		return err
	}
	changed := false
	for i := range doc.Value.Cells {
		c := &doc.Value.Cells[i]
		cell := fleet.Cell{StackSet: call.Change.StackSet, Target: c.Target}
		if known := w.cell(cell); known == nil || known.State != cellPending {
			continue
		}
		instance, err := r.h.Cloud.Instance(ctx, cell)
		if fleet.KindOf(err) == fleet.NotFound {
			continue // deleted by now
		}
		if err != nil {
			return fmt.Errorf("reading the overrides of %s again: %w", cell, err)
		}
		if !sameOverrides(instance.Overrides, c.Overrides) {
			c.Overrides, changed = orEmpty(instance.Overrides), true
		}
	}
	if !changed {
		return nil
	}
	doc.Value.Sum = sum(doc.Value.Cells)
	return doc.write(ctx, r.h.Journal)
}
