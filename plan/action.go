package plan

import (
	"time"

	"github.com/setmend/setmend/fleet"
)

// Stage is the part of a run that carries an action out.
type Stage string

const (
	StageCleanup Stage = "cleanup" // InitCleanup: orphans
	StageDeploy  Stage = "deploy"  // MandatoryDeployment: missing instances
	StageHeal    Stage = "heal"    // Heal: everything else
)

// Rung is a way of acting on cells, least destructive first.
type Rung string

const (
	// RungDeploy creates instances that are missing.
	RungDeploy Rung = "deploy"
	// RungRetry runs the failed operation again (UpdateStackInstances, which
	// leaves overrides as they are when it is given none).
	RungRetry Rung = "retry"
	// RungRevert puts live resources back with a drift-aware change set in the
	// member account; nothing is deleted.
	RungRevert Rung = "revert"
	// RungRedeploy saves the overrides, deletes instance and stack, and creates
	// both again with the saved overrides.
	RungRedeploy Rung = "redeploy"
	// RungRemove deletes an orphan's instance and stack.
	RungRemove Rung = "remove"
	// RungDetach lets go of an instance and leaves the stack where it is.
	RungDetach Rung = "detach"
	// RungQuarantine leaves the cell alone from now on and tells a person.
	RungQuarantine Rung = "quarantine"
)

// Action is one rung for a set of targets of one stack set.
type Action struct {
	// ID is stable: it follows from what the action is, not from when it was
	// planned. [a-z0-9-], unique in its plan.
	ID       string             `json:"id"`
	Stage    Stage              `json:"stage"`
	StackSet fleet.StackSetName `json:"stackSet"`
	Rung     Rung               `json:"rung"`
	Targets  []fleet.Target     `json:"targets"` // sorted
	// Calls cover exactly Targets, each as accounts × regions. For a redeployment
	// they are the deletions; the creations are grouped by overrides later.
	Calls []Block `json:"calls"`
	// OUs are where to look for the accounts, for service-managed sets.
	OUs []fleet.OUID `json:"ous,omitempty"`
	// Together are the dependents that import from this set and must be deleted
	// before it and created again after it, in the order of creation. Only for a
	// redeployment; their cells are those of Targets where they have instances.
	Together []fleet.StackSetName `json:"together,omitempty"`
	// After names the actions that must have ended first, whatever their outcome
	// at other targets.
	After []string `json:"after,omitempty"`
	// Preferences for the calls.
	Preferences fleet.Preferences `json:"preferences"`
	// Wave splits a redeployment that would take down too much at once: waves of
	// one stack set run one after another. Wave 0 is the canary where there are several.
	Wave   int    `json:"wave,omitempty"`
	Reason string `json:"reason"`
	// Requests are exactly what will be sent, in the order of sending.
	Requests []Request `json:"requests,omitempty"`
}

// Block is accounts × regions.
type Block struct {
	Accounts []fleet.AccountID `json:"accounts"`
	Regions  []fleet.Region    `json:"regions"`
}

// Stands reports whether the guard still holds something back.
func (t Trip) Stands() bool { return !t.Accepted && !t.Opened }

// Trip is a guard that tripped. The stack set (or, with StackSet "", the whole
// run) is left alone until a person accepts.
type Trip struct {
	Guard    string             `json:"guard"` // such as organization-shrank
	StackSet fleet.StackSetName `json:"stackSet,omitempty"`
	Reason   string             `json:"reason"`
	Hint     string             `json:"hint"`
	// Accepted is set if a person has accepted it; it then stops nothing.
	Accepted bool `json:"accepted,omitempty"`
	// Opened is set once a guard that opens by itself has done so.
	Opened bool `json:"opened,omitempty"`
	// Waits is set if the guard opens by itself with time: nobody needs to be asked.
	Waits bool `json:"waits,omitempty"`
}

// Guards, by the names that --accept takes.
const (
	GuardOrganizationShrank  = "organization-shrank"
	GuardMassDrift           = "mass-drift"
	GuardMassRemoval         = "mass-removal"
	GuardIncompleteInventory = "incomplete-inventory"
	GuardForeignOperation    = "foreign-operation"
	GuardMaskedOverride      = "masked-override"
	GuardInstanceQuota       = "instance-quota"
	GuardQuietHours          = "quiet-hours"
	GuardConfiguration       = "configuration"
	GuardLease               = "lease"
	GuardChangedMeanwhile    = "changed-meanwhile"
	GuardCanary              = "canary-failed"
	GuardUnavailable         = "max-unavailable"
)

// Estimate is what a plan will cost.
type Estimate struct {
	Operations  int           `json:"operations"` // stack set operations and change sets
	APICalls    int           `json:"apiCalls"`
	Duration    time.Duration `json:"durationNanoseconds"`
	Unavailable int           `json:"unavailable"` // instances deleted and created again
	// UnavailableFor is how long one of them is gone, about.
	UnavailableFor time.Duration `json:"unavailableForNanoseconds"`
}

// Plan is what to do, in order.
type Plan struct {
	At      time.Time `json:"at"`
	Actions []Action  `json:"actions"` // in an order that respects After
	// Left are the cells that need something which nothing will do by itself.
	Left     []Assessed `json:"left,omitempty"`
	Trips    []Trip     `json:"trips,omitempty"`
	Problems []Problem  `json:"problems,omitempty"`
	// Levels are the assessment's, for showing the order.
	Levels   [][]fleet.StackSetName `json:"levels,omitempty"`
	Estimate Estimate               `json:"estimate"`
	// Hash identifies the plan's content: actions, not times.
	Hash string `json:"hash"`
}
