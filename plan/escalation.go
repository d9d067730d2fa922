package plan

import (
	"slices"

	"github.com/setmend/setmend/plan/policy"
)

// The escalation, least destructive remedy first. A remedy is taken only where the one
// before cannot work or has failed; what no remedy can help is quarantined.
//
//	missing             deploy, retry
//	failed, outdated    continue-rollback (where AWS says that it is stuck), retry,
//	                    redeploy (where the stack serves nothing)
//	inoperable          redeploy (once more, where the cause may have gone)
//	drifted             continue-rollback (where a revert left it stuck), revert, redeploy
//	orphan              the one remedy that [Assess] chose: detach, or remove
//
// Redeployment needs healing: redeploy, an unprotected set, that the stack can come
// back and takes no data along (keep.go), and that nothing that must stay imports
// from it. Reverting, and continuing a rollback, need a member role.

// redeployable reports whether the policy allows a set's stacks to be redeployed.
func redeployable(sp policy.Set) bool { return sp.Healing == policy.HealRedeploy && !sp.Protected }

// Escalation lists the remedies that the policy leaves open to the cell, least
// destructive first; none if only a person can help.
func Escalation(c Assessed, sp policy.Set) []Remedy {
	heals := sp.Healing == policy.HealRevert || sp.Healing == policy.HealRedeploy
	deploys := sp.Healing != policy.HealOff || c.PendingRestore
	redeploys := redeployable(sp) && c.Pinned == "" && c.Kept == ""
	stuck := c.Class == ReasonRollbackFailed && heals && sp.MemberRole != ""
	var open []Remedy
	add := func(remedy Remedy, may bool) {
		if may {
			open = append(open, remedy)
		}
	}
	switch c.Verdict {
	case Missing:
		add(RemedyDeploy, deploys)
		add(RemedyRetry, deploys)
	case Failed, Outdated:
		add(RemedyContinue, stuck)
		// An instance that never got a stack is a mandatory deployment under way.
		add(RemedyRetry, heals || c.Desire == Must && c.Bare && deploys)
		add(RemedyRedeploy, redeploys)
	case Inoperable:
		add(RemedyRedeploy, redeploys)
	case Drifted:
		add(RemedyContinue, stuck)
		add(RemedyRevert, heals && sp.MemberRole != "")
		add(RemedyRedeploy, redeploys)
	case Orphan:
		add(c.Remedy, c.Remedy != "")
	}
	return open
}

// hopeless are the classes that no remedy can do anything about, now or later.
// Termination protection is a person's word that a stack is not to be deleted.
var hopeless = []ReasonClass{ReasonMaskedOverride, ReasonImportFailed, ReasonTermination}

// transientTries is how often one remedy is tried for a transient cause.
const transientTries = 3

// Next returns the remedy to take after those tried, oldest first, given the class
// of the last failure ("" if none has failed yet). A cause that lies outside never
// leads to another remedy: the same is tried again, with growing distance.
// [RemedyQuarantine] is the end: no remedy is left, or the class says that none can
// help.
func Next(c Assessed, sp policy.Set, tried []Remedy, class ReasonClass) Remedy {
	if slices.Contains(hopeless, class) {
		return RemedyQuarantine
	}
	if class == ReasonRollbackFailed {
		c.Class = class
	}
	open := Escalation(c, sp)
	if slices.Contains(open, RemedyContinue) && !slices.Contains(tried, RemedyContinue) {
		return RemedyContinue // until then AWS refuses all else
	}
	if again, ok := repeat(open, tried, class); ok {
		return again
	}
	if n := len(tried); n > 0 && class.Outside() && slices.Contains(open, tried[n-1]) && (!tried[n-1].Deletes() || c.Verdict == Inoperable) {
		return tried[n-1]
	}
	for _, remedy := range open {
		if remedy == RemedyRedeploy && slices.Contains(tried, RemedyContinue) {
			break // a stack that is stuck in its rollback serves
		}
		if !slices.Contains(tried, remedy) && allowed(c, remedy, class) {
			return remedy
		}
	}
	return RemedyQuarantine
}

// repeat is the remedy tried last, if the cause was transient and patience lasts.
func repeat(open, tried []Remedy, class ReasonClass) (Remedy, bool) {
	if len(tried) == 0 || !class.Passes() {
		return "", false
	}
	last, times := tried[len(tried)-1], 0
	for _, remedy := range tried {
		if remedy == last {
			times++
		}
	}
	return last, times < transientTries && slices.Contains(open, last)
}

// allowed reports whether a remedy makes sense after a failure of the class.
func allowed(c Assessed, remedy Remedy, class ReasonClass) bool {
	if gone := class == ReasonStackGone && c.Verdict != Missing && !c.Bare; gone && (remedy == RemedyRetry || remedy == RemedyRevert) {
		return false // there is nothing to update or to put back
	}
	if remedy != RemedyRedeploy {
		return true
	}
	if class == ReasonExportInUse {
		return len(c.Importers) > 0 // deleted before it, created again after it
	}
	// A deletion that failed may be repeated where the cause may have passed; it
	// deletes nothing that its set has not given up already.
	return c.Verdict == Inoperable || !class.MeetsCreation()
}
