package stacksets

import "time"

// Span is a range that a duration is drawn from.
type Span struct{ Low, High time.Duration }

// Options are AWS's quotas, and what its documentation leaves open, each with
// the most likely or least kind answer as default. The zero value is all
// defaults.
type Options struct {
	// Dispatch is how long an accepted operation takes to start its first
	// instance. Guess: 5 to 10 s.
	Dispatch Span
	// Check is how long it takes an instance to fail before a stack operation
	// begins, such as at a missing role. From AWS's sample of a create with
	// three such failures in 41 s: 8 to 12 s.
	Check Span
	// Detach is how long it takes to let go of a stack that is retained. Guess: 1 to 3 s.
	Detach Span
	// AutoDeployDelay is how long after an account's move automatic deployment
	// starts. Not documented; guess: 30 to 60 s.
	AutoDeployDelay Span

	// MaxSets is the quota of stack sets in an account and region: 1,000.
	MaxSets int
	// MaxInstances is the quota of instances in a stack set: 100,000.
	MaxInstances int
	// MaxBusy is the quota of instances being operated on at once for an admin
	// account in a region, over all its sets: 10,000. AWS does not say what meets
	// it; here operations wait, unless RefuseWhenBusy.
	MaxBusy int
	// RefuseWhenBusy answers LimitExceededException to an operation that would
	// bring more than MaxBusy instances under way.
	RefuseWhenBusy bool
	// MaxBusyPerSet is how many instances of a stack set are operated on at once,
	// 0 for as many as the preferences say. AWS's guide gave 100 as "the maximum
	// speed of deployment" until 2023; today's shows 250 at once in one set, and
	// says only that throttling may lower the number.
	MaxBusyPerSet int
	// MaxQueued is the quota of queued operations in a stack set: 10,000.
	MaxQueued int
	// ExtraRegions are regions that exist besides those of November 2026.
	ExtraRegions []string
	// PageSize is how many summaries a page has that asks for no number. Guess: 100.
	PageSize int
	// KeepOperations is how long ended operations can be described. Not
	// documented; guess: 90 days.
	KeepOperations time.Duration

	// IdempotentOperationIDs answers a request that repeats an operation's id and
	// content with that id. By default every reuse of an id meets
	// OperationIdAlreadyExistsException; AWS documents neither.
	IdempotentOperationIDs bool
	// StrictQueue has managed execution queue every operation while anything runs
	// or waits, as one sentence of AWS's reference says. By default operations on
	// different instances run side by side, as its announcement says.
	StrictQueue bool
	// ParallelStopsAll cancels the other regions too when one exceeds its failure
	// tolerance under PARALLEL. By default they go on; AWS does not say.
	ParallelStopsAll bool
	// SuspendedCountsAsFailure has a skipped suspended account fail its result.
	// By default the result is SUCCEEDED with the reason ACCOUNT_SUSPENDED.
	SuspendedCountsAsFailure bool
	// InoperableAccepts lets CreateStackInstances and UpdateStackInstances try
	// instances that are INOPERABLE. By default these fail at once.
	InoperableAccepts bool
	// DriftStatusOnOperation adds DriftDetectionStatus to an operation's drift
	// details, which the model has and AWS's samples lack.
	DriftStatusOnOperation bool
	// FailedDetectionIsUnknown sets the drift status of an instance whose detection
	// failed to UNKNOWN, which the API's reference reserves for future use. By
	// default the status and the time of the last check stay as they were, and only
	// DetailedStatus and StatusReason show the failure.
	FailedDetectionIsUnknown bool
	// DeployResetsDrift sets an instance's drift status back to NOT_CHECKED when
	// it is deployed. By default it stays until the next detection.
	DeployResetsDrift bool
	// ForgetDeparted keeps instances of accounts that left the organization or
	// their OU from being targeted by the OU they were deployed through. By
	// default the recorded OU still finds them.
	ForgetDeparted bool
	// RefuseRepeatedCreate refuses every second CreateStackSet of a name. By
	// default one with the same token is answered with the set's id while the set
	// is unchanged, as the texts of the errors suggest.
	RefuseRepeatedCreate bool
	// DeletedNamesStayTaken keeps the name of a deleted set from being used again.
	DeletedNamesStayTaken bool
	// DeleteMissingFails has DeleteStackSet of a set that does not exist answer
	// StackSetNotFoundException, which the model does not list for it.
	DeleteMissingFails bool
	// StopFinishedSucceeds has StopStackSetOperation of an operation that has
	// ended succeed, where by default it meets InvalidOperationException.
	StopFinishedSucceeds bool
	// DriftKeepsDetailed has drift detection leave DetailedStatus alone. By default
	// it goes through PENDING and RUNNING to SUCCEEDED or FAILED.
	DriftKeepsDetailed bool
	// SortedRegions works regions that RegionOrder does not name in alphabetical
	// order, instead of that of the request.
	SortedRegions bool
	// KeepRemovedOverrides keeps overrides of parameters that a new template no
	// longer has, in case they come back. By default they are dropped.
	KeepRemovedOverrides bool
	// OmittedParametersStay has UpdateStackSet keep the values of parameters that
	// it does not name. By default these go back to the template's defaults, as
	// for stacks.
	OmittedParametersStay bool
	// CapabilitiesStay has UpdateStackSet keep the capabilities granted before. By
	// default they must be granted again, as for stacks.
	CapabilitiesStay bool
	// DepartedReachable lets operations on service-managed sets reach accounts that
	// left the organization. By default they fail there.
	DepartedReachable bool
	// ToggleCode is the error code for changing ManagedExecution while operations
	// run or wait: InvalidOperationException.
	ToggleCode string
	// CycleCode is the error code for a cycle of DependsOn: ValidationError. Its
	// text is AWS's.
	CycleCode string
	// ImportAction is the Action that an import shows: CREATE. The model has none
	// of its own for it.
	ImportAction string
	// SuspendedReason is the status reason of what was skipped for a suspended
	// account: ACCOUNT_SUSPENDED. Users also show the sentence "This account is
	// suspended. To remove this instance from the stack set, run
	// DeleteStackInstances with the RetainStacks parameter."
	SuspendedReason string
	// StopReason is the status reason of instances that a user's stop cancelled.
	// AWS's text is not known.
	StopReason string
}

// defaulted fills in what was left zero.
func (o Options) defaulted() Options {
	span(&o.Dispatch, 5*time.Second, 10*time.Second)
	span(&o.Check, 8*time.Second, 12*time.Second)
	span(&o.Detach, 1*time.Second, 3*time.Second)
	span(&o.AutoDeployDelay, 30*time.Second, 60*time.Second)
	number(&o.MaxSets, 1_000)
	number(&o.MaxInstances, 100_000)
	number(&o.MaxBusy, 10_000)
	number(&o.MaxQueued, 10_000)
	number(&o.PageSize, 100)
	if o.KeepOperations == 0 {
		o.KeepOperations = 90 * 24 * time.Hour
	}
	text(&o.ToggleCode, "InvalidOperationException")
	text(&o.CycleCode, "ValidationError")
	text(&o.ImportAction, actionCreate)
	text(&o.SuspendedReason, "ACCOUNT_SUSPENDED")
	text(&o.StopReason, "Cancelled since the operation was stopped by the user")
	return o
}

func span(s *Span, low, high time.Duration) {
	if *s == (Span{}) {
		*s = Span{low, high}
	}
}

func number(n *int, value int) {
	if *n == 0 {
		*n = value
	}
}

func text(s *string, value string) {
	if *s == "" {
		*s = value
	}
}
