package sqlite

import (
	"maps"
	"slices"

	"github.com/setmend/setmend/journal/internal/contract"
)

// batch is one transaction. It holds the counter and the logs' heads, which many
// writes of one batch change, and stores them once at its end.
type batch struct {
	*session
	last, before int64 // of the counter: now, and when the batch began
	logs         map[string]*logRow
}

// logRow is a row of the table logs.
type logRow struct {
	name             string
	id, epoch, count int64
	changed          bool
}

// number gives out the next of the counter.
func (b *batch) number() int64 {
	b.last++
	return b.last
}

// expect answers with a conflict if the document is not at the version.
func (b *batch) expect(doing, key string, version int64) (answer, failure error) {
	var found int64
	if _, err := b.row("SELECT version FROM documents WHERE key = ?", []any{key}, &found); err != nil {
		return nil, err
	}
	if found != version {
		return contract.Conflicted(doing+" "+key, found, version), nil
	}
	return nil, nil
}

// log is the head of a log, which need not exist yet.
func (b *batch) log(name string) (*logRow, error) {
	if l := b.logs[name]; l != nil {
		return l, nil
	}
	l := &logRow{name: name}
	known, err := b.row("SELECT id, epoch, count FROM logs WHERE name = ?", []any{name}, &l.id, &l.epoch, &l.count)
	if !known {
		l.id = b.number()
	}
	b.logs[name] = l
	return l, err
}

// found makes a log with the first epoch and a number of entries, if there is no
// such log; what there is need not be looked for before.
func (b *batch) found(name string, count int64) (*logRow, error) {
	if b.logs[name] != nil {
		return nil, nil
	}
	l := &logRow{name: name, id: b.number(), epoch: 1, count: count}
	result, err := b.result("INSERT INTO logs (name, id, epoch, count) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
		l.name, l.id, l.epoch, l.count)
	if err != nil {
		return nil, err
	}
	if made, err := result.RowsAffected(); err != nil || made == 0 {
		return nil, err
	}
	b.logs[name] = l
	return l, nil
}

// append adds entries. The log's head is stored at the end of the batch.
func (b *batch) append(l *logRow, entries [][]byte) error {
	if len(entries) == 0 {
		return nil
	}
	first := l.count + 1
	l.count += int64(len(entries))
	if l.count >= positions {
		return &contract.Error{Kind: contract.Refused, What: "appending to log " + l.name, Why: "a log cannot have more entries"}
	}
	l.changed = true
	return b.insert(l.id, first, sums(l.name, first, entries), entries)
}

// insert writes entries at a position.
func (b *batch) insert(log, position int64, sums, entries [][]byte) error {
	for i, entry := range entries {
		err := b.exec("INSERT INTO entries (place, sum, value) VALUES (?, ?, ?)", place(log, position+int64(i)), sums[i], notNull(entry))
		if err != nil {
			return err
		}
	}
	return nil
}

// notNull is value as SQLite has it: nil would be NULL. It need not be copied,
// since a caller waits until its write is carried out.
func notNull(value []byte) []byte {
	if value == nil {
		return []byte{}
	}
	return value
}

// sums are the checksums of entries at a position.
func sums(log string, position int64, entries [][]byte) [][]byte {
	list := make([][]byte, len(entries))
	for i, entry := range entries {
		list[i] = contract.Checksum('e', log, []int64{position + int64(i)}, entry)
	}
	return list
}

// end stores what the batch held back and commits. After an error the caller
// must discard the session.
func (b *batch) end() error {
	for _, name := range slices.Sorted(maps.Keys(b.logs)) {
		if l := b.logs[name]; l.changed {
			err := b.exec(`INSERT INTO logs (name, id, epoch, count) VALUES (?1, ?2, ?3, ?4)
				ON CONFLICT (name) DO UPDATE SET epoch = ?3, count = ?4`, l.name, l.id, l.epoch, l.count)
			if err != nil {
				return err
			}
		}
	}
	if b.last != b.before {
		if err := b.exec("UPDATE counter SET last = ?", b.last); err != nil {
			return err
		}
	}
	return b.exec("COMMIT")
}
