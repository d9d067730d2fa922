package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"strconv"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite": SQLite in Go, no cgo

	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/journal/internal/contract"
	"github.com/setmend/setmend/journal/internal/group"
)

// Journal is a journal in one file (with -wal and -shm beside it while open).
// Goroutines and processes may share it.
type Journal struct {
	path    string
	readers *sql.DB
	writer  *sql.DB // one connection: SQLite has one writer at a time
	commits *group.Group[change]
	session *session // what the writer's connection has prepared; owned by who has commits' turn
}

var _ journal.Journal = (*Journal)(nil)

// lockPatience is how long a call waits for other processes to finish writing. A
// write takes milliseconds; a process that is suspended in the middle of one holds
// the lock for as long as it sleeps.
const lockPatience = 2 * time.Minute

// Open opens the journal at path, and makes it (mode 0600) if there is no file.
// It never changes a file that is not a setmend journal.
func Open(path string) (*Journal, error) { return openWith(path, lockPatience) }

// openWith is Open with another patience and more pragmas for the writer.
func openWith(path string, patience time.Duration, pragmas ...string) (*Journal, error) {
	if err := prepare(path); err != nil {
		return nil, err
	}
	s := &Journal{
		path:    path,
		readers: connect(path, patience, "query_only(1)"),
		// FULL: a commit is on the disk before it is acknowledged.
		writer: connect(path, patience, append(pragmas, "synchronous(FULL)")...),
	}
	s.readers.SetMaxOpenConns(4)
	s.writer.SetMaxOpenConns(1)
	s.commits = group.New(s.commit)
	if err := s.verify(); err != nil {
		return nil, errors.Join(opening(path, err), s.Close())
	}
	return s, nil
}

// connect makes a pool; nothing is opened yet. Every connection runs the pragmas.
func connect(path string, patience time.Duration, pragmas ...string) *sql.DB {
	options := url.Values{"_pragma": append(pragmas, fmt.Sprintf("busy_timeout(%d)", patience.Milliseconds()))}
	dsn := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: options.Encode()}
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		panic("journal: the sqlite driver is linked in above: " + err.Error())
	}
	return db
}

// Close releases the file. Calls under way may fail.
func (s *Journal) Close() error {
	defer s.commits.Pause()() // after the commit under way
	s.session.discard()
	s.session = nil
	return contract.Fail("closing journal "+s.path, errors.Join(s.readers.Close(), s.writer.Close()))
}

// Get implements [journal.Journal].
func (s *Journal) Get(ctx context.Context, key string) ([]byte, int64, error) {
	if err := contract.Ready(ctx, key); err != nil {
		return nil, 0, err
	}
	var value, sum []byte
	var version int64
	err := s.readers.QueryRowContext(ctx, "SELECT version, sum, value FROM documents WHERE key = ?", key).
		Scan(&version, &sum, &value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, s.explain("reading "+key, err)
	}
	if !bytes.Equal(sum, contract.Checksum('d', key, []int64{version}, value)) {
		return nil, 0, contract.Damaged("reading "+key, "its checksum does not match")
	}
	return contract.Copied(value), version, nil
}

// Keys implements [journal.Journal].
func (s *Journal) Keys(ctx context.Context, prefix string) ([]string, error) {
	return s.names(ctx, "SELECT key FROM documents WHERE key >= ? ORDER BY key", prefix)
}

// Logs implements [journal.Journal].
func (s *Journal) Logs(ctx context.Context, prefix string) ([]string, error) {
	return s.names(ctx, "SELECT name FROM logs WHERE name >= ? ORDER BY name", prefix)
}

// names takes from a query those that start with prefix, which come first: SQLite
// compares bytes, as Go does.
func (s *Journal) names(ctx context.Context, query, prefix string) ([]string, error) {
	rows, err := s.readers.QueryContext(ctx, query, prefix)
	if err != nil {
		return nil, s.explain("listing "+prefix, err)
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, s.explain("listing "+prefix, err)
		}
		if !strings.HasPrefix(name, prefix) {
			return names, nil
		}
		names = append(names, name)
	}
	return names, s.explain("listing "+prefix, rows.Err())
}

// Read implements [journal.Journal].
func (s *Journal) Read(ctx context.Context, log string, after int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		position := max(after, 0)
		for {
			entries, err := s.page(ctx, log, position)
			for _, entry := range entries {
				if !yield(entry, nil) {
					return
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if len(entries) == 0 {
				return
			}
			position += int64(len(entries))
		}
	}
}

// pageEntries bounds a page of Read: pages keep no read transaction open while
// the caller works on what was read, which would hold up checkpoints, and let
// the caller use the journal meanwhile.
const pageEntries = 256

// page reads the entries that follow the first `after`. With an error it
// returns the entries that are sound.
func (s *Journal) page(ctx context.Context, log string, after int64) ([][]byte, error) {
	if err := contract.Ready(ctx, log); err != nil {
		return nil, err
	}
	what := "reading log " + log
	// The count comes with the rows, in one snapshot, to notice rows that are gone.
	rows, err := s.readers.QueryContext(ctx, `
		SELECT logs.count, coalesce(place - id*?1, 0), sum, value
		FROM logs LEFT JOIN entries ON place > id*?1 + ?2 AND place < (id+1)*?1
		WHERE name = ?3 ORDER BY place LIMIT ?4`, positions, after, log, pageEntries)
	if err != nil {
		return nil, s.explain(what, err)
	}
	defer rows.Close()
	var entries [][]byte
	for rows.Next() {
		var count, position int64
		var sum, value []byte
		if err := rows.Scan(&count, &position, &sum, &value); err != nil {
			return entries, s.explain(what, err)
		}
		next := after + int64(len(entries)) + 1
		if next > count && position == 0 {
			return entries, nil
		}
		if position != next || !bytes.Equal(sum, contract.Checksum('e', log, []int64{position}, value)) {
			return entries, contract.Damaged(what, "entry "+strconv.FormatInt(next, 10)+" is missing or fails its checksum")
		}
		entries = append(entries, contract.Copied(value))
	}
	return entries, s.explain(what, rows.Err())
}
