package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// relate judges what cells at one target are to one another, and chooses remedies.
// The order matters: a collision takes a cell out of everything that follows;
// what is quarantined cannot be redeployed along with what it imports from; a
// deployment waits only for a dependency that nothing will mend.
func (a *assessor) relate() {
	for _, name := range a.names {
		a.collide(a.sets[name])
	}
	a.noteDisabledRegions()
	for _, name := range a.names {
		a.sets[name].findRollout()
	}
	for _, name := range a.names {
		a.quarantine(a.sets[name])
	}
	for _, name := range a.names {
		a.pin(a.sets[name])
	}
	for _, name := range a.names {
		a.chooseRemedies(a.sets[name])
	}
	for _, name := range a.names {
		a.suspendRollout(a.sets[name])
	}
	for _, level := range a.graph.levels {
		for _, name := range level {
			a.awaitDependencies(a.sets[name])
		}
	}
}

// collide blocks cells whose target another set holds that must never be there
// together with this one. A missing instance then is not missed: that is what
// antidependson is for. Two that are both there, or both mandatory and neither
// there, are for a person to choose between.
func (a *assessor) collide(v *setView) {
	for _, name := range a.graph.anti[v.name] {
		other := a.sets[name]
		for i := range v.cells {
			c := &v.cells[i]
			if c.Verdict == Orphan || c.AccountStatus != "" && c.AccountStatus != StatusManagement {
				continue
			}
			if o := other.cell(c.Target); o != nil {
				collision(c, o, name)
			}
		}
	}
}

func collision(c, o *Assessed, other fleet.StackSetName) {
	switch {
	case c.Present() && o.Present():
		blockHere(c, fmt.Sprintf("It collides with %s, and both are here.", other), "Delete one of the two here.")
	case c.Present():
	case o.Present():
		blockHere(c, fmt.Sprintf("It collides with %s, which is here.", other), "")
		c.Desire, c.Because, c.Attention = MustNot, c.Reason, false
	default:
		blockHere(c, fmt.Sprintf("It collides with %s; both are mandatory here and neither is there.", other),
			"Exclude the account from one of the two.")
	}
}

// noteDisabledRegions blocks missing instances where another set's failure at
// the same target says that the region is not enabled in the account.
func (a *assessor) noteDisabledRegions() {
	disabled := map[fleet.Target]bool{}
	a.eachCell(func(_ *setView, c *Assessed) {
		if c.Class == ReasonRegionDisabled {
			disabled[c.Target] = true
		}
	})
	a.eachCell(func(_ *setView, c *Assessed) {
		if c.Verdict == Missing && disabled[c.Target] {
			blockHere(c, "The region is not enabled in the account: AWS said so of another stack set's instance.", Hint(ReasonRegionDisabled))
			c.Class = ReasonRegionDisabled
		}
	})
}

func (a *assessor) eachCell(visit func(*setView, *Assessed)) {
	for _, name := range a.names {
		v := a.sets[name]
		for i := range v.cells {
			visit(v, &v.cells[i])
		}
	}
}

// pin finds, for every unhealthy cell of a set that exports, the importing
// dependents at the same target. AWS refuses to delete a stack while another
// imports from it, so a redeployment takes them along, where they allow it.
//
// Which stack imports which export follows from the names in the templates; where
// these are not known, every dependent that imports anything counts. A set that
// imports for certain and does not name this one in dependson keeps it where it is:
// in which order the two would come back is not known.
func (a *assessor) pin(v *setView) {
	if !v.set.Exports {
		return
	}
	importers, undeclared := a.importersOf(v.name), a.undeclaredImporters(v)
	for i := range v.cells {
		if c := &v.cells[i]; unhealthy(c.Verdict) {
			a.pinCell(c, importers)
			pinUndeclared(c, undeclared)
		}
	}
}

// importersOf lists the dependents that import from the set, or from one that goes
// along for that, in the order of creation.
func (a *assessor) importersOf(name fleet.StackSetName) []*setView {
	taken := []fleet.StackSetName{name}
	var importers []*setView
	for _, level := range a.graph.levels {
		for _, other := range level {
			imports := func(from fleet.StackSetName) bool {
				return other != from && a.graph.above[other][from] && mayImport(a.sets[other].set, a.sets[from].set)
			}
			if other != name && slices.ContainsFunc(taken, imports) { // on a cycle a set is above itself
				importers, taken = append(importers, a.sets[other]), append(taken, other)
			}
		}
	}
	return importers
}

// mayImport reports whether stacks of a set may import from those of another. It
// is false only where the templates' names rule it out.
func mayImport(set, from fleet.StackSet) bool {
	if !set.Imports || !from.Exports {
		return false
	}
	unknown := len(set.Template.Imports) == 0 || len(from.Template.Exports) == 0
	return unknown || set.Template.MayImportFrom(from.Template)
}

// undeclaredImporters lists the sets that import from the set by a name that both
// templates spell out, and are not its dependents.
func (a *assessor) undeclaredImporters(v *setView) []*setView {
	var found []*setView
	for _, name := range a.names {
		other := a.sets[name]
		if name == v.name || a.graph.above[name][v.name] {
			continue
		}
		spelled := slices.ContainsFunc(other.set.Template.Imports, func(s string) bool {
			return !strings.Contains(s, "*") && slices.Contains(v.set.Template.Exports, s)
		})
		if spelled {
			found = append(found, other)
		}
	}
	return found
}

func pinUndeclared(c *Assessed, importers []*setView) {
	for _, other := range importers {
		if o := other.cell(c.Target); o != nil && o.Present() && !o.Bare && c.Pinned == "" {
			c.Pinned, c.Undeclared = fmt.Sprintf("%s imports from it and does not name it in dependson.", other.name), true
		}
	}
}

func (a *assessor) pinCell(c *Assessed, importers []*setView) {
	for _, other := range importers {
		o := other.cell(c.Target)
		if o == nil || !o.Present() || o.Bare {
			continue
		}
		c.Importers = append(c.Importers, other.name)
		if why := stays(other, o); why != "" && c.Pinned == "" {
			c.Pinned = fmt.Sprintf("%s may import from it and must stay: %s.", other.name, why)
		}
	}
}

// stays says why an importing stack cannot be redeployed, "" if it can.
func stays(v *setView, c *Assessed) string {
	switch {
	case v.policy.Protected:
		return "it is protected"
	case v.policy.Healing != policy.HealRedeploy:
		return "its healing is " + string(v.policy.Healing)
	case c.Verdict == Quarantined || c.Verdict == Blocked || c.Verdict == Orphan:
		return "it is " + string(c.Verdict) + " here"
	case c.Kept != "":
		return "it must not be deleted (" + string(c.Kept) + ")"
	case slices.Contains(hopeless, c.Class) || c.Class.MeetsCreation() && c.Verdict == Failed:
		return "it could not be created again (" + string(c.Class) + ")"
	}
	return ""
}

// awaitDependencies blocks the deployment of missing instances whose dependency
// is not there and will not come by itself.
func (a *assessor) awaitDependencies(v *setView) {
	for i := range v.cells {
		c := &v.cells[i]
		if c.Verdict != Missing || c.Remedy == "" || c.Remedy == RemedyQuarantine {
			continue
		}
		for _, need := range a.graph.needs[v.name] {
			if why := a.lacking(need, c.Target); why != "" {
				blockHere(c, fmt.Sprintf("It depends on %s, %s.", need, why), "See to "+string(need)+" first.")
				// Else the dependency's own cell calls for a person.
				c.Attention = c.PendingRestore || len(bearing(a.sets[need].cells, c.Target)) == 0
				break
			}
		}
	}
}

// lacking says why a dependency is not there for a dependent at the target, ""
// if it is or comes now.
func (a *assessor) lacking(need fleet.StackSetName, target fleet.Target) string {
	cells := bearing(a.sets[need].cells, target)
	for i := range cells {
		if a.willBeThere(&cells[i]) {
			return ""
		}
	}
	if len(cells) == 0 {
		return "which the account does not have and need not have"
	}
	return fmt.Sprintf("which is %s there", cells[0].Verdict)
}

// willBeThere reports whether a stack is in the cell and stays, or comes now.
func (a *assessor) willBeThere(c *Assessed) bool {
	if c.Remedy == RemedyRemove || c.Remedy == RemedyDetach {
		return false
	}
	if c.stands() {
		return true
	}
	return c.Remedy != "" && c.Remedy != RemedyQuarantine && !c.NotBefore.After(a.now)
}
