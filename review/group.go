package review

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/setmend/setmend/fleet"
)

// Grouping is what differences are put together by.
type Grouping string

const (
	BySet      Grouping = "set"      // each stack set
	ByAccount  Grouping = "account"  // each account
	ByRegion   Grouping = "region"   // each region
	ByResource Grouping = "resource" // each resource of a stack set's template
	ByProperty Grouping = "property" // the same change of the same property
)

// Groupings are all that there are.
var Groupings = []Grouping{BySet, ByAccount, ByRegion, ByResource, ByProperty}

// Group is differences that have something in common.
type Group struct {
	// Name says what, in one line.
	Name string `json:"name"`
	// Cells are where they are, each once, sorted.
	Cells []fleet.Cell `json:"cells"`
	// Accounts is in how many accounts they are.
	Accounts    int          `json:"accounts"`
	Differences []Difference `json:"differences"`
}

// GroupBy puts differences together, the group with the most cells first. It fails
// if there is no such grouping.
func GroupBy(differences []Difference, by Grouping) ([]Group, error) {
	if !slices.Contains(Groupings, by) {
		return nil, fmt.Errorf("drift cannot be grouped by %q", by)
	}
	groups := map[string]*Group{}
	for _, d := range differences {
		name := d.name(by)
		if groups[name] == nil {
			groups[name] = &Group{Name: name}
		}
		groups[name].Differences = append(groups[name].Differences, d)
	}
	list := make([]Group, 0, len(groups))
	for _, name := range fleet.SortedKeys(groups) {
		g := groups[name]
		accounts := map[fleet.AccountID]bool{}
		for _, d := range g.Differences {
			g.Cells, accounts[d.Account] = append(g.Cells, d.Cell), true
		}
		slices.SortFunc(g.Cells, fleet.Cell.Compare)
		g.Cells, g.Accounts = slices.Compact(g.Cells), len(accounts)
		list = append(list, *g)
	}
	slices.SortStableFunc(list, func(a, b Group) int { return cmp.Compare(len(b.Cells), len(a.Cells)) })
	return list, nil
}

func (d Difference) name(by Grouping) string {
	switch by {
	case BySet:
		return string(d.StackSet)
	case ByAccount:
		return string(d.Account)
	case ByRegion:
		return string(d.Region)
	case ByResource:
		return fmt.Sprintf("%s: %s (%s)", d.StackSet, d.LogicalID, d.ResourceType)
	}
	return fmt.Sprintf("%s: %s", d.StackSet, d.Text())
}

// Text says what differs, in one line.
func (d Difference) Text() string {
	switch {
	case d.Status == fleet.ResourceDeleted:
		return fmt.Sprintf("%s (%s) is gone", d.LogicalID, d.ResourceType)
	case d.Property == "":
		return fmt.Sprintf("%s (%s) was changed, and AWS does not say in what", d.LogicalID, d.ResourceType)
	case d.Change == "ADD":
		return fmt.Sprintf("%s%s was added: %s", d.LogicalID, d.Property, d.Actual)
	case d.Change == "REMOVE":
		return fmt.Sprintf("%s%s was removed: %s", d.LogicalID, d.Property, d.Expected)
	}
	return fmt.Sprintf("%s%s %s → %s", d.LogicalID, d.Property, d.Expected, d.Actual)
}
