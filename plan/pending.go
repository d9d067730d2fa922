package plan

import "github.com/setmend/setmend/fleet"

const becausePending = "It was deleted to be redeployed, and its restore is pending since."

// pendingBySet groups what is pending, sorted.
func pendingBySet(m Memory) map[fleet.StackSetName][]fleet.Target {
	pending := map[fleet.StackSetName][]fleet.Target{}
	for cell := range m.PendingRestores {
		pending[cell.StackSet] = append(pending[cell.StackSet], cell.Target)
	}
	for _, targets := range pending {
		fleet.SortTargets(targets)
	}
	return pending
}

// pendingCells are the set's cells whose instance we deleted and have not created
// again, as far as they are not missing already for being mandatory. An account
// that is gone for good gets nothing back; one that may come back is not forgotten.
func (a *assessor) pendingCells(v *setView, m mandate) []Assessed {
	var cells []Assessed
	for _, target := range a.pending[v.name] {
		if _, present := v.instances[target]; present {
			continue
		}
		p, known := a.places[target.Account]
		if !known {
			p = absentPlace(a.fleet, target.Account)
		}
		if p.status == StatusLeft || p.status == StatusClosed || m.holds(target) {
			continue
		}
		c := missingCell(v, target, becausePending)
		if !p.working() {
			c.AccountStatus = p.status
			blockHere(&c, becausePending+" "+p.about, "It is created again when the account is active.")
		} else if v.set.PermissionModel == fleet.ServiceManaged && len(v.policy.OUs) > 0 && !p.in(v.policy.OUs) {
			blockHere(&c, becausePending+" The account is in none of the OUs that the stack set targets by now.",
				"Move the account back for it to be created again, or `setmend overrides export` what is saved of it and create it by hand.")
		}
		cells = append(cells, c)
	}
	for i := range cells {
		cells[i].PendingRestore = true
	}
	return cells
}

// isPending reports whether the cell waits for its restore.
func (a *assessor) isPending(cell fleet.Cell) bool {
	_, pending := a.memory.PendingRestores[cell]
	return pending
}
