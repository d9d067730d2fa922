package journal

import (
	"maps"
	"slices"
)

// batch is one transaction. It holds the counter and the logs' heads, which many
// writes of one batch change, and stores them once at its end.
type batch struct {
	*session
	version, before int64 // of the counter: now, and when the batch began
	logs            map[string]*logRow
}

// logRow is a row of the table logs.
type logRow struct {
	name             string
	id, epoch, count int64
	changed          bool
}

// expect answers with a conflict if the document is not at the version.
func (b *batch) expect(doing, key string, version int64) (answer, failure error) {
	var found int64
	if _, err := b.row("SELECT version FROM documents WHERE key = ?", []any{key}, &found); err != nil {
		return nil, err
	}
	if found != version {
		return conflict(doing+" "+key, found, version), nil
	}
	return nil, nil
}

// log is the head of a log; one that does not exist yet has id 0.
func (b *batch) log(name string) (*logRow, error) {
	if l := b.logs[name]; l != nil {
		return l, nil
	}
	l := &logRow{name: name}
	_, err := b.row("SELECT id, epoch, count FROM logs WHERE name = ?", []any{name}, &l.id, &l.epoch, &l.count)
	b.logs[name] = l
	return l, err
}

// append adds entries. The head of a new log goes first, for its id, and already
// as it will be, so that a log of one batch is written once.
func (b *batch) append(l *logRow, entries [][]byte) error {
	if len(entries) == 0 {
		return nil
	}
	position := l.count
	l.count += int64(len(entries))
	l.changed = true
	if l.id == 0 {
		if err := b.store(l); err != nil {
			return err
		}
	}
	return b.insert(l, position, entries)
}

// insert writes entries behind a position.
func (b *batch) insert(l *logRow, position int64, entries [][]byte) error {
	for _, entry := range entries {
		position++
		err := b.exec("INSERT INTO entries (log, position, sum, value) VALUES (?, ?, ?, ?)",
			l.id, position, checksum('e', l.name, []int64{position}, entry), copied(entry))
		if err != nil {
			return err
		}
	}
	return nil
}

// store writes a log's head and learns its id if it is new. (RETURNING would tell
// the id too, but SQLite takes it for a trigger and keeps a statement journal.)
func (b *batch) store(l *logRow) error {
	l.changed = false
	if l.id != 0 {
		return b.exec("UPDATE logs SET epoch = ?, count = ? WHERE id = ?", l.epoch, l.count, l.id)
	}
	result, err := b.result("INSERT INTO logs (name, epoch, count) VALUES (?, ?, ?)", l.name, l.epoch, l.count)
	if err != nil {
		return err
	}
	l.id, err = result.LastInsertId()
	return err
}

// found makes a log of its first entries, with the first epoch, if there is no
// such log; what there is need not be looked for before.
func (b *batch) found(name string, entries [][]byte) (done bool, err error) {
	if b.logs[name] != nil {
		return false, nil
	}
	l := &logRow{name: name, epoch: 1, count: int64(len(entries))}
	result, err := b.result("INSERT INTO logs (name, epoch, count) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", name, l.epoch, l.count)
	if err != nil {
		return false, err
	}
	if made, err := result.RowsAffected(); err != nil || made == 0 {
		return false, err
	}
	if l.id, err = result.LastInsertId(); err != nil {
		return false, err
	}
	b.logs[name] = l
	return true, b.insert(l, 0, entries)
}

// end stores what the batch held back and commits. After an error the caller
// must discard the session.
func (b *batch) end() error {
	for _, name := range slices.Sorted(maps.Keys(b.logs)) {
		if l := b.logs[name]; l.changed {
			if err := b.store(l); err != nil {
				return err
			}
		}
	}
	if b.version != b.before {
		if err := b.exec("UPDATE counter SET version = ?", b.version); err != nil {
			return err
		}
	}
	return b.exec("COMMIT")
}
