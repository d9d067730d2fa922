package journaltest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
)

var createPromises = []promise{
	{"a created log has its entries and belongs to who created it", func(t *testing.T, open Place) {
		j := open(t)
		epoch := create(t, j, "l", "a", "", "b")
		wantLog(t, open(t), "l", 0, "a", "", "b")
		wantLogs(t, open(t), "", "l")
		wantFenced(t, j.Append(t.Context(), "l", 0, []byte("anyone's")))
		must(t, j.Append(t.Context(), "l", epoch, []byte("c")))
		wantLog(t, open(t), "l", 1, "", "b", "c")
	}},
	{"a log with entries is not created again", func(t *testing.T, open Place) {
		j := open(t)
		must(t, j.Append(t.Context(), "appended", 0, []byte("a")))
		epoch := create(t, j, "created", "a")
		for _, log := range []string{"appended", "created"} {
			_, err := open(t).Create(t.Context(), log, []byte("b"))
			wantExists(t, err)
			wantLog(t, j, log, 0, "a")
		}
		must(t, j.Append(t.Context(), "appended", 0))
		must(t, j.Append(t.Context(), "created", epoch))
	}},
	{"creating a log that was only claimed fences the claimer off", func(t *testing.T, open Place) {
		j := open(t)
		claimed := claim(t, j, "l")
		if created := create(t, open(t), "l", "a"); created <= claimed {
			t.Errorf("created with epoch %d after epoch %d", created, claimed)
		}
		wantFenced(t, j.Append(t.Context(), "l", claimed, []byte("b")))
		wantLog(t, j, "l", 0, "a")
	}},
	{"a claim fences the creator off", func(t *testing.T, open Place) {
		j := open(t)
		created := create(t, j, "l", "a")
		if claimed := claim(t, open(t), "l"); claimed <= created {
			t.Errorf("claimed with epoch %d after epoch %d", claimed, created)
		}
		wantFenced(t, j.Append(t.Context(), "l", created, []byte("b")))
		wantLog(t, j, "l", 0, "a")
	}},
	{"a log is not created without entries", func(t *testing.T, open Place) {
		j := open(t)
		if _, err := j.Create(t.Context(), "l"); err == nil {
			t.Error("created")
		}
		wantLogs(t, j, "")
	}},
	{"of many that create a log at once, one does", func(t *testing.T, open Place) {
		const writers = 8
		errs := make([]error, writers)
		var wg sync.WaitGroup
		for i := range writers {
			j := open(t)
			wg.Go(func() { _, errs[i] = j.Create(t.Context(), "l", fmt.Append(nil, i)) })
		}
		wg.Wait()
		var winners []string
		for i, err := range errs {
			if err == nil {
				winners = append(winners, fmt.Sprint(i))
				continue
			}
			wantExists(t, err)
		}
		if len(winners) != 1 {
			t.Errorf("created by %v", winners)
		}
		wantLog(t, open(t), "l", 0, winners...)
	}},
}

func create(t *testing.T, j Journal, log string, texts ...string) int64 {
	t.Helper()
	entries := make([][]byte, len(texts))
	for i, text := range texts {
		entries[i] = []byte(text)
	}
	epoch, err := j.Create(t.Context(), log, entries...)
	must(t, err)
	return epoch
}

func wantExists(t *testing.T, err error) {
	t.Helper()
	var e interface{ Exists() bool }
	if !errors.As(err, &e) || !e.Exists() {
		t.Errorf("got %v, want that the log exists", err)
	}
}
