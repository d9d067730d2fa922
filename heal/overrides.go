package heal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
)

// Saved is the durable copy of the parameter overrides of instances that a run
// is about to delete. It is written, read back and compared before the deletion
// is asked for, and kept afterwards.
type Saved struct {
	StackSet fleet.StackSetName `json:"stackSet"`
	Run      string             `json:"run"`
	Work     string             `json:"work"`
	At       time.Time          `json:"at"`
	Reason   string             `json:"reason"`
	Cells    []SavedCell        `json:"cells"`
	// Sum is the SHA-256 of Cells, in hex.
	Sum string `json:"sum"`
	// Newest is the id of the newest operation on the set before the overrides were
	// read, "" if there was none.
	Newest string `json:"newest,omitempty"`
	// Owed are the targets whose instance must be created again and has not been
	// seen with equal overrides yet.
	Owed []fleet.Target `json:"owed,omitempty"`
}

// SavedCell is one instance's overrides.
type SavedCell struct {
	fleet.Target
	StackID   string            `json:"stackId,omitempty"`
	Overrides []fleet.Parameter `json:"overrides"`
}

const overridesPrefix = "overrides/"

func overridesKey(set fleet.StackSetName, run, work string) string {
	return overridesPrefix + string(set) + "/" + short(run) + "." + work
}

func sum(cells []SavedCell) string {
	b, _ := json.Marshal(cells) // strings only: cannot fail
	digest := sha256.Sum256(b)
	return hex.EncodeToString(digest[:])
}

// saveOverrides makes the overrides durable and proves it by reading them back. A
// work that starts over, since somebody else's operation came first, has deleted
// nothing yet: what it saved before gives way to what it has read now.
func (r *run) saveOverrides(ctx context.Context, saved Saved) error {
	saved.Sum = sum(saved.Cells)
	key := overridesKey(saved.StackSet, saved.Run, saved.Work)
	doc, err := read[Saved](ctx, r.h.Journal, key)
	if err != nil {
		return err
	}
	if doc.exists() && doc.Value.Sum == saved.Sum && doc.Value.Newest == saved.Newest && slices.Equal(doc.Value.Owed, saved.Owed) {
		return doc.Value.verify(key)
	}
	doc.Value = saved
	if err := doc.write(ctx, r.h.Journal); err != nil {
		return err
	}
	back, err := read[Saved](ctx, r.h.Journal, key)
	if err != nil {
		return err
	}
	if back.Value.Sum != saved.Sum {
		return fmt.Errorf("reading back the overrides saved under %s: they differ from what was written; nothing was deleted", key)
	}
	return back.Value.verify(key)
}

// verify recomputes the checksum.
func (s *Saved) verify(key string) error {
	if got := sum(s.Cells); got != s.Sum {
		return fmt.Errorf("checking the saved overrides %s: checksum %s, expected %s; the journal was damaged or edited", key, got, s.Sum)
	}
	return nil
}

// overridesOf finds a target's saved overrides.
func (s *Saved) overridesOf(target fleet.Target) ([]fleet.Parameter, bool) {
	i := slices.IndexFunc(s.Cells, func(c SavedCell) bool { return c.Target == target })
	if i < 0 {
		return nil, false
	}
	return s.Cells[i].Overrides, true
}

// SavedOverrides lists every saved copy, oldest key first, each verified.
func SavedOverrides(ctx context.Context, j Journal) ([]Saved, error) {
	keys, err := j.Keys(ctx, overridesPrefix)
	if err != nil {
		return nil, err
	}
	var list []Saved
	for _, key := range keys {
		doc, err := read[Saved](ctx, j, key)
		if err != nil {
			return nil, err
		}
		if err := doc.Value.verify(key); err != nil {
			return nil, err
		}
		list = append(list, doc.Value)
	}
	return list, nil
}

// owed gathers the instances that earlier deletions still owe.
func owed(ctx context.Context, j Journal) (map[fleet.Cell][]fleet.Parameter, error) {
	copies, err := owing(ctx, j)
	if err != nil {
		return nil, err
	}
	debts := map[fleet.Cell][]fleet.Parameter{}
	for cell, saved := range copies {
		debts[cell], _ = saved.overridesOf(cell.Target)
	}
	return debts, nil
}

// owing finds, for every owed instance, the saved copy that is to be paid: the
// newest.
func owing(ctx context.Context, j Journal) (map[fleet.Cell]Saved, error) {
	list, err := SavedOverrides(ctx, j)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b Saved) int { return a.At.Compare(b.At) })
	copies := map[fleet.Cell]Saved{}
	for _, saved := range list {
		for _, target := range saved.Owed {
			copies[fleet.Cell{StackSet: saved.StackSet, Target: target}] = saved
		}
	}
	return copies, nil
}

// settleAll settles what was paid, set by set.
func (r *run) settleAll(ctx context.Context, paid map[fleet.StackSetName][]fleet.Target) error {
	for _, set := range fleet.SortedKeys(paid) {
		if err := r.settle(ctx, set, paid[set]); err != nil {
			return err
		}
	}
	return nil
}

// settle strikes off targets that have their instance and overrides back.
func (r *run) settle(ctx context.Context, set fleet.StackSetName, paid []fleet.Target) error {
	if len(paid) == 0 {
		return nil
	}
	keys, err := r.h.Journal.Keys(ctx, overridesPrefix+string(set)+"/")
	if err != nil {
		return err
	}
	for _, key := range keys {
		doc, err := read[Saved](ctx, r.h.Journal, key)
		if err != nil {
			return err
		}
		before := len(doc.Value.Owed)
		doc.Value.Owed = slices.DeleteFunc(doc.Value.Owed, func(t fleet.Target) bool { return slices.Contains(paid, t) })
		if len(doc.Value.Owed) == before {
			continue
		}
		if err := doc.write(ctx, r.h.Journal); err != nil {
			return err
		}
	}
	return nil
}

// sameOverrides compares as sets: AWS gives no order.
func sameOverrides(a, b []fleet.Parameter) bool {
	if len(a) != len(b) {
		return false
	}
	values := make(map[string]string, len(a))
	for _, p := range a {
		values[p.Key] = p.Value
	}
	for _, p := range b {
		if v, ok := values[p.Key]; !ok || v != p.Value {
			return false
		}
	}
	return true
}
