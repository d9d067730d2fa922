package plan

import (
	"fmt"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// How an instance is judged by itself. The first that applies decides:
//
//	its account is unknown or being closed     blocked
//	its account is suspended, closed or left   orphan, or blocked where the policy holds on to it
//	its account has no place in the set        orphan, or blocked where the policy holds on to it
//	INOPERABLE                                 inoperable
//	OUTDATED and the last operation failed     failed
//	OUTDATED otherwise                         outdated
//	CURRENT with another template than its set outdated
//	CURRENT and its stack is gone              failed
//	CURRENT and AWS could not check its drift  notChecked
//	CURRENT and DRIFTED                        drifted
//	CURRENT, drift unknown or too old          notChecked
//	CURRENT and lately IN_SYNC                 healthy
//
// Drift counts only where AWS says DRIFTED. A check is too old after the set's
// driftMaxAge; a set whose healing is off is never checked by us, so that the
// age of its last check does not matter.
func (a *assessor) judgeInstance(v *setView, target fleet.Target, instance fleet.Instance, m mandate) Assessed {
	instance = v.recall(instance, a.memory.Cells[fleet.Cell{StackSet: v.name, Target: target}].Cause)
	c := Assessed{
		Cell: fleet.Cell{StackSet: v.name, Target: target}, Desire: May, Because: becauseMay,
		Status: instance.Status, Detailed: instance.Detailed, Bare: instance.StackID == "",
		DriftStatus: instance.Drift, Checked: instance.LastDriftCheck,
	}
	if m.holds(target) {
		c.Desire, c.Because = Must, m.because
	}
	if len(a.memory.PendingRestores) > 0 && a.isPending(c.Cell) {
		c.Desire, c.Because, c.PendingRestore = Must, becausePending, true
	}
	p := a.places[target.Account]
	if p.status != StatusActive {
		c.AccountStatus = p.status
	}
	if !a.judgePlace(v, p, &c) {
		a.judgeStatus(v, instance, &c)
	}
	v.keep(instance, &c)
	a.missGivenBack(v, instance, &c)
	c.Class = v.cause(&c, c.Class)
	if c.PendingRestore && (c.Verdict == Healthy || c.Verdict == NotChecked) {
		c.Attention = true
		c.Reason += " Its overrides are not those that were saved when it was deleted."
		c.Hint = "See `setmend overrides diff`, and give it the ones that it should have."
	}
	return c
}

// judgePlace judges by where the instance is; false if it may be there.
func (a *assessor) judgePlace(v *setView, p place, c *Assessed) bool {
	service := v.set.PermissionModel == fleet.ServiceManaged
	switch {
	case !p.working():
		a.judgeGone(v, p, c)
	case service && p.status == StatusManagement:
		blockHere(c, "A service-managed stack set never deploys to the management account, yet there is an instance.",
			"Look at the stack set: AWS should not allow this.")
	case p.excluded(v.policy.Exclude) != "":
		a.judgeUnwanted(v, c, a.policy.Accounts.Excluded, "The policy forbids an instance here: "+p.excluded(v.policy.Exclude)+".", "accounts.excluded")
	case service && len(v.policy.OUs) > 0 && !p.in(v.policy.OUs):
		a.judgeUnwanted(v, c, a.policy.Accounts.Moved, movedReason(v), "accounts.moved")
	default:
		return false
	}
	return true
}

// judgeGone judges an instance in an account where nothing can be done. Letting
// go of it (RetainStacks) is all that works: StackSets cannot assume its role
// there, and a deletion would leave the instance INOPERABLE.
func (a *assessor) judgeGone(v *setView, p place, c *Assessed) {
	c.Because = p.about
	c.Desire = MustNot
	if p.status == StatusUnknown || p.status == StatusPendingClosure {
		c.Desire = May
		blockHere(c, p.about, "Look the account up in the organization.")
		c.Attention = p.status == StatusUnknown
		return
	}
	c.Verdict, c.Reason = Orphan, p.about
	if v.policy.Healing == policy.HealOff {
		blockHere(c, p.about+" Healing is off for the stack set.", "Let go of the instance by hand.")
		return
	}
	if p.disposal(a.policy.Accounts) != policy.Detach {
		blockHere(c, p.about+" The policy holds on to its instances.", "Set accounts."+string(p.status)+" to detach to let go of them.")
		return
	}
	c.Remedy = RemedyDetach
	if ends := graceEnds(p.account.ID, a.policy.Accounts, a.memory, a.now); ends.After(a.now) {
		c.NotBefore = ends
		c.Reason += " Its period of grace lasts until " + stamp(ends) + "."
	}
}

// judgeUnwanted judges an instance in a live account that the set has no
// business in: removed only if the policy says so, never detached silently.
func (a *assessor) judgeUnwanted(v *setView, c *Assessed, disposal policy.Disposal, reason, setting string) {
	c.Desire, c.Because = MustNot, reason
	if disposal == policy.Remove && !v.policy.Protected && v.policy.Healing != policy.HealOff {
		c.Verdict, c.Reason, c.Remedy = Orphan, reason, RemedyRemove
		return
	}
	blockHere(c, reason, "Delete it by hand, or set "+setting+" to remove.")
}

func movedReason(v *setView) string {
	reason := "The account is in none of the OUs that the stack set targets."
	if v.set.AutoDeployment.Enabled {
		reason += " AWS's automatic deployment should remove the instance."
	}
	return reason
}

// judgeStatus judges by the instance's own state.
func (a *assessor) judgeStatus(v *setView, i fleet.Instance, c *Assessed) {
	switch {
	case i.Status == fleet.InstanceInoperable || i.Detailed == fleet.DetailedInoperable || i.Detailed == fleet.DetailedFailedImport:
		judgeInoperable(i, c)
	case i.Status == fleet.InstanceOutdated:
		judgeOutdated(i, c)
	case i.Status != fleet.InstanceCurrent:
		blockHere(c, fmt.Sprintf("AWS gives the instance the status %q, which is not known here.", i.Status), "Look at the instance in the console.")
	case i.Divergence != "":
		c.Verdict, c.Reason = Outdated, "AWS calls it current, but its stack was changed behind the stack set's back: "+i.Divergence
	case v.policy.Healing != policy.HealOff && (i.Detailed == fleet.DetailedFailed || i.Drift == fleet.DriftUnknown):
		judgeUncheckable(i, c)
	case i.Drift == fleet.DriftDrifted:
		a.judgeDrifted(i, c)
	default:
		a.judgeCurrent(v, i, c)
	}
}

func judgeInoperable(i fleet.Instance, c *Assessed) {
	c.Verdict, c.Class = Inoperable, Classify(i.Reason)
	c.Reason = "A deletion failed, and AWS leaves the instance out of all updates since."
	if i.Detailed == fleet.DetailedFailedImport {
		c.Class, c.Reason = ReasonImportFailed, "The stack could not be imported into the stack set."
	}
	if c.Class == ReasonAccountGone && c.AccountStatus == "" {
		c.Class = ReasonUnknown // the account is active again
	}
	c.quote(i.Reason)
}

func judgeOutdated(i fleet.Instance, c *Assessed) {
	switch i.Detailed {
	case fleet.DetailedFailed:
		c.Verdict, c.Class = Failed, Classify(i.Reason)
		c.Reason = "Its last operation failed."
		c.quote(i.Reason)
		if c.Class == ReasonAccountGone && c.AccountStatus == "" {
			c.Class = ReasonUnknown // the account is active again
		}
	case fleet.DetailedCancelled:
		c.Verdict, c.Class = Outdated, ReasonCancelled
		c.Reason = "Its last operation was cancelled before it got there, for another instance's failure or by a person."
	case fleet.DetailedPending, fleet.DetailedRunning:
		c.Verdict, c.Reason = Outdated, "An operation is still working on it."
	case fleet.DetailedSkipped:
		c.Verdict, c.Reason = Outdated, "It was skipped while the account was suspended; the account is active now."
	default:
		c.Verdict, c.Reason = Outdated, "It does not have its stack set's present template and parameters."
	}
}

func (a *assessor) judgeDrifted(i fleet.Instance, c *Assessed) {
	cell := a.memory.Cells[c.Cell]
	judged := cell.DriftJudged(i.LastDriftCheck)
	if judged && !cell.DriftIgnored.IsZero() {
		c.Verdict, c.Reason = Healthy, "All its drift is of the kind that the policy ignores."
		if cell.Noise != "" {
			c.Reason = "It is no drift, although AWS reports it of such resources: " + cell.Noise
		}
		return
	}
	c.Verdict, c.Reason = Drifted, "Resources differ from the stack's template."
	if judged && cell.Noise != "" {
		c.Reason += " Beside that, AWS reports what is no drift: " + cell.Noise
	}
	if why, unread := a.memory.Unread[c.Cell]; unread && !judged {
		c.Kept, c.KeptWhy = ReasonDriftUnread, "What has drifted could not be read, and may be nothing that was changed: "+why
	}
	switch {
	case cell.Refuted.IsZero():
	case cell.Refuted.Equal(i.LastDriftCheck):
		c.Verdict, c.Class, c.Attention, c.Hint = NotChecked, ReasonRevertRefused, true, Hint(ReasonUnknown)
		c.Reason = "AWS calls it drifted, a drift-aware change set found nothing to put back, and AWS could not check it again."
		c.quote(i.Reason)
	default:
		c.Class = ReasonRevertRefused
		c.Reason += " A drift-aware change set finds nothing to put back."
	}
}

// judgeUncheckable judges an instance that no operation has failed at, and whose
// last drift detection failed: only that leaves a current instance so. Somebody
// may have deleted its stack, which AWS tells nowhere else. Whatever else keeps
// AWS from looking is no reason to delete anything.
func judgeUncheckable(i fleet.Instance, c *Assessed) {
	class := Classify(i.Reason)
	if i.Detailed == fleet.DetailedFailed && class == ReasonStackGone {
		c.Verdict, c.Class, c.Reason = Failed, class, "AWS calls it current, but its stack is gone."
		c.quote(i.Reason)
		return
	}
	c.Verdict, c.Reason, c.Hint, c.Attention = NotChecked, "It is current; AWS could not check its drift.", Hint(ReasonUnknown), true
	if i.Detailed == fleet.DetailedFailed {
		c.Class, c.Hint = class, Hint(class)
		c.quote(i.Reason)
	}
}

func (a *assessor) judgeCurrent(v *setView, i fleet.Instance, c *Assessed) {
	checked := i.Drift == fleet.DriftInSync
	switch {
	case v.policy.Healing == policy.HealOff:
		c.Verdict, c.Reason = Healthy, "It is current; drift is not looked for."
	case !checked || i.LastDriftCheck.IsZero():
		c.Verdict, c.Reason = NotChecked, "It is current; its drift has not been checked."
	case a.now.Sub(i.LastDriftCheck) > v.policy.DriftMaxAge:
		c.Verdict, c.Reason = NotChecked, "It is current; its last drift check is too old to trust."
		if a.now.Sub(v.set.Drift.LastCheck) <= v.policy.DriftMaxAge {
			c.Reason, c.Hint, c.Attention = "It is current; AWS could not check it when its stack set was last checked.", Hint(ReasonUnknown), true
		}
	default:
		c.Verdict, c.Reason = Healthy, "It is current and in sync."
	}
}
