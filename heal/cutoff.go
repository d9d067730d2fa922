package heal

import (
	"context"
	"time"
)

// Leave lets the lease of an interrupted run expire at once, if it is this
// healer's: nobody is at work any more, so that the run can be gone on with, or
// another begin, which pays what this one owes. Operations that AWS has accepted
// run on there; who comes next waits for them as for anybody's.
func (h *Healer) Leave(ctx context.Context, run string) error {
	doc, err := read[Lease](ctx, h.Journal, "lease")
	if err != nil || doc.Value.Run != run || doc.Value.Holder != h.Holder {
		return err
	}
	doc.Value.Expires = h.Clock.Now()
	if err := doc.write(ctx, h.Journal); !isConflict(err) {
		return err
	}
	return nil // somebody has taken it already
}

// LeftBehind is the run that was cut off: the last to have had the lease, which
// has expired, without having ended. It is "" if there is none. A run that was
// refused since, or that another has overtaken, does not count.
func LeftBehind(ctx context.Context, j Journal, now time.Time) (string, error) {
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
