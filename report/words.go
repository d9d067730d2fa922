package report

import "github.com/setmend/setmend/plan"

// Result is how a run ended.
type Result string

const (
	Healed    Result = "healed"    // nothing is wrong any more
	Attention Result = "attention" // a person is needed
	Stopped   Result = "stopped"   // by the kill switch, an interrupt or a lost lease
	Failed    Result = "failed"    // the run itself failed
)

// Deed is what was done, or was decided to be done: a [plan.RequestKind] for a call, a
// [plan.Remedy] for a decision, or one of these.
type Deed string

const (
	DeedRevert Deed = "REVERT_DRIFT" // change sets in member accounts
	// DeedContinueRollback continues rollbacks that are stuck, in member accounts.
	DeedContinueRollback Deed = "CONTINUE_UPDATE_ROLLBACK"
	DeedQuarantine       Deed = "QUARANTINE" // given up; no call
	DeedNone             Deed = "none"       // nothing will be done
	DeedGuard            Deed = "guard"      // a guard was hit
)

// Outcome is what came of something.
type Outcome string

const (
	// OutcomePlanned and OutcomeUnhandled are a plan's.
	OutcomePlanned   Outcome = "planned"
	OutcomeUnhandled Outcome = "unhandled"

	// OutcomeRunning, OutcomeSucceeded, OutcomePartial and OutcomeFailed are those of
	// operations.
	OutcomeRunning   Outcome = "running"
	OutcomeSucceeded Outcome = "succeeded"
	OutcomePartial   Outcome = "partial" // the failure tolerance held
	OutcomeFailed    Outcome = "failed"

	// OutcomeHealed, OutcomeSkipped, OutcomeSuspended, OutcomePostponed and
	// OutcomeQuarantined are those of cells.
	OutcomeHealed      Outcome = "healed"
	OutcomeSkipped     Outcome = "skipped"   // it needs nothing any more
	OutcomeSuspended   Outcome = "suspended" // not begun, and not to be begun in this run
	OutcomePostponed   Outcome = "postponed" // deleted; the creation is left to the next plan
	OutcomeQuarantined Outcome = "quarantined"

	// OutcomeAccepted is a guard's that a person has accepted; see [Tripped].
	OutcomeAccepted Outcome = "accepted"
)

// Tripped returns the outcome of a guard that holds something back.
func Tripped(guard plan.Guard) Outcome { return Outcome("tripped: " + string(guard)) }
