package lease

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/setmend/setmend/heal/fault"
	"github.com/setmend/setmend/heal/record"
)

// State is the document that says who may act. Its version in the journal is
// the fence: a healer that finds another version than its own has lost it,
// whatever the clocks say.
type State struct {
	Run     string    `json:"run"`
	Holder  string    `json:"holder"`
	Expires time.Time `json:"expires"`
	// Epoch counts the runs that have held it. A run that finds another epoch than
	// its own has been overtaken: what it knows of the fleet is not true any more.
	Epoch int64 `json:"epoch"`
}

// Keeper takes leases for one healer.
type Keeper struct {
	Journal record.Journal
	Clock   Clock
	Holder  string // names the healer
	Shared  Shared // nil if the journal's lease is enough

	// sharing is the hold on the shared lease of the run that was opened last.
	sharing atomic.Pointer[shared]
}

// Clock is time as leases need it.
type Clock interface {
	Now() time.Time
	// Sleep waits, or returns the context's error.
	Sleep(ctx context.Context, d time.Duration) error
}

// Lease is a run's hold on the lease.
type Lease struct {
	keeper *Keeper
	mu     sync.Mutex // guards doc: commands check the lease side by side
	doc    *record.Document[State]
	// shared is the lease's other half, which healers with other journals see; nil if
	// there is none.
	shared *shared
}

// Acquire takes the lease, in the journal and where it is shared.
func (k *Keeper) Acquire(ctx context.Context, run string, epoch int64) (*Lease, error) {
	l, err := k.acquireHere(ctx, run, epoch)
	if err != nil || k.Shared == nil {
		return l, err
	}
	if kept := k.sharing.Load(); kept != nil && kept.text.Run == run {
		l.shared = kept
		return l, nil // looked at before each write
	}
	s := &shared{store: k.Shared, text: sharedText{Run: run, Holder: k.Holder, Seconds: int(Time.Seconds())}}
	if err := s.take(ctx, k.Clock.Now()); err != nil {
		return nil, errors.Join(err, k.Leave(context.WithoutCancel(ctx), run))
	}
	l.shared = s
	k.sharing.Store(s)
	return l, nil
}

// acquireHere takes the journal's lease, or takes it over from the same run or from a run that
// let it expire. Time decides only whether to try; the compare-and-swap decides
// who gets it.
func (k *Keeper) acquireHere(ctx context.Context, run string, epoch int64) (*Lease, error) {
	doc, err := read(ctx, k.Journal)
	if err != nil {
		return nil, err
	}
	l := &Lease{keeper: k, doc: doc}
	now := k.Clock.Now()
	if held := doc.Value; held.Run != "" && held.Run != run && now.Before(held.Expires) {
		return nil, &fault.Error{Name: fault.LeaseLost, Err: fmt.Errorf("run %s of %s is healing until %s at the latest; let it end, or, if its process has, go on with it: `setmend runs resume %s`",
			held.Run, held.Holder, held.Expires.UTC().Format(time.RFC3339), held.Run)}
	}
	own := doc.Value.Run == run || doc.Value.Run == "" && doc.Value.Epoch == epoch
	if epoch != 0 && (!own || doc.Value.Epoch != epoch) {
		return nil, &fault.Error{Name: fault.LeaseLost, Err: fmt.Errorf("going on with run %s: another has healed since it paused; heal anew: the restores pending of this run are in the journal, and the next one makes them", run)}
	}
	next := doc.Value.Epoch
	if doc.Value.Run != run && epoch == 0 {
		next++
	}
	if doc.Value.Run == run && doc.Value.Holder == k.Holder && doc.Value.Expires.Sub(now) > Time/2 {
		return l, nil
	}
	doc.Value = State{Run: run, Holder: k.Holder, Expires: now.Add(Time), Epoch: next}
	return l, l.put(ctx)
}

func (l *Lease) put(ctx context.Context) error {
	err := l.doc.Write(ctx, l.keeper.Journal)
	if record.IsConflict(err) {
		return &fault.Error{Name: fault.LeaseLost, Err: fmt.Errorf("renewing the lease: another healer took it: %w", err)}
	}
	return err
}

// Check makes sure, right before a call that changes AWS, that the lease is still
// this healer's, and renews it when half of its time is gone. It returns when the
// lease ends.
func (l *Lease) Check(ctx context.Context) (time.Time, error) {
	if l == nil {
		return time.Time{}, &fault.Error{Name: fault.LeaseLost, Err: errors.New("checking the lease: this run has none")}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, version, err := l.keeper.Journal.Get(ctx, key)
	if err != nil {
		return time.Time{}, fmt.Errorf("checking the lease: %w", err)
	}
	if version != l.doc.Version {
		return time.Time{}, &fault.Error{Name: fault.LeaseLost, Err: errors.New("checking the lease: another healer took it")}
	}
	now := l.keeper.Clock.Now()
	if l.shared != nil {
		if err := l.shared.check(ctx, now); err != nil {
			return time.Time{}, err
		}
	}
	if l.doc.Value.Expires.Sub(now) > Time/2 {
		return l.doc.Value.Expires, nil
	}
	l.doc.Value.Expires = now.Add(Time)
	return l.doc.Value.Expires, l.put(ctx)
}

// Release gives the lease up, so that the next run need not wait for it to expire.
func (l *Lease) Release(ctx context.Context) error {
	if l == nil {
		return nil // it was lost, and is another's
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shared != nil {
		if err := l.shared.release(ctx, l.keeper.Clock.Now()); err != nil {
			return fmt.Errorf("giving the shared lease back: %w", err)
		}
		l.keeper.sharing.Store(nil)
	}
	l.doc.Value = State{Epoch: l.doc.Value.Epoch}
	return l.put(ctx)
}

// Leave lets the lease of an interrupted run expire at once, if it is this
// healer's: the run can be resumed, or another begun, which makes this one's pending
// restores. Operations that AWS has accepted continue there; the next run waits for
// them as for external ones.
func (k *Keeper) Leave(ctx context.Context, run string) error {
	doc, err := read(ctx, k.Journal)
	if err != nil || doc.Value.Run != run || doc.Value.Holder != k.Holder {
		return err
	}
	doc.Value.Expires = k.Clock.Now()
	if err := doc.Write(ctx, k.Journal); !record.IsConflict(err) {
		return err
	}
	return nil // another has taken it already
}

// Epoch returns the epoch under which the run has the lease; 0 if it has none.
func (l *Lease) Epoch() int64 {
	if l == nil {
		return 0
	}
	return l.doc.Value.Epoch
}

const key = "lease"

func read(ctx context.Context, j record.Journal) (*record.Document[State], error) {
	return record.Read[State](ctx, j, key)
}

// Read returns who may act.
func Read(ctx context.Context, j record.Journal) (State, error) {
	doc, err := read(ctx, j)
	if err != nil {
		return State{}, err
	}
	return doc.Value, nil
}

// Held reports whether a run has the lease at the moment.
func (s State) Held(now time.Time) bool { return s.Run != "" && now.Before(s.Expires) }

// Holds reports whether a run holds the lease and has not given it back.
func Holds(ctx context.Context, j record.Journal, run string, now time.Time) (bool, error) {
	state, err := Read(ctx, j)
	return err == nil && state.Run == run && now.Before(state.Expires), err
}

// Interrupted returns the run that was cut off: the last to have had the lease, which
// has expired, without having ended; false if there is none. A run that was refused
// since, or that another has overtaken, does not count.
func Interrupted(ctx context.Context, j record.Journal, now time.Time) (run string, ok bool, err error) {
	lease, err := read(ctx, j)
	if err != nil || lease.Value.Run == "" || now.Before(lease.Value.Expires) {
		return "", false, err
	}
	head, err := record.Read[record.Run](ctx, j, record.RunKey(lease.Value.Run, "run"))
	if err != nil || !head.Exists() || head.Value.Result != "" {
		return "", false, err
	}
	return head.Value.ID, true, nil
}
