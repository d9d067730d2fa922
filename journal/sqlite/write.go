package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/setmend/setmend/journal/internal/contract"
	"github.com/setmend/setmend/journal/internal/group"
)

// change is one write. It returns what to tell its caller (a conflict, say,
// which has written nothing), and apart from that a failure of the database,
// which undoes the whole batch.
type change func(*batch) (answer, failure error)

// Put implements [journal.Journal].
func (s *Journal) Put(ctx context.Context, key string, value []byte, version int64) (next int64, err error) {
	if err := contract.Ready(ctx, key, value); err != nil {
		return 0, err
	}
	err = s.commits.Do(ctx, func(b *batch) (error, error) {
		answer, failure := b.expect("writing", key, version)
		if answer != nil || failure != nil {
			return answer, failure
		}
		next = b.number()
		return nil, b.exec(`INSERT INTO documents (key, version, sum, value) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (key) DO UPDATE SET version = ?2, sum = ?3, value = ?4`,
			key, next, contract.Checksum('d', key, []int64{next}, value), notNull(value))
	})
	if err != nil {
		return 0, s.explain("writing "+key, err)
	}
	return next, nil
}

// Delete implements [journal.Journal].
func (s *Journal) Delete(ctx context.Context, key string, version int64) error {
	if err := contract.Ready(ctx, key); err != nil {
		return err
	}
	return s.explain("deleting "+key, s.commits.Do(ctx, func(b *batch) (error, error) {
		answer, failure := b.expect("deleting", key, version)
		if answer != nil || failure != nil {
			return answer, failure
		}
		return nil, b.exec("DELETE FROM documents WHERE key = ?", key)
	}))
}

// Claim implements [journal.Journal].
func (s *Journal) Claim(ctx context.Context, log string) (epoch int64, err error) {
	if err := contract.Ready(ctx, log); err != nil {
		return 0, err
	}
	err = s.commits.Do(ctx, func(b *batch) (error, error) {
		l, err := b.log(log)
		if err != nil {
			return nil, err
		}
		l.epoch++
		l.changed = true
		epoch = l.epoch
		return nil, nil
	})
	if err != nil {
		return 0, s.explain("claiming log "+log, err)
	}
	return epoch, nil
}

// Create implements [journal.Journal].
func (s *Journal) Create(ctx context.Context, log string, entries ...[]byte) (epoch int64, err error) {
	if err := contract.ReadyToCreate(ctx, log, entries); err != nil {
		return 0, err
	}
	first := sums(log, 1, entries) // here, beside the commits of others
	err = s.commits.Do(ctx, func(b *batch) (error, error) {
		made, err := b.found(log, int64(len(entries)))
		if err != nil {
			return nil, err
		}
		if made != nil {
			epoch = made.epoch
			return nil, b.insert(made.id, 1, first, entries)
		}
		l, err := b.log(log)
		if err != nil {
			return nil, err
		}
		if l.count > 0 {
			return contract.Existing(log, l.count), nil
		}
		l.epoch++
		epoch = l.epoch
		return nil, b.append(l, entries)
	})
	if err != nil {
		return 0, s.explain("creating log "+log, err)
	}
	return epoch, nil
}

// Append implements [journal.Journal].
func (s *Journal) Append(ctx context.Context, log string, epoch int64, entries ...[]byte) error {
	if err := contract.Ready(ctx, log, entries...); err != nil {
		return err
	}
	return s.explain("appending to log "+log, s.commits.Do(ctx, func(b *batch) (error, error) {
		l, err := b.log(log)
		if err != nil {
			return nil, err
		}
		if l.epoch != epoch {
			return contract.FencedOff(log, l.epoch, epoch), nil
		}
		return nil, b.append(l, entries)
	}))
}

// commit carries out a batch in one transaction. Its requests' contexts do not
// matter any more: one caller's impatience must not undo the others' writes.
func (s *Journal) commit(requests []*group.Request[change]) {
	answers, err := s.transact(requests)
	if err != nil {
		s.session.discard()
		s.session = nil
	}
	for i, r := range requests {
		if err != nil {
			r.Done <- err
		} else {
			r.Done <- answers[i]
		}
	}
}

func (s *Journal) transact(requests []*group.Request[change]) ([]error, error) {
	if s.session == nil {
		conn, err := s.writer.Conn(context.Background())
		if err != nil {
			return nil, err
		}
		s.session = &session{conn: conn, prepared: map[string]*sql.Stmt{}}
	}
	b, err := s.session.begin()
	if err != nil {
		return nil, err
	}
	answers := make([]error, len(requests))
	for i, r := range requests {
		answer, err := r.Value(b)
		if err != nil {
			return nil, err
		}
		answers[i] = answer
	}
	return answers, b.end()
}

// session is the writer's connection with its prepared statements.
type session struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

func (s *session) statement(query string) (*sql.Stmt, error) {
	if known := s.prepared[query]; known != nil {
		return known, nil
	}
	statement, err := s.conn.PrepareContext(context.Background(), query)
	if err == nil {
		s.prepared[query] = statement
	}
	return statement, err
}

func (s *session) exec(query string, args ...any) error {
	_, err := s.result(query, args...)
	return err
}

// result is exec for a query whose effect matters.
func (s *session) result(query string, args ...any) (sql.Result, error) {
	statement, err := s.statement(query)
	if err != nil {
		return nil, err
	}
	return statement.Exec(args...)
}

// row scans the only row of a query; found is false if there is none.
func (s *session) row(query string, args []any, into ...any) (found bool, err error) {
	statement, err := s.statement(query)
	if err != nil {
		return false, err
	}
	err = statement.QueryRow(args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// discard closes the connection, and with it whatever transaction is open:
// after a failure that is surer than a ROLLBACK, which can fail as well.
func (s *session) discard() {
	if s == nil {
		return
	}
	for _, statement := range s.prepared {
		_ = statement.Close() // goes with the connection anyway
	}
	// ErrBadConn is how database/sql is told not to use a connection again.
	_ = s.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = s.conn.Close() // says that it is closed already
}

func (s *session) begin() (*batch, error) {
	// IMMEDIATE takes the write lock now, waiting for other processes, so that
	// what the batch reads stays true until it commits.
	if err := s.exec("BEGIN IMMEDIATE"); err != nil {
		return nil, err
	}
	b := &batch{session: s, logs: map[string]*logRow{}}
	_, err := s.row("SELECT last FROM counter", nil, &b.last)
	b.before = b.last
	return b, err
}
