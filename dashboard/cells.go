package dashboard

import (
	"cmp"
	"slices"
	"strings"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// Flags of a cell.
const (
	flagAttention = 1 << iota
	flagStory     // there are details
	flagOmitted   // there were details, left out for size
)

// cellColumns are the cells, sorted by stack set (in the report's order),
// account and region.
type cellColumns struct {
	Count   int    `json:"count"`
	Set     column `json:"set"`
	Account column `json:"account"`
	Region  column `json:"region"`
	Verdict column `json:"verdict"`
	Before  column `json:"before"`
	Flags   column `json:"flags"`
	OU      column `json:"ou"`
	State   column `json:"state"` // as AWS tells it; a place in Texts
	// Places in Texts; 0 is "".
	Desire  column `json:"desire"`
	Because column `json:"because"`
	Reason  column `json:"reason"`
	Class   column `json:"class"`
	Hint    column `json:"hint"`
}

func (b *builder) cells(lean bool) {
	b.details = details{Cells: column{}, Stories: []detail{}}
	for _, cell := range b.sortedCells() {
		b.cell(cell, lean)
	}
}

// sortedCells is every cell of the report, and those that need a person though
// the report does not list them.
func (b *builder) sortedCells() []report.Cell {
	listed := make(map[fleet.Cell]bool, len(b.report.Cells))
	for i := range b.report.Cells {
		listed[b.report.Cells[i].Cell] = true
	}
	cells := slices.Clone(b.report.Cells)
	for _, a := range b.report.Attention {
		cell := a.Cell
		if listed[cell] || cell.StackSet == "" || cell.Account == "" {
			continue
		}
		listed[cell] = true
		cells = append(cells, report.Cell{Before: a.Verdict, Assessed: plan.Assessed{
			Cell: cell, Verdict: a.Verdict, Reason: a.Reason, Class: a.Class, Hint: a.Hint, Attention: true}})
	}
	slices.SortStableFunc(cells, func(x, y report.Cell) int {
		return cmp.Or(cmp.Compare(b.sets.of(x.StackSet), b.sets.of(y.StackSet)), x.Target.Compare(y.Target))
	})
	return cells
}

func (b *builder) cell(cell report.Cell, lean bool) {
	c, text := &b.out.Cells, b.out.Texts.of
	b.place[cell.Cell] = c.Count
	flags := b.story(cell, lean)
	if cell.Attention {
		flags |= flagAttention
	}
	c.Count++
	c.Set = append(c.Set, b.sets.of(cell.StackSet))
	c.Account = append(c.Account, b.accounts.of(cell.Account))
	c.Region = append(c.Region, b.out.Regions.of(cell.Region))
	c.Verdict = append(c.Verdict, b.verdict(shown(cell)))
	c.Before = append(c.Before, b.verdict(cmp.Or(cell.Before, cell.Verdict)))
	c.Flags = append(c.Flags, flags)
	c.OU = append(c.OU, b.ou(cell.OU))
	c.State = append(c.State, text(awsState(cell.Assessed)))
	c.Desire = append(c.Desire, text(string(cell.Desire)))
	c.Because = append(c.Because, text(cell.Because))
	c.Reason = append(c.Reason, text(cell.Reason))
	c.Class = append(c.Class, text(string(cell.Class)))
	c.Hint = append(c.Hint, text(cell.Hint))
}

// removed is shown instead of health where a run has taken away what must not be
// there: the counts do not have the cell, so it must not be seen among them.
const removed plan.Verdict = "removed"

func shown(cell report.Cell) plan.Verdict {
	if cell.Verdict == plan.Healthy && cell.Desire == plan.MustNot && !cell.Present() {
		return removed
	}
	return cell.Verdict
}

// awsState is the instance's own state in AWS's words, such as "CURRENT,
// SUCCEEDED, IN_SYNC", "" if there is no instance.
func awsState(cell plan.Assessed) string {
	if !cell.Present() {
		return ""
	}
	words := []string{string(cell.Status), string(cell.Detailed), string(cell.DriftStatus)}
	return strings.Join(slices.DeleteFunc(words, func(word string) bool { return word == "" }), ", ")
}

// verdict numbers a verdict. One that is missing was not given, and must not
// look like health.
func (b *builder) verdict(v plan.Verdict) int {
	return b.out.Verdicts.of(cmp.Or(v, plan.NotChecked))
}

// story adds the cell's details, if it has any, and answers with the flags that
// say so.
func (b *builder) story(cell report.Cell, lean bool) int {
	if len(cell.Drift) == 0 && len(cell.Steps) == 0 && cell.Heals == 0 && cell.Quarantined.IsZero() && cell.Remedy == "" && cell.Pinned == "" {
		return 0
	}
	if lean && cell.Verdict == plan.Healthy && !cell.Attention {
		b.out.Omitted.Details++
		return flagOmitted
	}
	b.details.Cells = append(b.details.Cells, b.out.Cells.Count)
	b.details.Stories = append(b.details.Stories, detail{Drift: cell.Drift, Steps: cell.Steps, Heals: cell.Heals,
		Quarantined: cell.Quarantined, Checked: cell.Checked, Remedy: cell.Remedy, NotBefore: cell.NotBefore, Pinned: cell.Pinned})
	return flagStory
}
