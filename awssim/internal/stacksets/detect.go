package stacksets

import (
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// detect runs drift detection on an instance's stack. It leaves the instance's
// Status alone.
type detect struct{}

func (d detect) accept(s *Service, o *operation, r *result) {
	o.set.instances.setOperation(r.instance, o)
	d.mark(s, o, r.instance, pending, r.instance.reason)
}

// mark sets an instance's detailed status and reason, and never its status.
func (detect) mark(s *Service, o *operation, i *instance, detailed, reason string) {
	if s.options.DriftKeepsDetailed {
		detailed, reason = i.detailed, i.reason
	}
	s.mark(o, i, i.status, detailed, reason)
}

func (d detect) cancel(s *Service, o *operation, r *result) {
	d.mark(s, o, r.instance, cancelled, r.reason)
}

func (d detect) begin(s *Service, o *operation, r *result, done func(outcome)) {
	i := r.instance
	if s.suspended(i.account) {
		s.skip(o, r, func(end outcome) { o.drift.failed++; done(end) })
		return
	}
	d.mark(s, o, i, running, i.reason)
	reason := s.obstacle(o, i.place, "DetectStackDrift")
	if reason == "" && i.stackID == "" {
		reason = "Failed to get stack status"
	}
	if reason != "" {
		s.later(s.options.Check, func() { d.fail(s, o, i, reason, done) })
		return
	}
	s.stacks.DetectDrift(i.stackID, func(found core.StackDrift) { d.end(s, o, i, found, done) })
}

func (d detect) fail(s *Service, o *operation, i *instance, reason string, done func(outcome)) {
	o.drift.failed++
	d.mark(s, o, i, failed, reason)
	done(outcome{failed: true, reason: reason})
}

func (d detect) end(s *Service, o *operation, i *instance, found core.StackDrift, done func(outcome)) {
	if !found.OK {
		if s.options.FailedDetectionIsUnknown {
			o.set.instances.setDrift(i, unknown)
		}
		d.fail(s, o, i, found.Reason, done)
		return
	}
	if found.Status == drifted {
		o.drift.drifted++
		o.drift.status = drifted
	} else {
		o.drift.inSync++
	}
	i.checked = s.world.Now()
	o.drift.see(i.checked)
	o.set.instances.setDrift(i, found.Status)
	i.found, i.foundBy = &found, o
	detailed := succeeded
	if i.status == inoperable {
		detailed = inoperable
	}
	d.mark(s, o, i, detailed, i.reason)
	done(outcome{})
}

// see takes down when an instance was checked. In AWS's samples the timestamp of
// the whole lags one instance behind the last check.
func (d *driftSummary) see(at time.Time) {
	if d.last.IsZero() {
		d.last = at
	}
	d.checked, d.last = d.last, at
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
