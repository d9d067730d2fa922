package command

import (
	"slices"
	"time"

	"github.com/setmend/setmend/fleet"
)

// Do is what a command wants done.
type Do string

const (
	DoNothing     Do = "nothing" // it is done
	DoWait        Do = "wait"    // until Effect.Until
	DoBegin       Do = "begin"
	DoSave        Do = "save"         // read the overrides of Cells, make them durable, read them back
	DoSend        Do = "send"         // record the intent, send the request
	DoDrop        Do = "drop"         // none of the request's cells needs it any more
	DoLookUp      Do = "look-up"      // ask AWS for the operation by its id
	DoPoll        Do = "poll"         // ask whether the operation has ended
	DoReadResults Do = "read-results" // ask what it did to each cell
	DoRevert      Do = "revert"       // see NextOf for each of Cells
	DoVerify      Do = "verify"       // compare what was created with what was saved
	DoRecord      Do = "record"       // record the outcome in the cells' memory
)

// Effect is what a command wants done next.
type Effect struct {
	Do      Do
	Attempt int          // of DoSend, DoDrop, DoLookUp, DoPoll and DoReadResults
	Cells   []fleet.Cell // of DoSave and DoRevert
	Until   time.Time    // of DoWait
}

// Next returns what the command wants done next. The same state always wants the
// same.
func Next(c *Command, now time.Time) Effect {
	if c.Phase != DonePhase && now.Before(c.NotBefore) {
		return Effect{Do: DoWait, Until: c.NotBefore}
	}
	switch c.Phase {
	case BeginPhase:
		return Effect{Do: DoBegin}
	case SavePhase:
		return Effect{Do: DoSave, Cells: c.cellsIn(Pending)}
	case ChangePhase, RestorePhase:
		return c.nextRequest()
	case RevertPhase:
		return Effect{Do: DoRevert, Cells: c.cellsIn(Pending, Preparing, Reviewed)}
	case VerifyPhase:
		return Effect{Do: DoVerify}
	case RecordPhase:
		return Effect{Do: DoRecord}
	}
	return Effect{Do: DoNothing}
}

// nextRequest returns what the first request of the phase that is not over wants.
func (c *Command) nextRequest() Effect {
	for i := range c.Attempts {
		a := &c.Attempts[i]
		if a.Phase != c.Phase {
			continue
		}
		switch a.State {
		case Planned:
			if c.needs(a) {
				return Effect{Do: DoSend, Attempt: i}
			}
			return Effect{Do: DoDrop, Attempt: i}
		case Intended:
			return Effect{Do: DoLookUp, Attempt: i}
		case Accepted:
			return Effect{Do: DoPoll, Attempt: i}
		case Ended:
			return Effect{Do: DoReadResults, Attempt: i}
		}
	}
	return Effect{Do: DoNothing} // not reached: the phase would have ended
}

// needs reports whether any cell of the request still wants it.
func (c *Command) needs(a *Attempt) bool {
	if c.Kind == Detect {
		return true
	}
	wanted := false
	c.each(a, func(d *Cell) { wanted = wanted || d.State == Pending || d.State == Deleted })
	return wanted
}

func (c *Command) cellsIn(states ...CellState) []fleet.Cell {
	var cells []fleet.Cell
	for i := range c.Cells {
		if slices.Contains(states, c.Cells[i].State) {
			cells = append(cells, c.Cells[i].Cell)
		}
	}
	return cells
}

// each calls f for the attempt's cells.
func (c *Command) each(a *Attempt, f func(*Cell)) {
	for _, target := range a.Request.Targets() {
		if d := c.Find(fleet.Cell{StackSet: a.Request.StackSet, Target: target}); d != nil {
			f(d)
		}
	}
}
