package heal

import (
	"context"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// forgive cleans the cells' memory after a run. A cell that was given up and is
// healthy again is forgiven everything. Of the others, heals that have left the
// quarantine window are dropped; a cell that was healed just now keeps its heals,
// or something that breaks again every hour would be healed for ever.
func (r *run) forgive(ctx context.Context, f *fleet.Fleet, a *plan.Assessment) error {
	verdicts := index(a)
	memory := plan.Memory{Cells: map[fleet.Cell]plan.CellMemory{}}
	if err := loadCells(ctx, r.h.Journal, &memory); err != nil {
		return err
	}
	forgiven := map[fleet.StackSetName]map[fleet.Target]plan.CellMemory{}
	for cell, was := range memory.Cells {
		inventory := f.StackSets[cell.StackSet]
		if inventory == nil {
			continue // the set could not be read, or is gone: nothing is known
		}
		now, changed := tidied(was, verdicts[cell], r.h.Policy.For(inventory.StackSet).Quarantine.Window, r.now())
		if !changed {
			continue
		}
		if forgiven[cell.StackSet] == nil {
			forgiven[cell.StackSet] = map[fleet.Target]plan.CellMemory{}
		}
		forgiven[cell.StackSet][cell.Target] = now
	}
	for _, set := range fleet.SortedKeys(forgiven) {
		err := remember(ctx, r.h.Journal, set, func(cells map[string]plan.CellMemory) {
			for target, now := range forgiven[set] {
				if cells[target.String()] = now; empty(now) {
					delete(cells, target.String())
				}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tidied is what remains of a memory, given the cell's present verdict (nil if
// the cell is no more).
func tidied(m plan.CellMemory, c *plan.Assessed, window time.Duration, now time.Time) (plan.CellMemory, bool) {
	gone := c == nil
	if healthy := gone || c.Verdict == plan.Healthy; healthy && m.Quarantined.After(m.Released) {
		return plan.CellMemory{DriftIgnored: m.DriftIgnored, Noise: m.Noise, Cause: m.Cause, Settled: m.Settled}, true
	}
	refuted, obstacle, counts := m.Refuted, m.Obstacle, m.DriftCounts
	well := gone || c.Verdict == plan.Healthy
	if well {
		m.Refuted, m.Obstacle, m.DriftCounts = time.Time{}, nil, time.Time{}
	}
	var kept []plan.Heal
	for _, heal := range m.Heals {
		waited := well && !heal.OK && heal.Class.Outside() // its cause has gone
		if now.Sub(heal.At) <= window && !waited {
			kept = append(kept, heal)
		}
	}
	changed := len(kept) < len(m.Heals) || !refuted.Equal(m.Refuted) || obstacle != m.Obstacle || !counts.Equal(m.DriftCounts)
	m.Heals = kept
	if gone && len(kept) == 0 && !empty(m) {
		return plan.CellMemory{Settled: m.Settled}, m.Settled.IsZero() || changed
	}
	return m, changed
}

// empty reports whether nothing is worth remembering.
func empty(m plan.CellMemory) bool {
	return len(m.Heals) == 0 && m.Quarantined.IsZero() && m.DriftIgnored.IsZero() && m.DriftCounts.IsZero() && m.Refuted.IsZero() && m.Obstacle == nil && m.Cause == nil && m.Settled.IsZero()
}
