package heal_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// What was shown is what is done.

// planned is the plan of the world as `setmend plan` makes it.
func (w *world) planned() *plan.Plan {
	w.t.Helper()
	memory, err := record.LoadMemory(w.t.Context(), w.journal, nil, nil)
	w.must(err)
	return plan.Assess(w.read(), w.policy, memory, time.Now()).Plan(plan.Options{})
}

// carryOut runs with a plan that was given.
func (w *world) carryOut(g record.Given) *report.Report {
	w.t.Helper()
	w.runs++
	id := fmt.Sprintf("run-%d", w.runs)
	text, err := json.Marshal(g) // through a file
	w.must(err)
	var read record.Given
	w.must(json.Unmarshal(text, &read))
	w.must(record.Give(w.t.Context(), w.journal, id, read))
	w.runs--
	return w.heal(heal.Options{})
}

// TestAPlanThatIsAppliedSendsWhatItHoldsAndNothingElse: drift that AWS finds during
// the run is not in the plan, and waits for another.
func TestAPlanThatIsAppliedSendsWhatItHoldsAndNothingElse(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:])
		w.drift("queue", accounts[1])
		p := w.planned()
		r := w.carryOut(record.Given{Plan: p, Exact: true})
		for _, call := range w.aws.Writes() {
			if call.Action == "DeleteStackInstances" {
				t.Errorf("%s was sent, and the plan has no deletion", call.Action)
			}
		}
		if n := len(w.calls("CreateStackInstances")); n != 1 {
			t.Errorf("%d creations, want the plan's", n)
		}
		if n := len(w.calls("DetectStackSetDrift")); n == 0 {
			t.Error("the plan's detection was not sent")
		}
		if r.Run.Result != report.Attention {
			t.Errorf("the result is %s, and drift is left", r.Run.Result)
		}
		beyond, err := record.Beyond(t.Context(), w.journal, r.Run.ID)
		w.must(err)
		if beyond == nil || !slices.ContainsFunc(beyond.Actions, func(a plan.Action) bool { return a.Remedy == plan.RemedyRedeploy }) {
			t.Errorf("what was found beyond the plan is not told: %+v", beyond)
		}
		for _, a := range r.Actions {
			if !inPlan(p, a) {
				t.Errorf("%s of %s was carried out, and is not in the plan", a.Action, a.StackSet)
			}
		}
	})
}

// inPlan reports whether a request that was sent lies within one of the plan's.
func inPlan(p *plan.Plan, sent report.Action) bool {
	for _, a := range p.Actions {
		for _, r := range a.Requests {
			within := func(id fleet.AccountID) bool { return slices.Contains(r.Accounts, id) }
			if report.Deed(r.Kind) == sent.Action && r.StackSet == sent.StackSet && !slices.ContainsFunc(sent.Accounts, func(id fleet.AccountID) bool { return !within(id) }) {
				return true
			}
		}
	}
	return false
}

// TestARunThatWasShownAPlanGoesNoFurther: what was shown as a deployment is not
// redeployed.
func TestARunThatWasShownAPlanGoesNoFurther(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:])
		p := w.planned()
		w.drift("queue", accounts[1])
		w.carryOut(record.Given{Plan: p})
		if n := len(w.calls("DeleteStackInstances")); n > 0 {
			t.Errorf("%d deletions, and none was shown", n)
		}
		if n := len(w.calls("CreateStackInstances")); n != 1 {
			t.Errorf("%d creations, want 1", n)
		}
	})
}

func TestAPlanThatWasChangedIsNotTaken(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(3)
		w.stackSet("queue", accounts[1:])
		p := w.planned()
		p.Actions[0].Requests[0].Accounts = []fleet.AccountID{"999999999999"}
		if err := record.Give(t.Context(), w.journal, "run-1", record.Given{Plan: p, Exact: true}); err == nil {
			t.Error("a changed plan was taken")
		} else if errors.Is(err, record.ErrNotAsked) {
			t.Error(err)
		}
	})
}

// TestAnEmptyPlanThatIsAppliedWritesNothing: what is found is told as another plan.
func TestAnEmptyPlanThatIsAppliedWritesNothing(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts)
		w.heal(heal.Options{})
		p := w.planned()
		if p.Writes() {
			t.Fatalf("%+v", p.Actions)
		}
		w.must(deleteQueue(w, accounts[1]))
		time.Sleep(48 * time.Hour) // what AWS knows of drift is too old now
		before := len(w.aws.Writes())
		r := w.carryOut(record.Given{Plan: p, Exact: true})
		if writes := w.aws.Writes()[before:]; len(writes) > 0 {
			t.Errorf("%d requests were sent, the first %s", len(writes), writes[0].Action)
		}
		if beyond, err := record.Beyond(t.Context(), w.journal, r.Run.ID); err != nil || beyond == nil {
			t.Errorf("the detection that is due is not told: %v", err)
		}
	})
}

// TestADetectionThatAWSRefusesIsAFindingOfItsSet: what was not checked is not healed.
func TestADetectionThatAWSRefusesIsAFindingOfItsSet(t *testing.T) {
	scenario(t, func(w *world) {
		w.stackSet("queue", w.accounts(6))
		w.faults(`faults: [{call: "cloudformation:DetectStackSetDrift", do: fail, code: AccessDenied, status: 403}]`)
		r := w.heal(heal.Options{})
		if r.Run.Result != report.Attention {
			t.Errorf("the result is %s", r.Run.Result)
		}
		if !slices.ContainsFunc(r.Attention, func(a report.Finding) bool { return a.StackSet == "queue" && a.Reason != "" && a.Hint != "" }) {
			t.Errorf("nobody is told: %+v", r.Attention)
		}
	})
}
