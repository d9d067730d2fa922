package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/setmend/setmend/fleet"
)

// maxOUs is how many OUs AWS takes in one call.
const maxOUs = 50

// actions groups the chosen cells into actions, in the order of the plan: by
// stage, in cleanup from the last level to the first, else from the first to the
// last, then by stack set, rung and wave.
func (b *builder) actions() []Action {
	var actions []Action
	for _, name := range b.names {
		for _, group := range b.groups(name) {
			actions = append(actions, b.split(b.sets[name], group)...)
		}
	}
	slices.SortStableFunc(actions, b.compareActions)
	return actions
}

var stageOrder = []Stage{StageCleanup, StageDeploy, StageHeal}

func (b *builder) compareActions(x, y Action) int {
	level := cmp.Compare(b.graph.level[x.StackSet], b.graph.level[y.StackSet])
	if x.Stage == StageCleanup {
		level = -level
	}
	return cmp.Or(
		cmp.Compare(slices.Index(stageOrder, x.Stage), slices.Index(stageOrder, y.Stage)),
		level,
		cmp.Compare(x.StackSet, y.StackSet),
		cmp.Compare(slices.Index(harshness, x.Rung), slices.Index(harshness, y.Rung)),
		cmp.Compare(x.Wave, y.Wave),
		cmp.Compare(x.ID, y.ID),
	)
}

// group is cells of one stack set that one kind of action is for.
type group struct {
	stage Stage
	rung  Rung
	class ReasonClass // for quarantine only
	cells []Assessed
}

func (b *builder) groups(name fleet.StackSetName) []group {
	var groups []group
	for _, c := range b.work[name] {
		g := group{stage: b.stage(c), rung: c.Rung}
		if c.Rung == RungQuarantine {
			g.class = c.Class
		}
		i := slices.IndexFunc(groups, func(h group) bool { return h.stage == g.stage && h.rung == g.rung && h.class == g.class })
		if i < 0 {
			i, groups = len(groups), append(groups, g)
		}
		groups[i].cells = append(groups[i].cells, c)
	}
	return groups
}

// split makes the group's actions: waves for what takes instances down, and
// otherwise as many as AWS's limits need.
func (b *builder) split(v *setView, g group) []Action {
	together := b.together(g)
	var actions []Action
	for wave, cells := range b.waves(v, g, together) {
		for _, part := range b.withinOUs(v, g.rung, cells) {
			actions = append(actions, b.action(v, g, part, together, wave))
		}
	}
	return actions
}

// together are the importing sets of all the group's cells, in creation order.
func (b *builder) together(g group) []fleet.StackSetName {
	if g.rung != RungRedeploy {
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

func (b *builder) action(v *setView, g group, cells []Assessed, together []fleet.StackSetName, wave int) Action {
	a := Action{Stage: g.stage, StackSet: v.name, Rung: g.rung, Together: together, Wave: wave, Reason: summary(cells)}
	for _, c := range cells {
		a.Targets = append(a.Targets, c.Target)
	}
	if g.rung != RungQuarantine {
		a.Calls, a.Preferences, a.OUs = Cover(a.Targets), v.policy.Preferences, b.ous(v, g.rung, cells)
	}
	a.ID = actionID(a)
	return a
}

// summary says why: the verdicts with their numbers, and the commonest reason.
func summary(cells []Assessed) string {
	verdicts, reasons := map[Verdict]int{}, map[string]int{}
	for _, c := range cells {
		verdicts[c.Verdict]++
		reasons[Normalise(c.Reason)]++
	}
	var parts []string
	for _, verdict := range Verdicts {
		if n := verdicts[verdict]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, verdict))
		}
	}
	text := strings.Join(parts, ", ") + ": " + commonest(reasons)
	if len(reasons) > 1 {
		text += fmt.Sprintf(" (and %d other reasons)", len(reasons)-1)
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

// withinOUs splits cells so that no action names more OUs than AWS takes.
func (b *builder) withinOUs(v *setView, rung Rung, cells []Assessed) [][]Assessed {
	if v.set.PermissionModel != fleet.ServiceManaged || len(b.ous(v, rung, cells)) <= maxOUs {
		return [][]Assessed{cells}
	}
	byOU := slices.Clone(cells)
	slices.SortStableFunc(byOU, func(x, y Assessed) int { return cmp.Compare(b.ou(v, rung, x.Target), b.ou(v, rung, y.Target)) })
	var parts [][]Assessed
	for start := 0; start < len(byOU); {
		end, ous := start, map[fleet.OUID]bool{}
		for ; end < len(byOU); end++ {
			if ous[b.ou(v, rung, byOU[end].Target)] = true; len(ous) > maxOUs {
				break
			}
		}
		part := slices.Clone(byOU[start:end])
		slices.SortFunc(part, func(x, y Assessed) int { return x.Target.Compare(y.Target) })
		parts = append(parts, part)
		start = end
	}
	return parts
}

// ous are where AWS is to look for the cells' accounts. The root is never named
// unless the set targets it: deploying at an OU makes it a target of automatic
// deployment.
func (b *builder) ous(v *setView, rung Rung, cells []Assessed) []fleet.OUID {
	if v.set.PermissionModel != fleet.ServiceManaged {
		return nil
	}
	var ous []fleet.OUID
	for _, c := range cells {
		if ou := b.ou(v, rung, c.Target); ou != "" && !slices.Contains(ous, ou) {
			ous = append(ous, ou)
		}
	}
	slices.Sort(ous)
	return ous
}

// ou is the OU that a call finds the target's account in: for an instance the
// one that AWS recorded with it (the account may sit elsewhere by now), for a
// new one the OU of the set that the account sits in.
func (b *builder) ou(v *setView, rung Rung, target fleet.Target) fleet.OUID {
	if instance, present := v.instances[target]; present && instance.OU != "" {
		return instance.OU
	}
	account := b.fleet.Organization.Accounts[target.Account]
	for _, ou := range v.policy.OUs {
		if account.In(ou) {
			return ou
		}
	}
	return ""
}
