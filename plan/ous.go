package plan

import (
	"slices"

	"github.com/setmend/setmend/fleet"
)

// maxOUs is how many OUs AWS takes in one call.
const maxOUs = 50

// OUs are where AWS is to look for the targets' accounts in a call on the stack
// set, sorted; nil for a self-managed set. See [Expand] for what AWS makes of it.
func OUs(f *fleet.Fleet, p *Policy, set fleet.StackSetName, targets []fleet.Target) []fleet.OUID {
	inventory := f.StackSets[set]
	if inventory == nil {
		return nil
	}
	v := &setView{set: inventory.StackSet, instances: inventory.Instances, policy: p.For(inventory.StackSet)}
	return ousOf(f, v, targets)
}

func ousOf(f *fleet.Fleet, v *setView, targets []fleet.Target) []fleet.OUID {
	if v.set.PermissionModel != fleet.ServiceManaged {
		return nil
	}
	found := map[fleet.OUID]bool{}
	for _, target := range targets {
		for _, ou := range v.ousAt(f, target) {
			found[ou] = true
		}
	}
	return fleet.SortedKeys(found)
}

// ousAt are the OUs that a call finds the target's account in: the one that AWS
// recorded with its instance (the account may sit elsewhere by now), and the
// first of the set's that the account sits in, for creating it. The root is
// never named unless the set targets it: deploying at an OU makes that a target
// of automatic deployment.
func (v *setView) ousAt(f *fleet.Fleet, target fleet.Target) []fleet.OUID {
	var ous []fleet.OUID
	if instance, present := v.instances[target]; present && instance.OU != "" {
		ous = append(ous, instance.OU)
	}
	account := f.Organization.Accounts[target.Account]
	for _, ou := range v.policy.OUs {
		if account.In(ou) {
			return append(ous, ou)
		}
	}
	return ous
}

// withinOUs splits cells so that no part names more OUs than AWS takes in a call.
func withinOUs(f *fleet.Fleet, v *setView, cells []Assessed) [][]Assessed {
	if len(ousOf(f, v, targetsOf(cells))) <= maxOUs {
		return [][]Assessed{cells}
	}
	byOU := slices.Clone(cells)
	slices.SortStableFunc(byOU, func(x, y Assessed) int {
		return slices.Compare(v.ousAt(f, x.Target), v.ousAt(f, y.Target))
	})
	var parts [][]Assessed
	for len(byOU) > 0 {
		n := v.fitting(f, byOU)
		part := slices.Clone(byOU[:n])
		slices.SortFunc(part, func(x, y Assessed) int { return x.Target.Compare(y.Target) })
		parts, byOU = append(parts, part), byOU[n:]
	}
	return parts
}

// fitting is how many of the cells go into one call, counted from the first.
func (v *setView) fitting(f *fleet.Fleet, cells []Assessed) int {
	named := map[fleet.OUID]bool{}
	for n, c := range cells {
		for _, ou := range v.ousAt(f, c.Target) {
			named[ou] = true
		}
		if len(named) > maxOUs {
			return n
		}
	}
	return len(cells)
}
