package heal

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/fleet"
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

// LoadMemory gathers what earlier runs know about the given stack sets.
func LoadMemory(ctx context.Context, j Journal, accept []string) (plan.Memory, error) {
	return loadMemory(ctx, j, accept, nil)
}

// loadMemory is [LoadMemory] with one run's log as it is known already.
func loadMemory(ctx context.Context, j Journal, accept []string, known *commandLog) (plan.Memory, error) {
	m := plan.Memory{Cells: map[fleet.Cell]plan.CellMemory{}, Accepted: map[string][]plan.Answer{}}
	for _, guard := range accept {
		m.Accepted[guard] = []plan.Answer{{By: "--accept", Beforehand: true}}
	}
	accounts, err := read[accountMemory](ctx, j, accountsKey)
	if err != nil {
		return m, err
	}
	m.Accounts, m.Read, m.Since = accounts.Value.Accounts, accounts.Value.Read, accounts.Value.Since
	if err := loadCells(ctx, j, &m); err != nil {
		return m, err
	}
	if err := loadApprovals(ctx, j, &m); err != nil {
		return m, err
	}
	if err := loadSaved(ctx, j, &m); err != nil {
		return m, err
	}
	pending, err := pendingRestores(ctx, j, known)
	if err != nil {
		return m, err
	}
	m.PendingRestores = map[fleet.Cell][]fleet.Parameter{}
	for cell, r := range pending {
		m.PendingRestores[cell] = r.Overrides
	}
	return m, nil
}

func loadCells(ctx context.Context, j Journal, m *plan.Memory) error {
	keys, err := j.Keys(ctx, "cells/")
	if err != nil {
		return err
	}
	for _, key := range keys {
		doc, err := read[cellMemories](ctx, j, key)
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

// remember changes what is remembered of cells of one stack set. Somebody else's
// write in between makes it start over from what is there then.
func remember(ctx context.Context, j Journal, set fleet.StackSetName, change func(map[string]plan.CellMemory)) error {
	for {
		doc, err := read[cellMemories](ctx, j, cellsKey(set))
		if err != nil {
			return err
		}
		if doc.Value == nil {
			doc.Value = cellMemories{}
		}
		change(doc.Value)
		if err := doc.write(ctx, j); !isConflict(err) {
			return err
		}
	}
}

// addHeal adds an attempt, unless it was added already by a process that died right
// after it, and drops those too old to matter.
func addHeal(memory plan.CellMemory, heal plan.Heal, window time.Duration) plan.CellMemory {
	noted := slices.ContainsFunc(memory.Heals, func(h plan.Heal) bool {
		return h.Run == heal.Run && h.Remedy == heal.Remedy && h.At.Equal(heal.At)
	})
	if !noted {
		memory.Heals = append(memory.Heals, heal)
	}
	memory.Heals = slices.DeleteFunc(memory.Heals, func(h plan.Heal) bool { return heal.At.Sub(h.At) > window })
	return memory
}

// rememberAccounts keeps the organization's accounts for the next run's shrink
// guard. It is called only when this run was allowed to act on the reading.
func (r *run) rememberAccounts(ctx context.Context, f *fleet.Fleet) error {
	doc, err := read[accountMemory](ctx, r.h.Journal, accountsKey)
	if err != nil {
		return err
	}
	now := plan.Memory{Accounts: doc.Value.Accounts, Read: doc.Value.Read, Since: doc.Value.Since}.Observe(f, f.ReadAt)
	doc.Value = accountMemory{Read: now.Read, Accounts: now.Accounts, Since: now.Since}
	return doc.write(ctx, r.h.Journal)
}
