package sqlite

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/setmend/setmend/journal/internal/contract"
)

var errForeign = errors.New("it is not a setmend journal")

// opening explains why a journal cannot be opened; nil stays nil.
func opening(path string, err error) error {
	var known *contract.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	e := &contract.Error{Kind: contract.Unusable, What: "opening journal " + path, Err: err}
	switch code := sqliteCode(err); {
	case errors.Is(err, fs.ErrNotExist):
		e.Why, e.Advice = "the directory is missing", "Create it: mkdir -p "+filepath.Dir(path)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		e.Why, e.Advice = "no permission to write", "A journal must be writable, and so must its directory: "+filepath.Dir(path)
	case errors.Is(err, errForeign), code == sqlite3.SQLITE_NOTADB, code == sqlite3.SQLITE_CORRUPT:
		e.Why, e.Err = errForeign.Error(), nil
		e.Advice = "Nothing was changed in it. Name another file; setmend makes one that does not exist."
	default:
		e.Advice = hintFor(path, code, err)
	}
	return e
}

// explain adds what was being done, and a hint, to an error of the database.
func (s *Journal) explain(what string, err error) error {
	var known *contract.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	e := &contract.Error{Kind: contract.Failed, What: what, Err: err, Advice: hintFor(s.path, sqliteCode(err), err)}
	if code := sqliteCode(err); code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB {
		e.Kind = contract.Corrupt
	}
	return e
}

// hintFor knows the primary result codes of https://sqlite.org/rescode.html.
func hintFor(path string, code int, err error) string {
	switch {
	case code == sqlite3.SQLITE_FULL, errors.Is(err, syscall.ENOSPC):
		return "The disk is full. Make room; nothing that was acknowledged is lost."
	case code == sqlite3.SQLITE_BUSY, code == sqlite3.SQLITE_LOCKED:
		return "Another process" + holders(path) + " held the journal for longer than " + lockPatience.String() + ". End it or let it go on, or use another journal file."
	case code == sqlite3.SQLITE_READONLY, code == sqlite3.SQLITE_CANTOPEN:
		return "The journal and its directory must be writable."
	case code == sqlite3.SQLITE_CORRUPT, code == sqlite3.SQLITE_NOTADB:
		return "The file is damaged. Restore it from a backup, together with its -wal file."
	case code == sqlite3.SQLITE_IOERR:
		return "The disk failed to read or write. Look at the system's log."
	}
	return ""
}

const sqliteNotADatabase = sqlite3.SQLITE_NOTADB

// isCorrupt reports whether an error says that stored data is damaged.
func isCorrupt(err error) bool {
	var known *contract.Error
	return errors.As(err, &known) && known.Kind == contract.Corrupt
}

// sqliteCode is the primary result code in err's chain, 0 if there is none.
func sqliteCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff // the higher bits are the extended code
	}
	return 0
}
