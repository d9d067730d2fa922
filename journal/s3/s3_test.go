package s3_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/journal/journaltest"
	"github.com/setmend/setmend/journal/s3"
)

func newS3(t *testing.T) (*journaltest.Objects, journaltest.Journal) {
	objects := journaltest.NewObjects()
	return objects, onObjects(objects)(t)
}

func TestS3KnowsItsOwnWriteWhoseAnswerWasLost(t *testing.T) {
	objects, j := newS3(t)
	objects.LoseAnswer(1)
	version, err := j.Put(t.Context(), "k", []byte("one"), 0)
	if err != nil || version == 0 {
		t.Fatalf("put: version %d, %v", version, err)
	}
	objects.LoseAnswer(1)
	if version, err = j.Put(t.Context(), "k", []byte("two"), version); err != nil {
		t.Fatal(err)
	}
	objects.LoseAnswer(1)
	if err := j.Delete(t.Context(), "k", version); err != nil {
		t.Fatal(err)
	}
	objects.LoseAnswer(1)
	epoch, err := j.Claim(t.Context(), "l")
	if err != nil || epoch != 1 {
		t.Fatalf("claim: epoch %d, %v", epoch, err)
	}
	objects.LoseAnswer(1)
	if err := j.Append(t.Context(), "l", epoch, []byte("e")); err != nil {
		t.Fatal(err)
	}
	if err := j.Append(t.Context(), "l", epoch, []byte("f")); err != nil {
		t.Fatal(err)
	}
	if got := journaltest.ReadAll(t, j, "l"); len(got) != 2 {
		t.Errorf("log is %q: an append was carried out twice", got)
	}
}

func TestS3TriesAgainWhenRequestsMetAndNoneWon(t *testing.T) {
	objects, j := newS3(t)
	objects.Clash(3)
	version, err := j.Put(t.Context(), "k", []byte("one"), 0)
	if err != nil {
		t.Fatal(err)
	}
	objects.Clash(3)
	if err := j.Append(t.Context(), "l", 0, []byte("e")); err != nil {
		t.Fatal(err)
	}
	objects.Clash(1000)
	if _, err := j.Put(t.Context(), "k", []byte("two"), version); err == nil {
		t.Error("put under endless clashes went through")
	}
	if err := j.Append(t.Context(), "l", 0, []byte("f")); err == nil {
		t.Error("append under endless clashes went through")
	}
}

func TestS3FailuresAreErrorsAndNeverEmptyAnswers(t *testing.T) {
	objects, j := newS3(t)
	outage := errors.New("503 Slow Down")
	objects.Fail(outage)
	_, _, errGet := j.Get(t.Context(), "k")
	_, errPut := j.Put(t.Context(), "k", nil, 0)
	_, errKeys := j.Keys(t.Context(), "")
	_, errLogs := j.Logs(t.Context(), "")
	_, errClaim := j.Claim(t.Context(), "l")
	var errRead error
	for _, err := range j.Read(t.Context(), "l", 0) {
		errRead = err
	}
	for i, err := range []error{errGet, errPut, errKeys, errLogs, errClaim, errRead,
		j.Delete(t.Context(), "k", 0), j.Delete(t.Context(), "k", 3), j.Append(t.Context(), "l", 0, []byte("e"))} {
		if !errors.Is(err, outage) {
			t.Errorf("call %d: got %v", i, err)
		}
	}
	objects.Fail(nil)
	if err := j.Append(t.Context(), "l", 0, []byte("e")); err != nil {
		t.Errorf("after the outage: %v", err)
	}
}

func TestS3NoticesDamage(t *testing.T) {
	flip := func(at int) func([]byte) []byte {
		return func(body []byte) []byte {
			body = append([]byte{}, body...)
			body[(at+len(body))%len(body)] ^= 1
			return body
		}
	}
	const document, link = "setmend/documents/k", "setmend/logs/l/0000000000000002"
	for _, c := range []struct {
		name, document, log string
		damage              func(*journaltest.Objects)
	}{
		{"value", "documents/k", "", func(o *journaltest.Objects) { o.Edit(document, flip(-2)) }},
		{"version", "documents/k", "", func(o *journaltest.Objects) { o.Edit(document, flip(15)) }},
		{"kind", "documents/k", "", func(o *journaltest.Objects) { o.Edit(document, flip(4)) }},
		{"cut to nothing", "documents/k", "", func(o *journaltest.Objects) { o.Edit(document, func([]byte) []byte { return nil }) }},
		{"foreign object", "documents/k", "", func(o *journaltest.Objects) {
			o.Edit(document, func([]byte) []byte { return []byte(strings.Repeat("x", 100)) })
		}},
		{"entry", "", link, func(o *journaltest.Objects) { o.Edit(link, flip(-1)) }},
		{"epoch", "", link, func(o *journaltest.Objects) { o.Edit(link, flip(23)) }},
		{"link missing", "", "log l", func(o *journaltest.Objects) { o.Remove(link) }},
		{"first link missing", "", "log l", func(o *journaltest.Objects) { o.Remove("setmend/logs/l/0000000000000001") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			objects, j := newS3(t)
			if _, err := j.Put(t.Context(), "k", []byte("value"), 0); err != nil {
				t.Fatal(err)
			}
			for _, entry := range []string{"one", "two", "three"} {
				if err := j.Append(t.Context(), "l", 0, []byte(entry)); err != nil {
					t.Fatal(err)
				}
			}
			c.damage(objects)
			_, _, err := j.Get(t.Context(), "k")
			journaltest.WantCorrupt(t, err, c.document)
			err = nil
			for _, e := range j.Read(t.Context(), "l", 0) {
				err = errors.Join(err, e)
			}
			journaltest.WantCorrupt(t, err, c.log)
		})
	}
}

func TestS3JournalsWithDifferentPrefixesAreApart(t *testing.T) {
	objects := journaltest.NewObjects()
	a, b := s3.New(objects, "a/", nil), s3.New(objects, "", nil)
	if _, err := a.Put(t.Context(), "k", nil, 0); err != nil {
		t.Fatal(err)
	}
	if err := a.Append(t.Context(), "l", 0, []byte("e")); err != nil {
		t.Fatal(err)
	}
	keys, err := b.Keys(t.Context(), "")
	if err != nil || len(keys) != 0 {
		t.Errorf("got %q, %v", keys, err)
	}
	if logs, err := b.Logs(t.Context(), ""); err != nil || len(logs) != 0 {
		t.Errorf("got %q, %v", logs, err)
	}
}

func TestS3KeepsNothingOfDeletedDocuments(t *testing.T) {
	objects, j := newS3(t)
	for range 3 {
		version, err := j.Put(t.Context(), "k", []byte("v"), 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Delete(t.Context(), "k", version); err != nil {
			t.Fatal(err)
		}
		if n := objects.Len(); n != 0 {
			t.Errorf("%d objects are left", n)
		}
	}
}

// racing is a store where somebody makes the document again between the two
// steps of its deletion.
type racing struct {
	*journaltest.Objects
	between func()
}

func (r *racing) DeleteIfMatch(ctx context.Context, key, etag string) error {
	r.between()
	return r.Objects.DeleteIfMatch(ctx, key, etag)
}

func TestS3NeverRemovesADocumentThatWasMadeAgain(t *testing.T) {
	store := &racing{Objects: journaltest.NewObjects()}
	open := onObjects(store)
	a, b := open(t), open(t)
	store.between = func() {
		if _, err := b.Put(t.Context(), "k", []byte("again"), 0); err != nil {
			t.Error(err)
		}
	}
	version, err := a.Put(t.Context(), "k", []byte("v"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Delete(t.Context(), "k", version); err != nil {
		t.Fatal(err)
	}
	if value, _, err := a.Get(t.Context(), "k"); err != nil || string(value) != "again" {
		t.Errorf("got %q, %v", value, err)
	}
}

// TestS3TellsIdenticalWritesApart: the same value has the same ETag twice, if
// nothing else is in the object, and a stale writer would pass its condition.
func TestS3TellsIdenticalWritesApart(t *testing.T) {
	open := onObjects(journaltest.NewObjects())
	a, b := open(t), open(t)
	first, err := a.Put(t.Context(), "k", []byte("same"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Delete(t.Context(), "k", first); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Put(t.Context(), "k", []byte("same"), 0); err != nil {
		t.Fatal(err)
	}
	_, err = a.Put(t.Context(), "k", []byte("stale"), first)
	var told *journal.Error
	if !errors.As(err, &told) || !told.Conflict() {
		t.Errorf("a stale writer got %v", err)
	}
}

func onObjects(objects s3.ObjectStore) journaltest.Place {
	seed := 0
	return func(*testing.T) journaltest.Journal {
		seed++
		return s3.New(objects, "setmend/", rand.NewChaCha8([32]byte{byte(seed)}))
	}
}
