package heal_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

// The checks right before a call, each by itself: where two hold, a test that either
// satisfies would not notice the loss of the other.

// forgetful is a journal that answers a write of saved overrides well and does not keep
// it, from the given one on.
type forgetful struct {
	store
	from, puts int
}

func (j *forgetful) Put(ctx context.Context, key string, value []byte, version int64) (int64, error) {
	if strings.HasPrefix(key, "overrides/") {
		if j.puts++; j.puts >= j.from {
			return version + 1, nil
		}
	}
	return j.store.Put(ctx, key, value, version)
}

func TestOverridesThatTheJournalDoesNotKeepStopTheDeletion(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:])
		w.instance("queue", accounts[0], awssim.InstanceSeed{Overrides: map[string]string{"Owner": "payments"}})
		w.must(deleteQueue(w, accounts[0]))
		give := once(func() { w.give("queue", accounts[0], map[string]string{"Owner": "search"}) })
		aws := w.connect()
		c := w.config(aws)
		c.Cloud = &watched{Cloud: aws, beforeChange: func(c fleet.InstanceChange) {
			if c.Kind == fleet.OperationDelete {
				give() // AWS refuses the deletion, and the overrides are saved anew
			}
		}}
		c.Journal = &forgetful{store: w.journal, from: 2}
		_, err := w.start(c, "run-1")
		w.must(err)
		w.untouched()
	})
}

// tamper changes the value of a saved override behind its checksum.
func (w *world) tamper(from, to string) {
	w.t.Helper()
	keys, err := w.journal.Keys(w.t.Context(), "overrides/")
	w.must(err)
	for _, key := range keys {
		text, version, err := w.journal.Get(w.t.Context(), key)
		w.must(err)
		changed := strings.Replace(string(text), from, to, 1)
		if changed == string(text) {
			w.t.Fatalf("%s does not hold %s", key, from)
		}
		if !json.Valid([]byte(changed)) {
			w.t.Fatalf("%s is not JSON any more", key)
		}
		_, err = w.journal.Put(w.t.Context(), key, []byte(changed), version)
		w.must(err)
	}
}

func TestADamagedCopyOfOverridesIsNeitherListedNorGivenBack(t *testing.T) {
	scenario(t, func(w *world) {
		account := withOverrides(w)
		w.excludeOnce(account)
		w.tamper(`"payments"`, `"paymentz"`)
		if _, err := record.SavedOverrides(t.Context(), w.journal); err == nil || !strings.Contains(err.Error(), "checksum") {
			t.Errorf("listing them: %v", err)
		}
		r := w.heal(heal.Options{})
		if n := len(w.calls("CreateStackInstances")); n != 0 || r.Run.Result == report.Healed {
			t.Errorf("%s; %d creations from a copy that is damaged", r.Run.Result, n)
		}
	})
}

// TestAValueThatAWSMasksKeepsItsInstance although the template does not call the
// parameter NoEcho (any more).
func TestAValueThatAWSMasksKeepsItsInstance(t *testing.T) {
	for name, template := range map[string]string{"by its value": visible, "by its parameter": queueTemplate} {
		t.Run(name, func(t *testing.T) {
			scenario(t, func(w *world) {
				accounts := w.accounts(6)
				w.stackSet("queue", accounts[1:], func(s *awssim.StackSetSpec) { s.Template = template })
				w.instance("queue", accounts[0], awssim.InstanceSeed{Overrides: map[string]string{"Key": "hunter2"}})
				w.must(deleteQueue(w, accounts[0]))
				r := w.healWatched(&watched{instance: func(i *fleet.Instance) {
					for n := range i.Overrides {
						i.Overrides[n].Value = map[string]string{"by its value": "****", "by its parameter": "hunter2"}[name]
					}
				}}, heal.Options{})
				w.untouched()
				trip(t, r, plan.GuardMaskedOverride)
			})
		})
	}
}

// TestNothingOfWhatGoesTogetherIsDeletedWhereOneMustStay: the importer's override is
// known to be masked only when it is read, right before the deletion.
func TestNothingOfWhatGoesTogetherIsDeletedWhereOneMustStay(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.exporting(accounts)
		w.drift("base", accounts[0])
		w.healWatched(&watched{instance: func(i *fleet.Instance) {
			for n := range i.Overrides {
				i.Overrides[n].Value = "****"
			}
		}, beforeChange: func(c fleet.InstanceChange) {
			if c.Kind == fleet.OperationDelete {
				t.Errorf("the deletion of %s was asked for", c.StackSet)
			}
		}}, heal.Options{})
	})
}

// TestOverridesAreHeldAgainstThoseSavedByValue: AWS gives another value than the one it
// was given.
func TestOverridesAreHeldAgainstThoseSavedByValue(t *testing.T) {
	scenario(t, func(w *world) {
		account := withOverrides(w)
		w.must(deleteQueue(w, account))
		created := false
		r := w.healWatched(&watched{afterChange: func(c fleet.InstanceChange) { created = created || c.Kind == fleet.OperationCreate },
			instance: func(i *fleet.Instance) {
				for n := range i.Overrides {
					if created && i.Overrides[n].Key == "Owner" {
						i.Overrides[n].Value = "other"
					}
				}
			}}, heal.Options{})
		if r.Overrides.Lost != 1 || r.Overrides.Restored != 0 {
			t.Errorf("%+v", r.Overrides)
		}
	})
}

// lookedAt is a Cloud that shows a stack set otherwise from its nth reading on.
type lookedAt struct {
	heal.Cloud
	from, reads int
	change      func(*fleet.StackSet)
}

func (c *lookedAt) StackSet(ctx context.Context, name fleet.StackSetName) (fleet.StackSet, error) {
	set, err := c.Cloud.StackSet(ctx, name)
	if c.reads++; c.reads >= c.from && err == nil {
		c.change(&set)
	}
	return set, err
}

func TestASetThatIsNotTheOneOfThePlanIsPlannedAnewBeforeAnythingIsCreated(t *testing.T) {
	for name, change := range map[string]func(*fleet.StackSet){
		"made anew under its name": func(s *fleet.StackSet) { s.ID += "-again" },
		"another template":         func(s *fleet.StackSet) { s.TemplateHash = "other" },
		"another parameter": func(s *fleet.StackSet) {
			s.Parameters = append(s.Parameters, fleet.Parameter{Key: "Owner", Value: "x"})
		},
		"another value": func(s *fleet.StackSet) {
			s.Parameters = append([]fleet.Parameter(nil), s.Parameters...)
			s.Parameters[0].Value += "0"
		},
	} {
		t.Run(name, func(t *testing.T) {
			scenario(t, func(w *world) {
				accounts := w.accounts(4)
				w.stackSet("queue", accounts[1:])
				c := w.config(w.connect())
				c.Cloud = &lookedAt{Cloud: c.Cloud, from: 2, change: change}
				r := w.healWith(c, heal.Options{})
				w.met(r, plan.GuardChangedMeanwhile)
				if got := remedies(r, "queue", accounts[0]); len(got) != 2 {
					t.Errorf("remedies %v; want the one that was stopped, and one that was planned anew", got)
				}
			})
		})
	}
}

// TestAnExternalOperationSinceTheSavingStopsTheDeletion: it has ended by the time of
// the deletion and changed neither template nor parameters of the set.
func TestAnExternalOperationSinceTheSavingStopsTheDeletion(t *testing.T) {
	scenario(t, func(w *world) {
		account := withOverrides(w)
		w.must(deleteQueue(w, account))
		theirs := map[string]string{"Owner": "search"}
		saved := false
		give := once(func() {
			w.give("queue", account, theirs)
			time.Sleep(10 * time.Minute)
		})
		r := w.healWatched(&watched{beforeInstance: func(fleet.Cell) { saved = true }, beforeStackSet: func() {
			if saved {
				give()
			}
		}}, heal.Options{})
		w.met(r, plan.GuardChangedMeanwhile)
		if diff := cmp.Diff(theirs, w.overrides("queue", account)); diff != "" {
			t.Errorf("overrides (-theirs +after):\n%s", diff)
		}
	})
}

// TestARequestThatWouldReachOtherCellsIsNotSent: the account has left the OUs of a plan
// that is applied later.
func TestARequestThatWouldReachOtherCellsIsNotSent(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(4)
		w.stackSet("queue", accounts[1:])
		p := w.planned()
		w.locked(func() error { return w.aws.Organization().Move(accounts[0], w.aws.Organization().Root()) })
		w.carryOut(record.Given{Plan: p, Exact: true})
		if n := len(w.calls("CreateStackInstances")); n > 0 {
			t.Errorf("%d creations for an account outside of the OUs", n)
		}
	})
}

// eventful is a journal that does something right after an event of a kind was recorded.
type eventful struct {
	store
	kind string
	then func()
}

func (j *eventful) Append(ctx context.Context, log string, epoch int64, entries ...[]byte) error {
	err := j.store.Append(ctx, log, epoch, entries...)
	for _, entry := range entries {
		if err == nil && strings.Contains(string(entry), `"event":"`+j.kind+`"`) {
			j.then()
		}
	}
	return err
}

// TestAStopBetweenTheIntentAndTheCallHolds: whatever was recorded last, nothing is sent
// once the run was stopped.
func TestAStopBetweenTheIntentAndTheCallHolds(t *testing.T) {
	for _, at := range []struct{ kind, policy string }{
		{"intended", `{version: 1}`}, {"prepares", inPlace}, {"reviewed", inPlace},
	} {
		t.Run(at.kind, func(t *testing.T) {
			scenario(t, func(w *world) {
				w.setPolicy(at.policy)
				accounts := w.accounts(6)
				w.stackSet("queue", accounts)
				w.drift("queue", accounts[0])
				w.detectByHand("queue")
				stopped := false
				stop := func() {
					if stopped {
						return
					}
					stopped = true
					w.must(lease.Stop(w.t.Context(), w.journal, "all", "a fire drill"))
					time.Sleep(2 * time.Second) // longer than a permission is good for
				}
				aws := w.connect()
				c := w.config(aws)
				c.Journal = &eventful{store: w.journal, kind: at.kind, then: stop}
				c.Cloud = &unsendable{watched: &watched{Cloud: aws}, t: t, stopped: &stopped}
				_, err := w.start(c, "run-1")
				w.must(err)
				if !stopped {
					t.Error("there was no such event")
				}
			})
		})
	}
}

// unsendable is a Cloud of which nothing that changes AWS may be called once the run was
// stopped.
type unsendable struct {
	*watched
	t       *testing.T
	stopped *bool
}

func (c *unsendable) may(call string) {
	if *c.stopped {
		c.t.Errorf("%s was called after the stop", call)
	}
}

func (c *unsendable) Change(ctx context.Context, change fleet.InstanceChange) error {
	c.may(string(change.Kind))
	return c.watched.Change(ctx, change)
}

func (c *unsendable) DetectDrift(ctx context.Context, name fleet.StackSetName, id string, p fleet.Preferences) error {
	c.may("DetectDrift")
	return c.watched.DetectDrift(ctx, name, id, p)
}

func (c *unsendable) Revert(ctx context.Context, stack fleet.MemberStack, token string) (fleet.RevertPlan, error) {
	c.may("Revert")
	return c.watched.Revert(ctx, stack, token)
}

func (c *unsendable) ExecuteRevert(ctx context.Context, stack fleet.MemberStack, token string) error {
	c.may("ExecuteRevert")
	return c.watched.ExecuteRevert(ctx, stack, token)
}

// TestTheLatestMomentOfARequestLiesWithinTheLease although reading took longer than the
// lease had left: it is renewed before the intent, and others see that.
func TestTheLatestMomentOfARequestLiesWithinTheLease(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:])
		aws := w.connect()
		c := w.config(aws)
		c.Cloud = &watched{Cloud: aws, beforeStackSet: func() { time.Sleep(13 * time.Minute) }}
		intents := 0
		c.Journal = &eventful{store: w.journal, kind: "intended", then: func() {
			intents++
			text, _, err := w.journal.Get(w.t.Context(), "lease")
			w.must(err)
			var held lease.State
			w.must(json.Unmarshal(text, &held))
			if left := time.Until(held.Expires); left < 8*time.Minute {
				t.Errorf("the lease that others see has %s left at an intent", left)
			}
		}}
		w.healWith(c, heal.Options{})
		if intents == 0 {
			t.Error("nothing was intended")
		}
	})
}

// TestAHealerThatLostItsLeaseSavesNoOverrides: what it writes would be taken for the copy
// of a deletion that must not come.
func TestAHealerThatLostItsLeaseSavesNoOverrides(t *testing.T) {
	scenario(t, func(w *world) {
		account := withOverrides(w)
		w.must(deleteQueue(w, account))
		w.detectByHand("queue")
		aws := w.connect()
		c := w.config(aws)
		lost := once(func() {
			_, version, err := w.journal.Get(w.t.Context(), "lease")
			w.must(err)
			text, err := json.Marshal(lease.State{Run: "run-b", Holder: "b", Expires: time.Now().Add(time.Hour), Epoch: 99})
			w.must(err)
			_, err = w.journal.Put(w.t.Context(), "lease", text, version)
			w.must(err)
		})
		began := false
		c.Journal = &eventful{store: w.journal, kind: "began", then: func() { began = true; lost() }}
		_, err := w.start(c, "run-1")
		w.must(err)
		keys, err := w.journal.Keys(w.t.Context(), "overrides/")
		w.must(err)
		if !began || len(keys) > 0 {
			t.Errorf("began: %t; saved: %v", began, keys)
		}
		w.untouched()
	})
}
