package heal

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/setmend/setmend/fleet"
)

// fence decides whether a run may change AWS at this moment: it must hold its lease,
// and must not have been stopped.
type fence struct {
	h     *Healer
	run   string
	lease *lease

	mu     sync.Mutex // guards passed
	passed time.Time  // when the permission was given last
}

// fresh is how long a permission is not asked for again inside a call.
const fresh = time.Second

// pass is asked right before every call that changes AWS. It returns the moment at
// which the permission ends.
func (f *fence) pass(ctx context.Context) (until time.Time, err error) {
	if err := ctx.Err(); err != nil {
		return time.Time{}, err
	}
	if err := f.h.checkStop(ctx, f.run); err != nil {
		return time.Time{}, err
	}
	if err := f.checkSwitch(ctx); err != nil {
		return time.Time{}, err
	}
	if until, err = f.lease.check(ctx); err == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.passed = f.h.Clock.Now()
	}
	return until, err
}

// again asks once more, unless it was asked just now.
func (f *fence) again(ctx context.Context) error {
	f.mu.Lock()
	since := f.h.Clock.Now().Sub(f.passed)
	f.mu.Unlock()
	if since >= 0 && since < fresh {
		return nil
	}
	_, err := f.pass(ctx)
	return err
}

// guard returns a context for one call that changes AWS. It ends with the
// permission, and asks for it again after every wait inside the call. The caller
// must call the function returned.
func (f *fence) guard(ctx context.Context, until time.Time) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		if f.h.Clock.Sleep(ctx, until.Sub(f.h.Clock.Now())) == nil {
			cancel(fmt.Errorf("the lease has ended while the call was being made"))
		}
	}()
	return fleet.WithFence(ctx, f.again), func() { cancel(nil) }
}

// stopKey is the kill switch: its presence stops the run before its next write.
func stopKey(run string) string { return "stop/" + run }

// Stop stops a run before its next call that changes AWS, for good: until [Unstop]
// takes the stop back. "all" stops every run.
func Stop(ctx context.Context, j Journal, run, why string) error {
	doc, err := read[string](ctx, j, stopKey(run))
	if err != nil || doc.exists() {
		return err
	}
	doc.Value = why
	return doc.write(ctx, j)
}

// Unstop takes a stop back.
func Unstop(ctx context.Context, j Journal, run string) error {
	doc, err := read[string](ctx, j, stopKey(run))
	if err != nil || !doc.exists() {
		return err
	}
	return j.Delete(ctx, doc.key, doc.version)
}

// StopRequest is a stop that holds: of one run, or of "all".
type StopRequest struct {
	Run string
	Why string
}

// Stopped returns the stop that holds a run back, nil if none does.
func Stopped(ctx context.Context, j Journal, run string) (*StopRequest, error) {
	for _, of := range []string{run, "all"} {
		doc, err := read[string](ctx, j, stopKey(of))
		if err != nil {
			return nil, err
		}
		if doc.exists() {
			return &StopRequest{of, doc.Value}, nil
		}
	}
	return nil, nil
}

// checkStop looks at the kill switch in the journal, for this run and for all runs.
func (h *Healer) checkStop(ctx context.Context, run string) error {
	stop, err := Stopped(ctx, h.Journal, run)
	if err == nil && stop != nil {
		err = &StageError{ErrorStopped, fmt.Errorf("stopped on request: %s", stop.Why)}
	}
	return err
}

// checkSwitch asks the kill switch outside the journal.
func (f *fence) checkSwitch(ctx context.Context) error {
	if f.h.KillSwitch == nil {
		return nil
	}
	reason, stop, err := f.h.KillSwitch(ctx)
	if err != nil {
		return fmt.Errorf("reading the kill switch: %w", err)
	}
	if stop {
		return &StageError{ErrorStopped, fmt.Errorf("stopped by the kill switch: %s", reason)}
	}
	return nil
}
