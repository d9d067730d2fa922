package heal_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/record"
)

// What pays a debt, and what does not. The soak found all of these.

// TestACreationThatAWSSkippedPaysNoDebt: the account is suspended between deletion
// and creation. AWS counts what it skips as a success; when the account is active
// again, the instance comes back with its overrides, whatever was let go of.
func TestACreationThatAWSSkippedPaysNoDebt(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		own := map[string]string{"Owner": "payments"}
		w.stackSet("queue", accounts[1:], tagged(map[string]string{"selfhealing": "true"})) // nothing makes it mandatory
		w.instance("queue", accounts[0], awssim.InstanceSeed{Overrides: own})
		w.drift("queue", accounts[0])
		suspend := once(func() { w.locked(func() error { return w.aws.Organization().Suspend(accounts[0]) }) })
		w.healWatched(&watched{beforeChange: func(c fleet.InstanceChange) {
			if c.Kind == fleet.OperationCreate {
				suspend()
			}
		}}, heal.Options{})
		w.heal(heal.Options{}) // lets go of the instance in the suspended account
		w.locked(func() error { return w.aws.Organization().SetState(accounts[0], "ACTIVE") })
		time.Sleep(time.Hour)
		r := w.heal(heal.Options{})
		stack, ok := w.aws.StackOf("queue", accounts[0], home)
		if !ok || !w.aws.StackExists(stack) {
			t.Fatalf("the instance is not back: %+v", r.After)
		}
		if diff := cmp.Diff(own, w.overrides("queue", accounts[0])); diff != "" {
			t.Errorf("overrides (-before +after):\n%s", diff)
		}
	})
}

// TestAnInstanceThatAutomaticDeploymentMadePaysNoDebt: it has no overrides, and
// those of the one before are kept until a person has seen to it.
func TestAnInstanceThatAutomaticDeploymentMadePaysNoDebt(t *testing.T) {
	scenario(t, func(w *world) {
		_, account, own := stopping(w, func(*heal.Config) {}, once(func() { w.must(lease.Stop(w.t.Context(), w.journal, "run-1", "a test")) }))
		w.must(w.aws.SeedInstance("queue", account, home, awssim.InstanceSeed{}))
		time.Sleep(time.Hour)
		r := w.heal(heal.Options{})
		memory, err := record.LoadMemory(w.t.Context(), w.journal, nil, nil)
		w.must(err)
		there := fleet.Cell{StackSet: "queue", Target: target(account)}
		if len(memory.PendingRestores[there]) != len(own) {
			t.Errorf("owed %v, want %v", memory.PendingRestores[there], own)
		}
		if got := cell(t, r, "queue", account); !got.Present() || !got.Attention || got.Hint == "" {
			t.Errorf("%s, attention %t: %s", got.Verdict, got.Attention, got.Reason)
		}
	})
}
