package review_test

import (
	"strings"
	"testing"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/review"
)

func TestALineDiffShowsWhatChangesWithTheLinesAround(t *testing.T) {
	before := "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n"
	after := "a\nb\nC\nd\ne\nf\ng\nh\ni\nj\nk\n"
	want := "  a\n  b\n- c\n+ C\n  d\n  e\n  …\n  i\n  j\n+ k\n"
	if got := review.LineDiff(before, after); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := review.LineDiff(before, before); got != "" {
		t.Errorf("nothing changes, and it shows %q", got)
	}
	if got := review.LineDiff("", "x\n"); got != "+ x\n" {
		t.Errorf("a new text: %q", got)
	}
}

func cell(account string) fleet.Cell {
	return fleet.Cell{StackSet: "s", Target: fleet.Target{Account: fleet.AccountID(account), Region: "eu-central-1"}}
}

func TestEffectsAreAddedUpWithWhatNeedsMostCareFirst(t *testing.T) {
	modify := func(before string) fleet.ChangePreview {
		return fleet.ChangePreview{Changes: []fleet.ResourceChange{{LogicalID: "F", ResourceType: "T", Action: "Modify", Properties: []fleet.PropertyChange{{Path: "/Size", Kind: "Modify", Before: before, After: "256"}}}}}
	}
	effects := review.Aggregate([]review.Variant{
		{Cells: []fleet.Cell{cell("111111111111"), cell("2")}, Sample: fleet.Instance{Target: cell("111111111111").Target}, Standard: modify("128")},
		{Cells: []fleet.Cell{cell("3")}, Standard: modify("128"), Drift: []review.Difference{
			{LogicalID: "F", Property: "/Size", Change: "NOT_EQUAL", Expected: "128", Actual: "512"},
			{LogicalID: "F", Property: "/Other", Change: "ADD", Actual: "x"}}},
		{Cells: []fleet.Cell{cell("4")}, Failed: "no"},
	})
	var texts []string
	for _, e := range effects {
		texts = append(texts, e.Text)
	}
	want := []string{
		"the update would be refused: no",
		"modify F (T): would OVERWRITE what was changed by hand: Size 512 → 256 (template so far 128)",
		"leaves what was changed by hand: F/Other was added: x",
		"modify F (T): Size 128 → 256",
	}
	if strings.Join(texts, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(texts, "\n"), strings.Join(want, "\n"))
	}
}

func TestInstancesWithoutAStackAreNoVariant(t *testing.T) {
	inventory := &fleet.Inventory{StackSet: fleet.StackSet{Name: "s"}}
	inventory.SetInstances([]fleet.Instance{
		{Target: cell("1").Target, StackID: "x", Status: fleet.InstanceCurrent},
		{Target: cell("2").Target, Status: fleet.InstanceOutdated},
		{Target: cell("3").Target, StackID: "y", Status: fleet.InstanceInoperable},
		{Target: cell("4").Target, StackID: "z", Status: fleet.InstanceCurrent},
	})
	v := review.Variants(inventory, nil, nil, false)
	if len(v) != 1 || len(v[0].Cells) != 2 {
		t.Errorf("variants: %+v", v)
	}
}
