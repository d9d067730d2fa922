package journal_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/journal/journaltest"
	"github.com/setmend/setmend/journal/s3"
	"github.com/setmend/setmend/journal/sqlite"
)

// TestAJournalWorksInVirtualTime: an hour passes between writes of goroutines
// that wait for one another, in no time.
func TestAJournalWorksInVirtualTime(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) journaltest.Journal{
		"Memory": func(*testing.T) journaltest.Journal { return journal.NewMemory() },
		"S3": func(*testing.T) journaltest.Journal {
			return s3.New(journaltest.NewObjects(), "", nil)
		},
		"SQLite": func(t *testing.T) journaltest.Journal {
			s, err := sqlite.Open(filepath.Join(t.TempDir(), "journal.db"))
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := open(t)
				done := make(chan error)
				for range 5 {
					go func() {
						time.Sleep(time.Hour)
						done <- j.Append(t.Context(), "l", 0, []byte(time.Now().String()))
					}()
				}
				for range 5 {
					if err := <-done; err != nil {
						t.Error(err)
					}
				}
				if n := len(journaltest.ReadAll(t, j, "l")); n != 5 {
					t.Errorf("%d entries", n)
				}
				if err := j.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
