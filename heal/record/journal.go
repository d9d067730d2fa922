package record

import (
	"context"
	"iter"
	"time"
)

// Journal is the durable state of runs. Values are on disk when a call returns.
// A mismatching version is an error with a method Conflict() bool that is true.
type Journal interface {
	Get(ctx context.Context, key string) (value []byte, version int64, err error) // absent: nil, 0, nil
	Put(ctx context.Context, key string, value []byte, version int64) (next int64, err error)
	Delete(ctx context.Context, key string, version int64) error
	Keys(ctx context.Context, prefix string) ([]string, error)
	// Claim takes a log over: writers with an earlier epoch are fenced off.
	Claim(ctx context.Context, log string) (epoch int64, err error)
	// Append adds entries to a log, all or none. If epoch is not the one of the log's
	// last claim, the error has a method Fenced() bool that is true. Without entries
	// it only checks the epoch.
	Append(ctx context.Context, log string, epoch int64, entries ...[]byte) error
	Read(ctx context.Context, log string, after int64) iter.Seq2[[]byte, error]
}

// Clock dates what is recorded.
type Clock interface{ Now() time.Time }
