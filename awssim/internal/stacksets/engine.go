package stacksets

import "slices"

// An operation's life: accept → (QUEUED) → start → pump, again and again →
// finish. Instances that end call land, which pumps.

// start begins an accepted operation.
func (s *Service) start(o *operation) {
	o.status = running
	o.roles = o.set.definition
	s.operationEvent(o)
	s.list(o, o.plan())
	for n := range o.results {
		o.work.accept(s, o, &o.results[n])
	}
	if len(o.results) == 0 { // seen: it succeeds as soon as it is looked at (copilot-cli#5060)
		o.dispatched = true
		s.pump(o)
		return
	}
	s.world.After(s.between(s.options.Dispatch), func() {
		o.dispatched = true
		s.pump(o)
	})
}

// list turns targets into results, region by region.
func (s *Service) list(o *operation, targets []target) {
	o.results = make([]result, len(targets))
	o.byStatus = map[string]*bitset{}
	runs := map[string]*regionRun{}
	var names []string
	for n, t := range targets {
		o.results[n] = result{target: t, status: pending}
		index(o.byStatus, pending, n)
		if runs[t.region] == nil {
			runs[t.region] = &regionRun{name: t.region, soft: o.prefs.soft()}
			names = append(names, t.region)
		}
		runs[t.region].results = append(runs[t.region].results, n)
	}
	if s.options.SortedRegions {
		slices.Sort(names)
	}
	for _, name := range o.prefs.order(names) {
		r := runs[name]
		r.tolerance = o.prefs.tolerance(len(r.results))
		r.most = o.prefs.concurrency(len(r.results))
		o.regions = append(o.regions, r)
	}
	o.drift.total = len(targets)
}

// pump starts what may be started, and finishes the operation when nothing is
// left.
func (s *Service) pump(o *operation) {
	if !o.dispatched || o.finished() {
		return
	}
	if o.prefs.parallel() {
		for _, r := range o.regions {
			s.pumpRegion(o, r)
		}
	} else {
		for o.turn < len(o.regions) {
			if s.pumpRegion(o, o.regions[o.turn]); !o.regions[o.turn].done() {
				break
			}
			o.turn++
		}
	}
	if o.settled() {
		s.finish(o)
	}
}

func (o *operation) settled() bool {
	for _, r := range o.regions {
		if !r.done() {
			return false
		}
	}
	return true
}

// pumpRegion starts instances of a region while there is room.
func (s *Service) pumpRegion(o *operation, r *regionRun) {
	for r.started < len(r.results) && r.busy < r.room() {
		if !s.take(o) {
			return
		}
		n := r.results[r.started]
		r.started++
		r.busy++
		o.setStatus(n, running)
		o.work.begin(s, o, &o.results[n], s.lander(o, r, n))
	}
}

// lander is what work on an instance calls once when it has ended.
func (s *Service) lander(o *operation, r *regionRun, n int) func(outcome) {
	return func(end outcome) {
		s.give(o)
		r.busy--
		o.results[n].reason = end.reason
		if end.failed {
			o.setStatus(n, failed)
			o.failures++
			if r.failures++; r.failures > r.tolerance && !r.exceeded {
				s.exceed(o, r)
			}
		} else {
			o.setStatus(n, succeeded)
		}
		s.pump(o)
		s.wake(o.set.home)
	}
}

// exceed ends a region in which too much has failed: the rest of it, and in
// sequence the later regions, are cancelled; what is under way goes on.
func (s *Service) exceed(o *operation, r *regionRun) {
	r.exceeded, o.exceeded = true, true
	const reason = "Cancelled since failure tolerance has exceeded"
	for _, each := range o.regions {
		if each == r || !o.prefs.parallel() || s.options.ParallelStopsAll {
			s.cancel(o, each, reason)
		}
	}
}

// cancel gives up what of a region has not been started.
func (s *Service) cancel(o *operation, r *regionRun, reason string) {
	for ; r.started < len(r.results); r.started++ {
		n := r.results[r.started]
		o.results[n].reason = reason
		o.setStatus(n, cancelled)
		o.work.cancel(s, o, &o.results[n])
	}
}

// finish ends an operation and lets the next one start.
func (s *Service) finish(o *operation) {
	switch {
	case o.status == stopping:
		o.status = stopped
	case o.exceeded:
		o.status = failed
	default:
		o.status = succeeded
	}
	s.conclude(o)
}

// conclude is the end of every operation, whether it ran or not.
func (s *Service) conclude(o *operation) {
	o.ended = s.world.Now()
	o.set.active = without(o.set.active, o)
	if o.action == actionDrift && o.dispatched {
		s.driftFinished(o)
	}
	s.operationEvent(o)
	if o.after != nil {
		o.after()
	}
	s.startQueued(o.set)
}

// take takes one of the places for instances under way, of which there are so
// many in a home over all its sets; an operation that gets none waits.
func (s *Service) take(o *operation) bool {
	h := s.shelf(o.set.home)
	perSet := s.options.MaxBusyPerSet
	if h.busy >= s.options.MaxBusy || perSet > 0 && o.set.busy() >= perSet {
		if !o.waiting {
			o.waiting = true
			s.wakes[o.set.home] = append(s.wakes[o.set.home], o)
		}
		return false
	}
	h.busy++
	o.busy++
	return true
}

func (s *Service) give(o *operation) {
	s.shelf(o.set.home).busy--
	o.busy--
}

// wake pumps the operations that wait for a place.
func (s *Service) wake(h home) {
	if len(s.wakes[h]) == 0 {
		return
	}
	list := s.wakes[h]
	s.wakes[h] = nil
	for _, o := range list {
		o.waiting = false
		s.pump(o)
	}
}

// mustWait reports whether an operation has to wait for one before it.
func (s *Service) mustWait(t *set, o *operation) bool {
	if o.ready != nil && !o.ready() {
		return true
	}
	for _, other := range t.active {
		if other == o {
			break
		}
		if s.options.StrictQueue || !t.managed || other.conflicts(o) {
			return true
		}
	}
	return false
}

// conflicts reports whether two operations touch a common instance. One without
// a scope touches them all.
func (o *operation) conflicts(other *operation) bool {
	if o.scope == nil || other.scope == nil {
		return true
	}
	small, large := o.scope, other.scope
	if len(small) > len(large) {
		small, large = large, small
	}
	for p := range small {
		if large[p] {
			return true
		}
	}
	return false
}

// startQueued starts every queued operation that needs no longer wait.
func (s *Service) startQueued(t *set) {
	for _, o := range append([]*operation(nil), t.active...) {
		if o.status == queued && !s.mustWait(t, o) {
			s.start(o)
		}
	}
}
