package heal

import (
	"maps"

	"github.com/setmend/setmend/report"
)

// callCounter tells how many API calls were made since it was last asked, so
// that a run's calls can be added up over the processes it lived in, and over
// the runs that one process makes with one connection.
type callCounter struct {
	total func() report.API // nil: nobody counts
	seen  report.API
}

func newCallCounter(total func() report.API) *callCounter {
	c := &callCounter{total: total}
	c.since()
	return c
}

// since is what has come since the last time.
func (c *callCounter) since() report.API {
	if c.total == nil {
		return report.API{}
	}
	now := c.total()
	delta := report.API{Calls: now.Calls - c.seen.Calls, Writes: now.Writes - c.seen.Writes,
		Throttled: now.Throttled - c.seen.Throttled, ByAction: map[string]int{}}
	for action, n := range now.ByAction {
		if more := n - c.seen.ByAction[action]; more > 0 {
			delta.ByAction[action] = more
		}
	}
	c.seen = now
	c.seen.ByAction = maps.Clone(now.ByAction)
	return delta
}

// countCalls adds the calls made since the last time to the run's own.
func (r *run) countCalls() {
	if r.h.calls == nil {
		return
	}
	r.h.counting.Lock()
	defer r.h.counting.Unlock()
	r.rec.Value.API = r.rec.Value.API.Plus(r.h.calls.since())
}
