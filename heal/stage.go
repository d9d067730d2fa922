package heal

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/setmend/setmend/heal/fault"
	"github.com/setmend/setmend/report"
)

// Request is what a stage is called with.
type Request struct {
	Run   string  `json:"run"`
	Input Options `json:"input"`
	// Failure is what a stage before failed with, for PublishStatus and Notify.
	Failure *Failure `json:"failure,omitempty"`
}

// Failure is an error in the States Language's form.
type Failure struct {
	Error string `json:"Error"`
	Cause string `json:"Cause"`
}

// Answer is what a stage answers: small, whatever the size of the fleet.
type Answer struct {
	Run      string `json:"run"`
	Complete bool   `json:"complete"`
	// Wait is how many seconds to wait before the stage is called again.
	Wait   int           `json:"wait"`
	Result report.Result `json:"result,omitempty"`
}

// Stage is a handler: JSON in, JSON out, as a Lambda function is.
type Stage func(ctx context.Context, input json.RawMessage) (json.RawMessage, error)

// stage wraps a handler with what all of them need: the run, the lease, the
// deadline, and errors that name the stage.
func (h *Healer) stage(name string, f func(context.Context, *run) (Answer, error)) Stage {
	return func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
		var request Request
		if err := json.Unmarshal(input, &request); err != nil {
			return nil, fmt.Errorf("reading the input of %s: %w", name, err)
		}
		r, err := h.open(ctx, name, request)
		if err != nil {
			return nil, fault.Named(fmt.Errorf("%s: %w", name, err))
		}
		answer, err := f(ctx, r)
		if err != nil {
			return nil, fault.Named(fmt.Errorf("%s: %w", name, err))
		}
		if err := r.save(ctx); err != nil {
			return nil, fault.Named(fmt.Errorf("%s: %w", name, err))
		}
		r.view.Keep() // not after an error: it may be changed and not saved
		if r.fence.Lease != nil {
			h.kept.Store(&keptLog{r.log, r.pace})
		}
		answer.Run = request.Run
		return json.Marshal(answer)
	}
}

// again answers that the stage wants to be called again after a while.
func again(wait time.Duration) Answer {
	return Answer{Wait: max(1, int((wait+time.Second-1)/time.Second))}
}
