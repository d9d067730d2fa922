package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/journal/internal/contract"
)

// ObjectStore is the part of S3 that the journal needs; an adapter to the SDK
// is small. Reads and lists must see every write that was acknowledged before,
// as S3's do.
type ObjectStore interface {
	// Get returns an object's contents and ETag; the ETag is "" if there is none.
	Get(ctx context.Context, key string) (body []byte, etag string, err error)
	// Put stores an object if the one there still has this ETag (If-Match), or,
	// with "", if there is none (If-None-Match: *). If the condition fails (412) or
	// clashes with another request's (409), ok is false and err nil. After an error
	// the outcome is unknown. Repeating a request whose answer was lost is fine.
	Put(ctx context.Context, key string, body []byte, etag string) (newETag string, ok bool, err error)
	// List returns the keys that start with prefix and come after the key `after`,
	// with the sizes in bytes of their objects, in the order of their bytes, limit
	// at most (1 to 1,000). Fewer than limit means that there are no more.
	List(ctx context.Context, prefix, after string, limit int) (keys []string, sizes []int64, err error)
}

// ObjectRemover is what an ObjectStore may offer besides. Without it the
// tombstones of deleted documents stay for ever, 64 bytes each, and lists read
// past them.
type ObjectRemover interface {
	// DeleteIfMatch removes an object if the one there still has this ETag
	// (If-Match, which DeleteObject knows for all buckets since September 2025). A
	// condition that fails is no error.
	DeleteIfMatch(ctx context.Context, key, etag string) error
}

// Journal is a journal in a bucket. An object is a header and the value; see object.
//
// A document is deleted in two steps. A tombstone takes its place, under the
// same condition as any write, which decides who deleted it. Then the tombstone
// is removed, if the store can do that and nobody has written there since. Should
// that fail it stays, which harms nobody.
type Journal struct {
	store  ObjectStore
	prefix string

	mu   sync.Mutex // guards all below
	rand io.Reader
	seen map[string]sighting // documents as this process last saw them
	logs map[string]*chain
}

// sighting saves reading a document before replacing it. It may be outdated: the
// ETag in the condition decides.
type sighting struct {
	object
	etag string
}

var _ journal.Journal = (*Journal)(nil)

// New returns a journal whose objects' keys start with prefix. It keeps nothing in
// the process that the bucket does not hold. Marks of who wrote what are drawn
// from random, crypto/rand if nil; two writers must not draw the same.
func New(store ObjectStore, prefix string, random io.Reader) *Journal {
	if random == nil {
		random = rand.Reader
	}
	return &Journal{store: store, prefix: prefix, rand: random, seen: map[string]sighting{}, logs: map[string]*chain{}}
}

// Close implements [journal.Journal]. There is nothing to release.
func (s *Journal) Close() error { return nil }

// Get implements [journal.Journal].
func (s *Journal) Get(ctx context.Context, key string) ([]byte, int64, error) {
	if err := contract.Ready(ctx, key); err != nil {
		return nil, 0, err
	}
	found, err := s.look(ctx, key)
	if err != nil || found.version() == 0 {
		return nil, 0, contract.Fail("reading "+key, err)
	}
	return found.payload, found.number, nil
}

// look reads a document's object, and remembers where it stands.
func (s *Journal) look(ctx context.Context, key string) (sighting, error) {
	name := s.documentName(key)
	body, etag, err := s.store.Get(ctx, name)
	if err != nil {
		return sighting{}, contract.Fail("reading "+key, err)
	}
	if etag == "" {
		s.remember(key, sighting{})
		return sighting{}, nil
	}
	o, err := decode(name, body)
	if err != nil {
		return sighting{}, err
	}
	s.remember(key, sighting{o.withoutPayload(), etag})
	return sighting{o, etag}, nil
}

// remember keeps where a document stands; nothing is kept of those that are gone.
func (s *Journal) remember(key string, what sighting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if what.version() == 0 {
		delete(s.seen, key)
		return
	}
	s.seen[key] = what
}

// Put implements [journal.Journal].
func (s *Journal) Put(ctx context.Context, key string, value []byte, version int64) (int64, error) {
	if err := contract.Ready(ctx, key, value); err != nil {
		return 0, err
	}
	return s.replace(ctx, "writing", key, version, object{kind: kindDocument, payload: value})
}

// Delete implements [journal.Journal].
func (s *Journal) Delete(ctx context.Context, key string, version int64) error {
	if err := contract.Ready(ctx, key); err != nil {
		return err
	}
	if version == 0 { // deleting nothing: true if there is nothing
		found, err := s.look(ctx, key)
		if err == nil && found.version() != 0 {
			err = contract.Conflicted("deleting "+key, found.version(), 0)
		}
		return err
	}
	_, err := s.replace(ctx, "deleting", key, version, object{kind: kindTombstone})
	return err
}

// replace puts an object in the place of the document of that version.
func (s *Journal) replace(ctx context.Context, doing, key string, version int64, o object) (int64, error) {
	what := doing + " " + key
	before, err := s.expect(ctx, what, key, version)
	if err != nil {
		return 0, err
	}
	if o.writer, err = s.mark(); err != nil {
		return 0, contract.Fail(what, err)
	}
	o.number = before.number + 1
	if before.etag == "" {
		o.number = firstVersion(o.writer)
	}
	etag, err := s.swap(ctx, what, key, before, o)
	if err != nil {
		s.remember(key, sighting{})
		return 0, contract.Fail(what, err)
	}
	s.remember(key, sighting{o.withoutPayload(), etag})
	if remover, ok := s.store.(ObjectRemover); ok && o.kind == kindTombstone {
		_ = remover.DeleteIfMatch(ctx, s.documentName(key), etag) // or it stays: see Journal
	}
	return o.number, nil
}

// firstVersion is where the versions of a document begin of which nothing is
// there: drawn at random from 2⁴² beginnings, with room for 2²⁰ versions between
// them, since those of a document of that name deleted earlier are not known.
func firstVersion(mark [8]byte) int64 {
	const beginnings = 1 << 42
	return int64(binary.BigEndian.Uint64(mark[:])%beginnings)<<20 + 1
}

// swap puts an object in the place of the one that was sighted before.
func (s *Journal) swap(ctx context.Context, what, key string, before sighting, o object) (etag string, err error) {
	name := s.documentName(key)
	body := encode(name, o)
	for range clashes {
		etag, ok, err := s.store.Put(ctx, name, body, before.etag)
		if ok || err != nil {
			return etag, err
		}
		// Either somebody else was first, or the store's client repeated a request
		// of which only the answer was lost, which the mark in the body tells; or
		// two requests met and neither won.
		stored, etag, err := s.store.Get(ctx, name)
		if err != nil || bytes.Equal(stored, body) {
			return etag, err
		}
		if etag == before.etag {
			continue
		}
		now, err := s.look(ctx, key)
		if err == nil {
			err = contract.Conflicted(what, now.version(), before.version())
		}
		return "", err
	}
	return "", errClash
}

// clashes is how often a write is tried when S3 turns down two requests that met
// (409 ConditionalRequestConflict) and asks to try again.
const clashes = 10

var errClash = errors.New("S3 keeps turning down conflicting requests")

// expect is the document's state, if its version is the given one.
func (s *Journal) expect(ctx context.Context, what, key string, version int64) (sighting, error) {
	s.mu.Lock()
	known, ok := s.seen[key]
	s.mu.Unlock()
	if ok && known.version() == version {
		return known, nil
	}
	found, err := s.look(ctx, key)
	if err == nil && found.version() != version {
		err = contract.Conflicted(what, found.version(), version)
	}
	return found, err
}

// mark makes one write distinguishable from every other.
func (s *Journal) mark() (mark [8]byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = io.ReadFull(s.rand, mark[:])
	return mark, err
}

// Keys implements [journal.Journal].
func (s *Journal) Keys(ctx context.Context, prefix string) ([]string, error) {
	start := s.documentName(prefix)
	var keys []string
	for after := ""; ; {
		names, sizes, err := s.store.List(ctx, start, after, 1000)
		if err != nil {
			return nil, contract.Fail("listing "+prefix, err)
		}
		for i, name := range names {
			key, err := unescape(strings.TrimPrefix(name, s.documentName("")))
			if err != nil {
				return nil, contract.Damaged("listing "+prefix, fmt.Sprintf("object %q is not the journal's", name))
			}
			if sizes[i] > headerSize { // a tombstone has nothing but a header
				keys = append(keys, key)
			}
			after = name
		}
		if len(names) < 1000 {
			slices.Sort(keys)
			return keys, nil
		}
	}
}

func (s *Journal) documentName(key string) string { return s.prefix + "documents/" + escape(key) }
