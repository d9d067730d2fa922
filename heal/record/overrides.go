package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
)

// Saved is the durable copy of the parameter overrides of instances that a run
// is about to delete. It is written, read back and compared before the deletion
// is asked for, and kept afterwards.
type Saved struct {
	StackSet fleet.StackSetName `json:"stackSet"`
	Run      string             `json:"run"`
	Command  string             `json:"command"`
	Kind     command.Kind       `json:"kind,omitempty"`
	At       time.Time          `json:"at"`
	Reason   string             `json:"reason"`
	// Detached is set if the instances were detached: their stacks stay.
	Detached bool `json:"detached,omitempty"`
	// StackSetID is the stack set's id, and TemplateHash its template when they were
	// saved.
	StackSetID   string      `json:"stackSetId,omitempty"`
	TemplateHash string      `json:"templateHash,omitempty"`
	Cells        []SavedCell `json:"cells"`
	// Sum is the SHA-256 of Cells, in hex.
	Sum string `json:"sum"`
	// Pending are the targets whose instance must be created again and was not seen
	// with equal overrides yet. It follows from the run's events.
	Pending []fleet.Target `json:"pending,omitempty"`
}

// SavedCell is one instance's overrides.
type SavedCell struct {
	fleet.Target
	StackID   string            `json:"stackId,omitempty"`
	Overrides []fleet.Parameter `json:"overrides"`
}

const overridesPrefix = "overrides/"

// OverridesKey is the key of what a run's command has saved of a stack set.
func OverridesKey(set fleet.StackSetName, run, id string) string {
	return overridesPrefix + string(set) + "/" + command.Short(run) + "." + id
}

func checksum(cells []SavedCell) string {
	b, _ := json.Marshal(cells) // strings only: cannot fail
	digest := sha256.Sum256(b)
	return hex.EncodeToString(digest[:])
}

// SaveOverrides makes the overrides durable and proves it by reading them back. A
// command that starts over, since an external operation came first, has deleted
// nothing yet: what it saved before gives way to what it has read now.
func SaveOverrides(ctx context.Context, j Journal, saved Saved) error {
	saved.Seal()
	key := OverridesKey(saved.StackSet, saved.Run, saved.Command)
	doc, err := Read[Saved](ctx, j, key)
	if err != nil {
		return err
	}
	if doc.Exists() && doc.Value.Sum == saved.Sum {
		return doc.Value.verify(key)
	}
	doc.Value = saved
	if err := doc.Write(ctx, j); err != nil {
		return err
	}
	back, err := Read[Saved](ctx, j, key)
	if err != nil {
		return err
	}
	if back.Value.Sum != saved.Sum {
		return fmt.Errorf("reading back the overrides saved under %s: they differ from what was written; nothing was deleted", key)
	}
	return back.Value.verify(key)
}

// Seal computes the checksum of the cells.
func (s *Saved) Seal() { s.Sum = checksum(s.Cells) }

// verify recomputes the checksum.
func (s *Saved) verify(key string) error {
	if got := checksum(s.Cells); got != s.Sum {
		return fmt.Errorf("checking the saved overrides %s: checksum %s, expected %s; the journal was damaged or edited", key, got, s.Sum)
	}
	return nil
}

// OverridesOf finds a target's saved overrides.
func (s *Saved) OverridesOf(target fleet.Target) ([]fleet.Parameter, bool) {
	i := slices.IndexFunc(s.Cells, func(c SavedCell) bool { return c.Target == target })
	if i < 0 {
		return nil, false
	}
	return s.Cells[i].Overrides, true
}

// SavedOverrides lists every saved copy, oldest key first, each verified.
func SavedOverrides(ctx context.Context, j Journal) ([]Saved, error) {
	keys, err := j.Keys(ctx, overridesPrefix)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	pending, err := PendingRestores(ctx, j, nil)
	if err != nil {
		return nil, err
	}
	var list []Saved
	for _, key := range keys {
		doc, err := Read[Saved](ctx, j, key)
		if err != nil {
			return nil, err
		}
		if err := doc.Value.verify(key); err != nil {
			return nil, err
		}
		doc.Value.mark(pending)
		list = append(list, doc.Value)
	}
	return list, nil
}

// mark notes which of the copy's targets are pending.
func (s *Saved) mark(pending map[fleet.Cell]command.Restore) {
	s.Pending = nil
	for _, c := range s.Cells {
		r, ok := pending[fleet.Cell{StackSet: s.StackSet, Target: c.Target}]
		if ok && r.Run == s.Run && r.Command == s.Command {
			s.Pending = append(s.Pending, c.Target)
		}
	}
}

// SameOverrides compares as sets: AWS gives no order.
func SameOverrides(a, b []fleet.Parameter) bool {
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
