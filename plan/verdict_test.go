package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/plan/policy"
)

// TestVerdicts states, one promise a row, what a cell of the set "baseline" in
// member 1's Frankfurt is found to be, and what will be done.
func TestVerdicts(t *testing.T) {
	here := at(1, frankfurt)
	tests := []struct {
		promise string
		tags    string
		policy  string
		fleet   func(*fleet.Fleet, *fleet.Inventory)
		memory  Memory

		verdict   Verdict
		remedy    Remedy
		attention bool
		reason    string // a part of it
	}{
		{
			promise: "a current instance found in sync lately is healthy",
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here) },
			verdict: Healthy, reason: "in sync",
		},
		{
			promise: "an in-sync check older than driftMaxAge is not trusted",
			fleet: func(_ *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here, func(i *fleet.Instance) { i.LastDriftCheck = noon.Add(-25 * time.Hour) })
			},
			verdict: NotChecked, reason: "too old",
		},
		{
			promise: "driftMaxAge of the policy counts",
			policy:  "stackSets: [{match: baseline, driftMaxAge: 7d}]",
			fleet: func(_ *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here, func(i *fleet.Instance) { i.LastDriftCheck = noon.Add(-25 * time.Hour) })
			},
			verdict: Healthy,
		},
		{
			promise: "an instance never checked for drift is not called in sync",
			fleet: func(_ *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here, func(i *fleet.Instance) { i.Drift = fleet.DriftNotChecked })
			},
			verdict: NotChecked, reason: "has not been checked",
		},
		{
			promise: "UNKNOWN drift is not drift",
			fleet: func(_ *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here, func(i *fleet.Instance) { i.Drift = fleet.DriftUnknown })
			},
			verdict: NotChecked, attention: true, reason: "could not check",
		},
		{
			promise: "with healing off the age of a drift check does not matter",
			policy:  "stackSets: [{match: baseline, healing: off}]",
			fleet: func(_ *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here, func(i *fleet.Instance) { i.LastDriftCheck = time.Time{} })
			},
			verdict: Healthy,
		},
		{
			promise: "a mandatory instance that is not there is missing and will be deployed",
			tags:    "mandatory=true",
			verdict: Missing, remedy: RemedyDeploy,
		},
		{
			promise: "tags are read without regard to case",
			tags:    "Mandatory=TRUE",
			verdict: Missing, remedy: RemedyDeploy,
		},
		{
			promise: "the policy stands over the tags",
			tags:    "mandatory=true", policy: "stackSets: [{match: base*, mandatory: false}]",
			verdict: "",
		},
		{
			promise: "a set that is off is judged and not touched",
			tags:    "mandatory=true", policy: "stackSets: [{match: baseline, healing: off}]",
			verdict: Missing, attention: true,
		},
		{
			promise: "a mandatory instance whose account is suspended is not missed",
			tags:    "mandatory=true",
			fleet:   func(f *fleet.Fleet, _ *fleet.Inventory) { setState(f, member(1), fleet.AccountSuspended) },
			verdict: "",
		},
		{
			promise: "an excluded account is not missed",
			tags:    "mandatory=true", policy: `exclude: {accounts: ["` + string(member(1)) + `"]}`,
			verdict: "",
		},
		{
			promise: "accounts of an excluded OU are not missed",
			tags:    "mandatory=true", policy: "stackSets: [{match: '*', exclude: {ous: [" + string(workloads) + "]}}]",
			verdict: "",
		},
		{
			promise: "an instance in an account that left is let go of, its stack left alone",
			fleet:   func(f *fleet.Fleet, s *fleet.Inventory) { deployed(s, here); leave(f, member(1)) },
			verdict: Orphan, remedy: RemedyDetach, reason: "left the organization",
		},
		{
			promise: "an instance in a suspended account is let go of",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here)
				setState(f, member(1), fleet.AccountSuspended)
			},
			verdict: Orphan, remedy: RemedyDetach, reason: "suspended",
		},
		{
			promise: "an instance in a closed account is let go of",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here, drifted)
				setState(f, member(1), fleet.AccountClosed)
			},
			verdict: Orphan, remedy: RemedyDetach, reason: "closed",
		},
		{
			promise: "the policy can hold on to instances in suspended accounts",
			policy:  "accounts: {suspended: hold}",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here)
				setState(f, member(1), fleet.AccountSuspended)
			},
			verdict: Blocked, attention: true, reason: "holds on",
		},
		{
			promise: "nothing is done while an account is being closed, and nobody is called",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here, drifted)
				setState(f, member(1), fleet.AccountPendingClosure)
			},
			verdict: Blocked, reason: "being closed",
		},
		{
			promise: "an account absent from the list and not confirmed gone is never acted on",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here)
				delete(f.Organization.Accounts, member(1))
			},
			verdict: Blocked, attention: true, reason: "nothing confirms",
		},
		{
			promise: "an account with a blank state is never acted on",
			tags:    "mandatory=true",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here, drifted)
				setState(f, member(1), fleet.AccountUnknown)
			},
			verdict: Blocked, attention: true, reason: "says nothing certain",
		},
		{
			promise: "an account in a state that is new to us is never acted on",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here)
				setState(f, member(1), "HIBERNATING")
			},
			verdict: Blocked, attention: true, reason: "HIBERNATING",
		},
		{
			promise: "an account that is not activated yet waits",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here)
				setState(f, member(1), fleet.AccountPendingActivation)
			},
			verdict: Blocked, attention: true, reason: "not activated",
		},
		{
			promise: "an orphan waits out the policy's period of grace",
			policy:  "accounts: {grace: 48h}",
			fleet:   func(f *fleet.Fleet, s *fleet.Inventory) { deployed(s, here); leave(f, member(1)) },
			verdict: Orphan, remedy: RemedyDetach, reason: "grace lasts until 2026-11-22 12:00 UTC",
		},
		{
			promise: "an instance outside the set's OUs is left to a person",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory) {
				serve(s)
				deployed(s, here)
				f.Organization.Accounts[member(1)] = fleet.Account{ID: member(1), State: fleet.AccountActive, OUs: []fleet.OUID{root, sandbox}}
			},
			verdict: Blocked, attention: true, reason: "none of the OUs",
		},
		{
			promise: "an instance outside the set's OUs is removed if the policy says so",
			policy:  "accounts: {moved: remove}",
			fleet: func(f *fleet.Fleet, s *fleet.Inventory) {
				serve(s)
				deployed(s, here)
				f.Organization.Accounts[member(1)] = fleet.Account{ID: member(1), State: fleet.AccountActive, OUs: []fleet.OUID{root, sandbox}}
			},
			verdict: Orphan, remedy: RemedyRemove,
		},
		{
			promise: "an instance in an excluded account is left to a person",
			policy:  `exclude: {accounts: ["` + string(member(1)) + `"]}`,
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here) },
			verdict: Blocked, attention: true, reason: "the account is excluded",
		},
		{
			promise: "an instance in an excluded account is removed if the policy says so",
			policy:  `{exclude: {accounts: ["` + string(member(1)) + `"]}, accounts: {excluded: remove}}`,
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here) },
			verdict: Orphan, remedy: RemedyRemove,
		},
		{
			promise: "a protected set's stack is never removed from a live account",
			policy:  `{exclude: {accounts: ["` + string(member(1)) + `"]}, accounts: {excluded: remove}, defaults: {protected: true}}`,
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here) },
			verdict: Blocked, attention: true,
		},
		{
			promise: "a drifted instance is redeployed where selfhealing is true",
			tags:    "selfhealing=true",
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here, drifted) },
			verdict: Drifted, remedy: RemedyRedeploy,
		},
		{
			promise: "a drifted instance is reverted in place where a member role is configured",
			tags:    "selfhealing=true", policy: "defaults: {memberRole: SetmendHealer}",
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here, drifted) },
			verdict: Drifted, remedy: RemedyRevert,
		},
		{
			promise: "a protected set's drift is reverted, never redeployed",
			tags:    "selfhealing=true", policy: "defaults: {protected: true}",
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here, drifted) },
			verdict: Drifted, attention: true,
		},
		{
			promise: "without selfhealing drift is reported and not touched",
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here, drifted) },
			verdict: Drifted, attention: true,
		},
		{
			promise: "with selfhealing=false drift is reported and not touched",
			tags:    "selfhealing=false",
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here, drifted) },
			verdict: Drifted, attention: true,
		},
		{
			promise: "drift that the policy's rules ignore altogether is health",
			tags:    "selfhealing=true",
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here, drifted) },
			memory:  remembered("baseline", here, CellMemory{DriftIgnored: noon.Add(-time.Hour)}),
			verdict: Healthy, reason: "ignores",
		},
		{
			promise: "drift found after the check that was ignored counts",
			tags:    "selfhealing=true",
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here, drifted) },
			memory:  remembered("baseline", here, CellMemory{DriftIgnored: noon.Add(-2 * time.Hour)}),
			verdict: Drifted, remedy: RemedyRedeploy,
		},
		{
			promise: "a failed instance is retried",
			tags:    "selfhealing=true",
			fleet: func(_ *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here, failedFor("Internal failure"))
			},
			verdict: Failed, remedy: RemedyRetry, reason: "AWS says: Internal failure",
		},
		{
			promise: "a failed instance of a set without selfhealing is reported",
			fleet: func(_ *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here, failedFor("Internal failure"))
			},
			verdict: Failed, attention: true,
		},
		{
			promise: "a mandatory instance that never got a stack is deployed on without selfhealing",
			tags:    "mandatory=true",
			fleet: func(_ *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here, failedFor("Internal failure"), func(i *fleet.Instance) { i.StackID = "" })
			},
			verdict: Failed, remedy: RemedyRetry,
		},
		{
			promise: "a denial is not retried but quarantined",
			tags:    "selfhealing=true",
			fleet: func(_ *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here, failedFor("User: x is not authorized to perform: s3:CreateBucket with an explicit deny in a service control policy"))
			},
			verdict: Failed, remedy: RemedyQuarantine, attention: true,
		},
		{
			promise: "a cancelled instance is retried: nothing was wrong with it",
			tags:    "selfhealing=true",
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here, outdated(fleet.DetailedCancelled)) },
			verdict: Outdated, remedy: RemedyRetry, reason: "cancelled",
		},
		{
			promise: "an instance with another template than its set's is updated",
			tags:    "selfhealing=true",
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here, outdated(fleet.DetailedSucceeded)) },
			verdict: Outdated, remedy: RemedyRetry, reason: "present template",
		},
		{
			promise: "an instance skipped while its account was suspended is retried now that it is active",
			tags:    "selfhealing=true",
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here, outdated(fleet.DetailedSkipped)) },
			verdict: Outdated, remedy: RemedyRetry, reason: "skipped",
		},
		{
			promise: "an instance that an operation is working on is left to it",
			tags:    "selfhealing=true",
			fleet: func(_ *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here, outdated(fleet.DetailedRunning))
				s.Running = []fleet.Operation{{ID: "theirs", Status: fleet.OperationRunning}}
			},
			verdict: Outdated, reason: "still working",
		},
		{
			promise: "an instance pending though no operation runs is retried",
			tags:    "selfhealing=true",
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here, outdated(fleet.DetailedPending)) },
			verdict: Outdated, remedy: RemedyRetry,
		},
		{
			promise: "an inoperable instance is deleted and created again where the cause may have gone",
			tags:    "selfhealing=true",
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here, inoperable("Rate exceeded")) },
			verdict: Inoperable, remedy: RemedyRedeploy,
		},
		{
			promise: "an inoperable instance under termination protection is quarantined, never let go of silently",
			tags:    "selfhealing=true",
			fleet: func(_ *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here, inoperable("Stack cannot be deleted while TerminationProtection is enabled"))
			},
			verdict: Inoperable, remedy: RemedyQuarantine, attention: true,
		},
		{
			promise: "an inoperable instance of a set that may not be redeployed needs a person",
			fleet:   func(_ *fleet.Fleet, s *fleet.Inventory) { deployed(s, here, inoperable("Rate exceeded")) },
			verdict: Inoperable, attention: true,
		},
		{
			promise: "a failed import needs a person",
			tags:    "selfhealing=true",
			fleet: func(_ *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here, inoperable("x"), func(i *fleet.Instance) { i.Detailed = fleet.DetailedFailedImport })
			},
			verdict: Inoperable, remedy: RemedyQuarantine, attention: true, reason: "could not be imported",
		},
		{
			promise: "a status that is new to us is left alone",
			tags:    "selfhealing=true",
			fleet: func(_ *fleet.Fleet, s *fleet.Inventory) {
				deployed(s, here, func(i *fleet.Instance) { i.Status = "MYSTERIOUS" })
			},
			verdict: Blocked, attention: true, reason: "MYSTERIOUS",
		},
	}
	for _, test := range tests {
		t.Run(test.promise, func(t *testing.T) {
			f := newFleet(3)
			var tags []string
			if test.tags != "" {
				tags = strings.Split(test.tags, " ")
			}
			set := addSet(f, "baseline", tags...)
			if test.fleet != nil {
				test.fleet(f, set)
			}
			got := cellAt(Assess(f, policyText(t, test.policy), test.memory, noon), "baseline", here)
			if got.Verdict != test.verdict || got.Remedy != test.remedy || got.Attention != test.attention {
				t.Errorf("got %q, remedy %q, attention %t; want %q, %q, %t\nreason: %s",
					got.Verdict, got.Remedy, got.Attention, test.verdict, test.remedy, test.attention, got.Reason)
			}
			if !strings.Contains(got.Reason, test.reason) {
				t.Errorf("reason %q does not say %q", got.Reason, test.reason)
			}
			if got.Verdict != "" && !isSentence(got.Reason) || got.Attention && got.Hint == "" {
				t.Errorf("reason %q, hint %q: want a sentence, and a hint where a person is needed", got.Reason, got.Hint)
			}
		})
	}
}

// isSentence reports whether s begins with a capital and says something; AWS's
// own text may end it as it likes.
func isSentence(s string) bool {
	return len(s) > 10 && s[0] >= 'A' && s[0] <= 'Z' && (strings.HasSuffix(s, ".") || strings.Contains(s, "AWS says: "))
}

// remembered is a memory of one cell.
func remembered(set fleet.StackSetName, target fleet.Target, m CellMemory) Memory {
	return Memory{Cells: map[fleet.Cell]CellMemory{{StackSet: set, Target: target}: m}}
}

func TestManagementAccount(t *testing.T) {
	there := fleet.Target{Account: management, Region: frankfurt}
	t.Run("is never missed by a service-managed set", func(t *testing.T) {
		f := newFleet(2)
		serve(addSet(f, "baseline", "mandatory=true")).StackSet.OUs = []fleet.OUID{root}
		a := Assess(f, policyText(t, "defaults: {includeManagement: true}"), Memory{}, noon)
		if c := cellAt(a, "baseline", there); c.Verdict != "" {
			t.Errorf("the management account is %s: %s", c.Verdict, c.Reason)
		}
		if n := Count(a.Cells).Missing; n != 2 {
			t.Errorf("%d missing, want both members", n)
		}
	})
	t.Run("is left alone where a service-managed set has an instance in it all the same", func(t *testing.T) {
		f := newFleet(2)
		set := serve(addSet(f, "baseline", "selfhealing=true"))
		set.StackSet.OUs = []fleet.OUID{root}
		deployed(set, there, drifted)
		a, p := decide(f, policy.Default(), Memory{})
		if c := cellAt(a, "baseline", there); c.Verdict != Blocked || !c.Attention || len(p.Actions) != 0 {
			t.Errorf("%s, attention %t, %d actions", c.Verdict, c.Attention, len(p.Actions))
		}
	})
	t.Run("is left alone while its state is not known", func(t *testing.T) {
		f := newFleet(2)
		deployed(addSet(f, "baseline", "selfhealing=true"), there, drifted)
		setState(f, management, fleet.AccountUnknown)
		a, _ := decide(f, policy.Default(), Memory{})
		if c := cellAt(a, "baseline", there); c.Verdict != Blocked {
			t.Errorf("%s: %s", c.Verdict, c.Reason)
		}
	})
	t.Run("is missed by a self-managed set only if the policy says so", func(t *testing.T) {
		f := newFleet(2)
		addSet(f, "baseline", "mandatory=true")
		without, _ := decide(f, policy.Default(), Memory{})
		with, _ := decide(f, policyText(t, "defaults: {includeManagement: true}"), Memory{})
		if cellAt(without, "baseline", there).Verdict != "" || cellAt(with, "baseline", there).Verdict != Missing {
			t.Error("want it missing only with includeManagement")
		}
	})
	t.Run("is healed like any other where a self-managed set is in it", func(t *testing.T) {
		f := newFleet(2)
		deployed(addSet(f, "baseline", "selfhealing=true"), there, drifted)
		a, _ := decide(f, policy.Default(), Memory{})
		if c := cellAt(a, "baseline", there); c.Remedy != RemedyRedeploy {
			t.Errorf("remedy %q, want redeploy", c.Remedy)
		}
	})
}

func TestMandatoryReachesOnlyTheSetsOUs(t *testing.T) {
	f := newFleet(2)
	f.Organization.Accounts[member(3)] = fleet.Account{ID: member(3), State: fleet.AccountActive, OUs: []fleet.OUID{root, sandbox}}
	serve(addSet(f, "baseline", "mandatory=true", "region=eu-central-1:eu-west-1"))
	a := Assess(f, policy.Default(), Memory{}, noon)
	if n := Count(a.Cells).Missing; n != 4 {
		t.Errorf("%d missing, want 2 accounts × 2 regions", n)
	}
}

func TestGraceCountsFromWhenTheAccountWasFirstSeenGone(t *testing.T) {
	f := newFleet(3)
	deployed(addSet(f, "baseline"), at(1, frankfurt))
	leave(f, member(1))
	p := policyText(t, "accounts: {grace: 48h}")
	m := Memory{}.Observe(f, noon.Add(-47*time.Hour))
	m = m.Observe(f, noon.Add(-time.Hour))
	if _, plan := decide(f, p, m); len(plan.Actions) != 0 {
		t.Error("acted an hour before the period of grace ended")
	}
	m.Since[member(1)] = noon.Add(-49 * time.Hour)
	if _, plan := decide(f, p, m); len(plan.Actions) != 1 || plan.Actions[0].Remedy != RemedyDetach {
		t.Errorf("actions %v, want one detachment", plan.Actions)
	}
}

func TestEveryVerdictIsCounted(t *testing.T) {
	var cells []Assessed
	for _, v := range Verdicts {
		cells = append(cells, Assessed{Verdict: v})
	}
	counts := Count(cells)
	for _, v := range Verdicts {
		if counts.Of(v) != 1 {
			t.Errorf("%s counted %d times", v, counts.Of(v))
		}
	}
	if counts.Total() != len(Verdicts) {
		t.Errorf("total %d, want %d", counts.Total(), len(Verdicts))
	}
}

func TestTheZeroPolicyHoldsEverythingBack(t *testing.T) {
	f := newFleet(3)
	fill(addSet(f, "logs", "selfhealing=true", "mandatory=true"), 2, drifted)
	leave(f, member(1))
	a, p := decide(f, &policy.Policy{}, Memory{})
	if len(p.Actions) != 0 || cellAt(a, "logs", at(1, frankfurt)).Verdict != Blocked {
		t.Errorf("acted: %+v", p.Actions)
	}
}
