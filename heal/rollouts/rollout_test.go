package rollouts_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/setmend/setmend/asl"
	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/deploy"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/heal/rollouts"
	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/plan/policy"
)

var one = []string{home}

const phased = `
version: 1
phases:
  - {name: pilot, percentage: 20, preferences: {maxConcurrentPercentage: 100}}
  - {name: early, percentage: 30, preferences: {maxConcurrentPercentage: 100, failureTolerancePercentage: 34, concurrencyMode: SOFT_FAILURE_TOLERANCE}}
  - {name: rest, rest: true, preferences: {maxConcurrentPercentage: 100, failureTolerancePercentage: 20, concurrencyMode: SOFT_FAILURE_TOLERANCE}}
`

const gated = `
version: 1
gates: [{noNewFailures: true}]
` + "phases:" + "\n  - {name: pilot, percentage: 20}\n  - {name: rest, rest: true, preferences: {maxConcurrentPercentage: 100, failureTolerancePercentage: 50, concurrencyMode: SOFT_FAILURE_TOLERANCE}}\n"

func TestEveryStrategyReachesEveryInstance(t *testing.T) {
	for _, strategy := range []string{"sequential", "parallel", "balanced", "phased"} {
		t.Run(strategy, func(t *testing.T) {
			scenario(t, 8, []string{home, "us-east-1"}, func(w *world) {
				w.want(w.roll("version: 1\nstrategy: "+strategy, "new"), rollouts.Succeeded, map[string]int{"new": 16})
			})
		})
	}
}

func TestPhasesComeOneAfterAnother(t *testing.T) {
	scenario(t, 10, one, func(w *world) {
		p, err := w.begin("r", phased, "new")
		w.must(err)
		seen := map[int]map[string]int{}
		w.between = func(w *world, r rollouts.Rollout) {
			if r.Step == rollouts.StepGate && seen[r.Phase] == nil {
				seen[r.Phase] = w.count()
			}
		}
		w.want(w.carry("r", 1), rollouts.Succeeded, map[string]int{"new": 10})
		if len(p.Phases) != 3 || fmt.Sprint(seen[0]) != "map[new:2 x (outdated):8]" || fmt.Sprint(seen[1]) != "map[new:5 x (outdated):5]" {
			t.Errorf("after each phase: %v", seen)
		}
	})
}

func TestAFailureInThePilotStopsBeforeTheRest(t *testing.T) {
	scenario(t, 10, one, func(w *world) {
		p, err := w.begin("r", phased, "new")
		w.must(err)
		w.denyAccount(accountsIn(&p.Phases[0])[0])
		r := w.carry("r", 1)
		if r.Result != rollouts.Stopped || !strings.Contains(r.Why, `phase "pilot"`) || !strings.Contains(r.Why, "explicit deny") && !strings.Contains(r.Why, "not authorized") {
			t.Errorf("%s: %s", r.Result, r.Why)
		}
		if n := w.count(); n["new"] > 1 || n["x (outdated)"] < 9 {
			t.Errorf("names: %v", n)
		}
		// The cause is gone, and a person resumes it.
		w.allowAccount(accountsIn(&p.Phases[0])[0])
		resumed, err := rollouts.Resume(w.t.Context(), w.journal, "r", "kim")
		w.must(err)
		w.want(w.carry("r", resumed.Executions), rollouts.Succeeded, map[string]int{"new": 10})
	})
}

func TestAFailureWithinTheToleranceIsToldAndTheGateDecides(t *testing.T) {
	scenario(t, 10, one, func(w *world) {
		p, err := w.begin("r", phased, "new")
		w.must(err)
		w.denyAccount(accountsIn(&p.Phases[1])[0])
		r := w.carry("r", 1)
		w.want(r, rollouts.Succeeded, map[string]int{"new": 9, "x (outdated)": 1})
		if r.Phases[1].Failed != 1 || len(r.Phases[1].Failures) != 1 {
			t.Errorf("the failure is not told: %+v", r.Phases[1])
		}
	})
	scenario(t, 10, one, func(w *world) {
		p, err := w.begin("r", gated, "new")
		w.must(err)
		w.denyAccount(accountsIn(&p.Phases[1])[0])
		r := w.carry("r", 1)
		if r.Result != rollouts.Stopped || !strings.Contains(r.Why, "1 of 8 instances failed") {
			t.Errorf("%s: %s", r.Result, r.Why)
		}
	})
}

func TestAFailedGateRollsEverythingBack(t *testing.T) {
	scenario(t, 10, []string{home, "us-east-1"}, func(w *world) {
		p, err := w.begin("r", "onFailure: rollback"+gated, "new")
		w.must(err)
		w.denyAccount(accountsIn(&p.Phases[1])[0])
		r := w.carry("r", 1)
		w.want(r, rollouts.RolledBack, map[string]int{"x": 20})
		set, err := w.cloud.StackSet(w.t.Context(), set)
		w.must(err)
		if set.Parameters[0].Value != "x" {
			t.Errorf("the set's parameter is %q", set.Parameters[0].Value)
		}
	})
}

func TestARollbackTouchesThePilotWhenThePilotFailedAndCleansUpTheRest(t *testing.T) {
	scenario(t, 10, one, func(w *world) {
		p, err := w.begin("r", "onFailure: rollback"+phased, "new")
		w.must(err)
		w.denyAccount(accountsIn(&p.Phases[0])[1])
		w.between = func(w *world, r rollouts.Rollout) {
			if r.Step == rollouts.StepRollback {
				w.between = nil
				w.allowAccount(accountsIn(&p.Phases[0])[1])
			}
		}
		w.want(w.carry("r", 1), rollouts.RolledBack, map[string]int{"x": 10})
	})
}

func TestAPersonsRollbackAndAbort(t *testing.T) {
	scenario(t, 10, one, func(w *world) {
		p, err := w.begin("r", phased, "new")
		w.must(err)
		w.denyAccount(accountsIn(&p.Phases[0])[0])
		if r := w.carry("r", 1); r.Result != rollouts.Stopped {
			t.Fatal(r.Result)
		}
		w.allowAccount(accountsIn(&p.Phases[0])[0])
		r, err := rollouts.RollBack(w.t.Context(), w.journal, "r", "kim")
		w.must(err)
		w.want(w.carry("r", r.Executions), rollouts.RolledBack, map[string]int{"x": 10})
		if _, err := rollouts.Resume(w.t.Context(), w.journal, "r", "kim"); err == nil {
			t.Error("what was rolled back can be resumed")
		}
		// The next rollout can begin, and be aborted.
		_, err = w.begin("s", phased, "newer")
		w.must(err)
		if _, err := w.begin("t", phased, "newest"); err == nil || !strings.Contains(err.Error(), "rollout s of topics has not ended") {
			t.Errorf("two at once: %v", err)
		}
		_, err = rollouts.Abort(w.t.Context(), w.journal, "s", "kim", time.Now())
		w.must(err)
		_, err = w.begin("t", phased, "newest")
		w.must(err)
	})
}

func TestGatesOfEveryKind(t *testing.T) {
	withRole, err := policy.Parse([]byte("version: 1\nstackSets: [{match: '*', memberRole: OrganizationAccountAccessRole}]"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, gate string
		prepare    func(w *world)
		why        string // "" if it passes
	}{
		{"success rate passes", "{successRate: 100}", nil, ""},
		{"nothing drifted", "{driftFree: true}", nil, ""},
		{"something drifted", "{driftFree: true}", func(w *world) {
			w.between = func(w *world, r rollouts.Rollout) {
				if r.Step == rollouts.StepGate {
					w.between = nil
					w.driftAccount(r.Plan.Phases[0].Targets[0].Account)
				}
			}
		}, "1 instances have drifted: Topic in"},
		{"no alarm", "{alarms: ['Errors*']}", nil, ""},
		{"an alarm", "{alarms: ['Errors*']}", func(w *world) {
			w.between = func(w *world, r rollouts.Rollout) {
				if r.Step == rollouts.StepGate {
					w.between = nil
					w.alarm(r.Plan.Phases[0].Targets[0].Account, "Errors of the topics")
				}
			}
		}, "Errors of the topics in"},
		{"a command", "{command: [check, it]}", func(w *world) {
			w.command = func(_ context.Context, argv, env []string) (string, error) {
				if argv[0] != "check" || !slices.Contains(env, "SETMEND_PHASE=pilot") {
					return "", fmt.Errorf("called with %q and %q", argv, env)
				}
				return "fine", nil
			}
		}, ""},
		{"a command that fails", "{command: [check]}", func(w *world) {
			w.command = func(context.Context, []string, []string) (string, error) {
				return "the site is down", errors.New("exit status 1")
			}
		}, "exit status 1 the site is down"},
		{"a command that hangs", "{command: [check], timeout: 1m}", func(w *world) {
			w.command = func(ctx context.Context, _, _ []string) (string, error) { <-ctx.Done(); return "", ctx.Err() }
		}, "it did not end within 1m0s"},
		{"a command where there is nobody to run it", "{command: [check]}", nil, "commands cannot be run"},
		{"an approval", "{approval: 'Looks well?'}", func(w *world) { w.answer(true) }, ""},
		{"a denial", "{approval: 'Looks well?'}", func(w *world) { w.answer(false) }, "denied by kim"},
		{"no answer", "{approval: 'Looks well?', timeout: 2h}", nil, "nobody answered within 2h0m0s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			scenario(t, 5, one, func(w *world) {
				w.policy = withRole
				if c.prepare != nil {
					c.prepare(w)
				}
				r := w.roll("version: 1\nphases:\n  - {name: pilot, percentage: 20, bake: 30m, gates: ["+c.gate+"]}\n  - {rest: true}", "new")
				switch {
				case c.why == "" && r.Result != rollouts.Succeeded:
					t.Errorf("%s: %s", r.Result, r.Why)
				case c.why != "" && (r.Result != rollouts.Stopped || !strings.Contains(r.Why, c.why)):
					t.Errorf("%s: %s, want %q", r.Result, r.Why, c.why)
				}
				if r.Phases[0].Ended.IsZero() || r.Phases[0].Gates[0].At.Sub(r.Phases[0].Ended) < 30*time.Minute {
					t.Errorf("it has not baked: %+v", r.Phases[0])
				}
				if c.why != "" && w.count()["new"] != 1 {
					t.Errorf("names: %v", w.count())
				}
			})
		})
	}
}

func TestAGateThatCanNeverPassIsRefusedBeforehand(t *testing.T) {
	scenario(t, 5, one, func(w *world) {
		_, err := w.begin("r", "version: 1\nphases:\n  - rest: true\n    gates:\n      - alarms: [x]", "new")
		if err == nil || !strings.Contains(err.Error(), "line 5") || !strings.Contains(err.Error(), "memberRole") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAChangeByAPersonInTheMiddleStopsTheRollout(t *testing.T) {
	scenario(t, 10, one, func(w *world) {
		_, err := w.begin("r", phased, "new")
		w.must(err)
		w.between = func(w *world, r rollouts.Rollout) {
			if r.Phase == 1 {
				w.between = nil
				w.must(w.cloud.UpdateSet(w.t.Context(), fleet.SetChange{OperationID: "by-hand", StackSet: set, Parameters: []fleet.Parameter{{Key: "Name", Value: "theirs"}},
					Accounts: []fleet.AccountID{fleet.AccountID(w.account(0))}, Regions: []fleet.Region{home}, OUs: []fleet.OUID{fleet.OUID(w.ou)}}))
			}
		}
		r := w.carry("r", 1)
		if r.Result != rollouts.Stopped || !strings.Contains(r.Why, "changed by somebody else") {
			t.Errorf("%s: %s", r.Result, r.Why)
		}
		if n := w.count(); n["theirs"]+n["new (outdated)"]+n["x (outdated)"] != 10 {
			t.Errorf("names: %v", n)
		}
	})
}

func TestAnOperationOfAPersonInTheMiddleIsWaitedFor(t *testing.T) {
	scenario(t, 10, one, func(w *world) {
		_, err := w.begin("r", phased, "new")
		w.must(err)
		w.between = func(w *world, r rollouts.Rollout) {
			if r.Phase == 1 && r.Step == rollouts.StepUpdate {
				w.between = nil
				w.must(w.cloud.DetectDrift(w.t.Context(), set, "by-hand", fleet.Preferences{}))
			}
		}
		w.want(w.carry("r", 1), rollouts.Succeeded, map[string]int{"new": 10})
	})
}

func TestThrottlingAndLostAnswersAreBorne(t *testing.T) {
	scenario(t, 10, one, func(w *world) {
		_, err := w.begin("r", phased, "new")
		w.must(err)
		faults, err := awssim.ParseFaults([]byte(`{faults: [
			{call: "cloudformation:UpdateStackSet", nth: 1, do: lose}, {call: "cloudformation:UpdateStackInstances", nth: 1, do: fail-applied, code: InternalFailure, status: 500},
			{call: "cloudformation:UpdateStackInstances", nth: 2, do: throttle}, {call: "cloudformation:Describe*", chance: 0.2, do: throttle}, {call: "cloudformation:List*", chance: 0.2, do: throttle}]}`))
		w.must(err)
		w.must(w.aws.Inject(faults))
		r := w.carry("r", 1)
		w.aws.ClearFaults()
		w.want(r, rollouts.Succeeded, map[string]int{"new": 10})
		operations, err := w.cloud.Recent(w.t.Context(), set, 100)
		w.must(err)
		if len(operations) != 3 {
			t.Errorf("%d operations for three phases", len(operations))
		}
	})
}

func TestAStopHoldsAndAResumeGoesOn(t *testing.T) {
	scenario(t, 10, one, func(w *world) {
		_, err := w.begin("r", phased, "new")
		w.must(err)
		w.between = func(w *world, r rollouts.Rollout) {
			if r.Phase == 1 {
				w.between = nil
				w.must(lease.Stop(w.t.Context(), w.journal, "r", "lunch"))
			}
		}
		r := w.carry("r", 1)
		if r.Result != rollouts.Stopped || !strings.Contains(r.Why, "lunch") {
			t.Fatalf("%s: %s", r.Result, r.Why)
		}
		w.must(lease.Unstop(w.t.Context(), w.journal, "r"))
		r, err = rollouts.Resume(w.t.Context(), w.journal, "r", "kim")
		w.must(err)
		w.want(w.carry("r", r.Executions), rollouts.Succeeded, map[string]int{"new": 10})
	})
}

// A process that dies before or after any of its writes to the journal is followed by
// another, and the rollout ends as if nothing had happened: with one operation for each
// phase.
func TestACrashAtAnyWriteLosesNothingAndSendsNothingTwice(t *testing.T) {
	for name, c := range map[string]struct {
		file   string
		deny   bool
		result rollouts.Result
		names  map[string]int
		sent   int
	}{
		"forward":  {phased, false, rollouts.Succeeded, map[string]int{"new": 5}, 3},
		"backward": {"onFailure: rollback" + gated, true, rollouts.RolledBack, map[string]int{"x": 5}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			writes := 0
			crash := func(fault ...journal.Fault) {
				scenario(t, 5, one, func(w *world) {
					inner := w.journal
					p, err := w.begin("r", c.file, "new")
					w.must(err)
					if c.deny {
						w.denyAccount(accountsIn(&p.Phases[1])[0])
					}
					faulty := journal.NewFaulty(inner.(journal.Journal), fault...)
					machine, err := asl.Parse(deploy.Rollout)
					w.must(err)
					input, err := json.Marshal(map[string]string{"rollout": "r"})
					w.must(err)
					_, err = w.engine(w.cloud, faulty, "first").Run(w.t.Context(), "rollout-r.1", machine, input)
					if len(fault) == 0 {
						writes = faulty.Writes()
					} else {
						if err == nil {
							t.Fatalf("the process has not died at write %d", fault[0].Write)
						}
						time.Sleep(lease.Time)
						second := w.engine(w.cloud, w.journal, "second")
						if _, err = second.Resume(w.t.Context(), "rollout-r.1"); errors.Is(err, asl.ErrNotFound) {
							_, err = second.Run(w.t.Context(), "rollout-r.1", machine, input)
						}
					}
					w.must(err)
					w.want(w.load("r"), c.result, c.names)
					operations, err := w.cloud.Recent(w.t.Context(), set, 100)
					w.must(err)
					if len(operations) != c.sent {
						t.Errorf("%d operations, want %d", len(operations), c.sent)
					}
				})
				if t.Failed() {
					t.Fatalf("with %+v", fault)
				}
			}
			crash()
			for n := 1; n <= writes; n++ { // before one write, after the next
				crash(journal.Fault{Write: n, Applied: n%2 == 0, Dead: true})
			}
			t.Logf("%d writes", writes)
		})
	}
}

func TestHealingWaitsForARolloutAndItsLeaseIsFreeWhileItBakes(t *testing.T) {
	scenario(t, 5, one, func(w *world) {
		_, err := w.begin("r", "version: 1\nphases:\n  - {percentage: 20, bake: 1h}\n  - {rest: true}", "new")
		w.must(err)
		held, free := 0, 0
		w.between = func(w *world, r rollouts.Rollout) {
			state, err := lease.Read(w.t.Context(), w.journal)
			w.must(err)
			if state.Held(time.Now()) {
				held++
			} else if r.Step == rollouts.StepGate {
				free++
			}
		}
		w.want(w.carry("r", 1), rollouts.Succeeded, map[string]int{"new": 5})
		if held == 0 || free == 0 {
			t.Errorf("the lease was seen held %d times, and free %d times while baking", held, free)
		}
		runs, err := record.Read[bool](w.t.Context(), w.journal, "open/r")
		w.must(err)
		if runs.Exists() {
			t.Error("the rollout counts as open after its end")
		}
	})
}

func TestARolloutTakesNoLongerThanItsOperationsAndFewCalls(t *testing.T) {
	if testing.Short() {
		t.Skip("900 instances")
	}
	scenario(t, 300, []string{home, "eu-west-1", "us-east-1"}, func(w *world) {
		_, err := w.begin("r", "version: 1\nstrategy: parallel", "new")
		w.must(err)
		w.aws.ResetStats()
		began := time.Now()
		r := w.carry("r", 1)
		took := time.Since(began)
		calls := w.aws.Stats().Calls
		if r.Result != rollouts.Succeeded || r.Phases[0].Done != 900 {
			t.Fatalf("%s: %s", r.Result, r.Why)
		}
		operations, err := w.cloud.Recent(w.t.Context(), set, 10)
		w.must(err)
		bare := operations[0].Ended.Sub(operations[0].Created)
		if len(operations) != 1 || float64(took) > 1.15*float64(bare)+float64(90*time.Second) {
			t.Errorf("%d operations; %s for an operation of %s", len(operations), took, bare)
		}
		t.Logf("%s for an operation of %s; %v", took, bare, calls)
	})
}
