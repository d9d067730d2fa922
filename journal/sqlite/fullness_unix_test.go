//go:build unix

package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/journal/journaltest"
	"github.com/setmend/setmend/journal/sqlite"
)

func init() { roles["fill"] = fill }

// fill writes until the files may grow no more, which cuts a write in its
// middle, and then tries a few times again.
func fill(path string) error {
	signal.Ignore(syscall.SIGXFSZ) // so that the write fails instead of the process
	limit := syscall.Rlimit{Cur: 400_000, Max: 400_000}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	s, err := sqlite.Open(path)
	if err != nil {
		return err
	}
	failures := 0
	for n := 0; failures < 5; {
		err := s.Append(context.Background(), "l", 0, fmt.Appendf(nil, "%d first", n), make([]byte, 5000))
		var told *journal.Error
		switch {
		case err == nil:
			fmt.Println("entry", n)
			n++
		case errors.As(err, &told) && told.Unknown():
			failures++
		default:
			return err
		}
	}
	return nil
}

func TestAWriteCutInItsMiddleLosesNothingThatWasAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.db")
	c := child(t, "fill", path)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if want := fmt.Sprint("entry ", acknowledged); lines.Text() != want {
			t.Fatalf("the child says %q, want %q", lines.Text(), want)
		}
		acknowledged++
	}
	if err := c.Wait(); err != nil {
		t.Fatal(err)
	}
	if acknowledged < 10 {
		t.Fatalf("only %d appends went through", acknowledged)
	}
	s := open(t, path)
	entries := journaltest.ReadAll(t, s, "l")
	if len(entries) < 2*acknowledged || len(entries)%2 != 0 {
		t.Fatalf("%d entries of %d appends", len(entries), acknowledged)
	}
	for i := range acknowledged {
		if !strings.HasPrefix(string(entries[2*i]), fmt.Sprint(i, " ")) {
			t.Errorf("append %d reads %q", i, entries[2*i])
		}
	}
	if err := s.Append(t.Context(), "l", 0, []byte("more")); err != nil {
		t.Errorf("after there is room again: %v", err)
	}
}
