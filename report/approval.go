package report

import (
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// Answer is a person's answer to an [Approval]; "" if there is none yet.
type Answer string

const (
	Approved Answer = "approved"
	Denied   Answer = "denied"
)

// Approval is a guard that was hit and waits for a person, or has heard from one.
type Approval struct {
	ID       string             `json:"id"` // guard or guard:stackset, as --accept takes it
	Guard    plan.Guard         `json:"guard"`
	StackSet fleet.StackSetName `json:"stackSet,omitempty"`
	Reason   string             `json:"reason"`
	// Found is the reason without what was approved before, "" if it is the same.
	Found string `json:"found,omitempty"`
	// Numbers are what the guard had counted when it asked: what the answer is for.
	Numbers  plan.Numbers `json:"numbers,omitzero"`
	Run      string       `json:"run"`
	Asked    time.Time    `json:"asked"`
	Decision Answer       `json:"decision,omitempty"`
	By       string       `json:"by,omitempty"`
	Decided  time.Time    `json:"decided,omitzero"`
	// Until is when the answer ends.
	Until time.Time `json:"until,omitzero"`
}

// NewApproval returns the question that a guard asks.
func NewApproval(hit plan.GuardHit, run string, at time.Time) Approval {
	return Approval{ID: hit.Guard.Of(hit.StackSet), Guard: hit.Guard, StackSet: hit.StackSet,
		Reason: hit.Reason, Found: hit.Found, Numbers: hit.Numbers, Run: run, Asked: at}
}

// Asks reports whether the question is that of the hit: for the same numbers, and for
// what was found, whatever was approved before.
func (a Approval) Asks(hit plan.GuardHit) bool {
	return a.Numbers == hit.Numbers && found(a.Found, a.Reason) == found(hit.Found, hit.Reason)
}

func found(found, reason string) string {
	if found == "" {
		return reason
	}
	return found
}
