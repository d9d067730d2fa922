package heal_test

import (
	"testing"
	"time"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
)

// flapping makes a queue drift again each time it is deployed or found in sync.
func (w *world) flapping(set, account string) {
	w.aws.OnLanding(func(l awssim.Landing) {
		if l.StackSet == set && l.Account == account {
			w.must(w.aws.Stacks().SetProperty(l.StackID, "Queue", "/MessageRetentionPeriod", 60))
		}
	})
}

func TestWhatDriftsAgainAndAgainIsQuarantinedAfterThreeHealsThatBackOff(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts)
		w.drift("queue", accounts[0])
		w.flapping("queue", accounts[0])
		r := w.heal(heal.Options{})
		got := cell(t, r, "queue", accounts[0])
		if got.Verdict != plan.Quarantined || got.Class != plan.ReasonDriftedAgain || !got.Attention {
			t.Fatalf("left %s, class %s, %s", got.Verdict, got.Class, got.Reason)
		}
		deletions := w.calls("DeleteStackInstances")
		if len(deletions) != 3 {
			t.Fatalf("%d heals, want 3", len(deletions))
		}
		first, second := deletions[1].Time.Sub(deletions[0].Time), deletions[2].Time.Sub(deletions[1].Time)
		if first < 5*time.Minute || second < 10*time.Minute {
			t.Errorf("the second heal came after %s, the third after %s; want 5 and 10 minutes at least", first, second)
		}
		if list, err := record.Quarantine(w.t.Context(), w.journal); err != nil || len(list) != 1 || list[0].Account != fleet.AccountID(accounts[0]) {
			t.Errorf("quarantine: %+v, %v", list, err)
		}
		if again := w.heal(heal.Options{}); len(writes(again)) > 0 {
			t.Errorf("a second run writes %v", writes(again))
		}
	})
}

func TestAReleasedCellIsTriedOnceMoreAndWhatWasTriedStaysToBeRead(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:])
		w.locked(func() error { w.aws.Access().AddSCP(awssim.SCP{Target: accounts[0], Action: "sqs:*"}); return nil })
		w.heal(heal.Options{})
		there := fleet.Cell{StackSet: "queue", Target: target(accounts[0])}
		w.must(record.Release(w.t.Context(), w.journal, there))
		if list, _ := record.Quarantine(w.t.Context(), w.journal); len(list) > 0 {
			t.Errorf("still in quarantine: %+v", list)
		}
		before := len(w.calls("UpdateStackInstances")) + len(w.calls("CreateStackInstances"))
		r := w.heal(heal.Options{})
		if n := len(w.calls("UpdateStackInstances")) + len(w.calls("CreateStackInstances")) - before; n != 1 {
			t.Errorf("%d calls after the release, want 1", n)
		}
		if got := cell(t, r, "queue", accounts[0]); got.Verdict != plan.Blocked {
			t.Errorf("denied again, and left %s", got.Verdict)
		}
		memory, err := record.LoadMemory(w.t.Context(), w.journal, nil, nil)
		w.must(err)
		if heals := memory.Cells[there].Heals; len(heals) != 2 {
			t.Errorf("remembered: %+v", heals)
		}
		if err := record.Release(w.t.Context(), w.journal, fleet.Cell{StackSet: "queue", Target: target(accounts[1])}); err == nil {
			t.Error("a cell that is not in quarantine was released")
		}
	})
}

func TestACellThatWaitedForItsCauseAndIsMendedHasNothingRemembered(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:])
		w.locked(func() error { w.aws.Access().AddSCP(awssim.SCP{Target: accounts[0], Action: "sqs:*"}); return nil })
		w.heal(heal.Options{})
		w.locked(func() error { w.aws.Access().RemoveSCP(accounts[0], "sqs:*"); return nil })
		w.must(w.connect().Change(w.t.Context(), fleet.InstanceChange{OperationID: "a-person", StackSet: "queue", Kind: fleet.OperationUpdate,
			Accounts: ids(accounts[:1]), Regions: []fleet.Region{home}, OUs: []fleet.OUID{fleet.OUID(w.ou)}}))
		time.Sleep(10 * time.Minute)
		r := w.heal(heal.Options{})
		if got := cell(t, r, "queue", accounts[0]); got.Verdict != plan.Healthy {
			t.Fatalf("left %s, %s", got.Verdict, got.Reason)
		}
		memory, err := record.LoadMemory(w.t.Context(), w.journal, nil, nil)
		w.must(err)
		if got, ok := memory.Cells[fleet.Cell{StackSet: "queue", Target: target(accounts[0])}]; ok {
			t.Errorf("still remembered: %+v", got)
		}
	})
}

func TestHealsFurtherApartThanADayDoNotAddUp(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts)
		for day := range 5 {
			w.drift("queue", accounts[0])
			if r := w.heal(heal.Options{}); r.After.Healthy != 6 {
				t.Fatalf("day %d: %+v", day, r.After)
			}
			time.Sleep(25 * time.Hour)
		}
	})
}
