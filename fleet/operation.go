package fleet

import (
	"strings"
	"time"
)

// OperationStatus is the state of a stack set operation. QUEUED is not an end.
type OperationStatus string

const (
	OperationQueued    OperationStatus = "QUEUED"
	OperationRunning   OperationStatus = "RUNNING"
	OperationStopping  OperationStatus = "STOPPING"
	OperationSucceeded OperationStatus = "SUCCEEDED"
	OperationFailed    OperationStatus = "FAILED"
	OperationStopped   OperationStatus = "STOPPED"
)

// Ended reports whether the operation can change no more.
func (s OperationStatus) Ended() bool {
	return s == OperationSucceeded || s == OperationFailed || s == OperationStopped
}

// OperationKind is a stack set operation's Action.
type OperationKind string

const (
	OperationCreate      OperationKind = "CREATE"
	OperationUpdate      OperationKind = "UPDATE"
	OperationDelete      OperationKind = "DELETE"
	OperationDetectDrift OperationKind = "DETECT_DRIFT"
)

// Operation is a stack set operation as AWS reports it. SUCCEEDED means only
// that the failure tolerance was not exceeded; FailedInstances tells the rest.
type Operation struct {
	ID              string          `json:"id"`
	StackSet        StackSetName    `json:"stackSet"`
	Kind            OperationKind   `json:"kind"`
	Status          OperationStatus `json:"status"`
	Reason          string          `json:"reason,omitempty"`
	FailedInstances int             `json:"failedInstances"`
	Created         time.Time       `json:"created,omitzero"`
	Ended           time.Time       `json:"ended,omitzero"`
	// Drift has live counts, for DETECT_DRIFT only.
	Drift *DriftDetection `json:"drift,omitempty"`
}

// OwnOperation begins the ids of all operations that setmend starts.
const OwnOperation = "setmend-"

// Own reports whether setmend started the operation, in any run.
func (o Operation) Own() bool { return strings.HasPrefix(o.ID, OwnOperation) }

// Result is what an operation did at one target.
type Result struct {
	Target
	Status string `json:"status"` // PENDING, RUNNING, SUCCEEDED, FAILED, CANCELLED
	Reason string `json:"reason,omitempty"`
	OU     OUID   `json:"ou,omitempty"`
}

// RegionConcurrency says whether regions are worked one after another.
type RegionConcurrency string

// ConcurrencyMode says whether concurrency falls as failures arrive.
type ConcurrencyMode string

const (
	RegionsSequential RegionConcurrency = "SEQUENTIAL"
	RegionsParallel   RegionConcurrency = "PARALLEL"

	StrictFailureTolerance ConcurrencyMode = "STRICT_FAILURE_TOLERANCE"
	SoftFailureTolerance   ConcurrencyMode = "SOFT_FAILURE_TOLERANCE"
)

// Preferences are a stack set operation's preferences. Zero counts with zero
// percentages leave AWS's defaults (tolerance 0, one at a time).
type Preferences struct {
	RegionOrder                []Region          `json:"regionOrder,omitempty"`
	RegionConcurrency          RegionConcurrency `json:"regionConcurrency,omitempty"`
	ConcurrencyMode            ConcurrencyMode   `json:"concurrencyMode,omitempty"`
	FailureToleranceCount      int               `json:"failureToleranceCount,omitempty"`
	FailureTolerancePercentage int               `json:"failureTolerancePercentage,omitempty"`
	MaxConcurrentCount         int               `json:"maxConcurrentCount,omitempty"`
	MaxConcurrentPercentage    int               `json:"maxConcurrentPercentage,omitempty"`
}

// InstanceChange asks for one operation on stack instances: every account of
// Accounts in every region of Regions, and nothing else. For a service-managed
// set OUs says where to look for the accounts, always with
// AccountFilterType=INTERSECTION: AWS takes a missing filter for UNION, which
// turns a request for one account into one for the whole OU.
type InstanceChange struct {
	// OperationID is chosen by the caller so that a repeated call is recognised.
	OperationID string        `json:"operationId"`
	StackSet    StackSetName  `json:"stackSet"`
	Kind        OperationKind `json:"kind"` // CREATE, UPDATE or DELETE
	Accounts    []AccountID   `json:"accounts"`
	Regions     []Region      `json:"regions"`
	OUs         []OUID        `json:"ous,omitempty"`
	// Overrides applies to all targets. Nil leaves what is there (or, on create,
	// sets none); an empty list drops every override.
	Overrides   []Parameter `json:"overrides,omitempty"`
	Preferences Preferences `json:"preferences"`
	// RetainStacks is for DELETE: leave the stacks, only let go of them.
	RetainStacks bool `json:"retainStacks,omitempty"`
}

// Targets is the cross product that the change covers, sorted.
func (c InstanceChange) Targets() []Target {
	targets := make([]Target, 0, len(c.Accounts)*len(c.Regions))
	for _, account := range c.Accounts {
		for _, region := range c.Regions {
			targets = append(targets, Target{account, region})
		}
	}
	return SortTargets(targets)
}

// SetChange asks for an update of a stack set: of its definition, and of all its
// instances or of those at the given accounts times regions. What is empty stays.
// AWS changes the definition even if the operation fails.
type SetChange struct {
	OperationID string       `json:"operationId"`
	StackSet    StackSetName `json:"stackSet"`
	// Template is the new template's text, "" for the one that the set has.
	Template string `json:"-"`
	// Declared names the parameters of Template; values of parameters that it does
	// not declare are not carried over. Nil carries all over.
	Declared   []string    `json:"-"`
	Parameters []Parameter `json:"parameters,omitempty"`
	// Tags replaces all tags, unless it is nil.
	Tags map[string]string `json:"tags,omitempty"`
	// Capabilities are acknowledged beside those that the set has.
	Capabilities []string `json:"capabilities,omitempty"`
	// DependsOn are the ARNs of AutoDeployment.DependsOn, unless it is nil. AWS takes
	// it for all instances only.
	DependsOn []string `json:"dependsOn,omitempty"`
	// Accounts, Regions and OUs are as in [InstanceChange]; none is all instances.
	Accounts    []AccountID `json:"accounts,omitempty"`
	Regions     []Region    `json:"regions,omitempty"`
	OUs         []OUID      `json:"ous,omitempty"`
	Preferences Preferences `json:"preferences"`
}
