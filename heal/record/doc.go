// Package record has what runs leave in the journal, and reads it back.
//
// A [Document] is a JSON value with the version it was read at, so that writing it
// back fails if another wrote in between. run.go has the run's head and what narrows
// it, plans.go the plans it was given, makes and may not carry out, overrides.go copies
// of overrides from before deletions, memory.go what is remembered of cells and
// accounts, approvals.go what guards ask, history.go runs that ended. log.go has the
// events of a run's commands; which restores are pending follows from them.
//
// Nothing here asks AWS or decides.
package record
