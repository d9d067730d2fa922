package heal

import "maps"

// callCounter tells how many API calls were made since it was last asked, so
// that a run's calls can be added up over the processes it lived in, and over
// the runs that one process makes with one connection.
type callCounter struct {
	total func() APIReport // nil: nobody counts
	seen  APIReport
}

func newCallCounter(total func() APIReport) *callCounter {
	c := &callCounter{total: total}
	c.since()
	return c
}

// since is what has come since the last time.
func (c *callCounter) since() APIReport {
	if c.total == nil {
		return APIReport{}
	}
	now := c.total()
	delta := APIReport{Calls: now.Calls - c.seen.Calls, Writes: now.Writes - c.seen.Writes,
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

// plus adds two counts.
func (a APIReport) plus(b APIReport) APIReport {
	sum := APIReport{Calls: a.Calls + b.Calls, Writes: a.Writes + b.Writes, Throttled: a.Throttled + b.Throttled, ByAction: map[string]int{}}
	for _, counts := range []map[string]int{a.ByAction, b.ByAction} {
		for action, n := range counts {
			sum.ByAction[action] += n
		}
	}
	return sum
}

// countCalls adds the calls made since the last time to the run's own.
func (r *run) countCalls() {
	if r.h.calls == nil {
		return
	}
	r.h.counting.Lock()
	defer r.h.counting.Unlock()
	r.rec.Value.API = r.rec.Value.API.plus(r.h.calls.since())
}
