package record

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Document is a JSON value in the journal with the version it was read at, so
// that writing it back fails if somebody else wrote in between.
type Document[T any] struct {
	Key     string
	Version int64 // 0 if it is not in the journal
	Value   T
}

// Read loads a document; one that is not there has version 0 and the zero value.
func Read[T any](ctx context.Context, j Journal, key string) (*Document[T], error) {
	d := &Document[T]{Key: key}
	b, version, err := j.Get(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("reading %s from the journal: %w", key, err)
	}
	d.Version = version
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

// Exists reports whether the document is in the journal.
func (d *Document[T]) Exists() bool { return d.Version != 0 }

// Write stores the document; the data is durable when it returns.
func (d *Document[T]) Write(ctx context.Context, j Journal) error {
	b, err := json.Marshal(d.Value)
	if err != nil {
		return fmt.Errorf("writing %s to the journal: %w", d.Key, err)
	}
	version, err := j.Put(ctx, d.Key, deflate(b), d.Version)
	if err != nil {
		return fmt.Errorf("writing %s to the journal: %w", d.Key, err)
	}
	d.Version = version
	return nil
}

// Delete removes the document, if nothing has written it since it was read.
func (d *Document[T]) Delete(ctx context.Context, j Journal) error {
	return j.Delete(ctx, d.Key, d.Version)
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

// IsConflict reports whether a journal write failed because another came first.
func IsConflict(err error) bool {
	var e interface {
		error
		Conflict() bool
	}
	return errors.As(err, &e) && e.Conflict()
}
