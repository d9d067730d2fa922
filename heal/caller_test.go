package heal_test

import (
	"math/rand/v2"
	"testing"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/heal"
)

// TestWhoCallsAndAsWhat crosses the account that setmend runs in with CallAs. Only
// two combinations administer the organization's stack sets; the others find
// none, or are refused, and must take neither for an empty fleet to clean up.
func TestWhoCallsAndAsWhat(t *testing.T) {
	const delegated, member = "200000000001", "200000000002"
	for _, c := range []struct {
		promise, account, callAs string
		heals                    bool
	}{
		{"the management account as itself heals", management, "SELF", true},
		{"a delegated administrator as one heals", delegated, "DELEGATED_ADMIN", true},
		{"a delegated administrator as itself sees nothing and does nothing", delegated, "SELF", false},
		{"any other member sees nothing and does nothing", member, "SELF", false},
		{"any other member as delegated administrator is refused", member, "DELEGATED_ADMIN", false},
	} {
		t.Run(c.promise, func(t *testing.T) {
			scenario(t, func(w *world) {
				accounts := w.accounts(6)
				w.stackSet("queue", accounts[1:])
				w.drift("queue", accounts[1])
				w.locked(func() error {
					return w.aws.Organization().RegisterDelegatedAdministrator(delegated, cloud.StackSetsPrincipal)
				})
				aws, err := cloud.New(w.t.Context(), cloud.Config{Transport: w.aws.Transport(), Region: home, CallAs: c.callAs,
					Keys: &cloud.Keys{AccessKeyID: c.account, SecretAccessKey: "secret"}, Random: rand.NewPCG(1, 1)})
				w.must(err)
				w.healWith(w.config(aws), heal.Options{})
				changes := len(w.sequence())
				if c.heals != (changes > 0) {
					t.Errorf("%d changes", changes)
				}
				stack, there := w.aws.StackOf("queue", accounts[2], home)
				if !there || !w.aws.StackExists(stack) {
					t.Error("a healthy instance is gone")
				}
			})
		})
	}
}

func TestTheManagementAccountIsDeployedToOnlyBySelfManagedSetsThatSaySo(t *testing.T) {
	for policy, want := range map[string]bool{"": false, `{version: 1, stackSets: [{match: "*", includeManagement: true}]}`: true} {
		t.Run("policy "+policy, func(t *testing.T) {
			scenario(t, func(w *world) {
				if policy != "" {
					w.setPolicy(policy)
				}
				w.stackSet("queue", w.accounts(4), func(s *awssim.StackSetSpec) { s.PermissionModel, s.Targets = "SELF_MANAGED", nil })
				w.heal(heal.Options{})
				if _, there := w.aws.StackOf("queue", management, home); there != want {
					t.Errorf("deployed to the management account: %t, want %t", there, want)
				}
			})
		})
	}
}
