package plan

import (
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
)

// Make turns an assessment into a plan: guards first, then the cells that are
// left grouped into actions, the actions into an order. It must be given the
// fleet, policy and memory that the assessment was made from.
func Make(f *fleet.Fleet, a *Assessment, p *Policy, m Memory, now time.Time) *Plan {
	b := &builder{world: newWorld(f, p), assessment: a, memory: m, now: now}
	b.guard()
	b.choose()
	plan := &Plan{
		At: now, Actions: b.actions(), Left: b.left, Trips: b.trips,
		Problems: a.Problems, Levels: a.Levels,
	}
	b.order(plan.Actions)
	plan.seal()
	return plan
}

// seal computes what follows from the plan's actions.
func (p *Plan) seal() {
	p.Estimate = estimate(p.Actions)
	p.Hash = hashActions(p.Actions)
}

type builder struct {
	*world
	assessment *Assessment
	memory     Memory
	now        time.Time
	trips      []Trip
	// stopped are the sets that a guard holds back; cleanupStopped and allStopped
	// hold for the whole run. The value is the guard.
	stopped        map[fleet.StackSetName]string
	cleanupStopped string
	allStopped     string
	// room is the number of instances that may be in operation at once.
	room int
	// spare is how many more instances of each set may be taken down.
	spare map[fleet.StackSetName]int
	work  map[fleet.StackSetName][]Assessed // cells to act on, sorted
	left  []Assessed
}

// choose sorts the cells into those to act on and those that are left.
func (b *builder) choose() {
	b.work = map[fleet.StackSetName][]Assessed{}
	for _, c := range b.assessment.Cells {
		switch {
		case c.Verdict == Healthy || c.Verdict == NotChecked:
		case c.Rung == "" || c.NotBefore.After(b.now):
			b.left = append(b.left, c)
		case b.heldBack(c) != "":
			b.leave(c, b.heldBack(c))
		default:
			if c.Rung == RungQuarantine {
				b.left = append(b.left, c)
			}
			b.work[c.StackSet] = append(b.work[c.StackSet], c)
		}
	}
	b.takeAlong()
	b.awaitHeld()
	slices.SortStableFunc(b.left, func(x, y Assessed) int { return x.Cell.Compare(y.Cell) })
}

// heldBack is the guard that keeps the cell from being acted on, "" for none.
func (b *builder) heldBack(c Assessed) string {
	if c.Rung == RungQuarantine {
		return "" // writes nothing
	}
	if b.allStopped != "" {
		return b.allStopped
	}
	if guard := b.stopped[c.StackSet]; guard != "" && !(c.Owed && c.Rung == RungDeploy && b.mayPayBack(c.StackSet)) {
		return guard
	}
	if stageOf(c.Rung) == StageCleanup {
		return b.cleanupStopped
	}
	if c.Rung == RungRedeploy && slices.ContainsFunc(append([]fleet.StackSetName{c.StackSet}, c.Importers...), b.spent) {
		return GuardUnavailable
	}
	return ""
}

// spent reports whether no more of a set may be taken down.
func (b *builder) spent(set fleet.StackSetName) bool { return b.spare[set] <= 0 }

// mayPayBack reports whether an instance that we deleted may be created again in
// spite of the set's guards. They are there to prevent destruction; leaving a
// live account without what we took from it prevents none. Only an operation
// under way has to be waited for.
func (b *builder) mayPayBack(set fleet.StackSetName) bool {
	return !slices.ContainsFunc(b.trips, func(t Trip) bool {
		return t.Guard == GuardForeignOperation && t.StackSet == set
	})
}

func (b *builder) leave(c Assessed, guard string) {
	c.Hint = "Held back by the guard " + guard + "."
	b.left = append(b.left, c)
}

// takeAlong drops the actions of cells that a redeployment takes along anyway,
// and the redeployments that would take along what a guard holds back.
func (b *builder) takeAlong() {
	taken := map[fleet.Cell]bool{}
	for _, level := range b.graph.levels {
		for _, name := range level {
			cells := b.work[name]
			b.work[name] = slices.DeleteFunc(cells, func(c Assessed) bool {
				return taken[c.Cell] && stageOf(c.Rung) == StageHeal || b.mayNotTake(c, taken)
			})
		}
	}
}

func (b *builder) mayNotTake(c Assessed, taken map[fleet.Cell]bool) bool {
	if c.Rung != RungRedeploy {
		return false
	}
	for _, importer := range c.Importers {
		if guard := b.stopped[importer]; guard != "" {
			c.Reason += " It can only be redeployed together with " + string(importer) + "."
			b.leave(c, guard+" of "+string(importer))
			return true
		}
	}
	for _, importer := range c.Importers {
		taken[fleet.Cell{StackSet: importer, Target: c.Target}] = true
	}
	return false
}

// awaitHeld leaves deployments whose dependency would have come, had no guard
// held it back. Levels go first to last, so that it goes down whole chains.
func (b *builder) awaitHeld() {
	assessed := bySet(b.assessment.Cells)
	for _, level := range b.graph.levels {
		for _, name := range level {
			b.work[name] = slices.DeleteFunc(b.work[name], func(c Assessed) bool {
				need := b.heldNeed(c, assessed)
				if need != "" {
					b.left = append(b.left, waiting(c, need))
				}
				return need != ""
			})
		}
	}
}

// heldNeed is a dependency of a deployment that is not there and not coming, ""
// if there is none.
func (b *builder) heldNeed(c Assessed, assessed map[fleet.StackSetName][]Assessed) fleet.StackSetName {
	if c.Rung != RungDeploy {
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
	return c.stands() || planned != nil && planned.Rung != RungQuarantine
}

// bySet cuts the assessment's cells into the sets'.
func bySet(cells []Assessed) map[fleet.StackSetName][]Assessed {
	sets := map[fleet.StackSetName][]Assessed{}
	for from, to := 0, 0; from < len(cells); from = to {
		for to < len(cells) && cells[to].StackSet == cells[from].StackSet {
			to++
		}
		sets[cells[from].StackSet] = cells[from:to]
	}
	return sets
}

// stageOf is the stage that a rung belongs to by nature.
func stageOf(r Rung) Stage {
	switch r {
	case RungDetach, RungRemove:
		return StageCleanup
	case RungDeploy:
		return StageDeploy
	}
	return StageHeal
}

// stage is the cell's: a deployment whose dependency is healed there waits for
// the healing stage, since stages never go back.
func (b *builder) stage(c Assessed) Stage {
	natural := stageOf(c.Rung)
	if natural != StageDeploy {
		return natural
	}
	for need := range b.graph.above[c.StackSet] {
		for _, other := range bearing(b.work[need], c.Target) {
			if stageOf(other.Rung) == StageHeal && other.Rung != RungQuarantine {
				return StageHeal
			}
		}
	}
	return natural
}
