package heal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// Approval is a tripped guard that waits for a person, or has heard from one.
type Approval struct {
	ID       string             `json:"id"` // guard or guard:stackset, as --accept takes it
	Guard    plan.Guard         `json:"guard"`
	StackSet fleet.StackSetName `json:"stackSet,omitempty"`
	Reason   string             `json:"reason"`
	Run      string             `json:"run"`
	Asked    time.Time          `json:"asked"`
	Decision string             `json:"decision,omitempty"` // approved, denied
	By       string             `json:"by,omitempty"`
	Decided  time.Time          `json:"decided,omitzero"`
}

// approvalTime is how long an approval holds: it was given for a state of the
// fleet that a person has seen, not for every later one.
const approvalTime = 24 * time.Hour

// ErrNotAsked is the error for a decision that nothing asked for.
var ErrNotAsked = errors.New("nothing asked for it; `setmend approvals list` shows what did")

func approvalID(t plan.GuardHit) string {
	return t.Guard.Of(t.StackSet)
}

// Approvals lists the guards that asked, in order of their ids.
func Approvals(ctx context.Context, j Journal) ([]Approval, error) {
	keys, err := j.Keys(ctx, "approvals/")
	if err != nil {
		return nil, err
	}
	var list []Approval
	for _, key := range keys {
		doc, err := read[Approval](ctx, j, key)
		if err != nil {
			return nil, err
		}
		list = append(list, doc.Value)
	}
	return list, nil
}

// Decide approves or denies what a guard asked.
func Decide(ctx context.Context, j Journal, id string, approve bool, by string, now time.Time) error {
	doc, err := read[Approval](ctx, j, "approvals/"+id)
	if err != nil {
		return err
	}
	if !doc.exists() {
		return fmt.Errorf("deciding on %s: %w", id, ErrNotAsked)
	}
	doc.Value.Decision = "denied"
	if approve {
		doc.Value.Decision = "approved"
	}
	doc.Value.By, doc.Value.Decided = by, now
	return doc.write(ctx, j)
}

func loadApprovals(ctx context.Context, j Journal, m *plan.Memory) error {
	list, err := Approvals(ctx, j)
	if err != nil {
		return err
	}
	for _, a := range list {
		if a.Decision == "approved" {
			m.Accepted[a.ID] = true
		}
	}
	return nil
}

// dropOldApprovals forgets answers that were given too long ago to hold still.
func (r *run) dropOldApprovals(ctx context.Context) error {
	list, err := Approvals(ctx, r.h.Journal)
	if err != nil {
		return err
	}
	for _, a := range list {
		if a.Decision == "" || r.now().Sub(a.Decided) < approvalTime {
			continue
		}
		doc, err := read[Approval](ctx, r.h.Journal, "approvals/"+a.ID)
		if err != nil || !doc.exists() {
			return err
		}
		if err := r.h.Journal.Delete(ctx, doc.key, doc.version); err != nil {
			return fmt.Errorf("forgetting the approval %s: %w", a.ID, err)
		}
	}
	return nil
}

// ask files a request for every guard that tripped and that a person can accept.
// A request that was decided long ago is asked anew.
func (r *run) ask(ctx context.Context, trips []plan.GuardHit) error {
	for _, trip := range trips {
		if trip.Accepted || !acceptable(trip.Guard) {
			continue
		}
		doc, err := read[Approval](ctx, r.h.Journal, "approvals/"+approvalID(trip))
		if err != nil {
			return err
		}
		old := doc.Value
		if doc.exists() && (old.Decision == "" && old.Reason == trip.Reason || r.now().Sub(old.Decided) < approvalTime) {
			continue
		}
		doc.Value = Approval{ID: approvalID(trip), Guard: trip.Guard, StackSet: trip.StackSet,
			Reason: trip.Reason, Run: r.id(), Asked: r.now()}
		if err := doc.write(ctx, r.h.Journal); err != nil {
			return err
		}
	}
	return nil
}

// acceptable tells whether a person's word can open the guard. The others open
// when their cause is gone.
func acceptable(guard plan.Guard) bool {
	switch guard {
	case plan.GuardOrganizationShrank, plan.GuardMassDrift, plan.GuardMassRemoval, plan.GuardQuietHours, plan.GuardCanary:
		return true
	}
	return false
}
