package journal_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/journal/journaltest"
)

// script makes one write of each kind and returns what came of them.
func script(j journal.Journal) (failed []int) {
	ctx := context.Background()
	note := func(n int, err error) {
		if err != nil {
			failed = append(failed, n)
		}
	}
	version, err := j.Put(ctx, "k", []byte("v"), 0)
	note(1, err)
	epoch, err := j.Claim(ctx, "l")
	note(2, err)
	note(3, j.Append(ctx, "l", epoch, []byte("e")))
	note(4, j.Delete(ctx, "k", version))
	return failed
}

func TestFaultyFailsExactlyTheChosenWrite(t *testing.T) {
	for _, c := range []struct {
		fault           journal.Fault
		failed          string
		document, entry bool // whether they are there in the end
	}{
		{journal.Fault{}, "[]", false, true},
		{journal.Fault{Write: 1}, "[1]", false, true}, // deleting version 0 of nothing is fine
		{journal.Fault{Write: 1, Applied: true}, "[1 4]", true, true},
		{journal.Fault{Write: 2}, "[2]", false, true},
		{journal.Fault{Write: 2, Applied: true}, "[2 3]", false, false},
		{journal.Fault{Write: 3}, "[3]", false, false},
		{journal.Fault{Write: 3, Applied: true}, "[3]", false, true},
		{journal.Fault{Write: 4}, "[4]", true, true},
		{journal.Fault{Write: 4, Applied: true}, "[4]", false, true},
		{journal.Fault{Write: 1, Dead: true}, "[1 2 3 4]", false, false},
		{journal.Fault{Write: 3, Applied: true, Dead: true}, "[3 4]", true, true},
	} {
		t.Run(fmt.Sprintf("%+v", c.fault), func(t *testing.T) {
			inner := journal.NewMemory()
			f := journal.NewFaulty(inner, c.fault)
			if failed := fmt.Sprint(script(f)); failed != c.failed {
				t.Errorf("failed: %s, want %s", failed, c.failed)
			}
			_, version, err := inner.Get(t.Context(), "k")
			if err != nil || (version != 0) != c.document {
				t.Errorf("document is at version %d (%v), want one: %v", version, err, c.document)
			}
			if n := len(journaltest.ReadAll(t, inner, "l")); (n == 1) != c.entry {
				t.Errorf("%d entries, want one: %v", n, c.entry)
			}
		})
	}
}

func TestFaultyTellsNobodyWhetherTheWriteWasApplied(t *testing.T) {
	texts := map[string]bool{}
	for _, applied := range []bool{true, false} {
		f := journal.NewFaulty(journal.NewMemory(), journal.Fault{Write: 1, Applied: applied})
		_, err := f.Put(t.Context(), "k", nil, 0)
		texts[err.Error()] = true
	}
	if len(texts) != 1 {
		t.Errorf("the errors differ: %v", texts)
	}
}

func TestFaultyIsDeafAfterDeathAndTheJournalGoesOn(t *testing.T) {
	inner := journal.NewMemory()
	f := journal.NewFaulty(inner, journal.Fault{Write: 1, Dead: true})
	script(f)
	if _, _, err := f.Get(t.Context(), "k"); err == nil {
		t.Error("get")
	}
	if _, err := f.Keys(t.Context(), ""); err == nil {
		t.Error("keys")
	}
	if _, err := f.Logs(t.Context(), ""); err == nil {
		t.Error("logs")
	}
	for _, err := range f.Read(t.Context(), "l", 0) {
		if err == nil {
			t.Error("read")
		}
	}
	if failed := script(inner); failed != nil {
		t.Errorf("after resuming: %v", failed)
	}
	if f.Writes() != 1 {
		t.Errorf("counted %d writes", f.Writes())
	}
}
