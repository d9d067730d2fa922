package configuration

import (
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

// Version is the version of the documents' schema. It changes when a field changes
// its meaning or goes; fields may be added.
const Version = 1

// Head is what every document begins with.
type Head struct {
	Version int `json:"version"`
	// Part counts from 1; Parts is how many there are.
	Part  int `json:"part"`
	Parts int `json:"parts"`
	// Revision names the contents of all parts together.
	Revision string `json:"revision"`
}

// Order is the one-dimensional list that an account-vending pipeline follows.
type Order struct {
	Head
	StackSets []Entry `json:"stackSets"`
	// LeftOut are mandatory stack sets whose configuration contradicts itself.
	LeftOut []LeftOut `json:"leftOut,omitempty"`
}

// Entry is a stack set in the order, with what a CreateStackInstances call needs.
type Entry struct {
	StackSet fleet.StackSetName `json:"stackSet"`
	Level    int                `json:"level"`
	// OUs are those of service-managed sets: DeploymentTargets'
	// OrganizationalUnitIds, to be intersected with the account.
	OUs     []fleet.OUID   `json:"ous,omitempty"`
	Regions []fleet.Region `json:"regions"`
	// Differs is set where OUs or accounts have different regions, or some are
	// excluded: then stacksets/NAME says which, and Regions are all of them.
	Differs bool `json:"differs,omitempty"`
}

// LeftOut is a stack set that is not in the order, and why.
type LeftOut struct {
	StackSet fleet.StackSetName `json:"stackSet"`
	Reason   string             `json:"reason"`
}

// Levels are the stack sets of Order by level. A level that did not fit into one
// part continues in the next one.
type Levels struct {
	Head
	Levels []Level `json:"levels"`
}

// Level holds stack sets that need nothing of one another and do not collide.
type Level struct {
	Level     int                  `json:"level"`
	StackSets []fleet.StackSetName `json:"stackSets"`
}

// StackSet is what tags and policy, taken together, say of one stack set.
type StackSet struct {
	Head
	StackSet        fleet.StackSetName    `json:"stackSet"`
	PermissionModel fleet.PermissionModel `json:"permissionModel"`
	Mandatory       bool                  `json:"mandatory"`
	Healing         policy.Healing        `json:"healing"`
	Protected       bool                  `json:"protected,omitempty"`
	// Level is the one of the order, -1 for a set that is not in it.
	Level int `json:"level"`
	// After are the stack sets that come before this one, Apart those that must never
	// share a target with it.
	After []fleet.StackSetName `json:"after,omitempty"`
	Apart []fleet.StackSetName `json:"apart,omitempty"`
	// Deploy says where instances must be: where any of the rules holds and no
	// exclusion does. Empty if the set is not mandatory.
	Deploy []plan.Rule `json:"deploy,omitempty"`
	// Exclude are accounts and OUs, with all below them, without an instance.
	Exclude []Exclusion `json:"exclude,omitempty"`
	// ManagementAccount is set if the management account counts as an account.
	ManagementAccount bool `json:"managementAccount,omitempty"`
}

// Exclusion is one account or one OU.
type Exclusion struct {
	Account fleet.AccountID `json:"account,omitempty"`
	OU      fleet.OUID      `json:"ou,omitempty"`
}

// Regions returns where an account must have an instance of the stack set, sorted;
// nil if it must have none. The document must be whole: see [Join].
func (s *StackSet) Regions(account fleet.Account, management bool) []fleet.Region {
	if management && !s.ManagementAccount || s.excludes(account) {
		return nil
	}
	seen := map[fleet.Region]bool{}
	for _, rule := range s.Deploy {
		if holds(rule, account) {
			for _, region := range rule.Regions {
				seen[region] = true
			}
		}
	}
	return fleet.SortedKeys(seen)
}

func (s *StackSet) excludes(account fleet.Account) bool {
	for _, e := range s.Exclude {
		if e.Account != "" && e.Account == account.ID || e.OU != "" && account.In(e.OU) {
			return true
		}
	}
	return false
}

func holds(rule plan.Rule, account fleet.Account) bool {
	in := len(rule.OUs) == 0
	for _, ou := range rule.OUs {
		in = in || account.In(ou)
	}
	named := len(rule.Accounts) == 0
	for _, id := range rule.Accounts {
		named = named || id == account.ID
	}
	return in && named
}
