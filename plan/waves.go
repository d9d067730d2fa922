package plan

import "github.com/setmend/setmend/fleet"

// waves splits a group's cells. What deletes live stacks goes in waves of at
// most the set's maxUnavailable (and that of every set taken along), after a
// canary of one cell where there are many; all else goes at once, as far as
// AWS's quota of instances in operation lets it.
func (b *builder) waves(v *setView, g group, together []fleet.StackSetName) [][]Assessed {
	if g.remedy != RemedyRedeploy {
		return chunks(g.cells, b.room)
	}
	size := b.spare[v.name]
	for _, name := range together {
		size = min(size, b.spare[name])
	}
	// A redeployed cell takes its importers' cells along: all count in the quota.
	size = max(1, min(size, b.room/(1+len(together))))
	if len(g.cells) < v.policy.CanaryFrom {
		return chunks(g.cells, size)
	}
	return append([][]Assessed{g.cells[:1]}, chunks(g.cells[1:], size)...)
}

// mostUnavailable is how many of the set's instances may be down by us at once.
func (v *setView) mostUnavailable() int {
	return v.policy.MostUnavailable(len(v.instances))
}

func chunks(cells []Assessed, size int) [][]Assessed {
	var parts [][]Assessed
	for len(cells) > size {
		parts = append(parts, cells[:size:size])
		cells = cells[size:]
	}
	if len(cells) > 0 {
		parts = append(parts, cells)
	}
	return parts
}
