package record

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/plan"
)

// cellsKey holds what is remembered of a stack set's cells.
func cellsKey(set fleet.StackSetName) string { return "cells/" + string(set) }

type cellMemories map[string]plan.CellMemory // by Target.String()

type accountMemory struct {
	Read     time.Time                              `json:"read"`
	Accounts map[fleet.AccountID]fleet.AccountState `json:"accounts"`
	Since    map[fleet.AccountID]time.Time          `json:"since,omitempty"`
}

const accountsKey = "memory/accounts"

// LoadMemory gathers what earlier runs know. accept lists guards that a person has
// accepted beforehand. known is one run's log as it is known already, nil if none is.
func LoadMemory(ctx context.Context, j Journal, accept []string, known *Log) (plan.Memory, error) {
	m := plan.Memory{Cells: map[fleet.Cell]plan.CellMemory{}, Accepted: map[string][]plan.Answer{}}
	for _, guard := range accept {
		m.Accepted[guard] = []plan.Answer{{By: "--accept", Beforehand: true}}
	}
	accounts, err := Read[accountMemory](ctx, j, accountsKey)
	if err != nil {
		return m, err
	}
	m.Accounts, m.Read, m.Since = accounts.Value.Accounts, accounts.Value.Read, accounts.Value.Since
	if err := LoadCells(ctx, j, &m); err != nil {
		return m, err
	}
	if err := loadApprovals(ctx, j, &m); err != nil {
		return m, err
	}
	if err := loadSaved(ctx, j, &m); err != nil {
		return m, err
	}
	pending, err := PendingRestores(ctx, j, known)
	if err != nil {
		return m, err
	}
	m.PendingRestores = map[fleet.Cell][]fleet.Parameter{}
	for cell, r := range pending {
		m.PendingRestores[cell] = r.Overrides
	}
	return m, nil
}

// LoadCells adds what is remembered of single cells.
func LoadCells(ctx context.Context, j Journal, m *plan.Memory) error {
	keys, err := j.Keys(ctx, "cells/")
	if err != nil {
		return err
	}
	for _, key := range keys {
		doc, err := Read[cellMemories](ctx, j, key)
		if err != nil {
			return err
		}
		set := fleet.StackSetName(strings.TrimPrefix(key, "cells/"))
		for text, memory := range doc.Value {
			target, err := fleet.ParseTarget(text)
			if err != nil {
				return err
			}
			m.Cells[fleet.Cell{StackSet: set, Target: target}] = memory
		}
	}
	return nil
}

// Remember changes what is remembered of cells of one stack set, by the target's
// String. Another's write in between makes it start over from what is there then. What
// is left empty is removed.
func Remember(ctx context.Context, j Journal, set fleet.StackSetName, change func(map[string]plan.CellMemory)) error {
	for {
		doc, err := Read[cellMemories](ctx, j, cellsKey(set))
		if err != nil {
			return err
		}
		if doc.Value == nil {
			doc.Value = cellMemories{}
		}
		change(doc.Value)
		maps.DeleteFunc(doc.Value, func(_ string, m plan.CellMemory) bool { return empty(m) })
		if err := doc.Write(ctx, j); !IsConflict(err) {
			return err
		}
	}
}

// AddHeal adds an attempt, unless it was added already by a process that died right
// after it, and drops those too old to matter.
func AddHeal(memory plan.CellMemory, heal plan.Heal, window time.Duration) plan.CellMemory {
	noted := slices.ContainsFunc(memory.Heals, func(h plan.Heal) bool {
		return h.Run == heal.Run && h.Remedy == heal.Remedy && h.At.Equal(heal.At)
	})
	if !noted {
		memory.Heals = append(memory.Heals, heal)
	}
	memory.Heals = slices.DeleteFunc(memory.Heals, func(h plan.Heal) bool { return heal.At.Sub(h.At) > window })
	return memory
}

// RememberAccounts keeps the organization's accounts for the next run's shrink
// guard. The caller must have been allowed to act on the reading.
func RememberAccounts(ctx context.Context, j Journal, f *fleet.Fleet) error {
	doc, err := Read[accountMemory](ctx, j, accountsKey)
	if err != nil {
		return err
	}
	now := plan.Memory{Accounts: doc.Value.Accounts, Read: doc.Value.Read, Since: doc.Value.Since}.Observe(f, f.ReadAt)
	doc.Value = accountMemory{Read: now.Read, Accounts: now.Accounts, Since: now.Since}
	return doc.Write(ctx, j)
}

// loadSaved adds the newest saved copy of each cell to the memory. A copy that
// is damaged is kept as such: nothing is created from it.
func loadSaved(ctx context.Context, j Journal, m *plan.Memory) error {
	keys, err := j.Keys(ctx, overridesPrefix)
	if err != nil {
		return err
	}
	m.Saved = map[fleet.Cell]plan.SavedInstance{}
	for _, key := range keys {
		doc, err := Read[Saved](ctx, j, key)
		if err != nil {
			return err
		}
		s := doc.Value
		damaged := s.verify(key) != nil
		for _, c := range s.Cells {
			cell := fleet.Cell{StackSet: s.StackSet, Target: c.Target}
			if known, had := m.Saved[cell]; had && !s.At.After(known.At) {
				continue
			}
			m.Saved[cell] = plan.SavedInstance{Overrides: c.Overrides, StackID: c.StackID, StackSetID: s.StackSetID,
				TemplateHash: s.TemplateHash, At: s.At, Run: s.Run, Detached: s.Detached,
				Removed: s.Detached || s.Kind == command.Remove, Damaged: damaged, Settled: !s.At.After(m.Cells[cell].Settled)}
		}
	}
	return nil
}

// Tidied returns what remains of a memory, given the cell's present verdict (nil if
// the cell is no more).
func Tidied(m plan.CellMemory, c *plan.Assessed, window time.Duration, now time.Time) (plan.CellMemory, bool) {
	gone := c == nil
	if healthy := gone || c.Verdict == plan.Healthy; healthy && m.Quarantined.After(m.Released) {
		return plan.CellMemory{DriftIgnored: m.DriftIgnored, Cause: m.Cause, Settled: m.Settled}, true
	}
	refuted, obstacle := m.Refuted, m.Obstacle
	well := gone || c.Verdict == plan.Healthy
	if well {
		m.Refuted, m.Obstacle = time.Time{}, nil
	}
	var kept []plan.Heal
	for _, heal := range m.Heals {
		waited := well && !heal.OK && heal.Class.Outside() // its cause has gone
		if now.Sub(heal.At) <= window && !waited {
			kept = append(kept, heal)
		}
	}
	changed := len(kept) < len(m.Heals) || !refuted.Equal(m.Refuted) || obstacle != m.Obstacle
	m.Heals = kept
	if gone && len(kept) == 0 && !empty(m) {
		return plan.CellMemory{Settled: m.Settled}, m.Settled.IsZero() || changed
	}
	return m, changed
}

// empty reports whether nothing is worth remembering.
func empty(m plan.CellMemory) bool {
	return len(m.Heals) == 0 && m.Quarantined.IsZero() && m.DriftIgnored.IsZero() && m.Refuted.IsZero() && m.Obstacle == nil && m.Cause == nil && m.Settled.IsZero()
}
