package heal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/plan"
	"github.com/setmend/setmend/report"
)

var newTemplate = strings.Replace(queueTemplate, "Default: platform", "Default: landing-zone", 1)

func TestATemplateChangedBetweenPlanAndDeletionStopsThatDeletionAndIsPlannedAnew(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts)
		w.drift("queue", accounts[0])
		change := once(func() { w.updateSet("queue", newTemplate) })
		r := w.healWatched(&watched{beforeInstance: func(fleet.Cell) { change() }}, heal.Options{})
		w.met(r, plan.GuardChangedMeanwhile)
		if got := remedies(r, "queue", accounts[0]); len(got) < 2 || r.Cells[0].Steps[0].Outcome != "skipped" {
			t.Errorf("remedies %v, first %+v; want the first skipped and another after it", got, r.Cells[0].Steps)
		}
		if r.Run.Result != report.Healed || r.After.Healthy != 6 {
			t.Errorf("%s, %+v; attention %v", r.Run.Result, r.After, r.Attention)
		}
	})
}

func TestATemplateChangedBetweenDeletionAndCreationIsOwedAndCreatedByTheNextPlan(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts[1:])
		own := map[string]string{"Owner": "payments"}
		w.instance("queue", accounts[0], awssim.InstanceSeed{Overrides: own})
		w.drift("queue", accounts[0])
		changed := false
		watch := &watched{afterChange: func(c fleet.InstanceChange) { changed = changed || c.Kind == fleet.OperationDelete }}
		touched := false
		r := func() *report.Report {
			aws := w.connect()
			config := w.config(aws)
			watch.Cloud = aws
			config.Cloud = &afterDelete{watched: watch, deleted: &changed, then: func() {
				if !touched {
					touched = true
					w.updateSet("queue", newTemplate)
				}
			}}
			return w.healWith(config, heal.Options{})
		}()
		w.met(r, plan.GuardChangedMeanwhile)
		if diff := cmp.Diff([]plan.Remedy{plan.RemedyRedeploy, plan.RemedyDeploy}, remedies(r, "queue", accounts[0])); diff != "" {
			t.Errorf("remedies (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(own, w.overrides("queue", accounts[0])); diff != "" {
			t.Errorf("overrides (-before +after):\n%s", diff)
		}
		if want := (report.Overrides{Saved: 1, Restored: 1}); r.Overrides != want || r.After.Healthy != 6 {
			t.Errorf("overrides %+v, after %+v", r.Overrides, r.After)
		}
	})
}

func TestAnAccountThatComesBackBetweenPlanAndActIsNotLetGoOf(t *testing.T) {
	for name, back := range map[string]func(*awssim.Organization, *world, string) error{
		"reinstated": func(o *awssim.Organization, _ *world, a string) error { return o.SetState(a, "ACTIVE") },
		"moved":      func(o *awssim.Organization, w *world, a string) error { return o.Move(a, o.Root()) },
	} {
		t.Run(name, func(t *testing.T) {
			scenario(t, func(w *world) {
				accounts := w.accounts(25)
				w.stackSet("queue", accounts)
				w.locked(func() error { return w.aws.Organization().Suspend(accounts[0]) })
				act := once(func() { w.locked(func() error { return back(w.aws.Organization(), w, accounts[0]) }) })
				reads := 0
				r := w.healWatched(&watched{beforeStackSet: func() {
					if reads++; reads == 2 { // the first is the observation
						act()
					}
				}}, heal.Options{})
				if name == "reinstated" {
					w.untouched()
				}
				w.met(r, plan.GuardChangedMeanwhile)
			})
		})
	}
}

func TestDriftThatGoesAwayBetweenPlanAndActIsNotHealed(t *testing.T) {
	scenario(t, func(w *world) {
		accounts := w.accounts(6)
		w.stackSet("queue", accounts)
		w.drift("queue", accounts[0])
		r := w.healWatched(&watched{instance: func(i *fleet.Instance) { i.Drift = fleet.DriftInSync }}, heal.Options{})
		w.untouched()
		if got := cell(t, r, "queue", accounts[0]).Steps; len(got) == 0 || got[0].Outcome != "skipped" {
			t.Errorf("steps %+v, want a skipped one", got)
		}
	})
}

// TestATemplateThatChangesAtAnyStepLosesNothing lets somebody update the stack set
// right before the nth time that the healer looks at it.
func TestATemplateThatChangesAtAnyStepLosesNothing(t *testing.T) {
	for n := 1; n <= 8; n++ {
		t.Run(fmt.Sprintf("at look %d", n), func(t *testing.T) {
			scenario(t, func(w *world) {
				accounts := w.accounts(8)
				own := map[string]string{"Owner": "payments"}
				w.stackSet("queue", accounts[2:])
				w.instance("queue", accounts[0], awssim.InstanceSeed{Overrides: own})
				w.drift("queue", accounts[0])
				looks := 0
				r := w.healWatched(&watched{beforeStackSet: func() {
					if looks++; looks == n {
						w.updateSet("queue", newTemplate)
					}
				}}, heal.Options{})
				if r.Run.Result != report.Healed {
					r = w.heal(heal.Options{})
				}
				if diff := cmp.Diff(own, w.overrides("queue", accounts[0])); diff != "" {
					t.Errorf("overrides (-before +after):\n%s", diff)
				}
				if r.Run.Result != report.Healed || r.After.Healthy != 8 {
					t.Errorf("%s, %+v, %+v %+v", r.Run.Result, r.After, r.Attention, r.Guards)
				}
			})
		})
	}
}
