package plan

import (
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// detectionPreferences let AWS check everything at once: detection changes
// nothing, and the default would take the instances one after another.
var detectionPreferences = fleet.Preferences{
	RegionConcurrency: fleet.RegionsParallel, ConcurrencyMode: fleet.SoftFailureTolerance,
	FailureTolerancePercentage: 100, MaxConcurrentPercentage: 100,
}

// dueDetections finds the sets whose drift is to be detected before anything is
// done about it: those with an instance that was never checked, or whose last
// check is older than the set's driftMaxAge. AWS looks at active accounts only, and
// at one operation on a set at a time.
func (b *builder) dueDetections() {
	b.due = map[fleet.StackSetName]bool{}
	for _, name := range b.names {
		v := b.sets[name]
		if b.mayDetect(v) && !b.tried(v) && b.anyOutOfDate(v) {
			b.due[name] = true
		}
	}
}

// mayDetect reports whether the set's drift may be detected now. Only what would
// collide with the detection, or with the reading it is based on, forbids it.
func (b *builder) mayDetect(v *setView) bool {
	busy := b.stopped[v.name] == GuardExternalOperation
	return v.policy.Healing != policy.HealOff && len(v.instances) > 0 && !busy && b.allStopped == ""
}

// tried reports whether a detection that is young enough has come to an end at all
// of the set's instances. What it could not check, the next one could not either.
func (b *builder) tried(v *setView) bool {
	return b.recent(b.memory.Detected[v.name], v.policy)
}

// anyOutOfDate reports whether a detection would find out anything: an instance
// was never checked, or was checked too long ago, and AWS has not failed to check
// it since, which only its stack set shows.
func (b *builder) anyOutOfDate(v *setView) bool {
	known := b.recent(v.set.Drift.LastCheck, v.policy)
	for target, instance := range v.instances {
		if instance.Status != fleet.InstanceCurrent || b.fleet.Organization.Accounts[target.Account].State != fleet.AccountActive {
			continue
		}
		if instance.Drift == fleet.DriftNotChecked || !known && !b.recent(instance.LastDriftCheck, v.policy) {
			return true
		}
	}
	return false
}

// detections returns the drift detections: of sets where one is due or instances
// are deployed, before anything is healed; and of sets that are healed, after it.
func (b *builder) detections(actions []Action) []Action {
	deployed, healed := map[fleet.StackSetName]bool{}, map[fleet.StackSetName]bool{}
	for _, a := range actions {
		for _, set := range a.touched() {
			deployed[set] = deployed[set] || a.Stage == StageDeploy && a.Remedy.Writes()
			healed[set] = healed[set] || a.Stage == StageHeal && a.Remedy.Writes() && a.Remedy != RemedyContinue
		}
	}
	var detections []Action
	for _, name := range b.names {
		v := b.sets[name]
		if !b.mayDetect(v) {
			continue
		}
		switch {
		case b.due[name]:
			detections = append(detections, v.detection(StageDetect, "Its drift is unknown or was checked too long ago."))
		case deployed[name]:
			detections = append(detections, v.detection(StageDetect, "Instances are deployed, and their drift is unknown."))
		}
		if healed[name] {
			detections = append(detections, v.detection(StageVerify, "It is checked whether the healing has helped."))
		}
	}
	return detections
}

func (v *setView) detection(stage Stage, reason string) Action {
	a := Action{Stage: stage, StackSet: v.name, Remedy: RemedyDetect, Furthest: RemedyDetect, Reason: reason,
		Requests: []Request{{Kind: RequestDetect, StackSet: v.name, Preferences: detectionPreferences, Instances: len(v.instances)}}}
	a.ID = actionID(a)
	return a
}

// unchecked counts the cells in scope whose drift is unknown or known for too long.
func (a *Assessment) unchecked(scope Scope) int {
	n := 0
	for i := range a.Cells {
		if c := &a.Cells[i]; c.Verdict == NotChecked && scope.Covers(c.Cell) {
			n++
		}
	}
	return n
}

// DetectedAgain returns the drifted cells whose drift is detected again before
// anything is done about it: what is known of it now does not matter.
func DetectedAgain(f *fleet.Fleet, p *policy.Policy, m Memory, now time.Time) map[fleet.Cell]bool {
	b := &builder{world: newWorld(f, p), memory: m, now: now}
	b.dueDetections()
	again := map[fleet.Cell]bool{}
	for _, name := range b.names {
		for target, instance := range b.sets[name].instances {
			if b.due[name] && instance.Drift == fleet.DriftDrifted && !b.recent(instance.LastDriftCheck, b.sets[name].policy) {
				again[fleet.Cell{StackSet: name, Target: target}] = true
			}
		}
	}
	return again
}

// InDoubt returns the stack sets of which only AWS's list of operations shows
// whether a detection has already tried all there is to be checked: AWS keeps no
// time of an attempt that checked nothing, neither with the set nor with the
// instance. The caller looks there and puts the time into [Memory.Detected] before
// it assesses; without it, the set's drift is detected again.
func InDoubt(f *fleet.Fleet, p *policy.Policy, now time.Time) []fleet.StackSetName {
	b := &builder{world: newWorld(f, p), now: now}
	b.dueDetections()
	var names []fleet.StackSetName
	for _, name := range b.names {
		last := b.sets[name].set.Drift.LastCheck
		if b.due[name] && (last.IsZero() || b.recent(last, b.sets[name].policy)) {
			names = append(names, name)
		}
	}
	return names
}
