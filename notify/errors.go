package notify

import (
	"errors"
	"fmt"
	"time"

	"github.com/setmend/setmend/fleet"
)

// Outcome is what became of an attempt to deliver.
type Outcome string

const (
	// Delivered: the service accepted it.
	Delivered Outcome = "delivered"
	// Later: the service did not accept it and may do so later.
	Later Outcome = "later"
	// Rejected: the service will not accept it, however often it is tried.
	Rejected Outcome = "rejected"
	// Unknown: the request was sent and no answer came.
	Unknown Outcome = "outcome unknown"
	// Expired: it could not be delivered while it was news.
	Expired Outcome = "expired"
)

// DeliveryError is a failed attempt. Its text holds no secret.
type DeliveryError struct {
	Outcome Outcome
	Status  int           // of HTTP; 0 if there was no answer
	After   time.Duration // the service asks not to be tried before this; 0 if it does not say
	What    string
	Err     error
	hint    string
}

func (e *DeliveryError) Error() string {
	if e.Err == nil {
		return e.What
	}
	return e.What + ": " + e.Err.Error()
}

func (e *DeliveryError) Unwrap() error { return e.Err }

// Hint tells a person what to do about it, "" if there is nothing to say.
func (e *DeliveryError) Hint() string { return e.hint }

// hintedError is an error and what to do about it.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Hint() string  { return e.hint }
func (e *hintedError) Unwrap() error { return e.error }

func hinted(err error, hint string) error { return &hintedError{err, hint} }

// outcomeOf judges an error of a delivery: one of this package, or of an AWS
// call. Any other error came before anything was sent.
func outcomeOf(err error) (Outcome, time.Duration) {
	var e *DeliveryError
	switch {
	case err == nil:
		return Delivered, 0
	case errors.As(err, &e):
		return e.Outcome, e.After
	}
	switch fleet.KindOf(err) {
	case fleet.UnknownOutcome:
		return Unknown, 0
	case fleet.NotFound, fleet.Denied, fleet.Invalid:
		return Rejected, 0
	}
	return Later, 0
}

func rejected(hint, format string, args ...any) error {
	return &DeliveryError{Outcome: Rejected, What: fmt.Sprintf(format, args...), hint: hint}
}
