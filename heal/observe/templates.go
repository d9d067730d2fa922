package observe

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/record"
)

// Templates compares member stacks with their stack sets. A member stack that is
// updated directly keeps another template or other parameters than its stack set has
// for it. AWS calls it CURRENT and, since its resources match its own template,
// IN_SYNC. Where the policy asks for it (checkTemplates), setmend looks into the member
// accounts and compares.
type Templates struct{ *View }

// Check compares every current instance of the sets whose policy wants
// it, once a run and again after each operation on it. It reports false if the
// time was not enough; the next call goes on.
func (v *Templates) Check(ctx context.Context, scope record.Options) (bool, error) {
	f, err := v.Fleet(ctx)
	if err != nil {
		return false, err
	}
	cells := v.uncompared(f, scope)
	for part := range slices.Chunk(cells, stackReaders) {
		if v.Clock.Now().After(v.Deadline) {
			return false, v.save(ctx)
		}
		if err := v.compareStacks(ctx, f, part); err != nil {
			return false, err
		}
	}
	if len(cells) == 0 {
		return true, nil
	}
	return true, v.save(ctx)
}

// stackReaders is how many member stacks are read side by side. Each is in an account
// and region of its own, with rate limits of its own.
const stackReaders = 40

// uncompared lists the cells whose stack was not looked at yet.
func (v *Templates) uncompared(f *fleet.Fleet, scope record.Options) []fleet.Cell {
	var cells []fleet.Cell
	for _, name := range f.Names() {
		policy := v.policy(name)
		if !policy.CheckTemplates || policy.MemberRole == "" || !scope.Covers(name) {
			continue
		}
		for _, instance := range f.StackSets[name].List() {
			if instance.Status == fleet.InstanceCurrent && instance.StackID != "" && instance.TemplateCheck.IsZero() && active(f, instance.Target) {
				cells = append(cells, fleet.Cell{StackSet: name, Target: instance.Target})
			}
		}
	}
	return cells
}

func (v *Templates) compareStacks(ctx context.Context, f *fleet.Fleet, cells []fleet.Cell) error {
	var mu sync.Mutex // guards the inventories' maps
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(stackReaders)
	for _, cell := range cells {
		group.Go(func() error {
			inventory := f.StackSets[cell.StackSet]
			mu.Lock()
			instance := inventory.Instances[cell.Target]
			mu.Unlock()
			divergence, err := v.divergence(ctx, inventory.StackSet, instance, cell)
			if err != nil {
				return fmt.Errorf("comparing the stack of %s with its stack set: %w", cell, err)
			}
			mu.Lock()
			defer mu.Unlock()
			instance.Divergence, instance.TemplateCheck = divergence, v.Clock.Now()
			inventory.Instances[cell.Target] = instance
			return nil
		})
	}
	return group.Wait()
}

// divergence says how one stack differs from what its stack set has for it. An
// account that cannot be looked into is taken as it is: it is one more check than
// AWS makes, not a precondition.
func (v *Templates) divergence(ctx context.Context, set fleet.StackSet, instance fleet.Instance, cell fleet.Cell) (string, error) {
	stack := fleet.MemberStack{Target: cell.Target, StackID: instance.StackID, Role: v.policy(cell.StackSet).MemberRole}
	hash, parameters, err := v.Cloud.StackTemplate(ctx, stack)
	switch fleet.KindOf(err) {
	case fleet.Denied, fleet.NotFound, fleet.Invalid:
		v.Log.Warn("reading a member stack's template", "cell", cell.String(), "error", err)
		return "", nil
	}
	switch {
	case err != nil:
		return "", err
	case hash != set.TemplateHash:
		return "its template is not the stack set's.", nil
	case len(differing(set, nil, parameters)) == 0:
		return "", nil
	}
	// The instance's own overrides explain most differences.
	full, err := v.Cloud.Instance(ctx, cell)
	if err != nil {
		return "", err
	}
	if names := differing(set, full.Overrides, parameters); len(names) > 0 {
		return "its parameters " + strings.Join(names, ", ") + " are not what stack set and overrides say.", nil
	}
	return "", nil
}

// differing names the stack's parameters whose value is not what the stack set
// and the overrides say. What AWS masks cannot be compared; a parameter that
// neither names has its template's default, or AWS would list it.
func differing(set fleet.StackSet, overrides, parameters []fleet.Parameter) []string {
	want := map[string]fleet.Parameter{}
	for _, p := range append(slices.Clone(set.Parameters), overrides...) {
		want[p.Key] = p
	}
	var names []string
	for _, p := range parameters {
		expected, named := want[p.Key]
		if named && p.Value != expected.Value && !p.Masked() && !expected.Masked() && !slices.Contains(set.NoEcho, p.Key) {
			names = append(names, p.Key)
		}
	}
	slices.Sort(names)
	return names
}
