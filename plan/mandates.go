package plan

import (
	"slices"

	"github.com/setmend/setmend/fleet"
)

// Rule says where instances of a mandatory stack set must be: in each account that
// sits in one of OUs (anywhere, if there are none) and is one of Accounts (any, if
// there are none), in every one of Regions.
type Rule struct {
	OUs      []fleet.OUID      `json:"ous,omitempty"`
	Accounts []fleet.AccountID `json:"accounts,omitempty"`
	Regions  []fleet.Region    `json:"regions"`
}

// Rules returns where the stack set's instances must be, without listing the
// accounts that there are now; nil if it is not mandatory. Exclusions, the
// management account and accounts that are not active come on top: see
// [policy.Set].
func (a *Assessment) Rules(set fleet.StackSetName) []Rule {
	v := a.world.sets[set]
	if v == nil || !v.policy.Mandatory {
		return nil
	}
	if len(v.policy.Targets) > 0 {
		rules := make([]Rule, 0, len(v.policy.Targets))
		for _, target := range v.policy.Targets {
			rules = append(rules, Rule{OUs: target.OUs, Accounts: target.Accounts, Regions: usableRegions(target.Regions)})
		}
		return rules
	}
	serviceManaged := v.set.PermissionModel == fleet.ServiceManaged
	deployed := v.deployTargets()
	if v.policy.From["regions"] != "" || !serviceManaged || len(deployed) == 0 {
		return oneRule(v, serviceManaged, usableRegions(v.policy.Regions))
	}
	if sameRegions(deployed) {
		return oneRule(v, serviceManaged, usableRegions(deployed[0].Regions))
	}
	var rules []Rule
	for _, target := range deployed {
		if ous := a.world.both(target.OU, v.policy.OUs); len(ous) > 0 {
			rules = append(rules, Rule{OUs: ous, Regions: usableRegions(target.Regions)})
		}
	}
	return rules
}

// oneRule is the rule of a set that has the same regions everywhere. A
// service-managed set is only in its OUs.
func oneRule(v *setView, serviceManaged bool, regions []fleet.Region) []Rule {
	if len(regions) == 0 || serviceManaged && len(v.policy.OUs) == 0 {
		return nil
	}
	if !serviceManaged {
		return []Rule{{Regions: regions}}
	}
	return []Rule{{OUs: v.policy.OUs, Regions: regions}}
}

// both returns the OUs that hold exactly the accounts that sit in ou and in one of
// the others. OUs form a tree: of two, one contains the other or they share nothing.
func (w *world) both(ou fleet.OUID, others []fleet.OUID) []fleet.OUID {
	var shared []fleet.OUID
	for _, other := range others {
		switch {
		case w.below(ou, other):
			return []fleet.OUID{ou}
		case w.below(other, ou):
			shared = append(shared, other)
		}
	}
	slices.Sort(shared)
	return slices.Compact(shared)
}

// below reports whether an OU is another one or sits under it.
func (w *world) below(ou, top fleet.OUID) bool {
	units := w.fleet.Organization.OUs
	for steps := 0; steps <= len(units); steps++ {
		if ou == top {
			return true
		}
		if ou = units[ou].Parent; ou == "" {
			break
		}
	}
	return false
}

// Needs returns the stack sets that must be deployed before the given one, by its
// dependson and its own automatic deployment's DependsOn, sorted.
func (a *Assessment) Needs(set fleet.StackSetName) []fleet.StackSetName {
	return a.world.graph.needs[set]
}

// Apart returns the stack sets that must never share a target with the given one,
// in both directions of antidependson, sorted.
func (a *Assessment) Apart(set fleet.StackSetName) []fleet.StackSetName {
	return a.world.graph.anti[set]
}
