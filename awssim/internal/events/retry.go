package events

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/setmend/setmend/awssim/internal/core"
)

// Retries is how often and how long a delivery is tried again. The zero value is
// EventBridge's for targets that name none: 185 times within 24 hours, "with
// exponential back off and jitter".
type Retries struct {
	most int // -1 is none
	age  time.Duration
}

// The waits between attempts, which AWS does not document.
const (
	defaultAttempts = 185
	defaultAge      = 24 * time.Hour
	firstWait       = time.Second
	longestWait     = 15 * time.Minute
)

// RetriesOf reads a retry policy; nil members are the defaults.
func RetriesOf(attempts, seconds *int32) Retries {
	r := Retries{}
	if attempts != nil {
		if r.most = int(*attempts); r.most == 0 {
			r.most = -1
		}
	}
	if seconds != nil {
		r.age = time.Duration(*seconds) * time.Second
	}
	return r
}

// Failure is why a delivery was given up.
type Failure struct {
	Err       *core.Error // nil for one that is none of AWS's
	Exhausted string      // MaximumRetryAttempts or MaximumEventAgeInSeconds
	Attempts  int
}

// Send delivers something that came at a time, and calls giveUp if it cannot be
// delivered: for a reason that does not pass, or after the last retry.
func (r Retries) Send(w *core.World, to core.Deliverer, d core.Delivery, at time.Time, giveUp func(Failure)) {
	r.attempt(w, to, d, at, 0, giveUp)
}

func (r Retries) attempt(w *core.World, to core.Deliverer, d core.Delivery, at time.Time, failed int, giveUp func(Failure)) {
	to.Deliver(d, func(err error) {
		if err == nil {
			return
		}
		most, age := r.most, r.age
		if most == 0 {
			most = defaultAttempts
		}
		if age == 0 {
			age = defaultAge
		}
		refused, known := err.(*core.Error)
		passes := known && (refused.Status == http.StatusTooManyRequests || refused.Status >= 500)
		wait := min(firstWait<<min(failed, 20), longestWait)
		switch {
		case !passes:
			giveUp(Failure{Err: refused, Attempts: failed})
		case failed >= most:
			giveUp(Failure{refused, "MaximumRetryAttempts", failed})
		case w.Now().Add(wait).Sub(at) > age:
			giveUp(Failure{refused, "MaximumEventAgeInSeconds", failed})
		default:
			w.After(w.Between(wait/2, wait), func() { r.attempt(w, to, d, at, failed+1, giveUp) })
		}
	})
}

// Attributes are those of the dead letter.
func (f Failure) Attributes() map[string]string {
	out := map[string]string{}
	if f.Err != nil {
		out["ERROR_CODE"], out["ERROR_MESSAGE"] = errorCode(f.Err), f.Err.Message
	}
	if f.Exhausted != "" {
		out["EXHAUSTED_RETRY_CONDITION"], out["RETRY_ATTEMPTS"] = f.Exhausted, strconv.Itoa(f.Attempts)
	}
	return out
}

// errorCode is a code as EventBridge writes it into dead letters.
func errorCode(e *core.Error) string {
	switch {
	case e.Status == http.StatusForbidden:
		return "NO_PERMISSIONS"
	case e.Status == http.StatusTooManyRequests:
		return "THROTTLING"
	case strings.Contains(e.Code, "NotFound"), strings.Contains(e.Code, "DoesNotExist"), strings.Contains(e.Code, "NonExistent"):
		return "NO_RESOURCE"
	}
	return "SDK_CLIENT_ERROR"
}
