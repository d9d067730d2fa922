package heal

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// document is a JSON value in the journal with the version it was read at, so
// that writing it back fails if somebody else wrote in between.
type document[T any] struct {
	key     string
	version int64
	Value   T
}

// read loads a document; one that is not there has version 0 and the zero value.
func read[T any](ctx context.Context, j Journal, key string) (*document[T], error) {
	d := &document[T]{key: key}
	b, version, err := j.Get(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("reading %s from the journal: %w", key, err)
	}
	d.version = version
	if version == 0 {
		return d, nil
	}
	if b, err = inflate(b); err != nil {
		return nil, fmt.Errorf("unpacking %s from the journal: %w", key, err)
	}
	if err := json.Unmarshal(b, &d.Value); err != nil {
		return nil, fmt.Errorf("reading %s from the journal: %w", key, err)
	}
	return d, nil
}

// exists tells whether the document is in the journal.
func (d *document[T]) exists() bool { return d.version != 0 }

// write stores the document; the data is durable when it returns.
func (d *document[T]) write(ctx context.Context, j Journal) error {
	b, err := json.Marshal(d.Value)
	if err != nil {
		return fmt.Errorf("writing %s to the journal: %w", d.key, err)
	}
	version, err := j.Put(ctx, d.key, deflate(b), d.version)
	if err != nil {
		return fmt.Errorf("writing %s to the journal: %w", d.key, err)
	}
	d.version = version
	return nil
}

// large is the size from which documents are compressed: an inventory of 16,000
// instances is 4 MB of JSON and 150 kB of gzip.
const large = 64 << 10

func deflate(b []byte) []byte {
	if len(b) < large {
		return b
	}
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed) // the level is valid, so no error
	w.Write(b)                                        // to memory: cannot fail
	w.Close()
	return out.Bytes()
}

func inflate(b []byte) ([]byte, error) {
	if len(b) < 2 || b[0] != 0x1f || b[1] != 0x8b {
		return b, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// journalError is what tells a journal's error from others.
type journalError interface {
	error
	Conflict() bool
}

// isConflict reports whether a journal write failed because of somebody else's.
func isConflict(err error) bool {
	var e journalError
	return errors.As(err, &e) && e.Conflict()
}

// isJournal reports whether the journal failed.
func isJournal(err error) bool {
	var e journalError
	return errors.As(err, &e)
}
