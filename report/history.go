package report

import (
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// Past is a run in the history: the point that reports show, and one for each stack
// set.
type Past struct {
	HistoryPoint
	Sets map[fleet.StackSetName]Point `json:"sets,omitempty"`
}

// Past returns the report as one run among others.
func (r *Report) Past() Past {
	past := Past{Sets: map[fleet.StackSetName]Point{}}
	past.HistoryPoint = HistoryPoint{Run: r.Run.ID, At: r.Run.Started, Result: r.Run.Result,
		Before: r.Before, After: r.After, Seconds: r.Run.VirtualSeconds, Attention: len(r.Attention)}
	past.Healed, past.HealSeconds = r.healed()
	for _, set := range r.StackSets {
		past.Sets[set.Name] = Point{Worst: worst(set.Before), Unhealthy: set.Before.Total() - set.Before.Healthy - set.Before.NotChecked}
	}
	return past
}

// healed counts the cells that were wrong and are not any more, and takes the
// median of how long after the run's beginning each was put right.
func (r *Report) healed() (n int, seconds float64) {
	var times []float64
	for _, c := range r.Cells {
		if len(c.Steps) == 0 || c.Verdict != plan.Healthy || c.Before == plan.Healthy {
			continue
		}
		times = append(times, c.Steps[len(c.Steps)-1].At.Sub(r.Run.Started).Seconds())
	}
	if len(times) == 0 {
		return 0, 0
	}
	slices.Sort(times)
	return len(times), times[len(times)/2]
}

// worst is the last verdict, in the order of reports, that any cell has.
func worst(c plan.Counts) plan.Verdict {
	for _, v := range slices.Backward(plan.Verdicts[:]) {
		if c.Of(v) > 0 {
			return v
		}
	}
	return ""
}

// AddPast adds one run to the report's history and to those of its stack sets.
func (r *Report) AddPast(past Past) {
	r.History = append(r.History, past.HistoryPoint)
	for i := range r.StackSets {
		set := &r.StackSets[i]
		set.History = append(set.History, past.Sets[set.Name])
	}
}
