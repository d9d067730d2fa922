package plan

import "slices"

// The ladder, least destructive rung first. A rung is taken only where the one
// before cannot work or has failed; what no rung can help is quarantined.
//
//	missing             deploy, retry
//	failed, stale       retry, redeploy
//	inoperable          redeploy (once more, where the cause may have gone)
//	drifted             revert, redeploy
//	orphan              the one rung that [Assess] chose: detach, or remove
//
// Redeployment needs healing: redeploy, an unprotected set, and that nothing
// that must stay imports from the stack. Reverting needs a member role.

// Ladder lists the rungs that the policy leaves open to the cell, least
// destructive first; none if only a person can help.
func Ladder(c Assessed, sp SetPolicy) []Rung {
	heals := sp.Healing == HealRevert || sp.Healing == HealRedeploy
	deploys := sp.Healing != HealOff || c.Owed
	redeploys := sp.Healing == HealRedeploy && !sp.Protected && c.Pinned == ""
	var ladder []Rung
	add := func(rung Rung, open bool) {
		if open {
			ladder = append(ladder, rung)
		}
	}
	switch c.Verdict {
	case Missing:
		add(RungDeploy, deploys)
		add(RungRetry, deploys)
	case Failed, Stale:
		// An instance that never got a stack is a mandatory deployment under way.
		add(RungRetry, heals || c.Desire == Must && c.Bare && deploys)
		add(RungRedeploy, redeploys)
	case Inoperable:
		add(RungRedeploy, redeploys)
	case Drifted:
		add(RungRevert, heals && sp.MemberRole != "")
		add(RungRedeploy, redeploys)
	case Orphan:
		add(c.Rung, c.Rung != "")
	}
	return ladder
}

// hopeless are the classes that no rung can do anything about: the cause lies
// outside and will be met again.
var hopeless = []ReasonClass{
	ReasonDenied, ReasonRoleMissing, ReasonRegionDisabled, ReasonAccountGone,
	ReasonTermination, ReasonTemplate, ReasonMaskedOverride, ReasonImportFailed,
}

// transient are the classes that pass by themselves, so that the same rung is
// tried again before any harsher one.
var transient = []ReasonClass{ReasonThrottled, ReasonCancelled, ReasonImportMissing, ReasonAccountGate, ReasonQuota, ReasonStackBusy}

// unredeployable are the classes where deleting first would make it worse: the
// creation would meet the same obstacle, and the stack would be gone.
var unredeployable = []ReasonClass{
	ReasonNameCollision, ReasonQuota, ReasonThrottled, ReasonCancelled, ReasonImportMissing, ReasonAccountGate, ReasonStackBusy,
}

// transientTries is how often one rung is tried for a transient cause.
const transientTries = 3

// Next is the rung to take after those tried, oldest first, given the class of
// the last failure ("" if none has failed yet). [RungQuarantine] is the end: no
// rung is left, or the class says that none can help.
func Next(c Assessed, sp SetPolicy, tried []Rung, class ReasonClass) Rung {
	if slices.Contains(hopeless, class) {
		return RungQuarantine
	}
	ladder := Ladder(c, sp)
	if again, ok := repeat(ladder, tried, class); ok {
		return again
	}
	for _, rung := range ladder {
		if !slices.Contains(tried, rung) && allowed(c, rung, class) {
			return rung
		}
	}
	return RungQuarantine
}

// repeat is the rung tried last, if the cause was transient and patience lasts.
func repeat(ladder, tried []Rung, class ReasonClass) (Rung, bool) {
	if len(tried) == 0 || !slices.Contains(transient, class) {
		return "", false
	}
	last, times := tried[len(tried)-1], 0
	for _, rung := range tried {
		if rung == last {
			times++
		}
	}
	return last, times < transientTries && slices.Contains(ladder, last)
}

// allowed reports whether a rung makes sense after a failure of the class.
func allowed(c Assessed, rung Rung, class ReasonClass) bool {
	if gone := class == ReasonStackGone && c.Verdict != Missing && !c.Bare; gone && (rung == RungRetry || rung == RungRevert) {
		return false // there is nothing to update or to put back
	}
	if rung != RungRedeploy {
		return true
	}
	if class == ReasonExportInUse {
		return len(c.Importers) > 0 // deleted before it, created again after it
	}
	// A deletion that failed may be repeated where the cause may have passed; it
	// deletes nothing that its set has not given up already.
	return c.Verdict == Inoperable || !slices.Contains(unredeployable, class)
}
