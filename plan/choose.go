package plan

import (
	"slices"

	"github.com/setmend/setmend/fleet"
)

// choose sorts the cells into those to act on and those that are unhandled.
func (b *builder) choose() {
	b.work = map[fleet.StackSetName][]Assessed{}
	for _, c := range b.assessment.Cells {
		switch {
		case c.Verdict == Healthy || c.Verdict == NotChecked:
		case c.Remedy == "" || c.NotBefore.After(b.now):
			b.unhandled = append(b.unhandled, c)
		case c.Verdict == Drifted && b.due[c.StackSet] && b.outOfDate(c):
			c.Hint = "Its drift is detected again first."
			b.unhandled = append(b.unhandled, c)
		case b.stoppedBy(c) != "":
			b.leave(c, b.stoppedBy(c), "")
		default:
			if c.Remedy == RemedyQuarantine {
				b.unhandled = append(b.unhandled, c)
			}
			b.work[c.StackSet] = append(b.work[c.StackSet], c)
		}
	}
	b.takeAlong()
	b.awaitSuspended()
	slices.SortStableFunc(b.unhandled, func(x, y Assessed) int { return x.Cell.Compare(y.Cell) })
}

// stoppedBy is the guard that keeps the cell from being acted on, "" for none.
func (b *builder) stoppedBy(c Assessed) Guard {
	if c.Remedy == RemedyQuarantine {
		return "" // writes nothing
	}
	if b.allStopped != "" {
		return b.allStopped
	}
	if guard := b.stopped[c.StackSet]; guard != "" && !(c.PendingRestore && c.Remedy == RemedyDeploy && b.mayRestore(c.StackSet)) {
		return guard
	}
	if c.Rollout && b.rollouts[c.StackSet] && c.Remedy != RemedyContinue { // which brings no new version
		return GuardRollout
	}
	if stageOf(c.Remedy) == StageCleanup {
		return b.cleanupStopped
	}
	if c.Remedy == RemedyRedeploy && slices.ContainsFunc(append([]fleet.StackSetName{c.StackSet}, c.Importers...), b.spent) {
		return GuardUnavailable
	}
	return ""
}

// spent reports whether no more of a set may be taken down.
func (b *builder) spent(set fleet.StackSetName) bool { return b.spare[set] <= 0 }

// mayRestore reports whether an instance that we deleted may be created again in
// spite of the set's guards. They are there to prevent destruction; leaving a
// live account without what we took from it prevents none. Only an operation
// under way has to be waited for.
func (b *builder) mayRestore(set fleet.StackSetName) bool {
	return !slices.ContainsFunc(b.hits, func(t GuardHit) bool {
		return t.Guard == GuardExternalOperation && t.StackSet == set
	})
}

func (b *builder) leave(c Assessed, guard Guard, of fleet.StackSetName) {
	c.Hint = "Held back by the guard " + guard.Of(of) + "."
	b.unhandled = append(b.unhandled, c)
}

// takeAlong drops the actions of cells that a redeployment takes along anyway,
// and the redeployments that would take along what a guard holds back.
func (b *builder) takeAlong() {
	taken := map[fleet.Cell]bool{}
	for _, level := range b.graph.levels {
		for _, name := range level {
			cells := b.work[name]
			b.work[name] = slices.DeleteFunc(cells, func(c Assessed) bool {
				return taken[c.Cell] && stageOf(c.Remedy) == StageHeal || b.mayNotTake(c, taken)
			})
		}
	}
}

func (b *builder) mayNotTake(c Assessed, taken map[fleet.Cell]bool) bool {
	if c.Remedy != RemedyRedeploy {
		return false
	}
	for _, importer := range c.Importers {
		if guard := b.stopped[importer]; guard != "" {
			c.Reason += " It can only be redeployed together with " + string(importer) + "."
			b.leave(c, guard, importer)
			return true
		}
	}
	for _, importer := range c.Importers {
		taken[fleet.Cell{StackSet: importer, Target: c.Target}] = true
	}
	return false
}

// awaitSuspended leaves deployments whose dependency would have come, had no guard
// held it back. Levels go first to last, so that it goes down whole chains.
func (b *builder) awaitSuspended() {
	assessed := bySet(b.assessment.Cells)
	for _, level := range b.graph.levels {
		for _, name := range level {
			b.work[name] = slices.DeleteFunc(b.work[name], func(c Assessed) bool {
				need := b.suspendedNeed(c, assessed)
				if need != "" {
					b.unhandled = append(b.unhandled, waiting(c, need))
				}
				return need != ""
			})
		}
	}
}

// suspendedNeed is a dependency of a deployment that is not there and not coming, ""
// if there is none.
func (b *builder) suspendedNeed(c Assessed, assessed map[fleet.StackSetName][]Assessed) fleet.StackSetName {
	if c.Remedy != RemedyDeploy {
		return ""
	}
	for _, need := range b.graph.needs[c.StackSet] {
		cells := bearing(assessed[need], c.Target)
		if len(cells) > 0 && !slices.ContainsFunc(cells, b.comes) {
			return need
		}
	}
	return ""
}

func waiting(c Assessed, need fleet.StackSetName) Assessed {
	c.Hint = "It waits for " + string(need) + ", which is held back."
	return c
}

// comes reports whether a cell's stack is there, or is about to be.
func (b *builder) comes(c Assessed) bool {
	planned := find(b.work[c.StackSet], c.Target)
	return c.stands() || planned != nil && planned.Remedy != RemedyQuarantine
}

// stage is the cell's: a deployment whose dependency is healed there waits for
// the healing stage, since stages never go back.
func (b *builder) stage(c Assessed) Stage {
	natural := stageOf(c.Remedy)
	if natural != StageDeploy {
		return natural
	}
	for need := range b.graph.above[c.StackSet] {
		for _, other := range bearing(b.work[need], c.Target) {
			if stageOf(other.Remedy) == StageHeal && other.Remedy != RemedyQuarantine {
				return StageHeal
			}
		}
	}
	return natural
}
