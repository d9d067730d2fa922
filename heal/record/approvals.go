package record

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// approvalTime is how long an approval holds: it was given for a state of the
// fleet that a person has seen, not for every later one.
const approvalTime = 24 * time.Hour

// ErrNotAsked is the error for a decision that nothing asked for.
var ErrNotAsked = errors.New("nothing asked for it; `setmend approvals list` shows what did")

// Approvals lists the guards that asked, in order of their ids.
func Approvals(ctx context.Context, j Journal) ([]report.Approval, error) {
	keys, err := j.Keys(ctx, approvalsPrefix)
	if err != nil {
		return nil, err
	}
	var list []report.Approval
	for _, key := range keys {
		doc, err := Read[report.Approval](ctx, j, key)
		if err != nil {
			return nil, err
		}
		list = append(list, doc.Value)
	}
	return list, nil
}

// answer is the approval as a guard takes it.
func answer(a report.Approval) plan.Answer {
	until := a.Until
	if until.IsZero() {
		until = a.Decided.Add(approvalTime) // written by an older version
	}
	return plan.Answer{By: a.By, Until: until, Numbers: a.Numbers}
}

// Decide approves or denies what a guard asked, at a time on AWS's clock. The answer
// is for what the guard had counted then, and holds for [approvalTime].
func Decide(ctx context.Context, j Journal, id string, approve bool, by string, now time.Time) error {
	doc, err := Read[report.Approval](ctx, j, approvalsPrefix+id)
	if err != nil {
		return err
	}
	if !doc.Exists() {
		return fmt.Errorf("deciding on %s: %w", id, ErrNotAsked)
	}
	doc.Value.Decision = report.Denied
	if approve {
		doc.Value.Decision = report.Approved
	}
	doc.Value.By, doc.Value.Decided, doc.Value.Until = by, now, now.Add(approvalTime)
	return doc.Write(ctx, j)
}

func loadApprovals(ctx context.Context, j Journal, m *plan.Memory) error {
	list, err := Approvals(ctx, j)
	if err != nil {
		return err
	}
	for _, a := range list {
		if a.Decision == report.Approved {
			m.Accepted[a.ID] = append(m.Accepted[a.ID], answer(a))
		}
	}
	return nil
}

const approvalsPrefix = "approvals/"

// DropApprovals forgets answers that were given too long ago to hold still.
func DropApprovals(ctx context.Context, j Journal, now time.Time) error {
	list, err := Approvals(ctx, j)
	if err != nil {
		return err
	}
	for _, a := range list {
		if a.Decision == "" || now.Before(answer(a).Until) {
			continue
		}
		doc, err := Read[report.Approval](ctx, j, approvalsPrefix+a.ID)
		if err != nil || !doc.Exists() {
			return err
		}
		if err := doc.Delete(ctx, j); err != nil {
			return fmt.Errorf("forgetting the approval %s: %w", a.ID, err)
		}
	}
	return nil
}

// Ask files a request for every guard that was hit and that a person can accept. A
// request that was decided is asked anew once the answer is too old, or is not for
// as much as there is now.
func Ask(ctx context.Context, j Journal, run string, hits []plan.GuardHit, now time.Time) error {
	for _, hit := range hits {
		if hit.Accepted || !hit.Guard.Acceptable() {
			continue
		}
		id := hit.Guard.Of(hit.StackSet)
		doc, err := Read[report.Approval](ctx, j, approvalsPrefix+id)
		if err != nil {
			return err
		}
		old := doc.Value
		if doc.Exists() && (old.Decision == "" && old.Asks(hit) || old.Decision != "" && answer(old).Covers(hit, now)) {
			continue
		}
		doc.Value = report.NewApproval(hit, run, now)
		if err := doc.Write(ctx, j); err != nil {
			return err
		}
	}
	return nil
}
