package heal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/explain"
	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
)

// story explains a cell as it is now.
func (w *world) story(set, account string) *explain.Story {
	w.t.Helper()
	f := w.read()
	memory, err := record.LoadMemory(w.t.Context(), w.journal, nil, nil)
	w.must(err)
	assessment := plan.Assess(f, w.policy, memory, time.Now())
	s, err := explain.Cell(w.t.Context(), w.connect(), w.journal, explain.Question{Fleet: f, Assessment: assessment,
		Plan: assessment.Plan(plan.Options{}), Policy: w.policy, Memory: memory,
		Cell: fleet.Cell{StackSet: fleet.StackSetName(set), Target: target(account)}})
	w.must(err)
	return s
}

func TestAStoryTellsDriftPropertyByPropertyAndWhatThePolicyIgnoresOfIt(t *testing.T) {
	scenario(t, func(w *world) {
		w.setPolicy(`{version: 1, stackSets: [{match: "*", healing: notify, ignoreDrift: [{property: /Tags}]}]}`)
		accounts := w.accounts(6)
		w.stackSet("queue", accounts)
		w.drift("queue", accounts[0])
		id, _ := w.aws.StackOf("queue", accounts[0], home)
		w.must(w.aws.SetProperty(id, "Queue", "/Tags/0/Value", "me"))
		w.heal(heal.Options{})
		s := w.story("queue", accounts[0])
		if len(s.Drift) != 1 || len(s.Drift[0].Differences) != 1 || s.Drift[0].Differences[0].Path != "/MessageRetentionPeriod" || s.Drift[0].Differences[0].Actual != "60" {
			t.Errorf("drift: %+v", s.Drift)
		}
		if len(s.Ignored) != 1 || !strings.HasPrefix(s.Ignored[0].Differences[0].Path, "/Tags") {
			t.Errorf("ignored: %+v", s.Ignored)
		}
		if s.Verdict != plan.Drifted || s.Because == "" || s.Next == "" || len(s.Rules) == 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAStoryTellsWhatWasTriedWhenAndByWhichRunAndThatItIsTriedAgain(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:])
		w.locked(func() error { w.aws.Access().AddSCP(awssim.SCP{Target: accounts[0], Action: "sqs:*"}); return nil })
		w.heal(heal.Options{})
		s := w.story("queue", accounts[0])
		if len(s.Tried) != 1 || s.Tried[0].Run != "run-1" || s.Tried[0].At.IsZero() || s.Tried[0].Remedy != plan.RemedyDeploy || s.Tried[0].OK {
			t.Errorf("tried: %+v", s.Tried)
		}
		if !s.Quarantined.IsZero() || s.Verdict != plan.Blocked || !strings.Contains(s.Next, "retry") {
			t.Errorf("given up %s, %s, next %q", s.Quarantined, s.Verdict, s.Next)
		}
	})
}

func TestAStoryTellsOfGuardsThatWaitForAnAnswer(t *testing.T) {
	scenario(t, func(w *world) {
		acceptable()[0].arrange(w)
		w.heal(heal.Options{})
		s := w.story("queue", "200000000001")
		if len(s.Approvals) != 1 || s.Approvals[0].ID != "mass-drift:queue" || !strings.Contains(s.Next, string(plan.GuardMassDrift)) {
			t.Errorf("approvals %+v, next %q", s.Approvals, s.Next)
		}
	})
}

func TestAStoryTellsOfOverridesSavedAndOwed(t *testing.T) {
	scenario(t, func(w *world) {
		_, account, _ := stopping(w, func(*heal.Config) {}, func() { w.must(lease.Stop(w.t.Context(), w.journal, "all", "a fire drill")) })
		s := w.story("queue", account)
		if len(s.Saved) != 1 || !s.Saved[0].Pending || len(s.Saved[0].Overrides) != 1 || s.Verdict != plan.Missing || !strings.Contains(s.Because, "redeployed") {
			t.Errorf("saved %+v; %s, %s", s.Saved, s.Verdict, s.Because)
		}
	})
}

func TestAStoryOfACellWithoutInstanceSaysThatNoneMustBeThere(t *testing.T) {
	scenario(t, func(w *world) {
		w.stackSet("queue", w.accounts(3))
		if s := w.story("queue", "299999999999"); s.Desire != plan.May || s.Instance != nil || s.Next == "" {
			t.Errorf("%+v", s)
		}
	})
}
