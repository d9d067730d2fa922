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

// store writes a log's head and learns its id if it is new.
func (b *batch) store(l *logRow) error {
	l.changed = false
	if l.id != 0 {
		return b.exec("UPDATE logs SET epoch = ?, count = ? WHERE id = ?", l.epoch, l.count, l.id)
	}
	_, err := b.row("INSERT INTO logs (name, epoch, count) VALUES (?, ?, ?) RETURNING id",
		[]any{l.name, l.epoch, l.count}, &l.id)
	return err
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
