package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/setmend/setmend/fleet"
)

// actions groups the chosen cells into actions, in the order of the plan: by
// stage, in cleanup from the last level to the first, else from the first to the
// last, then by stack set, remedy and wave. Drift detections come with them.
func (b *builder) actions() []Action {
	var actions []Action
	for _, name := range b.names {
		for _, group := range b.groups(name) {
			actions = append(actions, b.split(b.sets[name], group)...)
		}
	}
	actions = append(actions, b.detections(actions)...)
	slices.SortStableFunc(actions, b.compareActions)
	return actions
}

func (b *builder) compareActions(x, y Action) int {
	level := cmp.Compare(b.graph.level[x.StackSet], b.graph.level[y.StackSet])
	if x.Stage == StageCleanup {
		level = -level
	}
	return cmp.Or(
		cmp.Compare(slices.Index(stages, x.Stage), slices.Index(stages, y.Stage)),
		level,
		cmp.Compare(x.StackSet, y.StackSet),
		x.Remedy.Compare(y.Remedy),
		cmp.Compare(x.Wave, y.Wave),
		cmp.Compare(x.ID, y.ID),
	)
}

func (b *builder) groups(name fleet.StackSetName) []group {
	var groups []group
	for _, c := range b.work[name] {
		g := group{stage: b.stage(c), remedy: c.Remedy, furthest: b.furthest(c)}
		if c.Remedy == RemedyQuarantine {
			g.class = c.Class
		}
		i := slices.IndexFunc(groups, func(h group) bool {
			return h.stage == g.stage && h.remedy == g.remedy && h.furthest == g.furthest && h.class == g.class
		})
		if i < 0 {
			i, groups = len(groups), append(groups, g)
		}
		groups[i].cells = append(groups[i].cells, c)
	}
	return groups
}

// split makes the group's actions: waves for what takes instances down, and
// otherwise as many as AWS's quota needs.
func (b *builder) split(v *setView, g group) []Action {
	together := b.together(g)
	var actions []Action
	for wave, cells := range b.waves(v, g, together) {
		actions = append(actions, b.action(v, g, cells, together, wave))
	}
	return actions
}

// together are the importing sets of all the group's cells, in creation order.
func (b *builder) together(g group) []fleet.StackSetName {
	if g.remedy != RemedyRedeploy {
		return nil
	}
	var sets []fleet.StackSetName
	for _, c := range g.cells {
		for _, importer := range c.Importers {
			if !slices.Contains(sets, importer) {
				sets = append(sets, importer)
			}
		}
	}
	slices.SortFunc(sets, func(x, y fleet.StackSetName) int {
		return cmp.Or(cmp.Compare(b.graph.level[x], b.graph.level[y]), cmp.Compare(x, y))
	})
	return sets
}

func (b *builder) action(v *setView, g group, cells []Assessed, candidates []fleet.StackSetName, wave int) Action {
	targets := targetsOf(cells)
	var together []fleet.StackSetName
	for _, set := range candidates {
		if len(b.sets[set].present(targets)) > 0 {
			together = append(together, set)
		}
	}
	a := Action{
		Stage: g.stage, StackSet: v.name, Remedy: g.remedy, Targets: targets, Furthest: g.furthest,
		Requests: b.requests(v, g.remedy, cells, together), Destroys: b.destroys(v, g, cells),
		Together: together, Wave: wave, Reason: summary(cells),
	}
	a.ID = actionID(a)
	return a
}

// summary says why: the verdicts with their numbers, and the commonest reason.
func summary(cells []Assessed) string {
	verdicts, raw := map[Verdict]int{}, map[string]int{}
	for _, c := range cells {
		verdicts[c.Verdict]++
		raw[c.Reason]++
	}
	reasons := map[string]int{}
	for reason, n := range raw { // most cells share a few: normalise each once
		reasons[Normalise(reason)] += n
	}
	var parts []string
	for _, verdict := range Verdicts {
		if n := verdicts[verdict]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, verdict))
		}
	}
	text := strings.Join(parts, ", ") + ": " + commonest(reasons)
	if len(reasons) > 1 {
		text += " (and " + plural(len(reasons)-1, "other reason") + ")"
	}
	return text
}

func commonest(reasons map[string]int) string {
	best := ""
	for _, reason := range fleet.SortedKeys(reasons) {
		if reasons[reason] > reasons[best] {
			best = reason
		}
	}
	return best
}
