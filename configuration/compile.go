package configuration

import (
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

// Compiled are the documents before they are split.
type Compiled struct {
	Order     Order      `json:"order"`
	Levels    Levels     `json:"levels"`
	StackSets []StackSet `json:"stackSets"` // sorted by name
}

// Compile makes the documents from an assessment of the fleet that it was made
// from. Mandatory stack sets whose configuration contradicts itself are left out of
// the order, with the reason.
func Compile(f *fleet.Fleet, a *plan.Assessment) *Compiled {
	stopped := stops(a.Problems)
	levels := spread(f, a, stopped)
	c := &Compiled{Order: Order{StackSets: []Entry{}}, Levels: Levels{Levels: []Level{}}}
	levelOf := map[fleet.StackSetName]int{}
	for number, names := range levels {
		c.Levels.Levels = append(c.Levels.Levels, Level{number, names})
		for _, name := range names {
			levelOf[name] = number
		}
	}
	for _, name := range f.Names() {
		if f.StackSets[name] == nil {
			continue // it could not be read; the assessment's problems say so
		}
		level, ordered := levelOf[name]
		if !ordered {
			level = -1
		}
		c.StackSets = append(c.StackSets, describe(f.StackSets[name].StackSet, a, level))
		if reason := stopped[name]; reason != "" && a.Policy(name).Mandatory {
			c.Order.LeftOut = append(c.Order.LeftOut, LeftOut{name, reason})
		}
	}
	byName := map[fleet.StackSetName]*StackSet{}
	for i := range c.StackSets {
		byName[c.StackSets[i].StackSet] = &c.StackSets[i]
	}
	for number, names := range levels {
		for _, name := range names {
			c.Order.StackSets = append(c.Order.StackSets, entryOf(byName[name], number))
		}
	}
	return c
}

// stops returns the stack sets that nothing may be done to, with the first reason.
func stops(problems []policy.Problem) map[fleet.StackSetName]string {
	reasons := map[fleet.StackSetName]string{}
	for _, p := range problems {
		if p.Stops && p.StackSet != "" && reasons[p.StackSet] == "" {
			reasons[p.StackSet] = p.Text
		}
	}
	return reasons
}

// spread puts the mandatory stack sets into levels: each goes into the first level
// after all that it needs in which nothing collides with it. What it needs may need
// others through sets that are not mandatory themselves; those pass their level on.
func spread(f *fleet.Fleet, a *plan.Assessment, stopped map[fleet.StackSetName]string) [][]fleet.StackSetName {
	var levels [][]fleet.StackSetName
	after := map[fleet.StackSetName]int{} // the first level that may need the set
	for _, level := range a.Levels {
		for _, name := range level {
			first := 0
			for _, need := range a.Needs(name) {
				first = max(first, after[need])
			}
			after[name] = first
			if f.StackSets[name] == nil || !a.Policy(name).Mandatory || stopped[name] != "" {
				continue
			}
			for first < len(levels) && collides(a, name, levels[first]) {
				first++
			}
			if first == len(levels) {
				levels = append(levels, nil)
			}
			levels[first] = append(levels[first], name)
			after[name] = first + 1
		}
	}
	for _, names := range levels {
		slices.Sort(names)
	}
	return levels
}

func collides(a *plan.Assessment, name fleet.StackSetName, with []fleet.StackSetName) bool {
	return slices.ContainsFunc(a.Apart(name), func(other fleet.StackSetName) bool { return slices.Contains(with, other) })
}

func describe(set fleet.StackSet, a *plan.Assessment, level int) StackSet {
	holds := a.Policy(set.Name)
	s := StackSet{
		StackSet: set.Name, PermissionModel: set.PermissionModel, Mandatory: holds.Mandatory, Healing: holds.Healing, Protected: holds.Protected,
		Level: level, After: a.Needs(set.Name), Apart: a.Apart(set.Name), Deploy: a.Rules(set.Name),
		ManagementAccount: holds.Mandatory && holds.IncludeManagement && set.PermissionModel == fleet.SelfManaged,
	}
	for _, id := range sorted(holds.Exclude.Accounts) {
		s.Exclude = append(s.Exclude, Exclusion{Account: id})
	}
	for _, ou := range sorted(holds.Exclude.OUs) {
		s.Exclude = append(s.Exclude, Exclusion{OU: ou})
	}
	return s
}

func entryOf(s *StackSet, level int) Entry {
	e := Entry{StackSet: s.StackSet, Level: level, Regions: []fleet.Region{}, Differs: len(s.Deploy) != 1 || len(s.Exclude) > 0}
	for _, rule := range s.Deploy {
		if s.PermissionModel == fleet.ServiceManaged {
			e.OUs = append(e.OUs, rule.OUs...)
		}
		e.Regions = append(e.Regions, rule.Regions...)
		e.Differs = e.Differs || len(rule.Accounts) > 0 || s.PermissionModel == fleet.SelfManaged && len(rule.OUs) > 0
	}
	e.OUs, e.Regions = sorted(e.OUs), sorted(e.Regions)
	return e
}

// sorted returns a sorted copy without repetitions.
func sorted[S ~string](list []S) []S {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}
