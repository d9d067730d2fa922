package journal

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/setmend/setmend/journal/internal/contract"
)

// Fault is what happens to one write of a [Faulty] journal.
type Fault struct {
	// Write counts Put, Delete, Claim, Create and Append calls from 1.
	Write int
	// Applied: the write is carried out and its answer lost. Otherwise nothing is
	// written. The error is the same: a caller cannot know.
	Applied bool
	// Dead: every later call fails too, as it would for a process that died here.
	// To resume, go on with the journal that was wrapped.
	Dead bool
}

// Faulty is a journal of which chosen writes fail, always the same way.
type Faulty struct {
	Journal
	faults map[int]Fault

	mu     sync.Mutex // guards all below
	writes int
	dead   bool
}

var _ Journal = (*Faulty)(nil)

// NewFaulty wraps a journal. Without faults it counts writes, which tells how
// many there are to be tried.
func NewFaulty(inner Journal, faults ...Fault) *Faulty {
	f := &Faulty{Journal: inner, faults: map[int]Fault{}}
	for _, fault := range faults {
		f.faults[fault.Write] = fault
	}
	return f
}

// Writes is the number of writes that were tried so far.
func (f *Faulty) Writes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes
}

// write does one write, or makes it fail.
func (f *Faulty) write(what string, do func() error) error {
	fault, hit, err := f.next(what)
	if err != nil {
		return err
	}
	if !hit {
		return do()
	}
	injected := &contract.Error{Kind: contract.Failed, What: what, Why: fmt.Sprintf("injected fault at write %d", fault.Write)}
	if fault.Applied {
		if err := do(); err != nil {
			return err
		}
	}
	return injected
}

func (f *Faulty) next(what string) (Fault, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return Fault{}, false, gone(what)
	}
	f.writes++
	fault, hit := f.faults[f.writes]
	f.dead = hit && fault.Dead
	return fault, hit, nil
}

func (f *Faulty) alive(what string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.dead {
		return gone(what)
	}
	return nil
}

func gone(what string) error {
	return &contract.Error{Kind: contract.Unusable, What: what, Why: "injected fault: this process is dead"}
}

// Put implements [Journal].
func (f *Faulty) Put(ctx context.Context, key string, value []byte, version int64) (next int64, err error) {
	err = f.write("writing "+key, func() (err error) {
		next, err = f.Journal.Put(ctx, key, value, version)
		return err
	})
	if err != nil {
		return 0, err
	}
	return next, nil
}

// Delete implements [Journal].
func (f *Faulty) Delete(ctx context.Context, key string, version int64) error {
	return f.write("deleting "+key, func() error { return f.Journal.Delete(ctx, key, version) })
}

// Claim implements [Journal].
func (f *Faulty) Claim(ctx context.Context, log string) (epoch int64, err error) {
	err = f.write("claiming log "+log, func() (err error) {
		epoch, err = f.Journal.Claim(ctx, log)
		return err
	})
	if err != nil {
		return 0, err
	}
	return epoch, nil
}

// Create implements [Journal].
func (f *Faulty) Create(ctx context.Context, log string, entries ...[]byte) (epoch int64, err error) {
	err = f.write("creating log "+log, func() (err error) {
		epoch, err = f.Journal.Create(ctx, log, entries...)
		return err
	})
	if err != nil {
		return 0, err
	}
	return epoch, nil
}

// Append implements [Journal].
func (f *Faulty) Append(ctx context.Context, log string, epoch int64, entries ...[]byte) error {
	return f.write("appending to log "+log, func() error { return f.Journal.Append(ctx, log, epoch, entries...) })
}

// Get implements [Journal].
func (f *Faulty) Get(ctx context.Context, key string) ([]byte, int64, error) {
	if err := f.alive("reading " + key); err != nil {
		return nil, 0, err
	}
	return f.Journal.Get(ctx, key)
}

// Keys implements [Journal].
func (f *Faulty) Keys(ctx context.Context, prefix string) ([]string, error) {
	if err := f.alive("listing " + prefix); err != nil {
		return nil, err
	}
	return f.Journal.Keys(ctx, prefix)
}

// Logs implements [Journal].
func (f *Faulty) Logs(ctx context.Context, prefix string) ([]string, error) {
	if err := f.alive("listing logs " + prefix); err != nil {
		return nil, err
	}
	return f.Journal.Logs(ctx, prefix)
}

// Read implements [Journal].
func (f *Faulty) Read(ctx context.Context, log string, after int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if err := f.alive("reading log " + log); err != nil {
			yield(nil, err)
			return
		}
		f.Journal.Read(ctx, log, after)(yield)
	}
}
