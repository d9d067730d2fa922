package plan

import (
	"github.com/setmend/setmend/fleet"
)

// furthest returns the harshest remedy that a run may come to for the cell, if
// what it begins with fails. The set's healing, stacks that import and must stay,
// and the class of AWS's reason bound it, and so does the policy's escalation,
// which never forbids what the cell begins with.
func (b *builder) furthest(c Assessed) Remedy {
	furthest := c.Remedy
	if c.Remedy.cleansUp() || c.Remedy == RemedyQuarantine {
		return furthest
	}
	limit := Remedy(b.policy.Escalation)
	for _, remedy := range b.mayFollow(c) {
		if remedy.Harsher(furthest) && !remedy.Harsher(limit) && allowed(c, remedy, c.Class) {
			furthest = remedy
		}
	}
	return furthest
}

// mayFollow returns the remedies that are open to the cell, now and if it is
// deployed and that fails.
func (b *builder) mayFollow(c Assessed) []Remedy {
	sp := b.sets[c.StackSet].policy
	open := Escalation(c, sp)
	if c.Verdict == Missing {
		c.Verdict, c.Bare = Failed, true
		open = append(open, Escalation(c, sp)...)
	}
	return open
}

// destroys returns what the group's remedies would destroy at most in the cells:
// their stacks with the data in them, and those of dependents that go along.
func (b *builder) destroys(v *setView, g group, cells []Assessed) []Destruction {
	if !g.remedy.Deletes() && !g.furthest.Deletes() {
		return nil
	}
	stacks, dependents := 0, map[fleet.StackSetName]int{}
	for _, c := range cells {
		if c.Present() && !c.Bare {
			stacks++
		}
		for _, set := range c.Importers {
			dependents[set]++
		}
	}
	note := "created again with the overrides saved before"
	if g.remedy == RemedyRemove {
		note, dependents = "for good", nil
	}
	var list []Destruction
	if stacks > 0 {
		list = append(v.dataIn(stacks), Destruction{Kind: DestroysDowntime, StackSet: v.name, Cells: stacks, Note: note})
	}
	for _, set := range fleet.SortedKeys(dependents) {
		list = append(list, b.sets[set].dataIn(dependents[set])...)
		list = append(list, Destruction{Kind: DestroysDependent, StackSet: set, Cells: dependents[set], Note: "deleted before it and created again after it"})
	}
	return list
}

// dataIn returns the data that goes with so many of the set's stacks, as far as its
// template shows.
func (v *setView) dataIn(stacks int) []Destruction {
	var list []Destruction
	for _, r := range v.set.Template.Data {
		d := Destruction{Kind: DestroysData, StackSet: v.name, LogicalID: r.LogicalID, ResourceType: r.Type, Cells: stacks, Note: r.Holds}
		if r.Kept {
			d.Note = r.Holds + "; kept by its DeletionPolicy, and the new stack starts without"
		}
		if r.Snapshot {
			d.Note = r.Holds + "; in a snapshot then, and the new stack starts empty"
		}
		list = append(list, d)
	}
	if v.set.Template.Opaque {
		list = append(list, Destruction{Kind: DestroysData, StackSet: v.name, Cells: stacks, Note: "the template cannot be read whole: it may hold data"})
	}
	return list
}
