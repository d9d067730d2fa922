package heal

import (
	"context"
	"errors"
	"fmt"

	"github.com/setmend/setmend/plan"
)

// publishStatus closes the run's books: it judges the fleet a last time, builds
// the report, keeps it, and puts it where people look.
func (h *Healer) publishStatus(ctx context.Context, r *run) (Answer, error) {
	report, err := r.report(ctx)
	if err != nil {
		return Answer{}, err
	}
	if r.request.Failure == nil {
		if err := r.forgive(ctx, &r.inv.Value, r.last); err != nil {
			return Answer{}, err
		}
	}
	v := &r.rec.Value
	v.Result, v.Ended, v.Error = report.Run.Result, report.Run.Ended, report.Run.Error
	if err := r.keepHistory(ctx, report); err != nil {
		return Answer{}, err
	}
	doc, err := read[Report](ctx, h.Journal, runKey(r.id(), "report"))
	if err != nil {
		return Answer{}, err
	}
	doc.Value = *report
	if err := doc.write(ctx, h.Journal); err != nil {
		return Answer{}, err
	}
	if err := r.save(ctx); err != nil {
		return Answer{}, err
	}
	if h.Publish != nil {
		if err := h.Publish(ctx, report); err != nil { // what was healed is healed
			h.Log.Error("publishing the report", "run", r.id(), "error", err)
			v.Unpublished = err.Error()
			if err := r.save(ctx); err != nil {
				return Answer{}, err
			}
		}
	}
	return Answer{Complete: true, Result: report.Run.Result}, nil
}

// notify tells people and gives the lease back.
func (h *Healer) notify(ctx context.Context, r *run) (Answer, error) {
	report, err := LoadReport(ctx, h.Journal, r.id())
	if err != nil {
		return Answer{}, err
	}
	if h.Notify != nil {
		if err := h.Notify(ctx, report); err != nil {
			err = fmt.Errorf("notifying: %w", err)
			if r.request.Failure == nil {
				return Answer{}, err
			}
			return Answer{}, errors.Join(err, r.close(ctx)) // nothing comes after this
		}
	}
	return Answer{Complete: true, Result: report.Run.Result}, r.close(ctx)
}

// close gives the lease back. A run of which nothing can matter to another any more
// is taken off the open ones.
func (r *run) close(ctx context.Context) error {
	if r.fence.lease != nil && r.log.over() {
		if err := closeRun(ctx, r.h.Journal, r.id()); err != nil {
			return err
		}
	}
	return r.fence.lease.release(ctx)
}

// LoadReport reads a finished run's report.
func LoadReport(ctx context.Context, j Journal, run string) (*Report, error) {
	doc, err := read[Report](ctx, j, runKey(run, "report"))
	if err != nil {
		return nil, err
	}
	if !doc.exists() {
		return nil, fmt.Errorf("loading the report of run %s: there is none; the run has not ended, or its id is mistyped (`setmend runs` lists them)", run)
	}
	return &doc.Value, nil
}

// count counts the verdicts that the run found.
func count(cells []found) plan.Counts {
	assessed := make([]plan.Assessed, len(cells))
	for i, c := range cells {
		assessed[i].Verdict = c.Verdict
	}
	return plan.Count(assessed)
}
