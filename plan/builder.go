package plan

import (
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// assessor judges the cells of a world.
type assessor struct {
	*world
	memory  Memory
	now     time.Time
	places  map[fleet.AccountID]place
	pending map[fleet.StackSetName][]fleet.Target // see [Memory.PendingRestores]
	saved   map[fleet.StackSetName][]fleet.Cell   // see [Memory.Saved]
	found   []policy.Problem
}

// builder makes a plan of an assessment.
type builder struct {
	*world
	assessment *Assessment
	memory     Memory
	now        time.Time
	hits       []GuardHit
	// stopped are the sets that a guard holds back; cleanupStopped and allStopped
	// hold for the whole run. The value is the guard.
	stopped        map[fleet.StackSetName]Guard
	cleanupStopped Guard
	allStopped     Guard
	// rollouts are the sets whose unfinished rollout is held.
	rollouts map[fleet.StackSetName]bool
	// room is the number of instances that may be in operation at once.
	room int
	// spare is how many more instances of each set may be taken down.
	spare map[fleet.StackSetName]int
	// due are the sets whose drift is to be detected.
	due       map[fleet.StackSetName]bool
	work      map[fleet.StackSetName][]Assessed // cells to act on, sorted
	unhandled []Assessed
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

// stageOf is the stage that a remedy belongs to by nature.
func stageOf(r Remedy) Stage {
	switch r {
	case RemedyDetach, RemedyRemove:
		return StageCleanup
	case RemedyDeploy:
		return StageDeploy
	}
	return StageHeal
}

// group is cells of one stack set that one kind of action is for.
type group struct {
	stage    Stage
	remedy   Remedy
	furthest Remedy
	class    ReasonClass // for quarantine only
	cells    []Assessed
}

func targetsOf(cells []Assessed) []fleet.Target {
	targets := make([]fleet.Target, len(cells))
	for i, c := range cells {
		targets[i] = c.Target
	}
	return targets
}

// recent reports whether a drift check at the time can be trusted still.
func (b *builder) recent(checked time.Time, sp policy.Set) bool {
	return !checked.IsZero() && b.now.Sub(checked) <= sp.DriftMaxAge
}

// outOfDate reports whether the cell's last drift check is too old to act on.
func (b *builder) outOfDate(c Assessed) bool {
	return !b.recent(c.Checked, b.sets[c.StackSet].policy)
}
