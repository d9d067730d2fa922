package otto

import (
	"fmt"
	"maps"
	"slices"

	"github.com/setmend/setmend/awssim"
)

// Check compares the world with how the scenario should have ended, cell by cell
// and override by override, and lists what differs; nothing if all is well.
// inPlace tells that the healer may revert drift in place.
//
// It looks at the live resources themselves, not at what drift detection knows.
func (t *Truth) Check(a *awssim.AWS, inPlace bool) []string {
	var wrong []string
	now := instances(a)
	expect := t.expectations(inPlace)
	for _, c := range slices.SortedFunc(maps.Keys(expect), Cell.compare) {
		i := now[c]
		if why := t.deviation(expect[c], c, i); why != "" {
			wrong = append(wrong, fmt.Sprintf("%s in account %s, region %s (%s, should be %s): %s", c.StackSet, c.Account, c.Region, expect[c].kind, expect[c].outcome, why))
		}
		delete(now, c)
	}
	for _, c := range slices.SortedFunc(maps.Keys(now), Cell.compare) {
		wrong = append(wrong, fmt.Sprintf("%s in account %s, region %s: nobody asked for an instance there", c.StackSet, c.Account, c.Region))
	}
	return wrong
}

// expectation is how one cell should end, and what was wrong with it.
type expectation struct {
	kind    Kind
	outcome Outcome
}

func (t *Truth) expectations(inPlace bool) map[Cell]expectation {
	out := map[Cell]expectation{}
	for _, c := range t.Cells {
		out[c] = expectation{"nothing wrong", Healthy}
	}
	for _, p := range t.Problems {
		e := expectation{p.Kind, p.Expect}
		if inPlace {
			e.outcome = p.InPlace
		}
		out[p.Cell] = e
	}
	return out
}

// instances are the world's stack instances, as they are.
func instances(a *awssim.AWS) map[Cell]*awssim.InstanceSnapshot {
	out := map[Cell]*awssim.InstanceSnapshot{}
	for _, set := range a.Snapshot().StackSets {
		for n := range set.Instances {
			i := &set.Instances[n]
			out[Cell{set.Name, i.Account, i.Region}] = i
		}
	}
	return out
}

// deviation says how an instance, nil for none, differs from what it should be.
func (t *Truth) deviation(e expectation, c Cell, i *awssim.InstanceSnapshot) string {
	switch {
	case e.outcome == Gone && i == nil:
		return ""
	case e.outcome == Gone:
		return "there is an instance"
	case i == nil:
		return "there is no instance"
	case !maps.Equal(i.Overrides, t.Overrides[c]):
		return fmt.Sprintf("its overrides are %v and were %v", i.Overrides, t.Overrides[c])
	case e.outcome == Healthy || e.kind == Mended:
		return unhealthy(i)
	case e.outcome == Attention:
		return hopeless(e.kind, i)
	}
	return ""
}

func unhealthy(i *awssim.InstanceSnapshot) string {
	switch {
	case i.Status != "CURRENT":
		return fmt.Sprintf("it is %s (%s): %s", i.Status, i.Detailed, i.Reason)
	case i.NoStack:
		return "it has no stack"
	case i.Template != "":
		return "its stack has another template than its stack set"
	case len(i.Live) > 0:
		return fmt.Sprintf("its resource %s is not as in the template", i.Live[0].Resource)
	}
	return ""
}

// hopeless checks that what cannot be mended has not been made worse.
func hopeless(kind Kind, i *awssim.InstanceSnapshot) string {
	switch kind {
	case Denied:
		if i.Status != "OUTDATED" || !i.NoStack {
			return fmt.Sprintf("it is %s although it is denied", i.Status)
		}
	case Protected:
		if i.Status != "INOPERABLE" || i.NoStack {
			return fmt.Sprintf("it is %s although its stack is protected", i.Status)
		}
	case Conflict:
		return unhealthy(i)
	case Masked, Flapping, Unhealed:
		if i.NoStack || len(i.Live) == 0 {
			return "it has no drifted stack any more"
		}
	}
	return ""
}
