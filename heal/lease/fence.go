package lease

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/fault"
	"github.com/setmend/setmend/heal/record"
)

// Fence decides whether a run may change AWS at this moment: it must hold its lease,
// and must not have been stopped.
type Fence struct {
	Journal record.Journal
	Clock   Clock
	Run     string
	Lease   *Lease // nil if the run has none, and may change nothing
	Switch  Switch // nil if there is none

	mu     sync.Mutex // guards passed
	passed time.Time  // when the permission was given last
}

// Switch is a kill switch outside the journal, asked right before every call that
// changes AWS. An error stops the call as well: a switch that cannot be read may be on.
type Switch func(ctx context.Context) (reason string, stop bool, err error)

// Call makes one call that changes AWS under the fence.
func (f *Fence) Call(ctx context.Context, call func(context.Context) error) error {
	until, err := f.Pass(ctx)
	if err != nil {
		return err
	}
	ctx, done := f.Guard(ctx, until)
	defer done()
	return call(ctx)
}

// fresh is how long a permission is not asked for again inside a call.
const fresh = time.Second

// Pass is asked right before every call that changes AWS. It returns the moment at
// which the permission ends.
func (f *Fence) Pass(ctx context.Context) (until time.Time, err error) {
	if err := ctx.Err(); err != nil {
		return time.Time{}, err
	}
	if err := CheckStop(ctx, f.Journal, f.Run); err != nil {
		return time.Time{}, err
	}
	if err := f.checkSwitch(ctx); err != nil {
		return time.Time{}, err
	}
	if until, err = f.Lease.Check(ctx); err == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.passed = f.Clock.Now()
	}
	return until, err
}

// again asks once more, unless it was asked just now.
func (f *Fence) again(ctx context.Context) error {
	f.mu.Lock()
	since := f.Clock.Now().Sub(f.passed)
	f.mu.Unlock()
	if since >= 0 && since < fresh {
		return nil
	}
	_, err := f.Pass(ctx)
	return err
}

// Guard returns a context for one call that changes AWS. It ends with the
// permission, and asks for it again after every wait inside the call. The caller
// must call the function returned.
func (f *Fence) Guard(ctx context.Context, until time.Time) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		if f.Clock.Sleep(ctx, until.Sub(f.Clock.Now())) == nil {
			cancel(fmt.Errorf("the lease has ended while the call was being made"))
		}
	}()
	return fleet.WithFence(ctx, f.again), func() { cancel(nil) }
}

// stopKey is the kill switch: its presence stops the run before its next write.
func stopKey(run string) string { return "stop/" + run }

// Stop stops a run before its next call that changes AWS, for good: until [Unstop]
// takes the stop back. "all" stops every run.
func Stop(ctx context.Context, j record.Journal, run, why string) error {
	doc, err := record.Read[string](ctx, j, stopKey(run))
	if err != nil || doc.Exists() {
		return err
	}
	doc.Value = why
	return doc.Write(ctx, j)
}

// Unstop takes a stop back.
func Unstop(ctx context.Context, j record.Journal, run string) error {
	doc, err := record.Read[string](ctx, j, stopKey(run))
	if err != nil || !doc.Exists() {
		return err
	}
	return doc.Delete(ctx, j)
}

// CheckStop fails if the kill switch in the journal stops this run, or all runs.
func CheckStop(ctx context.Context, j record.Journal, run string) error {
	for _, key := range []string{stopKey(run), stopKey("all")} {
		doc, err := record.Read[string](ctx, j, key)
		if err != nil {
			return err
		}
		if doc.Exists() {
			return &fault.Error{Name: fault.Stopped, Err: fmt.Errorf("stopped on request: %s", doc.Value)}
		}
	}
	return nil
}

// checkSwitch asks the kill switch outside the journal.
func (f *Fence) checkSwitch(ctx context.Context) error {
	if f.Switch == nil {
		return nil
	}
	reason, stop, err := f.Switch(ctx)
	if err != nil {
		return fmt.Errorf("reading the kill switch: %w", err)
	}
	if stop {
		return &fault.Error{Name: fault.Stopped, Err: fmt.Errorf("stopped by the kill switch: %s", reason)}
	}
	return nil
}
