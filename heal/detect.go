package heal

import (
	"context"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// Detection is a drift detection of this run on one stack set.
type Detection struct {
	StackSet  fleet.StackSetName    `json:"stackSet"`
	Operation string                `json:"operation"`
	State     callState             `json:"state"`
	Status    fleet.OperationStatus `json:"status,omitempty"`
	Reason    string                `json:"reason,omitempty"`
	Instances int                   `json:"instances"`
	Began     time.Time             `json:"began,omitzero"`
	Ended     time.Time             `json:"ended,omitzero"`
	Poll      time.Time             `json:"poll,omitzero"`
	// Read is set when what it found is in the run's view of the fleet.
	Read bool `json:"read,omitempty"`
}

const (
	detectionPoll = 20 * time.Second
	// detectionTime is how long the detection of one instance takes, about; all
	// instances of a set are checked side by side.
	detectionTime = 45 * time.Second
)

// detectionPreferences let AWS check everything at once: detection changes
// nothing, and the default would take the instances one after another.
var detectionPreferences = fleet.Preferences{
	RegionConcurrency: fleet.RegionsParallel, ConcurrencyMode: fleet.SoftFailureTolerance,
	FailureTolerancePercentage: 100, MaxConcurrentPercentage: 100,
}

// detectDrift starts drift detection on the stack sets that need it, as many at
// once as AWS's limit on running instances allows.
func (h *Healer) detectDrift(ctx context.Context, r *run) (Answer, error) {
	if _, _, err := r.lookAtForeign(ctx); err != nil {
		return Answer{}, err
	}
	f, err := r.inventory(ctx)
	if err != nil {
		return Answer{}, err
	}
	names, err := r.setsToCheck(ctx, f)
	if err != nil {
		return Answer{}, err
	}
	r.queueDetections(names, f)
	if _, err := r.startDetections(ctx); err != nil {
		return Answer{}, err
	}
	return Answer{Complete: true, Wait: int(detectionTime.Seconds())}, r.save(ctx)
}

// driftStatus follows the detections.
func (h *Healer) driftStatus(ctx context.Context, r *run) (Answer, error) {
	wait, err := r.followDetections(ctx)
	if err != nil || wait > 0 {
		return again(wait), err
	}
	return Answer{Complete: true}, nil
}

// detect runs drift detection on the given sets to its end: zero when all ended.
// Sets in which a detection of this run started since the last change are done.
func (r *run) detect(ctx context.Context, names []fleet.StackSetName) (time.Duration, error) {
	f, err := r.inventory(ctx)
	if err != nil {
		return 0, err
	}
	r.queueDetections(names, f)
	return r.followDetections(ctx)
}

// setsToCheck picks the sets whose drift is unknown or known for too long.
func (r *run) setsToCheck(ctx context.Context, f *fleet.Fleet) ([]fleet.StackSetName, error) {
	var names []fleet.StackSetName
	busy := r.foreign(f) // their turn comes in the heal stage
	for _, name := range f.Names() {
		if slices.Contains(busy, name) {
			continue
		}
		inventory := f.StackSets[name]
		of := r.h.Policy.For(inventory.StackSet)
		if of.Healing == policy.HealOff || len(inventory.Instances) == 0 || !r.inScope(name) {
			continue
		}
		last := inventory.StackSet.Drift.LastCheck
		due := r.now().Sub(last) > of.DriftMaxAge
		if last.IsZero() || !due && unchecked(f, inventory) {
			tried, err := r.tried(ctx, name, of.DriftMaxAge)
			if err != nil {
				return nil, err
			}
			due = !tried
		}
		if due {
			names = append(names, name)
		}
	}
	return names, nil
}

// tried reports whether a detection that is young enough has tried all there is
// to be checked. What it could not check, the next one could not either; AWS keeps
// no time of that, neither with the set nor with the instance.
func (r *run) tried(ctx context.Context, name fleet.StackSetName, age time.Duration) (bool, error) {
	operations, err := r.h.Cloud.Recent(ctx, name, recentOperations)
	if err != nil {
		return false, err
	}
	for _, o := range operations { // newest first
		switch {
		case o.Kind != fleet.OperationDetectDrift && o.Kind != fleet.OperationDelete:
			return false, nil // there may be instances since
		case o.Kind == fleet.OperationDetectDrift:
			return o.Status == fleet.OperationSucceeded && r.now().Sub(o.Ended) <= age, nil
		}
	}
	return false, nil
}

func (r *run) inScope(name fleet.StackSetName) bool {
	only := r.rec.Value.Options.StackSets
	return len(only) == 0 || slices.Contains(only, name)
}

// unchecked reports whether any instance that could be checked never was: those
// created since the last detection. AWS skips accounts that are not active.
func unchecked(f *fleet.Fleet, inventory *fleet.Inventory) bool {
	for target, instance := range inventory.Instances {
		if instance.Status == fleet.InstanceCurrent && instance.Drift == fleet.DriftNotChecked && active(f, target) {
			return true
		}
	}
	return false
}

// active tells whether a target's account is in the organization and active.
func active(f *fleet.Fleet, target fleet.Target) bool {
	return f.Organization.Accounts[target.Account].State == fleet.AccountActive
}

// queueDetections adds detections for sets that have none waiting or running,
// and none that ended and whose findings wait to be read.
func (r *run) queueDetections(names []fleet.StackSetName, f *fleet.Fleet) {
	v := &r.rec.Value
	for _, name := range names {
		if slices.ContainsFunc(v.Detections, func(d Detection) bool { return d.StackSet == name && !d.Read }) {
			continue
		}
		v.Detections = append(v.Detections, Detection{StackSet: name, Instances: len(f.StackSets[name].Instances),
			Operation: operationID(r.id(), "detect "+string(name), len(v.Detections))})
	}
}

// startDetections starts what fits below the limit. It reports whether any is
// left to be started.
func (r *run) startDetections(ctx context.Context) (left bool, err error) {
	used := 0
	for i := range r.rec.Value.Detections {
		if d := &r.rec.Value.Detections[i]; d.State == callAccepted {
			used += d.Instances
		}
	}
	for i := range r.rec.Value.Detections {
		d := &r.rec.Value.Detections[i]
		if d.State != callPlanned && d.State != callIntended {
			continue
		}
		if r.now().Before(d.Poll) || used > 0 && used+d.Instances > r.h.Policy.Limits.RunningInstances {
			left = true
			continue
		}
		if err := r.startDetection(ctx, d); err != nil {
			return true, err
		}
		if d.State == callAccepted {
			used += d.Instances
		} else if d.State != callRefused {
			left = true
		}
	}
	return left, nil
}

// startDetection starts one, with the intent durable before the call.
func (r *run) startDetection(ctx context.Context, d *Detection) error {
	if d.State == callIntended {
		switch _, err := r.h.Cloud.Operation(ctx, d.StackSet, d.Operation); {
		case err == nil:
			d.State = callAccepted
			return r.save(ctx)
		case fleet.KindOf(err) != fleet.NotFound:
			return err
		}
	}
	d.State, d.Began = callIntended, r.now()
	if err := r.save(ctx); err != nil {
		return err
	}
	if err := r.mayWrite(ctx); err != nil {
		return err
	}
	err := r.h.Cloud.DetectDrift(ctx, d.StackSet, d.Operation, detectionPreferences)
	switch fleet.KindOf(err) {
	case "":
		if err != nil {
			return err
		}
		d.State, d.Poll = callAccepted, r.now().Add(detectionTime)
	case fleet.Conflict, fleet.Throttled, fleet.Unreachable:
		d.State, d.Poll = callPlanned, r.now().Add(conflictWait)
	case fleet.UnknownOutcome:
		d.Poll = r.now().Add(time.Second)
	case fleet.Expired:
		return err
	default:
		d.State, d.Reason, d.Ended = callRefused, err.Error(), r.now()
	}
	return r.save(ctx)
}

// followDetections starts what can be started and looks at what runs; zero when
// all have ended.
func (r *run) followDetections(ctx context.Context) (time.Duration, error) {
	left, err := r.startDetections(ctx)
	if err != nil {
		return 0, err
	}
	running, done := 0, 0
	for i := range r.rec.Value.Detections {
		d := &r.rec.Value.Detections[i]
		if d.State == callAccepted && !r.now().Before(d.Poll) {
			if err := r.pollDetection(ctx, d); err != nil {
				return 0, err
			}
		}
		switch d.State {
		case callAccepted:
			running++
		case callEnded, callRefused:
			done++
		}
	}
	r.progress(done, len(r.rec.Value.Detections), running)
	if err := r.save(ctx); err != nil {
		return 0, err
	}
	if running == 0 && !left {
		return 0, nil
	}
	return r.untilDetection(), nil
}

func (r *run) pollDetection(ctx context.Context, d *Detection) error {
	operation, err := r.h.Cloud.Operation(ctx, d.StackSet, d.Operation)
	if err != nil {
		return err
	}
	if !operation.Status.Ended() {
		d.Poll = r.now().Add(detectionPoll)
		return nil
	}
	d.State, d.Status, d.Reason, d.Ended = callEnded, operation.Status, operation.Reason, operation.Ended
	return nil
}

func (r *run) untilDetection() time.Duration {
	next := r.now().Add(detectionPoll)
	for _, d := range r.rec.Value.Detections {
		if d.State != callEnded && d.State != callRefused && d.Poll.Before(next) && d.Poll.After(r.now()) {
			next = d.Poll
		}
	}
	return max(next.Sub(r.now()), time.Second)
}
