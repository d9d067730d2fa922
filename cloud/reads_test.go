package cloud

import (
	"context"
	"testing"

	"github.com/setmend/setmend/fleet"
)

// reads are all that list or describe something of a stack set.
var reads = map[string]func(ctx context.Context, a *AWS, cell fleet.Cell) (n int, err error){
	"StackSets": func(ctx context.Context, a *AWS, _ fleet.Cell) (int, error) {
		list, err := a.StackSets(ctx)
		return len(list), err
	},
	"Instances": func(ctx context.Context, a *AWS, c fleet.Cell) (int, error) {
		list, err := a.Instances(ctx, c.StackSet, fleet.InstanceFilter{})
		return len(list), err
	},
	"Results": func(ctx context.Context, a *AWS, c fleet.Cell) (int, error) {
		list, err := a.Results(ctx, c.StackSet, "op")
		return len(list), err
	},
	"ResourceDrifts": func(ctx context.Context, a *AWS, c fleet.Cell) (int, error) {
		list, err := a.ResourceDrifts(ctx, c, "op")
		return len(list), err
	},
	"Running": func(ctx context.Context, a *AWS, c fleet.Cell) (int, error) {
		list, err := a.Running(ctx, c.StackSet)
		return len(list), err
	},
	"Recent": func(ctx context.Context, a *AWS, c fleet.Cell) (int, error) {
		list, err := a.Recent(ctx, c.StackSet, 1000)
		return len(list), err
	},
}

// everyStackSetCall calls everything that takes CallAs, and wants it to fail.
func everyStackSetCall(t *testing.T, a *AWS, cell fleet.Cell) {
	t.Helper()
	fails := func(name string, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s succeeded against an AWS that refuses", name)
		}
	}
	ctx := t.Context()
	for _, name := range fleet.SortedKeys(reads) {
		_, err := reads[name](ctx, a, cell)
		fails(name, err)
	}
	_, err := a.StackSet(ctx, cell.StackSet)
	fails("StackSet", err)
	_, err = a.Instance(ctx, cell)
	fails("Instance", err)
	_, err = a.Operation(ctx, cell.StackSet, "op")
	fails("Operation", err)
	_, err = a.OrganizationsAccess(ctx)
	fails("OrganizationsAccess", err)
	fails("DetectDrift", a.DetectDrift(ctx, cell.StackSet, "op", fleet.Preferences{}))
	for kind := range changeKinds {
		fails(string(kind), a.Change(ctx, aChange(kind)))
	}
}
