package sqlite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/setmend/setmend/journal/internal/contract"
)

// Damage is one thing in a journal that is not as it was written.
type Damage struct {
	// Document and Log name what is damaged; one of them is set, or neither if the
	// file as a whole is.
	Document string `json:"document,omitempty"`
	Log      string `json:"log,omitempty"`
	// Entry is the position, from 1, of the first entry of the log that is missing
	// or fails its checksum.
	Entry int64 `json:"entry,omitempty"`
	// What says what is wrong.
	What string `json:"what"`
}

// String returns the damage as a line.
func (d Damage) String() string {
	switch {
	case d.Document != "":
		return "document " + d.Document + ": " + d.What
	case d.Log != "":
		return fmt.Sprintf("log %s, entry %d: %s", d.Log, d.Entry, d.What)
	}
	return "the file: " + d.What
}

// Health is what [Journal.Check] found.
type Health struct {
	Documents int      `json:"documents"`
	Logs      int      `json:"logs"`
	Entries   int64    `json:"entries"`
	Bytes     int64    `json:"bytes"`
	Damage    []Damage `json:"damage"`
}

// Check reads everything in the journal and compares it with its checksums. It
// changes nothing. The error is that of reading; damage is no error.
func (s *Journal) Check(ctx context.Context) (Health, error) {
	h := Health{Damage: []Damage{}}
	if file, err := os.Stat(s.path); err == nil {
		h.Bytes = file.Size()
	}
	rows, err := s.readers.QueryContext(ctx, "PRAGMA integrity_check(20)")
	if err != nil {
		return h, s.explain("checking the file", err)
	}
	defer rows.Close()
	for rows.Next() {
		var what string
		if err := rows.Scan(&what); err != nil {
			return h, s.explain("checking the file", err)
		}
		if what != "ok" {
			h.Damage = append(h.Damage, Damage{What: what})
		}
	}
	if err := rows.Err(); err != nil {
		return h, s.explain("checking the file", err)
	}
	if err := s.checkDocuments(ctx, &h); err != nil {
		return h, err
	}
	return h, s.checkLogs(ctx, &h)
}

func (s *Journal) checkDocuments(ctx context.Context, h *Health) error {
	const what = "checking the documents"
	rows, err := s.readers.QueryContext(ctx, "SELECT key, version, sum, value FROM documents ORDER BY key")
	if err != nil {
		return s.explain(what, err)
	}
	defer rows.Close()
	for rows.Next() {
		var key string
		var version int64
		var sum, value []byte
		if err := rows.Scan(&key, &version, &sum, &value); err != nil {
			return s.explain(what, err)
		}
		h.Documents++
		if !bytes.Equal(sum, contract.Checksum('d', key, []int64{version}, value)) {
			h.Damage = append(h.Damage, Damage{Document: key, What: "its checksum does not match"})
		}
	}
	return s.explain(what, rows.Err())
}

func (s *Journal) checkLogs(ctx context.Context, h *Health) error {
	logs, err := s.heads(ctx)
	if err != nil {
		return err
	}
	for _, l := range logs {
		h.Logs++
		sound, err := s.sound(ctx, l)
		if err != nil {
			return err
		}
		h.Entries += sound
		if sound < l.count {
			h.Damage = append(h.Damage, Damage{Log: l.name, Entry: sound + 1,
				What: fmt.Sprintf("it is missing or fails its checksum; %d of %d entries come before it", sound, l.count)})
		}
	}
	return nil
}

// heads reads the heads of all logs.
func (s *Journal) heads(ctx context.Context) ([]logRow, error) {
	const what = "listing the logs"
	rows, err := s.readers.QueryContext(ctx, "SELECT name, id, epoch, count FROM logs ORDER BY name")
	if err != nil {
		return nil, s.explain(what, err)
	}
	defer rows.Close()
	var heads []logRow
	for rows.Next() {
		var l logRow
		if err := rows.Scan(&l.name, &l.id, &l.epoch, &l.count); err != nil {
			return nil, s.explain(what, err)
		}
		heads = append(heads, l)
	}
	return heads, s.explain(what, rows.Err())
}

// sound returns how many entries from the first on are there and match.
func (s *Journal) sound(ctx context.Context, l logRow) (int64, error) {
	n := int64(0)
	for _, err := range s.Read(ctx, l.name, 0) {
		if err != nil {
			if isCorrupt(err) {
				return n, nil
			}
			return n, err
		}
		n++
	}
	return n, nil
}

// Repair takes what is damaged out of the journal, so that the rest can be used:
// damaged documents are removed, damaged logs end before the damage. All that is
// taken out is written first, as it is, to a file beside the journal, whose path
// is returned; "" if nothing is damaged. It fails, and changes nothing, where the
// file as a whole is damaged: then only a backup helps.
func (s *Journal) Repair(ctx context.Context, now time.Time) (Health, string, error) {
	h, err := s.Check(ctx)
	if err != nil || len(h.Damage) == 0 {
		return h, "", err
	}
	for _, d := range h.Damage {
		if d.Document == "" && d.Log == "" {
			return h, "", &contract.Error{Kind: contract.Corrupt, What: "repairing journal " + s.path, Why: d.What,
				Advice: "The file itself is damaged: restore a backup with `setmend journal restore`."}
		}
	}
	side := s.path + ".damaged-" + now.UTC().Format("20060102T150405Z") + ".jsonl"
	if err := s.setAside(ctx, side, h.Damage); err != nil {
		return h, "", err
	}
	return h, side, s.explain("repairing journal "+s.path, s.commits.Do(ctx, func(b *batch) (error, error) { return nil, b.remove(h.Damage) }))
}

// remove takes damaged documents and the damaged ends of logs out.
func (b *batch) remove(damage []Damage) error {
	for _, d := range damage {
		if d.Document != "" {
			if err := b.exec("DELETE FROM documents WHERE key = ?", d.Document); err != nil {
				return err
			}
			continue
		}
		l, err := b.log(d.Log)
		if err != nil {
			return err
		}
		if err := b.exec("DELETE FROM entries WHERE place >= ? AND place < ?", place(l.id, d.Entry), place(l.id+1, 0)); err != nil {
			return err
		}
		l.count, l.changed = d.Entry-1, true
	}
	return nil
}

// asideLine is a line of the file of what was taken out.
type asideLine struct {
	Damage
	Version int64  `json:"version,omitempty"`
	Value   []byte `json:"value"` // base64
}

// setAside writes what is damaged to a file that must not exist yet, readable by
// its owner only, and makes it durable.
func (s *Journal) setAside(ctx context.Context, path string, damage []Damage) error {
	what := "writing what is damaged to " + path
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return contract.Fail(what, err)
	}
	defer file.Close()
	out := json.NewEncoder(file)
	for _, d := range damage {
		lines, err := s.damaged(ctx, d)
		if err != nil {
			return err
		}
		for _, line := range lines {
			if err := out.Encode(line); err != nil {
				return contract.Fail(what, err)
			}
		}
	}
	if err := file.Sync(); err != nil {
		return contract.Fail(what, err)
	}
	return contract.Fail(what, file.Close())
}

// damaged reads what is damaged, as it is.
func (s *Journal) damaged(ctx context.Context, d Damage) ([]asideLine, error) {
	query, args := "SELECT version, value FROM documents WHERE key = ?", []any{d.Document}
	if d.Document == "" {
		query = "SELECT place - id*?1, value FROM logs JOIN entries ON place >= id*?1 + ?2 AND place < (id+1)*?1 WHERE name = ?3 ORDER BY place"
		args = []any{positions, d.Entry, d.Log}
	}
	rows, err := s.readers.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, s.explain("reading what is damaged", err)
	}
	defer rows.Close()
	var lines []asideLine
	for rows.Next() {
		line := asideLine{Damage: d}
		var number int64
		if err := rows.Scan(&number, &line.Value); err != nil {
			return nil, s.explain("reading what is damaged", err)
		}
		if d.Document != "" {
			line.Version = number
		} else {
			line.Entry = number
		}
		line.Value = contract.Copied(line.Value)
		lines = append(lines, line)
	}
	return lines, s.explain("reading what is damaged", rows.Err())
}
