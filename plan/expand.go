package plan

import (
	"slices"

	"github.com/setmend/setmend/fleet"
)

// Expand is what AWS will make of a call, sorted: for a self-managed set the
// whole cross product; for a service-managed set the listed accounts that are
// inside the listed OUs (AccountFilterType INTERSECTION), without the management
// account, in every region. An account counts as inside if it sits below one of
// the OUs, or if its instance there was deployed through one of them: that is
// how AWS finds instances of accounts that have moved or left since.
//
// A call is safe only if its expansion equals what it is meant to cover.
func Expand(f *fleet.Fleet, set fleet.StackSet, call fleet.InstanceChange) []fleet.Target {
	all := call.Targets()
	if set.PermissionModel != fleet.ServiceManaged {
		return all
	}
	var instances map[fleet.Target]fleet.Instance
	if inventory := f.StackSets[set.Name]; inventory != nil {
		instances = inventory.Instances
	}
	return slices.DeleteFunc(all, func(t fleet.Target) bool {
		if t.Account == f.Organization.Management {
			return true
		}
		if instance, present := instances[t]; present && slices.Contains(call.OUs, instance.OU) {
			return false
		}
		return !slices.ContainsFunc(call.OUs, f.Organization.Accounts[t.Account].In)
	})
}
