package heal

import (
	"context"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// workers is how many works go on side by side, each on stack sets of its own.
const workers = 16

// execute carries a round's works as far as they go without waiting, and tells
// how long to wait for the next thing to look at; zero means that all are done.
func (r *run) execute(ctx context.Context, round *document[Round]) (time.Duration, error) {
	works, err := r.works(ctx, round.Value.Works)
	if err != nil {
		return 0, err
	}
	if _, err := r.inventory(ctx); err != nil { // loaded here: the works share it, read-only
		return 0, err
	}
	for {
		if err := r.holdAfterFailedWaves(ctx, works); err != nil {
			return 0, err
		}
		ready := r.ready(works)
		r.progressOf(works)
		if len(ready) == 0 {
			break
		}
		full, err := r.advanceAll(ctx, works, ready)
		if err != nil {
			return 0, err
		}
		if full { // what was counted of others' operations may have ended
			if _, _, err := r.lookAtForeign(ctx); err != nil {
				return 0, err
			}
		}
		if r.now().After(r.deadline) {
			break
		}
	}
	if countDone(works) == len(works) {
		return 0, nil
	}
	return r.untilNext(works), nil
}

// progressOf tells how far the run is with these works under way.
func (r *run) progressOf(works []*document[Work]) {
	v := &r.rec.Value
	healed, planned := v.Healed, v.Planned
	defer func() { v.Healed, v.Planned = healed, planned }()
	v.count(works)
	r.progress(countDone(works), len(works), r.open(works))
}

// count adds what works have put right, and what they are for.
func (v *RunRecord) count(works []*document[Work]) {
	for _, w := range works {
		if w.Value.Action.Remedy == plan.RemedyQuarantine {
			continue
		}
		v.Planned += len(w.Value.Cells)
		for _, c := range w.Value.Cells {
			if c.State == cellHealed {
				v.Healed++
			}
		}
	}
}

// countRemoved adds what works have removed or let go of, by stack set.
func (v *RunRecord) countRemoved(works []*document[Work]) {
	for _, w := range works {
		if remedy := w.Value.Action.Remedy; remedy != plan.RemedyDetach && remedy != plan.RemedyRemove {
			continue
		}
		for _, c := range w.Value.Cells {
			if c.State == cellHealed {
				if v.Removed == nil {
					v.Removed = map[fleet.StackSetName]int{}
				}
				v.Removed[c.StackSet]++
			}
		}
	}
}

func countDone(works []*document[Work]) int {
	n := 0
	for _, w := range works {
		if w.Value.done() {
			n++
		}
	}
	return n
}

// ready picks the works that can move now: what they come after has ended, their
// stack sets are not held by another work, and their time has come. A stack set
// runs one operation at a time, so one work at a time holds it.
func (r *run) ready(works []*document[Work]) []*document[Work] {
	ended := map[string]bool{}
	held := map[fleet.StackSetName]bool{}
	for _, w := range works {
		if w.Value.done() {
			ended[w.Value.Action.ID] = true
		} else if w.Value.started() {
			for _, set := range w.Value.sets() {
				held[set] = true
			}
		}
	}
	var ready []*document[Work]
	for _, w := range works {
		v := &w.Value
		if v.done() || r.now().Before(v.Poll) || slices.ContainsFunc(v.Action.After, func(id string) bool { return !ended[id] }) {
			continue
		}
		if !v.started() {
			if slices.ContainsFunc(v.sets(), func(s fleet.StackSetName) bool { return held[s] }) {
				continue
			}
			for _, set := range v.sets() {
				held[set] = true
			}
		}
		ready = append(ready, w)
	}
	return ready
}

// advanceAll moves the ready works side by side. The first error stops the
// others at their next step; all that happened is in the journal. It reports
// whether a work had to wait for others' instances.
func (r *run) advanceAll(ctx context.Context, works, ready []*document[Work]) (full bool, err error) {
	quota := &quota{limit: r.h.Policy.Limits.RunningInstances, used: r.runningInstances(works)}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for _, w := range ready {
		group.Go(func() error { return r.advance(ctx, w, quota) })
	}
	err = group.Wait()
	return quota.refused, err
}

// untilNext is the time until the first work wants to be looked at again.
func (r *run) untilNext(works []*document[Work]) time.Duration {
	next := r.now().Add(time.Minute)
	for _, w := range works {
		if !w.Value.done() && !w.Value.Poll.IsZero() && w.Value.Poll.Before(next) {
			next = w.Value.Poll
		}
	}
	return max(next.Sub(r.now()), time.Second)
}

// open counts our operations under way.
func (r *run) open(works []*document[Work]) int {
	n := 0
	for _, w := range works {
		for i := range w.Value.Calls {
			if w.Value.Calls[i].open() {
				n++
			}
		}
	}
	return n
}

// quota keeps the instances being operated on below AWS's limit for one
// administrator account and region, other people's included.
type quota struct {
	mu          sync.Mutex
	limit, used int
	refused     bool // somebody
}

// take reserves n instances; a call larger than the whole limit goes alone.
func (q *quota) take(n int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.used > 0 && q.used+n > q.limit {
		q.refused = true
		return false
	}
	q.used += n
	return true
}

// runningInstances counts the instances of open calls and, since AWS does not
// tell how many instances somebody else's operation covers, all instances of
// the sets that others are working on: for as long as the run is patient with
// them, since such a set can be larger than AWS's whole limit.
func (r *run) runningInstances(works []*document[Work]) int {
	n := 0
	for _, w := range works {
		for i := range w.Value.Calls {
			if w.Value.Calls[i].open() {
				n += w.Value.Calls[i].size()
			}
		}
	}
	if r.inv != nil && r.patient() {
		for _, name := range r.foreign(&r.inv.Value) {
			n += len(r.inv.Value.StackSets[name].Instances)
		}
	}
	return n
}
