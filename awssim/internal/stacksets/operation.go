package stacksets

// What an operation does.
const (
	actionCreate = "CREATE"
	actionUpdate = "UPDATE"
	actionDelete = "DELETE"
	actionDrift  = "DETECT_DRIFT"
)

// Statuses of operations beyond those that instances have as well.
const (
	queued   = "QUEUED"
	stopping = "STOPPING"
	stopped  = "STOPPED"
)

// room is how many instances may be under way. Strict failure tolerance lets no
// more run than may still fail, so that failures never overshoot; what AWS's
// documentation shows fits min(most, tolerance+1-failures).
func (r *regionRun) room() int {
	if r.soft {
		return r.most
	}
	return min(r.most, r.tolerance+1-r.failures)
}

func (r *regionRun) done() bool { return r.started == len(r.results) && r.busy == 0 }

// finished reports whether the operation has come to its end.
func (o *operation) finished() bool {
	return o.status == succeeded || o.status == failed || o.status == stopped
}

// setStatus moves a result between the index's lists.
func (o *operation) setStatus(n int, status string) {
	reindex(o.byStatus, o.results[n].status, status, n)
	o.results[n].status = status
}

// driftFinished sums a detection up for the stack set.
func (s *Service) driftFinished(o *operation) {
	d := &o.drift
	if d.status == "" && d.inSync > 0 {
		d.status = inSync
	}
	switch {
	case o.status == stopped:
		d.detection = "STOPPED"
	case o.status == failed:
		d.detection = "FAILED"
	case d.failed > 0:
		d.detection = "PARTIAL_SUCCESS"
	default:
		d.detection = "COMPLETED"
	}
	o.set.drift = *d
}
