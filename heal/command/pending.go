package command

import (
	"time"

	"github.com/setmend/setmend/fleet"
)

// Restore is a cell that a command deletes or has deleted and that must be created
// again: from the intent to delete it on.
type Restore struct {
	fleet.Cell
	Overrides []fleet.Parameter
	StackID   string
	Run       string
	Command   string
	// Operation is the last deletion of the cell that was or may have been sent, At
	// when it was, Deadline the latest moment at which it can have been.
	Operation string
	At        time.Time
	Deadline  time.Time
	// Creation is the last operation that was to create the cell again, "" if there
	// is none.
	Creation string
	// Gone is set if AWS has said that the deletion was carried out.
	Gone bool
	// Refuted is set if AWS had no record of the deletion.
	Refuted bool
}

// Restores lists the cells of a command that may have been deleted and were not
// seen again, and those of which AWS had no record of the deletion.
func Restores(c *Command) []Restore {
	var list []Restore
	for i := range c.Cells {
		d := &c.Cells[i]
		if d.Restore != RestorePending && d.Restore != RestoreRefuted {
			continue
		}
		r := Restore{Cell: d.Cell, Overrides: d.Saved, StackID: d.StackID, Run: c.Run, Command: c.ID, Gone: d.Gone, Refuted: d.Restore == RestoreRefuted}
		for j := range c.Attempts {
			a := &c.Attempts[j]
			if a.Began.IsZero() || a.Request.StackSet != d.StackSet || !covers(a, d.Target) {
				continue
			}
			if a.Deletes() {
				r.Operation, r.At, r.Deadline = a.Operation, a.Began, a.Deadline
			} else {
				r.Creation = a.Operation
			}
		}
		list = append(list, r)
	}
	return list
}
