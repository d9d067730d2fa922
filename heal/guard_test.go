package heal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// guarded is a world in which a guard trips, and the id that accepts it.
type guarded struct {
	promise string
	guard   plan.Guard
	id      string // as --accept and approvals take it
	arrange func(w *world)
	done    func(w *world) bool // whether what the guard holds back was done
}

func acceptable() []guarded {
	return []guarded{
		{"21 % of a set drifted", plan.GuardMassDrift, "mass-drift:queue", func(w *world) {
			accounts := w.accounts(30)
			w.stackSet("queue", accounts)
			for _, a := range accounts[:7] {
				w.drift("queue", a)
			}
		}, func(w *world) bool { return len(w.calls("DeleteStackInstances")) > 0 }},
		{"an organization that shrank", plan.GuardOrganizationShrank, "organization-shrank", func(w *world) {
			accounts := w.accounts(30)
			w.stackSet("queue", accounts)
			for _, a := range accounts[:3] {
				w.locked(func() error { return w.aws.Organization().Leave(a) })
			}
		}, func(w *world) bool { return len(w.calls("DeleteStackInstances")) > 0 }},
		{"a fifth of a set to be removed", plan.GuardMassRemoval, "mass-removal:queue", func(w *world) {
			accounts := w.accounts(30)
			w.stackSet("queue", accounts)
			for _, a := range accounts[:7] {
				w.locked(func() error { return w.aws.Organization().Suspend(a) })
			}
		}, func(w *world) bool { return len(w.calls("DeleteStackInstances")) > 0 }},
		{"quiet hours", plan.GuardQuietHours, "quiet-hours:queue", func(w *world) {
			w.setPolicy(`{version: 1, stackSets: [{match: "*", quietHours: [{from: "00:00", to: "12:00"}]}]}`)
			w.stackSet("queue", w.accounts(6)[1:])
		}, func(w *world) bool { return len(w.calls("CreateStackInstances")) > 0 }},
	}
}

func TestGuardsStopTheSetAndAskAPerson(t *testing.T) {
	for _, g := range acceptable() {
		t.Run(g.promise, func(t *testing.T) {
			scenario(t, func(w *world) {
				g.arrange(w)
				r := w.heal(heal.Options{})
				got := trip(t, r, g.guard)
				if g.done(w) || got.Accepted || got.Reason == "" || got.Hint == "" || r.Run.Result != report.Attention {
					t.Errorf("acted %t, guard %+v, result %s", g.done(w), got, r.Run.Result)
				}
				list, err := record.Approvals(w.t.Context(), w.journal)
				w.must(err)
				if len(list) != 1 || list[0].ID != g.id || list[0].Decision != "" {
					t.Errorf("approvals: %+v", list)
				}
			})
		})
	}
}

func TestGuardsAcceptedByNameLetTheWorkGoOn(t *testing.T) {
	for _, g := range acceptable() {
		t.Run(g.promise, func(t *testing.T) {
			scenario(t, func(w *world) {
				g.arrange(w)
				r := w.heal(heal.Options{Accept: []string{g.id}})
				if !g.done(w) || !trip(t, r, g.guard).Accepted || r.Run.Result != report.Healed {
					t.Errorf("acted %t, result %s, attention %+v", g.done(w), r.Run.Result, r.Attention)
				}
			})
		})
	}
}

func TestGuardsApprovedAfterwardsLetTheNextRunGoOn(t *testing.T) {
	for _, g := range acceptable() {
		t.Run(g.promise, func(t *testing.T) {
			scenario(t, func(w *world) {
				g.arrange(w)
				w.heal(heal.Options{})
				w.must(record.Decide(w.t.Context(), w.journal, g.id, true, "alex", time.Now()))
				if r := w.heal(heal.Options{}); !g.done(w) || r.Run.Result != report.Healed {
					t.Errorf("acted %t, result %s", g.done(w), r.Run.Result)
				}
			})
		})
	}
}

func TestGuardsDeniedKeepStoppingAndDoNotAskAgain(t *testing.T) {
	g := acceptable()[0]
	scenario(t, func(w *world) {
		g.arrange(w)
		w.heal(heal.Options{})
		w.must(record.Decide(w.t.Context(), w.journal, g.id, false, "alex", time.Now()))
		w.heal(heal.Options{})
		list, err := record.Approvals(w.t.Context(), w.journal)
		w.must(err)
		if g.done(w) || len(list) != 1 || list[0].Decision != "denied" {
			t.Errorf("acted %t, approvals %+v", g.done(w), list)
		}
	})
}

func TestAnApprovalHoldsForADayOnly(t *testing.T) {
	g := acceptable()[0]
	scenario(t, func(w *world) {
		g.arrange(w)
		w.heal(heal.Options{})
		w.must(record.Decide(w.t.Context(), w.journal, g.id, true, "alex", time.Now()))
		time.Sleep(25 * time.Hour)
		w.heal(heal.Options{})
		list, err := record.Approvals(w.t.Context(), w.journal)
		w.must(err)
		if g.done(w) || len(list) != 1 || list[0].Decision != "" {
			t.Errorf("acted %t, approvals %+v", g.done(w), list)
		}
	})
}

// driftMore lets a set of 30 instances drift in as many of them as is wanted.
func driftMore(w *world, accounts []string, n int) {
	for _, a := range accounts[:n] {
		w.drift("queue", a)
	}
}

func TestAnApprovalHoldsForWhatWasSeenAndAsksAnewForMore(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(30)
		w.stackSet("queue", accounts)
		driftMore(w, accounts, 7)
		w.heal(heal.Options{})
		w.must(record.Decide(w.t.Context(), w.journal, "mass-drift:queue", true, "alex", time.Now()))
		driftMore(w, accounts, 28)
		time.Sleep(13 * time.Hour) // the last check is too old: AWS detects again
		r := w.heal(heal.Options{})
		got := trip(t, r, plan.GuardMassDrift)
		if got.Accepted || r.After.Drifted != 21 { // the 7 that were approved are healed
			t.Errorf("%d left drifted under an approval for 7; guard %+v", r.After.Drifted, got)
		}
		if !strings.Contains(got.Reason, "7 of 30 were approved by alex; now there are 21") {
			t.Errorf("the guard does not say what was approved: %s", got.Reason)
		}
		list, err := record.Approvals(w.t.Context(), w.journal)
		w.must(err)
		if len(list) != 1 || list[0].Decision != "" || list[0].Numbers.Of != 21 {
			t.Errorf("not asked anew: %+v", list)
		}
		w.must(record.Decide(w.t.Context(), w.journal, "mass-drift:queue", true, "alex", time.Now()))
		if r := w.heal(heal.Options{}); r.Run.Result != report.Healed || r.After.Healthy != 30 {
			t.Errorf("approved anew: %s, %+v", r.Run.Result, r.After)
		}
	})
}

func TestAnApprovalHoldsForOneMore(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(30)
		w.stackSet("queue", accounts)
		driftMore(w, accounts, 7)
		w.heal(heal.Options{})
		w.must(record.Decide(w.t.Context(), w.journal, "mass-drift:queue", true, "alex", time.Now()))
		driftMore(w, accounts, 8)
		time.Sleep(13 * time.Hour)
		if r := w.heal(heal.Options{}); r.Run.Result != report.Healed || r.After.Healthy != 30 {
			t.Errorf("%s, %+v", r.Run.Result, r.After)
		}
	})
}

func TestAnAnswerBeforehandThatCannotBeTakenEndsTheRunBeforeAnyChange(t *testing.T) {
	for _, answer := range []string{"mass-drft:queue", "mass-drift:quue", "incomplete-inventory", "lease", "organization-shrank:queue"} {
		scenario(t, func(w *world) {
			acceptable()[0].arrange(w)
			r := w.heal(heal.Options{Accept: []string{answer}})
			w.untouched()
			if r.Run.Result != report.Failed || !strings.Contains(r.Run.Error, "accepting "+answer) {
				t.Errorf("%s: %s, %s", answer, r.Run.Result, r.Run.Error)
			}
		})
	}
}

func TestAGuardStopsItsOwnSetAndNotTheOthers(t *testing.T) {
	scenario(t, func(w *world) {
		g := acceptable()[0]
		g.arrange(w)
		w.stackSet("bus", []string{"200000000001"}, tagged(map[string]string{"selfhealing": "true"}))
		w.drift("bus", "200000000001")
		r := w.heal(heal.Options{})
		if got := cell(t, r, "bus", "200000000001"); got.Verdict != plan.Healthy || len(got.Steps) == 0 {
			t.Errorf("the other set: %s, %+v", got.Verdict, got.Steps)
		}
		if len(w.calls("DeleteStackInstances")) != 1 {
			t.Errorf("%d deletions, want the other set's", len(w.calls("DeleteStackInstances")))
		}
	})
}

func TestSomebodyElsesOperationIsWaitedForNeverStoppedAndThenHealed(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(8)
		w.stackSet("queue", accounts[1:])
		w.must(w.connect().Change(w.t.Context(), fleet.InstanceChange{OperationID: "a-person", StackSet: "queue", Kind: fleet.OperationUpdate,
			Accounts: ids(accounts[1:]), Regions: []fleet.Region{home}, OUs: []fleet.OUID{fleet.OUID(w.ou)}}))
		r := w.heal(heal.Options{})
		w.met(r, plan.GuardExternalOperation)
		if r.Run.Result != report.Healed || r.After.Healthy != 8 || len(w.calls("StopStackSetOperation")) > 0 {
			t.Errorf("%s, %+v", r.Run.Result, r.After)
		}
		operation, err := w.connect().Operation(w.t.Context(), "queue", "a-person")
		w.must(err)
		if operation.Status != fleet.OperationSucceeded {
			t.Errorf("the person's operation: %s", operation.Status)
		}
	})
}

func TestAMaskedOverrideIsNeverAcceptable(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:])
		w.instance("queue", accounts[0], awssim.InstanceSeed{Overrides: map[string]string{"Key": "s3cret"}})
		w.drift("queue", accounts[0])
		r := w.heal(heal.Options{})
		w.untouched()
		if got := trip(t, r, plan.GuardMaskedOverride); got.StackSet != "queue" || got.Accepted || got.Hint == "" {
			t.Errorf("the guard: %+v", got)
		}
		if got := cell(t, r, "queue", accounts[0]); got.Class != plan.ReasonMaskedOverride || !got.Attention {
			t.Errorf("%s, class %s", got.Verdict, got.Class)
		}
	})
}

func TestAnInventoryWithoutItsManagementAccountStopsEverything(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:])
		w.drift("queue", accounts[1])
		config := w.config(w.connect())
		config.Cloud = &headless{config.Cloud}
		r := w.healWith(config, heal.Options{})
		trip(t, r, plan.GuardIncompleteInventory)
		if len(w.calls("CreateStackInstances"))+len(w.calls("DeleteStackInstances")) > 0 {
			t.Error("instances were changed")
		}
	})
}

func TestAQuotaUsedUpByOthersIsWaitedFor(t *testing.T) {
	scenario(t, func(w *world) {
		w.setPolicy(`{version: 1, limits: {runningInstances: 4}}`)
		accounts := w.accounts(12)
		w.stackSet("bus", accounts, tagged(nil))
		w.stackSet("queue", accounts[2:])
		w.must(w.connect().Change(w.t.Context(), fleet.InstanceChange{OperationID: "a-person", StackSet: "bus", Kind: fleet.OperationUpdate,
			Accounts: ids(accounts), Regions: []fleet.Region{home}, OUs: []fleet.OUID{fleet.OUID(w.ou)}}))
		r := w.heal(heal.Options{})
		if r.After.Missing != 0 {
			t.Errorf("%+v", r.After)
		}
		busy, err := w.connect().Operation(w.t.Context(), "bus", "a-person")
		w.must(err)
		for _, call := range w.calls("CreateStackInstances") {
			if call.Time.Before(busy.Ended) {
				t.Errorf("created at %s, while the person's operation ran until %s", call.Time, busy.Ended)
			}
		}
	})
}

func TestAContradictionInTheConfigurationStopsTheSetsItNames(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		for i, pair := range [][2]string{{"queue", "bus"}, {"bus", "queue"}, {"topic", ""}} {
			tags := map[string]string{"mandatory": "true", "selfhealing": "true", "region": home}
			if pair[1] != "" {
				tags["dependson"] = pair[1]
			}
			w.stackSet(pair[0], accounts[1+i%2:], tagged(tags))
		}
		r := w.heal(heal.Options{})
		got := trip(t, r, plan.GuardConfiguration)
		if got.Reason == "" || len(r.Problems) == 0 {
			t.Errorf("%+v, problems %+v", got, r.Problems)
		}
		for _, call := range w.calls("CreateStackInstances") {
			if call.Params["StackSetName"] != "topic" {
				t.Errorf("%s was deployed within a cycle", call.Params["StackSetName"])
			}
		}
		if cell(t, r, "topic", accounts[0]).Verdict != plan.Healthy {
			t.Error("the set outside the cycle was left alone")
		}
	})
}

func TestACanaryThatDoesNotComeBackKeepsAllOthersStanding(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(80)
		w.stackSet("queue", accounts)
		for _, a := range accounts[:11] {
			w.drift("queue", a)
		}
		w.locked(func() error { w.aws.Access().AddSCP(awssim.SCP{Target: w.ou, Action: "sqs:CreateQueue"}); return nil })
		watch := &watched{result: func(result *fleet.Result) { result.Reason = "Internal failure" }}
		r := w.healWatched(watch, heal.Options{})
		got := trip(t, r, plan.GuardCanary)
		if n := len(w.calls("DeleteStackInstances")); n != 1 || got.Accepted || got.StackSet != "queue" {
			t.Errorf("%d deletions, want the canary's alone; guard %+v", n, got)
		}
		if r.After.Drifted != 10 || r.Run.Result != report.Attention {
			t.Errorf("%s, %+v", r.Run.Result, r.After)
		}
		w.locked(func() error { w.aws.Access().RemoveSCP(w.ou, "sqs:CreateQueue"); return nil })
		w.must(record.Decide(w.t.Context(), w.journal, "canary-failed:queue", true, "alex", time.Now()))
		time.Sleep(13 * time.Hour) // the canary waits for its cause to go
		if r := w.heal(heal.Options{}); r.After.Healthy != 80 {
			t.Errorf("with the cause gone: %+v", r.After)
		}
	})
}

func ids(accounts []string) []fleet.AccountID {
	list := make([]fleet.AccountID, len(accounts))
	for i, a := range accounts {
		list[i] = fleet.AccountID(a)
	}
	return list
}

func TestSomebodyElsesOperationKeepsNoOtherSetWaiting(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(12)
		w.stackSet("queue", accounts[1:])
		w.stackSet("bus", accounts[:2], tagged(map[string]string{"selfhealing": "true"}))
		w.drift("bus", accounts[0])
		w.must(w.connect().Change(w.t.Context(), fleet.InstanceChange{OperationID: "a-person", StackSet: "queue", Kind: fleet.OperationUpdate,
			Accounts: ids(accounts[1:]), Regions: []fleet.Region{home}, OUs: []fleet.OUID{fleet.OUID(w.ou)},
			Preferences: fleet.Preferences{MaxConcurrentCount: 1}}))
		r := w.heal(heal.Options{})
		operation, err := w.connect().Operation(w.t.Context(), "queue", "a-person")
		w.must(err)
		if deletions := w.calls("DeleteStackInstances"); len(deletions) != 1 || deletions[0].Time.After(operation.Ended) {
			t.Errorf("the other set was healed by %d deletions, the first not before %s", len(deletions), operation.Ended)
		}
		if r.Run.Result != report.Healed || r.After.Healthy != 14 {
			t.Errorf("%s, %+v", r.Run.Result, r.After)
		}
	})
}
