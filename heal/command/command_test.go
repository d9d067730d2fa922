package command_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/command"
	"github.com/setmend/setmend/plan"
)

var begin = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

const set = fleet.StackSetName("queue")

func target(n int) fleet.Target {
	return fleet.Target{Account: fleet.AccountID(fmt.Sprintf("2000000000%02d", n)), Region: "eu-central-1"}
}

// commandOf is a command of a kind for n cells, with the requests that a plan has.
func commandOf(kind command.Kind, n int) command.Command {
	c := command.Command{ID: "heal-1-a", Run: "run-1", Kind: kind,
		Action: plan.Action{ID: "a", StackSet: set}}
	request := plan.Request{StackSet: set, Regions: []fleet.Region{"eu-central-1"}}
	for i := range n {
		c.Cells = append(c.Cells, command.Cell{Cell: fleet.Cell{StackSet: set, Target: target(i)}, StackID: fmt.Sprint("stack-", i)})
		request.Accounts = append(request.Accounts, target(i).Account)
		c.Action.Targets = append(c.Action.Targets, target(i))
	}
	with := func(kind plan.RequestKind, change func(*plan.Request)) {
		r := request
		r.Kind = kind
		change(&r)
		c.Action.Requests = append(c.Action.Requests, r)
	}
	switch kind {
	case command.Deploy:
		with(plan.RequestCreate, func(*plan.Request) {})
	case command.Retry, command.Update:
		with(plan.RequestUpdate, func(*plan.Request) {})
	case command.Redeploy:
		with(plan.RequestDelete, func(*plan.Request) {})
		with(plan.RequestCreate, func(r *plan.Request) { r.Restores = true })
	case command.Remove, command.Detach:
		with(plan.RequestDelete, func(r *plan.Request) { r.RetainStacks = kind == command.Detach })
	case command.Detect:
		c.Cells, c.Action.Targets = nil, nil
		c.Action.Requests = []plan.Request{{Kind: plan.RequestDetect, StackSet: set, Instances: n}}
	}
	return c
}

// story plays a command: every effect gets an event, and what became of it is drawn.
type story struct {
	t      *rapid.T
	c      command.Command
	events []command.Event
	now    time.Time
	lucky  bool // everything succeeds from now on
	saved  map[fleet.Cell]bool
	intent map[int]bool
}

var kinds = []command.Kind{command.Deploy, command.Retry, command.Revert, command.ContinueRollback, command.Redeploy, command.Remove, command.Detach,
	command.Detect, command.Update, command.Quarantine}

func tell(t *rapid.T) *story {
	s := &story{t: t, now: begin, saved: map[fleet.Cell]bool{}, intent: map[int]bool{}}
	opened := commandOf(rapid.SampledFrom(kinds).Draw(t, "kind"), rapid.IntRange(1, 5).Draw(t, "cells"))
	s.happen2("heal-1-a", command.Opened{Command: opened})
	return s
}

func (s *story) happen(f command.Fact) { s.happen2(s.c.ID, f) }

func (s *story) happen2(id string, f command.Fact) {
	e := command.Event{Command: id, At: s.now, Epoch: 1, Fact: f}
	if err := command.Apply(&s.c, e); err != nil {
		s.t.Fatalf("a legal event was refused: %v", err)
	}
	s.events = append(s.events, e)
}

// chance draws whether something goes wrong.
func (s *story) chance(what string) bool {
	return !s.lucky && rapid.IntRange(0, 2).Draw(s.t, what) == 0
}

func (s *story) outcome(cell fleet.Cell, ok command.CellState) command.Outcome {
	if s.chance("fails") {
		return command.Outcome{Cell: cell, State: command.Failed, Class: plan.ReasonUnknown, Reason: "no", Kept: s.chance("kept")}
	}
	return command.Outcome{Cell: cell, State: ok}
}

// step does what the command wants.
func (s *story) step() {
	effect := command.Next(&s.c, s.now)
	s.now = s.now.Add(time.Second)
	switch effect.Do {
	case command.DoWait:
		s.now = effect.Until
	case command.DoBegin:
		if s.chance("held back") {
			s.happen(command.HeldBack{Reason: "held"})
			return
		}
		s.happen(command.Began{})
	case command.DoSave:
		if s.chance("changed") {
			s.happen(command.ChangedSincePlan{Reason: "changed"})
			return
		}
		var f command.Saved
		for _, cell := range effect.Cells {
			if s.chance("masked") {
				f.Outcomes = append(f.Outcomes, command.Outcome{Cell: cell, State: command.Failed, Reason: "masked"})
				continue
			}
			s.saved[cell] = true
			f.Copies = append(f.Copies, command.Copy{Cell: cell, Overrides: []fleet.Parameter{{Key: "Owner", Value: string(cell.Account)}}})
		}
		s.happen(f)
	case command.DoSend:
		s.send(effect.Attempt)
	case command.DoDrop:
		s.happen(command.RequestDropped{Attempt: effect.Attempt})
	case command.DoLookUp:
		if s.chance("not there") {
			s.happen(command.RequestLost{Attempt: effect.Attempt})
			return
		}
		s.happen(command.RequestAccepted{Attempt: effect.Attempt})
	case command.DoPoll:
		s.happen(command.OperationEnded{Attempt: effect.Attempt, Status: fleet.OperationSucceeded, At: s.now})
	case command.DoReadResults:
		var f command.ResultsRead
		f.Attempt = effect.Attempt
		if s.c.Kind != command.Detect {
			for _, t := range s.c.Attempts[effect.Attempt].Request.Targets() {
				f.Outcomes = append(f.Outcomes, s.outcome(fleet.Cell{StackSet: set, Target: t}, command.Healed))
			}
		}
		s.happen(f)
	case command.DoRevert:
		s.revert(effect.Cells)
	case command.DoVerify:
		s.happen(command.Verified{})
	case command.DoRecord:
		s.happen(command.Recorded{})
	case command.DoNothing:
		if !s.c.Done() {
			s.t.Fatalf("nothing is wanted in phase %q", s.c.Phase)
		}
	}
}

func (s *story) send(n int) {
	a := s.c.Attempts[n]
	if s.chance("changed") {
		s.happen(command.ChangedSincePlan{Reason: "changed"})
		return
	}
	if a.Deletes() {
		for _, t := range a.Request.Targets() {
			if cell := (fleet.Cell{StackSet: set, Target: t}); !s.saved[cell] {
				s.t.Fatalf("%s is to be deleted, and was not saved", cell)
			}
		}
	}
	s.happen(command.RequestIntended{Attempt: n, Deadline: s.now.Add(time.Hour)})
	switch {
	case s.chance("busy"):
		s.happen(command.RequestPutOff{Attempt: n, Next: s.now.Add(time.Minute), Busy: s.chance("by others")})
		if s.c.Phase == command.SavePhase {
			s.saved = map[fleet.Cell]bool{}
		}
	case s.chance("unknown"):
		s.happen(command.OutcomeUnknown{Attempt: n, Next: s.now.Add(time.Second)})
	case s.chance("refused"):
		s.happen(command.RequestRefused{Attempt: n, Class: plan.ReasonUnknown, Reason: "no"})
	default:
		s.happen(command.RequestAccepted{Attempt: n, Next: s.now.Add(time.Minute)})
	}
}

func (s *story) revert(cells []fleet.Cell) {
	var preparing []fleet.Cell
	for _, cell := range cells {
		if s.c.Find(cell).State == command.Pending {
			preparing = append(preparing, cell)
		}
	}
	if len(preparing) > 0 {
		s.happen(command.Prepares{Cells: preparing})
	}
	for _, cell := range cells {
		switch {
		case s.c.Find(cell).State == command.Preparing && !s.chance("review"):
			s.happen(command.ChangeSetReviewed{Cell: cell})
		default:
			s.happen(command.CellEnded{Outcome: s.outcome(cell, command.Healed)})
		}
	}
}

// TestEveryCommandEndsWhateverHappens: no phase is without an exit, and no legal
// event is refused.
func TestEveryCommandEndsWhateverHappens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tell(t)
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			s.step()
		}
		s.lucky = true
		for i := 0; !s.c.Done(); i++ {
			if i > 60 {
				t.Fatalf("it does not come out of phase %q: %+v", s.c.Phase, s.c.Attempts)
			}
			s.step()
		}
		for _, cell := range s.c.Cells {
			if s.c.Kind != command.Quarantine && (cell.State == command.Pending || cell.State == command.Deleted) {
				t.Errorf("%s ended as %q", cell.Cell, cell.State)
			}
		}
	})
}

// TestReplayingTheEventsMakesTheSameCommandWithTheSameNextEffect: through their
// JSON form, after every event.
func TestReplayingTheEventsMakesTheSameCommandWithTheSameNextEffect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tell(t)
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			s.step()
		}
		text, err := json.Marshal(s.events)
		if err != nil {
			t.Fatal(err)
		}
		var events []command.Event
		if err := json.Unmarshal(text, &events); err != nil {
			t.Fatal(err)
		}
		replayed, err := command.Replay(events)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s.c, replayed, cmpopts.IgnoreUnexported(command.Command{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("replayed (-before +after):\n%s", diff)
		}
		if was, is := command.Next(&s.c, s.now), command.Next(&replayed, s.now); !reflect.DeepEqual(was, is) {
			t.Errorf("next was %+v, is %+v", was, is)
		}
	})
}

// TestWhatMayHaveBeenDeletedIsPendingUntilItsCreationOrAWSSaysOtherwise holds the
// pending restores against the events, by rules of their own.
func TestWhatMayHaveBeenDeletedIsPendingUntilItsCreationOrAWSSaysOtherwise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := tell(t)
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			s.step()
			pending := map[fleet.Cell]bool{}
			for _, r := range command.Restores(&s.c) {
				pending[r.Cell] = true
				if len(r.Overrides) == 0 || r.Operation == "" {
					t.Errorf("%s is pending without overrides or operation: %+v", r.Cell, r)
				}
			}
			for _, cell := range s.c.Cells {
				if cell.Gone && cell.State != command.Healed && !pending[cell.Cell] {
					t.Errorf("%s was deleted, is %q, and not pending", cell.Cell, cell.State)
				}
			}
			for _, a := range s.c.Attempts {
				if !a.Deletes() || !a.Open() || s.c.Kind != command.Redeploy {
					continue
				}
				for _, target := range a.Request.Targets() {
					if cell := (fleet.Cell{StackSet: set, Target: target}); !pending[cell] {
						t.Errorf("%s is being deleted, and not pending", cell)
					}
				}
			}
		}
	})
}

// TestEventsThatCannotHappenAreRefused: nothing is sent without an intent, and no
// intent comes before the overrides are saved.
func TestEventsThatCannotHappenAreRefused(t *testing.T) {
	open := func(kind command.Kind, facts ...command.Fact) command.Command {
		c := commandOf(kind, 2)
		for _, f := range facts {
			if err := command.Apply(&c, command.Event{Command: c.ID, At: begin, Fact: f}); err != nil {
				t.Fatal(err)
			}
		}
		return c
	}
	saved := command.Saved{Copies: []command.Copy{{Cell: fleet.Cell{StackSet: set, Target: target(0)}}, {Cell: fleet.Cell{StackSet: set, Target: target(1)}}}}
	outside := open(command.Deploy, command.Began{})
	outside.Attempts[0].Request.Accounts = append(slices.Clone(outside.Attempts[0].Request.Accounts), "999999999999")
	for name, try := range map[string]struct {
		c command.Command
		f command.Fact
	}{
		"accepted without intent":                 {open(command.Deploy, command.Began{}), command.RequestAccepted{}},
		"ended without intent":                    {open(command.Deploy, command.Began{}), command.OperationEnded{}},
		"intended before it began":                {open(command.Deploy), command.RequestIntended{}},
		"intended before saving":                  {open(command.Redeploy, command.Began{}), command.RequestIntended{}},
		"saved without one of the cells":          {open(command.Redeploy, command.Began{}), command.Saved{Copies: saved.Copies[:1]}},
		"intended twice":                          {open(command.Deploy, command.Began{}, command.RequestIntended{}), command.RequestIntended{}},
		"outside the plan":                        {outside, command.RequestIntended{}},
		"results before the end":                  {open(command.Redeploy, command.Began{}, saved, command.RequestIntended{}, command.RequestAccepted{}), command.ResultsRead{}},
		"begun twice":                             {open(command.Redeploy, command.Began{}), command.Began{}},
		"opened twice":                            {open(command.Redeploy), command.Opened{Command: commandOf(command.Deploy, 1)}},
		"resolved what was never to be restored":  {open(command.Redeploy), command.RestoreResolved{Cells: []fleet.Cell{{StackSet: set, Target: target(0)}}}},
		"a change set executed for a lost cell":   {open(command.Revert, command.Began{}), command.ChangeSetReviewed{Cell: fleet.Cell{StackSet: set, Target: target(9)}}},
		"a change set reviewed before it is made": {open(command.Revert, command.Began{}), command.ChangeSetReviewed{Cell: fleet.Cell{StackSet: set, Target: target(0)}}},
	} {
		if err := command.Apply(&try.c, command.Event{Command: try.c.ID, At: begin, Fact: try.f}); err == nil {
			t.Errorf("%s: not refused", name)
		}
	}
}

func TestAnEventOfAnotherCommandOrAnUnknownOneIsRefused(t *testing.T) {
	c := commandOf(command.Deploy, 1)
	if err := command.Apply(&c, command.Event{Command: "other", Fact: command.Began{}}); err == nil {
		t.Error("another command's event was applied")
	}
	var e command.Event
	if err := json.Unmarshal([]byte(`{"command":"a","event":"teleported"}`), &e); err == nil {
		t.Error("an unknown event was read")
	}
}

// TestAConflictBeforeTheFirstDeletionStartsOver: what runs on the set may change
// the overrides, so that they are read again.
func TestAConflictBeforeTheFirstDeletionStartsOver(t *testing.T) {
	c := commandOf(command.Redeploy, 1)
	cell := fleet.Cell{StackSet: set, Target: target(0)}
	for _, f := range []command.Fact{command.Began{}, command.Saved{Copies: []command.Copy{{Cell: cell}}}, command.RequestIntended{},
		command.RequestPutOff{Next: begin.Add(time.Minute), Busy: true}} {
		if err := command.Apply(&c, command.Event{Command: c.ID, At: begin, Fact: f}); err != nil {
			t.Fatal(err)
		}
	}
	if c.Phase != command.SavePhase || c.Cells[0].IsSaved || len(command.Restores(&c)) > 0 {
		t.Errorf("phase %q, cells %+v", c.Phase, c.Cells)
	}
	if got := command.Next(&c, begin); got.Do != command.DoWait {
		t.Errorf("next is %+v at once", got)
	}
	if got := command.Next(&c, begin.Add(time.Minute)); got.Do != command.DoSave {
		t.Errorf("next is %+v, want saving again", got)
	}
}

// TestACommandThatIsInterruptedLeavesItsCreationsToTheNextPlan: the pending
// restores outlive it.
func TestACommandThatIsInterruptedLeavesItsCreationsToTheNextPlan(t *testing.T) {
	c := commandOf(command.Redeploy, 1)
	cell := fleet.Cell{StackSet: set, Target: target(0)}
	for _, f := range []command.Fact{command.Began{}, command.Saved{Copies: []command.Copy{{Cell: cell, Overrides: []fleet.Parameter{{Key: "Owner", Value: "a"}}}}},
		command.RequestIntended{}, command.RequestAccepted{}, command.OperationEnded{Status: fleet.OperationSucceeded},
		command.ResultsRead{Outcomes: []command.Outcome{{Cell: cell, State: command.Healed}}}, command.Interrupted{By: "run-2"}} {
		if err := command.Apply(&c, command.Event{Command: c.ID, At: begin, Fact: f}); err != nil {
			t.Fatal(err)
		}
	}
	if !c.Done() || c.Cells[0].State != command.Postponed || len(command.Restores(&c)) != 1 {
		t.Errorf("%q, %+v, %+v", c.Phase, c.Cells, command.Restores(&c))
	}
	resolved := command.Event{Command: c.ID, At: begin, Fact: command.RestoreResolved{Cells: []fleet.Cell{cell}, Why: "created by run-2"}}
	if err := command.Apply(&c, resolved); err != nil || len(command.Restores(&c)) > 0 {
		t.Errorf("%v, %+v", err, command.Restores(&c))
	}
}
