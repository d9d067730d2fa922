package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// recent are a cell's heals that still count: within the quarantine window,
// after a person's release, and, of an orphan, only those that were to clean it
// up: what failed while it belonged there says nothing of letting go of it. Nor
// does what failed while the account was suspended, once it is active again, or
// what was cancelled for another's failure: that was no attempt at this cell.
func (a *assessor) recent(c *Assessed, q policy.Quarantine) []Heal {
	m := a.memory.Cells[c.Cell]
	var heals []Heal
	for _, heal := range m.Heals {
		counts := (heal.Verdict == Orphan) == (c.Verdict == Orphan)
		counts = counts && (heal.OK || heal.Class != ReasonAccountGone || c.AccountStatus != "")
		counts = counts && (heal.OK || heal.Class != ReasonCancelled)
		if counts && a.now.Sub(heal.At) <= q.Window && heal.At.After(m.Released) {
			heals = append(heals, heal)
		}
	}
	return heals
}

// Counted is the number of heals that count towards quarantine. An
// escalation is one heal, not several: a failed remedy that a harsher one followed
// does not count. Nor does one that met a cause outside: quarantine is for what
// healing itself made fail.
func Counted(heals []Heal) int {
	count := 0
	heals = slices.DeleteFunc(slices.Clone(heals), func(h Heal) bool { return h.Remedy == RemedyContinue }) // it only clears the way
	for i, heal := range heals {
		if !heal.OK && heal.Class.Outside() {
			continue
		}
		if i > 0 && !heals[i-1].OK && heal.Remedy.Harsher(heals[i-1].Remedy) {
			continue
		}
		count++
	}
	return count
}

// quarantine gives up cells whose heals failed or did not last. A healthy cell
// is forgiven, and a blocked one stays blocked.
func (a *assessor) quarantine(v *setView) {
	if len(a.memory.Cells) == 0 {
		return
	}
	for i := range v.cells {
		c := &v.cells[i]
		if m, ok := a.memory.Cells[c.Cell]; ok {
			a.quarantineCell(c, m, v.policy.Quarantine)
		}
	}
}

func (a *assessor) quarantineCell(c *Assessed, m CellMemory, q policy.Quarantine) {
	if c.Verdict == Healthy || c.Verdict == Blocked {
		return
	}
	heals := a.recent(c, q)
	c.Heals = Counted(heals)
	outside := m.Class.Outside() && (m.Class != ReasonAccountGone || c.AccountStatus == "") // tried again by itself
	if m.Quarantined.After(m.Released) && !outside && (m.Verdict == Orphan) == (c.Verdict == Orphan) {
		giveUp(c, m.Class, fmt.Sprintf("Given up at %s. %s", stamp(m.Quarantined), m.Reason), m.said())
		c.Remedy = ""
		return
	}
	if c.Verdict == NotChecked || len(heals) == 0 {
		return
	}
	last := heals[len(heals)-1]
	switch {
	case c.Heals >= q.Heals:
		giveUp(c, last.classOr(ReasonDriftedAgain), fmt.Sprintf("%d heals within %s did not last.", c.Heals, span(q.Window)), "")
		last.addWords(c)
	case !last.OK && slices.Contains(hopeless, last.Class):
		giveUp(c, last.Class, "Healing it is pointless until the cause is gone.", "")
		last.addWords(c)
	}
}

// giveUp turns the verdict; the remedy makes the healer record it. Said is what of
// the reason is AWS's own text.
func giveUp(c *Assessed, class ReasonClass, reason, said string) {
	c.Verdict, c.Reason, c.Class, c.Said = Quarantined, reason, class, said
	c.Hint, c.Attention, c.Remedy = Hint(class), true, RemedyQuarantine
}

// sayStuck gives a person the command that continues the rollback of the cell's stack.
func (v *setView) sayStuck(c *Assessed) {
	if id := v.instances[c.Target].StackID; c.Class == ReasonRollbackFailed && c.Attention && id != "" {
		c.Hint = fmt.Sprintf("The stack serves its previous version; AWS takes no update of it before its rollback is over. Put right what AWS names, then in account %s: "+
			"`aws cloudformation continue-update-rollback --stack-name %s --region %s`; with memberRole in the policy, setmend does it. It never skips resources: what is skipped is no longer as CloudFormation has it.%s", c.Account, id, c.Region, again)
	}
}

func (h Heal) classOr(fallback ReasonClass) ReasonClass {
	if h.OK || h.Class == "" {
		return fallback
	}
	return h.Class
}

// addWords quotes what AWS said when the heal failed.
func (h Heal) addWords(c *Assessed) {
	c.Said = ""
	if !h.OK && h.Reason != "" {
		c.quote(h.Reason)
	}
}

// said returns AWS's own text in the remembered reason, "" if it has none.
func (m CellMemory) said() string {
	for _, h := range slices.Backward(m.Heals) {
		if !h.OK && h.Reason != "" && strings.Contains(m.Reason, awsSaid(h.Reason)) {
			return h.Reason
		}
	}
	return ""
}

// chooseRemedies chooses what to do about every unhealthy cell.
func (a *assessor) chooseRemedies(v *setView) {
	for i := range v.cells {
		c := &v.cells[i]
		if unhealthy(c.Verdict) {
			a.chooseRemedy(v, c)
		}
		if c.Remedy != "" && c.Remedy != RemedyQuarantine {
			a.backOff(v, c)
			a.meetObstacle(c)
		}
		v.sayStuck(c)
	}
}

// obstacleWait is for how long a run does not try again what it could not try.
const obstacleWait = 24 * time.Hour

// meetObstacle leaves a cell whose remedy the run under way could not try to a
// person, and to the next run. A harsher remedy is not taken for that.
func (a *assessor) meetObstacle(c *Assessed) {
	o := a.memory.Cells[c.Cell].Obstacle
	if o == nil || o.Remedy != c.Remedy {
		return
	}
	if o.Run != a.memory.Run {
		if a.memory.Run == "" { // said of what is shown, and tried again by the next run
			c.Reason += fmt.Sprintf(" The last heal could not try to %s it.%s", o.Remedy, awsSaid(o.Reason))
			c.Class, c.Hint, c.Attention = ReasonCouldNotTry, Hint(ReasonCouldNotTry), true
		}
		return
	}
	c.Class, c.Hint, c.Attention = ReasonCouldNotTry, Hint(ReasonCouldNotTry), true
	c.Reason = c.Ours() + fmt.Sprintf(" It could not be tried to %s it.", o.Remedy)
	c.quote(o.Reason)
	c.waitUntil(o.At.Add(obstacleWait))
}

// backOff delays the remedy after earlier heals of the cell. Backing off is for
// trying again what was tried; a harsher remedy after one that failed is the same
// heal, escalated.
func (a *assessor) backOff(v *setView, c *Assessed) {
	heals := a.recent(c, v.policy.Quarantine)
	if len(heals) == 0 {
		return
	}
	last := heals[len(heals)-1]
	if (c.Remedy == RemedyContinue) != (last.Remedy == RemedyContinue) && (last.OK || c.Remedy == RemedyContinue) {
		return // the way is cleared at once, and then taken
	}
	outside := !last.OK && last.Class.Outside()
	if !last.OK && !outside && c.Remedy.Harsher(last.Remedy) {
		return
	}
	ready := last.At.Add(v.policy.Quarantine.Wait(Counted(heals)))
	if outside {
		ready = last.At.Add(a.distance(c, heals))
		v.block(c, last)
	}
	if ready.After(a.now) {
		c.waitUntil(ready)
	}
}

// Distances between two tries of a cell whose cause lies outside: the first is
// longer than a run waits, so that a run tries once.
const (
	firstDistance   = time.Hour
	longestDistance = 12 * time.Hour
)

// distance returns how long to wait after the last of the heals, which met a cause
// outside. A drift detection that got through since is a sign that the cause has
// gone; it shortens the wait to the first distance.
func (a *assessor) distance(c *Assessed, heals []Heal) time.Duration {
	wait := firstDistance
	last := heals[len(heals)-1]
	if c.Checked.After(last.At) && (c.DriftStatus == fleet.DriftInSync || c.DriftStatus == fleet.DriftDrifted) {
		return wait
	}
	for i := len(heals) - 2; i >= 0 && !heals[i].OK && heals[i].Class.Outside() && wait < longestDistance; i-- {
		wait *= 2
	}
	return min(wait, longestDistance)
}

// block says of a cell that its cause lies outside, and that it is tried again.
func (v *setView) block(c *Assessed, last Heal) {
	c.Verdict, c.Class = Blocked, v.cause(c, last.Class)
	c.Reason = "What keeps it from being healed lies outside of the stack set."
	last.addWords(c)
	c.Hint, c.Attention = Hint(c.Class), true
}

func (a *assessor) chooseRemedy(v *setView, c *Assessed) {
	if underWay(c) && v.busy {
		return // the operation decides; the set's guard waits for it
	}
	if len(Escalation(*c, v.policy)) == 0 {
		leaveTo(c, v.policy)
		return
	}
	heals := a.recent(c, v.policy.Quarantine)
	c.Remedy = a.remedyAfter(v, c, heals)
	if c.Remedy == RemedyQuarantine {
		recallCause(c, heals)
		if c.Class == "" {
			c.Class = ReasonUnknown
		}
		c.Hint, c.Attention = Hint(c.Class), true
		sayKept(c)
	}
}

func underWay(c *Assessed) bool {
	return c.Detailed == fleet.DetailedPending || c.Detailed == fleet.DetailedRunning
}

// recallCause gives a cell the cause that its last heal met, where AWS no longer
// tells: a drift detection writes its own text over an instance's reason.
func recallCause(c *Assessed, heals []Heal) {
	if len(heals) == 0 {
		return
	}
	last := heals[len(heals)-1]
	tells := last.Class != "" && (last.Class != ReasonUnknown || c.Class == "")
	if !last.OK && tells && last.Class != c.Class {
		c.Class, c.Reason = last.Class, "It could not be healed."
		last.addWords(c)
	}
}

// remedyAfter escalates over what was tried since the last success. A heal
// that succeeded and did not last is followed by a harsher remedy where there is
// one, else by the same again, until quarantine.
func (a *assessor) remedyAfter(v *setView, c *Assessed, heals []Heal) Remedy {
	class := c.Class
	if !a.memory.Cells[c.Cell].Released.IsZero() && len(heals) == 0 {
		class = "" // released by a person: what failed then is tried once more
	}
	var tried []Remedy
	for _, heal := range heals {
		if heal.OK {
			tried = nil
		} else {
			tried, class = append(tried, heal.Remedy), heal.Class
		}
	}
	if c.Verdict == Drifted && c.Class == ReasonRevertRefused && !slices.Contains(tried, RemedyRevert) {
		tried = append(tried, RemedyRevert)
	}
	if n := len(heals); n > 0 && heals[n-1].OK && heals[n-1].Verdict == c.Verdict {
		if next := Next(*c, v.policy, []Remedy{heals[n-1].Remedy}, ReasonDriftedAgain); next != RemedyQuarantine {
			return next
		}
		return heals[n-1].Remedy
	}
	return Next(*c, v.policy, tried, class)
}

// leaveTo says that a person has to see to the cell, and why.
func leaveTo(c *Assessed, sp policy.Set) {
	c.Attention = true
	redeploys := redeployable(sp)
	switch {
	case c.Kept != "" && redeploys:
		sayKept(c)
	case c.Undeclared && redeploys:
		c.Class = ReasonExportInUse
		blockHere(c, c.Reason+" It can only be redeployed, and "+c.Pinned, Hint(ReasonExportInUse))
	case c.Pinned != "" && redeploys:
		blockHere(c, c.Reason+" It can only be redeployed, and "+c.Pinned, "Allow the importing stack set to be redeployed, or do it by hand.")
	case c.Class != "" && c.Class != ReasonUnknown:
		c.Hint = Hint(c.Class)
	case sp.Healing == policy.HealOff || sp.Healing == policy.HealNotify:
		c.Hint = "Healing is " + string(sp.Healing) + " for this stack set: see to it by hand, or tag it selfhealing=true."
	case sp.Protected:
		c.Hint = "The stack set is protected from redeployment: see to it by hand, or configure memberRole to revert drift in place."
	default:
		c.Hint = "Configure memberRole to revert drift in place, or allow healing: redeploy."
	}
}

func span(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%d hours", d/time.Hour)
	}
	return d.String()
}
