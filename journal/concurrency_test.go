package journal_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/journal/journaltest"
)

// TestConcurrentWritersNeverOverwriteOneAnother lets several writers, on several
// openings of one place, append under epochs that they take from one another,
// and replace a document; and checks what each was told against what is there.
func TestConcurrentWritersNeverOverwriteOneAnother(t *testing.T) {
	for name, newPlace := range backends {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				open := newPlace(t)
				plans := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 5), 1, 12), 2, 5).Draw(r, "steps of each writer")
				openings := []journaltest.Journal{open(t), open(t)}
				writers := make([]*writer, len(plans))
				var wait sync.WaitGroup
				for i, plan := range plans {
					writers[i] = &writer{name: fmt.Sprint("w", i), journal: openings[i%2]}
					wait.Go(func() { writers[i].run(plan) })
				}
				wait.Wait()
				check(r, open(t), writers)
				for _, j := range openings {
					j.Close()
				}
			})
		})
	}
}

// writer remembers what it was told.
type writer struct {
	name    string
	journal journaltest.Journal
	epoch   int64
	entries []string // acknowledged, in order
	claims  []int64
	puts    []int64 // versions acknowledged
	failure error
}

func (w *writer) run(plan []int) {
	ctx := context.Background()
	for i, step := range plan {
		var err error
		switch step {
		case 0:
			if w.epoch, err = w.journal.Claim(ctx, "l"); err == nil {
				w.claims = append(w.claims, w.epoch)
			}
		case 1, 2, 3:
			a, b := fmt.Sprint(w.name, " ", i, " a ", w.epoch), fmt.Sprint(w.name, " ", i, " b ", w.epoch)
			if err = w.journal.Append(ctx, "l", w.epoch, []byte(a), []byte(b)); err == nil {
				w.entries = append(w.entries, a, b)
			}
		default:
			var version int64
			if _, version, err = w.journal.Get(ctx, "k"); err == nil {
				if version, err = w.journal.Put(ctx, "k", fmt.Append(nil, version), version); err == nil {
					w.puts = append(w.puts, version)
				}
			}
		}
		var told *journal.Error
		if err != nil && (!errors.As(err, &told) || !told.Conflict() && !told.Fenced()) {
			w.failure = errors.Join(w.failure, err)
		}
	}
}

func check(t *rapid.T, j journaltest.Journal, writers []*writer) {
	stored := entries(t, j.Read(context.Background(), "l", 0))
	total := 0
	var puts, claims []int64
	for _, w := range writers {
		if w.failure != nil {
			t.Error(w.failure)
		}
		mine := slices.DeleteFunc(slices.Clone(stored), func(e string) bool { return !slices.Contains(w.entries, e) })
		if !slices.Equal(mine, w.entries) {
			t.Errorf("%s was told %q, stored is %q", w.name, w.entries, mine)
		}
		total += len(w.entries)
		puts, claims = append(puts, w.puts...), append(claims, w.claims...)
	}
	if total != len(stored) {
		t.Errorf("%d entries are stored, %d were acknowledged", len(stored), total)
	}
	wantNoEpochAfterALaterOne(t, stored)
	wantDistinct(t, "versions", puts)
	wantDistinct(t, "epochs", claims)
	_, version, err := j.Get(context.Background(), "k")
	if err != nil || len(puts) > 0 && version != slices.Max(puts) {
		t.Errorf("the document is at version %d (%v), acknowledged were %v", version, err, puts)
	}
}

// wantNoEpochAfterALaterOne: each entry names the epoch that it was appended
// under; once an entry of a later epoch is in, no earlier writer may follow.
func wantNoEpochAfterALaterOne(t *rapid.T, stored []string) {
	last := int64(0)
	for i, entry := range stored {
		var writer, step, half string
		var epoch int64
		if _, err := fmt.Sscan(entry, &writer, &step, &half, &epoch); err != nil {
			t.Fatalf("entry %q: %v", entry, err)
		}
		if epoch < last {
			t.Errorf("entry %q follows one of epoch %d", entry, last)
		}
		if half == "a" && (i+1 == len(stored) || stored[i+1] != fmt.Sprint(writer, " ", step, " b ", epoch)) {
			t.Errorf("entry %q was torn from its other half", entry)
		}
		last = epoch
	}
}

func wantDistinct(t *rapid.T, what string, numbers []int64) {
	slices.Sort(numbers)
	if len(slices.Compact(slices.Clone(numbers))) != len(numbers) {
		t.Errorf("%s given out twice: %v", what, numbers)
	}
}

func entries(t *rapid.T, seq iter.Seq2[[]byte, error]) []string {
	var all []string
	for entry, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(entry))
	}
	return all
}

// TestEveryBackendDoesWhatThePlainModelDoes runs random steps on a backend and
// on a model of a few lines, reopening it now and then.
func TestEveryBackendDoesWhatThePlainModelDoes(t *testing.T) {
	for name, newPlace := range backends {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				open := newPlace(t)
				j := open(t)
				model := map[string]string{}
				versions := map[string]int64{}
				var log []string
				epoch := int64(0)
				key := rapid.SampledFrom([]string{"a", "a/b", "b"})
				text := rapid.StringN(0, 8, 32)
				ctx := context.Background()
				fail := func(err error) {
					if err != nil {
						r.Fatal(err)
					}
				}
				r.Repeat(map[string]func(*rapid.T){
					"put": func(r *rapid.T) {
						k, v := key.Draw(r, "key"), text.Draw(r, "value")
						version, err := j.Put(ctx, k, []byte(v), versions[k])
						fail(err)
						model[k], versions[k] = v, version
					},
					"put stale": func(r *rapid.T) {
						k := key.Draw(r, "key")
						if _, err := j.Put(ctx, k, nil, versions[k]+1); err == nil {
							r.Fatal("went through")
						}
					},
					"delete": func(r *rapid.T) {
						k := key.Draw(r, "key")
						fail(j.Delete(ctx, k, versions[k]))
						delete(model, k)
						delete(versions, k)
					},
					"append": func(r *rapid.T) {
						e := text.Draw(r, "entry")
						fail(j.Append(ctx, "l", epoch, []byte(e)))
						log = append(log, e)
					},
					"claim": func(*rapid.T) {
						next, err := j.Claim(ctx, "l")
						fail(err)
						epoch = next
					},
					"reopen": func(*rapid.T) {
						fail(j.Close())
						j = open(t)
					},
					"": func(r *rapid.T) {
						keys, err := j.Keys(ctx, "")
						fail(err)
						if len(keys) != len(model) {
							r.Fatalf("keys are %q, want those of %v", keys, model)
						}
						for k, v := range model {
							if got, version, err := j.Get(ctx, k); err != nil || string(got) != v || version != versions[k] {
								r.Fatalf("%s is %q at %d (%v), want %q at %d", k, got, version, err, v, versions[k])
							}
						}
						if got := entries(r, j.Read(ctx, "l", int64(len(log)/2))); !slices.Equal(got, log[len(log)/2:]) {
							r.Fatalf("log is %q, want the second half of %q", got, log)
						}
					},
				})
				fail(j.Close())
			})
		})
	}
}
