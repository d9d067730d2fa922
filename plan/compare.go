package plan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/setmend/setmend/fleet"
)

// Compare says in sentences what is different in the new plan, one for each
// stack set and kind of difference; nil if the two do the same. Explanations and
// times are not compared.
func Compare(old, new *Plan) []string {
	if old.Hash == new.Hash {
		return nil
	}
	var sentences []string
	before, after := old.work(), new.work()
	for _, key := range workKeys(before, after) {
		gone, come := difference(before[key], after[key])
		sentences = append(sentences, changed(key, gone, "no longer planned")...)
		sentences = append(sentences, changed(key, come, "newly planned")...)
	}
	before, after = old.mayFollow(new.cells()), new.mayFollow(old.cells())
	for _, key := range workKeys(before, after) {
		gone, come := difference(before[key], after[key])
		sentences = append(sentences, changed(key, gone, "no longer what a run may come to")...)
		sentences = append(sentences, changed(key, come, "newly what a run may come to")...)
	}
	sentences = append(sentences, detectionsChanged(old, new)...)
	if sentences == nil {
		return []string{"The same cells are acted on in the same way, in another order, grouping or with other preferences."}
	}
	return sentences
}

// workKey is a stack set and a remedy.
type workKey struct {
	set    fleet.StackSetName
	remedy Remedy
}

// work is the plan's targets by stack set and remedy, sorted.
func (p *Plan) work() map[workKey][]fleet.Target {
	work := map[workKey][]fleet.Target{}
	for _, a := range p.Actions {
		if a.Remedy == RemedyDetect {
			continue // has no targets
		}
		key := workKey{a.StackSet, a.Remedy}
		work[key] = append(work[key], a.Targets...)
	}
	for _, targets := range work {
		fleet.SortTargets(targets)
	}
	return work
}

// cells are the cells that the plan's actions are for.
func (p *Plan) cells() map[fleet.Cell]bool {
	cells := map[fleet.Cell]bool{}
	for _, a := range p.Actions {
		for _, t := range a.Targets {
			cells[fleet.Cell{StackSet: a.StackSet, Target: t}] = true
		}
	}
	return cells
}

// mayFollow is the plan's targets, of the given cells, by stack set and furthest
// remedy, where that is harsher than the one planned; sorted.
func (p *Plan) mayFollow(among map[fleet.Cell]bool) map[workKey][]fleet.Target {
	work := map[workKey][]fleet.Target{}
	for _, a := range p.Actions {
		for _, t := range a.Targets {
			if a.Furthest.Harsher(a.Remedy) && among[fleet.Cell{StackSet: a.StackSet, Target: t}] {
				key := workKey{a.StackSet, a.Furthest}
				work[key] = append(work[key], t)
			}
		}
	}
	for _, targets := range work {
		fleet.SortTargets(targets)
	}
	return work
}

// detectionsChanged says of which sets only one of the plans detects the drift.
func detectionsChanged(old, new *Plan) []string {
	var sentences []string
	was, is := old.detects(), new.detects()
	for _, set := range fleet.SortedKeys(was) {
		if !is[set] {
			sentences = append(sentences, fmt.Sprintf("%s: detecting its drift is no longer planned.", set))
		}
	}
	for _, set := range fleet.SortedKeys(is) {
		if !was[set] {
			sentences = append(sentences, fmt.Sprintf("%s: detecting its drift is newly planned.", set))
		}
	}
	return sentences
}

// detects are the stack sets whose drift the plan has detected.
func (p *Plan) detects() map[fleet.StackSetName]bool {
	sets := map[fleet.StackSetName]bool{}
	for _, a := range p.Actions {
		if a.Remedy == RemedyDetect {
			sets[a.StackSet] = true
		}
	}
	return sets
}

func workKeys(plans ...map[workKey][]fleet.Target) []workKey {
	var keys []workKey
	for _, plan := range plans {
		for key := range plan {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(x, y workKey) int {
		return cmp.Or(cmp.Compare(x.set, y.set), x.remedy.Compare(y.remedy))
	})
	return slices.Compact(keys)
}

// difference lists what only the one and only the other has.
func difference(old, new []fleet.Target) (gone, come []fleet.Target) {
	was, is := map[fleet.Target]bool{}, map[fleet.Target]bool{}
	for _, t := range old {
		was[t] = true
	}
	for _, t := range new {
		if is[t] = true; !was[t] {
			come = append(come, t)
		}
	}
	for _, t := range old {
		if !is[t] {
			gone = append(gone, t)
		}
	}
	return gone, come
}

func changed(key workKey, targets []fleet.Target, how string) []string {
	if len(targets) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s: %s of %s is %s: %s.", key.set, key.remedy, cellCount(len(targets)), how, firstTargets(targets, 3))}
}
