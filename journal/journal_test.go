package journal_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/journal/journaltest"
	"github.com/setmend/setmend/journal/s3"
	"github.com/setmend/setmend/journal/sqlite"
)

// backends are all of them, each as something that makes new, empty places.
var backends = map[string]func(*testing.T) journaltest.Place{
	"SQLite": func(t *testing.T) journaltest.Place {
		path := filepath.Join(t.TempDir(), "journal.db")
		return func(t *testing.T) journaltest.Journal { return open(t, path) }
	},
	"Memory": func(*testing.T) journaltest.Place {
		m := journal.NewMemory()
		return func(*testing.T) journaltest.Journal { return m }
	},
	"S3": func(*testing.T) journaltest.Place {
		objects := journaltest.NewObjects()
		return onObjects(objects)
	},
	"S3 without conditional deletes": func(*testing.T) journaltest.Place {
		objects := struct{ s3.ObjectStore }{journaltest.NewObjects()}
		return onObjects(objects)
	},
	"Faulty without faults": func(*testing.T) journaltest.Place {
		f := journal.NewFaulty(journal.NewMemory())
		return func(*testing.T) journaltest.Journal { return f }
	},
}

func onObjects(objects s3.ObjectStore) journaltest.Place {
	seed := 0
	return func(*testing.T) journaltest.Journal {
		seed++
		return s3.New(objects, "setmend/", rand.NewChaCha8([32]byte{byte(seed)}))
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

func TestEveryBackendKeepsTheContract(t *testing.T) {
	for name, newPlace := range backends {
		t.Run(name, func(t *testing.T) { journaltest.Contract(t, newPlace) })
	}
}
