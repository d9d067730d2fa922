package cloud

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/setmend/setmend/clock"
	"github.com/setmend/setmend/fleet"
)

// AWS lets an action be called twice a second in an account and region.
func TestCallsKeepBelowTheDocumentedRateHoweverManyCallThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, s := against(t, func(q question) answer { return xml(q.Action, "<Summaries/>") })
		var callers sync.WaitGroup
		for range 10 {
			callers.Go(func() {
				for range 6 {
					if _, err := a.StackSets(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		callers.Wait()
		if len(s.asked) != 60 {
			t.Fatalf("%d calls", len(s.asked))
		}
		for i := 2; i < len(s.asked); i++ {
			if gap := s.asked[i].At.Sub(s.asked[i-2].At); gap < time.Second {
				t.Errorf("three calls within %v", gap)
			}
		}
		if took, most := s.asked[59].At.Sub(s.asked[0].At), 60*time.Second/2*11/10; took > most {
			t.Errorf("60 calls took %v, more than a tenth longer than they have to", took)
		}
	})
}

func TestActionsDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := against(t, func(q question) answer { return fault(404, "StackSetNotFoundException", "no") })
		before := time.Now()
		everyStackSetCall(t, a, someCell)
		if took := time.Since(before); took > time.Second {
			// Only Running and Recent share an action.
			t.Errorf("one call of each action took %v", took)
		}
	})
}

func TestActionsThatAWSLimitsTogetherShareOneRate(t *testing.T) {
	for _, x := range []action{listParents, listAccountsForParent, listOUsForParent} {
		if x.budget() != listParents.budget() {
			t.Errorf("%s has a rate of its own", x.name)
		}
	}
	if listAccounts.budget() == listParents.budget() {
		t.Error("ListAccounts shares the tree's rate")
	}
}

func TestARateHoldsInTheTimeOfAClockThatRunsFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fast := clock.Scaled(600, time.Time{})
		a, s := configured(t, Config{Clock: fast}, func(q question) answer { return xml(q.Action, "<Summaries/>") })
		before := fast.Now()
		for range 39 {
			if _, err := a.StackSets(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := fast.Now().Sub(before); took < 19*time.Second || took > 21*time.Second {
			t.Errorf("39 calls took %v on the clock, want 20 s", took)
		}
		if took := s.asked[38].At.Sub(s.asked[0].At); took > 40*time.Millisecond {
			t.Errorf("39 calls took %v on the wall", took)
		}
	})
}

func throttling(question) answer { return fault(400, "Throttling", "Rate exceeded") }

func TestAThrottledCallIsRepeatedUntilItPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refuse := 4
		a, s := against(t, func(q question) answer {
			if refuse--; refuse >= 0 {
				return throttling(q)
			}
			return accepting(q)
		})
		if err := a.Change(t.Context(), aChange(fleet.OperationCreate)); err != nil {
			t.Fatal(err)
		}
		id := s.asked[0].Form.Get("OperationId")
		for _, q := range s.asked {
			if q.Form.Get("OperationId") != id {
				t.Error("a repetition has another operation id")
			}
		}
		if got := a.Stats(); got.Calls != 5 || got.Throttled != 4 || got.Writes != 5 {
			t.Errorf("%+v", got)
		}
	})
}

// The SDK takes this code for throttling; it is a quota.
func TestAQuotaIsNotThrottling(t *testing.T) {
	a, s := against(t, func(question) answer { return fault(400, "LimitExceededException", "too many") })
	wantKind(t, a.Change(t.Context(), aChange(fleet.OperationCreate)), fleet.Quota)
	if len(s.asked) != 1 || a.Stats().Throttled != 0 {
		t.Errorf("sent %d times, %d counted as throttled", len(s.asked), a.Stats().Throttled)
	}
}

func TestAThrottlingStormCostsFewCallsAndEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		storm := true
		a, s := against(t, func(q question) answer {
			if storm {
				return throttling(q)
			}
			return xml(q.Action, "<Summaries/>")
		})
		begin := time.Now()
		var callers sync.WaitGroup
		for range 20 {
			callers.Go(func() {
				for time.Since(begin) < time.Hour {
					_, err := a.StackSets(t.Context())
					if kind := fleet.KindOf(err); kind != fleet.Throttled {
						t.Errorf("an error of kind %q in the storm", kind)
					}
					time.Sleep(time.Second)
				}
			})
		}
		callers.Wait()
		if n := len(s.asked); n > 100 {
			t.Errorf("an hour of storm cost %d calls, where only probes make sense", n)
		}
		storm = false
		time.Sleep(breakerMaxRest)
		calm, before := time.Now(), len(s.asked)
		for range 10 {
			if _, err := a.StackSets(t.Context()); err != nil {
				t.Fatalf("after the storm: %v", err)
			}
		}
		if took := time.Since(calm); took > 10*time.Second || len(s.asked)-before != 10 {
			t.Errorf("10 calls after the storm took %v and %d requests", took, len(s.asked)-before)
		}
	})
}

func TestAProbeThatGetsNoAnswerLeavesTheWayToTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reply := throttling
		a, _ := against(t, func(q question) answer { return reply(q) })
		for range 4 {
			_, err := a.StackSets(t.Context())
			wantKind(t, err, fleet.Throttled)
		}
		time.Sleep(breakerMaxRest)
		reply = func(question) answer { return fault(500, "InternalFailure", "") }
		_, err := a.StackSets(t.Context())
		wantKind(t, err, fleet.UnknownOutcome)
		reply = func(q question) answer { return xml(q.Action, "<Summaries/>") }
		if _, err := a.StackSets(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestWaitsAreJitteredAndTheSameSeedWaitsTheSame(t *testing.T) {
	run := func(seed uint64) (gaps []time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			a, s := configured(t, Config{Random: rand.NewPCG(seed, 1)}, throttling)
			a.StackSets(t.Context())
			for i := 1; i < len(s.asked); i++ {
				gaps = append(gaps, s.asked[i].At.Sub(s.asked[i-1].At))
			}
		})
		return gaps
	}
	first, again, other := run(1), run(1), run(2)
	differ := false
	for i := range first {
		if first[i] != again[i] {
			t.Errorf("wait %d is %v and then %v with one seed", i, first[i], again[i])
		}
		differ = differ || first[i] != other[i]
	}
	if !differ {
		t.Error("two seeds wait the same: no jitter")
	}
}

func TestMemberAccountsHaveRatesOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := against(t, memberStub)
		begin := time.Now()
		for _, account := range []fleet.AccountID{"111122223333", "444455556666", "777788889999"} {
			stack := aStack
			stack.Account = account
			if _, _, err := a.StackTemplate(t.Context(), stack); err != nil {
				t.Fatal(err)
			}
			if err := a.AbandonRevert(t.Context(), stack, "t"); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begin); took > 100*time.Millisecond {
			t.Errorf("one call of each action in three accounts took %v", took)
		}
	})
}

var aStack = fleet.MemberStack{
	Target:  fleet.Target{Account: "111122223333", Region: "us-east-1"},
	StackID: "arn:aws:cloudformation:us-east-1:111122223333:stack/StackSet-baseline-1/abc", Role: "setmend-member",
}
