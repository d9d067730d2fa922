package observe

import (
	"context"
	"fmt"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

// RecallSaved looks what has become of the instances that the memory holds saved
// overrides of: which of them are there again without them, one call each, and
// which detached stacks are gone, where a member role lets setmend look.
func RecallSaved(ctx context.Context, cloud Cloud, f *fleet.Fleet, p *policy.Policy, m *plan.Memory) error {
	for cell, saved := range m.Saved {
		inventory := f.StackSets[cell.StackSet]
		if inventory == nil || !active(f, cell.Target) {
			continue
		}
		instance, there := inventory.Instances[cell.Target]
		_, pending := m.PendingRestores[cell]
		if pending || saved.Settled || there && (!saved.Removed || instance.StackID == saved.StackID || instance.StackID == "") {
			continue
		}
		var err error
		if role := p.For(inventory.StackSet).MemberRole; role != "" && saved.Detached && saved.StackID != "" {
			saved.Gone, err = stackGone(ctx, cloud, fleet.MemberStack{Target: cell.Target, StackID: saved.StackID, Role: role})
		}
		if err == nil && there && len(saved.Overrides) > 0 {
			saved.Differs, err = differs(ctx, cloud, cell, saved)
		}
		if err != nil {
			return fmt.Errorf("looking what has become of %s, which was deleted in run %s: %w", cell, saved.Run, err)
		}
		m.Saved[cell] = saved
	}
	return nil
}

// differs reports whether an instance that is there again has other overrides than
// the saved ones, and none that an update has given it since.
func differs(ctx context.Context, cloud Reader, cell fleet.Cell, saved plan.SavedInstance) (bool, error) {
	instance, err := cloud.Instance(ctx, cell)
	if err != nil || record.SameOverrides(instance.Overrides, saved.Overrides) {
		if fleet.KindOf(err) == fleet.NotFound {
			err = nil
		}
		return false, err
	}
	if len(instance.Overrides) == 0 || instance.LastOperation == "" {
		return true, nil
	}
	o, err := cloud.Operation(ctx, cell.StackSet, instance.LastOperation)
	if fleet.KindOf(err) == fleet.NotFound {
		return true, nil
	}
	return o.Kind != fleet.OperationUpdate, err
}

// stackGone reports whether a stack is known to be gone. What cannot be looked at
// may be there.
func stackGone(ctx context.Context, cloud Member, stack fleet.MemberStack) (bool, error) {
	switch _, _, err := cloud.StackTemplate(ctx, stack); fleet.KindOf(err) {
	case fleet.NotFound:
		return true, nil
	case fleet.Denied, fleet.Invalid:
		return false, nil
	default:
		return false, err
	}
}
