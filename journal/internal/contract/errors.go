package contract

import (
	"errors"
	"fmt"
)

// Kind says what an error means for the caller.
type Kind int

const (
	// Failed: the storage failed. Of a write the outcome is unknown.
	Failed Kind = iota
	// Conflict: the document is not at the version named. Nothing was written.
	Conflict
	// Fenced: the log belongs to another epoch. Nothing was written.
	Fenced
	// Corrupt: what is stored is not what was written.
	Corrupt
	// Refused: the call itself is wrong (a name, a size). Nothing was written.
	Refused
	// Exists: the log has entries already. Nothing was written.
	Exists
	// Unusable: the journal cannot be opened, or has been closed.
	Unusable
)

// Error is every error of this package. Its methods let callers tell errors
// apart through interfaces of their own.
type Error struct {
	Kind   Kind
	What   string // what was being done, and to what
	Why    string // what was wrong with it; "" if Err says it
	Err    error  // the cause, if there is one
	Advice string // what a person can do about it, "" for nothing
}

func (e *Error) Error() string {
	switch {
	case e.Err == nil:
		return e.What + ": " + e.Why
	case e.Why == "":
		return e.What + ": " + e.Err.Error()
	}
	return e.What + ": " + e.Why + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Conflict reports that a document has moved on since it was read.
func (e *Error) Conflict() bool { return e.Kind == Conflict }

// Fenced reports that the log has been claimed by another.
func (e *Error) Fenced() bool { return e.Kind == Fenced }

// Exists reports that a log that was to be created has entries already.
func (e *Error) Exists() bool { return e.Kind == Exists }

// Unknown reports that a write may or may not have happened.
func (e *Error) Unknown() bool { return e.Kind == Failed }

// Corrupt reports that stored data failed its checksum.
func (e *Error) Corrupt() bool { return e.Kind == Corrupt }

// Unusable reports that the journal as a whole cannot be used.
func (e *Error) Unusable() bool { return e.Kind == Unusable || e.Kind == Corrupt }

// Hint tells a person what to do about it, "" if there is nothing to say.
func (e *Error) Hint() string { return e.Advice }

func Conflicted(what string, found, expected int64) error {
	return &Error{Kind: Conflict, What: what, Why: fmt.Sprintf("it is at version %d, not %d: somebody else wrote it", found, expected)}
}

func FencedOff(log string, found, used int64) error {
	return &Error{Kind: Fenced, What: "appending to log " + log,
		Why: fmt.Sprintf("it was claimed with epoch %d, this writer has epoch %d", found, used)}
}

func Existing(log string, count int64) error {
	return &Error{Kind: Exists, What: "creating log " + log, Why: fmt.Sprintf("it has %d entries already", count)}
}

func Damaged(what, why string) error {
	return &Error{Kind: Corrupt, What: what, Why: why,
		Advice: "The stored data was changed or damaged outside setmend. `setmend journal check` lists what is damaged, `setmend journal repair` takes it out; or restore a backup."}
}

// Fail adds what was being done to an error, unless it tells already.
func Fail(what string, err error) error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	return &Error{Kind: Failed, What: what, Err: err}
}
