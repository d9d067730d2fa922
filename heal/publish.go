package heal

import (
	"context"
	"errors"
	"fmt"

	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/report"
)

// publishStatus closes the run's books: it judges the fleet a last time, builds
// the report, keeps it, and puts it where people look.
func (h *Healer) publishStatus(ctx context.Context, r *run) (Answer, error) {
	reporting := &reporting{plannerOf(r), r.request.Failure}
	told, last, err := reporting.report(ctx)
	if err != nil {
		return Answer{}, err
	}
	r.countCalls()
	told.API = r.rec.Value.API.Plus(report.API{})
	if r.request.Failure == nil {
		if err := reporting.forgive(ctx, last); err != nil {
			return Answer{}, err
		}
	}
	v := &r.rec.Value
	v.Result, v.Ended, v.Error = told.Run.Result, told.Run.Ended, told.Run.Error
	if err := record.AddHistory(ctx, h.Journal, told); err != nil {
		return Answer{}, err
	}
	doc, err := record.Read[report.Report](ctx, h.Journal, record.RunKey(r.id(), "report"))
	if err != nil {
		return Answer{}, err
	}
	doc.Value = *told
	if err := doc.Write(ctx, h.Journal); err != nil {
		return Answer{}, err
	}
	if err := r.save(ctx); err != nil {
		return Answer{}, err
	}
	if h.Publish != nil {
		if err := h.Publish(ctx, told); err != nil && r.request.Failure == nil {
			return Answer{}, fmt.Errorf("publishing the report: %w", err)
		} else if err != nil {
			h.Log.Error("publishing the report of a failed run", "run", r.id(), "error", err)
		}
	}
	return Answer{Complete: true, Result: told.Run.Result}, nil
}

// notify tells people and gives the lease back.
func (h *Healer) notify(ctx context.Context, r *run) (Answer, error) {
	told, err := record.LoadReport(ctx, h.Journal, r.id())
	if err != nil {
		return Answer{}, err
	}
	if h.Notify != nil {
		if err := h.Notify(ctx, told); err != nil {
			err = fmt.Errorf("notifying: %w", err)
			if r.request.Failure == nil {
				return Answer{}, err
			}
			return Answer{}, errors.Join(err, r.close(ctx)) // nothing comes after this
		}
	}
	return Answer{Complete: true, Result: told.Run.Result}, r.close(ctx)
}

// close gives the lease back. A run of which nothing can matter to another any more
// is taken off the open ones.
func (r *run) close(ctx context.Context) error {
	if r.fence.Lease != nil && r.log.Over() {
		if err := record.CloseRun(ctx, r.h.Journal, r.id()); err != nil {
			return err
		}
	}
	return r.fence.Lease.Release(ctx)
}
