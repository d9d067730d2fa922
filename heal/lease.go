package heal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// leaseTime is how long a lease lasts without renewal: longer than any wait
// between two handler calls, so that a living run keeps it.
const leaseTime = 20 * time.Minute

// Lease is the document that says who may act. Its version in the journal is
// the fence: a healer that finds another version than its own has lost it,
// whatever the clocks say.
type Lease struct {
	Run     string    `json:"run"`
	Holder  string    `json:"holder"`
	Expires time.Time `json:"expires"`
	// Epoch counts the runs that have held it. A run that finds another epoch than
	// its own has been overtaken: what it knows of the fleet is not true any more.
	Epoch int64 `json:"epoch"`
}

type lease struct {
	h   *Healer
	mu  sync.Mutex // guards doc: commands check the lease side by side
	doc *document[Lease]
	// shared is the lease's other half, which healers with other journals see; nil if
	// there is none.
	shared *shared
}

// acquire takes the lease, in the journal and where it is shared.
func (h *Healer) acquire(ctx context.Context, run string, epoch int64) (*lease, error) {
	l, err := h.acquireHere(ctx, run, epoch)
	if err != nil || h.Shared == nil {
		return l, err
	}
	if kept := h.sharing.Load(); kept != nil && kept.text.Run == run {
		l.shared = kept
		return l, nil // looked at before each write
	}
	s := &shared{lease: h.Shared, text: sharedText{Run: run, Holder: h.Holder, Seconds: int(leaseTime.Seconds())}}
	if err := s.take(ctx, h.Clock.Now()); err != nil {
		return nil, errors.Join(err, h.Leave(context.WithoutCancel(ctx), run))
	}
	l.shared = s
	h.sharing.Store(s)
	return l, nil
}

// acquireHere takes the journal's lease, or takes it over from the same run or from a run that
// let it expire. Time decides only whether to try; the compare-and-swap decides
// who gets it.
func (h *Healer) acquireHere(ctx context.Context, run string, epoch int64) (*lease, error) {
	doc, err := read[Lease](ctx, h.Journal, "lease")
	if err != nil {
		return nil, err
	}
	l := &lease{h: h, doc: doc}
	now := h.Clock.Now()
	if held := doc.Value; held.Run != "" && held.Run != run && now.Before(held.Expires) {
		return nil, &StageError{ErrorLeaseLost, fmt.Errorf("run %s of %s is healing until %s at the latest; let it end, or, if its process has, go on with it: `setmend runs resume %s`",
			held.Run, held.Holder, held.Expires.UTC().Format(time.RFC3339), held.Run)}
	}
	own := doc.Value.Run == run || doc.Value.Run == "" && doc.Value.Epoch == epoch
	if epoch != 0 && (!own || doc.Value.Epoch != epoch) {
		return nil, &StageError{ErrorLeaseLost, fmt.Errorf("going on with run %s: another has healed since it paused; heal anew: the restores pending of this run are in the journal, and the next one makes them", run)}
	}
	next := doc.Value.Epoch
	if doc.Value.Run != run && epoch == 0 {
		next++
	}
	if doc.Value.Run == run && doc.Value.Holder == h.Holder && doc.Value.Expires.Sub(now) > leaseTime/2 {
		return l, nil
	}
	doc.Value = Lease{Run: run, Holder: h.Holder, Expires: now.Add(leaseTime), Epoch: next}
	return l, l.put(ctx)
}

func (l *lease) put(ctx context.Context) error {
	err := l.doc.write(ctx, l.h.Journal)
	if isConflict(err) {
		return &StageError{ErrorLeaseLost, fmt.Errorf("renewing the lease: another healer took it: %w", err)}
	}
	return err
}

// check makes sure, right before a call that changes AWS, that the lease is still
// this healer's, and renews it when half of its time is gone. It returns when the
// lease ends.
func (l *lease) check(ctx context.Context) (time.Time, error) {
	if l == nil {
		return time.Time{}, &StageError{ErrorLeaseLost, errors.New("checking the lease: this run has none")}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, version, err := l.h.Journal.Get(ctx, "lease")
	if err != nil {
		return time.Time{}, fmt.Errorf("checking the lease: %w", err)
	}
	if version != l.doc.version {
		return time.Time{}, &StageError{ErrorLeaseLost, errors.New("checking the lease: another healer took it")}
	}
	now := l.h.Clock.Now()
	if l.shared != nil {
		if err := l.shared.check(ctx, now); err != nil {
			return time.Time{}, err
		}
	}
	if l.doc.Value.Expires.Sub(now) > leaseTime/2 {
		return l.doc.Value.Expires, nil
	}
	l.doc.Value.Expires = now.Add(leaseTime)
	return l.doc.Value.Expires, l.put(ctx)
}

// release gives the lease up, so that the next run need not wait for it to expire.
func (l *lease) release(ctx context.Context) error {
	if l == nil {
		return nil // it was lost, and is another's
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.shared != nil {
		if err := l.shared.release(ctx, l.h.Clock.Now()); err != nil {
			return fmt.Errorf("giving the shared lease back: %w", err)
		}
		l.h.sharing.Store(nil)
	}
	l.doc.Value = Lease{Epoch: l.doc.Value.Epoch}
	return l.put(ctx)
}

// Leave lets the lease of an interrupted run expire at once, if it is this
// healer's: the run can be gone on with, or another begin, which makes the restores
// pending of this one. Operations that AWS has accepted run on there; the next run
// waits for them as for external ones.
func (h *Healer) Leave(ctx context.Context, run string) error {
	doc, err := read[Lease](ctx, h.Journal, "lease")
	if err != nil || doc.Value.Run != run || doc.Value.Holder != h.Holder {
		return err
	}
	doc.Value.Expires = h.Clock.Now()
	if err := doc.write(ctx, h.Journal); !isConflict(err) {
		return err
	}
	return nil // another has taken it already
}

// HasLease reports whether a run holds the lease and has not given it back.
func HasLease(ctx context.Context, j Journal, run string, now time.Time) (bool, error) {
	lease, err := read[Lease](ctx, j, "lease")
	return err == nil && lease.Value.Run == run && now.Before(lease.Value.Expires), err
}

// Interrupted returns the run that was cut off: the last to have had the lease, which
// has expired, without having ended. It is "" if there is none. A run that was
// refused since, or that another has overtaken, does not count.
func Interrupted(ctx context.Context, j Journal, now time.Time) (string, error) {
	lease, err := read[Lease](ctx, j, "lease")
	if err != nil || lease.Value.Run == "" || now.Before(lease.Value.Expires) {
		return "", err
	}
	record, err := read[RunRecord](ctx, j, runKey(lease.Value.Run, "run"))
	if err != nil || !record.exists() || record.Value.Result != "" {
		return "", err
	}
	return record.Value.ID, nil
}
