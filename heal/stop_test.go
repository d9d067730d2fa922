package heal_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/heal/lease"
	"github.com/setmend/setmend/heal/record"
	"github.com/setmend/setmend/report"
)

// stopping seeds a drifted instance with overrides and runs a heal during which
// stop is called after the deletion and before the creation.
func stopping(w *world, config func(*heal.Config), stop func()) (*report.Report, string, map[string]string) {
	accounts := w.accounts(6)
	own := map[string]string{"Owner": "payments"}
	w.stackSet("queue", accounts[1:], tagged(map[string]string{"selfhealing": "true"}))
	w.instance("queue", accounts[0], awssim.InstanceSeed{Overrides: own})
	w.drift("queue", accounts[0])
	aws := w.connect()
	c := w.config(aws)
	c.Cloud = &watched{Cloud: aws, afterChange: func(change fleet.InstanceChange) {
		if change.Kind == fleet.OperationDelete {
			stop()
		}
	}}
	config(&c)
	r := w.healWith(c, heal.Options{})
	time.Sleep(5 * time.Minute) // AWS finishes the deletion
	if _, there := w.aws.StackOf("queue", accounts[0], home); there {
		w.t.Error("the instance is there: the run was not stopped between deletion and creation")
	}
	return r, accounts[0], own
}

// paysBack checks that the next run creates what the stopped one owed, although
// no tag calls for the instance.
func (w *world) paysBack(account string, own map[string]string) {
	w.t.Helper()
	r := w.heal(heal.Options{})
	if diff := cmp.Diff(own, w.overrides("queue", account)); diff != "" {
		w.t.Errorf("overrides (-before +after):\n%s", diff)
	}
	if r.Run.Result != report.Healed || r.After.Healthy != 6 || r.Overrides.Restored != 1 {
		w.t.Errorf("the next run: %s, %+v, %+v", r.Run.Result, r.After, r.Overrides)
	}
	memory, err := record.LoadMemory(w.t.Context(), w.journal, nil, nil)
	w.must(err)
	if len(memory.PendingRestores) > 0 {
		w.t.Errorf("still owed: %v", memory.PendingRestores)
	}
}

func TestARunStopsBeforeItsNextWriteAndTheNextRunPaysWhatItOwes(t *testing.T) {
	for _, which := range []string{"run-1", "all"} {
		t.Run(which, func(t *testing.T) {
			scenario(t, func(w *world) {
				r, account, own := stopping(w, func(*heal.Config) {}, func() {
					w.must(lease.Stop(w.t.Context(), w.journal, which, "a fire drill"))
				})
				if r.Run.Result != report.Stopped || len(w.calls("CreateStackInstances")) > 0 {
					t.Errorf("%s: %s, %d creations", r.Run.Result, r.Run.Error, len(w.calls("CreateStackInstances")))
				}
				w.must(lease.Unstop(w.t.Context(), w.journal, which))
				w.paysBack(account, own)
			})
		})
	}
}

func TestAKillSwitchOutsideTheJournalStopsARunBeforeItsNextWrite(t *testing.T) {
	scenario(t, func(w *world) {
		thrown := false
		r, account, own := stopping(w, func(c *heal.Config) {
			c.KillSwitch = func(context.Context) (string, bool, error) { return "parameter /setmend/stop", thrown, nil }
		}, func() { thrown = true })
		if r.Run.Result != report.Stopped || len(w.calls("CreateStackInstances")) > 0 {
			t.Errorf("%s: %s", r.Run.Result, r.Run.Error)
		}
		w.paysBack(account, own)
	})
}

func TestAKillSwitchThatCannotBeReadStopsTheCallToo(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:])
		config := w.config(w.connect())
		config.KillSwitch = func(context.Context) (string, bool, error) { return "", false, errors.New("no answer") }
		r := w.healWith(config, heal.Options{})
		if r.Run.Result != report.Failed || len(w.aws.Writes()) > 0 {
			t.Errorf("%s, %d writes", r.Run.Result, len(w.aws.Writes()))
		}
	})
}

func TestADebtOfAnInstanceThatStandsIsStruckOff(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts)
		w.drift("queue", accounts[0])
		config := w.config(w.connect())
		config.Cloud = &watched{Cloud: config.Cloud, beforeInstance: func(fleet.Cell) {
			w.must(lease.Stop(w.t.Context(), w.journal, "all", "a fire drill"))
		}}
		w.healWith(config, heal.Options{})
		w.untouched()
		id, _ := w.aws.StackOf("queue", accounts[0], home)
		w.must(w.aws.SetProperty(id, "Queue", "/MessageRetentionPeriod", 345600))
		w.must(lease.Unstop(w.t.Context(), w.journal, "all"))
		w.heal(heal.Options{})
		memory, err := record.LoadMemory(w.t.Context(), w.journal, nil, nil)
		w.must(err)
		if len(memory.PendingRestores) > 0 {
			t.Errorf("still owed: %v", memory.PendingRestores)
		}
	})
}
