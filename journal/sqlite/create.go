package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/setmend/setmend/journal/internal/contract"
)

const (
	// applicationID marks a SQLite file as ours, in its header ("smnd").
	applicationID = 0x736d6e64
	// schemaVersion grows with the schema; files of a newer one are refused.
	schemaVersion = 2
)

// schema: counter has one row, the last number given to a document, as its
// version, or to a log, as its id. A document's version is thus never given out
// twice, deleted or not. The count of a log tells when rows of it are gone. The
// entries of a log lie together, at the places that [place] gives them: SQLite is
// quickest at adding rows behind the last integer key.
const schema = `
CREATE TABLE counter (last INTEGER NOT NULL) STRICT;
INSERT INTO counter VALUES (0);
CREATE TABLE documents (key TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, sum BLOB NOT NULL, value BLOB NOT NULL) STRICT;
CREATE TABLE logs (name TEXT NOT NULL PRIMARY KEY, id INTEGER NOT NULL, epoch INTEGER NOT NULL, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE entries (place INTEGER PRIMARY KEY, sum BLOB NOT NULL, value BLOB NOT NULL) STRICT;
`

// positions is how many entries a log may have; what is left of an integer key
// is enough for 34 billion logs.
const positions = 1 << 28

// place is the key of an entry, whose position counts from 1.
func place(log, position int64) int64 { return log*positions + position }

// prepare sees to it that there is a readable and writable file at path.
func prepare(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return create(path)
	}
	if err != nil {
		return opening(path, err)
	}
	return opening(path, file.Close())
}

// create makes a complete journal under another name and links it to path. So
// nobody ever sees half of one, and of two processes that create it at once one
// wins and both go on with the winner's.
func create(path string) error {
	draft, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return opening(path, err)
	}
	defer os.Remove(draft.Name())
	err = errors.Join(draft.Close(), initialise(draft.Name()))
	if err != nil {
		return opening(path, err)
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return opening(path, err)
	}
	return opening(path, syncDirectory(filepath.Dir(path)))
}

func initialise(path string) error {
	db := connect(path, lockPatience, "synchronous(FULL)")
	_, err := db.Exec(fmt.Sprintf(`PRAGMA journal_mode = WAL; BEGIN; %s
		PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT`, schema, applicationID, schemaVersion))
	return errors.Join(err, db.Close())
}

// syncDirectory makes a new directory entry survive a power cut. Windows has no
// such call; NTFS keeps a log of its directories itself.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

// verify makes sure that the file is a journal that this program understands.
func (s *Journal) verify() error {
	var application, version int64
	row := s.readers.QueryRow("SELECT application_id, user_version FROM pragma_application_id, pragma_user_version")
	if err := row.Scan(&application, &version); err != nil {
		return err
	}
	if application != applicationID {
		return errForeign
	}
	if version != schemaVersion {
		writer := "A newer"
		if version < schemaVersion {
			writer = "An earlier"
		}
		return &contract.Error{Kind: contract.Unusable, What: "opening journal " + s.path,
			Why:    fmt.Sprintf("its schema version is %d, this setmend knows %d", version, schemaVersion),
			Advice: writer + " setmend wrote it. Use that one, or another journal file."}
	}
	return s.verifyMode()
}

// verifyMode makes sure of write-ahead logging: the promises of durability and
// of several processes rest on it. The mode is a property of the file.
func (s *Journal) verifyMode() error {
	var mode string
	if err := s.readers.QueryRowContext(context.Background(), "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return &contract.Error{Kind: contract.Unusable, What: "opening journal " + s.path, Why: "its journal mode is " + mode + ", not wal",
			Advice: "Somebody changed the file with another tool. `sqlite3 FILE 'PRAGMA journal_mode=WAL'` changes it back."}
	}
	return nil
}
