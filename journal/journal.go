package journal

import (
	"context"
	"io"
	"iter"
)

// Journal is what every backend offers. Its methods use plain types only, so
// that users can declare the part that they need without importing this package.
//
// Names (of documents and of logs, which do not share a namespace) are 1 to 256
// bytes of UTF-8 without control characters. A value, and the entries of one
// append together, are at most 64 MiB.
type Journal interface {
	// Get returns a document and its version; nil, 0 and no error if there is none.
	Get(ctx context.Context, key string) (value []byte, version int64, err error)
	// Put replaces the document, if its version is still the given one; 0 means
	// that there must be none. Otherwise the error's Conflict method says true.
	// Versions grow, and are not given out again after the document was deleted.
	Put(ctx context.Context, key string, value []byte, version int64) (next int64, err error)
	// Delete removes the document under the same rule.
	Delete(ctx context.Context, key string, version int64) error
	// Keys lists the documents whose keys start with prefix, sorted.
	Keys(ctx context.Context, prefix string) ([]string, error)

	// Claim takes a log over: writers with an earlier epoch are fenced off. An
	// epoch is greater than all that were given out for the log before.
	Claim(ctx context.Context, log string) (epoch int64, err error)
	// Create is a claim and an append in one write, of a log that has no entries:
	// it has both afterwards, or neither. If the log has entries, the error's
	// Exists method says true. At least one entry must be given.
	Create(ctx context.Context, log string, entries ...[]byte) (epoch int64, err error)
	// Append adds entries to the end of the log, all or none, in order. If epoch
	// is not the one of the log's last claim (0: never claimed), the error's
	// Fenced method says true. Without entries it only checks the epoch.
	Append(ctx context.Context, log string, epoch int64, entries ...[]byte) error
	// Read yields the log's entries in order, without the first `after` of them.
	// An error ends it. Writing while reading is allowed; entries appended after
	// Read began may or may not be seen.
	Read(ctx context.Context, log string, after int64) iter.Seq2[[]byte, error]
	// Logs lists the logs whose names start with prefix, sorted. A log exists from
	// its first claim or entry on.
	Logs(ctx context.Context, prefix string) ([]string, error)

	io.Closer
}
