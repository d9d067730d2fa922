// Package journaltest says what a journal promises, as tests that every backend
// passes, and has an object store in memory to run the S3 one on.
package journaltest

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
)

// Journal is journal.Journal, declared again as its users do.
type Journal interface {
	Get(ctx context.Context, key string) ([]byte, int64, error)
	Put(ctx context.Context, key string, value []byte, version int64) (int64, error)
	Delete(ctx context.Context, key string, version int64) error
	Keys(ctx context.Context, prefix string) ([]string, error)
	Claim(ctx context.Context, log string) (int64, error)
	Create(ctx context.Context, log string, entries ...[]byte) (int64, error)
	Append(ctx context.Context, log string, epoch int64, entries ...[]byte) error
	Read(ctx context.Context, log string, after int64) iter.Seq2[[]byte, error]
	Logs(ctx context.Context, prefix string) ([]string, error)
	Close() error
}

// Place is where a journal keeps its contents. Each call opens that same journal
// once more, as another process would.
type Place func(*testing.T) Journal

// Contract runs the tests. Each begins in a new, empty place.
func Contract(t *testing.T, newPlace func(*testing.T) Place) {
	for _, promise := range slices.Concat(documentPromises, logPromises, createPromises, sharedPromises) {
		t.Run(promise.name, func(t *testing.T) { promise.test(t, newPlace(t)) })
	}
}

type promise struct {
	name string
	test func(*testing.T, Place)
}

var documentPromises = []promise{
	{"an absent document is nil at version 0", func(t *testing.T, open Place) {
		j := open(t)
		wantDocument(t, j, "nothing", nil, 0)
	}},
	{"what was put is what is got", func(t *testing.T, open Place) {
		j := open(t)
		for i, value := range [][]byte{{}, []byte("a"), {0, 1, 0xff, 0}, bytes.Repeat([]byte("long "), 100_000)} {
			key := fmt.Sprintf("values/%d", i)
			wantDocument(t, j, key, value, put(t, j, key, value, 0))
		}
	}},
	{"a value is neither kept by nor shared with the caller", func(t *testing.T, open Place) {
		j := open(t)
		value := []byte("before")
		put(t, j, "k", value, 0)
		copy(value, "after!")
		got, _, _ := j.Get(t.Context(), "k")
		copy(got, "later!")
		got, _, _ = j.Get(t.Context(), "k")
		if string(got) != "before" {
			t.Errorf("got %q", got)
		}
	}},
	{"put replaces only the version that was read", func(t *testing.T, open Place) {
		j := open(t)
		first := put(t, j, "k", []byte("one"), 0)
		second := put(t, j, "k", []byte("two"), first)
		if second <= first {
			t.Errorf("version went from %d to %d", first, second)
		}
		for _, version := range []int64{0, first, second + 1, -1} {
			_, err := j.Put(t.Context(), "k", []byte("three"), version)
			wantConflict(t, err)
		}
		wantDocument(t, j, "k", []byte("two"), second)
	}},
	{"a document that is absent is replaced by nobody", func(t *testing.T, open Place) {
		j := open(t)
		_, err := j.Put(t.Context(), "k", []byte("x"), 7)
		wantConflict(t, err)
		wantDocument(t, j, "k", nil, 0)
	}},
	{"delete removes only the version that was read", func(t *testing.T, open Place) {
		j := open(t)
		first := put(t, j, "k", []byte("one"), 0)
		second := put(t, j, "k", []byte("two"), first)
		for _, version := range []int64{0, first, second + 1} {
			wantConflict(t, j.Delete(t.Context(), "k", version))
		}
		wantDocument(t, j, "k", []byte("two"), second)
		must(t, j.Delete(t.Context(), "k", second))
		wantDocument(t, j, "k", nil, 0)
		wantConflict(t, j.Delete(t.Context(), "k", second))
		must(t, j.Delete(t.Context(), "k", 0))
	}},
	{"a version is never given out again, though the document was deleted", func(t *testing.T, open Place) {
		j := open(t)
		used := map[int64]bool{}
		for i := range 5 {
			version := put(t, j, "k", []byte("same"), 0)
			if used[version] {
				t.Fatalf("version %d was used before", version)
			}
			used[version] = true
			if i%2 == 1 {
				version = put(t, j, "k", []byte("same"), version)
				used[version] = true
			}
			must(t, j.Delete(t.Context(), "k", version))
			_, err := j.Put(t.Context(), "k", []byte("stale"), version)
			wantConflict(t, err)
			j = open(t)
		}
	}},
	{"keys are listed by prefix, sorted, without the deleted", func(t *testing.T, open Place) {
		j := open(t)
		keys := []string{"b", "a", "a/b", "a/b/c", "a%2Fb", "ab", "a b", "a/ü", "a/%", "A", "a/.", "a/.."}
		for _, key := range keys {
			put(t, j, key, []byte(key), 0)
		}
		gone := put(t, j, "a/gone", nil, 0)
		must(t, j.Delete(t.Context(), "a/gone", gone))
		slices.Sort(keys)
		for _, prefix := range []string{"", "a", "a/", "a/b", "a%", "nothing"} {
			var want []string
			for _, key := range keys {
				if strings.HasPrefix(key, prefix) {
					want = append(want, key)
				}
			}
			got, err := j.Keys(t.Context(), prefix)
			must(t, err)
			if !slices.Equal(got, want) {
				t.Errorf("keys with %q: got %q, want %q", prefix, got, want)
			}
		}
		for _, key := range keys {
			if got, _, _ := j.Get(t.Context(), key); string(got) != key {
				t.Errorf("%q holds %q", key, got)
			}
		}
	}},
	{"more than a page of keys is listed", func(t *testing.T, open Place) {
		j := open(t)
		for i := range 1001 {
			put(t, j, fmt.Sprintf("many/%05d", i), nil, 0)
		}
		keys, err := j.Keys(t.Context(), "many/")
		must(t, err)
		if len(keys) != 1001 || !slices.IsSorted(keys) {
			t.Errorf("got %d keys, sorted: %v", len(keys), slices.IsSorted(keys))
		}
	}},
}

var sharedPromises = []promise{
	{"everything is there for the next to open it", func(t *testing.T, open Place) {
		j := open(t)
		version := put(t, j, "k", []byte("v"), 0)
		epoch := claim(t, j, "l")
		must(t, j.Append(t.Context(), "l", epoch, []byte("e")))
		must(t, j.Close())
		j = open(t)
		wantDocument(t, j, "k", []byte("v"), version)
		wantLog(t, j, "l", 0, "e")
		must(t, j.Append(t.Context(), "l", epoch, []byte("f")))
	}},
	{"documents and logs do not share names", func(t *testing.T, open Place) {
		j := open(t)
		must(t, j.Append(t.Context(), "same", 0, []byte("entry")))
		wantDocument(t, j, "same", nil, 0)
		put(t, j, "same", []byte("value"), 0)
		wantLog(t, j, "same", 0, "entry")
	}},
	{"what one writes the other reads at once", func(t *testing.T, open Place) {
		a, b := open(t), open(t)
		version := put(t, a, "k", []byte("by a"), 0)
		wantDocument(t, b, "k", []byte("by a"), version)
		next := put(t, b, "k", []byte("by b"), version)
		_, err := a.Put(t.Context(), "k", []byte("by a again"), version)
		wantConflict(t, err)
		wantDocument(t, a, "k", []byte("by b"), next)
		must(t, a.Append(t.Context(), "l", 0, []byte("a")))
		must(t, b.Append(t.Context(), "l", 0, []byte("b")))
		must(t, a.Append(t.Context(), "l", 0, []byte("c")))
		wantLog(t, b, "l", 0, "a", "b", "c")
	}},
	{"a name that some backend could not hold is refused by all", func(t *testing.T, open Place) {
		j := open(t)
		for _, name := range []string{"", strings.Repeat("x", 257), "a\nb", "\xff", "nul\x00"} {
			if _, err := j.Put(t.Context(), name, nil, 0); err == nil {
				t.Errorf("put %q was accepted", name)
			}
			if err := j.Append(t.Context(), name, 0, []byte("x")); err == nil {
				t.Errorf("append to %q was accepted", name)
			}
			if _, _, err := j.Get(t.Context(), name); err == nil {
				t.Errorf("get %q was accepted", name)
			}
		}
		put(t, j, strings.Repeat("ü", 128), nil, 0)
		must(t, j.Append(t.Context(), strings.Repeat("ü", 128), 0, []byte("x")))
	}},
	{"a call whose context has ended writes nothing", func(t *testing.T, open Place) {
		j := open(t)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := j.Put(ended, "k", []byte("v"), 0); err == nil {
			t.Error("put went through")
		}
		if err := j.Append(ended, "l", 0, []byte("e")); err == nil {
			t.Error("append went through")
		}
		if _, err := j.Claim(ended, "l"); err == nil {
			t.Error("claim went through")
		}
		wantDocument(t, j, "k", nil, 0)
		wantLog(t, j, "l", 0)
		must(t, j.Append(t.Context(), "l", 0, []byte("unclaimed")))
	}},
	{"a write larger than 64 MiB is refused", func(t *testing.T, open Place) {
		j := open(t)
		half := make([]byte, 32<<20+1)
		if err := j.Append(t.Context(), "l", 0, half, half); err == nil {
			t.Error("append went through")
		}
		wantLog(t, j, "l", 0)
	}},
}
