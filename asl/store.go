package asl

import (
	"context"
	"errors"
	"iter"
)

// A Store keeps logs: one for each execution and each definition, and one for
// the answers to an execution's tasks. Its methods may be called from
// many goroutines at once; a store that commits what arrives together in one
// write makes many executions cheap.
type Store interface {
	// Claim takes ownership of a log, which need not exist yet, and returns the
	// owner's epoch, which is at least 1. From then on every Append with an earlier
	// epoch fails.
	Claim(ctx context.Context, log string) (epoch int64, err error)

	// Append adds entries to the end of a log, in order, all or none. A log that
	// nobody has ever claimed takes entries with the epoch 0 from anyone, in any
	// process; answers are sent this way. Without entries it only checks the
	// epoch. When it
	// returns nil they are durable. An error with a method Fenced() bool that
	// gives true says that somebody else has claimed the log since; nothing was
	// added then. After any other error the entries may have been added or not,
	// and the engine stops working on the execution until it is resumed. The
	// store may keep the entries: the caller does not change them any more.
	Append(ctx context.Context, log string, epoch int64, entries ...[]byte) error

	// Read gives the entries of a log in order, without the first after ones. A
	// log that does not exist has none.
	Read(ctx context.Context, log string, after int64) iter.Seq2[[]byte, error]

	// Logs lists the names of logs that begin with prefix, sorted.
	Logs(ctx context.Context, prefix string) ([]string, error)
}

// A Creator is a [Store] that can begin a log in one write, instead of a Read, a
// Claim and an Append. With many short executions most of the time is in these.
type Creator interface {
	// Create appends entries to a log that has none, and claims it: both or
	// neither, durable when it returns nil. An error with a method Exists() bool
	// that gives true says that the log has entries already, and that nothing
	// has changed. Of any other error the same holds as with Append.
	Create(ctx context.Context, log string, entries ...[]byte) (epoch int64, err error)
}

// newLog makes a log of a first entry and claims it, in one write where the store
// can. [ErrExists] says that the log has entries already.
func newLog(ctx context.Context, store Store, log string, entry []byte) (epoch int64, err error) {
	if creator, ok := store.(Creator); ok {
		if epoch, err = creator.Create(ctx, log, entry); exists(err) {
			err = ErrExists
		}
		return epoch, err
	}
	for _, err := range store.Read(ctx, log, 0) {
		if err == nil {
			err = ErrExists
		}
		return 0, err
	}
	if epoch, err = store.Claim(ctx, log); err != nil {
		return 0, err
	}
	return epoch, store.Append(ctx, log, epoch, entry)
}

// exists tells whether an error of a Creator means that the log is there already.
func exists(err error) bool {
	e, ok := errors.AsType[interface {
		error
		Exists() bool
	}](err)
	return ok && e.Exists()
}

// fenced tells whether an error of a store means that somebody else owns the
// log now.
func fenced(err error) bool {
	f, ok := errors.AsType[interface {
		error
		Fenced() bool
	}](err)
	return ok && f.Fenced()
}

// Prefixes of the names of the interpreter's logs: one for each execution, one
// for each definition that executions were started with, named by its hash.
const (
	logPrefix        = "asl/"
	definitionPrefix = "asl-definition/"
)
