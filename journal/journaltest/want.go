package journaltest

import (
	"errors"
	"strings"
	"testing"
)

// ReadAll returns all entries of a log, oldest first. It ends the test if the log
// cannot be read.
func ReadAll(t *testing.T, j Journal, log string) [][]byte {
	t.Helper()
	var entries [][]byte
	for entry, err := range j.Read(t.Context(), log, 0) {
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, entry)
	}
	return entries
}

// WantCorrupt fails the test unless err says corrupt and contains name, or, if name
// is empty, unless there is no error.
func WantCorrupt(t *testing.T, err error, name string) {
	t.Helper()
	if name == "" {
		if err != nil {
			t.Errorf("got %v, want no error", err)
		}
		return
	}
	var told interface{ Corrupt() bool }
	if !errors.As(err, &told) || !told.Corrupt() || !strings.Contains(err.Error(), name) {
		t.Errorf("got %v, want corruption of %q", err, name)
	}
}
