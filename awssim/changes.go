package awssim

import (
	"fmt"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
	"github.com/setmend/setmend/awssim/internal/faults"
)

// Apply makes a change to the world now, whatever its times.
func (a *AWS) Apply(c Change) error {
	if err := c.Check(); err != nil {
		return err
	}
	a.Lock()
	defer a.Unlock()
	return a.apply(c)
}

// schedule has a change happen after a while, and again if it repeats. A change
// that turns out impossible by then, such as one to an account that has left, is
// dropped: it would have no effect in AWS either.
func (a *AWS) schedule(c Change, after time.Duration, n int) {
	a.world.After(after, func() {
		_ = a.apply(c)
		if c.Every > 0 && (c.Times == 0 || n < c.Times) {
			a.schedule(c, c.Every, n+1)
		}
	})
}

// apply makes a change with the lock held.
func (a *AWS) apply(c Change) error {
	access, org := a.world.Access, a.organization.Containing(c.Account)
	switch c.Do {
	case faults.LoseRole:
		access.RemoveRole(c.Account, c.Role)
	case faults.RestoreRole:
		access.RestoreRole(c.Account, c.Role)
	case faults.AddSCP:
		access.AddSCP(core.SCP{Target: c.Target, Action: c.Action, Regions: c.Regions})
	case faults.RemoveSCP:
		access.RemoveSCP(c.Target, c.Action)
	case faults.Suspend:
		return org.Suspend(c.Account)
	case faults.Reactivate:
		return org.SetState(c.Account, "ACTIVE")
	case faults.Close:
		return org.Close(c.Account)
	case faults.Leave:
		return org.Leave(c.Account)
	case faults.Move:
		return org.Move(c.Account, c.Target)
	case faults.DisableRegion, faults.EnableRegion:
		a.stackSets.DisableRegion(c.Account, c.Region, c.Do == faults.DisableRegion)
	case faults.Drift, faults.DeleteResource:
		return a.drift(c)
	}
	return nil
}

// drift changes a live resource by hand.
func (a *AWS) drift(c Change) error {
	stack, ok := a.stackSets.StackOf(c.StackSet, c.Account, c.Region)
	if !ok {
		return fmt.Errorf("stack set %s has no stack in account %s, region %s", c.StackSet, c.Account, c.Region)
	}
	switch {
	case c.Do == faults.DeleteResource:
		return a.stacks.DeleteResource(stack, c.Resource)
	case c.Value == nil:
		return a.stacks.RemoveProperty(stack, c.Resource, c.Property)
	}
	return a.stacks.SetProperty(stack, c.Resource, c.Property, c.Value)
}
