package plan

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"time"

	"github.com/setmend/setmend/fleet"
)

// Revisions identify what a plan was made from, as hashes in hex.
type Revisions struct {
	Fleet  string `json:"fleet"`
	Policy string `json:"policy"`
	Memory string `json:"memory"`
}

// revisions identify what the assessment was made from. They leave out when it was
// read: two readings of the same fleet have the same revision.
func (a *Assessment) revisions() Revisions {
	return Revisions{Fleet: a.world.revision(), Policy: digestOf(a.world.policy), Memory: a.memory.revision()}
}

func digestOf(v any) string {
	digest := sha256.Sum256(encode(v))
	return hex.EncodeToString(digest[:])
}

// digest hashes fields one after another, each with its length.
type digest struct{ hash.Hash }

func newDigest() digest { return digest{sha256.New()} }

func (d digest) text(fields ...string) {
	var length [4]byte
	for _, field := range fields {
		binary.BigEndian.PutUint32(length[:], uint32(len(field)))
		d.Write(length[:])
		d.Write([]byte(field))
	}
}

func (d digest) time(t time.Time) { d.text(t.UTC().Format(time.RFC3339Nano)) }

func (d digest) sum() string { return hex.EncodeToString(d.Sum(nil)) }

// revision identifies the fleet: organization, stack sets, instances.
func (w *world) revision() string {
	d := newDigest()
	d.Write(encode([]any{w.fleet.Organization, w.fleet.Departed}))
	for _, name := range w.names {
		v := w.sets[name]
		d.Write(encode([]any{v.set, w.fleet.StackSets[name].Running}))
		for _, i := range w.fleet.StackSets[name].List() {
			d.text(i.Target.String(), i.StackID, string(i.OU), string(i.Status), string(i.Detailed), i.Reason, string(i.Drift), i.LastOperation, i.Divergence)
			d.time(i.LastDriftCheck)
		}
	}
	return d.sum()
}

// revision identifies the memory: accounts, cells, pending restores, saved copies, and what was
// accepted.
func (m Memory) revision() string {
	d := newDigest()
	d.Write(encode(m))
	for _, cell := range sortedCells(m.Cells) {
		d.text(cell.String())
		d.Write(encode(m.Cells[cell]))
	}
	for _, cell := range sortedCells(m.PendingRestores) {
		d.text(cell.String())
		d.Write(encode(m.PendingRestores[cell]))
	}
	for _, cell := range sortedCells(m.Saved) {
		d.text(cell.String())
		d.Write(encode(m.Saved[cell]))
	}
	for _, set := range fleet.SortedKeys(m.Removed) {
		d.text(string(set))
		d.Write(encode(m.Removed[set]))
	}
	return d.sum()
}
