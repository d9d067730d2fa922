package journaltest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

var logPromises = []promise{
	{"an absent log is empty", func(t *testing.T, open Place) {
		j := open(t)
		wantLog(t, j, "l", 0)
		wantLog(t, j, "l", 5)
		wantLogs(t, j, "")
	}},
	{"entries are read in the order they were appended", func(t *testing.T, open Place) {
		j := open(t)
		must(t, j.Append(t.Context(), "l", 0, []byte("a"), []byte(""), []byte("b")))
		must(t, j.Append(t.Context(), "l", 0, []byte("c")))
		wantLog(t, j, "l", 0, "a", "", "b", "c")
	}},
	{"reading begins after any entry", func(t *testing.T, open Place) {
		j := open(t)
		epoch := int64(0)
		var all []string
		for i := range 40 {
			if i%7 == 3 {
				epoch = claim(t, j, "l")
			}
			var entries [][]byte
			for k := range i % 4 {
				entries = append(entries, fmt.Appendf(nil, "%d.%d", i, k))
				all = append(all, fmt.Sprintf("%d.%d", i, k))
			}
			must(t, j.Append(t.Context(), "l", epoch, entries...))
		}
		for after := range len(all) + 3 {
			wantLog(t, j, "l", int64(after), all[min(after, len(all)):]...)
		}
		wantLog(t, j, "l", -1, all...)
	}},
	{"more than a page of entries is read", func(t *testing.T, open Place) {
		j := open(t)
		var all []string
		var entries [][]byte
		for i := range 1100 {
			all = append(all, fmt.Sprint(i))
			entries = append(entries, fmt.Append(nil, i))
		}
		must(t, j.Append(t.Context(), "l", 0, entries...))
		wantLog(t, j, "l", 0, all...)
		wantLog(t, j, "l", 1024, all[1024:]...)
	}},
	{"more than a page of appends is read", func(t *testing.T, open Place) {
		j := open(t)
		var all []string
		for i := range 1005 {
			all = append(all, fmt.Sprint(i))
			must(t, j.Append(t.Context(), "l", 0, fmt.Append(nil, i)))
		}
		wantLog(t, j, "l", 0, all...)
		wantLog(t, open(t), "l", 998, all[998:]...)
		must(t, open(t).Append(t.Context(), "l", 0, []byte("end")))
		wantLog(t, j, "l", 1004, "1004", "end")
	}},
	{"reading may stop early, and write meanwhile", func(t *testing.T, open Place) {
		j := open(t)
		must(t, j.Append(t.Context(), "l", 0, []byte("a"), []byte("b"), []byte("c")))
		for entry, err := range j.Read(t.Context(), "l", 0) {
			must(t, err)
			put(t, j, "copy/"+string(entry), entry, 0)
			if string(entry) == "b" {
				break
			}
		}
		keys, err := j.Keys(t.Context(), "copy/")
		must(t, err)
		if !slices.Equal(keys, []string{"copy/a", "copy/b"}) {
			t.Errorf("copied %q", keys)
		}
	}},
	{"a claim gives a greater epoch each time, to each log by itself", func(t *testing.T, open Place) {
		a, b := open(t), open(t)
		last := int64(0)
		for i := range 6 {
			j := a
			if i%2 == 1 {
				j = b
			}
			epoch := claim(t, j, "l")
			if epoch <= last {
				t.Fatalf("epoch %d after %d", epoch, last)
			}
			last = epoch
		}
		must(t, a.Append(t.Context(), "other", 0, []byte("unclaimed")))
	}},
	{"a claim fences the earlier writer off, in whatever process", func(t *testing.T, open Place) {
		a, b := open(t), open(t)
		mine := claim(t, a, "l")
		must(t, a.Append(t.Context(), "l", mine, []byte("a1")))
		theirs := claim(t, b, "l")
		wantFenced(t, a.Append(t.Context(), "l", mine, []byte("a2")))
		wantFenced(t, a.Append(t.Context(), "l", mine))
		must(t, b.Append(t.Context(), "l", theirs, []byte("b1")))
		wantFenced(t, a.Append(t.Context(), "l", mine, []byte("a3")))
		wantLog(t, a, "l", 0, "a1", "b1")
	}},
	{"the paused writer that wakes up last is fenced off by the log itself", func(t *testing.T, open Place) {
		a, b := open(t), open(t)
		mine := claim(t, a, "l")
		must(t, a.Append(t.Context(), "l", mine, []byte("a1")))
		theirs := claim(t, b, "l")
		for i := range 20 {
			must(t, b.Append(t.Context(), "l", theirs, fmt.Appendf(nil, "b%d", i)))
		}
		wantFenced(t, a.Append(t.Context(), "l", mine, []byte("a2")))
	}},
	{"a claimed log takes nothing without its epoch, nor with one never given", func(t *testing.T, open Place) {
		j := open(t)
		must(t, j.Append(t.Context(), "l", 0, []byte("free")))
		wantFenced(t, j.Append(t.Context(), "l", 1, []byte("never claimed")))
		epoch := claim(t, j, "l")
		for _, wrong := range []int64{0, epoch - 1, epoch + 1, -1} {
			wantFenced(t, j.Append(t.Context(), "l", wrong, []byte("x")))
		}
		wantLog(t, j, "l", 0, "free")
	}},
	{"an append without entries checks the epoch and writes nothing", func(t *testing.T, open Place) {
		j := open(t)
		must(t, j.Append(t.Context(), "l", 0))
		wantFenced(t, j.Append(t.Context(), "l", 1))
		wantLogs(t, j, "")
		must(t, j.Append(t.Context(), "l", claim(t, j, "l")))
		wantLog(t, j, "l", 0)
	}},
	{"logs are listed by prefix, sorted, from the first claim or entry on", func(t *testing.T, open Place) {
		j := open(t)
		names := []string{"runs/1", "runs/10", "runs/1/a", "runs", "runs/2", "run", "r%2F", "rü", "runs/~"}
		for i, name := range names {
			if i%2 == 0 {
				claim(t, j, name)
			} else {
				must(t, j.Append(t.Context(), name, 0, []byte(name)))
			}
		}
		put(t, j, "runs/document", nil, 0)
		wantLogs(t, j, "", names...)
		wantLogs(t, j, "runs/", "runs/1", "runs/10", "runs/1/a", "runs/2", "runs/~")
		wantLogs(t, j, "runs/1", "runs/1", "runs/10", "runs/1/a")
		wantLogs(t, j, "nothing")
	}},
}

func put(t *testing.T, j Journal, key string, value []byte, version int64) int64 {
	t.Helper()
	next, err := j.Put(t.Context(), key, value, version)
	must(t, err)
	return next
}

func claim(t *testing.T, j Journal, log string) int64 {
	t.Helper()
	epoch, err := j.Claim(t.Context(), log)
	must(t, err)
	return epoch
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantDocument(t *testing.T, j Journal, key string, value []byte, version int64) {
	t.Helper()
	got, at, err := j.Get(t.Context(), key)
	must(t, err)
	if string(got) != string(value) || (got == nil) != (value == nil) || at != version {
		t.Errorf("%s is %.80q at version %d, want %.80q at %d", key, got, at, value, version)
	}
}

func wantLog(t *testing.T, j Journal, log string, after int64, want ...string) {
	t.Helper()
	var got []string
	for entry, err := range j.Read(t.Context(), log, after) {
		must(t, err)
		got = append(got, string(entry))
	}
	if !slices.Equal(got, want) {
		t.Errorf("log %s after %d: got %.200q, want %.200q", log, after, got, want)
	}
}

func wantLogs(t *testing.T, j Journal, prefix string, want ...string) {
	t.Helper()
	got, err := j.Logs(t.Context(), prefix)
	must(t, err)
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("logs with %q: got %q, want %q", prefix, got, want)
	}
}

// wantConflict and wantFenced ask errors as the journal's users do.
func wantConflict(t *testing.T, err error) {
	t.Helper()
	var told interface{ Conflict() bool }
	if !errors.As(err, &told) || !told.Conflict() {
		t.Errorf("got %v, want a conflict", err)
	}
}

func wantFenced(t *testing.T, err error) {
	t.Helper()
	var told interface{ Fenced() bool }
	if !errors.As(err, &told) || !told.Fenced() {
		t.Errorf("got %v, want a fence", err)
	}
}
