package heal

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
	// Numbers are what the guard had counted when it asked: what the answer is for.
	Numbers  plan.Numbers `json:"numbers,omitzero"`
	Run      string       `json:"run"`
	Asked    time.Time    `json:"asked"`
	Decision string       `json:"decision,omitempty"` // approved, denied
	By       string       `json:"by,omitempty"`
	Note     string       `json:"note,omitempty"` // by who decided, for who reads it later
	Decided  time.Time    `json:"decided,omitzero"`
	// Until is when the answer ends.
	Until time.Time `json:"until,omitzero"`
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

// answer is the approval as a guard takes it.
func (a *Approval) answer() plan.Answer {
	until := a.Until
	if until.IsZero() {
		until = a.Decided.Add(approvalTime) // written by an older version
	}
	return plan.Answer{By: a.By, Until: until, Numbers: a.Numbers}
}

// asks reports whether the open question is that of the hit. Its reason may say, beyond
// the hit's, what was approved before.
func (a *Approval) asks(hit plan.GuardHit) bool {
	return a.Numbers == hit.Numbers && strings.HasPrefix(a.Reason, hit.Reason)
}

// Decide approves or denies what a guard asked, at a time on AWS's clock. The answer
// is for what the guard had counted then, and holds for [approvalTime].
func Decide(ctx context.Context, j Journal, id string, approve bool, by string, now time.Time) error {
	return DecideWithNote(ctx, j, id, approve, by, "", now)
}

// Withdraw takes an answer back: the guard's question is open again. It fails with
// [ErrNotAsked] if nothing of that id was answered. What a run has done since stays.
func Withdraw(ctx context.Context, j Journal, id string) error {
	doc, err := read[Approval](ctx, j, "approvals/"+id)
	if err != nil {
		return err
	}
	if !doc.exists() || doc.Value.Decision == "" {
		return fmt.Errorf("taking back the answer to %s: %w", id, ErrNotAsked)
	}
	doc.Value.Decision, doc.Value.By, doc.Value.Note, doc.Value.Decided, doc.Value.Until = "", "", "", time.Time{}, time.Time{}
	return doc.write(ctx, j)
}

// DecideWithNote is [Decide] with a note for who reads the answer later.
func DecideWithNote(ctx context.Context, j Journal, id string, approve bool, by, note string, now time.Time) error {
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
	doc.Value.By, doc.Value.Note, doc.Value.Decided, doc.Value.Until = by, note, now, now.Add(approvalTime)
	return doc.write(ctx, j)
}

func loadApprovals(ctx context.Context, j Journal, m *plan.Memory) error {
	list, err := Approvals(ctx, j)
	if err != nil {
		return err
	}
	for _, a := range list {
		if a.Decision == "approved" {
			m.Accepted[a.ID] = append(m.Accepted[a.ID], a.answer())
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
		if a.Decision == "" || r.now().Before(a.answer().Until) {
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

// ask files a request for every guard that was hit and that a person can accept. A
// request that was decided is asked anew once the answer is too old, or is not for
// as much as there is now.
func (r *run) ask(ctx context.Context, hits []plan.GuardHit) error {
	for _, hit := range hits {
		if hit.Accepted || !hit.Guard.Acceptable() {
			continue
		}
		doc, err := read[Approval](ctx, r.h.Journal, "approvals/"+approvalID(hit))
		if err != nil {
			return err
		}
		old := &doc.Value
		if doc.exists() && (old.Decision == "" && old.asks(hit) || old.Decision != "" && old.answer().Covers(hit, r.now())) {
			continue
		}
		doc.Value = Approval{ID: approvalID(hit), Guard: hit.Guard, StackSet: hit.StackSet,
			Reason: hit.Reason, Numbers: hit.Numbers, Run: r.id(), Asked: r.now()}
		if err := doc.write(ctx, r.h.Journal); err != nil {
			return err
		}
	}
	return nil
}

// keepFirst remembers what guards that were accepted beforehand have counted.
func (r *run) keepFirst(hits []plan.GuardHit) {
	v := &r.rec.Value
	for _, hit := range hits {
		id := approvalID(hit)
		if _, known := v.First[id]; known || !hit.Accepted {
			continue
		}
		if v.First == nil {
			v.First = map[string]plan.Numbers{}
		}
		v.First[id] = hit.Numbers
	}
}

// checkAccepted fails if the run was given an answer that cannot be taken.
func (r *run) checkAccepted() error {
	sets := fleet.SortedKeys(r.inv.Value.StackSets)
	for _, answer := range r.rec.Value.Options.Accept {
		if err := plan.CheckAccept(answer, sets); err != nil {
			return &StageError{ErrorRun, err}
		}
	}
	return nil
}
