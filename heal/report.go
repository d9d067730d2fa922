package heal

import (
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

// Result is how a run ended.
type Result string

const (
	ResultHealed    Result = "healed"    // nothing is wrong any more
	ResultAttention Result = "attention" // a person is needed
	ResultStopped   Result = "stopped"   // by the kill switch, an interrupt or a lost lease
	ResultFailed    Result = "failed"    // the run itself could not go on
)

// Report is report.json: all that a run found, did and left.
type Report struct {
	Run       RunReport       `json:"run"`
	Fleet     FleetReport     `json:"fleet"`
	Before    plan.Counts     `json:"before"`
	After     plan.Counts     `json:"after"`
	Actions   []ActionReport  `json:"actions"`
	Attention []Attention     `json:"attention"`
	Overrides OverridesReport `json:"overrides"`
	API       APIReport       `json:"api"`
	Guards    []plan.GuardHit `json:"guards"`

	StackSets []StackSetReport `json:"stackSets"`
	// Accounts gives names and places to the account ids in Cells.
	Accounts []fleet.Account         `json:"accounts"`
	OUs      map[fleet.OUID]fleet.OU `json:"ous"`
	Cells    []CellReport            `json:"cells"`
	Levels   [][]fleet.StackSetName  `json:"levels"`
	Problems []policy.Problem        `json:"problems"`
	History  []HistoryPoint          `json:"history"` // earlier runs, oldest first, this one last
	// DataAt is when the fleet was last read.
	DataAt time.Time `json:"dataAt"`
}

// RunReport identifies the run.
type RunReport struct {
	ID             string       `json:"id"`
	Engine         string       `json:"engine"` // embedded, step-functions, read (no heal: a fresh reading only)
	Started        time.Time    `json:"started"`
	Ended          time.Time    `json:"ended,omitzero"` // zero while under way
	VirtualSeconds float64      `json:"virtualSeconds"`
	Result         Result       `json:"result"`
	Stage          string       `json:"stage,omitempty"` // while under way
	HomeRegion     fleet.Region `json:"homeRegion"`
	Error          string       `json:"error,omitempty"`
}

// FleetReport sizes the fleet.
type FleetReport struct {
	Organization string         `json:"organization"`
	Accounts     map[string]int `json:"accounts"` // by standing
	StackSets    int            `json:"stackSets"`
	Cells        int            `json:"cells"`
	Instances    int            `json:"instances"`
}

// ActionReport is one call (or one change set), or one thing decided without a call.
type ActionReport struct {
	ID          string             `json:"id"`
	StackSet    fleet.StackSetName `json:"stackSet"`
	Action      string             `json:"action"` // CREATE, UPDATE, DELETE, DETECT_DRIFT, REVERT_DRIFT, CONTINUE_UPDATE_ROLLBACK, QUARANTINE
	Remedy      plan.Remedy        `json:"remedy"`
	Accounts    []fleet.AccountID  `json:"accounts"`
	Regions     []fleet.Region     `json:"regions"`
	Cells       int                `json:"cells"`
	OperationID string             `json:"operationId"`
	Outcome     string             `json:"outcome"` // succeeded, partial, failed, skipped, running
	Reason      string             `json:"reason"`
	Started     time.Time          `json:"started,omitzero"`
	Ended       time.Time          `json:"ended,omitzero"`
	// After names the actions this one waited for.
	After []string `json:"after,omitempty"`
}

// Attention is a cell that needs a person.
type Attention struct {
	StackSet fleet.StackSetName `json:"stackSet"`
	Account  fleet.AccountID    `json:"account"`
	Region   fleet.Region       `json:"region"`
	Verdict  plan.Verdict       `json:"verdict"`
	Reason   string             `json:"reason"`
	Class    plan.ReasonClass   `json:"class,omitempty"`
	Hint     string             `json:"hint"`
}

// OverridesReport counts the instances whose overrides were saved before a
// deletion, found equal after the creation, and not found equal.
type OverridesReport struct {
	Saved    int `json:"saved"`
	Restored int `json:"restored"`
	Lost     int `json:"lost"`
	// Kept counts the instances that were removed or let go of, and whose overrides are
	// saved in case they come back.
	Kept int `json:"kept,omitempty"`
}

// APIReport counts AWS API calls. A call that was throttled and repeated counts
// each time.
type APIReport struct {
	Calls     int            `json:"calls"`
	Writes    int            `json:"writes"`
	Throttled int            `json:"throttled"`
	ByAction  map[string]int `json:"byAction"`
}

// StackSetReport is one row of the stack set table.
type StackSetReport struct {
	Name fleet.StackSetName `json:"name"`
	// ID is name:uuid, as the console's address wants it.
	ID              string                `json:"id,omitempty"`
	Description     string                `json:"description,omitempty"`
	PermissionModel fleet.PermissionModel `json:"permissionModel"`
	Mandatory       bool                  `json:"mandatory"`
	SelfHealing     bool                  `json:"selfHealing"`
	DependsOn       []fleet.StackSetName  `json:"dependsOn,omitempty"`
	AntiDependsOn   []fleet.StackSetName  `json:"antiDependsOn,omitempty"`
	Instances       int                   `json:"instances"`
	Before          plan.Counts           `json:"before"`
	After           plan.Counts           `json:"after"`
	LastDriftCheck  time.Time             `json:"lastDriftCheck,omitzero"`
	Operations      []fleet.Operation     `json:"operations,omitempty"` // recent, newest first
	// History has a point for each of Report.History, in its order; nil if the
	// earlier runs did not record the set.
	History []StackSetPoint `json:"history,omitempty"`
}

// StackSetPoint is what one run found in one stack set before it healed.
type StackSetPoint struct {
	Worst     plan.Verdict `json:"worst"`     // the last in plan.Verdicts' order, "" if the set was not there
	Unhealthy int          `json:"unhealthy"` // cells neither healthy nor merely not checked
}

// CellReport is one cell. Every cell of the fleet is listed, healthy ones too
// (they carry no drift and no steps): the dashboard draws them all.
type CellReport struct {
	plan.Assessed
	Before  plan.Verdict          `json:"before"` // Verdict is the state after the run
	OU      fleet.OUID            `json:"ou,omitempty"`
	StackID string                `json:"stackId,omitempty"`
	Drift   []fleet.ResourceDrift `json:"drift,omitempty"`
	Steps   []Step                `json:"steps,omitempty"` // the ladder, oldest first
	// Quarantined is when the cell was given up, zero if it was not.
	Quarantined time.Time `json:"quarantined,omitzero"`
}

// Step is one thing that was tried on a cell.
type Step struct {
	At      time.Time        `json:"at"`
	Remedy  plan.Remedy      `json:"remedy"`
	Outcome string           `json:"outcome"`
	Class   plan.ReasonClass `json:"class,omitempty"`
	Reason  string           `json:"reason,omitempty"`
	Action  string           `json:"action,omitempty"` // ActionReport.ID
}

// HistoryPoint is one run in the history.
type HistoryPoint struct {
	Run     string      `json:"run"`
	At      time.Time   `json:"at"`
	Result  Result      `json:"result"`
	Before  plan.Counts `json:"before"`
	After   plan.Counts `json:"after"`
	Seconds float64     `json:"seconds"`
	// Healed is the number of cells that the run put right, HealSeconds the
	// median time from finding one wrong to seeing it healthy, Attention the
	// number of cells left to a person.
	Healed      int     `json:"healed,omitempty"`
	HealSeconds float64 `json:"healSeconds,omitempty"`
	Attention   int     `json:"attention,omitempty"`
}

// Decision is one line of decisions.jsonl.
type Decision struct {
	Time        time.Time          `json:"time"`
	Run         string             `json:"run"`
	StackSet    fleet.StackSetName `json:"stackSet"`
	Account     fleet.AccountID    `json:"account,omitempty"`
	Region      fleet.Region       `json:"region,omitempty"`
	Verdict     plan.Verdict       `json:"verdict,omitempty"`
	Reason      string             `json:"reason"`
	Action      string             `json:"action"`  // a remedy, or none, wait, skip, guard
	Outcome     string             `json:"outcome"` // planned, started, succeeded, failed, …
	OperationID string             `json:"operationId,omitempty"`
}
