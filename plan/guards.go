package plan

import (
	"fmt"

	"github.com/setmend/setmend/fleet"
)

// minMass is the number of cells below which no share of a set counts as mass:
// two of a set's five instances are no sign of a broken detector.
const minMass = 5

// guard asks the guards that planning can see. Each stops its own set; only an
// unusable reading stops all, and a shrunken organization all cleanup.
func (b *builder) guard() {
	b.stopped = map[fleet.StackSetName]Guard{}
	b.rollouts = map[fleet.StackSetName]bool{}
	b.guardInventory()
	b.guardOrganization()
	b.guardQuota()
	b.guardProblems()
	tallies := b.tally()
	for _, name := range b.names {
		b.guardMass(b.sets[name], tallies[name])
		b.guardExternal(b.sets[name])
		b.guardQuiet(b.sets[name])
		b.guardRollout(b.sets[name])
	}
	b.guardUnavailable()
}

// hit records a guard, and reports whether it stops: it was not accepted.
func (b *builder) hit(t GuardHit) bool {
	t = b.memory.Accepts(t, b.now)
	b.hits = append(b.hits, t)
	return !t.Accepted
}

func (b *builder) stop(t GuardHit) {
	if b.hit(t) && b.stopped[t.StackSet] == "" {
		b.stopped[t.StackSet] = t.Guard
	}
}

// guardInventory refuses an organization that cannot be true. An empty list is
// how automation has deleted everything before.
func (b *builder) guardInventory() {
	organization := b.fleet.Organization
	if _, ok := organization.Accounts[organization.Management]; ok {
		return
	}
	if b.hit(GuardHit{Guard: GuardIncompleteInventory,
		Reason: fmt.Sprintf("The organization was read with %d accounts, and its management account %s is not among them.",
			len(organization.Accounts), organization.Management),
		Hint: "The reading cannot be complete. Run again, and check the permissions on AWS Organizations."}) {
		b.allStopped = GuardIncompleteInventory
	}
}

// guardOrganization compares the accounts with those known before and those that
// hold instances.
func (b *builder) guardOrganization() {
	known := map[fleet.AccountID]bool{}
	for id := range b.memory.Accounts {
		known[id] = true
	}
	for _, name := range b.names {
		for target := range b.sets[name].instances {
			known[target.Account] = true
		}
	}
	gone := 0
	for id := range known {
		if _, present := b.fleet.Organization.Accounts[id]; !present {
			gone++
		}
	}
	limit := b.policy.Limits.AccountsGone
	if gone <= 1 || !limit.ExceededBy(gone, len(known)) {
		return // a single account that leaves is daily life in a small organization
	}
	if b.hit(GuardHit{Guard: GuardOrganizationShrank, Numbers: Numbers{gone, len(known)},
		Reason: fmt.Sprintf("%d of %d accounts known before or holding instances are gone from the organization; the limit is %s.", gone, len(known), limit),
		Hint:   "If they really left, accept with --accept " + string(GuardOrganizationShrank) + "; nothing is cleaned up until then."}) {
		b.cleanupStopped = GuardOrganizationShrank
	}
}

// guardQuota keeps within AWS's quota of instances in operation at once, in which
// other people's operations count.
func (b *builder) guardQuota() {
	busy := 0
	for _, name := range b.names {
		for _, instance := range b.sets[name].instances {
			if instance.Detailed == fleet.DetailedPending || instance.Detailed == fleet.DetailedRunning {
				busy++
			}
		}
	}
	b.room = b.policy.Limits.RunningInstances - busy
	if b.room > 0 {
		return
	}
	b.room = 1
	if b.hit(GuardHit{Guard: GuardInstanceQuota, Waits: true,
		Reason: fmt.Sprintf("%d instances are in operation already; AWS allows %d at once.", busy, b.policy.Limits.RunningInstances),
		Hint:   "Nothing is started until others' operations have ended."}) {
		b.allStopped = GuardInstanceQuota
	}
}

// guardProblems stops the sets whose configuration contradicts itself.
func (b *builder) guardProblems() {
	for _, problem := range b.assessment.Problems {
		if problem.Stops && problem.StackSet != "" {
			b.stop(GuardHit{Guard: GuardConfiguration, StackSet: problem.StackSet, Reason: problem.Text, Hint: problem.Hint})
		}
	}
}

// tally is what of a set is about to happen for mass reasons.
type tally struct{ drifted, removed int }

func (b *builder) tally() map[fleet.StackSetName]tally {
	tallies := map[fleet.StackSetName]tally{}
	for i := range b.assessment.Cells {
		c := &b.assessment.Cells[i]
		drifted := c.DriftStatus == fleet.DriftDrifted && c.Verdict != Healthy && c.Verdict != Orphan
		removed := c.Verdict == Orphan && c.Remedy != ""
		if !drifted && !removed {
			continue
		}
		t := tallies[c.StackSet]
		if drifted {
			t.drifted++
		} else {
			t.removed++
		}
		tallies[c.StackSet] = t
	}
	return tallies
}

// guardMass stops a set of which too much drifted or would go at once: more
// likely is a fault of the template, the detector or the reading.
func (b *builder) guardMass(v *setView, t tally) {
	all := len(v.instances)
	if MassDrift(v.policy, t.drifted, all) {
		b.stop(GuardHit{Guard: GuardMassDrift, StackSet: v.name, Numbers: Numbers{t.drifted, all},
			Reason: fmt.Sprintf("%d of %d instances have drifted; the limit is %s.", t.drifted, all, v.policy.MassDrift),
			Hint:   fmt.Sprintf("See whether the template is at fault; to heal them all the same, --accept %s:%s.", GuardMassDrift, v.name)})
	}
	if t.removed > 0 {
		t.removed, all = t.removed+b.memory.Removed[v.name], all+b.memory.Removed[v.name]
	}
	if t.removed >= minMass && v.policy.MassRemoval.ExceededBy(t.removed, all) {
		b.stop(GuardHit{Guard: GuardMassRemoval, StackSet: v.name, Numbers: Numbers{t.removed, all},
			Reason: fmt.Sprintf("%d of %d instances would be removed or let go of; the limit is %s.", t.removed, all, v.policy.MassRemoval),
			Hint:   fmt.Sprintf("If that is right, --accept %s:%s.", GuardMassRemoval, v.name)})
	}
}

// guardExternal waits for operations that are not ours. AWS allows one operation
// on a stack set at a time, and what a person started is not ours to stop.
func (b *builder) guardExternal(v *setView) {
	for _, operation := range b.fleet.StackSets[v.name].Running {
		if operation.Status.Ended() || b.memory.Operations[operation.ID] {
			continue
		}
		b.stop(GuardHit{Guard: GuardExternalOperation, StackSet: v.name, Waits: true,
			Reason: fmt.Sprintf("The operation %s (%s) that somebody else started is %s.", operation.ID, operation.Kind, operation.Status),
			Hint:   "The stack set's turn comes when it has ended."})
		return
	}
}

// guardUnavailable lets no set go further down than its maxUnavailable says: what
// earlier redeployments deleted and could not create again counts.
func (b *builder) guardUnavailable() {
	down, wanted := map[fleet.StackSetName]int{}, map[fleet.StackSetName]bool{}
	for i := range b.assessment.Cells {
		c := &b.assessment.Cells[i]
		if c.PendingRestore && (!c.Present() || c.Bare) {
			down[c.StackSet]++
		}
		wanted[c.StackSet] = wanted[c.StackSet] || c.Remedy == RemedyRedeploy
	}
	b.spare = map[fleet.StackSetName]int{}
	for _, name := range b.names {
		most := b.sets[name].mostUnavailable()
		b.spare[name] = most - down[name]
		if b.spare[name] > 0 || !wanted[name] {
			continue
		}
		accepted := !b.hit(GuardHit{Guard: GuardUnavailable, StackSet: name, Waits: true, Numbers: Numbers{down[name], most},
			Reason: fmt.Sprintf("%d instances of %s were deleted and are not back; at most %d may be down at one time.", down[name], name, most),
			Hint:   fmt.Sprintf("See why they cannot be created again; to redeploy others all the same, --accept %s:%s.", GuardUnavailable, name)})
		if accepted {
			b.spare[name] = most
		}
	}
}

func (b *builder) guardQuiet(v *setView) {
	for _, quiet := range v.policy.QuietHours {
		if quiet.Contains(b.now) {
			b.stop(GuardHit{Guard: GuardQuietHours, StackSet: v.name, Waits: true,
				Reason: fmt.Sprintf("It is within the quiet hours %s.", quiet),
				Hint:   fmt.Sprintf("Its turn comes afterwards; to act now, --accept %s:%s.", GuardQuietHours, v.name)})
			return
		}
	}
}
