package journaltest

import (
	"bytes"
	"context"
	"crypto/md5"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Objects is an object store in memory with S3's semantics: strongly consistent,
// conditional writes, keys listed in the order of their bytes, a thousand at a time.
type Objects struct {
	mu      sync.Mutex // guards all below
	objects map[string]stored
	puts    int
	lose    int // the put whose answer gets lost, 0 for none
	clash   int // how many puts to turn down with a 409 from now on
	fail    error
}

type stored struct {
	body []byte
	etag string
}

// NewObjects makes an empty store.
func NewObjects() *Objects { return &Objects{objects: map[string]stored{}} }

// LoseAnswer makes the n-th put from now arrive twice, the first answer being
// lost, as when the SDK repeats a request after a broken connection: the
// condition then fails on the caller's own write.
func (o *Objects) LoseAnswer(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lose = o.puts + n
}

// Clash turns the next n puts down as S3 does with 409 ConditionalRequestConflict.
func (o *Objects) Clash(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clash = n
}

// Fail makes every call fail until it is called with nil.
func (o *Objects) Fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fail = err
}

// Get implements journal.ObjectStore.
func (o *Objects) Get(ctx context.Context, key string) ([]byte, string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.usable(ctx, key); err != nil {
		return nil, "", err
	}
	found, ok := o.objects[key]
	if !ok {
		return nil, "", nil
	}
	return bytes.Clone(found.body), found.etag, nil
}

// Put implements journal.ObjectStore.
func (o *Objects) Put(ctx context.Context, key string, body []byte, etag string) (string, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.usable(ctx, key); err != nil {
		return "", false, err
	}
	o.puts++
	if o.clash > 0 {
		o.clash--
		return "", false, nil
	}
	if o.objects[key].etag != etag {
		return "", false, nil
	}
	// S3's ETag comes from the contents alone: the same contents have the same one.
	made := stored{append([]byte{}, body...), fmt.Sprintf("\"%x\"", md5.Sum(body))}
	o.objects[key] = made
	if o.lose == o.puts {
		return "", false, nil // the repeated request finds its own object
	}
	return made.etag, true, nil
}

// DeleteIfMatch implements journal.ObjectRemover.
func (o *Objects) DeleteIfMatch(ctx context.Context, key, etag string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.usable(ctx, key); err != nil {
		return err
	}
	if o.objects[key].etag == etag {
		delete(o.objects, key)
	}
	return nil
}

// Len is the number of objects.
func (o *Objects) Len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.objects)
}

// List implements journal.ObjectStore.
func (o *Objects) List(ctx context.Context, prefix, after string, limit int) ([]string, []int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.usable(ctx, prefix); err != nil {
		return nil, nil, err
	}
	if limit < 1 || limit > 1000 {
		return nil, nil, fmt.Errorf("listing %s: MaxKeys %d is not in 1 to 1000", prefix, limit)
	}
	var keys []string
	var sizes []int64
	for _, key := range slices.Sorted(maps.Keys(o.objects)) {
		if strings.HasPrefix(key, prefix) && key > after && len(keys) < limit {
			keys = append(keys, key)
			sizes = append(sizes, int64(len(o.objects[key].body)))
		}
	}
	return keys, sizes, nil
}

// Edit changes an object behind everybody's back.
func (o *Objects) Edit(key string, edit func([]byte) []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	found := o.objects[key]
	found.body = edit(found.body)
	o.objects[key] = found
}

// Remove deletes an object behind everybody's back.
func (o *Objects) Remove(key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.objects, key)
}

// usable is what S3 checks first. The caller holds mu.
func (o *Objects) usable(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(key) > 1024 { // the limit on keys, in bytes
		return fmt.Errorf("using key %.80s…: KeyTooLongError", key)
	}
	return o.fail
}
