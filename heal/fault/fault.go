// Package fault names the errors that the state machine distinguishes: what is retried,
// what ends a run, and what a run that is ended by it may still do.
package fault

import (
	"context"
	"errors"

	"github.com/setmend/setmend/fleet"
)

// Names of errors that the state machine distinguishes.
const (
	LeaseLost   = "LeaseLost"
	Stopped     = "RunStopped"
	Credentials = "CredentialsUnusable"
	Denied      = "AccessDenied"
	Passing     = "PassingFault" // worth another try
	Run         = "RunFailed"
)

// Error is an error with a name that the state machine can match.
type Error struct {
	Name string
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Named returns the error with a name, so that only what can pass is retried. One that
// has a name keeps it.
func Named(err error) error {
	if name, ok := NameOf(err); ok {
		return &Error{name, err}
	}
	switch fleet.KindOf(err) {
	case fleet.Throttled, fleet.Unreachable, fleet.UnknownOutcome, fleet.Conflict:
		return &Error{Passing, err}
	case fleet.Expired:
		return &Error{Credentials, err}
	case fleet.Denied:
		return &Error{Denied, err}
	}
	if ofJournal(err) || errors.Is(err, context.DeadlineExceeded) {
		return &Error{Passing, err} // the handler reads everything anew
	}
	return &Error{Run, err}
}

// NameOf returns the error's name, and false if it has none.
func NameOf(err error) (string, bool) {
	var named *Error
	if errors.As(err, &named) {
		return named.Name, true
	}
	return "", false
}

// Is reports whether the error has the given name.
func Is(err error, name string) bool {
	got, ok := NameOf(err)
	return ok && got == name
}

// ofJournal reports whether the journal failed: its errors say whether a version did
// not match.
func ofJournal(err error) bool {
	var e interface {
		error
		Conflict() bool
	}
	return errors.As(err, &e)
}
