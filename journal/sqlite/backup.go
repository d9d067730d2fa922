package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/setmend/setmend/journal/internal/contract"
)

// Backup writes a copy of the journal to path, as it is at one moment, while
// others may go on writing. The copy is readable by its owner only. It fails if
// there is a file at path.
func (s *Journal) Backup(ctx context.Context, path string) error {
	what := "backing the journal up to " + path
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = fs.ErrExist
		}
		return &contract.Error{Kind: contract.Refused, What: what, Err: err, Advice: "Name a file that does not exist yet."}
	}
	draft, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return contract.Fail(what, err)
	}
	defer os.Remove(draft.Name())
	if err := draft.Close(); err != nil {
		return contract.Fail(what, err)
	}
	// VACUUM INTO takes an empty file for a new one, and reads in one transaction.
	copier := connect(s.path, lockPatience, "synchronous(FULL)")
	defer copier.Close()
	if _, err := copier.ExecContext(ctx, "VACUUM INTO ?", draft.Name()); err != nil {
		return s.explain(what, err)
	}
	if err := settle(draft.Name()); err != nil {
		return contract.Fail(what, err)
	}
	if err := os.Link(draft.Name(), path); err != nil {
		return contract.Fail(what, err)
	}
	return contract.Fail(what, syncDirectory(filepath.Dir(path)))
}

// settle turns a copy into a journal of its own, in write-ahead mode, all in one
// file.
func settle(path string) error {
	db := connect(path, lockPatience, "synchronous(FULL)")
	_, err := db.Exec("PRAGMA journal_mode = WAL; PRAGMA wal_checkpoint(TRUNCATE)")
	return errors.Join(err, db.Close())
}

// Restore puts the backup in the place of the journal at path. The backup is
// checked first: a damaged one is refused. What is at path is kept beside it
// under the name that is returned, "" if there was nothing. No process may use
// the journal meanwhile; one that does makes Restore fail.
func Restore(ctx context.Context, backup, path string, now time.Time) (kept string, err error) {
	what := "restoring journal " + path + " from " + backup
	if err := checkBackup(ctx, backup); err != nil {
		return "", err
	}
	draft, err := copyFile(backup, path)
	if err != nil {
		return "", contract.Fail(what, err)
	}
	defer os.Remove(draft)
	if _, err := os.Stat(path); err == nil {
		if kept, err = setJournalAside(ctx, path, now); err != nil {
			return "", err
		}
	}
	if err := os.Link(draft, path); err != nil {
		return kept, contract.Fail(what, err)
	}
	return kept, contract.Fail(what, syncDirectory(filepath.Dir(path)))
}

func checkBackup(ctx context.Context, backup string) error {
	if _, err := os.Stat(backup); err != nil {
		return &contract.Error{Kind: contract.Unusable, What: "reading the backup " + backup, Err: err, Advice: "Name a file that `setmend journal backup` wrote."}
	}
	j, err := Open(backup)
	if err != nil {
		return err
	}
	health, err := j.Check(ctx)
	err = errors.Join(err, j.Close())
	if err == nil && len(health.Damage) > 0 {
		err = &contract.Error{Kind: contract.Corrupt, What: "reading the backup " + backup, Why: health.Damage[0].String(),
			Advice: "Take an older backup, or `setmend journal repair --journal " + backup + "` on a copy of it first."}
	}
	return err
}

// copyFile copies a backup beside its destination, durably.
func copyFile(from, beside string) (string, error) {
	source, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer source.Close()
	draft, err := os.CreateTemp(filepath.Dir(beside), filepath.Base(beside)+".new-*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = io.Copy(draft, source)
	return draft.Name(), errors.Join(err, draft.Sync(), draft.Close())
}

// setJournalAside renames a journal that no process uses. Its write-ahead log goes
// into it first, so that one file is all of it.
func setJournalAside(ctx context.Context, path string, now time.Time) (string, error) {
	what := "setting journal " + path + " aside"
	db := connect(path, 0)
	_, err := db.ExecContext(ctx, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")
	err = errors.Join(err, db.Close())
	if err != nil && sqliteCode(err) != sqliteNotADatabase {
		return "", &contract.Error{Kind: contract.Refused, What: what, Err: err, Advice: "End whatever uses it" + holders(path) + ", then try again."}
	}
	kept := fmt.Sprintf("%s.before-restore-%s", path, now.UTC().Format("20060102T150405Z"))
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+suffix, kept+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", contract.Fail(what, err)
		}
	}
	return kept, nil
}
