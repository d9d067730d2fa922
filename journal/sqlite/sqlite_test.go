package sqlite_test

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/setmend/setmend/journal/journaltest"
	"github.com/setmend/setmend/journal/sqlite"
)

func TestTheFileIsReadableByItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	s := open(t, path)
	if _, err := s.Put(t.Context(), "k", nil, 0); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(path + "*")
	if len(files) < 2 {
		t.Errorf("only %v: is write-ahead logging on?", files)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v (%v)", file, info.Mode(), err)
		}
	}
}

func TestPathsMayHaveCharactersThatURLsReserve(t *testing.T) {
	for _, name := range []string{"a b.db", "a?b.db", "a%20b.db", "a#b.db", "ü.db", "file:x.db"} {
		path := filepath.Join(t.TempDir(), name)
		open(t, path)
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	t.Chdir(t.TempDir())
	open(t, "relative.db")
	if _, err := os.Stat("relative.db"); err != nil {
		t.Error(err)
	}
}

func TestACommitIsOnTheDiskBeforeItIsAcknowledged(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "journal.db"))
	if level, err := s.Synchronous(); err != nil || level != 2 {
		t.Errorf("synchronous is %d (%v), want FULL", level, err)
	}
}

func TestAFileThatCannotBeOpenedIsExplained(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	other := filepath.Join(dir, "other.db")
	raw(t, other, "CREATE TABLE theirs (x); PRAGMA application_id = 7")
	newer := filepath.Join(dir, "newer.db")
	open(t, newer).Close()
	raw(t, newer, "PRAGMA user_version = 999")
	older := filepath.Join(dir, "older.db")
	open(t, older).Close()
	raw(t, older, "PRAGMA user_version = 1")
	rollback := filepath.Join(dir, "rollback.db")
	open(t, rollback).Close()
	raw(t, rollback, "PRAGMA journal_mode = DELETE")

	for _, c := range []struct{ path, why, hint string }{
		{filepath.Join(dir, "no", "journal.db"), "directory is missing", "mkdir -p " + filepath.Join(dir, "no")},
		{write("notes.txt", []byte(strings.Repeat("these are notes ", 100))), "not a setmend journal", "Name another file"},
		{write("empty", nil), "not a setmend journal", "Name another file"},
		{other, "not a setmend journal", "Name another file"},
		{newer, "schema version is 999, this setmend knows 2", "newer setmend"},
		{older, "schema version is 1, this setmend knows 2", "earlier setmend"},
		{rollback, "journal mode is delete", "journal_mode=WAL"},
		{dir, "is a directory", ""},
	} {
		before, _ := os.ReadFile(c.path)
		_, err := sqlite.Open(c.path)
		wantError(t, err, "opening journal "+c.path, c.why, c.hint)
		if after, _ := os.ReadFile(c.path); !bytes.Equal(before, after) {
			t.Errorf("%s was changed", c.path)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.new-*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

func TestLackOfPermissionIsExplained(t *testing.T) {
	for _, cause := range []error{fs.ErrPermission, syscall.EACCES, syscall.EROFS} {
		err := sqlite.Opening("/x/j.db", &fs.PathError{Op: "open", Path: "/x/j.db", Err: cause})
		wantError(t, err, "opening journal /x/j.db", "no permission to write", "must be writable")
	}
	wantError(t, sqlite.Opening("j", syscall.ENOSPC), "opening journal j", "no space", "disk is full")
}

func TestAJournalThatIsLockedTooLongIsExplained(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	open(t, path)
	holder, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	holder.SetMaxOpenConns(1)
	if _, err := holder.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.OpenWith(path, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.Put(t.Context(), "k", nil, 0)
	wantError(t, err, "writing k", "locked", "Another process held the journal")
	if _, err := holder.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), "k", nil, 0); err != nil {
		t.Errorf("after the lock is gone: %v", err)
	}
}

func TestAFullDiskLosesNothingThatWasAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	s, err := sqlite.OpenWith(path, time.Second, "max_page_count(40)")
	if err != nil {
		t.Fatal(err)
	}
	written := 0
	for ; err == nil; written++ {
		err = s.Append(t.Context(), "l", 0, []byte(fmt.Sprint(written)), make([]byte, 3000))
	}
	written--
	if written < 10 {
		t.Fatalf("only %d appends until %v", written, err)
	}
	wantError(t, err, "appending to log l", "full", "disk is full")
	if _, err := s.Put(t.Context(), "k", make([]byte, 50_000), 0); err == nil {
		t.Error("a large write went through")
	}
	s.Close()
	s = open(t, path) // the disk has room again
	entries := journaltest.ReadAll(t, s, "l")
	if len(entries) != 2*written {
		t.Fatalf("%d entries, want two for each of %d appends", len(entries), written)
	}
	for i := range written {
		if string(entries[2*i]) != fmt.Sprint(i) {
			t.Errorf("append %d reads %q", i, entries[2*i])
		}
	}
	if err := s.Append(t.Context(), "l", 0, []byte("more")); err != nil {
		t.Error(err)
	}
}

func TestAnEditedOrTornRowIsAnErrorThatNamesIt(t *testing.T) {
	for _, c := range []struct{ name, damage, document, entries string }{
		{"value edited", "UPDATE documents SET value = x'00' WHERE key = 'k'", "reading k", ""},
		{"version edited", "UPDATE documents SET version = version + 1 WHERE key = 'k'", "reading k", ""},
		{"another document's row", "DELETE FROM documents WHERE key = 'k'; UPDATE documents SET key = 'k' WHERE key = 'other'", "reading k", ""},
		{"entry edited", "UPDATE entries SET value = x'00' WHERE place & 0xfffffff = 2", "", "entry 2"},
		{"entry cut off", "UPDATE entries SET value = substr(value, 1, 1) WHERE place & 0xfffffff = 3", "", "entry 3"},
		{"entry removed from the middle", "DELETE FROM entries WHERE place & 0xfffffff = 2", "", "entry 2"},
		{"entry removed from the end", "DELETE FROM entries WHERE place & 0xfffffff = 3", "", "entry 3"},
		{"entries swapped", "UPDATE entries SET place = place + 100; UPDATE entries SET place = place - 2 * (place & 0xfffffff) + 104", "", "entry 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "journal.db")
			s := open(t, path)
			for _, key := range []string{"k", "other"} {
				if _, err := s.Put(t.Context(), key, []byte("value of "+key), 0); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Append(t.Context(), "l", 0, []byte("one"), []byte("two"), []byte("three")); err != nil {
				t.Fatal(err)
			}
			raw(t, path, c.damage)
			_, _, err := s.Get(t.Context(), "k")
			journaltest.WantCorrupt(t, err, c.document)
			err = nil
			for _, e := range s.Read(t.Context(), "l", 0) {
				err = errors.Join(err, e)
			}
			journaltest.WantCorrupt(t, err, c.entries)
		})
	}
}

func TestAFailedCommitDoesNotHinderTheNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	s := open(t, path)
	raw(t, path, "CREATE TRIGGER refuse BEFORE INSERT ON documents BEGIN SELECT RAISE(ABORT, 'refused'); END")
	if _, err := s.Put(t.Context(), "k", nil, 0); err == nil {
		t.Fatal("the put went through")
	}
	raw(t, path, "DROP TRIGGER refuse")
	if _, err := s.Put(t.Context(), "k", nil, 0); err != nil {
		t.Error(err)
	}
}

func TestAClosedJournalRefusesWork(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "journal.db"))
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if _, err := s.Put(t.Context(), "k", nil, 0); err == nil {
		t.Error("put went through")
	}
	if _, _, err := s.Get(t.Context(), "k"); err == nil {
		t.Error("get went through")
	}
}

// raw works on the file as a person with another tool would.
func raw(t *testing.T, path, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statements); err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err error, what, why, hint string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want %q", what, why)
		return
	}
	if !strings.HasPrefix(err.Error(), what+": ") || !strings.Contains(err.Error(), why) {
		t.Errorf("got %q, want %q because of %q", err, what, why)
	}
	var told interface{ Hint() string }
	if !errors.As(err, &told) || !strings.Contains(told.Hint(), hint) {
		t.Errorf("%q has not the hint %q", err, hint)
	}
}

func open(t testing.TB, path string) *sqlite.Journal {
	t.Helper()
	s, err := sqlite.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}
