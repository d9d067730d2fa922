package sqlite_test

import (
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/setmend/setmend/journal/journaltest"
	"github.com/setmend/setmend/journal/sqlite"
)

var repairTime = time.Date(2026, 11, 28, 3, 0, 0, 0, time.UTC)

// filled is a journal with documents and a log of 600 entries, more than a page.
func filled(t *testing.T) (string, *sqlite.Journal) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal.db")
	j := open(t, path)
	for _, key := range []string{"overrides/a", "overrides/b", "cells/a"} {
		if _, err := j.Put(t.Context(), key, []byte("value of "+key), 0); err != nil {
			t.Fatal(err)
		}
	}
	entries := make([][]byte, 600)
	for i := range entries {
		entries[i] = []byte{byte(i), byte(i >> 8)}
	}
	if err := j.Append(t.Context(), "decisions", 0, entries...); err != nil {
		t.Fatal(err)
	}
	return path, j
}

func TestASoundJournalChecksClean(t *testing.T) {
	_, j := filled(t)
	health, err := j.Check(t.Context())
	if err != nil || len(health.Damage) != 0 || health.Documents != 3 || health.Logs != 1 || health.Entries != 600 {
		t.Errorf("%+v, %v", health, err)
	}
	if _, side, err := j.Repair(t.Context(), repairTime); side != "" || err != nil {
		t.Errorf("repairing what is sound wrote %q: %v", side, err)
	}
}

// A damaged document and a damaged log are found and taken out; the rest is used
// as before, and nothing that was there is thrown away.
func TestRepairTakesOutOnlyWhatIsDamaged(t *testing.T) {
	path, j := filled(t)
	raw(t, path, `UPDATE documents SET value = x'00' WHERE key = 'overrides/a'`)
	raw(t, path, `UPDATE entries SET value = x'ffff' WHERE place = (SELECT min(place) + 300 FROM entries)`)
	health, side, err := j.Repair(t.Context(), repairTime)
	if err != nil {
		t.Fatal(err)
	}
	if len(health.Damage) != 2 || health.Damage[0].Document != "overrides/a" || health.Damage[1].Entry != 301 {
		t.Errorf("found %+v", health.Damage)
	}
	if after, err := j.Check(t.Context()); err != nil || len(after.Damage) != 0 || after.Documents != 2 || after.Entries != 300 {
		t.Errorf("after the repair %+v, %v", after, err)
	}
	if value, _, err := j.Get(t.Context(), "overrides/b"); err != nil || string(value) != "value of overrides/b" {
		t.Errorf("what was sound is %q, %v", value, err)
	}
	if err := j.Append(t.Context(), "decisions", 0, []byte("next")); err != nil {
		t.Errorf("appending after the repair: %v", err)
	}
	if got := journaltest.ReadAll(t, j, "decisions"); len(got) != 301 || string(got[300]) != "next" {
		t.Errorf("the log has %d entries", len(got))
	}
	kept, err := os.ReadFile(side)
	if err != nil || strings.Count(string(kept), "\n") != 301 || !strings.Contains(string(kept), `"document":"overrides/a"`) {
		t.Errorf("what was taken out has %d lines, %v", strings.Count(string(kept), "\n"), err)
	}
	if info, err := os.Stat(side); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s can be read by others", side)
	}
}

func TestABackupIsTheJournalAtOneMoment(t *testing.T) {
	path, j := filled(t)
	copied := filepath.Join(t.TempDir(), "backup.db")
	if err := j.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Put(t.Context(), "later", []byte("x"), 0); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("the backup can be read by others")
	}
	if err := j.Backup(t.Context(), copied); err == nil {
		t.Error("a backup overwrites another")
	}
	j.Close()
	kept, err := sqlite.Restore(t.Context(), copied, path, repairTime)
	if err != nil {
		t.Fatal(err)
	}
	restored := open(t, path)
	if keys, err := restored.Keys(t.Context(), ""); err != nil || len(keys) != 3 {
		t.Errorf("restored are %v, %v", keys, err)
	}
	if before, err := open(t, kept).Keys(t.Context(), ""); err != nil || len(before) != 4 {
		t.Errorf("kept beside it are %v, %v", before, err)
	}
}

func TestADamagedBackupIsNotRestored(t *testing.T) {
	path, j := filled(t)
	copied := filepath.Join(t.TempDir(), "backup.db")
	if err := j.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	raw(t, copied, `UPDATE documents SET value = x'00' WHERE key = 'cells/a'`)
	j.Close()
	if _, err := sqlite.Restore(t.Context(), copied, path, repairTime); err == nil || !strings.Contains(err.Error(), "cells/a") {
		t.Errorf("restoring a damaged backup: %v", err)
	}
	if keys, err := open(t, path).Keys(t.Context(), ""); err != nil || len(keys) != 3 {
		t.Errorf("the journal is %v, %v", keys, err)
	}
	if _, err := sqlite.Restore(t.Context(), filepath.Join(t.TempDir(), "none.db"), path, repairTime); err == nil {
		t.Error("restoring from nothing")
	}
}

func TestAJournalInUseIsNotReplaced(t *testing.T) {
	path, j := filled(t)
	copied := filepath.Join(t.TempDir(), "backup.db")
	if err := j.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Restore(t.Context(), copied, path, repairTime); err == nil {
		t.Error("a journal was replaced while it was open")
	}
	if _, err := j.Put(t.Context(), "later", []byte("x"), 0); err != nil {
		t.Errorf("writing afterwards: %v", err)
	}
}

// Who holds the lock is named, so that a person knows which process to end.
func TestTheProcessThatHoldsTheJournalIsNamed(t *testing.T) {
	if _, err := os.Stat("/proc/locks"); err != nil {
		t.Skip("skipped: /proc/locks is not here, and holders are named on Linux only")
	}
	path, j := filled(t)
	j.Close()
	holder := exec.Command(os.Args[0], "-test.run=TestHolderHelper")
	holder.Env = append(os.Environ(), "SETMEND_HOLD="+path)
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { holder.Process.Kill(); holder.Wait() }()
	if _, err := out.Read(make([]byte, 1)); err != nil { // until it holds the lock
		t.Fatal(err)
	}
	blocked, err := sqlite.OpenWith(path, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer blocked.Close()
	_, err = blocked.Put(t.Context(), "x", nil, 0)
	var hinted interface{ Hint() string }
	if err == nil || !errors.As(err, &hinted) || !strings.Contains(hinted.Hint(), "process ") {
		t.Errorf("%v: %v", err, hinted)
	}
}

// TestHolderHelper is the other process: it holds the write lock until killed.
func TestHolderHelper(t *testing.T) {
	path := os.Getenv("SETMEND_HOLD")
	if path == "" {
		t.Skip("skipped: it is a process of another test")
	}
	hold(t, path)
	os.Stdout.WriteString("h")
	time.Sleep(time.Hour)
}

// hold takes the write lock and keeps it.
func hold(t *testing.T, path string) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
}
