package plan

import (
	"time"

	"github.com/setmend/setmend/fleet"
)

// Memory is what earlier runs know. The zero value is a first run.
type Memory struct {
	// Accounts are the accounts of the last complete reading of the organization
	// that was acted on, with when it was made; for the shrink guard.
	Accounts map[fleet.AccountID]fleet.AccountState `json:"accounts,omitempty"`
	Read     time.Time                              `json:"read,omitzero"`
	// Cells are the cells with a history that still matters.
	Cells map[fleet.Cell]CellMemory `json:"-"`
	// Owed are the cells whose instance was deleted for a redeployment and has not
	// been created again yet, with the overrides it must get. They must be there,
	// whatever the tags say.
	Owed map[fleet.Cell][]fleet.Parameter `json:"-"`
	// Accepted are the guards a person has accepted for this run, as "guard" or
	// "guard:stackset".
	Accepted map[string]bool `json:"accepted,omitempty"`
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
}

// Heal is one attempt at healing a cell.
type Heal struct {
	At      time.Time   `json:"at"`
	Run     string      `json:"run"`
	Rung    Rung        `json:"rung"`
	Verdict Verdict     `json:"verdict"` // what it was meant to heal
	OK      bool        `json:"ok"`      // the call succeeded (the cell may drift again)
	Class   ReasonClass `json:"class,omitempty"`
	Reason  string      `json:"reason,omitempty"` // AWS's text if not
}
