package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/setmend/setmend/fleet"
)

// Verdict is what is wrong with a cell, or that nothing is.
type Verdict string

const (
	Healthy     Verdict = "healthy"
	Missing     Verdict = "missing"     // should be there and is not
	Orphan      Verdict = "orphan"      // is there and should not be
	Failed      Verdict = "failed"      // OUTDATED: its last operation failed
	Inoperable  Verdict = "inoperable"  // INOPERABLE: a deletion or an import failed
	Drifted     Verdict = "drifted"     // live resources differ from the template
	Outdated    Verdict = "outdated"    // OUTDATED without a failure of its own, or another template than its set's
	Blocked     Verdict = "blocked"     // something outside the cell forbids acting on it
	Quarantined Verdict = "quarantined" // given up after repeated heals, a person is needed
	NotChecked  Verdict = "notChecked"  // current, but its drift is unknown or too old to trust
)

// Verdicts lists all of them, worst last, in the order reports use.
var Verdicts = [...]Verdict{Healthy, NotChecked, Outdated, Drifted, Missing, Orphan, Failed, Inoperable, Blocked, Quarantined}

// Desire is whether an instance must, may or must not be in a cell.
type Desire string

const (
	Must    Desire = "must"
	May     Desire = "may"
	MustNot Desire = "mustNot"
)

// AccountStatus is what an account's place and state mean for healing.
type AccountStatus string

const (
	StatusActive         AccountStatus = "active"
	StatusSuspended      AccountStatus = "suspended"
	StatusPendingClosure AccountStatus = "pendingClosure"
	StatusClosed         AccountStatus = "closed"
	StatusLeft           AccountStatus = "left" // confirmed: not in the organization
	StatusManagement     AccountStatus = "management"
	StatusUnknown        AccountStatus = "unknown" // never acted on
)

// Assessed is a cell with its verdict.
type Assessed struct {
	fleet.Cell
	Desire Desire `json:"desire"`
	// Because says why the instance must, may or must not be there.
	Because string  `json:"because"`
	Verdict Verdict `json:"verdict"`
	// Reason is a sentence a person understands. Where it repeats AWS's own
	// text, that text is untrusted.
	Reason string `json:"reason"`
	// Said is AWS's own text in Reason, untrusted; "" if it gave none.
	Said string `json:"said,omitempty"`
	// Class is the class of AWS's reason, for Failed, Inoperable and Quarantined.
	Class ReasonClass `json:"class,omitempty"`
	// Hint says what a person could do, if the cell needs one.
	Hint string `json:"hint,omitempty"`
	// Attention is set where a person is needed.
	Attention bool `json:"attention,omitempty"`

	// Remedy is what will be done about it (guards permitting), "" for nothing.
	Remedy Remedy `json:"remedy,omitempty"`
	// NotBefore is when the remedy may be taken at the earliest: heals of one cell
	// back off. Zero if at once.
	NotBefore time.Time `json:"notBefore,omitzero"`
	// Heals is how many heals of the cell count towards quarantine.
	Heals int `json:"heals,omitempty"`

	// AccountStatus is the account's, "" where it is active.
	AccountStatus AccountStatus `json:"accountStatus,omitempty"`
	// Status, Detailed, DriftStatus and Checked are the instance's; "" and zero if
	// there is none.
	Status      fleet.InstanceStatus `json:"status,omitempty"`
	Detailed    fleet.DetailedStatus `json:"detailed,omitempty"`
	DriftStatus fleet.DriftStatus    `json:"driftStatus,omitempty"`
	Checked     time.Time            `json:"checked,omitzero"`
	// Bare tells that there is an instance, but no stack was ever made for it.
	Bare bool `json:"bare,omitempty"`
	// PendingRestore tells that we deleted the instance to redeploy it, and have not seen it
	// back with its overrides yet. It is created again whatever tags and policy say.
	PendingRestore bool `json:"pendingRestore,omitempty"`
	// GivenBack is how many saved overrides it is created with, having had an instance
	// before.
	GivenBack int `json:"givenBack,omitempty"`
	// Importers are the stack sets whose stacks at this target may import from
	// this one's, in the order of creation: they go along if it is redeployed.
	Importers []fleet.StackSetName `json:"importers,omitempty"`
	// Pinned is the reason why it cannot be redeployed, "" if it can: a stack
	// that must stay imports from it.
	Pinned string `json:"pinned,omitempty"`
	// Undeclared tells that what pins it does not name its stack set in dependson.
	Undeclared bool `json:"undeclared,omitempty"`
	// Rollout tells that an update of the stack set was begun and has not come to this
	// instance, or failed at it: the set's rollout is not finished.
	Rollout bool `json:"rollout,omitempty"`
	// Kept is why its stack must not be deleted to be created again, "" if it may
	// be; KeptWhy says it in a sentence.
	Kept    ReasonClass `json:"kept,omitempty"`
	KeptWhy string      `json:"keptWhy,omitempty"`
}

// Present reports whether there is an instance in the cell.
func (c Assessed) Present() bool { return c.Status != "" }

// waitUntil delays the remedy until ready, unless it already waits longer.
func (c *Assessed) waitUntil(ready time.Time) {
	if ready.After(c.NotBefore) {
		c.NotBefore = ready
	}
}

// Counts is the number of cells by verdict, in report.json's form.
type Counts struct {
	Healthy     int `json:"healthy"`
	Missing     int `json:"missing"`
	Orphan      int `json:"orphan"`
	Failed      int `json:"failed"`
	Inoperable  int `json:"inoperable"`
	Drifted     int `json:"drifted"`
	Outdated    int `json:"outdated"`
	Blocked     int `json:"blocked"`
	Quarantined int `json:"quarantined"`
	NotChecked  int `json:"notChecked"`
}

// blockHere says that something outside the cell forbids acting on it, and that
// a person should know.
func blockHere(c *Assessed, reason, hint string) {
	c.Verdict, c.Reason, c.Hint = Blocked, reason, hint
	c.Remedy, c.Attention = "", true
}

// Ours returns the reason without AWS's own text: what setmend itself says.
func (c Assessed) Ours() string {
	if c.Said == "" {
		return c.Reason
	}
	return strings.TrimSpace(strings.Replace(c.Reason, awsSaid(c.Said), "", 1))
}

// quote appends AWS's own text to the reason, and keeps it apart.
func (c *Assessed) quote(said string) {
	c.Reason += awsSaid(said)
	c.Said = said
}

// awsSaid appends AWS's own text, which is untrusted, to a sentence.
func awsSaid(reason string) string {
	if reason == "" {
		return " AWS gives no reason."
	}
	return " AWS says: " + reason
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

func unhealthy(v Verdict) bool {
	return slices.Contains([]Verdict{Missing, Failed, Inoperable, Drifted, Outdated}, v)
}

// stands reports whether the cell has a stack that works, drifted or outdated as
// it may be.
func (c Assessed) stands() bool {
	return c.Present() && !c.Bare && c.Status != fleet.InstanceInoperable
}
