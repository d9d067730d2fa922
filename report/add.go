package report

import (
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// Found is how a run found a cell.
type Found struct {
	fleet.Cell
	Verdict plan.Verdict `json:"verdict"`
	Reason  string       `json:"reason"`
}

// AddFound adds how the run found each cell, and the counts of that. Cells that are
// gone since are listed, too.
func (r *Report) AddFound(before []Found) {
	r.Before = count(before)
	index := r.index()
	bySet := map[fleet.StackSetName][]Found{}
	for _, was := range before {
		bySet[was.StackSet] = append(bySet[was.StackSet], was)
		i, ok := index[was.Cell]
		if !ok {
			i = len(r.Cells)
			index[was.Cell] = i
			r.Cells = append(r.Cells, Cell{Assessed: plan.Assessed{Cell: was.Cell, Verdict: plan.Healthy,
				Desire: plan.MustNot, Reason: "Nothing is there any more."}})
		}
		r.Cells[i].Before = was.Verdict
	}
	for i := range r.StackSets {
		r.StackSets[i].Before = count(bySet[r.StackSets[i].Name])
	}
	slices.SortFunc(r.Cells, func(a, b Cell) int { return a.Compare(b.Cell) })
}

// count counts the verdicts that the run found.
func count(cells []Found) plan.Counts {
	assessed := make([]plan.Assessed, len(cells))
	for i, c := range cells {
		assessed[i].Verdict = c.Verdict
	}
	return plan.Count(assessed)
}

// AddSteps adds to each cell of the report what was tried on it, oldest first.
func (r *Report) AddSteps(steps map[fleet.Cell][]Step) {
	for i := range r.Cells {
		c := &r.Cells[i]
		c.Steps = append(c.Steps, steps[c.Cell]...)
		slices.SortStableFunc(c.Steps, func(a, b Step) int { return a.At.Compare(b.At) })
	}
}

// AddDrift adds the drifted properties that were read.
func (r *Report) AddDrift(drift map[fleet.Cell][]fleet.ResourceDrift) {
	for i := range r.Cells {
		r.Cells[i].Drift = drift[r.Cells[i].Cell]
	}
}

// AddQuarantine adds since when cells are given up.
func (r *Report) AddQuarantine(memory plan.Memory) {
	for i := range r.Cells {
		if c := &r.Cells[i]; c.Verdict == plan.Quarantined {
			c.Quarantined = memory.Cells[c.Cell].Quarantined
		}
	}
}

func (r *Report) index() map[fleet.Cell]int {
	index := make(map[fleet.Cell]int, len(r.Cells))
	for i := range r.Cells {
		index[r.Cells[i].Cell] = i
	}
	return index
}

// Conclude sets the result of a run that came to its end: whether a person is needed.
func (r *Report) Conclude() {
	r.Run.Result = Healed
	if len(r.Attention) > 0 || slices.ContainsFunc(r.Guards, r.inEffect) {
		r.Run.Result = Attention
	}
}

// inEffect reports whether a guard still holds something back. One that opens by
// itself with time does so only while something is left to do.
func (r *Report) inEffect(hit plan.GuardHit) bool {
	if !hit.InEffect() || !hit.Waits {
		return hit.InEffect()
	}
	return slices.ContainsFunc(r.Cells, func(c Cell) bool {
		return (hit.StackSet == "" || c.StackSet == hit.StackSet) && c.Verdict != plan.Healthy && c.Verdict != plan.NotChecked
	})
}
