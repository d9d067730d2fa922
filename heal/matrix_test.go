package heal_test

import (
	"fmt"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/heal"
)

// TestAStackIsDeletedOnlyInAnActiveAccountThatMovedAndOnlyIfThePolicyRemoves
// crosses the states of an account with where it is and what the policy says.
func TestAStackIsDeletedOnlyInAnActiveAccountThatMovedAndOnlyIfThePolicyRemoves(t *testing.T) {
	for _, state := range []string{"ACTIVE", "SUSPENDED", "PENDING_CLOSURE", "CLOSED", "LEFT"} {
		for _, moved := range []bool{false, true} {
			for _, policy := range []string{"{moved: hold}", "{moved: remove}", "{suspended: hold, closed: hold, left: hold, moved: remove}"} {
				t.Run(fmt.Sprintf("%s, moved %t, accounts %s", state, moved, policy), func(t *testing.T) {
					scenario(t, func(w *world) {
						w.setPolicy("{version: 1, accounts: " + policy + "}")
						accounts := w.accounts(25)
						w.stackSet("queue", accounts)
						stack, _ := w.aws.StackOf("queue", accounts[0], home)
						w.locked(func() error { return disturbed(w.aws.Organization(), accounts[0], state, moved) })
						w.heal(heal.Options{})
						want := !(state == "ACTIVE" && moved && policy != "{moved: hold}")
						if got := w.aws.StackExists(stack); got != want && state != "CLOSED" && state != "LEFT" {
							t.Errorf("the stack is there: %t, want %t", got, want)
						}
						for _, call := range w.calls("DeleteStackInstances") {
							if call.Params["RetainStacks"] != "true" && want {
								t.Errorf("stacks were to be deleted: %v", call.Params)
							}
						}
					})
				})
			}
		}
	}
}

func disturbed(o *awssim.Organization, account, state string, moved bool) error {
	if moved {
		if err := o.Move(account, o.Root()); err != nil {
			return err
		}
	}
	switch state {
	case "ACTIVE":
		return nil
	case "LEFT":
		return o.Leave(account)
	}
	return o.SetState(account, state)
}

// TestOverridesComeThroughByteForByteWhateverTheyAre gives drifted instances any
// overrides and compares what they have after the redeployment.
func TestOverridesComeThroughByteForByteWhateverTheyAre(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		own := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) map[string]string {
			values := map[string]string{}
			if rapid.Bool().Draw(rt, "has Retention") {
				values["Retention"] = fmt.Sprint(rapid.IntRange(60, 1209600).Draw(rt, "Retention"))
			}
			if rapid.Bool().Draw(rt, "has Owner") {
				values["Owner"] = rapid.StringMatching(`[ -~äß☃]{1,30}`).Draw(rt, "Owner")
			}
			return values
		}), 1, 4).Draw(rt, "overrides")
		scenario(t, func(w *world) {
			accounts := w.accounts(25)
			w.stackSet("queue", accounts[len(own):])
			before := map[string]map[string]string{}
			for i, values := range own {
				w.instance("queue", accounts[i], awssim.InstanceSeed{Overrides: maps.Clone(values)})
				before[accounts[i]] = w.overrides("queue", accounts[i])
				id, _ := w.aws.StackOf("queue", accounts[i], home)
				w.must(w.aws.DeleteResource(id, "Queue"))
			}
			r := w.heal(heal.Options{})
			for account, want := range before {
				if diff := cmp.Diff(want, w.overrides("queue", account)); diff != "" {
					rt.Errorf("overrides in %s (-before +after):\n%s", account, diff)
				}
			}
			if r.After.Healthy != 25 || r.Overrides.Lost > 0 {
				rt.Errorf("%+v, overrides %+v", r.After, r.Overrides)
			}
		})
	})
}
