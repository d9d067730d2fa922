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
	// Turn counts the runs that have held it. A run that finds another turn than
	// its own has been overtaken: what it knows of the fleet is not true any more.
	Turn int64 `json:"turn"`
}

type lease struct {
	h   *Healer
	mu  sync.Mutex // guards doc: works check the lease side by side
	doc *document[Lease]
}

// acquire takes the lease, or takes it over from the same run or from a run that
// let it expire. Time decides only whether to try; the compare-and-swap decides
// who gets it.
func (h *Healer) acquire(ctx context.Context, run string, turn int64) (*lease, error) {
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
	own := doc.Value.Run == run || doc.Value.Run == "" && doc.Value.Turn == turn
	if turn != 0 && (!own || doc.Value.Turn != turn) {
		return nil, &StageError{ErrorLeaseLost, fmt.Errorf("going on with run %s: another has healed since it paused; heal anew: what this run owes is in the journal, and the next one pays it", run)}
	}
	next := doc.Value.Turn
	if doc.Value.Run != run && turn == 0 {
		next++
	}
	if doc.Value.Run == run && doc.Value.Holder == h.Holder && doc.Value.Expires.Sub(now) > leaseTime/2 {
		return l, nil
	}
	doc.Value = Lease{Run: run, Holder: h.Holder, Expires: now.Add(leaseTime), Turn: next}
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
// this healer's, and renews it when half of its time is gone.
func (l *lease) check(ctx context.Context) error {
	if l == nil {
		return &StageError{ErrorLeaseLost, errors.New("checking the lease: this run has none")}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, version, err := l.h.Journal.Get(ctx, "lease")
	if err != nil {
		return fmt.Errorf("checking the lease: %w", err)
	}
	if version != l.doc.version {
		return &StageError{ErrorLeaseLost, fmt.Errorf("checking the lease: another healer took it")}
	}
	now := l.h.Clock.Now()
	if l.doc.Value.Expires.Sub(now) > leaseTime/2 {
		return nil
	}
	l.doc.Value.Expires = now.Add(leaseTime)
	return l.put(ctx)
}

// release gives the lease up, so that the next run need not wait for it to expire.
func (l *lease) release(ctx context.Context) error {
	if l == nil {
		return nil // it was lost, and is another's
	}
	l.doc.Value = Lease{Turn: l.doc.Value.Turn}
	return l.put(ctx)
}

// stopKey is the kill switch: its presence stops the run before its next write.
func stopKey(run string) string { return "stop/" + run }

// Stop asks a run to stop before its next call that changes AWS.
func Stop(ctx context.Context, j Journal, run, why string) error {
	doc, err := read[string](ctx, j, stopKey(run))
	if err != nil || doc.exists() {
		return err
	}
	doc.Value = why
	return doc.write(ctx, j)
}

// checkStop looks at the kill switch, for this run and for all runs.
func (r *run) checkStop(ctx context.Context) error {
	for _, key := range []string{stopKey(r.id()), stopKey("all")} {
		doc, err := read[string](ctx, r.h.Journal, key)
		if err != nil {
			return err
		}
		if doc.exists() {
			return &StageError{ErrorStopped, fmt.Errorf("stopped on request: %s", doc.Value)}
		}
	}
	return nil
}

// checkSwitch asks the kill switch outside the journal.
func (r *run) checkSwitch(ctx context.Context) error {
	if r.h.KillSwitch == nil {
		return nil
	}
	reason, stop, err := r.h.KillSwitch(ctx)
	if err != nil {
		return fmt.Errorf("reading the kill switch: %w", err)
	}
	if stop {
		return &StageError{ErrorStopped, fmt.Errorf("stopped by the kill switch: %s", reason)}
	}
	return nil
}

// mayWrite is asked right before every call that changes AWS.
func (r *run) mayWrite(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := r.checkStop(ctx); err != nil {
		return err
	}
	if err := r.checkSwitch(ctx); err != nil {
		return err
	}
	return r.lease.check(ctx)
}
