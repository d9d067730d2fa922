package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/drift"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// JudgeDrift returns the memory of a cell after the details of the drift check made
// at the given time were read.
func (m CellMemory) JudgeDrift(sp policy.Set, details []fleet.ResourceDrift, checked time.Time) CellMemory {
	counts, ignored, noise := sp.FilterDrift(details)
	m.DriftIgnored, m.DriftCounts, m.Noise = time.Time{}, checked, noiseText(noise)
	// AWS may call a stack drifted and name no resource: then nothing is known of it.
	if len(counts) == 0 && len(ignored)+len(noise) > 0 {
		m.DriftIgnored, m.DriftCounts = checked, time.Time{}
	}
	return m
}

// DriftJudged reports whether the details of the drift check were read.
func (m CellMemory) DriftJudged(checked time.Time) bool {
	return !checked.IsZero() && (m.DriftIgnored.Equal(checked) || m.DriftCounts.Equal(checked))
}

// MassDrift reports whether so many of a set's instances have drifted that nothing
// is done about any without a person's word.
func MassDrift(sp policy.Set, drifted, instances int) bool {
	return drifted >= minMass && sp.MassDrift.ExceededBy(drifted, instances)
}

// noiseText says what AWS reports wrongly: the places by their facts, each fact once.
func noiseText(noise []drift.Noise) string {
	places := map[string][]string{}
	for _, n := range noise {
		place := n.LogicalID
		if n.Property != "" {
			place += " " + n.Property
		}
		places[n.Fact] = append(places[n.Fact], place)
	}
	var sentences []string
	for _, fact := range fleet.SortedKeys(places) {
		slices.Sort(places[fact])
		sentences = append(sentences, fact+" ("+enumerate(slices.Compact(places[fact]))+").")
	}
	return strings.Join(sentences, " ")
}
