package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/journal/journaltest"
	"github.com/setmend/setmend/journal/sqlite"
)

// roles are what the test binary can do as another process.
var roles = map[string]func(path string) error{"write": writeAndTell, "count": count}

// TestMain lets the test binary play the other process.
func TestMain(m *testing.M) {
	if role := os.Getenv("JOURNAL_TEST_CHILD"); role != "" {
		exit(roles[role](os.Getenv("JOURNAL_TEST_FILE")))
	}
	os.Exit(m.Run())
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func child(t *testing.T, role, path string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), "JOURNAL_TEST_CHILD="+role, "JOURNAL_TEST_FILE="+path)
	c.Stderr = os.Stderr
	return c
}

// writeAndTell writes from several goroutines, as fast as it can and without
// end, and prints what has been acknowledged: "document KEY VERSION" for a
// document that holds its own version's predecessor, "entry LOG N" for the N-th
// pair of entries of a log.
func writeAndTell(path string) error {
	s, err := sqlite.Open(path)
	if err != nil {
		return err
	}
	failures := make(chan error)
	for worker := range 4 {
		go func() { failures <- putForever(s, fmt.Sprintf("d%d", worker)) }()
		go func() { failures <- appendForever(s, fmt.Sprintf("l%d", worker)) }()
	}
	return <-failures
}

func putForever(s *sqlite.Journal, key string) error {
	ctx := context.Background()
	_, version, err := s.Get(ctx, key)
	for err == nil {
		version, err = s.Put(ctx, key, fmt.Append(nil, version), version)
		fmt.Println("document", key, version)
	}
	return err
}

func appendForever(s *sqlite.Journal, log string) error {
	ctx := context.Background()
	epoch, err := s.Claim(ctx, log)
	n := 0
	for range s.Read(ctx, log, 0) {
		n++
	}
	for n /= 2; err == nil; n++ {
		err = s.Append(ctx, log, epoch, fmt.Appendf(nil, "%d first", n), fmt.Appendf(nil, "%d second", n))
		fmt.Println("entry", log, n)
	}
	return err
}

func TestWhatWasAcknowledgedIsThereAfterSIGKILL(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	for round := range 6 {
		acknowledged := killAfter(t, path, 40+30*round)
		s := open(t, path)
		for name, n := range acknowledged {
			if strings.HasPrefix(name, "d") {
				wantAtLeastVersion(t, s, name, n)
			} else {
				wantPairs(t, s, name, n)
			}
		}
		s.Close()
	}
}

// killAfter kills a writing process after so many acknowledgements and returns
// the last one of each document and log.
func killAfter(t *testing.T, path string, acknowledgements int) map[string]int64 {
	t.Helper()
	c := child(t, "write", path)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	last := map[string]int64{}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		if len(fields) != 3 {
			continue // cut off by the kill
		}
		if last[fields[1]], err = strconv.ParseInt(fields[2], 10, 64); err != nil {
			t.Fatal(err)
		}
		if n == acknowledgements {
			if err := c.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = c.Wait() // "killed"
	return last
}

func wantAtLeastVersion(t *testing.T, s *sqlite.Journal, key string, acknowledged int64) {
	t.Helper()
	value, version, err := s.Get(t.Context(), key)
	if err != nil || version < acknowledged {
		t.Errorf("%s is at version %d (%v), but %d was acknowledged", key, version, err, acknowledged)
	}
	if before, _ := strconv.ParseInt(string(value), 10, 64); before >= version {
		t.Errorf("%s at version %d says that it replaced version %d", key, version, before)
	}
}

func wantPairs(t *testing.T, s *sqlite.Journal, log string, acknowledged int64) {
	t.Helper()
	entries := journaltest.ReadAll(t, s, log)
	if len(entries)%2 != 0 || int64(len(entries)/2) <= acknowledged {
		t.Errorf("%s has %d entries, but pair %d was acknowledged", log, len(entries), acknowledged)
	}
	for i, entry := range entries {
		want := fmt.Sprintf("%d %s", i/2, []string{"first", "second"}[i%2])
		if string(entry) != want {
			t.Fatalf("%s: entry %d is %q, want %q", log, i, entry, want)
		}
	}
}

const increments = 25

// count adds one to a shared document, several times, from several goroutines.
func count(path string) error {
	s, err := sqlite.Open(path)
	if err != nil {
		return err
	}
	failures := make([]error, 2)
	var wait sync.WaitGroup
	for worker := range failures {
		wait.Go(func() {
			for range increments {
				failures[worker] = errors.Join(failures[worker], increment(s))
			}
		})
	}
	wait.Wait()
	return errors.Join(append(failures, s.Close())...)
}

func increment(j journal.Journal) error {
	for {
		value, version, err := j.Get(context.Background(), "counter")
		if err != nil {
			return err
		}
		n, _ := strconv.Atoi(string(value))
		_, err = j.Put(context.Background(), "counter", fmt.Append(nil, n+1), version)
		var told *journal.Error
		if errors.As(err, &told) && told.Conflict() {
			continue
		}
		return errors.Join(err, j.Append(context.Background(), "increments", 0, fmt.Append(nil, n+1)))
	}
}

func TestSeveralProcessesShareOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db") // which they also race to create
	var processes []*exec.Cmd
	for range 3 {
		c := child(t, "count", path)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		processes = append(processes, c)
	}
	for _, c := range processes {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	s := open(t, path)
	want := len(processes) * 2 * increments
	if value, _, err := s.Get(t.Context(), "counter"); err != nil || string(value) != fmt.Sprint(want) {
		t.Errorf("counted %s (%v), want %d", value, err, want)
	}
	if n := len(journaltest.ReadAll(t, s, "increments")); n != want {
		t.Errorf("%d increments in the log, want %d", n, want)
	}
	if left, _ := filepath.Glob(path + ".new-*"); left != nil {
		t.Errorf("left behind: %v", left)
	}
}
