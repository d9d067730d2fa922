package command

import (
	"fmt"
	"slices"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan"
)

// Apply changes the command as the event says. It returns an error, and leaves the
// command as it is, if the event cannot happen in the command's state: then the
// events are not those of this command, or were written by a program that is wrong.
func Apply(c *Command, e Event) error {
	if opened, ok := e.Fact.(Opened); ok {
		if c.ID != "" {
			return fmt.Errorf("applying event opened to command %s: it is open already", c.ID)
		}
		*c = opened.Command
		c.Cells, c.Attempts = slices.Clone(c.Cells), slices.Clone(c.Attempts) // the event keeps its own
		return nil
	}
	if c.ID == "" || c.ID != e.Command {
		return fmt.Errorf("applying event %s of command %q to command %q: it is another's", e.Fact.name(), e.Command, c.ID)
	}
	if !slices.Contains(legal[e.Fact.name()], c.Phase) {
		return fmt.Errorf("applying event %s to command %s: it cannot happen in phase %q", e.Fact.name(), c.ID, c.Phase)
	}
	s := &step{Command: c}
	if err := s.apply(e); err != nil {
		return fmt.Errorf("applying event %s to command %s: %w", e.Fact.name(), c.ID, err)
	}
	s.advance()
	if c.Ended.IsZero() && (c.Phase == RecordPhase || c.Phase == DonePhase) {
		c.Ended = e.At
	}
	return nil
}

// Replay returns the command that the events make.
func Replay(events []Event) (Command, error) {
	var c Command
	for _, e := range events {
		if err := Apply(&c, e); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *step) apply(e Event) error {
	switch f := e.Fact.(type) {
	case Began:
		c.Began, c.mark = e.At, markBegun
	case HeldBack:
		c.mark = markHeldBack
		for i := range c.Cells {
			c.Cells[i].State, c.Cells[i].Reason = Suspended, f.Reason
		}
	case Saved:
		return c.applySaved(f)
	case SavedAgain:
		return c.applyCopies(f.Copies)
	case Prepares:
		for _, cell := range f.Cells {
			if err := c.move(cell, Preparing, Pending, Preparing); err != nil {
				return err
			}
		}
	case ChangeSetReviewed:
		return c.move(f.Cell, Reviewed, Preparing, Reviewed)
	case CellEnded:
		return c.end(f.Outcome, Pending, Preparing, Reviewed)
	case Verified:
		c.mark = markVerified
		return c.applyVerified(f)
	case ChangedSincePlan:
		c.stop(f.Reason, e)
	case Interrupted:
		c.stop("Run "+f.By+" has taken over.", e)
		c.mark = markInterrupted
		for i := range c.Cells {
			if c.Cells[i].State == Deleted {
				c.postpone(&c.Cells[i], "")
			}
		}
	case Recorded:
		c.mark = markRecorded
	case RestoreResolved:
		return c.resolve(f)
	case RestoreReopened:
		return c.reopen(f)
	default:
		return c.applyRequest(e)
	}
	return nil
}

// advance takes the transitions whose conditions hold, one after another.
func (c *step) advance() {
	for {
		i := slices.IndexFunc(table, func(t transition) bool {
			return (t.from == c.Phase || t.from == anyPhase) && t.to != c.Phase && t.when(c)
		})
		if i < 0 {
			return
		}
		c.enter(table[i].to)
	}
}

// enter begins a phase: its attempts follow from the plan's requests.
func (c *step) enter(phase Phase) {
	c.Phase = phase
	switch phase {
	case ChangePhase:
		for _, r := range c.Action.Requests {
			switch {
			case r.Restores:
			case r.Kind == plan.RequestDelete:
				c.add(r.Only(c.In(r.StackSet, Pending))...)
			default:
				c.add(r)
			}
		}
	case RestorePhase:
		for _, r := range c.Action.Requests {
			if r.Restores {
				c.add(r.Restore(c.savedOf(r))...)
			}
		}
	}
}

// savedOf returns the saved overrides of the request's cells that were deleted.
func (c *step) savedOf(r plan.Request) map[fleet.Target][]fleet.Parameter {
	saved := map[fleet.Target][]fleet.Parameter{}
	targets := r.Targets()
	for i := range c.Cells {
		if d := &c.Cells[i]; d.StackSet == r.StackSet && d.State == Deleted && slices.Contains(targets, d.Target) {
			saved[d.Target] = d.Saved
		}
	}
	return saved
}

func (c *step) add(requests ...plan.Request) {
	for _, r := range requests {
		c.Attempts = append(c.Attempts, Attempt{Request: r, Phase: c.Phase, Operation: OperationID(c.Run, c.ID, len(c.Attempts))})
	}
}

func (c *step) applySaved(f Saved) error {
	if err := c.applyCopies(f.Copies); err != nil {
		return err
	}
	for _, o := range f.Outcomes {
		if err := c.end(o, Pending); err != nil {
			return err
		}
	}
	for i := range c.Cells {
		if d := &c.Cells[i]; d.State == Pending && !d.IsSaved {
			return fmt.Errorf("the overrides of %s are not among those saved", d.Cell)
		}
	}
	c.Newest, c.mark = f.Newest, markSaved
	return nil
}

func (c *step) applyCopies(copies []Copy) error {
	for _, saved := range copies {
		d := c.Find(saved.Cell)
		if d == nil {
			return fmt.Errorf("the command has no cell %s", saved.Cell)
		}
		d.Saved, d.IsSaved = nil, true
		if len(saved.Overrides) > 0 {
			d.Saved = saved.Overrides
		}
	}
	return nil
}

// move changes a cell's state, if it is one of the given.
func (c *step) move(cell fleet.Cell, to CellState, from ...CellState) error {
	d := c.Find(cell)
	if d == nil {
		return fmt.Errorf("the command has no cell %s", cell)
	}
	if !slices.Contains(from, d.State) {
		return fmt.Errorf("%s is %q already", cell, d.State)
	}
	d.State = to
	return nil
}

// end gives a cell its outcome, if its state is one of the given.
func (c *step) end(o Outcome, from ...CellState) error {
	if err := c.move(o.Cell, o.State, from...); err != nil {
		return err
	}
	d := c.Find(o.Cell)
	d.Class, d.Reason = o.Class, o.Reason
	return nil
}

func (c *step) applyVerified(f Verified) error {
	for _, o := range f.Outcomes {
		d := c.Find(o.Cell)
		if d == nil {
			return fmt.Errorf("the command has no cell %s", o.Cell)
		}
		d.Restored, d.Lost = o.Restored, o.Lost
		if o.State == Failed {
			d.State, d.Class, d.Reason = Failed, o.Class, o.Reason
		}
	}
	for i := range c.Cells {
		if d := &c.Cells[i]; d.State == Healed && d.Restore == RestorePending {
			d.Restore = RestoreDone
		}
	}
	return nil
}

// stop ends what was not sent. Cells not begun are skipped; cells already deleted
// are left to the next plan once this command is past its deletions.
func (c *step) stop(why string, e Event) {
	c.Stopped = why
	for i := range c.Attempts {
		if a := &c.Attempts[i]; a.State == Planned || a.State == Intended {
			a.State, a.Reason, a.Ended = Refused, why, e.At
		}
	}
	for i := range c.Cells {
		switch d := &c.Cells[i]; d.State {
		case Pending, Preparing, Reviewed:
			d.State, d.Reason = Skipped, why
		case Deleted:
			if c.Phase == RestorePhase {
				c.postpone(d, why)
			}
		}
	}
}

func (c *step) postpone(d *Cell, why string) {
	d.State, d.Reason = Postponed, why+" It is created again by the next plan."
}

func (c *step) resolve(f RestoreResolved) error {
	for _, cell := range f.Cells {
		d := c.Find(cell)
		if d == nil || d.Restore == NoRestore {
			return fmt.Errorf("%s is not to be restored", cell)
		}
		if d.Restore = RestoreDone; f.Refuted {
			d.Restore = RestoreRefuted
		}
	}
	return nil
}

func (c *step) reopen(f RestoreReopened) error {
	for _, cell := range f.Cells {
		d := c.Find(cell)
		if d == nil || d.Restore == NoRestore {
			return fmt.Errorf("%s was not to be deleted", cell)
		}
		d.Restore = RestorePending
	}
	return nil
}

// applyRequest applies the events of a single request.
func (c *step) applyRequest(e Event) error {
	switch f := e.Fact.(type) {
	case RequestIntended:
		a, err := c.attempt(f.Attempt, Planned)
		if err != nil {
			return err
		}
		if err := c.mayIntend(a); err != nil {
			return err
		}
		a.State, a.Began, a.Deadline = Intended, e.At, f.Deadline
		c.NotBefore = e.At
		c.expect(a)
	case RequestAccepted:
		a, err := c.attempt(f.Attempt, Intended)
		if err != nil {
			return err
		}
		a.State, c.NotBefore = Accepted, f.Next
	case RequestRefused:
		a, err := c.attempt(f.Attempt, Planned, Intended)
		if err != nil {
			return err
		}
		a.State, a.Class, a.Reason, a.Ended = Refused, f.Class, f.Reason, e.At
		c.refuse(a)
	case RequestPutOff:
		a, err := c.attempt(f.Attempt, Intended, Planned)
		if err != nil {
			return err
		}
		a.State, c.NotBefore = Planned, f.Next
		c.expectNot(a)
		if f.Busy {
			c.startOver()
		}
	case OutcomeUnknown:
		_, err := c.attempt(f.Attempt, Intended)
		if err != nil {
			return err
		}
		c.NotBefore = f.Next
	case RequestLost:
		a, err := c.attempt(f.Attempt, Intended)
		if err != nil {
			return err
		}
		a.State = Planned
		c.each(a, func(d *Cell) {
			if d.Restore == RestorePending && a.Deletes() {
				d.Restore = RestoreRefuted
			}
		})
	case RequestDropped:
		a, err := c.attempt(f.Attempt, Planned)
		if err != nil {
			return err
		}
		a.State, a.Reason, a.Ended = Refused, "nothing to do any more", e.At
	case OperationEnded:
		a, err := c.attempt(f.Attempt, Intended, Accepted)
		if err != nil {
			return err
		}
		a.State, a.Status, a.Reason, a.Failed, a.Ended = Ended, f.Status, f.Reason, f.Failed, f.At
	case ResultsRead:
		a, err := c.attempt(f.Attempt, Ended)
		if err != nil {
			return err
		}
		a.State = Over
		return c.applyResults(f)
	default:
		return fmt.Errorf("the event is not known")
	}
	return nil
}

// attempt returns the nth request, if it is in one of the given states.
func (c *step) attempt(n int, states ...AttemptState) (*Attempt, error) {
	if n < 0 || n >= len(c.Attempts) {
		return nil, fmt.Errorf("the command has no request %d", n)
	}
	a := &c.Attempts[n]
	if a.Phase != c.Phase {
		return nil, fmt.Errorf("request %d belongs to phase %q, and the command is in %q", n, a.Phase, c.Phase)
	}
	if !slices.Contains(states, a.State) {
		return nil, fmt.Errorf("request %d is %q", n, a.State)
	}
	return a, nil
}

// mayIntend refuses a request while another is open, one that lies outside the
// plan, and a deletion of cells whose overrides are not saved.
func (c *step) mayIntend(a *Attempt) error {
	if open := c.OpenAttempt(); open != nil {
		return fmt.Errorf("operation %s is not over", open.Operation)
	}
	if !slices.ContainsFunc(c.Action.Requests, func(planned plan.Request) bool { return a.Request.Within(planned) }) {
		return fmt.Errorf("the request on %s is not within the plan", a.Request.StackSet)
	}
	if !a.Deletes() {
		return nil
	}
	for _, target := range a.Request.Targets() {
		if d := c.Find(fleet.Cell{StackSet: a.Request.StackSet, Target: target}); d == nil || !d.IsSaved {
			return fmt.Errorf("the overrides of %s are not saved", fleet.Cell{StackSet: a.Request.StackSet, Target: target})
		}
	}
	return nil
}

// expect makes the cells of a redeployment's deletion pending restores.
func (c *step) expect(a *Attempt) {
	if c.Kind != Redeploy || !a.Deletes() {
		return
	}
	c.each(a, func(d *Cell) { d.Restore = RestorePending })
}

// expectNot takes that back for a request that AWS has not taken.
func (c *step) expectNot(a *Attempt) {
	if c.Kind != Redeploy || !a.Deletes() {
		return
	}
	c.each(a, func(d *Cell) { d.Restore = NoRestore })
}

// refuse fails the cells of a request that was not accepted.
func (c *step) refuse(a *Attempt) {
	c.expectNot(a)
	if c.Kind == Detect {
		return
	}
	c.each(a, func(d *Cell) {
		if d.State != Skipped {
			d.State, d.Class, d.Reason = Failed, a.Class, a.Reason
		}
	})
}

// startOver sends a command whose deletions have all not been sent back to saving:
// whatever ran on the set may have changed the overrides.
func (c *step) startOver() {
	if c.Phase != ChangePhase || !is(Redeploy, Remove, Detach)(c) {
		return
	}
	for i := range c.Attempts {
		if c.Attempts[i].State != Planned {
			return
		}
	}
	c.Phase, c.Attempts = SavePhase, nil
	for i := range c.Cells {
		c.Cells[i].Saved, c.Cells[i].IsSaved = nil, false
	}
}

// applyResults moves the cells on: a deletion is half of a redeployment.
func (c *step) applyResults(f ResultsRead) error {
	for _, o := range f.Outcomes {
		d := c.Find(o.Cell)
		if d == nil || d.State == Failed || d.State == Skipped {
			continue
		}
		switch {
		case o.State == Failed:
			d.State, d.Class, d.Reason = Failed, o.Class, o.Reason
			if o.Kept && c.Phase == ChangePhase {
				d.Restore = NoRestore
			}
		case c.Kind == Redeploy && c.Phase == ChangePhase:
			d.State, d.Gone = Deleted, true
		default:
			d.State = Healed
		}
	}
	return nil
}
