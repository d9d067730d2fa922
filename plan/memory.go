package plan

import (
	"maps"
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
)

// Memory is what earlier runs know. The zero value is a first run.
type Memory struct {
	// Accounts are the accounts of the last complete reading of the organization
	// that was acted on, with when it was made; for the shrink guard.
	Accounts map[fleet.AccountID]fleet.AccountState `json:"accounts,omitempty"`
	Read     time.Time                              `json:"read,omitzero"`
	// Since is when an account was first seen in another state than active, or
	// gone; for the policy's period of grace. See [Memory.Observe].
	Since map[fleet.AccountID]time.Time `json:"since,omitempty"`
	// Operations are the ids of operations that our own runs have started: they
	// are not external.
	Operations map[string]bool `json:"operations,omitempty"`
	// Detected is when the last drift detection of a set ended that came to all of
	// its present instances, whether it could check them or not. It is needed only of
	// the sets that [InDoubt] names.
	Detected map[fleet.StackSetName]time.Time `json:"detected,omitempty"`
	// Run is the id of the run under way, "" if there is none: what it could not try
	// is left to the next one.
	Run string `json:"-"`
	// Cells are the cells with a history that still matters.
	Cells map[fleet.Cell]CellMemory `json:"-"`
	// Unread are drifted cells of which it could not be read what has drifted, and
	// why. It may be nothing that was changed: they are not redeployed.
	Unread map[fleet.Cell]string `json:"-"`
	// PendingRestores are the cells whose instance was deleted for a redeployment and has not
	// been created again yet, with the overrides it must get. They must be there,
	// whatever the tags say.
	PendingRestores map[fleet.Cell][]fleet.Parameter `json:"-"`
	// Saved are the cells of whose overrides the journal holds a copy from before a
	// deletion, the newest of each cell: what comes back there is given them.
	Saved map[fleet.Cell]SavedInstance `json:"-"`
	// Removed counts the instances of each set that the run under way has removed or
	// detached already: what several of its plans remove is one mass.
	Removed map[fleet.StackSetName]int `json:"-"`
	// Accepted are people's answers to guards, by "guard" or "guard:stackset".
	Accepted map[string][]Answer `json:"accepted,omitempty"`
}

// CellMemory is what is remembered of one cell.
type CellMemory struct {
	// Heals are the heals of the cell within the quarantine window, oldest first.
	Heals []Heal `json:"heals,omitempty"`
	// Quarantined is when it was given up, zero if it was not.
	Quarantined time.Time   `json:"quarantined,omitzero"`
	Reason      string      `json:"reason,omitempty"`
	Class       ReasonClass `json:"class,omitempty"`
	Verdict     Verdict     `json:"verdict,omitempty"` // before the quarantine
	// Released is set when a person asks to try again: what was until then is
	// forgiven, and a failure that is never retried is tried once more.
	Released time.Time `json:"released,omitzero"`
	// DriftIgnored is the time of the drift check of which no difference counts,
	// DriftCounts that of the check of which some do (see [policy.Set.FilterDrift]).
	// A check of another time has not been read.
	DriftIgnored time.Time `json:"driftIgnored,omitzero"`
	DriftCounts  time.Time `json:"driftCounts,omitzero"`
	// Noise says what AWS reported wrongly in that check, and the facts behind it; ""
	// for nothing.
	Noise string `json:"noise,omitempty"`
	// Refuted is the time of the drift check of which a drift-aware change set
	// found nothing to put back.
	Refuted time.Time `json:"refuted,omitzero"`
	// Cause is why the instance is broken, as AWS said before any drift detection
	// came to it; nil if it was not broken. See [Memory.Causes].
	Cause *Cause `json:"cause,omitempty"`
	// Settled is the time of the saved copy of overrides that the cell was given back,
	// or that a person did not want it to have.
	Settled time.Time `json:"settled,omitzero"`
	// Obstacle is why the cell's remedy could not be tried when it was due last, nil
	// if it could. It justifies no harsher remedy.
	Obstacle *Obstacle `json:"obstacle,omitempty"`
}

// Obstacle is what kept a remedy from being tried: access was denied.
type Obstacle struct {
	At     time.Time `json:"at"`
	Run    string    `json:"run"`
	Remedy Remedy    `json:"remedy"`
	Reason string    `json:"reason"` // AWS's text
}

// Heal is one attempt at healing a cell.
type Heal struct {
	At      time.Time   `json:"at"`
	Run     string      `json:"run"`
	Remedy  Remedy      `json:"remedy"`
	Verdict Verdict     `json:"verdict"` // what it was meant to heal
	OK      bool        `json:"ok"`      // the call succeeded (the cell may drift again)
	Class   ReasonClass `json:"class,omitempty"`
	Reason  string      `json:"reason,omitempty"` // AWS's text if not
}

// Observe is the memory after a reading of the fleet that was acted on: the
// accounts it knew, and since when each has not been active.
func (m Memory) Observe(f *fleet.Fleet, now time.Time) Memory {
	next := m
	next.Read = now
	next.Accounts = make(map[fleet.AccountID]fleet.AccountState, len(f.Organization.Accounts))
	next.Since = map[fleet.AccountID]time.Time{}
	note := func(id fleet.AccountID) {
		next.Since[id] = now
		if earlier, ok := m.Since[id]; ok {
			next.Since[id] = earlier
		}
	}
	for id, account := range f.Organization.Accounts {
		next.Accounts[id] = account.State
		if account.State != fleet.AccountActive {
			note(id)
		}
	}
	for id := range f.Departed {
		note(id)
	}
	return next
}

// sortedCells lists a map's cells in order.
func sortedCells[V any](m map[fleet.Cell]V) []fleet.Cell {
	return slices.SortedFunc(maps.Keys(m), fleet.Cell.Compare)
}
