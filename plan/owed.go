package plan

import "github.com/setmend/setmend/fleet"

const becauseOwed = "It was deleted to be redeployed, and is owed since."

// owedBySet groups what is owed, sorted.
func owedBySet(m Memory) map[fleet.StackSetName][]fleet.Target {
	owed := map[fleet.StackSetName][]fleet.Target{}
	for cell := range m.Owed {
		owed[cell.StackSet] = append(owed[cell.StackSet], cell.Target)
	}
	for _, targets := range owed {
		fleet.SortTargets(targets)
	}
	return owed
}

// owedCells are the set's cells whose instance we deleted and have not created
// again, as far as they are not missing already for being mandatory. An account
// that is gone for good is owed nothing; one that may come back is not forgotten.
func (a *assessor) owedCells(v *setView, m mandate) []Assessed {
	var cells []Assessed
	for _, target := range a.owed[v.name] {
		if _, present := v.instances[target]; present {
			continue
		}
		p, known := a.places[target.Account]
		if !known {
			p = absentPlace(a.fleet, target.Account)
		}
		if p.standing == StandingLeft || p.standing == StandingClosed || m.holds(target) {
			continue
		}
		c := missingCell(v, target, becauseOwed)
		if !p.working() {
			c.Standing = p.standing
			blockHere(&c, becauseOwed+" "+p.about, "It is created again when the account is active.")
		} else if v.set.PermissionModel == fleet.ServiceManaged && len(v.policy.OUs) > 0 && !p.in(v.policy.OUs) {
			blockHere(&c, becauseOwed+" The account is in none of the OUs that the stack set targets by now.",
				"Move the account back for it to be created again, or `setmend overrides export` what is saved of it and create it by hand.")
		}
		cells = append(cells, c)
	}
	for i := range cells {
		cells[i].Owed = true
	}
	return cells
}

// isOwed reports whether we owe the cell its instance.
func (a *assessor) isOwed(cell fleet.Cell) bool {
	_, owed := a.memory.Owed[cell]
	return owed
}
