package record

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// Runs lists the runs in the journal, newest first.
func Runs(ctx context.Context, j Journal) ([]Run, error) {
	keys, err := j.Keys(ctx, "runs/")
	if err != nil {
		return nil, err
	}
	list := []Run{}
	for _, key := range keys {
		id, part, _ := strings.Cut(strings.TrimPrefix(key, "runs/"), "/")
		if part != "run" {
			continue
		}
		run, err := FindRun(ctx, j, id)
		if err != nil {
			return nil, err
		}
		list = append(list, *run)
	}
	slices.SortFunc(list, func(a, b Run) int { return b.Started.Compare(a.Started) })
	return list, nil
}

// FindRun loads one run's record.
func FindRun(ctx context.Context, j Journal, id string) (*Run, error) {
	doc, err := Read[Run](ctx, j, RunKey(id, "run"))
	if err != nil {
		return nil, err
	}
	if !doc.Exists() {
		return nil, fmt.Errorf("finding run %s: the journal has none of that id", id)
	}
	return &doc.Value, nil
}

// InQuarantine is a cell that was given up.
type InQuarantine struct {
	fleet.Cell
	Since  time.Time        `json:"since"`
	Reason string           `json:"reason"`
	Class  plan.ReasonClass `json:"class,omitempty"`
}

// Quarantine lists the cells that were given up, sorted by cell.
func Quarantine(ctx context.Context, j Journal) ([]InQuarantine, error) {
	m := plan.Memory{Cells: map[fleet.Cell]plan.CellMemory{}}
	if err := LoadCells(ctx, j, &m); err != nil {
		return nil, err
	}
	list := []InQuarantine{}
	for cell, memory := range m.Cells {
		if memory.Quarantined.After(memory.Released) {
			list = append(list, InQuarantine{cell, memory.Quarantined, memory.Reason, memory.Class})
		}
	}
	slices.SortFunc(list, func(a, b InQuarantine) int { return a.Compare(b.Cell) })
	return list, nil
}

// Release takes a cell out of quarantine: heals so far count no more, and even
// what is never retried by itself is tried once more. What was tried stays to be
// read. The release is dated by the last thing that it forgives, because the
// clock of the process that releases need not be the healer's.
// What was removed or detached in the cell is released, too: a detached stack then
// counts as gone, and an instance made anew without the saved overrides as intended.
func Release(ctx context.Context, j Journal, cell fleet.Cell) error {
	m := plan.Memory{}
	if err := loadSaved(ctx, j, &m); err != nil {
		return err
	}
	saved, had := m.Saved[cell]
	found := false
	err := Remember(ctx, j, cell.StackSet, func(cells map[string]plan.CellMemory) {
		memory := cells[cell.Target.String()]
		if found = memory.Quarantined.After(memory.Released) || waits(memory); found {
			memory.Released = memory.Quarantined
			for _, heal := range memory.Heals {
				if heal.At.After(memory.Released) {
					memory.Released = heal.At
				}
			}
			cells[cell.Target.String()] = memory
		}
		if had && saved.At.After(memory.Settled) {
			found, memory.Settled = true, saved.At
			cells[cell.Target.String()] = memory
		}
	})
	if err == nil && !found {
		err = fmt.Errorf("releasing %s: it is neither in quarantine nor waiting for a cause outside to go, and nothing that was removed or let go of there waits for a word", cell)
	}
	return err
}

// waits reports whether a cell waits for a cause outside to go.
func waits(m plan.CellMemory) bool {
	n := len(m.Heals)
	return n > 0 && !m.Heals[n-1].OK && m.Heals[n-1].Class.Outside() && m.Heals[n-1].At.After(m.Released)
}
