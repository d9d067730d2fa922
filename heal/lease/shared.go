package lease

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/setmend/setmend/heal/fault"
)

// Time is how long a lease lasts without renewal: longer than any wait
// between two handler calls, so that a living run keeps it.
const Time = 20 * time.Minute

// Shared is a text that all healers of an administrator and region see,
// whatever journals they have. It has no conditional write: versions grow by one
// with each write.
type Shared interface {
	// Read returns the text, its version, and its age by the store's own clock;
	// version 0 if there is none.
	Read(ctx context.Context) (text string, version int64, age time.Duration, err error)
	// Write replaces the text and returns the version that it got.
	Write(ctx context.Context, text string) (version int64, err error)
}

// sharedText is what the shared lease says.
type sharedText struct {
	Run    string `json:"run"`
	Holder string `json:"holder"`
	// Seconds is how long it holds from when it was written.
	Seconds int `json:"seconds"`
}

// shared is a run's hold on the shared lease; the zero version has none.
type shared struct {
	store   Shared
	text    sharedText
	version int64
	renew   time.Time // by the healer's clock
}

// take takes the shared lease, if another run does not hold it.
func (s *shared) take(ctx context.Context, now time.Time) error {
	text, version, age, err := s.store.Read(ctx)
	if err != nil {
		return fmt.Errorf("reading the shared lease: %w", err)
	}
	var held sharedText
	if version > 0 {
		if err := json.Unmarshal([]byte(text), &held); err != nil {
			return fmt.Errorf("reading the shared lease: it says %q, which setmend did not write; delete the parameter if nothing else uses it: %w", text, err)
		}
	}
	if left := time.Duration(held.Seconds)*time.Second - age; held.Run != "" && held.Run != s.text.Run && left > 0 {
		return &fault.Error{Name: fault.LeaseLost, Err: fmt.Errorf("run %s of %s is healing, with a journal of its own, for %s at the latest; let it end, or stop it there: two journals must not heal at the same time",
			held.Run, held.Holder, left.Round(time.Second))}
	}
	return s.put(ctx, version, now)
}

// put writes the lease in place of the given version.
func (s *shared) put(ctx context.Context, over int64, now time.Time) error {
	text, err := json.Marshal(s.text)
	if err != nil {
		return err
	}
	version, err := s.store.Write(ctx, string(text))
	if err != nil {
		return fmt.Errorf("writing the shared lease: %w", err)
	}
	if version != over+1 {
		return &fault.Error{Name: fault.LeaseLost, Err: fmt.Errorf("writing the shared lease: another healer wrote it at the same moment; heal again in %s", Time)}
	}
	s.version, s.renew = version, now.Add(Time/2)
	return nil
}

// check makes sure that the shared lease is still the run's, and renews it when half
// of its time is gone.
func (s *shared) check(ctx context.Context, now time.Time) error {
	_, version, age, err := s.store.Read(ctx)
	if err != nil {
		return fmt.Errorf("checking the shared lease: %w", err)
	}
	if version != s.version || age > Time {
		return &fault.Error{Name: fault.LeaseLost, Err: fmt.Errorf("checking the shared lease: another healer took it, or it has run out")}
	}
	if now.Before(s.renew) && age < Time/2 {
		return nil
	}
	return s.put(ctx, version, now)
}

// release gives the shared lease up, if it is still the run's.
func (s *shared) release(ctx context.Context, now time.Time) error {
	if _, version, _, err := s.store.Read(ctx); err != nil || version != s.version {
		return err // another's
	}
	s.text = sharedText{}
	return s.put(ctx, s.version, now)
}
