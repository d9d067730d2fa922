package heal_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/setmend/setmend/awssim"
	"github.com/setmend/setmend/awssim/otto"
	"github.com/setmend/setmend/cloud"
	"github.com/setmend/setmend/fleet"
	"github.com/setmend/setmend/heal"
	"github.com/setmend/setmend/journal"
	"github.com/setmend/setmend/report"
)

// ottoWorld is the demonstration's fleet, with what is wrong in it.
type ottoWorld struct {
	*world
	truth *otto.Truth
}

func otherworld(t *testing.T, accounts int, policy string, f func(w *ottoWorld)) {
	synctest.Test(t, func(t *testing.T) {
		aws, err := awssim.New(awssim.Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		truth, err := otto.Fill(aws, otto.Options{Accounts: accounts, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		w := &world{t: t, aws: aws, journal: journal.NewMemory()}
		w.setPolicy(policy)
		f(&ottoWorld{w, truth})
	})
}

// TestOttoIsHealedOverrideByOverrideAndASecondRunWritesNothing is the main job:
// 320 accounts, 24 stack sets, 16,000 instances, and everything wrong at once.
func TestOttoIsHealedOverrideByOverrideAndASecondRunWritesNothing(t *testing.T) {
	for _, way := range []struct {
		name, policy string
		accounts     int
		inPlace      bool
	}{
		{"reverting in place", `{version: 1, stackSets: [{match: "*", memberRole: OrganizationAccountAccessRole}]}`, 320, true},
		{"redeploying", `{version: 1}`, 120, false},
	} {
		t.Run(way.name, func(t *testing.T) {
			if testing.Short() {
				way.accounts = 40 // for the race detector, which looks at every access
			}
			otherworld(t, way.accounts, way.policy, func(w *ottoWorld) {
				first := w.heal(heal.Options{})
				for _, deviation := range w.truth.Check(w.aws, way.inPlace) {
					t.Error(deviation)
				}
				w.checkEnds(first, way.inPlace)
				w.checkOverrides()
				if first.Overrides.Lost != 0 || first.Overrides.Saved != first.Overrides.Restored {
					t.Errorf("overrides: %+v", first.Overrides)
				}
				second := w.heal(heal.Options{})
				if got := writes(second); len(got) > 0 {
					t.Errorf("second run writes %v", got)
				}
				t.Logf("virtual %.0f s, %d operations, calls %v", first.Run.VirtualSeconds, len(first.Actions), first.API)
			})
		})
	}
}

// checkEnds holds every problem's cell against how it should have ended.
func (w *ottoWorld) checkEnds(r *report.Report, inPlace bool) {
	w.t.Helper()
	f := w.read()
	attention := map[fleet.Cell]report.Finding{}
	for _, item := range r.Attention {
		attention[item.Cell] = item
	}
	wrong := map[string]int{}
	for _, p := range w.truth.Problems {
		cell := cellOf(p.Cell)
		instance, there := f.StackSets[cell.StackSet].Instances[cell.Target]
		_, told := attention[cell]
		if inPlace && p.InPlace != "" {
			p.Expect = p.InPlace
		}
		if why := w.ended(p, instance, there, told); why != "" {
			wrong[fmt.Sprintf("%s: %s", p.Kind, why)]++
			if wrong[fmt.Sprintf("%s: %s", p.Kind, why)] == 1 {
				w.t.Errorf("%s at %s should end %s: %s", p.Kind, cell, p.Expect, why)
			}
		}
	}
	if len(wrong) > 0 {
		w.t.Errorf("wrong ends: %v", wrong)
	}
	for cell, item := range attention {
		if _, known := w.truth.At(otto.Cell{StackSet: string(cell.StackSet), Account: string(cell.Account), Region: string(cell.Region)}); !known {
			w.t.Errorf("%s needs a person, and nothing was wrong with it: %s", cell, item.Reason)
		}
		if item.Reason == "" || item.Hint == "" {
			w.t.Errorf("%s needs a person, without reason or hint: %+v", cell, item)
		}
	}
}

// ended says what is not as the problem's expectation has it, "" if all is.
func (w *ottoWorld) ended(p otto.Problem, instance fleet.Instance, there, told bool) string {
	switch p.Expect {
	case otto.Gone:
		if there {
			return "still there"
		}
	case otto.Healthy:
		switch {
		case !there:
			return "not there"
		case instance.Status != fleet.InstanceCurrent:
			return string(instance.Status) + "/" + string(instance.Detailed) + " " + instance.Reason
		case instance.Drift == fleet.DriftDrifted:
			return "still drifted"
		case told:
			return "a person was told"
		}
	case otto.Attention:
		if !told {
			return "nobody was told"
		}
	}
	return ""
}

// checkOverrides compares every override with what it was before.
func (w *ottoWorld) checkOverrides() {
	w.t.Helper()
	aws, err := cloud.New(w.t.Context(), cloud.Config{Transport: w.aws.Transport(), Region: otto.HomeRegion, Random: rand.NewPCG(1, 1)})
	w.must(err)
	gone := map[otto.Cell]bool{}
	for _, p := range w.truth.Problems {
		gone[p.Cell] = p.Expect == otto.Gone
	}
	checked := 0
	for cell, want := range w.truth.Overrides {
		if gone[cell] {
			continue
		}
		instance, err := aws.Instance(w.t.Context(), cellOf(cell))
		if err != nil {
			w.t.Errorf("%v: %v", cell, err)
			continue
		}
		got := map[string]string{}
		for _, p := range instance.Overrides {
			got[p.Key] = p.Value
			if p.Masked() {
				got[p.Key] = want[p.Key] // AWS does not tell; its presence is what can be seen
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			w.t.Errorf("overrides of %v (-before +after):\n%s", cell, diff)
		}
		checked++
	}
	if checked == 0 {
		w.t.Error("no override was compared")
	}
}

func cellOf(c otto.Cell) fleet.Cell {
	return fleet.Cell{StackSet: fleet.StackSetName(c.StackSet), Target: fleet.Target{Account: fleet.AccountID(c.Account), Region: fleet.Region(c.Region)}}
}
