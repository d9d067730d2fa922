// Package report holds the results of a run: what it found, did and left, for the
// report file, the page, messages and the terminal. One cell is one [Cell] or
// [Finding] everywhere, one thing tried is one [Step].
//
// report.go has the values, words.go the words they use, new.go what follows from a
// reading alone, history.go what one run is among others. What a run adds is added by
// the healer, from its plans and events; nothing here reads or writes anything.
package report

import (
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/plan/policy"
)

// Report is report.json: all that a run found, did and left.
type Report struct {
	Run       Run             `json:"run"`
	Fleet     Fleet           `json:"fleet"`
	Before    plan.Counts     `json:"before"`
	After     plan.Counts     `json:"after"`
	Actions   []Action        `json:"actions"`
	Attention []Finding       `json:"attention"`
	Overrides Overrides       `json:"overrides"`
	API       API             `json:"api"`
	Guards    []plan.GuardHit `json:"guards"`

	StackSets []StackSet `json:"stackSets"`
	// Accounts gives names and places to the account ids in Cells.
	Accounts []fleet.Account         `json:"accounts"`
	OUs      map[fleet.OUID]fleet.OU `json:"ous"`
	Cells    []Cell                  `json:"cells"`
	Levels   [][]fleet.StackSetName  `json:"levels"`
	Problems []policy.Problem        `json:"problems"`
	History  []HistoryPoint          `json:"history"` // earlier runs, oldest first, this one last
	// DataAt is when the fleet was last read.
	DataAt time.Time `json:"dataAt"`
}

// Run identifies the run.
type Run struct {
	ID             string    `json:"id"`
	Engine         string    `json:"engine"` // embedded, step-functions, read (no heal: a fresh reading only)
	Started        time.Time `json:"started"`
	Ended          time.Time `json:"ended,omitzero"` // zero while under way
	VirtualSeconds float64   `json:"virtualSeconds"`
	Result         Result    `json:"result"`
	Stage          string    `json:"stage,omitempty"` // while under way
	// Progress is how far a run under way has come in its stage.
	Progress Progress `json:"progress,omitzero"`
	// CutOff is when the process that carried a run out was last known to, zero if one
	// still does or the run has ended.
	CutOff     time.Time    `json:"cutOff,omitzero"`
	HomeRegion fleet.Region `json:"homeRegion"`
	Error      string       `json:"error,omitempty"`
}

// Progress is how much of what a stage is for has ended: stack sets where drift is
// detected, cells elsewhere. A cell that failed has ended, too.
type Progress struct {
	Done    int `json:"done"`
	Planned int `json:"planned"`
	// Left is how many seconds the rest takes, about; 0 if that is not known.
	Left float64 `json:"left,omitempty"`
}

// Fleet sizes the fleet.
type Fleet struct {
	Organization string         `json:"organization"`
	Accounts     map[string]int `json:"accounts"` // by standing
	StackSets    int            `json:"stackSets"`
	Cells        int            `json:"cells"`
	Instances    int            `json:"instances"`
}

// Action is one call (or one change set), or one thing decided without a call.
type Action struct {
	ID          string             `json:"id"`
	StackSet    fleet.StackSetName `json:"stackSet"`
	Action      Deed               `json:"action"`
	Remedy      plan.Remedy        `json:"remedy"`
	Accounts    []fleet.AccountID  `json:"accounts"`
	Regions     []fleet.Region     `json:"regions"`
	Cells       int                `json:"cells"`
	OperationID string             `json:"operationId"`
	Outcome     Outcome            `json:"outcome"`
	Reason      string             `json:"reason"`
	Started     time.Time          `json:"started,omitzero"`
	Ended       time.Time          `json:"ended,omitzero"`
	// After names the actions this one waited for.
	After []string `json:"after,omitempty"`
}

// Finding is a cell, or a whole stack set, that needs a person.
type Finding struct {
	fleet.Cell                  // without a target if the whole stack set does
	Verdict    plan.Verdict     `json:"verdict"`
	Reason     string           `json:"reason"`
	Class      plan.ReasonClass `json:"class,omitempty"`
	Hint       string           `json:"hint"`
	Said       string           `json:"said,omitempty"` // AWS's own text in Reason, untrusted
}

// Overrides counts the instances whose overrides were saved before a
// deletion, found equal after the creation, and not found equal.
type Overrides struct {
	Saved    int `json:"saved"`
	Restored int `json:"restored"`
	Lost     int `json:"lost"`
	// Kept counts the instances that were removed or detached and whose overrides are
	// saved in case they come back.
	Kept int `json:"kept,omitempty"`
}

// API counts AWS API calls. A call that was throttled and repeated counts
// each time.
type API struct {
	Calls     int            `json:"calls"`
	Writes    int            `json:"writes"`
	Throttled int            `json:"throttled"`
	ByAction  map[string]int `json:"byAction"`
}

// Plus returns the sum of two counts, which shares nothing with either.
func (a API) Plus(b API) API {
	sum := API{Calls: a.Calls + b.Calls, Writes: a.Writes + b.Writes, Throttled: a.Throttled + b.Throttled, ByAction: map[string]int{}}
	for _, counts := range []map[string]int{a.ByAction, b.ByAction} {
		for action, n := range counts {
			sum.ByAction[action] += n
		}
	}
	return sum
}

// StackSet is one row of the stack set table.
type StackSet struct {
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
	History []Point `json:"history,omitempty"`
}

// Point is what one run found in one stack set before it healed.
type Point struct {
	Worst     plan.Verdict `json:"worst"`     // the last in plan.Verdicts' order, "" if the set was not there
	Unhealthy int          `json:"unhealthy"` // cells neither healthy nor merely not checked
}

// Cell is one cell. Every cell of the fleet is listed, healthy ones too
// (they carry no drift and no steps): the dashboard draws them all.
type Cell struct {
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
	Outcome Outcome          `json:"outcome"`
	Class   plan.ReasonClass `json:"class,omitempty"`
	Reason  string           `json:"reason,omitempty"`
	Said    string           `json:"said,omitempty"`   // AWS's own text in Reason, untrusted
	Action  string           `json:"action,omitempty"` // Action.ID
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

// Decision is one line of decisions.jsonl: what was decided about a cell, a stack set
// or, without either, the run.
type Decision struct {
	Time     time.Time          `json:"time"`
	Run      string             `json:"run"`
	StackSet fleet.StackSetName `json:"stackSet"`
	Account  fleet.AccountID    `json:"account,omitempty"`
	Region   fleet.Region       `json:"region,omitempty"`
	Verdict  plan.Verdict       `json:"verdict,omitempty"`
	Reason   string             `json:"reason"`
	// Said is AWS's own text in Reason, untrusted.
	Said    string  `json:"said,omitempty"`
	Action  Deed    `json:"action"` // a remedy, none or guard
	Outcome Outcome `json:"outcome"`
	// OperationID is the operation that led to the outcome, "" if none did.
	OperationID string `json:"operationId,omitempty"`
}
